"""What clients send in the language of channels.yaml, and the schema of it.

Law: the schema is that of the file, made of the words that the reader reads with. The reader takes whole numbers in
quotes, too, and so does this one.
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from pydantic import ConfigDict, GetJsonSchemaHandler, model_validator

from control_api.models import Given
from playout.config.schema import json_schema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

ELSEWHERE: Final = "https://fastline.invalid/language/"
"""What references to parts of the language begin with, until they stand in a document."""
_PREFIX: Final = "Language"
_WHOLE: Final = {"type": "string", "pattern": "^ *-?[0-9]+ *$"}


class Written(Given):
    """Something in the language of channels.yaml, as JSON."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @property
    def value(self) -> dict[str, Any]:
        """What was sent."""
        return dict(self.model_extra or {})


class ChannelWritten(Written):
    """A channel, with the keys that it has in channels.yaml."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of the file, for this part."""
        del core, handler
        return {"$ref": f"{ELSEWHERE}channel"}


class ChannelMerged(Written):
    """What is to be another way about a channel: what is left out stays, and null takes a key out (RFC 7396)."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """All keys of a channel, each with a value or with null."""
        del core, handler
        told = {name: {"description": f"As in the file: `{name}`; null takes it out."} for name in KEYS}
        return {"type": "object", "properties": told, "additionalProperties": False}

    @model_validator(mode="after")
    def _known(self) -> ChannelMerged:
        unknown = [name for name in self.value if name not in KEYS]
        if unknown:
            near = get_close_matches(unknown[0], KEYS, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            message = f"a channel has no key {unknown[0][:60]!r}{hint}"
            raise ValueError(message)
        return self


class DefaultsWritten(Written):
    """What every channel takes that does not say otherwise."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of the file, for this part."""
        del core, handler
        return {"$ref": f"{ELSEWHERE}defaults"}


def parts() -> dict[str, Any]:
    """The parts of the language, by name: those to which the schema refers, and those of the top."""
    whole = json_schema()
    return {**whole["$defs"], "defaults": whole["properties"]["defaults"]}


KEYS: Final = tuple(
    dict.fromkeys(name for part in ("programmed", "mirror", "regional") for name in parts()[part]["properties"])
)
"""All keys that a channel may have."""


def components() -> dict[str, Any]:
    """The parts of the language by the names that they have in the document of the API."""
    return {f"{_PREFIX}{name.title()}": _spoken(part) for name, part in parts().items()}


def placed(document: dict[str, Any], prefix: str) -> dict[str, Any]:
    """`document` with its references to the language led to its components, which begin with `prefix`."""
    text = json.dumps(document, ensure_ascii=False)
    for name in parts():
        there = f'"{prefix}{_PREFIX}{name.title()}"'
        text = text.replace(f'"{ELSEWHERE}{name}"', there).replace(f'"#/$defs/{name}"', there)
    found: dict[str, Any] = json.loads(text)
    return found


def _spoken(part: Any) -> Any:  # noqa: ANN401 — whatever a schema has
    """A schema of the file, in which a whole number may come as a text."""
    if isinstance(part, list):
        return [_spoken(one) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == "integer":
        told = {key: value for key, value in part.items() if key in ("description", "default", "examples")}
        return {**told, "anyOf": [{key: value for key, value in part.items() if key not in told}, _WHOLE]}
    return {key: _spoken(value) for key, value in part.items()}
