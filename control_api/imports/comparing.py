"""What an item would change of a title. Pure.

Law: a field that says what it said when the feed was last read changes nothing, whatever people made of it since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from control_api.imports.records import said
from control_api.uploads.shown import bare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_api.imports.records import Record
    from control_api.library.hung import Hung
    from control_api.tables import Title

_PLACE: Final = frozenset(("kind", "series", "series_ids", "season", "episode"))
"""What says which title it is."""
PICTURES: Final = {"poster": "portrait", "landscape": "landscape"}
"""Which shape each of them is; what is kept of its link is kept without the query, where keys are."""
_SETS: Final = frozenset(("tags", "countries", "languages", "countries_allowed", "countries_denied"))
"""Lists whose order means nothing."""


def fresh(record: Record, before: Mapping[str, Any]) -> list[str]:
    """The fields that say something that the feed did not say before."""
    return [name for name, digest in said(record).items() if name not in _PLACE and before.get(name) != digest]


def differing(record: Record, names: list[str], title: Title, there: Hung, credits: list[tuple[str, ...]]) -> list[str]:  # noqa: A002 — of the title
    """Those of these fields whose values are not what the title has."""
    return [name for name in names if _wanted(record, name, there) != _present(name, title, there, credits)]


def _wanted(record: Record, name: str, there: Hung) -> Any:  # noqa: ANN401 — whatever the field holds
    value: Any = getattr(record, name)
    value = bare(value) if name in PICTURES else value
    if name == "ids":  # names that others gave it stay
        return sorted({*value, *there.ids})
    if name == "texts":
        return {language: text.model_dump() for language, text in value.items()} | _others(value, there)
    if name == "rights":
        return [right.model_dump(mode="json") for right in value]
    if name == "credits":
        return [(one.name, one.job, one.character) for one in unrepeated(record)]
    if name == "languages" and record.language:
        return _plain(name, [*value, *([record.language] if record.language != "und" else [])])
    return _plain(name, value)


def _others(value: Mapping[str, Any], there: Hung) -> dict[str, Any]:
    """Texts in languages that the item does not speak of."""
    return {language: _text(text) for language, text in there.texts.items() if language not in value}


def _present(name: str, title: Title, there: Hung, credits: list[tuple[str, ...]]) -> Any:  # noqa: A002, ANN401 — the same
    if name == "score":
        return title.score / 100 if title.score >= 0 else None
    if name == "texts":
        return {language: _text(text) for language, text in there.texts.items()}
    if name == "credits":
        return credits
    if name in PICTURES:
        return next((one.source for one in there.artwork if one.shape == PICTURES[name] and not one.language), "")
    if name == "ids":
        return sorted(there.ids)
    hung = {"genres": there.genres, "tags": there.tags, "languages": there.languages, "countries": there.countries}
    return _plain(name, hung[name] if name in hung else getattr(title, name))


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 — the same
    if name in ("genres", "tags"):
        value = [one.casefold() for one in value]
    return sorted(set(value)) if name in _SETS else value


def _text(text: Any) -> dict[str, str]:  # noqa: ANN401 — a row
    return {"name": text.name, "summary": text.summary, "description": text.description}


def unrepeated(record: Record) -> list[Any]:
    """The credits, each person with each job and character once."""
    return list(
        {(one.name.casefold(), one.job, one.character): one for one in reversed(record.credits or [])}.values()
    )[::-1]
