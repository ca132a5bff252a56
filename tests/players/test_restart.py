"""`kill -9` of the whole process, and a quick restart: nobody notices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from players.station import listed

if TYPE_CHECKING:
    from players.restart import Restart

pytestmark = pytest.mark.players


@pytest.mark.parametrize("show", ["restart"], indirect=True)
def test_a_killed_server_goes_on_as_if_nothing_had_happened(show: Restart) -> None:
    for name, text in show.before.items():
        before = {segment.sequence: segment.lines for segment in listed(text)}
        after = {segment.sequence: segment.lines for segment in listed(show.after[name])}
        assert min(after) >= min(before), name
        assert max(after) > max(before), name
        shared = before.keys() & after.keys()
        assert len(shared) > 20, name
        assert {k: before[k] for k in shared} == {k: after[k] for k in shared}, name
        ranges = [set(re.findall(r"#EXT-X-DATERANGE:.*", playlist)) for playlist in (text, show.after[name])]
        assert len(ranges[0] & ranges[1]) >= 2, name


@pytest.mark.parametrize("show", ["restart"], indirect=True)
def test_a_playing_ffmpeg_never_notices(show: Restart) -> None:
    assert show.words == []
    assert show.status == 0
    assert show.pictures == 1800
