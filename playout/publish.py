"""Publishing: from what people want and what is packaged to the revisions that channels air by.

Laws. A revision is published only when something about the channel is different: who it is, its rules,
or the assets that its rules match, for which a digest stands. An asset that a channel cannot air makes
no revision of it. Of two publishers that race, the first wins, and the other compares anew with what it
published.

A channel that is taken out of the file is retired: it plays on until its last revision is in force, a
horizon later, and then ends. Until then, and after it too, putting it back brings it back as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.config import Draft
from playout.core.channel import Revision
from playout.core.house import TARGET_DURATION
from playout.core.shelves import Shelves
from playout.core.view import Alarm
from playout.documents import Corrupt, decode, encode

if TYPE_CHECKING:
    from playout.config import Programming
    from playout.library import Library
    from playout.store import Store

SOON: Final = timedelta(seconds=2)
"""How long after its publication a revision takes effect: every follower has read it by then."""


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
class _Outcome:
    """What came of one channel."""

    revision: Revision | None = None
    alarms: tuple[Alarm, ...] = ()
    unfinished: bool = False


def publish(store: Store, programming: Programming, library: Library, now: datetime, source: str = "file") -> Published:
    """Publish what is new in `programming` and in `library`. Raises `StoreDown`.

    Channels in the store that are not in `programming` are retired if `source` published them.
    """
    shelves = Shelves(library.catalog)
    results = [_publish(store, draft, shelves, library.digest, now, source) for draft in programming.drafts]
    wanted = {draft.id for draft in programming.drafts}
    results += [_retire(store, name, now, source) for name in store.names("channels") if name not in wanted]
    return Published(
        tuple(result.revision for result in results if result.revision is not None),
        tuple(alarm for result in results for alarm in result.alarms),
        any(result.unfinished for result in results),
    )


def _publish(store: Store, draft: Draft, shelves: Shelves, catalog: str, now: datetime, source: str) -> _Outcome:
    """Publish one channel, unless its newest revision says the same already."""
    if shelves.catalog.kit(draft.house) is None:
        advice = f"package one with `fastline package --kind slate --house {draft.house} FILE`"
        return _refused(draft, f'house "{draft.house}" has no slate in this store yet; {advice}')
    wanted = _Wanted(draft, catalog, shelves.choice(draft.house, draft.rules), source)
    matched = shelves.programs(draft.house, draft.rules)
    concerns = () if matched else (_alarm(draft, _NOTHING_MATCHES),)
    while True:
        try:
            last = newest_revision(store, draft.id)
        except Corrupt as bad:
            return replace(_refused(draft, f"{bad}. Remove that file; the one before it counts then"), unfinished=True)
        refusal = _refusal(draft, last, source) if last is not None else ""
        if refusal:
            return _refused(draft, refusal)
        revision = wanted.after(last, now)
        if last is not None and _same(last, revision):
            return _Outcome(None, concerns)
        if store.put_new(keys.revision(draft.id, revision.number), encode(revision)):
            return _Outcome(revision, concerns)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a channel's newest revision should say."""

    draft: Draft
    catalog: str
    choice: str
    source: str

    def after(self, last: Revision | None, now: datetime) -> Revision:
        """The revision that says it, after `last`."""
        draft = self.draft
        if last is None:
            genesis = (now - timedelta(seconds=draft.window * TARGET_DURATION)).replace(microsecond=0)
            number, effective = 1, now + SOON
        else:  # a clock that was put back must not put a revision before the one it replaces
            genesis = last.channel.genesis
            number, effective = last.number + 1, max(now + SOON, last.effective)
        return Revision(
            number,
            effective,
            self.catalog,
            draft.channel(genesis),
            draft.rules,
            draft.horizon,
            source=self.source,
            choice=self.choice,
        )


def _same(last: Revision, revision: Revision) -> bool:
    """Whether `revision` would say nothing that `last` does not say, but for what else is in the catalog."""
    return last == replace(revision, number=last.number, effective=last.effective, catalog=last.catalog)


def _retire(store: Store, name: str, now: datetime, source: str) -> _Outcome:
    """End a channel that nobody wants any more, if it was `source` that began it."""
    while True:
        try:
            last = newest_revision(store, name)
        except (Corrupt, keys.BadKey) as bad:
            return _Outcome(None, (Alarm(name, f"not retired: {bad}. Remove that file"),), unfinished=True)
        if last is None or last.retired or last.source != source:
            return _Outcome()
        revision = replace(last, number=last.number + 1, effective=max(now + SOON, last.effective), retired=True)
        if store.put_new(keys.revision(name, revision.number), encode(revision)):
            return _Outcome(revision)


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
    revision = decode(data, Revision, where)
    if keys.revision(channel, revision.number) != where:
        message = f"{where}: it says that it is number {revision.number}"
        raise Corrupt(message)
    return revision


_NUMBERED: Final = re.compile(r"\d{8}\.json")


def _refusal(draft: Draft, last: Revision, source: str) -> str:
    """Why `draft` cannot follow `last`; empty when it can."""
    if last.channel.house != draft.house:
        return (
            f'it is of house "{last.channel.house}" for life, because players keep their decoders; for house '
            f'"{draft.house}" write a channel with a new id, and take this one out'
        )
    if last.source != source and not last.retired:
        return f'a channel of this id was published by "{last.source}"; choose another id, or remove it there'
    return ""


def _refused(draft: Draft, why: str) -> _Outcome:
    return _Outcome(None, (_alarm(draft, f"not published: {why}"),))


def _alarm(draft: Draft, what: str) -> Alarm:
    return Alarm(draft.id, f"line {draft.line}: {what}" if draft.line else what)


_NOTHING_MATCHES: Final = (
    "no program of its house matches include, so filler airs, or slate; package some with such tags, or ask for others"
)
