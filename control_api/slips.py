"""What is said of a value that a model refuses: which fields and words there are, and which was most likely meant.

Law: nothing that was sent is told back but the name of a field, and a word where one of a few is expected.
"""

from __future__ import annotations

import re
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel

from playout.config.spelling import meant, one_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_WORD: Final = re.compile(r"'([^']*)'")
_UNIONS: Final = (Union, UnionType)
_INPUT: Final = "Input should"


def told(fault: Mapping[str, Any], model: type[BaseModel] | None = None) -> str:
    """What is wrong, for people: one fault of a `ValidationError` of `model`."""
    if fault["type"] == "extra_forbidden":
        return _unknown(str(fault["loc"][-1]), fields(model, fault["loc"][:-1]))
    if fault["type"] in ("enum", "literal_error"):
        return _none_of(fault)
    if fault["type"] == "missing":
        return "it is needed, and missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"it should{message.removeprefix(_INPUT)}" if message.startswith(_INPUT) else message


def fields(model: type[BaseModel] | None, place: Sequence[object] = ()) -> list[str]:
    """The names of the fields of the model at a place in `model`; none where that cannot be told."""
    found: list[type[BaseModel]] = [model] if model is not None else []
    for part in place:
        known = [one.model_fields[name] for one in found for name, said in _named(one) if said == part]
        # what names no field is the number of an item, the key of a mapping, or the kind of one of several models
        found = list(_models(field.annotation for field in known)) if known else found
    return list(dict.fromkeys(said for one in found for _, said in _named(one)))


def _named(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The fields of a model, each with what clients call it."""
    for name, field in model.model_fields.items():
        alias = field.validation_alias if isinstance(field.validation_alias, str) else field.alias
        yield name, alias or name


def _models(annotations: Iterable[Any]) -> Iterator[type[BaseModel]]:
    """The models that values of these types are made of."""
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        elif get_origin(annotation) in _UNIONS or get_args(annotation):
            yield from _models(get_args(annotation))


def _unknown(word: str, known: Sequence[str]) -> str:
    """Of a word that is none of the known ones."""
    if not known:
        return f"{quoted(word)} is not known here"
    near = meant(word, known)
    guess = f', did you mean "{near}"? Known are' if near else ": known are"
    return f"{quoted(word)} is not known here{guess} {', '.join(known)}"


def _none_of(fault: Mapping[str, Any]) -> str:
    """Of a field that takes a few words, or numbers."""
    words, given = _WORD.findall(str(fault["ctx"]["expected"])), fault.get("input")
    if words and isinstance(given, str):
        return _unknown(given, words)
    return f"it should be {one_of(words) if words else fault['ctx']['expected']}"
