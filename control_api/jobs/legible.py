"""Words that every database can keep, whatever a program said. Pure."""

from __future__ import annotations

from typing import Any


def legible(words: str, most: int) -> str:
    """The words without what is no text (lone surrogates, NUL), and no longer than that."""
    return words[:most].encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


def kept(document: Any) -> Any:  # noqa: ANN401 — JSON
    """The same for every text in a document of JSON."""
    if isinstance(document, str):
        return legible(document, len(document))
    if isinstance(document, dict):
        return {kept(name): kept(value) for name, value in document.items()}
    return [kept(value) for value in document] if isinstance(document, list) else document
