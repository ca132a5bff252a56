"""Publishing: from what people want and what is packaged to the revisions that channels air by.

Laws. A revision is published only when something about the channel is different: who it is, its rules, the
clocks of its zone, or the assets that its rules match, for which a digest stands. An asset that a channel
cannot air makes no revision of it. Of two publishers that race, the first wins, and the other compares anew
with what it published.

A channel that is taken out of the file is retired: it plays on until its last revision is in force, a
horizon later, and then ends. Until then, and after it too, putting it back brings it back as it was.

What a person took back (`Revision.undoes`) is not published again by whoever still wants it: the channel keeps
its rules, and what is new in the library reaches it under those, until something else is wanted of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.config import Draft
from playout.core.channel import Parent, Revision, Wish
from playout.core.house import TARGET_DURATION
from playout.core.shelves import Shelves, shelves_of
from playout.core.view import Alarm
from playout.documents import Corrupt, digest, encode
from playout.former import revision_of
from playout.library import Library
from playout.station import Station
from playout.store import Store
from playout.zones import UnknownZone, clock_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playout.config import Programming

SOON: Final = timedelta(seconds=2)
"""How long after its publication a revision takes effect: by then whoever writes a turn finds it in the store."""
RETIRED: Final = "retired"
"""What stands for the wish that there be no such channel, where a wish is named by its digest."""


@dataclass(frozen=True, slots=True)
class Published:
    """What came of publishing."""

    revisions: tuple[Revision, ...] = ()
    """Those that are new."""
    alarms: tuple[Alarm, ...] = ()
    """What was not published, or needs looking at, and what to do."""
    unfinished: bool = False
    """Whether a document stood in the way: once it is gone, publishing the same again does more."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who publishes, and what becomes of what was published before."""

    source: str = "file"
    """`file` or `api`: a channel is retired only by who published it."""
    author: str = ""
    """Which person; empty for whoever saved the file."""
    note: str = ""
    """What that person does, in a few words."""
    over: bool = False
    """Whether what was published before counts as taken back, so that who still wants it does not publish it again."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What publishing comes to, or would come to, for one channel."""

    channel: str
    last: Revision | None = None
    """Its newest revision, before."""
    revision: Revision | None = None
    """The one that is to follow; None when nothing is new, or nothing may follow."""
    alarms: tuple[Alarm, ...] = ()
    refused: bool = False
    """Whether what is wanted cannot be published."""
    unfinished: bool = False


def publish(store: Store, programming: Programming, library: Library, now: datetime, source: str = "file") -> Published:
    """Publish what is new in `programming` and in `library`. Raises `StoreDown`.

    Channels in the store that are not in `programming` are retired if `source` published them.
    """
    return publish_signed(store, programming, library, now, Signed(source))


def publish_signed(store: Store, programming: Programming, library: Library, now: datetime, by: Signed) -> Published:
    """As `publish`, in somebody's name."""
    results = list(_Publisher(store, library, now, by).settled(programming))
    return Published(
        tuple(result.revision for result in results if result.revision is not None),
        tuple(alarm for result in results for alarm in result.alarms),
        any(result.unfinished for result in results),
    )


def intended(
    store: Store, programming: Programming, library: Library, now: datetime, by: Signed = Signed()
) -> tuple[Intent, ...]:
    """What `publish` would do at `now`, channel by channel, without doing it. Raises `StoreDown`."""
    return tuple(_Publisher(store, library, now, by, dry=True).settled(programming))


@dataclass(slots=True)
class _Publisher:
    """One publishing; what it knows grows channel by channel, for a derived one needs what its parent became."""

    store: Store
    library: Library
    now: datetime
    by: Signed
    dry: bool = False
    """Whether nothing is written."""
    shelves: Shelves = field(init=False)
    newest: dict[str, Revision] = field(default_factory=dict)
    """The newest revisions of the channels that are settled."""
    ahead: dict[str, timedelta] = field(default_factory=dict)
    """By channel, how far its mirrors are ahead of it."""

    def __post_init__(self) -> None:
        self.shelves = shelves_of(self.library.catalog)

    def settled(self, programming: Programming) -> Iterator[Intent]:
        """Settle all channels: parents first, and at last those that nobody wants any more."""
        for draft in programming.drafts:
            if draft.parent:
                self.ahead[draft.parent.channel] = max(
                    self.ahead.get(draft.parent.channel, timedelta(0)), -draft.parent.offset
                )
        for draft in sorted(programming.drafts, key=_derived):  # a stable sort: else the order of the file
            yield self._settle(draft.id, draft)
        wanted = {draft.id for draft in programming.drafts}
        for name in self.store.names("channels"):
            if name not in wanted:
                yield self._settle(name, None)

    def _settle(self, name: str, draft: Draft | None) -> Intent:
        """Bring one channel to what is wanted, unless its newest revision says so already."""
        while True:
            try:
                last = newest_revision(self.store, name)
            except (Corrupt, keys.BadKey) as bad:
                return Intent(name, alarms=(_stuck(name, draft, bad),), refused=True, unfinished=True)
            intent = self._following(draft, last) if draft else self._ending(name, last)
            new = intent.revision
            if new is None or self.dry or self.store.put_new(keys.revision(name, new.number), encode(new)):
                newest = new or last
                if newest is not None and not intent.refused:
                    self.newest[name] = newest
                return intent

    def _following(self, draft: Draft, last: Revision | None) -> Intent:
        """The revision of a channel that is wanted."""
        refusal = self._refusal(draft, last)
        if refusal:
            return Intent(draft.id, last, alarms=(_alarm(draft, f"not published: {refusal}"),), refused=True)
        undone = last is not None and bool(last.undoes) and not self.by.over and last.undoes == wish(draft)
        if last is not None and undone:
            if last.retired:
                return Intent(draft.id, last)
            draft = _kept(last, draft)
        matched = draft.parent or self.shelves.programs(draft.house, draft.rules)
        concerns = () if matched else (_alarm(draft, _NOTHING_MATCHES),)
        try:
            revision = self.revision(draft, last)
        except UnknownZone as unknown:
            return Intent(draft.id, last, alarms=(_alarm(draft, f"not published: {unknown}"),), refused=True)
        if last is not None and undone:
            revision = replace(revision, undoes=last.undoes, restores=last.restores)
        elif self.by.over and (last is None or last.retired or wish(draft) != wish(drafted(last))):
            revision = replace(revision, undoes=RETIRED if last is None or last.retired else wish(drafted(last)))
        elif self.by.over and last is not None:
            revision = replace(revision, undoes=last.undoes)
        same = last is not None and _same(last, revision)
        return Intent(draft.id, last, None if same else self.waiting(revision, last), concerns)

    def waiting(self, revision: Revision, last: Revision | None) -> Revision:
        """The revision with those wishes of the last one that nobody has served before it chooses."""
        if last is None or not last.wishes:
            return revision
        wishes = pending(Station(self.store), last, revision.effective)
        choice = self.shelves.choice(revision.channel.house, revision.rules, wishes)
        return replace(revision, wishes=wishes, choice=choice)

    def revision(self, draft: Draft, last: Revision | None) -> Revision:
        """The revision that says what `draft` wants, after `last`."""
        now = self.now
        if last is None:
            genesis, begun = self._born(draft)
            number, effective = 1, now + SOON
        else:  # a clock that was put back must not put a revision before the one it replaces
            genesis, begun = last.channel.genesis, last.parent.begun if last.parent else None
            number, effective = last.number + 1, max(now + SOON, last.effective)
        wishes = last.wishes if last else ()  # whether they still wait is asked once something else is new
        return Revision(
            number,
            effective,
            self.library.digest,
            draft.channel(genesis),
            draft.rules,
            draft.horizon,
            source=self.by.source,
            choice=self.shelves.choice(draft.house, draft.rules, wishes),
            changes=clock_changes(draft.zone, now, genesis),
            parent=replace(draft.parent, begun=begun) if draft.parent else None,
            ahead=self.ahead.get(draft.id, timedelta(0)),
            author=self.by.author,
            note=self.by.note,
            wishes=wishes,
        )

    def _born(self, draft: Draft) -> tuple[datetime, datetime | None]:
        """A new channel's genesis, a window ago; a derived one has its parent's ticks, and a log may begin later."""
        begun = (self.now - timedelta(seconds=draft.window * TARGET_DURATION)).replace(microsecond=0)
        if draft.parent is None:
            return begun, None
        genesis = self.newest[draft.parent.channel].channel.genesis
        return (genesis, begun) if draft.parent.regional else (genesis + draft.parent.offset, None)

    def _refusal(self, draft: Draft, last: Revision | None) -> str:
        """Why `draft` cannot follow `last`; empty when it can."""
        if self.shelves.catalog.kit(draft.house) is None:
            advice = f"package one with `fastline package --kind slate --house {draft.house} FILE`"
            return f'house "{draft.house}" has no slate in this store yet; {advice}'
        if draft.parent and draft.parent.channel not in self.newest:
            return f'"{draft.parent.channel}", which it repeats, is not published: mend that channel first'
        return self._breach(draft, last) if last else ""

    def _breach(self, draft: Draft, last: Revision) -> str:
        """What of `last`, which is for life, `draft` would change; empty when it may follow."""
        if last.channel.house != draft.house:
            return (
                f'it is of house "{last.channel.house}" for life, because players keep their decoders; for house '
                f'"{draft.house}" write a channel with a new id, and take this one out'
            )
        if last.source != self.by.source and not last.retired:
            return f'a channel of this id was published by "{last.source}"; choose another id, or remove it there'
        before, after = descent(last.parent), descent(draft.parent)
        if before != after:
            return (
                f"it is {before} for life, because players keep their place in it; for {after} write a channel with "
                "a new id, and take this one out"
            )
        return ""

    def _ending(self, name: str, last: Revision | None) -> Intent:
        """The end of a channel that nobody wants any more, if it was the same source that began it."""
        if last is None or last.retired or last.source != self.by.source:
            return Intent(name, last)
        if last.undoes == RETIRED and not self.by.over:  # a person brought it back: only its library may grow
            return self._grown(name, last)
        effective = max(self.now + SOON, last.effective)
        undoes = wish(drafted(last)) if self.by.over else ""
        after = replace(last, number=last.number + 1, effective=effective, retired=True, undoes=undoes, restores=0)
        return Intent(name, last, replace(after, author=self.by.author, note=self.by.note))

    def _grown(self, name: str, last: Revision) -> Intent:
        if last.parent and last.parent.channel not in self.newest:
            return Intent(name, last)
        revision = replace(self.revision(drafted(last), last), undoes=last.undoes, restores=last.restores)
        return Intent(name, last, None if _same(last, revision) else self.waiting(revision, last))


def restored(store: Store, old: Revision, library: Library, now: datetime, by: Signed) -> Revision | None:
    """Publish once more what an earlier revision of a channel said, chosen from the library as it is now.

    None when the newest revision says the same. Raises `StoreDown`, `Corrupt` and `UnknownZone`.
    """
    name = old.channel.id
    publisher = _Publisher(store, library, now, by)
    if old.parent:
        parent = newest_revision(store, old.parent.channel)
        publisher.newest |= {old.parent.channel: parent} if parent else {}
    while True:
        last = newest_revision(store, name) or old
        draft = _kept(old, drafted(last))
        if last.ahead:  # its mirrors need all of the horizon
            draft = replace(draft, horizon=max(draft.horizon, last.horizon))
        if wish(draft) == wish(drafted(last)) and not last.retired:
            return None
        undoes = RETIRED if last.retired else wish(drafted(last))
        revision = replace(publisher.revision(draft, last), undoes=undoes, ahead=last.ahead, source=last.source)
        revision = replace(publisher.waiting(revision, last), restores=old.number)
        if store.put_new(keys.revision(name, revision.number), encode(revision)):
            return revision


def pending(station: Station, revision: Revision, at: datetime) -> tuple[Wish, ...]:
    """The wishes of a channel's newest revision that wait still when one that is effective at `at` comes to choose."""
    if not revision.wishes:
        return ()
    tail = station.handover(revision.channel.id, at)
    if tail.revision < revision.number:
        return revision.wishes
    return revision.wishes[tail.served :] if tail.revision == revision.number else ()


def drafted(revision: Revision) -> Draft:
    """What people wanted when a revision was published."""
    channel = revision.channel
    return Draft(
        id=channel.id,
        number=channel.number,
        name=channel.name,
        house=channel.house,
        languages=channel.languages,
        subtitles=channel.subtitles,
        window=channel.window,
        group=channel.group,
        description=channel.description,
        logo=channel.logo,
        zone=channel.zone,
        rules=revision.rules,
        horizon=revision.horizon,
        access=channel.access,
        ages=channel.ages,
        parent=replace(revision.parent, begun=None) if revision.parent else None,
    )


def wish(draft: Draft) -> str:
    """A digest of what is wanted of a channel; what the others of its group air is not its own wish."""
    never = draft.rules.never
    alone = replace(never, apart=replace(never.apart, rivals=()) if never.apart else None)
    return digest(encode(replace(draft, rules=replace(draft.rules, never=alone), line=0, lines=())))


def _kept(old: Revision, draft: Draft) -> Draft:
    """What `old` said, with what is now known of the group: all of its channels must agree on who airs a title."""
    kept = drafted(old)
    apart, now = kept.rules.never.apart, draft.rules.never.apart
    if apart and now and apart.group == now.group:
        never = replace(kept.rules.never, apart=replace(apart, rivals=now.rivals))
        kept = replace(kept, rules=replace(kept.rules, never=never))
    return replace(kept, line=draft.line)


def descent(parent: Parent | None) -> str:
    """What a channel is, as far as that is for life."""
    if parent is None:
        return "a channel with programs of its own"
    if parent.regional:
        return f'a regional copy of "{parent.channel}"'
    sign, seconds = "-" if parent.offset < timedelta(0) else "+", abs(parent.offset) // timedelta(seconds=1)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    spelled = "".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if count)
    return f'a mirror of "{parent.channel}" at {sign}{spelled}'


def _derived(draft: Draft) -> bool:
    return draft.parent is not None


def _same(last: Revision, revision: Revision) -> bool:
    """Whether `revision` would say nothing that `last` does not say, but for what else is in the catalog."""
    as_last = replace(
        revision,
        number=last.number,
        effective=last.effective,
        catalog=last.catalog,
        author=last.author,
        note=last.note,
    )
    return last == as_last


def newest_revision(store: Store, channel: str) -> Revision | None:
    """The channel's last published revision; None when it has none. Raises `StoreDown` and `Corrupt`."""
    names = [name for name in store.names(keys.revisions(channel)) if _NUMBERED.fullmatch(name)]
    if not names:
        return None
    where = keys.revision(channel, int(names[-1][:8]))
    data = store.read(where)
    if data is None:
        message = f"{where}: it is listed, but not there"
        raise Corrupt(message)
    revision = revision_of(data, where)
    if keys.revision(channel, revision.number) != where:
        message = f"{where}: it says that it is number {revision.number}"
        raise Corrupt(message)
    return revision


_NUMBERED: Final = re.compile(r"\d{8}\.json")


def _stuck(name: str, draft: Draft | None, bad: Exception) -> Alarm:
    if draft is None:
        return Alarm(name, f"not retired: {bad}. Remove that file")
    return _alarm(draft, f"not published: {bad}. Remove that file; the one before it counts then")


def _alarm(draft: Draft, what: str) -> Alarm:
    return Alarm(draft.id, f"line {draft.line}: {what}" if draft.line else what)


_NOTHING_MATCHES: Final = (
    "no program of its house matches include, so filler airs, or slate; package some with such tags, or ask for others"
)
