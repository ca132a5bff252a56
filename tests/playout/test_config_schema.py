"""The JSON Schema of channels.yaml: the same language that is read, as editors know it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from written import anything_written, well_written

from playout.config import Faults, Programming, read
from playout.config.schema import DRAFT, json_schema

CHECKOUT = Path(__file__).parents[2]
FILES = [CHECKOUT / "channels.yaml", *sorted((CHECKOUT / "docs" / "examples").glob("*.yaml"))]


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def as_an_editor_reads(text: str) -> Any:
    """The document of the core schema of YAML 1.2, which knows no dates, with the keys of JSON."""
    return _json(YAML(typ="safe", pure=True).load(text))


def _json(value: Any) -> Any:
    match value:
        case dict():
            return {key if isinstance(key, str) else json.dumps(_json(key)): _json(one) for key, one in value.items()}
        case list():
            return [_json(one) for one in value]
        case datetime():
            return value.isoformat(" ", "minutes")
        case date():
            return value.isoformat()
        case _:
            return value


def accepted(text: str) -> bool:
    return bool(validator().is_valid(as_an_editor_reads(text)))


def read_well(text: str) -> bool:
    return isinstance(read(text, "x"), Programming)


def films(*lines: str) -> str:
    head = ("version: 1", "channels:", "  films:", "    number: 1", "    name: Films", "    include: {any: [film]}")
    return "\n".join((*head, *(f"    {line}" for line in lines), ""))


def test_it_is_a_schema_in_which_nothing_is_missing() -> None:
    schema = json_schema()
    assert schema["$schema"] == DRAFT
    Draft202012Validator.check_schema(schema)
    written = json.dumps(schema)
    assert set(re.findall(r'"#/\$defs/([^"]+)"', written)) | {"programmed"} == set(schema["$defs"])


def test_it_is_the_same_text_each_time() -> None:
    assert json.dumps(json_schema()) == json.dumps(json_schema())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_accepts_the_examples(path: Path) -> None:
    assert [error.message for error in validator().iter_errors(as_an_editor_reads(path.read_text("utf-8")))] == []


# mistakes of shape, as an editor underlines them


@pytest.mark.parametrize(
    "text",
    [
        "[]\n",
        "channels: {}\n",
        "version: 1\n",
        "version: 2\nchannels: {}\n",
        "version: 1\nchannels: {}\nmedia: x\n",
        "version: 1\nchannels: {Films: {number: 1, name: Films, include: {}}}\n",
        "version: 1\nchannels: {films: {name: Films, include: {}}}\n",
        "version: 1\nchannels: {films: {number: 1, include: {}}}\n",
        "version: 1\ndefaults: {number: 1}\nchannels: {}\n",
        "version: 1\ndefaults: {like: a}\nchannels: {}\n",
        "version: 1\nholidays: {x: 24.12.}\nchannels: {}\n",
        "version: 1\ncollections: {x: {tags: [a]}}\nchannels: {}\n",
        "version: 1\ntemplates: {x: {name: X}}\nchannels: {}\n",
        films("ordr: shuffle"),
        films("order: marathon"),
        films("house: hd24"),
        films("window: 5"),
        films("window: six"),
        films("horizon: 10"),
        films("horizon: 10 min"),
        films("logo: films.png"),
        films("languages: [english]"),
        films("territories: [Europe]"),
        films("exclude: {kind: [ad]}"),
        films("filler: {year: 49..50}"),
        films("filler: {duration: 12m}"),
        films("filler: {added: 2 weeks}"),
        films("filler: {on_this_day: maybe}"),
        films("filler: []"),
        films("order: rotation", "run: 0"),
        films("order: sequence", "since: 2026-01-01", "a_day: 0"),
        films("ads: {any: [ad]}"),
        films("ads: {every: 8m, pod: 2m, any: [ad], rolls: [start]}"),
        films("ads: {every: 8m, pod: 2m, any: [ad], cap: twice}"),
        films("ads: {every: 8m, pod: 2m, any: [ad], apart: {}}"),
        films("ads: {every: 8m, pod: 2m, any: [ad], most: 0}"),
        films("ads: {preset: cinema, any: [ad]}"),
        films("pad: 30"),
        films("never: {group: films}"),
        films("never: {watershed: {rating: [R]}}"),
        films("never: {watershed: {rating: [R], only: late}}"),
        films("clock_change: {missing: never}"),
        films("dayparts: {x: {title: X}}"),
        films("dayparts: {x: {from: 06:00}}"),
        films("dayparts: {x: {at: noon}}"),
        films("dayparts: {x: {at: 06:00, days: monday}}"),
        films("dayparts: {x: {at: 06:00, late: truncate}}"),
        films("dayparts: {x: {at: 06:00, priority: 101}}"),
        films("dayparts: {x: {at: 06:00, programs: [{weight: 2}]}}"),
        films("dayparts: {x: {at: 06:00, programs: [{include: {}, weight: 0}]}}"),
        films("mirror: {of: films, offset: 1h}"),
        films().replace("include: {any: [film]}", "mirror: {of: films}"),
        films().replace("include: {any: [film]}", "mirror: {of: films, offset: soon}"),
        films().replace("include: {any: [film]}", "regional: {of: films}"),
        films("ads: {any: [x], every: 8m}").replace("include: {any: [film]}", "regional: {of: films}"),
    ],
)
def test_it_refuses_mistakes_of_shape_and_so_does_the_reader(text: str) -> None:
    assert not accepted(text)
    assert isinstance(read(text, "x"), Faults)


@given(anything_written() | well_written())
def test_what_it_refuses_the_reader_refuses(text: str) -> None:
    try:
        document = as_an_editor_reads(text)
    except YAMLError:
        return
    if read_well(text):
        assert [error.message for error in validator().iter_errors(document)] == []


# the keys


def _at(schema: dict[str, Any], *path: str) -> dict[str, Any]:
    """What stands under a path of keys; `*` is a name that people choose."""
    for name in path:
        schema = next(
            one["additionalProperties"] if name == "*" else one["properties"][name]
            for one in _meanings(schema)
            if (isinstance(one.get("additionalProperties"), dict) if name == "*" else name in one.get("properties", ()))
        )
    return schema


def _meanings(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """All that may stand in a place."""
    found = [schema]
    if "$ref" in schema:
        found += _meanings(json_schema()["$defs"][schema["$ref"].rsplit("/", 1)[-1]])
    for key in ("anyOf",):
        for one in schema.get(key, ()):
            found += _meanings(one)
    for key in ("items", "then", "else"):
        if isinstance(schema.get(key), dict):
            found += _meanings(schema[key])
    return found


_DERIVED = "version: 1\nchannels:\n  a: {number: 1, name: A, include: {}, ads: {every: 8m, pod: 1m, any: [ad]}}\n"
PLACES: dict[str, tuple[str, tuple[str, ...]]] = {
    "file": ("version: 1\nchannels: {}\nZZZ: x\n", ()),
    "defaults": ("version: 1\ndefaults: {ZZZ: x}\nchannels: {}\n", ("defaults",)),
    "template": ("version: 1\ntemplates: {t: {ZZZ: x}}\nchannels: {}\n", ("templates", "*")),
    "collection": ("version: 1\ncollections: {c: {ZZZ: x}}\nchannels: {}\n", ("collections", "*")),
    "channel": (films("ZZZ: x"), ("programmed",)),
    "include": (films("exclude: {any: [x], ZZZ: x}"), ("programmed", "exclude")),
    "filler": (films("filler: {ZZZ: x}"), ("programmed", "filler")),
    "source": (films("dayparts: {x: {at: 06:00, programs: [{include: {}, ZZZ: x}]}}"), ("programmed", "programs")),
    "ads": (films("ads: {every: 8m, pod: 1m, any: [ad], ZZZ: x}"), ("programmed", "ads")),
    "apart": (
        films("ads: {every: 8m, pod: 1m, any: [ad], apart: {category: 5m, ZZZ: x}}"),
        ("programmed", "ads", "apart"),
    ),
    "never": (films("never: {ZZZ: x}"), ("programmed", "never")),
    "watershed": (
        films("never: {watershed: {rating: [R], only: 21:00-05:00, ZZZ: x}}"),
        ("programmed", "never", "watershed"),
    ),
    "clock_change": (films("clock_change: {ZZZ: x}"), ("programmed", "clock_change")),
    "daypart": (films("dayparts: {x: {at: 06:00, ZZZ: x}}"), ("programmed", "dayparts", "*")),
    "bumper": (
        films("ads: {every: 8m, pod: 1m, any: [ad], bumper: {in: {any: [x]}, ZZZ: x}}"),
        ("programmed", "ads", "bumper", "in"),
    ),
    "mirror": (_DERIVED + "  b: {number: 2, name: B, mirror: {of: a, offset: 1h}, ZZZ: x}\n", ("mirror",)),
    "regional": (_DERIVED + "  b: {number: 2, name: B, regional: {of: a}, ads: {any: [x]}, ZZZ: x}\n", ("regional",)),
    "mirror's": (_DERIVED + "  b: {number: 2, name: B, mirror: {of: a, offset: 1h, ZZZ: x}}\n", ("mirror", "mirror")),
    "regional's": (
        _DERIVED + "  b: {number: 2, name: B, regional: {of: a, ZZZ: x}, ads: {any: [x]}}\n",
        ("regional", "regional"),
    ),
    "other ads": (
        _DERIVED + "  b: {number: 2, name: B, regional: {of: a}, ads: {any: [x], ZZZ: x}}\n",
        ("regional", "ads"),
    ),
}
"""A file with a key that nobody knows in each place that has keys, and where the schema has that place."""


def _keys_read(text: str) -> set[str]:
    """The keys that the reader asks for where the unknown one stands."""
    found = read(text, "x")
    assert isinstance(found, Faults)
    (known,) = (re.findall(r'unknown key "ZZZ", known here: (.*)', fault.text) for fault in found.faults)
    return set(known[0].split(", "))


def _keys_told(place: str) -> set[str]:
    """The keys that the schema has there."""
    schema, path = json_schema(), PLACES[place][1]
    if path and path[0] in schema["$defs"]:
        schema, path = schema["$defs"][path[0]], path[1:]
    if place == "bumper":
        place, path = "in", path[:-1]
        (pair,) = (one for one in _meanings(_at(schema, *path)) if "in" in one.get("properties", ()))
        return set(pair["properties"])
    (keys,) = {frozenset(one["properties"]) for one in _meanings(_at(schema, *path)) if "properties" in one}
    return set(keys)


@pytest.mark.parametrize("place", PLACES)
def test_the_keys_that_are_read_are_the_keys_that_editors_are_told(place: str) -> None:
    assert _keys_told(place) == _keys_read(PLACES[place][0])


def _objects(schema: Any) -> list[dict[str, Any]]:
    """All mappings of the schema whose keys are known."""
    if isinstance(schema, list):
        return [found for one in schema for found in _objects(one)]
    if not isinstance(schema, dict):
        return []
    inner = [found for key, one in schema.items() if key not in ("default", "examples") for found in _objects(one)]
    return [schema, *inner] if schema.get("type") == "object" and "properties" in schema else inner


def test_no_place_with_keys_is_left_out_above() -> None:
    there = {frozenset(one["properties"]) for one in _objects(json_schema())}
    assert there == {frozenset(_keys_told(place)) for place in PLACES}
    assert all(one["additionalProperties"] is False for one in _objects(json_schema()))


def _properties() -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for one in _objects(json_schema()):
        for key, schema in one["properties"].items():
            found[key, schema.get("description", "")] = schema
    return found


@pytest.mark.parametrize("key", sorted(_properties()), ids=lambda key: key[0])
def test_each_key_says_what_it_says_in_a_sentence(key: tuple[str, str]) -> None:
    _, says = key
    assert re.fullmatch(r"[A-Z][^\n]{10,240}[.]", says), says


@pytest.mark.parametrize(
    "schema", [pytest.param(one, id=key[0]) for key, one in sorted(_properties().items()) if "examples" in one]
)
def test_the_example_of_a_key_may_stand_under_it(schema: dict[str, Any]) -> None:
    inside = Draft202012Validator({**schema, "$defs": json_schema()["$defs"]})
    for example in schema["examples"]:
        assert [error.message for error in inside.iter_errors(example)] == []


@pytest.mark.parametrize(
    "key", [key for key, schema in json_schema()["$defs"]["programmed"]["properties"].items() if "default" in schema]
)
def test_the_default_of_a_key_is_what_its_absence_means(key: str) -> None:
    default = json_schema()["$defs"]["programmed"]["properties"][key]["default"]
    with_it = {"run": ("order: rotation",), "a_day": ("order: sequence", "since: 2026-01-01")}.get(key, ())
    said, unsaid = read(films(*with_it, f"{key}: {json.dumps(default)}"), "x"), read(films(*with_it), "x")
    assert isinstance(said, Programming), str(said)
    assert said == unsaid


def test_the_examples_of_a_channels_keys_read_well() -> None:
    names = "collections: {noir: {any: [noir]}, western: {any: [western]}}\nholidays: {summer: 07-01..08-31}\n"
    needs = {
        "programs": "include",
        "cooldown": "order: random",
        "since": "order: sequence",
        "mirror": "include",
        "regional": "include",
    }
    for key, schema in json_schema()["$defs"]["programmed"]["properties"].items():
        for example in schema.get("examples", ()):
            if key in ("mirror", "regional", "number"):
                continue  # what they need is in the examples of docs/examples
            lines = [f"{key}: {json.dumps(example)}"]
            if ":" in needs.get(key, ""):
                lines.append(needs[key])
            text = films(*lines)
            if key in ("include", "programs"):
                text = text.replace("    include: {any: [film]}\n", "")
            text = text.replace("version: 1\n", f"version: 1\n{names}")
            found = read(text, "x")
            assert isinstance(found, Programming), str(found)


def test_the_demo_configuration_explains_every_key() -> None:
    text = (CHECKOUT / "channels.yaml").read_text("utf-8")
    keys = {key for key, _ in _properties()}
    assert {key for key in keys if not re.search(rf"(?:^|[ {{#]){key}:", text, re.MULTILINE)} == set()
