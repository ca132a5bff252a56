"""Whole assets, as they lie in the store: what a channel relies on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import av
import pytest
from playback import (
    FAST,
    NOON,
    beeps,
    draw,
    flashes,
    flashing,
    luma,
    numbered,
    numbers,
    outcomes,
    packaged,
    pictures,
    samples,
    track_bytes,
)

from packager import slate
from packager.batch import Packaged, Refusal
from packager.boxes import fragments
from packager.job import Interrupted
from packager.progress import Progress, Stage
from playout import documents, keys
from playout.core.asset import Asset, Media
from playout.core.house import AAC_FRAME
from playout.core.ticks import MEDIA_ORIGIN
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


async def test_sound_and_pictures_of_every_segment_have_the_same_length(films: Path, tmp_path: Path) -> None:
    asset = await packaged(tmp_path, numbered(films / "odd.mp4", "25", 9.1))
    assert asset.cuts.end % FAST.unit == 0
    for track in asset.tracks:
        data = track_bytes(tmp_path, asset, track)
        for segment in range(asset.cuts.segments):
            first, stop = track.span(segment)
            start, end = asset.cuts.tick(segment), asset.cuts.tick(segment + 1)
            (fragment,) = fragments(data[first:stop])
            late = FAST.reorder if track.media is Media.VIDEO else 0
            assert fragment.decode_time == MEDIA_ORIGIN + start - late
            assert fragment.duration == (FAST.frame if track.media is Media.VIDEO else AAC_FRAME)
            assert fragment.duration * len(fragment.samples) == end - start
            assert fragment.samples[0].offset == late
            assert fragment.sequence == segment + 1
        assert track.offsets[-1] == len(data)


async def test_all_assets_of_a_house_share_their_init_segments_byte_for_byte(films: Path, tmp_path: Path) -> None:
    sources = [
        draw(films / "tall.mkv", "-f", "lavfi", "-i", "testsrc2=s=90x160:r=24000/1001:d=2", *X264),
        draw(films / "deep.mov", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2", "-c:v", "prores_ks"),
        draw(films / "gray.mp4", "-f", "lavfi", "-i", "color=gray:s=64x64:r=5:d=2", *X264),
        draw(films / "noise.ts", "-f", "lavfi", "-i", "nullsrc=s=160x90:r=60:d=2,geq=random(1)*255:128:128", *X264),
        draw(films / "tone.flac", "-f", "lavfi", "-i", "sine=300:d=2:sample_rate=22050"),
    ]  # fmt: skip
    answers = await outcomes(tmp_path, *sources)
    assets = [answer.asset for answer in answers if isinstance(answer, Packaged)]
    assert len(assets) == len(sources), answers
    kit = documents.decode(DirStore(tmp_path).read(keys.asset(slate.slate_id(FAST))) or b"", Asset, "slate")
    for rendition in ("v360", "v234", "a-und"):
        inits = set()
        for asset in [*assets, kit]:
            track = asset.track(rendition)
            assert track is not None
            inits.add((track.init, track_bytes(tmp_path, asset, track)[: track.offsets[0]]))
        ((digest, init),) = inits
        assert (tmp_path / keys.init("fast", rendition, digest[:32])).read_bytes() == init


async def test_the_slate_has_one_segment_of_every_length(tmp_path: Path) -> None:
    answer = await slate.ensure(tmp_path, FAST, lambda _: None, lambda: NOON)
    assert isinstance(answer, Packaged)
    assert answer.new
    cuts = answer.asset.cuts.boundaries()
    assert [(after - before) // FAST.unit for before, after in pairwise(cuts)] == [1, 2, 3, 4, 5, 6, 7]
    again = await slate.ensure(tmp_path, FAST, lambda _: None, lambda: NOON)
    assert isinstance(again, Packaged)
    assert not again.new
    middle = luma(pictures(tmp_path, answer.asset, "v360")[20][1])
    assert max(map(max, middle)) > 180, "the heading is bright"
    assert max(map(abs, samples(tmp_path, answer.asset))) < 0.001


@pytest.mark.parametrize(
    ("rate", "ending", "coders"),
    [
        ("30", "mp4", ()),
        ("30000/1001", "mkv", ()),
        ("25", "ts", ("-c:v", "mpeg2video", "-b:v", "4M", "-bf", "2", "-c:a", "mp2")),
        ("60", "mp4", (*X264, "-c:a", "aac")),
        (
            "24",
            "webm",
            ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-c:a", "libvorbis"),
        ),
    ],
)
async def test_chunks_join_without_a_picture_lost_or_doubled(
    rate: str, ending: str, coders: tuple[str, ...], films: Path, tmp_path: Path
) -> None:
    film = numbered(films / f"{rate.replace('/', '-')}.{ending}", rate, 9, *coders)
    whole = numbers(tmp_path / "whole", await packaged(tmp_path / "whole", film))
    pieces = numbers(tmp_path / "pieces", await packaged(tmp_path / "pieces", film, chunk=1))
    assert pieces == whole
    shown = whole[:260]
    if rate in {"24", "25"}:
        assert {after - before for before, after in pairwise(shown)} == {0, 1}
        assert abs(shown[-1] - 259 * int(rate) // 30) <= 1
    else:
        step = 2 if rate == "60" else 1
        assert shown == [step * k for k in range(260)]


async def test_the_same_source_gives_the_same_bytes(films: Path, tmp_path: Path) -> None:
    film = numbered(films / "same.mp4", "30", 5)
    one = await packaged(tmp_path / "one", film, chunk=1)
    two = await packaged(tmp_path / "two", film, chunk=1)
    assert one == two
    for track in one.tracks:
        assert track_bytes(tmp_path / "one", one, track) == track_bytes(tmp_path / "two", two, track)


@pytest.mark.parametrize(
    ("rate", "ending", "coders"),
    [
        ("30", "mp4", ()),
        ("25", "ts", (*X264, "-c:a", "aac")),
        ("30", "mkv", (*X264, "-c:a", "libopus")),
        ("50", "mov", ("-c:v", "prores_ks", "-c:a", "pcm_s16le")),
    ],
)
async def test_flash_and_beep_stay_together(
    rate: str, ending: str, coders: tuple[str, ...], films: Path, tmp_path: Path
) -> None:
    film = flashing(films / f"flash-{rate}.{ending}", rate, 12, *coders)
    asset = await packaged(tmp_path, film, chunk=2)
    seen, heard = flashes(pictures(tmp_path, asset)), beeps(samples(tmp_path, asset))
    assert len(seen) == len(heard) == 12
    # the attack of the very first beep falls to the priming that is dropped
    assert all(abs(flash - beep) < 0.005 for flash, beep in zip(seen[1:], heard[1:], strict=True)), (seen, heard)


async def test_an_impulse_is_at_its_sample(films: Path, tmp_path: Path) -> None:
    film = draw(
        films / "click.mkv", "-f", "lavfi", "-i", "aevalsrc='eq(n,96000)*0.9':s=48000:d=4", "-c:a", "flac",
    )  # fmt: skip
    heard = samples(tmp_path, await packaged(tmp_path, film))
    loudest = max(range(len(heard)), key=lambda k: abs(heard[k]))
    assert abs(loudest - 96000) <= 1


async def test_sound_that_outlasts_the_pictures_plays_over_black(films: Path, tmp_path: Path) -> None:
    film = draw(
        films / "long-sound.mp4",
        "-f", "lavfi", "-i", "color=white:s=160x90:r=30:d=3", "-f", "lavfi", "-i", "sine=300:d=9", *X264, "-c:a", "aac",
    )  # fmt: skip
    asset = await packaged(tmp_path, film, chunk=1)
    assert asset.cuts.end == 17 * FAST.unit
    shown = [luma(frame)[100][200] for _, frame in pictures(tmp_path, asset)]
    assert min(shown[:89]) > 220
    assert max(shown[92:]) < 25
    heard = samples(tmp_path, asset)
    assert max(map(abs, heard[8 * 48000 : 9 * 48000 - 2048])) > 0.01
    assert max(map(abs, heard[9 * 48000 + 2048 :])) < 0.001


async def test_the_same_source_twice_is_one_asset(films: Path, tmp_path: Path) -> None:
    film = numbered(films / "twice.mp4", "30", 3)
    renamed = films / "renamed.mp4"
    renamed.write_bytes(film.read_bytes())
    answers = await outcomes(tmp_path, film, film, renamed, jobs=3)
    assert [type(answer) for answer in answers] == [Packaged] * 3
    found = [answer for answer in answers if isinstance(answer, Packaged)]
    assert len({answer.asset.id for answer in found}) == 1
    assert sorted(answer.new for answer in found) == [False, False, True]


async def test_one_that_fails_does_not_keep_the_others_from_being_done(films: Path, tmp_path: Path) -> None:
    good = numbered(films / "good.mp4", "30", 2)
    cut = films / "cut.mp4"
    cut.write_bytes(good.read_bytes()[:-3000])
    names = [films / "missing.mp4", cut, good]
    told: list[Progress] = []
    missing, truncated, fine = await outcomes(tmp_path, *names, told=told)
    assert isinstance(missing, Refusal)
    assert "no such file" in missing.reason
    assert isinstance(truncated, Refusal)
    assert truncated.file == str(cut)
    assert isinstance(fine, Packaged)
    stages = [note.stage for note in told if note.file == str(good)]
    assert stages == sorted(stages, key=list(Stage).index)
    assert set(stages) == set(Stage)
    assert sorted(path.name for path in (tmp_path / "assets").iterdir()) == sorted(
        [fine.asset.id, slate.slate_id(FAST)]
    )
    assert not (tmp_path / ".work").exists()


async def test_what_people_say_makes_another_asset(films: Path, tmp_path: Path) -> None:
    film = numbered(films / "said.mp4", "30", 2)
    plain = await packaged(tmp_path, film)
    film.with_suffix(".yaml").write_text("title: Said\ntags: [calm]\n")
    said = await packaged(tmp_path, film)
    assert plain.about.title == "said"
    assert (said.about.title, said.about.tags) == ("Said", ("calm",))
    assert plain.id != said.id
    film.with_suffix(".yaml").write_text("titel: Said\n")
    (answer,) = await outcomes(tmp_path, film)
    assert isinstance(answer, Refusal)
    assert "did you mean `title`" in answer.reason


async def test_an_encoder_with_other_headers_is_refused(films: Path, tmp_path: Path) -> None:
    film = numbered(films / "other.mp4", "30", 2)
    folder = tmp_path / "houses" / "fast"
    folder.mkdir(parents=True)
    (folder / f"v360.{'0' * 32}.init.mp4").write_bytes(b"another encoder's")
    (answer,) = await outcomes(tmp_path, film)
    assert isinstance(answer, Interrupted | Refusal)
    assert "writes other headers for v360" in answer.reason
    assert "FASTLINE_FFMPEG" in answer.advice
    assert not (tmp_path / "assets").exists()


async def test_a_rendition_decodes_from_start_to_end(films: Path, tmp_path: Path) -> None:
    asset = await packaged(tmp_path, numbered(films / "whole.mp4", "30", 6), chunk=1)
    for track in asset.tracks:
        with av.open(str(tmp_path / "assets" / asset.id / track.file)) as container:
            decoded = sum(1 for _ in container.decode())
        length = FAST.frame if track.media is Media.VIDEO else AAC_FRAME
        assert decoded * length == asset.cuts.end
