"""An origin of a small station, and a client that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import m3u8
from aiohttp.test_utils import TestClient
from stations import Station
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Origin:
    """A client of a running origin, with the station behind it."""

    station: Station
    client: TestClient[Any, Any]

    async def get(
        self, path: str, status: int = 200, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> tuple[Mapping[str, str], bytes]:
        """The head and the body of an answer, which must have this status."""
        url = self.client.make_url("/").join(URL(path, encoded=True))
        async with self.client.session.request(method, url, headers=headers, auto_decompress=False) as answer:
            body = await answer.read()
            assert answer.status == status, (path, answer.status, body[:500])
            return answer.headers, body

    async def text(self, path: str) -> str:
        return (await self.get(path, headers={"Accept-Encoding": "identity"}))[1].decode()

    async def playlist(self, path: str) -> Any:
        """The playlist as Python's m3u8 library reads it."""
        return m3u8.loads(await self.text(path))


def joined(playlist: str, uri: str) -> str:
    """The path of `uri`, which stands in the playlist at this path."""
    return str(URL("http://x" + playlist).join(URL(uri)).relative())


def blocks(text: str) -> list[str]:
    """The lines of each segment of a media playlist, joined."""
    found: list[str] = []
    lines: list[str] = []
    for line in text.splitlines():
        if lines or line.startswith(("#EXTINF", "#EXT-X-DISCONTINUITY\n")) or line == "#EXT-X-DISCONTINUITY":
            lines.append(line)
        if line and not line.startswith("#"):
            found.append("\n".join(lines))
            lines = []
    return found
