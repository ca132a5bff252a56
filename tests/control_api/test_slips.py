"""What is said of values that a model refuses: the known fields and words, and which was most likely meant."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from control_api.models import Given
from control_api.problems import mistakes
from control_api.slips import fields

if TYPE_CHECKING:
    from clients import Client

    from control_api.problems import Mistake


class Color(StrEnum):
    """A few words."""

    RED = "red"
    GREEN = "green"


class Leaf(Given):
    """A thing in a thing."""

    model_config = ConfigDict(alias_generator=to_camel)

    color: Color = Color.RED
    leaf_size: int = 0


class Tree(Given):
    """A thing with things in it."""

    name: str
    leaves: list[Leaf] = Field(default_factory=list)
    by_name: dict[str, Leaf | None] = Field(default_factory=dict)
    best: Annotated[Leaf, Field(description="The best one.")] | None = None
    height: Literal[1, 2] = 1


def wrong(value: Any) -> list[Mistake]:
    with pytest.raises(ValidationError) as raised:
        Tree.model_validate(value)
    return mistakes("body", map(dict, raised.value.errors(include_url=False)), Tree)


@pytest.mark.parametrize(
    ("value", "pointer", "detail"),
    [
        (
            {"name": "x", "naem": "y"}, "/naem",
            '"naem" is not known here, did you mean "name"? Known are name, leaves, by_name, best, height',
        ),
        (
            {"name": "x", "zzz": "y"}, "/zzz", '"zzz" is not known here: known are name, leaves, by_name, best, height'
        ),
        (
            {"name": "x", "leaves": [{}, {"leaf_size": 1}]}, "/leaves/1/leaf_size",
            '"leaf_size" is not known here, did you mean "leafSize"? Known are color, leafSize',
        ),
        (
            {"name": "x", "by_name": {"a": {"colour": "red"}}}, "/by_name/a/colour",
            '"colour" is not known here, did you mean "color"? Known are color, leafSize',
        ),
        (
            {"name": "x", "best": {"color": "gren"}}, "/best/color",
            '"gren" is not known here, did you mean "green"? Known are red, green',
        ),
        ({"name": "x", "best": {"color": 7}}, "/best/color", "it should be red or green"),
        ({"name": "x", "height": 3}, "/height", "it should be 1 or 2"),
        ({}, "/name", "it is needed, and missing"),
        ({"name": 7}, "/name", "it should be a valid string"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_what_there_is(value: Any, pointer: str, detail: str) -> None:
    assert [(one.pointer, one.detail) for one in wrong(value)] == [(pointer, detail)]


@given(st.lists(st.one_of(st.integers(), st.text(), st.sampled_from(["leaves", "by_name", "best", "name"]))))
def test_no_place_is_too_odd(place: list[object]) -> None:
    """Law: wherever a fault is, the fields that are told are those of a model in the tree."""
    assert fields(Tree, place) in (list(Tree.model_fields), ["color", "leafSize"], [])


async def test_it_is_said_so_over_http(client: Client) -> None:
    """In bodies and queries, the nested ones of a batch too."""
    found = (await client.post("/api/v1/titles", {"kind": "film", "titel": "x"}, 422)).json["errors"]
    told = {one["pointer"]: one["detail"] for one in found}
    assert told["/kind"].startswith('"film" is not known here, did you mean "')
    assert told["/titel"].startswith('"titel" is not known here')
    assert told["/name"] == "it is needed, and missing"
    asked = (await client.get("/movies?limt=3", 400)).json["errors"][0]
    assert asked["detail"] == '"limt" is not known here, did you mean "limit"? Known are page, limit, genre, sort'
    words = (await client.get("/movies?sort=title", 400)).json["errors"][0]["detail"]
    assert words.startswith('"title" is not known here, did you mean "title_')
    key = {"name": "x", "scopes": ["events:raed"]}
    place = (await client.post("/api/v1/api-keys", key, 422)).json["errors"][0]
    assert (place["pointer"], '"events:read"' in place["detail"]) == ("/scopes/0", True)
