"""What the bytes of a file say of it, without FFmpeg: whether they can be read, are media, are whole, are open to all.

All calls block; the job makes them in a worker thread.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from packager.boxes import BadBoxes, Box, find, walk
from packager.source import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    import av.error

_PICTURES: Final = (
    b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\1\0", b"8BPS",
)  # fmt: skip
_PICTURE_BRANDS: Final = (b"heic", b"heix", b"mif1", b"avif", b"msf1")
_ENCRYPTED: Final = frozenset({"encv", "enca", "drmi", "drms"})
_LARGEST_INDEX: Final = 256 << 20


def unreadable(path: Path) -> Refusal | None:
    """What is wrong with the file before it is opened as media."""
    name = str(path)
    try:
        if path.is_dir():
            return Refusal(name, "it is a folder", "Name the files in it.")
        if path.exists() and not path.is_file():
            return Refusal(name, "it is not an ordinary file", "Copy what it delivers into a file first.")
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        return Refusal(name, "there is no such file", "Check the name.")
    except PermissionError:
        return Refusal(name, "it may not be read", "Give this user the right to read it (chmod, chown).")
    except OSError as error:
        return Refusal(name, f"it cannot be read ({error.strerror})", "Check the disk and copy the file again.")
    return Refusal(name, "it is empty", "Copy or export it again.") if empty else None


def not_media(path: Path, error: av.error.FFmpegError) -> Refusal:
    """Why the file could not be opened, as far as its first bytes tell."""
    name = str(path)
    with path.open("rb") as file:
        head = file.read(4096)
    if _is_text(head):
        return Refusal(name, "it is text, not media", "Name a video or sound file.")
    if head.startswith(_PICTURES) or head[8:12] in (*_PICTURE_BRANDS, b"WEBP"):
        return Refusal(name, "it is a picture", "Package a video or sound file; a picture can only be a poster.")
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"}:
        return Refusal(name, "it is cut short or damaged: its index is missing", "Copy or export it again, whole.")
    return Refusal(
        name, f"it is no video or sound file that can be read ({error.strerror or error})", "Convert it to mp4 or mkv."
    )


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\r\n\t\f" for letter in text.removeprefix("\ufeff"))


def missing_bytes(path: Path) -> int:
    """How many bytes a RIFF file (AVI, WAV) promises beyond its end: FFmpeg guesses their length from what is there."""
    with path.open("rb") as file:
        head = file.read(8)
    promised = int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or promised in {0, 0xFFFFFFFF}:  # a stream's header was never completed
        return 0
    missing = promised + 8 - path.stat().st_size
    return missing if missing * 100 > promised else 0  # some writers cannot count quite


def encrypted(path: Path, container: str) -> bool:
    """Whether an mp4 or mov holds samples that only a key opens (ISO/IEC 14496-12 section 8.12)."""
    if not container.startswith("mov"):
        return False
    with path.open("rb") as file:
        at, size = 0, path.stat().st_size
        while at + 16 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            length = int.from_bytes(head[8:], "big") if length == 1 else length or size - at
            if head[4:8] == b"moov":
                file.seek(at)
                return _locked(file.read(min(length, size - at, _LARGEST_INDEX)))
            at += max(length, 8)
    return False


def _locked(moov: bytes) -> bool:
    """Whether a sample entry in `moov` is an encrypted one; what lies behind damage is not looked at."""
    with suppress(BadBoxes):
        for track in walk(moov, 8):
            if track.kind == "trak" and _sample_entries(moov, track) & _ENCRYPTED:
                return True
    return False


def _sample_entries(moov: bytes, track: Box) -> set[str]:
    with suppress(BadBoxes):
        stsd = find(moov, "mdia/minf/stbl/stsd", track.body, track.end)
        return {entry.kind for entry in walk(moov, stsd.body + 8, stsd.end)}
    return set()
