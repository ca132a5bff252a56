"""What the models of the API have in common: what is given is refused when it has a field that nobody knows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Given(BaseModel):
    """What a client sends: a body, a query, or what stands in a path."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(BaseModel):
    """What a client is answered; made of a row by `Model.model_validate(row)`."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Nothing(Given):
    """Of a request that has no such part."""
