"""Money and time of plans: whole numbers of the smallest unit of a currency, and months as the calendar has them. Pure.

Laws. No amount is ever a fraction. What is credited for the rest of a period is never more than was paid for it.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

MONTHS: Final = {"month": 1, "year": 12}
"""How many months a period has."""
MOST: Final = 10**12
"""The highest price, in the smallest unit."""
_MILLI: Final = timedelta(milliseconds=1)
_NO_CENTS: Final = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905 — a list of words
)
_THOUSANDTHS: Final = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
"""Currencies of ISO 4217 whose smallest unit is not a hundredth."""


def digits(currency: str) -> int:
    """How many digits stand behind the point."""
    return 0 if currency in _NO_CENTS else 3 if currency in _THOUSANDTHS else 2


def written(amount: int, currency: str) -> str:
    """An amount for people: `EUR 9.99`."""
    places = digits(currency)
    whole, part = divmod(abs(amount), 10**places)
    sign = "-" if amount < 0 else ""
    return f"{currency} {sign}{whole}" + (f".{part:0{places}}" if places else "")


def later(start: datetime, period: str, day: int) -> datetime:
    """The end of the period that begins at `start`, on `day` of its month or the last day there is."""
    months = start.month - 1 + MONTHS[period]
    year, month = start.year + months // 12, months % 12 + 1
    return start.replace(year=year, month=month, day=min(day, monthrange(year, month)[1]))


def unused(paid: int, start: datetime, end: datetime, now: datetime) -> int:
    """What of a price that was paid for a period is left at `now`, rounded down."""
    whole, left = (end - start) // _MILLI, (end - max(now, start)) // _MILLI
    return paid * max(left, 0) // whole if whole > 0 else 0


def is_up(before: tuple[int, str], after: tuple[int, str]) -> bool:
    """Whether the second price and period cost more for the same time."""
    return after[0] * MONTHS[before[1]] > before[0] * MONTHS[after[1]]
