"""What a file asks for: channels as people want them, before they are published."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from playout.core.channel import Access, Channel, Parent
from playout.core.rules import Rules


@dataclass(frozen=True, slots=True)
class Draft:
    """A channel as people want it: all of a revision but what publishing adds."""

    id: str
    number: str
    name: str
    house: str
    languages: tuple[str, ...]
    subtitles: tuple[str, ...]
    window: int
    group: str
    description: str
    logo: str
    zone: str
    rules: Rules
    """How it is programmed; those of its parent for a derived one, with its own ads where it is regional."""
    horizon: timedelta
    parent: Parent | None = None
    """What it repeats, when it is derived."""
    access: Access = Access.OPEN
    ages: int | None = None
    line: int = field(default=0, compare=False)
    """Where it stands in the file; 0 when it comes from elsewhere."""
    lines: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    """Where each of its dayparts stands, by name."""

    def channel(self, genesis: datetime) -> Channel:
        """The channel, once it is known when it began."""
        return Channel(
            id=self.id,
            number=self.number,
            name=self.name,
            house=self.house,
            genesis=genesis,
            languages=self.languages,
            subtitles=self.subtitles,
            window=self.window,
            group=self.group,
            description=self.description,
            logo=self.logo,
            zone=self.zone,
            access=self.access,
            ages=self.ages,
        )

    def line_of(self, daypart: str) -> int:
        """Where `daypart` stands in the file; the channel's own line for no daypart of it."""
        return dict(self.lines).get(daypart, self.line)


@dataclass(frozen=True, slots=True)
class Programming:
    """All channels that shall be on air."""

    drafts: tuple[Draft, ...]
    """In the order of the file."""
    where: str = ""
    """The file's name, for messages."""
