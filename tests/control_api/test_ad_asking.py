"""Asking an ad server: wrappers, breaks, mistakes and malice, against servers that answer so (AX15)."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from ads import Pages, files, inline, vast, vmap, wrapper
from aiohttp import web
from others import HERE, Other, other

from control_api.advertising.asking import DEEPEST, REQUESTS, SECONDS, Decision, Question, ask
from control_api.destinations import Reach
from control_api.outgoing import Outgoing
from playout.clock import system_clock
from playout.core.house import HOUSES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SPOT = files("https://cdn.example/spot.mp4")


@dataclass
class Bench:
    """An ad server, and somebody who asks it."""

    there: Other
    pages: Pages
    outgoing: Outgoing = field(default_factory=lambda: Outgoing(Reach(HERE)))

    def url(self, path: str) -> str:
        return self.there.url(path)

    def says(self, answer: str | int, path: str = "/ads") -> None:
        self.pages.pages[path] = answer

    def ad(self, name: str, media: str = SPOT, **more: str) -> str:
        return inline(name, media, **{"root": self.url("/"), "universal": name.upper(), **more})

    def wrapper(self, path: str, name: str = "w", **more: str) -> str:
        return wrapper(self.url(path), name, **{"root": self.url("/"), **more})

    async def ask(self, path: str = "/ads", **more: object) -> Decision:
        question = replace(Question(self.url(path), HOUSES["hd30"]), **more)  # type: ignore[arg-type]
        return await ask(self.outgoing, question, system_clock(), lambda _below: 5)

    def told(self, decision: Decision) -> set[tuple[str, int]]:
        """Who is told of which mistake."""
        return {(url.partition("?")[0].removeprefix(self.url("/e/")), code) for url, code in decision.told}

    def asked(self, path: str) -> int:
        return [one[1].partition("?")[0] for one in self.there.asked].count(path)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    pages = Pages()
    async with other(pages) as there:
        made = Bench(there, pages)
        yield made
        await made.outgoing.close()


async def test_wrappers_are_followed_and_what_they_add_is_kept(bench: Bench) -> None:
    for number in range(DEEPEST):
        bench.says(vast(bench.wrapper(f"/{number + 1}", f"w{number}")), f"/{number}")
    bench.says(vast(bench.ad("deep")), f"/{DEEPEST}")
    decision = await bench.ask("/0")
    [one] = decision.offered
    assert (one.ad, one.key, one.rolls) == ("deep", "ad-id.org:DEEP", ("pre", "mid", "post"))
    assert one.tracking["impression"] == (
        bench.url("/i/deep?cb=[CACHEBUSTING]"), *(bench.url(f"/i/w{number}") for number in range(DEEPEST)),
    )  # fmt: skip
    assert len(one.tracking["complete"]) == len(one.errors) == DEEPEST + 1
    assert decision.requests == DEEPEST + 1
    bench.says(vast(bench.wrapper("/0", "first")), "/first")
    decision = await bench.ask("/first")
    assert decision.offered == []
    [turned] = decision.turned
    assert (turned.code, turned.words) == (302, f"the wrapper: wrappers lie more than {DEEPEST} deep")
    assert bench.told(decision) == {("first", 302), *((f"w{number}", 302) for number in range(DEEPEST))}


@pytest.mark.parametrize(
    ("inner", "code", "words"),
    [
        ("<VAST version='4.0'/>", 303, "the wrapper: no ad is there"),
        ("<html/>", 101, "the wrapper: its root is <html>, and that of an answer is <VAST> or <VMAP>"),
        ("<!DOCTYPE a><VAST/>", 100,
         "the wrapper: line 1: a document type is not taken: entities could stand for anything"),
        (404, 301, "the wrapper: it answered 404"),
        (204, 303, "the wrapper: no ad is there"),
        (vmap(), 101, "the wrapper: it leads to VMAP, where VAST is expected"),
        ("<VAST version='9'/>", 102, "the wrapper: its version is '9'; 2, 3 and 4 are read"),
        ("x" * (1 << 20) + "x", 301, "the wrapper: the answer is larger than 1048576 bytes"),
    ],
)  # fmt: skip
async def test_a_wrapper_that_leads_to_nothing_is_told_of_it(
    bench: Bench, inner: str | int, code: int, words: str
) -> None:
    bench.says(vast(bench.wrapper("/inner")))
    bench.says(inner, "/inner")
    decision = await bench.ask()
    assert [(one.ad, one.code, one.words) for one in decision.turned] == [("w", code, words)]
    assert bench.told(decision) == {("w", code)}
    assert (decision.fault, decision.offered) == ("", [])


async def test_ads_that_are_no_good_are_told_why_and_the_good_one_is_taken(bench: Bench) -> None:
    bench.says(vast(bench.ad("unwanted")), "/inner")
    bench.says(
        vast(
            bench.ad("long", duration="00:03:00"),
            bench.ad("script", files("https://x.example/v.js", kind="application/javascript")),
            bench.ad("none", "", duration="soon"),
            bench.wrapper("/inner", more="<BlockedAdCategories>IAB1</BlockedAdCategories>"),
            bench.wrapper("/ads", "loop", attributes='followAdditionalWrappers="false" allowMultipleAds="true"'),
            bench.ad("twice", universal="GOOD"),
            bench.ad("good"),
            bench.ad("other"),
        )
    )
    decision = await bench.ask(most=1)
    assert [one.ad for one in decision.offered] == ["twice"]
    refused = {one.ad: (one.code, one.words) for one in decision.turned}
    assert refused["long"] == (202, "it lasts 180000 ms, and 120000 ms is the most that the source takes")
    assert refused["script"] == (403, "none of its 1 files is a video that can be fetched whole")
    assert refused["none"] == (101, "line 1: its <Duration> is 'soon', and 00:00:30 or 00:00:30.500 is expected")
    assert refused["unwanted"] == (205, "its category IAB1 is one that a wrapper does not want")
    assert refused["other"] == (None, "the source takes 1 ads at most")
    assert refused["loop"] == (300, "it is a wrapper, where the one before allows none")
    assert {("long", 202), ("script", 403), ("none", 101), ("unwanted", 205), ("w", 205), ("loop", 300)} <= bench.told(
        decision
    )
    assert bench.asked("/ads") == 2  # the loop was followed once, and no further
    assert "other" not in {name for name, _ in bench.told(decision)}


async def test_a_question_that_branches_without_end_has_an_end(bench: Bench) -> None:
    bench.says(vast(*(bench.wrapper("/ads", f"w{n}", attributes='allowMultipleAds="true"') for n in range(50))))
    decision = await bench.ask()
    assert (decision.requests, bench.asked("/ads")) == (REQUESTS, REQUESTS)
    assert len(decision.turned) == 101
    assert len(decision.told) <= 100
    assert decision.turned[-1].words.endswith("more are not listed here")


async def test_only_the_first_ad_that_stands_alone_is_meant_where_one_is_asked_for(bench: Bench) -> None:
    pod = [bench.ad(f"p{n}", sequence=f' sequence="{n}"') for n in (2, 1)]
    bench.says(vast(*pod, bench.ad("x"), bench.ad("y")), "/inner")
    bench.says(vast(bench.wrapper("/inner"), bench.wrapper("/inner", attributes='allowMultipleAds="1"')))
    assert [one.ad for one in (await bench.ask()).offered] == ["x", "p1", "p2", "y"]


async def test_breaks_give_their_ads_a_roll_and_one_of_many_has_all_of_its_own(bench: Bench) -> None:
    tag = f"<vmap:AdTagURI>{bench.url('/mid?c=[CHANNEL]')}</vmap:AdTagURI>"
    within = f"<vmap:VASTAdData>{vast(bench.ad('s'), bench.ad('m'))}</vmap:VASTAdData>"
    nothing = f"<vmap:AdTagURI>{bench.url('/nothing')}</vmap:AdTagURI>"
    bench.says(vast(bench.ad("m")), "/mid")
    bench.says(204, "/nothing")
    bench.says(vmap(("start", within), ("25%", tag), ("end", within), ("end", "<x/>"), ("00:05:00", nothing)))
    decision = await bench.ask(rolls=("pre", "mid"), channel="films one")
    assert {one.ad: one.rolls for one in decision.offered} == {"s": ("pre",), "m": ("pre", "mid")}
    assert [(one.code, one.words) for one in decision.turned] == [
        (101, "line 1: an <AdSource> has neither <VASTAdData> nor <AdTagURI>"),
        (None, "a break of the roll post, for which the source is not"),
        (303, "the tag of a mid break: no ad is there"),
    ]
    assert any(one[1] == "/mid?c=films%20one" for one in bench.there.asked)


async def test_a_creative_without_an_id_is_known_by_where_its_file_is(bench: Bench) -> None:
    bench.says(vast(bench.ad("a", universal=""), bench.ad("b", universal="")))
    [one] = (await bench.ask()).offered
    assert one.key == "url:" + hashlib.sha256(b"https://cdn.example/spot.mp4").hexdigest()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [(500, "it answered 500"), ("<a", "line 1: it is no XML: unclosed token"), ("<a/>",
      "its root is <a>, and that of an answer is <VAST> or <VMAP>")],
)  # fmt: skip
async def test_a_first_answer_that_is_none_is_a_fault(bench: Bench, answer: str | int, fault: str) -> None:
    bench.says(answer)
    assert (await bench.ask()).fault == fault


async def test_no_ad_is_an_answer_and_is_told_to_who_wants_to_know(bench: Bench) -> None:
    bench.says(vast(more=f"<Error>{bench.url('/e/none?c=[ERRORCODE]')}</Error>"))
    decision = await bench.ask()
    assert (decision.fault, decision.offered, bench.told(decision)) == ("", [], {("none", 303)})
    bench.says(204)
    decision = await bench.ask()
    assert (decision.fault, decision.turned[0].code) == ("", 303)


async def test_no_server_leads_into_the_house(bench: Bench) -> None:
    """A wrapper that names a machine of the house is asked no more than a webhook would be."""
    bench.says(vast(wrapper("http://10.0.0.1/secret"), wrapper("http://169.254.169.254/latest")))
    decision = await bench.ask()
    assert decision.offered == []
    assert all("is not asked: one of a private" in one.words for one in decision.turned)
    assert len(decision.turned) == 2


async def test_a_server_that_says_nothing_is_waited_for_three_seconds() -> None:
    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with other(silent) as there:
        outgoing = Outgoing(Reach(HERE))
        begun = asyncio.get_running_loop().time()
        decision = await ask(outgoing, Question(there.url("/"), HOUSES["hd30"]), system_clock(), lambda _below: 5)
        took = asyncio.get_running_loop().time() - begun
        await outgoing.close()
    assert decision.fault == "it did not answer within 3 seconds"
    assert SECONDS <= took < 2 * SECONDS
