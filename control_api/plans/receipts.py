"""Receipts, to be printed: as text, and as a page without anything that has to be fetched. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from control_api.plans.money import written


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says."""

    number: str
    issued: datetime
    seller: str
    seller_tax: str
    buyer: str
    description: str
    start: datetime | None
    end: datetime | None
    amount: int
    refunded: int
    currency: str
    method: str

    def lines(self) -> list[tuple[str, str]]:
        """What it says, name by name."""
        day = self.issued.date().isoformat()
        span = "" if self.start is None or self.end is None else f"{self.start.date()} to {self.end.date()}"
        rows = [
            ("Receipt", self.number),
            ("Date", day),
            ("Seller", self.seller),
            ("Tax number", self.seller_tax),
            ("Customer", self.buyer),
            ("For", self.description),
            ("Period", span),
            ("Paid by", self.method),
            ("Paid", written(self.amount, self.currency)),
            ("Given back", written(self.refunded, self.currency) if self.refunded else ""),
        ]
        return [(name, value) for name, value in rows if value]

    def text(self) -> str:
        """As text of one width."""
        found = []
        for name, value in self.lines():
            first, *others = value.splitlines() or [""]
            found += [f"{name + ':':<12} {first}", *(f"{'':<12} {line}" for line in others)]
        return "\n".join(found) + "\n"

    def page(self) -> str:
        """As a page of its own."""
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{'<br>'.join(map(escape, value.splitlines()))}</td></tr>"
            for name, value in self.lines()
        )
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            f"<title>Receipt {escape(self.number)}</title>"
            f"<h1>Receipt {escape(self.number)}</h1><table>{rows}</table></html>\n"
        )
