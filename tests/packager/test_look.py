"""Looking into files that nobody knows: in a process of its own, which is bounded and may break (B106, AX11)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sources

from packager.look import Look, Unseen, look, read
from packager.source import Refusal


@pytest.mark.media
async def test_what_is_in_a_file_is_told_whatever_it_is_called(tmp_path: Path) -> None:
    film = tmp_path / "up_1"
    picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=duration=2")
    sources.run(*picture, *sound, *sources.X264, *sources.AAC, "-f", "mp4", film)
    assert await look(film) == Look("mov,mp4,m4a,3gp,3g2,mj2", 2000, "h264", 320, 180, ("aac und",))
    song = tmp_path / "up_2.txt"
    sources.run(*sound, "-f", "wav", song)
    found = await look(song)
    assert isinstance(found, Look)
    assert (found.container, found.video, found.audio) == ("wav", "", ("pcm_s16le und",))


@pytest.mark.media
async def test_a_path_counts_from_the_folder_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sources.run("-f", "lavfi", "-i", "sine=duration=2", "-f", "wav", tmp_path / "up_3")
    assert isinstance(await look(Path("up_3")), Look)


@pytest.mark.media
async def test_what_only_looks_like_media_is_refused(tmp_path: Path) -> None:
    for name, data in {
        "page.mp4": b"<html>" * 1000,
        "empty.mp4": b"",
        "head.mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(5000),
        "list.m3u8": b"#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n",
        "zip.mkv": b"PK\3\4" + os.urandom(4000),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        found = await look(path)
        assert isinstance(found, Refusal), (name, found)
        assert found.reason


async def test_a_look_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(1 << 20))
    found = await look(film, patience=0)
    assert found == Unseen("it takes too long to look into it", again=False)


ANSWERS = [
    (0, b'{"container":"wav","duration_ms":5,"video":"","width":0,"height":0,"audio":["x"],"subtitles":[]}', Look),
    (0, b'{"reason":"it is empty","advice":""}', Refusal),
    (-11, b"", Unseen),
    (1, b"", Unseen),
    (0, b"[]", Unseen),
    (0, b"nonsense", Unseen),
    (0, b'{"container":"wav"}', Unseen),
]


@pytest.mark.parametrize(("status", "said", "kind"), ANSWERS)
def test_whatever_the_process_says_is_an_answer(tmp_path: Path, status: int, said: bytes, kind: type) -> None:
    found = read(tmp_path / "x", status, said)
    assert isinstance(found, kind)
    if isinstance(found, Unseen):
        assert found.again == (status == 1)
