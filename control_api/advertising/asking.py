"""Asking an ad server, and following where it leads, until there are ads or reasons.

Law: however the server answers, a question ends: after `SECONDS` for one answer, `REQUESTS` answers, `DEEPEST`
wrappers and `PATIENCE` for all of it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from control_api.advertising import macros
from control_api.advertising.choosing import best
from control_api.advertising.markup import LARGEST
from control_api.advertising.vast import (
    Break,
    InLine,
    MediaFile,
    Tracking,
    Unusable,
    Vast,
    Vmap,
    Wrapper,
    joined,
    parse,
)
from control_api.destinations import NotAllowed
from control_api.outgoing import Limits, NoAnswer, Outgoing
from playout.core.house import House

if TYPE_CHECKING:
    from control_api.advertising.vast import Linear

SECONDS: Final = 3.0
"""For one answer (C-19b)."""
DEEPEST: Final = 7
"""Wrappers within each other (C-19b)."""
REQUESTS: Final = 40
PATIENCE: Final = 60.0
"""Seconds for all answers to one question."""
ROLLS: Final = ("pre", "mid", "post")
_LIMITS: Final = Limits(seconds=SECONDS, idle_seconds=SECONDS, size=LARGEST, redirects=5)
_ACCEPT: Final = {"Accept": "application/xml, text/xml;q=0.9, */*;q=0.1"}
_GOOD, _EMPTY = 200, 204
_SAID: Final = 100
"""Ads and mistakes of one question that are kept."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what of the answers is taken."""

    url: str
    house: House
    channel: str = ""
    rolls: tuple[str, ...] = ROLLS
    most: int = 20
    longest_ms: int = 120_000


@dataclass(frozen=True, slots=True)
class Offered:
    """An ad that is taken: one creative, the file of it that is fetched, and who is told of its airings."""

    ad: str
    key: str
    name: str
    advertiser: str
    category: str
    duration_ms: int
    media: MediaFile
    rolls: tuple[str, ...]
    tracking: Tracking
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turned:
    """An ad, or a part of an answer, that is not taken."""

    ad: str
    words: str
    code: int | None = None
    """VAST's; None: it is no mistake."""


@dataclass(slots=True)
class Decision:
    """What came of a question."""

    offered: list[Offered] = field(default_factory=list)
    turned: list[Turned] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)
    """The URLs that want to know of a mistake, with its code."""
    fault: str = ""
    """Why there is no answer at all."""
    requests: int = 0


@dataclass(frozen=True, slots=True)
class _Chain:
    """The wrappers that led here."""

    rolls: tuple[str, ...]
    depth: int = 0
    tracking: Tracking = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    blocked: frozenset[str] = frozenset()
    many: bool = True
    follows: bool = True
    ad: str = ""


class _Failed(Exception):
    """One answer did not come, or is none: VAST's code, and why."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


async def ask(outgoing: Outgoing, question: Question, now: datetime, chance: Callable[[int], int]) -> Decision:
    """Ask, and follow. `chance(n)` is any number below n."""
    asking = _Asking(outgoing, question, now, chance)
    try:
        async with asyncio.timeout(PATIENCE):
            await asking.begin()
    except TimeoutError:
        asking.turn(
            Turned("", f"its answers took more than {PATIENCE:g} seconds, and the rest was not waited for", 301)
        )
    decision = asking.decision
    if asking.left_out:
        decision.turned.append(Turned("", f"{asking.left_out} more are not listed here"))
    return decision


@dataclass(slots=True)
class _Asking:
    """One question on its way."""

    outgoing: Outgoing
    question: Question
    now: datetime
    chance: Callable[[int], int]
    decision: Decision = field(default_factory=Decision)
    left_out: int = 0
    known: dict[str, int] = field(default_factory=dict)
    """Where in the list a creative is, by its key."""

    async def begin(self) -> None:
        """The first answer, which alone may be VMAP."""
        chain = _Chain(self.question.rolls)
        try:
            found = await self._fetched(self.question.url, 301)
        except _Failed as error:
            self.decision.fault = str(error)
            return
        if found is None:
            self.turn(Turned("", "the server answered that it has no ad", 303))
        elif isinstance(found, Vmap):
            await self._breaks(found)
        elif await self._taken(found, chain) == 0:
            self._report(found.errors, 303)

    def turn(self, turned: Turned) -> None:
        """Write down what is not taken."""
        if len(self.decision.turned) < _SAID:
            self.decision.turned.append(turned)
        else:
            self.left_out += 1

    async def _fetched(self, url: str, late: int) -> Vast | Vmap | None:
        """What is answered there; None for nothing at all. Raises `_Failed`; `late` is the code of no answer."""
        if self.decision.requests >= REQUESTS:
            message = f"more than {REQUESTS} answers would be needed"
            raise _Failed(302, message)
        self.decision.requests += 1
        try:
            answer = await self.outgoing.fetch("GET", self._filled(url), headers=_ACCEPT, limits=_LIMITS)
        except (NoAnswer, NotAllowed) as error:
            raise _Failed(late, str(error)) from error
        if answer.status == _EMPTY or (answer.status == _GOOD and not answer.body.strip()):
            return None
        if answer.status != _GOOD:
            message = f"it answered {answer.status}"
            raise _Failed(late, message)
        try:
            return await asyncio.to_thread(parse, answer.body)
        except Unusable as error:
            raise _Failed(error.code, str(error)) from error

    def _filled(self, url: str) -> str:
        asked = self.question
        values = {
            **macros.general(self.now, self.chance(1 << 62)),
            "CHANNEL": asked.channel or macros.UNKNOWN,
            "ADCOUNT": str(asked.most),
            "BREAKMAXADS": str(asked.most),
            "BREAKMAXADLENGTH": str(asked.longest_ms // 1000),
            "TRANSACTIONID": f"{self.chance(1 << 62):032x}",
        }
        return macros.filled(url, values)

    async def _breaks(self, found: Vmap) -> None:
        for words in found.mistakes:
            self.turn(Turned("", words, 101))
        for one in found.breaks:
            if one.roll in self.question.rolls:
                await self._break(one)
            else:
                self.turn(Turned("", f"a break of the roll {one.roll}, for which the source is not"))

    async def _break(self, one: Break) -> None:
        chain = _Chain((one.roll,), many=one.many, follows=one.follows)
        if one.vast is not None:
            if await self._taken(one.vast, chain) == 0:
                self._report(one.vast.errors, 303)
            return
        chain = replace(chain, depth=1, errors=one.errors)
        await self._led(one.url, chain, f"the tag of a {one.roll} break")

    async def _led(self, url: str, chain: _Chain, what: str) -> int:
        """Take what is answered where a wrapper or a tag leads; how many ads that were."""
        try:
            found = await self._deeper(url, chain)
        except _Failed as error:
            self._fail(chain, Turned(chain.ad, f"{what}: {error}", error.code))
            return 0
        taken = 0 if found is None else await self._taken(found, chain)
        # whatever was found there and left out was told with a reason of its own
        if not taken and (found is None or not (found.ads or found.refused)):
            self._fail(chain, Turned(chain.ad, f"{what}: no ad is there", 303), () if found is None else found.errors)
        return taken

    async def _deeper(self, url: str, chain: _Chain) -> Vast | None:
        if chain.depth > DEEPEST:
            message = f"wrappers lie more than {DEEPEST} deep"
            raise _Failed(302, message)
        found = await self._fetched(url, 301)
        if isinstance(found, Vmap):
            message = "it leads to VMAP, where VAST is expected"
            raise _Failed(101, message)
        return found

    async def _taken(self, vast: Vast, chain: _Chain) -> int:
        """Take the ads of one answer; how many that were."""
        for one in vast.refused:
            self._fail(chain, Turned(one.ad, "; ".join(one.words)[:1000], one.code), one.errors)
        taken = 0
        for ad in _meant(vast, many=chain.many):
            taken += self._inline(ad, chain) if isinstance(ad, InLine) else await self._wrapped(ad, chain)
        return taken

    async def _wrapped(self, ad: Wrapper, chain: _Chain) -> int:
        inner = replace(
            chain,
            depth=chain.depth + 1,
            tracking=joined(chain.tracking, ad.tracking),
            errors=tuple(dict.fromkeys((*chain.errors, *ad.errors))),
            blocked=chain.blocked | ad.blocked,
            many=ad.many,
            follows=ad.follows,
            ad=ad.id or chain.ad,
        )
        if not chain.follows:
            self._fail(inner, Turned(inner.ad, "it is a wrapper, where the one before allows none", 300))
            return 0
        return await self._led(ad.url, inner, "the wrapper")

    def _inline(self, ad: InLine, chain: _Chain) -> int:
        """Take the creatives of an ad; how many."""
        if ad.category and ad.category in chain.blocked:
            self._fail(
                chain, Turned(ad.id, f"its category {ad.category} is one that a wrapper does not want", 205), ad.errors
            )
            return 0
        return sum(self._linear(ad, linear, chain) for linear in ad.linears)

    def _linear(self, ad: InLine, linear: Linear, chain: _Chain) -> int:
        most = self.question.longest_ms
        if linear.duration_ms > most:
            words = f"it lasts {linear.duration_ms} ms, and {most} ms is the most that the source takes"
            self._fail(chain, Turned(ad.id, words, 202), ad.errors)
            return 0
        media = best(linear.files, self.question.house)
        if media is None:
            words = f"none of its {len(linear.files)} files is a video that can be fetched whole"
            self._fail(chain, Turned(ad.id, words, 403), ad.errors)
            return 0
        tracking = joined({"impression": ad.impressions}, linear.tracking, chain.tracking)
        key = linear.universal or "url:" + hashlib.sha256(media.url.encode()).hexdigest()
        return self._add(
            Offered(
                ad.id,
                key,
                ad.title,
                ad.advertiser,
                ad.category,
                linear.duration_ms,
                media,
                chain.rolls,
                tracking,
                tuple(dict.fromkeys((*chain.errors, *ad.errors))),
            )
        )

    def _add(self, one: Offered) -> int:
        offered = self.decision.offered
        number = self.known.get(one.key)
        if number is not None:  # of one that comes again the rolls count; its URLs, once
            before = offered[number]
            rolls = tuple(roll for roll in ROLLS if roll in before.rolls + one.rolls)
            offered[number] = replace(before, rolls=rolls)
        elif len(offered) >= self.question.most:
            self.turn(Turned(one.ad, f"the source takes {self.question.most} ads at most"))
        else:
            self.known[one.key] = len(offered)
            offered.append(one)
        return 1

    def _fail(self, chain: _Chain, turned: Turned, errors: tuple[str, ...] = ()) -> None:
        """Write a mistake down, and have those told of it who want to know."""
        self.turn(turned)
        if turned.code is not None:
            self._report((*chain.errors, *errors), turned.code)

    def _report(self, urls: tuple[str, ...], code: int) -> None:
        told = self.decision.told
        told += [(url, code) for url in dict.fromkeys(urls) if (url, code) not in told][: _SAID - len(told)]


def _meant(vast: Vast, *, many: bool) -> tuple[InLine | Wrapper, ...]:
    """The ads that count: pods in their order and those that stand alone; or only the first of these."""
    alone = [ad for ad in vast.ads if ad.sequence is None]
    if not many:
        return tuple(alone[:1])
    pod = sorted((ad for ad in vast.ads if ad.sequence is not None), key=lambda ad: ad.sequence or 0)
    return (*pod, *alone)
