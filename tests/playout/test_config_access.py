"""Which channels take a token, and for what age they are: from channels.yaml to what is published and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from jsonschema import Draft202012Validator

from playout.config import Faults, Programming, read
from playout.config.schema import json_schema
from playout.core.channel import Access, Revision
from playout.core.difference import edits
from playout.core.rules import Block, Rules
from playout.documents import decode, encode
from playout.publish import drafted

TEXT = """\
version: 1
defaults: {house: fast}
channels:
  films: {number: 1, name: Films, include: {any: [film]}}
  gold: {number: 2, name: Gold, access: signed, include: {any: [film]}}
  later: {number: 2.1, name: Gold +1, mirror: {of: gold, offset: 1h}}
  taster: {number: 2.2, name: Gold for all, mirror: {of: gold, offset: 2h}, access: open}
"""
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_channel_is_open_unless_it_says_so_and_a_mirror_is_as_its_original() -> None:
    found = read(TEXT, "x")
    assert isinstance(found, Programming)
    premium = read(TEXT.replace("access: signed", "access: premium"), "x")
    assert isinstance(premium, Programming)
    assert [draft.access for draft in premium.drafts][1:3] == [Access.PREMIUM] * 2  # C40, E06: its mirror as well
    assert {draft.id: draft.access for draft in found.drafts} == {
        "films": Access.OPEN,
        "gold": Access.SIGNED,
        "later": Access.SIGNED,
        "taster": Access.OPEN,
    }
    for draft in found.drafts:
        revision = Revision(1, NOW, "", draft.channel(NOW), Rules(Block(())), draft.horizon, parent=draft.parent)
        again = decode(encode(revision), Revision, "x")
        assert again.channel.access is draft.access
        assert drafted(again).access is draft.access


def test_a_channel_that_was_published_before_there_was_access_is_open() -> None:
    found = read(TEXT, "x")
    assert isinstance(found, Programming)
    gold = next(draft for draft in found.drafts if draft.id == "gold")
    revision = Revision(1, NOW, "", gold.channel(NOW), Rules(Block(())))
    former = encode(revision).replace(b',"access":"signed"', b"")
    assert former != encode(revision)
    after = decode(former, Revision, "x")
    assert after.channel.access is Access.OPEN
    assert [str(edit) for edit in edits(after, revision)] == ["access: open → signed"]


def test_another_word_is_refused() -> None:
    found = read(TEXT.replace("access: signed", "access: singed"), "x")
    assert isinstance(found, Faults)
    assert str(found) == 'x:5: unknown access "singed", did you mean "signed"?'


def test_the_schema_knows_it_of_every_sort_of_channel() -> None:
    schema = json_schema()
    for name, kept in (("open", True), ("signed", True), ("secret", False)):
        for more in ({"include": {"any": ["film"]}}, {"mirror": {"of": "films", "offset": "1h"}}):
            channel = {"number": 3, "name": "C", "access": name, **more}
            document = {"version": 1, "channels": {"films": {"number": 1, "name": "F", "include": {}}, "c": channel}}
            assert Draft202012Validator(schema).is_valid(document) is kept, channel


def test_the_file_of_the_repository_names_it() -> None:
    assert "# access: signed" in (Path(__file__).resolve().parents[2] / "channels.yaml").read_text("utf-8")


def test_a_channel_says_for_what_age_it_is_or_nobody_knows() -> None:
    """BX2."""
    text = TEXT.replace("access: signed", "ages: 6").replace(", access: open", ", ages: none")
    found = read(text, "x")
    assert isinstance(found, Programming)
    assert {draft.id: draft.ages for draft in found.drafts} == {"films": None, "gold": 6, "later": 6, "taster": None}
    gold = next(draft for draft in found.drafts if draft.id == "gold")
    revision = Revision(1, NOW, "", gold.channel(NOW), Rules(Block(())), gold.horizon)
    assert drafted(decode(encode(revision), Revision, "x")).ages == 6
    former = decode(encode(revision).replace(b',"ages":6', b""), Revision, "x")
    assert former.channel.ages is None
    assert [str(edit) for edit in edits(former, revision)] == ["ages: none → 6"]
    refused = read(text.replace("ages: 6", "ages: 99"), "x")
    assert isinstance(refused, Faults)
    assert "0 to 18" in str(refused)
