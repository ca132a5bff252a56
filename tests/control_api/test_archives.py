"""The archive of a backup: read back as it was written, and refused whatever is wrong with it, with nothing written."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_api.backups.archive import BadArchive, Reader, Writer, _header, verified

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = st.from_regex(r"[a-z0-9]{1,60}(/[a-z0-9._-]{1,1}[a-z0-9]{0,60}){0,2}", fullmatch=True).filter(
    lambda name: not any(part.startswith((".", "_", "-")) for part in name.split("/")) and name != "manifest.json"
)


def archive(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    writer = Writer(file, {"made_at": "now"})
    for name, content in files.items():
        writer.add(name, io.BytesIO(content), len(content))
    writer.end()
    return file.getvalue()


def opening(data: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(data)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=8))
def test_what_is_written_is_read_again_by_us_and_by_any_tar(files: dict[str, bytes]) -> None:
    data = archive(files)
    assert verified(opening(data)) == {"fastline": "backup", "form": 1, "made_at": "now"}
    reader = Reader(io.BytesIO(data))
    found = {entry.name: b"".join(reader.pieces(entry)) for entry in reader.entries()}
    assert {name: content for name, content in found.items() if name != "manifest.json"} == files
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        assert [member.name for member in tar.getmembers()] == [*files, "manifest.json"]


def test_files_of_more_than_eight_gibibytes_have_their_size() -> None:
    header = _header("large", 9 << 30)
    assert tarfile.TarInfo.frombuf(header, "ascii", "strict").size == 9 << 30


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_an_archive_with_any_byte_changed_or_cut_off_is_refused(data: st.DataObject) -> None:
    plain = gzip.decompress(archive({"a/b": b"x" * 700, "c": b""}))
    at = data.draw(st.integers(0, len(plain) - 1025))
    changed = bytearray(plain)
    changed[at] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(changed), plain[:at]):
        if len(bad) == len(plain) and (padding(plain, at) or aside(plain, at)):
            continue  # it is no content; of the whole archive, gzip has a checksum
        with pytest.raises(BadArchive):
            verified(opening(gzip.compress(bad)))


def padding(plain: bytes, at: int) -> bool:
    """Whether a byte only fills its block up, or the sum of its header: a blank there is as good as a zero."""
    place = 0
    while place <= at:
        size = int(plain[place + 124 : place + 135] or b"0", 8)
        if at - place in (148, 154, 155):
            return True
        if place + 512 + size <= at < place + 512 + size + -size % 512:
            return True
        place += 512 + size + -size % 512
    return False


def aside(plain: bytes, at: int) -> bool:
    """Whether a byte is of when the archive was made, or parts words of its manifest."""
    manifest, made = plain.index(b'{\n"fastline"'), plain.index(b'"made_at": "now"')
    return made <= at < made + len(b'"made_at": "now"') or (at > manifest and plain[at] in b" \n")


def hostile(*members: tuple[tarfile.TarInfo, bytes], manifest: dict[str, Any] | None = None) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        sums = {
            info.name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for info, content in members
        }
        text = json.dumps(manifest or {"fastline": "backup", "form": 1, "files": sums}).encode()
        last = tarfile.TarInfo("manifest.json")
        last.size = len(text)
        tar.addfile(last, io.BytesIO(text))
    return file.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


NO_FILE = "a is no plain file: links, folders and devices are not taken"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (hostile((member("../outside"), b"x")), "'../outside' leads out of the archive, or is no name"),
        (hostile((member("/etc/passwd"), b"x")), "'/etc/passwd' leads out of the archive, or is no name"),
        (hostile((member("a/../../b"), b"x")), "'a/../../b' leads out of the archive, or is no name"),
        (hostile((member(".hidden"), b"x")), "'.hidden' leads out of the archive, or is no name"),
        (hostile((member("a", tarfile.SYMTYPE, "/etc"), b"")), NO_FILE),
        (hostile((member("a", tarfile.LNKTYPE, "b"), b"")), NO_FILE),
        (hostile((member("a", tarfile.CHRTYPE), b"")), NO_FILE),
        (hostile((member("a"), b"x"), (member("a"), b"y")), "a is in it twice"),
        (hostile((member("a"), b"x"), manifest={"fastline": "backup", "form": 1, "files": {}}),
         "it is damaged: a is not what the manifest says"),
        (hostile(manifest={"fastline": "backup", "form": 2, "files": {}}),
         "it is of form 2, and this version of Fastline reads form 1"),
        (hostile(manifest={"other": 1}), "it is no backup of Fastline"),
        (b"no archive at all", "it is damaged, or no archive: Not a gzipped file (b'no')"),
        (gzip.compress(b""), "it breaks off"),
        (gzip.compress(bytes(1024)), "it breaks off: there is no manifest at its end"),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_hostile_is_refused_with_its_reason(data: bytes, words: str) -> None:
    with pytest.raises(BadArchive) as refused:
        verified(opening(data))
    assert str(refused.value) == words


def test_what_grows_without_measure_is_given_up() -> None:
    bomb = hostile((member("bomb"), bytes(200 << 20)))
    with pytest.raises(BadArchive, match="it grows to far more than its size lets expect, as no backup does"):
        verified(opening(bomb))
