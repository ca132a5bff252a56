"""Subscriptions as a function of what has happened to them: laws, with every kind of entry in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from control_api.plans.standing import OVER, PATIENCE, Entry, Kind, State, due, standing
from control_api.plans.taxes import WHOLE, tax_back, tax_in

BORN = datetime(2026, 3, 1, tzinfo=UTC)
GRACE = timedelta(days=7)
DAY = timedelta(days=1)
PLANS = ("premium", "family")

_days = st.integers(0, 90).map(lambda days: BORN + days * DAY)
_spans = st.tuples(_days, st.integers(1, 40)).map(lambda pair: (pair[0], pair[0] + pair[1] * DAY))


@st.composite
def entries(draw: st.DrawFn, kinds: tuple[Kind, ...] = tuple(Kind)) -> Entry:
    kind = draw(st.sampled_from(kinds))
    since, until = draw(_spans)
    lasts = kind in (Kind.PAID, Kind.GRANTED) or (kind is Kind.OPENED and draw(st.booleans()))
    return Entry(
        kind,
        draw(_days),
        draw(st.text("abc", min_size=1, max_size=3)),
        plan=draw(st.sampled_from(("", *PLANS))),
        since=since if lasts or kind is Kind.UNPAID else None,
        until=until if lasts else None,
    )


some = st.lists(entries(), min_size=1, max_size=9)


@given(some, st.data())
def test_in_whatever_order_and_however_often_it_is_told_it_stands_the_same(
    told: list[Entry], data: st.DataObject
) -> None:
    """C40a: provider webhooks come twice, and the later one first."""
    again = data.draw(st.permutations([*told, *data.draw(st.lists(st.sampled_from(told), max_size=5))]))
    assert standing(again, GRACE) == standing(told, GRACE)


@given(some, st.lists(entries(), max_size=5))
def test_what_has_ended_stays_ended(told: list[Entry], later: list[Entry]) -> None:
    """C40a: from expired nothing leads to active but a new subscription."""
    if standing(told, GRACE).state in OVER:
        after = standing([*told, *later], GRACE)
        assert after.state in OVER
        assert not any(after.counts(BORN + n * DAY) for n in range(150))
        assert due(BORN + 400 * DAY, after) is None


@given(some, st.integers(0, 200))
def test_it_counts_no_longer_than_what_was_paid_given_or_tried_and_the_grace(told: list[Entry], days: int) -> None:
    """C39c: the grace period, and nothing beyond it."""
    now = BORN + days * DAY
    found = standing(told, GRACE)
    if not found.counts(now):
        return
    reach = max(one.until for one in told if one.until is not None)
    paid = any(one.kind is Kind.PAID for one in told)
    assert now < reach + (GRACE if paid else PATIENCE)
    if not found.renews:
        assert now < reach
    assert found.state not in OVER


@given(some, st.integers(0, 400))
def test_time_alone_brings_everything_to_where_nothing_is_due(told: list[Entry], days: int) -> None:
    now = BORN + days * DAY
    for step in range(4):
        kind = due(now, standing(told, GRACE))
        if kind is None:
            break
        told = [*told, Entry(kind, now, f"clock {step}", since=standing(told, GRACE).period_end)]
    found = standing(told, GRACE)
    assert due(now, found) is None
    if not any(one.kind in (Kind.PAID, Kind.OPENED, Kind.GRANTED) and one.until for one in told) and days > 91:
        assert found.state in OVER


@given(st.lists(entries((Kind.STOPPING, Kind.RENEWING)), min_size=1, max_size=6))
def test_the_last_wish_counts(wishes: list[Entry]) -> None:
    """C40b: cancel at the end of the period, and undo it."""
    last = max(wishes, key=lambda one: (one.at, one.key, one.kind))
    paid = Entry(Kind.PAID, BORN, "p", "premium", BORN, BORN + 200 * DAY)
    found = standing([paid, *wishes], GRACE)
    assert found.renews == (last.kind is Kind.RENEWING)
    assert found.state is State.ACTIVE
    assert found.until == BORN + 200 * DAY + (GRACE if found.renews else timedelta())


def test_a_life_by_example() -> None:
    """C40a: trialing, active, past due, active again, cancelled at the end."""
    month = timedelta(days=30)
    told = [Entry(Kind.OPENED, BORN, "1", "premium", until=BORN + 7 * DAY)]
    assert standing(told, GRACE).state is State.TRIALING
    told.append(Entry(Kind.PAID, BORN + 7 * DAY, "2", "", BORN + 7 * DAY, BORN + 7 * DAY + month))
    first = standing(told, GRACE)
    assert (first.state, first.plan, first.period_start) == (State.ACTIVE, "premium", BORN + 7 * DAY)
    end = BORN + 7 * DAY + month
    assert due(end - DAY, first) is None
    assert due(end, first) is Kind.UNPAID
    told.append(Entry(Kind.UNPAID, end, "3", since=end))
    late = standing(told, GRACE)
    assert late.state is State.PAST_DUE
    assert late.counts(end + 6 * DAY)
    assert not late.counts(end + 7 * DAY)
    assert due(end + 7 * DAY, late) is Kind.LAPSED
    told.append(Entry(Kind.PLANNED, end, "4", "family"))
    assert standing(told, GRACE).next_plan == "family"
    told.append(Entry(Kind.PAID, end + DAY, "5", "family", end, end + month))
    again = standing(told, GRACE)
    assert (again.state, again.plan, again.next_plan) == (State.ACTIVE, "family", "")
    told.append(Entry(Kind.STOPPING, end + 2 * DAY, "6"))
    told.append(Entry(Kind.ENDED, end + month, "7"))
    over = standing(told, GRACE)
    assert (over.state, over.ended_at, over.until) == (State.CANCELED, end + month, None)


@given(st.integers(0, 10**12), st.integers(0, WHOLE), st.lists(st.integers(0, 10**12), max_size=5))
def test_net_and_tax_are_what_was_paid_and_of_what_is_given_back_too(gross: int, rate: int, backs: list[int]) -> None:
    """C39a: whole numbers, rounded to the nearest; in however many parts money is given back, its tax is all there."""
    tax = tax_in(gross, rate)
    net = gross - tax
    assert 0 <= tax <= gross
    assert net + tax == gross
    assert abs(2 * (tax * (WHOLE + rate) - gross * rate)) <= WHOLE + rate, "no other whole number is nearer"
    given, taxes = 0, 0
    for back in [*backs, gross]:
        before, given = given, min(given + back, gross)
        taxes += tax_back(tax, gross, given) - tax_back(tax, gross, before)
        assert 0 <= taxes <= tax
        assert 0 <= given - taxes <= net, "nothing is given back that was not paid, neither of net nor of tax"
    assert (given, taxes) == (gross, tax)
