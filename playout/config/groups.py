"""Groups of channels that keep their titles apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.config.faults import Fault
from playout.config.spans import spelled
from playout.config.spelling import quoted
from playout.core.rules import Apart, Rival, Rules, Source
from playout.core.ticks import span_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playout.config.never import Refused


class Groups:
    """Which channels belong together."""

    def __init__(self, refused: Mapping[str, Refused]) -> None:
        self._refused: Final = refused
        names = sorted({never.group for never in refused.values() if never.group})
        self._members: Final = {
            name: sorted(channel for channel, never in refused.items() if never.group == name) for name in names
        }

    def faults(self) -> list[Fault]:
        """What is wrong with the groups."""
        found = []
        for name, members in self._members.items():
            lines = sorted((self._refused[channel].line, self._refused[channel].apart) for channel in members)
            first_line, first = lines[0]
            if len(members) == 1:
                text = (
                    f"no other channel is in group {quoted(name)}: write never: {{group: {name}, apart: "
                    f"{spelled(span_of(first))}}} in the others too, or take group and apart out"
                )
                found.append(Fault(first_line, text))
            for line, apart in lines:
                if apart and first and apart != first:
                    text = (
                        f"titles of group {quoted(name)} stay {spelled(span_of(apart))} apart here, and "
                        f"{spelled(span_of(first))} in line {first_line}: write the same in all of its channels"
                    )
                    found.append(Fault(line, text))
        return found

    def apart(self, channel: str, rules: Mapping[str, Rules]) -> Apart | None:
        """What keeps `channel` apart from its rivals, by the rules of them all."""
        never = self._refused[channel]
        if not never.group:
            return None
        rivals = tuple(
            Rival(member, _what_it_could_air(rules[member])) for member in self._members[never.group] if member in rules
        )
        return Apart(never.apart, never.group, rivals)


def _what_it_could_air(rules: Rules) -> tuple[Source, ...]:
    """Its sources without their orders: when a channel airs what, is none of its rivals' business."""
    sources = {Source(source.include, source.exclude) for block in rules.blocks for source in block.sources}
    return tuple(sorted(sources, key=repr))
