"""What players may say of themselves: however much of it they say, what is kept and summed of it stays a number."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from control_api.analytics.counting import About, Count, Look, Rules
from control_api.analytics.days import Days
from control_api.resources.play_sessions import BeatGiven
from control_api.viewing.beating import FASTEST, OLDEST_MS, Beat, begun, joined, kept, loaded_at, said

START = 1_700_000_000_000
MOST = 2**63
_TOLD = (
    "position_ms", "behind_ms", "played_ms", "bitrate", "loaded_bytes", "bandwidth", "buffer_ms", "startup_ms",
    "stalls", "stalled_ms", "errors",
)  # fmt: skip


def _most(name: str) -> int:
    return next(int(one.le) for one in BeatGiven.model_fields[name].metadata if hasattr(one, "le"))


@st.composite
def beats(draw: st.DrawFn) -> BeatGiven:
    """A legal heartbeat, often with the most that it may say."""
    told = {name: draw(st.sampled_from([0, 1, _most(name)]) | st.integers(0, _most(name))) for name in _TOLD}
    return BeatGiven(**told, quality=draw(st.sampled_from(["v720", "1080p", "x" * 40, "v0", ""])))  # type: ignore[arg-type]


@settings(max_examples=80)
@given(st.lists(st.tuples(beats(), st.integers(0, 40 * OLDEST_MS)), min_size=2, max_size=2), st.booleans())
def test_no_heartbeats_come_to_more_than_a_database_holds(
    some: list[tuple[BeatGiven, int]],
    live: bool,  # noqa: FBT001 — Hypothesis chooses
) -> None:
    """Each column and each sum is below 2^63, even of a thousand such sessions, and no name is made up."""
    count = Count(Rules(30_000, 60_000, 6000), Days("UTC"), About())
    at, state, before = START, begun(START), None
    for number, (one, passed) in enumerate(some, 1):
        at += passed
        loaded = loaded_at(one.loaded_bytes or 0, one.played_ms or 0, at - START)
        rate = one.bitrate if loaded is None else loaded
        beat = Beat(
            number, at, one.position_ms or 0, one.behind_ms, one.played_ms or 0, one.quality, rate, one.bandwidth,
            one.buffer_ms, one.startup_ms, one.stalls, one.stalled_ms, one.errors,
        )  # fmt: skip
        state = joined(state, said(beat, START))
        row = kept(state)
        assert all(value < MOST for value in row.values() if isinstance(value, int))
        assert row["startup_ms"] < 2**31
        assert max(row["bitrate"], row["bandwidth"]) <= FASTEST
        assert row["behind_ms"] <= OLDEST_MS
        same = ("quality", "position_ms", "watched_ms", "startup_ms", "stalls", "stalled_ms", "errors", "behind_ms")
        look = Look(
            "pl_1", START, at, "" if live else "ti_1", "films" if live else "", duration_ms=90 * 60_000,
            bitrate=(one.bitrate or 0) * 8000,  # as a row has it that was written before there was a bound
            **{name: row[name] for name in same},
        )  # fmt: skip
        before = count.look(look, before)
    for key, amounts in count.sums.items():
        assert all(abs(amount) * 1000 < MOST for amount in amounts.values())
        assert key.part not in (f"quality:{'x' * 40}", "quality:v0")
    assert before is not None
    assert before.bits < MOST


def test_what_was_loaded_is_of_the_time_that_has_passed() -> None:
    assert loaded_at(1000, 8000, 4000) == 2000
    assert loaded_at(1000, 8000, 0) is None
    assert loaded_at(1 << 50, 1, 10**6) == FASTEST
