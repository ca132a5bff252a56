"""The archive: tar (POSIX ustar) within gzip, of plain files alone, with a manifest of digests at its end.

Law: a reader holds one header and one piece at a time, whatever the archive says of itself, and nothing of it is
believed: names are of a few letters and lead nowhere else, nothing but plain files is taken, no name comes twice.

It is not Python's `tarfile`, which reads extension headers of any length into memory, and knows links and devices.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORM: Final = 1
"""The version of the archive's form."""
MANIFEST: Final = "manifest.json"
_BLOCK: Final = 512
_PIECE: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,12}")
_LONGEST_NAME: Final = 100
_LONGEST_PREFIX: Final = 155
_MOST: Final = 5_000_000
"""Files of one archive."""
_LARGEST_MANIFEST: Final = 1 << 30
_LARGEST: Final = 1 << 46
"""Bytes of all files."""
_RATIO: Final = 400
_SLACK: Final = 64 << 20
_OCTAL: Final = 11


class BadArchive(Exception):
    """The archive is not one of ours, is damaged, or wants something that it must not. Says what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive."""

    name: str
    size: int


class Writer:
    """Writes an archive, file by file."""

    def __init__(self, file: IO[bytes], about: dict[str, object]) -> None:
        """`about` is what the manifest says besides digests."""
        self._zip = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=4, mtime=0)
        self._about = about
        self._files: dict[str, tuple[int, str]] = {}

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """Add `size` bytes of `source`. Raises `BadArchive` where it has fewer; of more, the rest is left out."""
        self._zip.write(_header(name, size))
        digest, left = hashlib.sha256(), size
        while left:
            piece = source.read(min(left, _PIECE))
            if not piece:
                message = f"{name} has become shorter while it was read"
                raise BadArchive(message)
            digest.update(piece)
            self._zip.write(piece)
            left -= len(piece)
        self._zip.write(bytes(-size % _BLOCK))
        self._files[name] = size, digest.hexdigest()

    def end(self) -> None:
        """Write the manifest, and the end."""
        files = {name: {"size": size, "sha256": digest} for name, (size, digest) in self._files.items()}
        text = json.dumps({"fastline": "backup", "form": FORM, **self._about, "files": files}, indent=0).encode()
        self._zip.write(_header(MANIFEST, len(text)) + text + bytes(-len(text) % _BLOCK) + bytes(2 * _BLOCK))
        self._zip.close()


def _header(name: str, size: int) -> bytes:
    """A header of POSIX ustar; sizes of more than eleven octal digits are written as GNU tar writes them."""
    prefix, short = _parted(name)
    written = f"{size:011o}\0".encode() if size < 8**_OCTAL else b"\x80" + size.to_bytes(11, "big")
    fields = (
        (short, 100), (b"0000640\0", 8), (b"0000000\0", 8), (b"0000000\0", 8), (written, 12), (b"00000000000\0", 12),
        (b"        ", 8), (b"0", 1), (b"", 100), (b"ustar\0", 6), (b"00", 2), (b"", 32), (b"", 32),
        (b"0000000\0", 8), (b"0000000\0", 8), (prefix, 155), (b"", 12),
    )  # fmt: skip
    whole = b"".join(value.ljust(length, b"\0") for value, length in fields)
    return whole[:148] + f"{sum(whole):06o}\0 ".encode() + whole[156:]


def _parted(name: str) -> tuple[bytes, bytes]:
    if not _NAME.fullmatch(name):
        message = f"{name!r} cannot be the name of a file in an archive"
        raise BadArchive(message)
    if len(name) <= _LONGEST_NAME:
        return b"", name.encode()
    for place in (index for index, sign in enumerate(name) if sign == "/"):
        if place <= _LONGEST_PREFIX and len(name) - place - 1 <= _LONGEST_NAME:
            return name[:place].encode(), name[place + 1 :].encode()
    message = f"{name!r} is too long for an archive"
    raise BadArchive(message)


class Reader:
    """Reads an archive, file by file, once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._packed = file
        self._zip = gzip.GzipFile(fileobj=file, mode="rb")
        self._taken = 0
        self._left = 0

    def entries(self) -> Iterator[Entry]:
        """The files in their order; read each before the next one. Raises `BadArchive`."""
        names: set[str] = set()
        while True:
            self._pass(self._left)
            block = self._read(_BLOCK)
            if not any(block):
                return
            found = _entry(block)
            if found.name in names or len(names) >= _MOST:
                message = f"{found.name} is in it twice" if found.name in names else "there are too many files in it"
                raise BadArchive(message)
            names.add(found.name)
            self._left = found.size + -found.size % _BLOCK
            yield found

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of the file that was just named."""
        left = entry.size
        while left:
            piece = self._read(min(left, _PIECE))
            left -= len(piece)
            self._left -= len(piece)
            yield piece

    def whole(self, entry: Entry, most: int) -> bytes:
        """All of them. Raises `BadArchive` when they are more than `most`."""
        if entry.size > most:
            message = f"{entry.name} is larger than it can be"
            raise BadArchive(message)
        return b"".join(self.pieces(entry))

    def _pass(self, size: int) -> None:
        while size:
            size -= len(self._read(min(size, _PIECE)))
        self._left = 0

    def _read(self, size: int) -> bytes:
        try:
            found = self._zip.read(size)
        except (OSError, EOFError, zlib.error) as error:
            message = f"it is damaged, or no archive: {error}"
            raise BadArchive(message) from error
        if len(found) < size:
            message = "it breaks off"
            raise BadArchive(message)
        self._taken += size
        if self._taken > min(_LARGEST, _SLACK + _RATIO * max(self._packed.tell(), 1)):
            message = "it grows to far more than its size lets expect, as no backup does"
            raise BadArchive(message)
        return found


def _entry(block: bytes) -> Entry:
    """What a header says. Raises `BadArchive`."""
    plain = block[:148] + b" " * 8 + block[156:]
    if block[257:262] != b"ustar" or _number(block[148:156]) != sum(plain):
        message = "it is damaged: a header does not add up"
        raise BadArchive(message)
    parts = [part.split(b"\0", 1)[0] for part in (block[345:500], block[:100])]
    name = b"/".join(part for part in parts if part).decode("ascii", "replace")
    if not _NAME.fullmatch(name):
        message = f"{name[:100]!r} leads out of the archive, or is no name"
        raise BadArchive(message)
    if block[156:157] not in (b"0", b"\0"):
        message = f"{name} is no plain file: links, folders and devices are not taken"
        raise BadArchive(message)
    size = int.from_bytes(block[125:136], "big") if block[124] & 0x80 else _number(block[124:136])
    if size > _LARGEST:
        message = f"{name} is larger than it can be"
        raise BadArchive(message)
    return Entry(name, size)


def _number(text: bytes) -> int:
    digits = text.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", digits):
        message = "it is damaged: a header has a number that is none"
        raise BadArchive(message)
    return int(digits or b"0", 8)


def verified(open_: Callable[[], IO[bytes]]) -> dict[str, object]:
    """The manifest of an archive, every file of which is what the manifest says. Raises `BadArchive`. Blocks."""
    sums: dict[str, dict[str, object]] = {}
    manifest: dict[str, object] | None = None
    with open_() as file:
        reader = Reader(file)
        for entry in reader.entries():
            if manifest is not None:
                message = "something comes behind its manifest"
                raise BadArchive(message)
            if entry.name == MANIFEST:
                manifest = _manifest(reader.whole(entry, _LARGEST_MANIFEST))
                continue
            digest = hashlib.sha256()
            for piece in reader.pieces(entry):
                digest.update(piece)
            sums[entry.name] = {"size": entry.size, "sha256": digest.hexdigest()}
    if manifest is None:
        message = "it breaks off: there is no manifest at its end"
        raise BadArchive(message)
    _compare(sums, manifest.pop("files"))
    return manifest


def _manifest(text: bytes) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = "its manifest cannot be read"
        raise BadArchive(message) from error
    if not isinstance(found, dict) or found.get("fastline") != "backup" or not isinstance(found.get("files"), dict):
        message = "it is no backup of Fastline"
        raise BadArchive(message)
    if found.get("form") != FORM:
        message = f"it is of form {found.get('form')}, and this version of Fastline reads form {FORM}"
        raise BadArchive(message)
    return found


def _compare(sums: dict[str, dict[str, object]], files: object) -> None:
    if not isinstance(files, dict) or sums != files:
        known = files if isinstance(files, dict) else {}
        wrong = sorted(name for name in sums.keys() | known.keys() if sums.get(name) != known.get(name))
        message = f"it is damaged: {', '.join(wrong[:5])} is not what the manifest says"
        raise BadArchive(message)
