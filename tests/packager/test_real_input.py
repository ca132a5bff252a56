"""Real input: every odd source becomes a correct asset, or a clear refusal that leaves nothing behind.

The sources are made by `sources.py`; what comes out is decoded and measured by `viewing.py`.
"""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest
import sources
from PIL import Image, ImageStat
from playback import TINY
from sources import AUDIO_ONLY, CODECS, COLOURS, GEOMETRY, HDR, RATES, SILENT, SOUNDS, TWO_LANGUAGES, Film, make
from viewing import Viewing, box_of_white, outcome, viewed

from packager.loudness import Measured, measure
from packager.probe import probe
from packager.source import Refusal, Source
from packager.subtitles import Cue, parse
from playout.core.asset import Kind
from playout.core.cmaf import NotASegment
from playout.core.house import HOUSES
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.vtt import restamp_vtt

pytestmark = pytest.mark.media

FAST = HOUSES["fast"]
SYNC = Ticks(TIMEBASE * 20 // 1000)
"""Lip sync: 20 ms."""


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


def at(seconds: float | Fraction) -> Ticks:
    return Ticks(round(Fraction(seconds) * TIMEBASE))


def in_sync(seen: list[Ticks], heard: list[Ticks], count: int, skew: int = 0) -> None:
    """Pictures and sounds belong together; `skew` is how much later a picture is in the source itself."""
    assert len(seen) == len(heard) == count, (seen, heard)
    for flash, beep in zip(seen, heard, strict=True):
        assert abs(flash - beep - skew) <= SYNC, (seen, heard, skew)


def as_long_as(view: Viewing, seconds: float | Fraction, tolerance: Fraction = Fraction(1, 20)) -> None:
    """The asset is the source's length, within the tolerance, made whole units."""
    house = view.house
    low, high = house.ceil(at(seconds - tolerance)), house.ceil(at(seconds + tolerance))
    assert low <= view.asset.cuts.end <= high, (view.asset.cuts.end, at(seconds))


@pytest.mark.parametrize("film", RATES, ids=str)
async def test_every_rate_becomes_the_house_rate_in_sync(film: Film, films: Path, tmp_path: Path) -> None:
    view = await viewed(make(film, films), tmp_path, TINY)
    as_long_as(view, film.seconds)
    shown = [tick for tick, _ in view.pictures()]
    assert shown == [k * TINY.frame for k in range(view.asset.cuts.end // TINY.frame)]
    in_sync(view.flashes(), view.sound().onsets(), 3)


@pytest.mark.parametrize(
    ("rate", "kind", "minutes"),
    [("24000/1001", "", 10), ("30000/1001", "", 3), ("50", "interlaced", 3), ("60", "variable", 3)],
)
async def test_nothing_drifts_in_ten_minutes(rate: str, kind: str, minutes: int, films: Path, tmp_path: Path) -> None:
    """Three show what is wrong by a thousandth, as NTSC may be; the longest, which is retimed, what is less."""
    path = sources.flashes(rate, films, minutes=minutes, interlaced=kind == "interlaced", variable=kind == "variable")
    view = await viewed(path, tmp_path, TINY)
    end = 60 * minutes
    assert abs(view.asset.cuts.end - at(end)) <= at(Fraction(7, 10))
    last = view.asset.cuts.segment(at(end - 10))
    begins = Fraction(ceil((end - 5) * Fraction(rate))) / Fraction(rate)
    in_sync(view.flashes(first=last), view.sound(first=last).onsets(), 1, at(begins - (end - 5)))


def shown_as(film: Film) -> tuple[Fraction, Fraction]:
    """The size of the picture on the canvas of 640 x 360: as large as it fits, in its own shape."""
    wide, high = film.width * film.aspect, Fraction(film.height)
    if film.turn in {90, 270}:
        wide, high = high, wide
    scale = min(640 / wide, 360 / high)
    return wide * scale, high * scale


@pytest.mark.parametrize("film", GEOMETRY, ids=str)
async def test_squares_stay_square_in_the_middle_of_the_canvas(film: Film, films: Path, tmp_path: Path) -> None:
    view = await viewed(make(film, films), tmp_path, FAST)
    image = view.picture(at(1))
    assert image.size == (640, 360)
    wide, high = shown_as(film)
    left, top, right, bottom = box_of_white(image)
    side = sources.SIDE * min(wide, high)
    blur = 3 + 2 * round(high / film.height)
    assert abs((right - left) - side) <= blur
    assert abs((bottom - top) - side) <= blur
    assert abs((left + right) / 2 - 320) <= blur / 2
    assert abs((top + bottom) / 2 - 180) <= blur / 2
    grey = image.convert("L")
    edges: list[tuple[float | Fraction, float | Fraction]] = [
        (320 - wide / 2, 180.0),
        (319 + wide / 2, 180.0),
        (320.0, 180 - high / 2),
        (320.0, 179 + high / 2),
    ]
    outward = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    for (x, y), (dx, dy) in zip(edges, outward, strict=True):
        inside = grey.getpixel((round(x - 6 * dx), round(y - 6 * dy)))
        assert isinstance(inside, int)
        assert abs(inside - sources.GREY) < 12
        outside = (round(x + 6 * dx), round(y + 6 * dy))
        if 0 <= outside[0] < 640 and 0 <= outside[1] < 360:
            beyond = grey.getpixel(outside)
            assert isinstance(beyond, int)
            assert beyond < 8


@pytest.mark.parametrize(
    ("turn", "corners"),
    [(0, ["red", "green", "blue", "yellow"]), (90, ["green", "yellow", "red", "blue"]),
     (180, ["yellow", "blue", "green", "red"]), (270, ["blue", "red", "yellow", "green"])],
)  # fmt: skip
async def test_pictures_are_turned_the_right_way(turn: int, corners: list[str], films: Path, tmp_path: Path) -> None:
    film = next(film for film in GEOMETRY if film.turn == turn)
    view = await viewed(make(film, films), tmp_path, FAST)
    colours = colours_of(view, film)
    names = dict(zip(sources.PATCHES.values(), ["red", "green", "blue", "yellow"], strict=True))
    found = [min(names, key=lambda wanted: distance(wanted, colour)) for colour in colours]
    assert [names[colour] for colour in found] == corners


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def colours_of(view: Viewing, film: Film) -> list[tuple[int, int, int]]:
    """The colours of the four patches, in the order of `PATCHES`."""
    image = view.picture(at(Fraction(1, 2)))
    wide, high = shown_as(film)
    colours = []
    for right, bottom in sources.PATCHES:
        x = 320 + (2 * right - 1) * (wide / 2 - wide * sources.PATCH / 2)
        y = 180 + (2 * bottom - 1) * (high / 2 - high * sources.PATCH / 2)
        colour = image.getpixel((round(x), round(y)))
        assert isinstance(colour, tuple)
        colours.append((int(colour[0]), int(colour[1]), int(colour[2])))
    return colours


@pytest.mark.parametrize("film", COLOURS, ids=str)
async def test_colours_become_bt709(film: Film, films: Path, tmp_path: Path) -> None:
    view = await viewed(make(film, films), tmp_path, FAST)
    for found, wanted in zip(colours_of(view, film), sources.PATCHES.values(), strict=True):
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 8, (found, wanted)
    image = view.picture(at(Fraction(1, 2)))
    assert distance(pixel(image.getpixel((320, 180))), (255, 255, 255)) <= 9
    assert distance(pixel(image.getpixel((320, 60))), (sources.GREY,) * 3) <= 9


def pixel(value: object) -> tuple[int, int, int]:
    assert isinstance(value, tuple)
    return value[0], value[1], value[2]


@pytest.mark.parametrize("film", HDR, ids=str)
async def test_hdr_becomes_sdr(film: Film, films: Path, tmp_path: Path) -> None:
    """Tone mapping has many right answers: hues stay, grey stays grey, white is bright, grey is in between."""
    view = await viewed(make(film, films), tmp_path, FAST)
    red, green, blue, yellow = colours_of(view, film)
    assert red[0] > 2 * max(red[1:])
    assert green[1] > 2 * max(green[0], green[2])
    assert blue[2] > 2 * max(blue[:2])
    assert min(yellow[:2]) > 2 * yellow[2]
    image = view.picture(at(Fraction(1, 2)))
    white, grey = pixel(image.getpixel((320, 180))), pixel(image.getpixel((320, 60)))
    assert max(white) - min(white) <= 10
    assert max(grey) - min(grey) <= 10
    assert min(white) >= 180
    assert 70 <= grey[0] <= 170


@pytest.mark.parametrize("film", CODECS, ids=str)
async def test_every_codec_in_every_container(film: Film, films: Path, tmp_path: Path) -> None:
    view = await viewed(make(film, films), tmp_path, FAST)
    as_long_as(view, film.seconds, Fraction(1, 10))
    in_sync(view.flashes(), view.sound().onsets(), 3)
    for found, wanted in zip(colours_of(view, film), sources.PATCHES.values(), strict=True):
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 16, (found, wanted)


@pytest.mark.parametrize("film", SOUNDS, ids=str)
async def test_every_sound(film: Film, films: Path, tmp_path: Path) -> None:
    view = await viewed(make(film, films), tmp_path, TINY)
    heard_until = film.late + (film.sound_seconds or film.seconds)
    as_long_as(view, max(film.seconds, heard_until))
    sound = view.sound()
    beeps = int(film.sound_seconds or film.seconds)
    heard = sound.onsets()
    assert len(heard) == beeps
    assert all(abs(tick - at(k + film.late)) <= SYNC for k, tick in enumerate(heard)), heard
    seen = view.flashes()
    assert len(seen) == film.seconds
    assert all(abs(tick - at(k)) <= SYNC for k, tick in enumerate(seen)), seen
    assert len(sound.left) == len(sound.right) == view.asset.cuts.end * 48_000 // TIMEBASE
    assert sound.loudest(at(heard_until + Fraction(1, 10)), view.asset.cuts.end) < 0.001
    if film.late:
        assert sound.loudest(at(0), at(film.late - Fraction(1, 20))) < 0.001
    if film.seconds < heard_until:
        last = view.picture(at(heard_until - Fraction(1, 10)))
        assert max(pixel(last.getpixel((32, 18)))) < 8
    assert max(abs(a - b) for a, b in zip(sound.left, sound.right, strict=True)) < 0.05


LEVELS = [film for film in SOUNDS if film.name in {"mono.mp4", "surround.mp4", "surround-ac3.mkv", "8000.mov"}]


@pytest.mark.parametrize("film", [*LEVELS, *sources.LOUDNESS], ids=str)
async def test_the_result_has_the_loudness_of_the_house(film: Film, films: Path, tmp_path: Path) -> None:
    view = await viewed(make(film, films), tmp_path, TINY)
    source = probe(view.folder / next(track.file for track in view.asset.tracks if track.name[:2] == "a-"), Ticks(1))
    assert isinstance(source, Source), source
    result = await measure(source, source.audios[0])
    assert isinstance(result, Measured)
    assert result.integrated is not None
    assert abs(result.integrated - TINY.loudness) <= 50
    assert view.asset.loudness is not None
    assert abs(result.integrated - view.asset.loudness) <= 30
    assert result.true_peak is not None
    assert result.true_peak <= TINY.true_peak


@pytest.mark.parametrize("name", ["begins-late.mkv", "begins-late.mp4", "begins-late.ts", "begins-late.mov"])
async def test_timestamps_may_begin_anywhere(name: str, films: Path, tmp_path: Path) -> None:
    film = Film(name, flash=True, more=("-output_ts_offset", "95.4"))
    view = await viewed(make(film, films), tmp_path, TINY)
    as_long_as(view, film.seconds)
    in_sync(view.flashes(), view.sound().onsets(), 3)
    assert view.flashes()[0] == 0


async def test_break_points_that_people_name_are_cuts(films: Path, tmp_path: Path) -> None:
    film = Film("breaks.mp4", rate="30000/1001", seconds=Fraction(9), beside={
        ".yaml": b"title: Breaks\nkind: episode\nseries: Tests\nseason: 1\nepisode: 2\nbreak_points: ['0:03.1', 6]\n",
    })  # fmt: skip
    view = await viewed(make(film, films), tmp_path, FAST)
    asset = view.asset
    assert (asset.about.title, asset.about.kind, asset.about.series) == ("Breaks", Kind.EPISODE, "Tests")
    for point, wanted in zip(asset.breaks, [3.1, 6], strict=True):
        assert (point.confidence, point.origin) == (100, "sidecar")
        cut = asset.cuts.tick(point.segment)
        assert abs(cut - at(wanted)) <= FAST.unit
        assert abs(cut - point.snapped - at(wanted) * 1000 / 1001) <= 1


async def test_chapters_become_break_points(films: Path, tmp_path: Path) -> None:
    marks = films / "chapters.txt"
    marks.write_text(";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={start + 25}\ntitle=C\n" for start in (0, 25, 50)
    ))  # fmt: skip
    path = films / "chapters.mkv"
    plain = make(Film("long.mp4", 32, 18, seconds=Fraction(75), sounds=()), films)
    sources.run("-i", plain, "-i", marks, "-map", "0", "-map_metadata", "1", "-c", "copy", path)
    asset = (await viewed(path, tmp_path, TINY)).asset
    assert [(point.confidence, point.origin) for point in asset.breaks] == [(75, "chapter")] * 2
    assert [abs(asset.cuts.tick(point.segment) - at(place)) <= TINY.unit for point, place in
            zip(asset.breaks, (25, 50), strict=True)] == [True, True]  # fmt: skip


async def test_the_poster_is_a_good_picture_and_the_storyboard_shows_every_moment(films: Path, tmp_path: Path) -> None:
    """Black but for a colourful second, from 8 to 9 s."""
    path = films / "night.mp4"
    drawn = "testsrc2=s=160x90:r=30:d=12,drawbox=t=fill:c=black:enable='not(between(t,8,8.99))',format=yuv420p"
    sources.run("-f", "lavfi", "-i", drawn, *sources.X264, path)
    view = await viewed(path, tmp_path, FAST)
    with Image.open(view.folder / view.asset.poster) as poster:
        assert poster.size == (640, 360)
        assert poster.format == "JPEG"
        assert ImageStat.Stat(poster.convert("L")).stddev[0] > 40
    told = parse((view.folder / view.asset.storyboard).read_bytes())
    assert told.faults == ()
    assert [cue.start for cue in told.cues] == [Ticks(2 * k * TIMEBASE) for k in range(len(told.cues))]
    assert abs(told.cues[-1].end - view.asset.cuts.end) <= 45  # text has milliseconds
    brightness = []
    for cue in told.cues:
        file, _, place = cue.text.partition("#xywh=")
        left, top, width, height = map(int, place.split(","))
        with Image.open(view.folder / file) as sheet:
            tile = sheet.crop((left, top, left + width, top + height))
            assert tile.size == (160, 90)
            brightness.append(ImageStat.Stat(tile.convert("L")).mean[0])
    assert len(told.cues) == ceil(view.asset.cuts.end / (2 * TIMEBASE))
    assert max(brightness[:3]) < 10


async def test_no_sound_becomes_silence(films: Path, tmp_path: Path) -> None:
    view = await viewed(make(SILENT, films), tmp_path, TINY)
    sound = view.sound()
    assert len(sound.left) == view.asset.cuts.end * 48_000 // TIMEBASE
    assert sound.loudest(at(0), view.asset.cuts.end) == 0
    assert view.asset.loudness is None
    assert len(view.flashes()) == 3


async def test_two_languages_become_two_renditions(films: Path, tmp_path: Path) -> None:
    view = await viewed(make(TWO_LANGUAGES, films), tmp_path, TINY)
    names = [track.name for track in view.asset.tracks if track.name.startswith("a-")]
    assert names == ["a-en", "a-de"]
    assert len(view.sound("a-en").onsets()) == 3
    assert len(view.sound("a-de").onsets()) == 1


@pytest.mark.parametrize("film", AUDIO_ONLY, ids=str)
async def test_sound_alone_gets_a_picture(film: Film, films: Path, tmp_path: Path) -> None:
    view = await viewed(make(film, films), tmp_path, TINY)
    as_long_as(view, film.seconds, Fraction(1, 10))
    heard = view.sound().onsets()
    assert len(heard) == 3
    assert all(abs(tick - at(k)) <= at(Fraction(3, 100)) for k, tick in enumerate(heard)), heard
    assert sum(1 for _ in view.pictures()) == view.asset.cuts.end // TINY.frame


FRENCH = (
    Cue(at(Fraction(1, 2)), at(Fraction(3, 2)), "Bonjour <i>été</i>"),
    Cue(at(2), at(Fraction(14, 5)), "A &amp; B"),
)


def cues(view: Viewing, name: str) -> list[Cue]:
    """Every cue that a client gets of a subtitle rendition, once."""
    track = view.track(name)
    assert len(track.offsets) == view.asset.cuts.segments + 1
    content = (view.folder / track.file).read_bytes()
    found: list[Cue] = []
    for k in range(view.asset.cuts.segments):
        start, stop = track.span(k)
        segment = bytearray(content[start:stop])
        try:
            restamp_vtt(segment, 2**33 + 5)
        except NotASegment as error:
            raise AssertionError(name) from error
        parsed = parse(bytes(segment))
        assert parsed.faults == ()
        found += [cue for cue in parsed.cues if cue not in found]
    return found


@pytest.mark.parametrize("ending", sources.EMBEDDED)
async def test_embedded_subtitles_become_renditions(ending: str, films: Path, tmp_path: Path) -> None:
    view = await viewed(sources.subtitled(ending, films), tmp_path, TINY)
    assert cues(view, "s-en") == cues(view, "s-de") == list(FRENCH)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_subtitles_beside_the_film_become_renditions(encoding: str, films: Path, tmp_path: Path) -> None:
    film = Film(f"beside-{encoding}.mp4", rate="30000/1001", flash=True, seconds=Fraction(4),
                beside={".fr.srt": sources.SRT.encode(encoding), ".de.vtt": sources.VTT.encode()})  # fmt: skip
    view = await viewed(make(film, films), tmp_path, TINY)
    found = cues(view, "s-fr")
    assert [cue.text for cue in found] == [cue.text for cue in FRENCH]
    for cue, wanted in zip(found, FRENCH, strict=True):
        assert abs(cue.start - wanted.start) <= at(Fraction(5, 1000))
        assert abs(cue.end - wanted.end) <= at(Fraction(5, 1000))
    assert [(cue.text, cue.settings) for cue in cues(view, "s-de")] == [("Hallo Welt", "align:left"), ("Zwei", "")]


def nothing_left(root: Path) -> None:
    assert sorted(path for path in root.rglob("*") if path.is_file()) == []


async def refused(path: Path, root: Path) -> str:
    answer = await outcome(path, root, FAST)
    assert isinstance(answer, Refusal), answer
    assert answer.file == str(path)
    assert answer.advice
    nothing_left(root)
    return answer.reason


@pytest.mark.parametrize("name", ["h264.mp4", "h264-faststart.mp4", "h264.mkv", "h264.mov", "mpeg4.avi", "prores.mov"])
async def test_truncated_files_are_refused(name: str, films: Path, tmp_path: Path) -> None:
    film = next(film for film in CODECS if film.name == name)
    assert "cut short" in await refused(sources.truncated(film, films), tmp_path)


@pytest.mark.parametrize("name", ["h264-fragmented.mp4", "vp9.webm"])
async def test_a_truncated_stream_is_refused_or_is_as_long_as_what_is_there(
    name: str, films: Path, tmp_path: Path
) -> None:
    film = next(film for film in CODECS if film.name == name)
    answer = await outcome(sources.truncated(film, films), tmp_path, FAST)
    if isinstance(answer, Refusal):
        nothing_left(tmp_path)


async def test_what_is_no_film_is_refused(films: Path, tmp_path: Path) -> None:
    empty, text, binary = films / "empty.mp4", films / "text.mp4", films / "noise.mp4"
    empty.touch()
    text.write_text("Dear diary,\n" * 200)
    binary.write_bytes(bytes(k * k * 31 % 251 for k in range(50_000)))
    assert await refused(empty, tmp_path) == "it is empty"
    assert await refused(text, tmp_path) == "it is text, not media"
    assert "no video or sound file" in await refused(binary, tmp_path)
    for name in ("photo.jpg", "photo.png", "photo.webp", "photo.bmp", "photo.gif", "photo.mp4"):
        assert await refused(sources.picture(films, name), tmp_path) == "it is a picture"
    assert await refused(films, tmp_path) == "it is a folder"
    assert await refused(films / "nothing.mp4", tmp_path) == "there is no such file"
    playlist = films / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nh264.ts\n#EXT-X-ENDLIST\n")
    assert await refused(playlist, tmp_path) == "it is text, not media"


async def test_encrypted_media_is_refused(films: Path, tmp_path: Path) -> None:
    assert await refused(sources.encrypted(films), tmp_path) == "it is encrypted"


async def test_what_is_too_short_is_refused(films: Path, tmp_path: Path) -> None:
    film = Film("blink.mp4", seconds=Fraction(1, 5))
    assert await refused(make(film, films), tmp_path) == "it is too short: 0.2 s, and 0.5 s is the least"


async def test_an_unreadable_file_is_refused(films: Path, tmp_path: Path) -> None:
    path = films / "secret.mp4"
    path.write_bytes(b"x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        path = Path("/proc/self/mem")
        if sys.platform != "linux":
            pytest.skip("root may read everything, and there is no /proc here")
    reason = await refused(path, tmp_path)
    assert reason.startswith(("it may not be read", "it cannot be read"))
