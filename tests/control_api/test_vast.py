"""VAST and VMAP as values: what is read, what is refused, and what is said of it (AX8, AX15)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ads import files, inline, vast, vmap, wrapper

from control_api.advertising.choosing import best
from control_api.advertising.counting import playhead
from control_api.advertising.macros import filled, general
from control_api.advertising.markup import DEEPEST, LARGEST, MOST
from control_api.advertising.vast import InLine, MediaFile, Unusable, Vast, Vmap, Wrapper, millis, parse, roll
from playout.clock import system_clock
from playout.core.house import HOUSES

URL = "https://cdn.example/spot.mp4"
CROWDED = "<a " + " ".join(f"b{n}='1'" for n in range(51)) + "/>"
BOMB = '<!DOCTYPE VAST [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><VAST version="4.0">&b;</VAST>'


def read(text: str) -> Vast:
    found = parse(text.encode())
    assert isinstance(found, Vast)
    return found


def test_an_ad_is_read_with_all_that_is_used_of_it() -> None:
    more = (
        files(URL)
        + '<Mezzanine delivery="progressive" type="video/quicktime" width="3840" height="2160">https://cdn.example/m.mov</Mezzanine>'
    )
    ad = read(vast(inline("1", more, universal="CNPA0484000H", duration="00:00:30.5"))).ads[0]
    assert isinstance(ad, InLine)
    assert (ad.id, ad.title, ad.advertiser, ad.category) == ("1", "Spot 1", "Acme 1", "IAB1")
    assert ad.impressions == ("https://ads.example/i/1?cb=[CACHEBUSTING]",)
    assert ad.errors == ("https://ads.example/e/1?code=[ERRORCODE]",)
    linear = ad.linears[0]
    assert (linear.duration_ms, linear.universal) == (30_500, "ad-id.org:CNPA0484000H")
    assert linear.tracking["midpoint"] == ("https://ads.example/t/1/midpoint?at=[ADPLAYHEAD]",)
    assert [(file.url, file.type, file.height, file.is_mezzanine) for file in linear.files] == [
        (URL, "video/mp4", 360, False),
        ("https://cdn.example/m.mov", "video/quicktime", 2160, True),
    ]


@pytest.mark.parametrize("version", ["2.0", "3.0", "4.0", "4.1", "4.2", "4.3"])
def test_every_version_that_is_in_use_is_read(version: str) -> None:
    assert len(read(vast(inline("1", files(URL)), version=version)).ads) == 1


@pytest.mark.parametrize(
    ("uaid", "key"),
    [
        ('<UniversalAdId idRegistry="Ad-ID" idValue="8465">unused</UniversalAdId>', "ad-id:8465"),
        (
            '<UniversalAdId idRegistry="clearcast.co.uk"> AAA/BBBB123/030 </UniversalAdId>',
            "clearcast.co.uk:AAA/BBBB123/030",
        ),
        ('<UniversalAdId idRegistry="unknown">unknown</UniversalAdId>', ""),
        ('<UniversalAdId idRegistry="ad-id.org"/>', ""),
        ('<UniversalAdId idRegistry="unknown">x</UniversalAdId><UniversalAdId idRegistry="b">y</UniversalAdId>', "b:y"),
    ],
)
def test_a_creative_is_known_by_the_first_id_that_names_something(uaid: str, key: str) -> None:
    text = vast(inline("1", files(URL))).replace("<Creative>", f"<Creative>{uaid}")
    ad = read(text).ads[0]
    assert isinstance(ad, InLine)
    assert ad.linears[0].universal == key


def test_a_wrapper_is_read_with_what_it_adds_and_what_it_forbids() -> None:
    more = "<BlockedAdCategories authority='iab'>IAB7, IAB8</BlockedAdCategories>"
    ad = read(
        vast(wrapper("https://b.example/?a=1&b=[TIMESTAMP]", attributes='followAdditionalWrappers="false"', more=more))
    ).ads[0]
    assert isinstance(ad, Wrapper)
    assert ad.url == "https://b.example/?a=1&b=[TIMESTAMP]"
    assert (ad.follows, ad.many, ad.blocked) == (False, False, frozenset(("IAB7", "IAB8")))
    assert ad.tracking["impression"] == ("https://ads.example/i/w",)
    assert set(ad.tracking) == {"impression", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete"}


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("", 100, "line 1: it is no XML: no element found"),
        ("{}", 100, "line 1: it is no XML: not well-formed (invalid token)"),
        ("<VAST version='4.0'><Ad>", 100, "line 1: it is no XML: no element found"),
        (BOMB, 100, "line 1: a document type is not taken: entities could stand for anything"),
        ("<!DOCTYPE VAST SYSTEM 'file:///etc/passwd'><VAST/>", 100,
         "line 1: a document type is not taken: entities could stand for anything"),
        ("<VAST version='4.0'>&nbsp;</VAST>", 100, "line 1: it is no XML: undefined entity"),
        ("<a>" * (DEEPEST + 1), 100, f"line 1: elements lie more than {DEEPEST} deep within each other"),
        ("<VAST>" + "<a/>" * MOST + "</VAST>", 100, f"line 1: it has more than {MOST} elements"),
        (CROWDED, 100, "line 1: an element has more than 50 attributes"),
        (" " * (LARGEST + 1), 100, f"it is larger than {LARGEST} bytes"),
        ("<?xml version='1.0' encoding='klingon'?><VAST/>", 100, "its encoding is not known"),
        ("<html/>", 101, "its root is <html>, and that of an answer is <VAST> or <VMAP>"),
        ("<VideoAdServingTemplate/>", 102, "VAST 1 is not read; VAST 2 to 4 and VMAP 1 are"),
        ("<VAST/>", 102, "its version is ''; 2, 3 and 4 are read"),
        ("<VAST version='5.0'/>", 102, "its version is '5.0'; 2, 3 and 4 are read"),
        ("<VMAP version='2.0'/>", 102, "its version of VMAP is '2.0'; 1.0 is read"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_with_its_code_and_why(answer: str, code: int, words: str) -> None:
    with pytest.raises(Unusable) as found:
        parse(answer.encode())
    assert (found.value.code, str(found.value)) == (code, words)


NO_FILES = "<InLine><Creatives><Creative><Linear><Duration>00:00:10</Duration></Linear></Creative></Creatives></InLine>"


@pytest.mark.parametrize(
    ("ad", "code", "words"),
    [
        ("<Ad id='x'/>", 101, ("line 1: an ad is an <InLine> or a <Wrapper>, and this is neither",)),
        ("<Ad id='x'><InLine/></Ad>", 201, ("line 1: it has no linear creative, and nothing else can air",)),
        (f"<Ad id='x'>{NO_FILES}</Ad>", 101, ("line 1: it has no <MediaFiles>",)),
        ("<Ad id='x'><Wrapper/></Ad>", 101, ("line 1: its <VASTAdTagURI> is no URL that may be asked: ''",)),
        (inline("x", files("file:///etc/passwd"), duration="30"), 101,
         ("line 1: its <Duration> is '30', and 00:00:30 or 00:00:30.500 is expected",
          "line 1: the URL of a <MediaFile> is none: 'file:///etc/passwd'")),
    ],
)  # fmt: skip
def test_an_ad_with_mistakes_is_left_out_with_all_of_them_and_the_next_one_counts(
    ad: str, code: int, words: tuple[str, ...]
) -> None:
    found = read(vast(ad, inline("2", files(URL))))
    assert [(one.ad, one.code, one.words) for one in found.refused] == [("x", code, words)]
    assert [one.id for one in found.ads] == ["2"]


def test_a_tracking_url_that_may_not_be_asked_costs_nobody_an_ad() -> None:
    ad = read(vast(inline("1", files(URL), root="ftp://x/"))).ads[0]
    assert isinstance(ad, InLine)
    assert (ad.impressions, ad.errors) == ((), ())
    assert all(not urls for urls in ad.linears[0].tracking.values())


def test_breaks_are_read_with_ads_within_and_elsewhere() -> None:
    within = f"<vmap:VASTAdData>{vast(inline('1', files(URL)))}</vmap:VASTAdData>"
    tag = '<vmap:AdTagURI templateType="vast3"><![CDATA[https://b.example/[RANDOM]]]></vmap:AdTagURI>'
    found = parse(vmap(("start", within), ("00:10:00.000", tag), ("end", within)).encode())
    assert isinstance(found, Vmap)
    assert [(one.roll, one.vast is not None, one.url) for one in found.breaks] == [
        ("pre", True, ""), ("mid", False, "https://b.example/[RANDOM]"), ("post", True, ""),
    ]  # fmt: skip
    assert found.mistakes == ()


def test_every_break_that_cannot_be_used_is_said() -> None:
    text = vmap(
        ("never", "<a/>"), ("start", ""), ("start", "<vmap:CustomAdData/>"),
        ("start", '<vmap:AdTagURI templateType="proprietary">https://b.example/</vmap:AdTagURI>'),
        ("start", "<vmap:AdTagURI>gopher://b.example/</vmap:AdTagURI>"),
        ("start", "<vmap:VASTAdData><html/></vmap:VASTAdData>"),
    ).replace("</vmap:VMAP>", '<vmap:AdBreak timeOffset="start" breakType="nonlinear"/>'
              '<vmap:AdBreak timeOffset="start" breakType="linear"/></vmap:VMAP>')  # fmt: skip
    found = parse(text.encode())
    assert isinstance(found, Vmap)
    assert found.breaks == ()
    assert [words.removeprefix("line 1: ") for words in found.mistakes] == [
        "the timeOffset 'never' is none of VMAP",
        "an <AdSource> has neither <VASTAdData> nor <AdTagURI>",
        "an <AdSource> has neither <VASTAdData> nor <AdTagURI>",
        "ads of the template 'proprietary' are not read",
        "its <AdTagURI> is no URL that may be asked: 'gopher://b.example/'",
        "its root is <html>, and that of an answer is <VAST> or <VMAP>",
        "a break of the type 'nonlinear' cannot air",
        "a break has no <AdSource>, so nothing airs in it",
    ]


@pytest.mark.parametrize(
    ("offset", "meant"),
    [
        ("start", "pre"), ("end", "post"), ("00:00:00", "pre"), ("00:00:00.000", "pre"), ("00:00:15.000", "mid"),
        ("0%", "pre"), ("50%", "mid"), ("12.5%", "mid"), ("100%", "post"), ("#1", "mid"), ("", None), ("soon", None),
        ("1:2:3", None), ("٣%", None),
    ],
)  # fmt: skip
def test_an_offset_means_a_roll(offset: str, meant: str | None) -> None:
    assert roll(offset) == meant


@pytest.mark.parametrize(
    ("text", "length"),
    [("00:00:30", 30_000), ("01:02:03.4", 3_723_400), ("00:00:00.05", 50), ("0:0:1", 0), ("00:61:00", 0), ("", 0)],
)
def test_a_duration_is_milliseconds(text: str, length: int) -> None:
    assert millis(text) == length


def test_macros_are_filled_in_and_what_nobody_knows_is_left() -> None:
    now = system_clock().replace(year=2026, month=3, day=1, hour=20, minute=15, second=0, microsecond=0)
    values = {**general(now, 5), "CHANNEL": "a b&c", "ERRORCODE": "303"}
    text = "https://x.example/?c=[CHANNEL]&t=[TIMESTAMP]&cb=[CACHEBUSTING]&%%CACHEBUSTER%%&ip=[DEVICEIP]&e=[ERRORCODE]&[NEW]"
    assert filled(text, values) == (
        "https://x.example/?c=a%20b%26c&t=2026-03-01T20:15:00.000Z&cb=10000005&10000005&ip=-1&e=303&[NEW]"
    )
    assert filled("https://x.example/[cachebusting]", values) == "https://x.example/[cachebusting]"
    assert playhead(timedelta(hours=1, minutes=2, milliseconds=3004)) == "01:02:03.004"


def made(height: int, bitrate: int = 0, **more: object) -> MediaFile:
    values = {"url": URL, "type": "video/mp4", "delivery": "progressive", **more}
    return MediaFile(height=height, bitrate=bitrate, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("house", "some", "wanted"),
    [
        ("hd30", [made(360), made(1080), made(2160)], made(1080)),
        ("hd30", [made(360), made(720)], made(720)),
        ("fast", [made(1080), made(720), made(360)], made(360)),
        ("hd30", [made(1080, 4000), made(1080, 8000)], made(1080, 8000)),
        ("hd30", [made(1080), made(0, is_mezzanine=True, type="")], made(0, is_mezzanine=True, type="")),
        (
            "hd30",
            [made(1080, type="application/x-mpegurl"), made(720, api="VPAID"), made(480, delivery="streaming")],
            None,
        ),
        ("hd30", [made(4321), made(1080, type="application/javascript")], None),
        ("hd30", [], None),
    ],
)
def test_the_best_file_for_a_house(house: str, some: list[MediaFile], wanted: MediaFile | None) -> None:
    assert best(some, HOUSES[house]) == wanted
    assert best(some[::-1], HOUSES[house]) == wanted
