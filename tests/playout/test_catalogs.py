"""Catalogs in the store: what is kept is what is read, and a small change is a small document."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import KIT, catalogs, item

from playout import keys
from playout.catalogs import FEW, SHARE, Difference, Kept, keep_catalog, read_catalog
from playout.core.asset import Kind
from playout.core.catalog import Catalog, Item, catalog_of
from playout.documents import Corrupt, digest, encode
from playout.store import DirStore

MANY = catalog_of([item(f"film{n:04d}", Kind.MOVIE, 7, 7, 7) for n in range(1000)], [KIT])


@pytest.fixture
def store(tmp_path: Path) -> DirStore:
    return DirStore(tmp_path)


def size(store: DirStore, kept: Kept) -> int:
    return len(store.read(keys.catalog(kept.digest)) or b"")


def renamed(one: Item, name: str) -> Item:
    return replace(one, about=replace(one.about, title=name), edit=one.edit + 1)


@given(catalogs(), st.lists(catalogs(), max_size=3))
def test_whatever_is_kept_after_whatever_is_read_again(first: Catalog, later: list[Catalog]) -> None:
    """Law: a catalog comes back as it was, and what it builds on is whole."""
    with tempfile.TemporaryDirectory() as folder:
        store = DirStore(Path(folder))
        kept = keep_catalog(store, first)
        for catalog in (first, *later):
            kept = keep_catalog(store, catalog, kept.whole)
            read = read_catalog(store, kept.digest)
            assert (read.catalog.items, read.catalog.kits) == (catalog.items, catalog.kits)
            assert read.whole.digest == kept.whole.digest
            again = read_catalog(store, kept.digest, {read.whole.digest: read.whole.catalog}.get)
            assert again.catalog.items == catalog.items
            assert read_catalog(store, kept.whole.digest).digest == kept.whole.digest


def test_a_title_that_is_edited_is_a_small_document_and_many_are_a_whole_catalog(store: DirStore) -> None:
    whole = keep_catalog(store, MANY)
    edited = catalog_of([renamed(MANY.items[0], "Another"), *MANY.items[2:]], [KIT])
    small = keep_catalog(store, edited, whole.whole)
    assert small.whole == whole.whole
    assert size(store, small) * 50 < size(store, whole)
    half = catalog_of([renamed(one, "New") for one in MANY.items[: 1000 // SHARE]], [KIT])
    assert keep_catalog(store, half, whole.whole).whole.catalog is half


def test_a_small_library_is_kept_as_differences_too(store: DirStore) -> None:
    few = catalog_of(MANY.items[:FEW], [KIT])
    whole = keep_catalog(store, few)
    other = catalog_of([renamed(one, "New") for one in few.items], [KIT])
    assert keep_catalog(store, other, whole.whole).whole == whole.whole


def test_what_is_missing_or_builds_on_a_difference_is_told(store: DirStore) -> None:
    whole = keep_catalog(store, MANY)
    edited = keep_catalog(store, catalog_of(MANY.items[1:], [KIT]), whole.whole)
    data = encode(Difference(edited.digest, (), (), ()))
    store.put_new(keys.catalog(digest(data)), data)
    with pytest.raises(Corrupt, match="which is not whole"):
        read_catalog(store, digest(data))
    store.path(keys.catalog(whole.digest)).unlink()
    with pytest.raises(Corrupt, match=f"catalogs/{whole.digest}.json: is named by another document"):
        read_catalog(store, edited.digest)
    assert read_catalog(store, edited.digest, lambda _: MANY).catalog.items == MANY.items[1:]
