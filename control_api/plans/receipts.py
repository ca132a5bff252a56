"""Receipts, to be printed: as text, and as a page without anything that has to be fetched. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from control_api.plans.money import written
from control_api.plans.taxes import tax_back


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
    tax: int
    tax_rate: int | None
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
            ("Net", written(self.amount - self.tax, self.currency) if self.tax else ""),
            (self._tax_name(), written(self.tax, self.currency) if self.tax else ""),
            ("Paid", written(self.amount, self.currency)),
            ("Given back", written(self.refunded, self.currency) if self.refunded else ""),
            ("Tax in that", written(self._tax_back(), self.currency) if self._tax_back() else ""),
        ]
        return [(name, value) for name, value in rows if value]

    def _tax_name(self) -> str:
        """The tax, with its rate, where there is one that was said: `Tax 7.5 %`."""
        if self.tax_rate is None:
            return "Tax"
        whole, rest = divmod(self.tax_rate, 100)
        return f"Tax {whole}" + (f".{rest:02}".rstrip("0") if rest else "") + " %"

    def _tax_back(self) -> int:
        return tax_back(self.tax, self.amount, self.refunded)

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
