"""The channels of a file: each by itself, then those that know of one another.

Law: a channel's mistakes hide no other channel's, nor what goes wrong between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from playout.config.ads import OTHER_ADS
from playout.config.blocks import block_of
from playout.config.dayparts import dayparts_lines, dayparts_of
from playout.config.derived import (
    MIRROR,
    MIRROR_KEYS,
    REGIONAL,
    REGIONAL_KEYS,
    Original,
    derived_said,
    too_far_ahead,
)
from playout.config.draft import Draft
from playout.config.faults import Fault, Mistaken, mistake
from playout.config.groups import Groups
from playout.config.never import CLOCK_CHANGE, NEVER, TERRITORIES, Refused
from playout.config.record import Record, Said, record
from playout.config.settings import (
    ACCESS,
    AGES,
    DESCRIPTION,
    GROUP,
    HORIZON,
    HOUSE,
    LANGUAGES,
    LOGO,
    SETTINGS,
    SUBTITLES,
    WINDOW,
    ZONE,
    like,
    no_template,
    settings_said,
    settled,
)
from playout.config.sources import INCLUDE, PROGRAMS
from playout.config.spelling import meant, one_of, quoted
from playout.config.tree import Leaf, Node
from playout.config.word import Key, Schema, Word, keyed, named_by, plain
from playout.config.words import ID_SCHEMA, NUMBER_SCHEMA, channel_id, number, required_text
from playout.core.channel import Access, Parent
from playout.core.house import DEFAULT_HOUSE
from playout.core.rules import NONE, Block, Daypart, Never, Rules
from playout.core.wall import ClockChange

if TYPE_CHECKING:
    from playout.config.scope import Scope

NUMBER: Final = Key(
    "number",
    plain(number, NUMBER_SCHEMA),
    "What people type to tune in; no two channels have the same.",
    examples=(7, 7.1),
    needed="what people type to tune in, e.g. 7",
)
NAME: Final = Key("name", required_text, "What people read in the guide.", needed="what people read in the guide")

_TEN_MINUTES: Final = timedelta(minutes=10)
_NOBODY: Final = Refused(NONE, "", NONE, (), 0)


class _Numbers:
    """The channel numbers that are taken; a channel's other mistakes do not free its number."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[str, int]] = {}

    def of(self, channel: str) -> Key[str]:
        """The key for the number of `channel`."""

        def read(node: Node) -> str:
            wanted = number(node)
            holder, line = self.taken.setdefault(wanted, (channel, node.line))
            if holder != channel:
                raise mistake(node.line, f'number {wanted} is taken by "{holder}" in line {line}: choose another one')
            return wanted

        return replace(NUMBER, word=plain(read, NUMBER_SCHEMA))


@dataclass(slots=True)
class _Written:
    """A channel as far as it could be read."""

    id: str
    line: int
    who: Said
    """Its number and its name."""
    settings: Said
    """What it says and what it takes from elsewhere."""
    original: Original | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What channels take from elsewhere in the file."""

    defaults: Said = field(default_factory=Said)
    template: Callable[[Leaf], Said] = no_template
    """The settings of the template of a name; raises `Mistaken` when there is none."""


class Station:
    """The channels that are being read, with all their mistakes."""

    def __init__(self, keys: Record, common: Shared) -> None:
        self._keys: Final = keys
        self._common: Final = common
        self._numbers: Final = _Numbers()
        self._written: Final[dict[str, _Written]] = {}
        self._drafts: Final[dict[str, Draft]] = {}

    def drafts(self) -> tuple[Draft, ...]:
        """All channels, in the order of the file."""
        for key, node in self._keys.entries("a channel has a number, a name and include"):
            self._keys.check(partial(self._read, key, node))
        first = [written for written in self._written.values() if written.original is None]
        for written in first:
            self._keys.check(partial(self._settle, written))
        self._keep_groups_apart(first)
        for written in self._written.values():
            if written.original is not None:
                self._keys.check(partial(self._derive, written))
        return tuple(self._drafts[name] for name in self._written if name in self._drafts)

    def _read(self, key: Leaf, node: Node) -> None:
        """Read the channel under `key`; a bad id does not hide the mistakes below it."""
        with record(node, "a channel", self._keys.scope, key.line) as keys:
            keys.check(lambda: channel_id(key))
            who = keys.said((self._numbers.of(key.text), NAME))
            its_like = like(self._common.template)
            found = keys.take(its_like, None)
            taken = found or Said()
            derived = keys.has(MIRROR) or keys.has(REGIONAL)
            self._written[key.text] = _Written(key.text, key.line, who, Said(), None)
            if derived:
                own = derived_said(keys)
                kept = REGIONAL_KEYS if keys.has(REGIONAL) else MIRROR_KEYS
                original = own.of(MIRROR, None) or own.of(REGIONAL, None) or Original("", 0)
                settings = own.over(taken.only(key for key in kept if key is not OTHER_ADS))
            else:
                original, settings = None, settled(settings_said(keys), settled(taken, self._common.defaults))
                keys.take(MIRROR, None)
                keys.take(REGIONAL, None)
                known = found is not None or not keys.has(its_like)
                if known and not settings.has(INCLUDE) and not settings.has(PROGRAMS):
                    keys.lack(INCLUDE, "which programs it airs, e.g. include: {any: [film]}")
            self._written[key.text] = _Written(key.text, key.line, who, settings, original)

    def _settle(self, written: _Written) -> None:
        """Make the draft of a channel that is no other's copy; its rivals come later."""
        said = written.settings
        block, dayparts = _blocks(said)
        refused = said.of(NEVER, None) or _NOBODY
        territories = said.of(TERRITORIES, None)
        never = Never(refused.repeat, None, refused.watersheds, territories or ())
        self._drafts[written.id] = Draft(
            id=written.id,
            number=written.who.of(NUMBER, ""),
            name=written.who.of(NAME, ""),
            house=said.of(HOUSE, DEFAULT_HOUSE),
            languages=said.of(LANGUAGES, ("en",)),
            subtitles=said.of(SUBTITLES, ()),
            window=said.of(WINDOW, 30),
            group=said.of(GROUP, ""),
            description=said.of(DESCRIPTION, ""),
            logo=said.of(LOGO, "") or "",
            zone=said.of(ZONE, "UTC"),
            rules=Rules(block, dayparts, never, said.of(CLOCK_CHANGE, ClockChange())),
            horizon=said.of(HORIZON, _TEN_MINUTES),
            access=said.of(ACCESS, Access.OPEN),
            ages=said.of(AGES, None),
            line=written.line,
            lines=dayparts_lines(said),
        )

    def _keep_groups_apart(self, channels: list[_Written]) -> None:
        groups = Groups({one.id: one.settings.of(NEVER, None) or _NOBODY for one in channels})
        self._keys.faults.extend(groups.faults())
        rules = {name: draft.rules for name, draft in self._drafts.items()}
        for name, draft in self._drafts.items():
            never = replace(draft.rules.never, apart=groups.apart(name, rules))
            self._drafts[name] = replace(draft, rules=replace(draft.rules, never=never))

    def _derive(self, written: _Written) -> None:
        """Make the draft of a channel that repeats another one."""
        original = written.original
        if original is None or not original.line:
            return
        self._refuse_no_original(original)
        parent = self._drafts.get(original.channel)
        if parent is None:
            return  # its own mistakes are told
        said = written.settings
        ahead = too_far_ahead(original, parent.horizon)
        if ahead:
            raise mistake(original.line, ahead)
        self._drafts[written.id] = replace(
            parent,
            id=written.id,
            number=written.who.of(NUMBER, ""),
            name=written.who.of(NAME, ""),
            languages=said.of(LANGUAGES, parent.languages),
            subtitles=said.of(SUBTITLES, parent.subtitles),
            group=said.of(GROUP, parent.group),
            description=said.of(DESCRIPTION, parent.description),
            logo=said.of(LOGO, parent.logo) or "",
            rules=_regional(parent, said, original) if said.has(REGIONAL) else parent.rules,
            parent=Parent(original.channel, original.offset, said.has(REGIONAL)),
            access=said.of(ACCESS, parent.access),
            ages=said.of(AGES, parent.ages),
            line=written.line,
            lines=(),
        )

    def _refuse_no_original(self, original: Original) -> None:
        """Raises `Mistaken` when there is no such channel, or it is derived itself."""
        named = self._written.get(original.channel)
        firsts = [written.id for written in self._written.values() if written.original is None]
        if named is None:
            near = meant(original.channel, firsts)
            known = f"write {one_of(firsts)}" if firsts else "and there is no other that it could repeat"
            hint = f'did you mean "{near}"?' if near else known
            raise mistake(original.line, f"unknown channel {quoted(original.channel)}, {hint}")
        if named.original is not None:
            its = quoted(named.original.channel)
            raise mistake(original.line, f"{quoted(named.id)} is derived itself: write what it repeats, of: {its}")


def _blocks(said: Said) -> tuple[Block, tuple[Daypart, ...]]:
    """The channel's own block and its dayparts; raises `Mistaken` with the mistakes of both."""
    faults: list[Fault] = []
    blocks: list[Block] = []
    dayparts: list[Daypart] = []
    try:
        blocks.append(block_of(said))
    except Mistaken as error:
        faults.extend(error.faults)
    try:
        dayparts.extend(dayparts_of(said))
    except Mistaken as error:
        faults.extend(error.faults)
    if faults:
        raise Mistaken(*faults)
    return blocks[0], tuple(dayparts)


def _regional(parent: Draft, said: Said, original: Original) -> Rules:
    """The rules of the original with other ads."""
    other = said.of(OTHER_ADS, None)
    rules = parent.rules
    if not any(block.ads for block in rules.blocks):
        text = f"{quoted(original.channel)} has no breaks that other ads could fill: give it ads, or write a mirror"
        raise mistake(original.line, text)
    if other is None:
        return rules

    def refilled(block: Block) -> Block:
        return replace(block, ads=other.instead_of(block.ads)) if block.ads else block

    territories = said.of(TERRITORIES, rules.never.territories)
    return replace(
        rules,
        block=refilled(rules.block),
        dayparts=tuple(replace(daypart, block=refilled(daypart.block)) for daypart in rules.dayparts),
        never=replace(rules.never, territories=territories or ()),
    )


def channels(common: Callable[[], Shared]) -> Word[tuple[Draft, ...]]:
    """The word for the channels of a file whose defaults are `common`."""

    def read(node: Node, scope: Scope) -> tuple[Draft, ...]:
        with record(node, "a mapping of channels by id", scope) as keys:
            return Station(keys, common()).drafts()

    return Word(
        read,
        {"type": "object", "propertyNames": ID_SCHEMA, "additionalProperties": {"$ref": "#/$defs/channel"}},
        {**_DEFS, "channel": _either()},
    )


_LIKE: Final = like(no_template)
_KEYS: Final[tuple[Key[Any], ...]] = (NUMBER, NAME, _LIKE, *SETTINGS)
_MIRROR: Final[tuple[Key[Any], ...]] = (NUMBER, NAME, _LIKE, *MIRROR_KEYS)
_REGIONAL: Final[tuple[Key[Any], ...]] = (NUMBER, NAME, _LIKE, *REGIONAL_KEYS)
_DEFS: Final = {
    **named_by(_KEYS),
    **named_by(_MIRROR),
    **named_by(_REGIONAL),
    "programmed": keyed((*_KEYS, MIRROR, REGIONAL)),
    "mirror": keyed(_MIRROR),
    "regional": keyed(_REGIONAL),
}


def _either() -> Schema:
    """What may be said depends on whether it says of its own what airs."""

    def one(name: str) -> Schema:
        return {"$ref": f"#/$defs/{name}"}

    return {
        "if": {"required": ["mirror"]},
        "then": one("mirror"),
        "else": {"if": {"required": ["regional"]}, "then": one("regional"), "else": one("programmed")},
    }
