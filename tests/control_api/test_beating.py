"""What is known of a playing follows from its heartbeats, in whatever order, and from the time that has passed."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from control_api.library.flags import percent
from control_api.viewing.beating import (
    PLAYER,
    SILENCE,
    Beat,
    Ending,
    Played,
    begun,
    counted,
    ended,
    joined,
    kept,
    of_row,
    revived,
    said,
)
from control_api.viewing.choosing import audio, subtitles
from control_api.viewing.seeing import Seen, Step, is_whole, seen

START = 1_000_000
_small = st.integers(0, 100)
_spans = st.integers(0, 50_000)


@st.composite
def beats(draw: st.DrawFn) -> list[Beat]:
    """Heartbeats of one playing: sums grow with their numbers, as players count them."""
    numbers = sorted(draw(st.sets(st.integers(1, 30), min_size=1, max_size=8)))
    found, at, played, stalls, stalled, errors = [], START, 0, 0, 0, 0
    for number in numbers:
        at += draw(_spans)
        played, stalls = played + draw(_spans), stalls + draw(_small)
        stalled, errors = stalled + draw(_spans), errors + draw(st.integers(0, 2))
        found.append(
            Beat(
                number, at, draw(_spans), draw(st.none() | _spans), played,
                draw(st.sampled_from(["", "v360", "v720"])), draw(st.none() | _spans),
                draw(st.none() | _spans), draw(st.none() | _spans), draw(st.none() | _spans), stalls, stalled, errors,
                draw(st.sampled_from(["", "decode", "network"])),
            )
        )  # fmt: skip
    return found


def heard(some: list[Beat], start: Played | None = None) -> Played:
    return reduce(joined, [said(beat, START) for beat in some], start or begun(START))


@given(beats(), st.data())
def test_any_order_and_any_repetition_of_the_same_heartbeats_is_the_same_playing(
    some: list[Beat], data: st.DataObject
) -> None:
    """B61, BX1: and it says what the newest one says."""
    shuffled = data.draw(st.permutations(some + data.draw(st.lists(st.sampled_from(some), max_size=8))))
    whole = heard(some)
    assert heard(shuffled) == whole
    newest = some[-1]
    assert (whole.number, whole.position_ms) == (newest.number, newest.position_ms)
    assert (whole.stalls, whole.errors) == (newest.stalls, newest.errors)
    assert whole.quality[1] == next((beat.quality for beat in reversed(some) if beat.quality), "")
    assert whole.behind[1] == next((beat.behind_ms for beat in reversed(some) if beat.behind_ms is not None), -1)
    assert whole.error[1] == next((beat.error for beat in reversed(some) if beat.error), "")


@given(beats(), st.data())
def test_two_processes_that_heard_some_of_it_each_know_all_of_it_together(
    some: list[Beat], data: st.DataObject
) -> None:
    one = data.draw(st.lists(st.sampled_from(some)))
    assert joined(heard(one), heard([beat for beat in some if beat not in one])) == heard(some)


@given(beats(), _spans, st.data())
def test_no_more_is_watched_than_time_has_passed(some: list[Beat], later: int, data: st.DataObject) -> None:
    """Whatever a player says, and whenever it ends."""
    greedy = [replace(beat, played_ms=beat.played_ms * 1000, stalled_ms=1 << 40) for beat in some]
    whole = heard(data.draw(st.permutations(greedy)))
    assert 0 <= whole.watched_ms <= whole.touched - START
    assert whole.stalled_ms <= whole.touched - START
    over = ended(whole, START + later, PLAYER)
    assert 0 <= over.watched_ms <= later
    assert over.heard <= START + later
    early = said(replace(some[0], at=START - 5_000, played_ms=70), START)  # a clock that was set back
    assert (early.watched_ms, early.touched) == (0, START)


@given(beats(), st.lists(st.tuples(_spans, st.sampled_from([PLAYER, SILENCE])), min_size=1, max_size=4), st.data())
def test_the_first_end_counts_whenever_it_is_told(
    some: list[Beat], ends: list[tuple[int, str]], data: st.DataObject
) -> None:
    """B62: ends among heartbeats, in any order."""
    told = [said(beat, START) for beat in some]
    over = [ended(begun(START), START + at, by) for at, by in ends]
    whole = reduce(joined, data.draw(st.permutations([begun(START), *told, *over])))
    assert whole.ending == min(Ending(START + at, by) for at, by in ends)
    assert revived(whole).ending is None
    assert revived(whole) == heard(some)


@given(beats(), st.booleans())
def test_a_row_keeps_what_is_known(some: list[Beat], is_over: bool) -> None:  # noqa: FBT001
    whole = heard(some)
    whole = ended(whole, whole.touched + 5, PLAYER) if is_over else whole
    ending = None if whole.ending is None else whole.ending.at
    row = {**kept(whole), "started": START, "touched": whole.heard, "ended": ending}
    back = of_row(row)
    assert kept(back) == kept(whole)
    assert kept(joined(back, whole)) == kept(whole), "to write it once more changes nothing"


def test_who_does_not_count_how_long_it_plays_is_counted_by_the_clock() -> None:
    here = said(Beat(1, START + 10_000, 10_000, played_ms=10_000), START)
    assert counted(here, START + 20_000, 20_000, 15_000) == 20_000
    assert counted(here, START + 20_000, 25_000, 15_000) == 20_000, "it plays faster"
    assert counted(here, START + 20_000, 10_000, 15_000) == 10_000, "it stands still"
    assert counted(here, START + 80_000, 20_000, 15_000) == 20_000, "it has stood still meanwhile"
    assert counted(here, START + 80_000, 80_000, 15_000) == 80_000, "it was heard of late"
    for leap in (5_000, 400_000):
        assert counted(here, START + 80_000, leap, 15_000) == 25_000, "nobody knows of the rest"
    assert counted(here, START + 5_000, 20_000, 15_000) == 10_000
    assert counted(here, START + 80_000, None, 15_000) == 25_000, "a channel has no position"
    again = joined(here, said(Beat(1, START + 30_000, 10_000, played_ms=10_000), START))
    assert counted(again, START + 40_000, 40_000, 15_000) == 40_000, "what is said again takes nothing away"


@given(st.sampled_from([10, 20, 30, 60, 120, 290]), st.lists(st.booleans(), min_size=1, max_size=10))
def test_what_is_watched_does_not_depend_on_how_often_a_player_says_so(every: int, plays: list[bool]) -> None:
    """B62: by the clock of the server and the position alone."""
    state, position, at = begun(START, 5_000), 5_000, START
    for number, goes_on in enumerate(plays, 1):
        at += every * 1000
        position += every * 1000 * goes_on
        state = joined(state, said(Beat(number, at, position, played_ms=counted(state, at, position, 20_000)), START))
    assert state.watched_ms == position - 5_000 == every * 1000 * sum(plays)


# What follows for the history

_steps = st.lists(
    st.builds(Step, st.integers(0, 500), st.integers(500, 900), st.integers(0, 100), _small, st.just(100), st.none()),
    min_size=1,
    max_size=8,
)


@given(_steps, st.data())
def test_history_adds_up_whatever_order_playings_are_told_in(steps: list[Step], data: st.DataObject) -> None:
    """B09: and it stopped where the playing did that was heard of last."""
    whole: Seen | None = None
    for step in data.draw(st.permutations(steps)):
        whole = seen(whole, step)
    assert whole is not None
    assert whole.watched_ms == sum(step.more_ms for step in steps)
    assert whole.watched_at == max(step.at for step in steps)
    assert whole.position_ms in {step.position_ms for step in steps if step.at == whole.watched_at}


def test_a_title_is_seen_to_the_end_once_for_each_time_that_somebody_comes_there() -> None:
    """B82: at 95 %, or where its credits begin."""
    assert [is_whole(at, 1000, None) for at in (949, 950, 1000)] == [False, True, True]
    assert [is_whole(at, 1000, 800) for at in (799, 800)] == [False, True]
    assert not is_whole(500, 0, None)
    assert [percent(at, whole) for at, whole in ((0, 0), (499, 1000), (2000, 1000))] == [None, 49, 100]

    first = seen(None, Step(0, 10, 500, 10, 1000))
    assert (first.times, first.completed_at, first.first_at) == (0, None, 0)
    end = seen(first, Step(0, 20, 960, 10, 1000))
    assert (end.times, end.completed_at) == (1, 20)
    credits_roll = seen(end, Step(0, 30, 990, 10, 1000))
    assert (credits_roll.times, credits_roll.completed_at) == (1, 20)
    back = seen(credits_roll, Step(0, 40, 100, 10, 1000))
    assert back.completed_at == 20, "who goes back to a scene in the same playing has seen it all the same"
    again = seen(back, Step(50, 60, 100, 10, 1000))
    assert (again.times, again.completed_at, again.watched_ms) == (1, None, 50)
    twice = seen(again, Step(50, 70, 1000, 10, 1000))
    assert (twice.times, twice.completed_at) == (2, 70)
    hidden = replace(first, hidden_at=15)
    assert seen(hidden, Step(0, 14, 600, 1, 1000)).hidden_at == 15
    assert seen(hidden, Step(0, 16, 600, 1, 1000)).hidden_at is None


def test_languages_are_chosen_of_those_that_there_are() -> None:
    there = ["en", "pt", "pt-BR", "de"]
    assert [audio(there, wanted, "de") for wanted in ("pt-br", "pt-PT", "fr", "")] == ["pt-BR", "pt", "de", "de"]
    assert (audio(there, "fr", "ja"), audio([], "fr", "ja")) == ("en", None)
    assert [subtitles(there, wanted) for wanted in ("de-AT", "fr", "")] == ["de", None, None]
