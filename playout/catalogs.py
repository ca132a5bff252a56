"""Catalogs in the store: whole ones, and those that differ little from a whole one and are kept as the difference.

Laws. The digest of a document names the catalog, whichever way it is kept. A difference builds on a whole catalog and
on nothing else, so two documents are all that anybody reads. A station whose titles are edited all day writes
kilobytes, and not its library again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from playout import keys
from playout.core.catalog import Catalog, Item, Kit, catalog_of
from playout.documents import Corrupt, decode, digest, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from playout.store import Store

SHARE: Final = 20
"""A difference of more than one item in so many is kept as a whole catalog."""
FEW: Final = 16
"""A difference of so many items is never."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A catalog as a document: what is other than in a whole one."""

    base: str
    """The digest of the whole catalog."""
    items: tuple[Item, ...]
    """Those that are new or changed, in the order of their ids."""
    gone: tuple[str, ...]
    """The ids of those that are there no more, in order."""
    kits: tuple[Kit, ...]


class Whole(NamedTuple):
    """A catalog that is kept whole."""

    digest: str
    catalog: Catalog


class Kept(NamedTuple):
    """A catalog as it is kept."""

    catalog: Catalog
    digest: str
    whole: Whole
    """What it builds on: itself, when it is whole."""


def nothing(_digest: str) -> Catalog | None:
    """Knows no catalog."""
    return None


def read_catalog(store: Store, name: str, known: Callable[[str], Catalog | None] = nothing) -> Kept:
    """The catalog with the digest `name`; `known` answers whole ones that were read before.

    Raises `StoreDown`; `Corrupt`, when a document cannot be read or is not there; and `BadKey`.
    """
    where = keys.catalog(name)
    data = present(store, where)
    if not data.startswith(_DIFFERS):
        catalog = decode(data, Catalog, where)
        return Kept(catalog, name, Whole(name, catalog))
    found = decode(data, Difference, where)
    base = known(found.base)
    if base is None:
        data = present(store, keys.catalog(found.base))
        if data.startswith(_DIFFERS):
            message = f"{where}: it builds on {found.base}, which is not whole"
            raise Corrupt(message)
        base = decode(data, Catalog, keys.catalog(found.base))
    return Kept(_together(base, found), name, Whole(found.base, base))


_DIFFERS: Final = b'{"base":'
"""How the document of a difference begins: fields stand in the order of their declaration."""


def keep_catalog(store: Store, catalog: Catalog, whole: Whole | None = None) -> Kept:
    """Write a catalog, as a difference to `whole` where that is small. Raises `StoreDown`."""
    document: Catalog | Difference = catalog
    if whole is not None:
        found = _difference(catalog, whole)
        if len(found.items) + len(found.gone) <= max(FEW, len(catalog.items) // SHARE):
            document = found
    data = encode(document)
    name = digest(data)
    store.put_new(keys.catalog(name), data)
    return Kept(catalog, name, whole if whole is not None and document is not catalog else Whole(name, catalog))


def _difference(catalog: Catalog, whole: Whole) -> Difference:
    before = {item.id: item for item in whole.catalog.items}
    changed = tuple(item for item in catalog.items if before.pop(item.id, None) != item)
    return Difference(whole.digest, changed, tuple(sorted(before)), catalog.kits)


def _together(base: Catalog, found: Difference) -> Catalog:
    items = {item.id: item for item in base.items}
    for asset in found.gone:
        items.pop(asset, None)
    items.update((item.id, item) for item in found.items)
    return catalog_of(items.values(), found.kits)


def present(store: Store, key: str) -> bytes:
    """The document at `key`, which another one names. Raises `Corrupt` when it is not there, and `StoreDown`."""
    data = store.read(key)
    if data is None:
        message = f"{key}: is named by another document, but is not there"
        raise Corrupt(message)
    return data
