"""A station whose library is in a bucket: real processes, a real service, a real ffmpeg (B03, B05, B40, B78, B86)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from urllib.request import urlopen

import obstore
import pytest
from buckets import BUCKET, SECRET, Service, free_port, serving
from stations import FULL, GENESIS, Station

from control_api import doctor
from packager.batch import Batch, Packaged, package_one
from packager.run import ffmpeg_binary
from playout import keys
from playout.clock import system_clock
from playout.commit import Committer
from playout.core.asset import Asset, Kind
from playout.core.house import HOUSES
from playout.documents import decode
from playout.follow import SLOW, Follower
from playout.media import Place
from playout.publish import SOON
from playout.s3 import S3Store
from playout.watch import Desk, look
from playout.withdraw import withdraw

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
PLACE = f"s3://{BUCKET}/tv"
CHANNELS = """\
version: 1
channels:
  films: {number: 1, name: Films, house: fast, horizon: 2m, include: {any: [movie]}}
"""
LENGTHS = {"anna": 9, "bruno": 7}
"""Seconds of the films: in 15 s there is a seam, wherever they begin."""
HARMLESS = re.compile(r"Found duplicated MOOV Atom\. Skipped it$|^ +Last message repeated")
"""ffmpeg asks for the init segment anew whenever it has reloaded a playlist."""

pytestmark = pytest.mark.media


def fastline(folder: Path, *words: str) -> list[str]:
    """A command on the bucket, whose local folder is in `folder`."""
    assert folder.is_dir()
    return [sys.executable, "-u", str(CHECKOUT / "fastline.py"), *words, "--media", PLACE]


@contextmanager
def running(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until it is no longer needed; what it prints is in `<command>.log`."""
    with (folder / f"{words[0]}.log").open("w") as journal:
        command = fastline(folder, *words)
        environment = os.environ | {"FASTLINE_MEDIA": str(folder / "local")}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=journal, stderr=journal, text=True)
        try:
            yield process
            assert process.poll() is None, (folder / f"{words[0]}.log").read_text()
        finally:
            process.kill()
            process.wait()


def films(folder: Path) -> list[Path]:
    """Two films."""
    files = []
    for tint, (name, seconds) in enumerate(LENGTHS.items()):
        files.append(folder / f"{name}.mp4")
        inputs = [f"testsrc2=s=320x180:r=25:d={seconds},hue=h={tint * 90}", f"sine={400 + 200 * tint}:d={seconds}"]
        given = [word for source in inputs for word in ("-f", "lavfi", "-i", source)]
        subprocess.run([ffmpeg_binary(), "-v", "error", *given, "-preset", "ultrafast", files[-1]], check=True)
    return files


def packaged(folder: Path, files: list[Path]) -> str:
    """What the packager says of files that it puts into the bucket."""
    words = fastline(folder, "package", "--house", "fast", "--kind", "movie", "--tag", "movie", *map(str, files))
    environment = os.environ | {"FASTLINE_MEDIA": str(folder / "local")}
    done = subprocess.run(words, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(url: str) -> tuple[bytes, str]:
    """What lies at an address, and how long it may be kept."""
    with urlopen(url, timeout=20) as answer:  # noqa: S310 — our own server
        return bytes(answer.read()), answer.headers["Cache-Control"]


def on_air(root: str, origin: subprocess.Popen[str]) -> None:
    """Wait until the channel is on air."""
    for _ in range(600):
        try:
            if b"#EXTINF" in read(f"{root}/live/films/v234.m3u8")[0]:
                return
        except OSError:
            pass
        try:
            origin.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    pytest.fail("the channel does not come on air")


class Live:
    """The live playlist of one rendition, followed by blocking reloads."""

    def __init__(self, root: str) -> None:
        self.url = f"{root}/live/films/v234.m3u8"
        self.text = read(self.url)[0].decode()

    @property
    def edge(self) -> int:
        found = re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", self.text)
        assert found
        return int(found[1]) + self.text.count("#EXTINF") - 1

    def next(self) -> tuple[str, float]:
        """The next segment as soon as it airs: its address and its length in seconds."""
        self.text = read(f"{self.url}?_HLS_msn={self.edge + 1}")[0].decode()
        lines = self.text.splitlines()
        at = max(number for number, line in enumerate(lines) if line.startswith("#EXTINF"))
        length = float(lines[at].removeprefix("#EXTINF:").rstrip(","))
        address = next(line for line in lines[at + 1 :] if line and not line.startswith("#"))
        return urljoin(self.url, address), length


def played(root: str, seconds: int) -> subprocess.Popen[str]:
    """A player of the channel, at every rate at once; it says every trouble, and how much it has shown."""
    command = [ffmpeg_binary(), "-nostdin", "-v", "warning", "-xerror", "-i", f"{root}/live/films/index.m3u8"]
    command += ["-map", "0", "-t", str(seconds), "-progress", "-", "-f", "null", "-"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def shown(player: subprocess.Popen[str]) -> float:
    """The seconds that a player has shown to its end, without a word of trouble."""
    progress, troubles = player.communicate(timeout=90)
    assert player.returncode == 0, troubles
    assert [line for line in troubles.splitlines() if not HARMLESS.search(line)] == []
    return int(re.findall(r"out_time_us=(\d+)", progress)[-1]) / 1e6


def mended(live: Live) -> bool:
    """Whether one of the next segments is its own again, and not slate."""
    return any("immutable" in read(live.next()[0])[1] for _ in range(6))


def kept(service: Service) -> dict[str, bytes]:
    """What the bucket holds: a service that was killed and comes back must hold it again."""
    objects = service.dump()
    assert all(key.startswith("tv/") for key in objects)
    return objects


def test_a_channel_from_a_bucket_plays_on_while_the_bucket_is_dead_and_after(tmp_path: Path) -> None:
    with serving() as service:
        check_packaging(tmp_path)
        (tmp_path / "channels.yaml").write_text(CHANNELS)
        port = free_port()
        root = f"http://127.0.0.1:{port}"
        with running(tmp_path, "commit"), running(tmp_path, "origin", "--port", str(port)) as origin:
            on_air(root, origin)
            live = Live(root)
            with played(root, 15) as player:
                address, _ = live.next()
                held = read(address)
                assert "immutable" in held[1], "a segment from the bucket is kept by whoever has it (B86)"
                assert shown(player) == pytest.approx(15, abs=0.1)
            objects = kept(service)
            with played(root, 20) as player:
                live.next()
                service.kill()
                assert read(address) == held, "what an origin holds is the same as before"
                check_slate(live)
                assert shown(player) == pytest.approx(20, abs=0.1), "the player has noticed nothing"
            measures = read(f"{root}/metrics")[0].decode()
            assert re.search(r'fastline_slate_substitutions_total\{reason="unreadable"\} [1-9]', measures)
            service.start()
            service.load(objects)
            assert mended(live), "the bucket is back, and so are the films"
        told = (tmp_path / "commit.log").read_text() + (tmp_path / "origin.log").read_text()
        assert "Traceback" not in told
        assert SECRET not in told
        check_commands(tmp_path)


def check_packaging(folder: Path) -> None:
    """Films go into the bucket, and nowhere else; the same once more changes nothing."""
    files = films(folder)
    said = packaged(folder, files)
    store = S3Store(BUCKET, "tv")
    for line in said.splitlines():
        check_asset(store, line.split()[0])
    assert [path for path in (folder / "local").rglob("*") if path.is_file()] == []
    assert packaged(folder, files) == said


def check_slate(live: Live) -> None:
    """What an origin cannot read is slate of the same length, and nobody keeps it for long."""
    for _ in range(3):
        address, length = live.next()
        body, keeps = read(address)
        assert body
        assert "immutable" not in keeps
        assert 0 < length < 4


def check_asset(store: S3Store, asset: str) -> None:
    """All that its document names is there, of the size that it says (B78)."""
    data = store.read(keys.asset(asset))
    assert data is not None
    made = decode(data, Asset, asset)
    assert made.poster in store.names(keys.key("assets", asset))
    for track in made.tracks:
        assert re.fullmatch(rf"{track.name}\.[0-9a-f]{{32}}\.cmf[va]", track.file), "named by its content"
        key = keys.asset_file(asset, track.file)
        assert obstore.head(store._documents, key)["size"] == track.offsets[-1]
        assert track.codecs
        assert track.bandwidth >= track.average > 0


def check_commands(folder: Path) -> None:
    """The other commands on the bucket."""
    for words, expected in (
        (["guide", "--format", "json"], "Films"),
        (["why", "films"], "films"),
        (["asrun", "films", f"{system_clock():%Y-%m-%d}"], "anna"),
        (["render", "films", "v234"], "#EXTINF"),
        (["revisions", "films"], "1"),
        (["check"], ""),
        (["plan"], ""),
    ):
        done = subprocess.run(
            fastline(folder, *words), check=False, cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, (words, done.stderr)
        assert expected.casefold() in done.stdout.casefold()


def test_a_bucket_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in Service().environment.items():  # nobody listens there
        monkeypatch.setenv(name, value)
    done = subprocess.run(
        fastline(tmp_path, "guide"), check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fastline: the store does not answer: library: the bucket cannot be used: it cannot")
    assert SECRET not in done.stderr


class Counting(S3Store):
    """A bucket that knows how often it was asked."""

    asked = 0

    def read(self, key: str) -> bytes | None:
        self.asked += 1
        return super().read(key)

    def names(self, key: str) -> list[str]:
        self.asked += 1
        return super().names(key)

    def put_new(self, key: str, data: bytes) -> bool:
        self.asked += 1
        return super().put_new(key, data)


def test_fifty_channels_ask_a_bucket_ten_times_a_second(tmp_path: Path) -> None:
    """A request costs money and time: what seldom changes is looked for seldom, and nothing is listed in vain."""
    made = Station(tmp_path / "media")
    made.house()
    made.asset("film", Kind.MOVIE, *[FULL] * 400)
    (tmp_path / "channels.yaml").write_text(
        "version: 1\nchannels:\n"
        + "".join(f"  c{n}: {{number: {n}, name: C{n}, house: fast, include: {{}}}}\n" for n in range(1, 51))
    )
    with serving():
        store = Counting(BUCKET, "tv")
        for path in made.root.rglob("*"):
            if path.is_file():
                store.put_new(str(path.relative_to(made.root)), path.read_bytes())
        desk = look(tmp_path / "channels.yaml", store, Desk(), GENESIS)
        assert len(desk.published.revisions) == 50
        now = [GENESIS + SOON]
        follower = Follower(store, lambda: now[0])
        committer = Committer(store, follower, lambda: now[0])

        def second() -> None:
            now[0] += timedelta(seconds=1)
            follower.view = follower.refresh(now[0]) or follower.view
            committer.commit(now[0])

        second()
        second()
        assert all(on_air.log.airings for on_air in follower.view.channels.values())
        store.asked = 0
        for _ in range(36):
            second()
        assert store.asked <= 10 * 36
        store.asked = 0
        look(tmp_path / "channels.yaml", store, desk, now[0])
        assert store.asked == 2
        assert withdraw(store, "c7", ["film"], now[0]) == 1
        for _ in range(SLOW * store.pace):
            second()
        assert follower.view.channels["c7"].withdrawn == {"film"}


async def test_a_rendition_that_is_lost_in_a_bucket_is_made_anew_and_is_the_same(tmp_path: Path) -> None:
    made, *_ = films(tmp_path)
    with serving():
        store = S3Store(BUCKET, "tv")
        batch = Batch(tmp_path / "local", HOUSES["fast"], jobs=2, store=store)
        first = await package_one(made, batch, tell=lambda _: None, clock=system_clock)
        assert isinstance(first, Packaged), first
        track = first.asset.track("v234")
        assert track
        where = keys.asset_file(first.asset.id, track.file)
        lost = store.read(where)
        assert lost
        store.remove(where)
        again = await package_one(made, batch, tell=lambda _: None, clock=system_clock, rendition="v234")
        assert isinstance(again, Packaged), again
        assert again.asset == first.asset
        assert store.read(where) == lost


def test_the_doctor_tells_whether_a_bucket_keeps_what_was_put_first(tmp_path: Path) -> None:
    with serving() as service:
        found = doctor.store(Place(tmp_path, PLACE))
        assert (found.state, found.text) == (doctor.State.OK, f"{PLACE} can be written, and nothing in it twice")
        assert service.dump() == {}
        elsewhere = doctor.store(Place(tmp_path, "s3://no-such-bucket/tv"))
        assert elsewhere.state is doctor.State.FAULT
        assert "there is no bucket 'no-such-bucket'" in elsewhere.text
        assert "AWS_ENDPOINT_URL" in elsewhere.advice
