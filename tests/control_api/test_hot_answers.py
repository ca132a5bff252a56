"""What is remembered for a moment: never longer, never past a change, never more than so much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from control_api.hot import Hot
from control_api.measures import Measures

NOW = datetime(2026, 11, 21, tzinfo=UTC)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.integers(0, 4)),
        st.tuples(st.just("begin"), st.integers(0, 4)),
        st.tuples(st.just("hold"), st.integers(0, 4)),
        st.tuples(st.just("wait"), st.integers(-2, 4)),
        st.tuples(st.just("change"), st.integers(0, 1)),
    ),
    max_size=60,
)


@given(_steps, st.integers(0, 3))
def test_what_is_told_from_memory_is_what_is_true_but_for_a_moment(steps: list[tuple[str, int]], span: int) -> None:
    """C83: a state is a number that each change raises; what is read was true when its reading began."""
    measures = Measures()
    hot = Hot(timedelta(seconds=span), measures.hot, most=3)
    now, state, looked = NOW, 0, 0
    begun: dict[int, tuple[int, int]] = {}
    held: dict[int, datetime] = {}
    for what, number in steps:
        if what == "wait":
            now += timedelta(seconds=number)
        elif what == "change":
            state += number  # a change of what nobody is shown here changes nothing
            hot.changed({"title"} if number else {"account"})
        elif what == "begin":
            begun[number] = state, hot.changes
        elif what == "hold" and number in begun:
            value, changes = begun.pop(number)
            hot.hold(number, value, now, changes)
            held[number] = now
        elif what == "look":
            looked += 1
            found = hot.look(number, now)
            assert found in (None, state)
            assert found is None or timedelta(0) <= now - held[number] < timedelta(seconds=span)
        assert len(hot) <= 3 * bool(span)
    counted = {sample.labels["found"]: sample.value for one in measures.hot.collect() for sample in one.samples
               if sample.name.endswith("_total")}  # fmt: skip
    assert sum(counted.values()) == looked
