"""Whose a row is: of every table, what of it belongs to a person, and what becomes of that when they go.

Law: each table is of people, or names them, or is nobody's. What names an account or a profile by a foreign key is
theirs without being listed; whatever else may name somebody is said here. A test holds all tables to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, ForeignKey, Table, and_, func, or_, select

from control_api.tables import METADATA

GONE: Final = "somebody who has left"
"""In place of a name."""


@dataclass(frozen=True, slots=True)
class Named:
    """A table of the station in which people are named, and not by a foreign key."""

    by: tuple[str, ...]
    """Columns with the id of who did something, or of what is theirs."""
    blanked: Mapping[str, Any] = field(default_factory=dict)
    """What is written over columns when somebody goes, of the rows that name them."""


NAMED: Final[Mapping[str, Named]] = {
    "api_key": Named(("made_by",)),
    "artwork_ticket": Named(("made_by",), {"made_by_name": GONE}),
    "audit": Named(("caller", "subject")),  # see `told_of` and `LEFT`
    "backup": Named(("owner",)),
    "broadcast": Named(("created_by",)),
    "event": Named(("subject",)),
    "import": Named(("owner",)),
    "invitation": Named(("created_by", "used_by")),
    "job": Named(("owner", "subject")),
    "upload": Named(("owner",)),
}
"""An id of an account that is gone leads to nobody, and may stay."""

LEFT: Final[tuple[tuple[str, str, Mapping[str, Any]], ...]] = (
    ("audit", "caller", {"caller_name": GONE, "address": ""}),
    ("invitation", "used_by", {"note": ""}),
)
"""What is written over columns when one column names who goes."""

MENTIONED: Final[Mapping[tuple[str, str], str]] = {
    ("ticket", "assignee_id"): "who of the staff answers: the question is of who asked",
    ("ticket_entry", "author_id"): "what was said in a ticket is of who asked",
}
"""Foreign keys by which a row names somebody and is not theirs, and why. When they go the name does (SET NULL)."""

ANONYMOUS: Final[Mapping[str, Mapping[str, Any]]] = {
    "play_session": {"account_id": None, "profile_id": None, "device": "", "device_id": "", "error": ""},
    "play_counted": {},
    "payment": {"account_id": None, "method": "", "failure": ""},
    "refund": {"reason": ""},
    "subscription": {"account_id": None, "customer": "", "method": ""},
    "subscription_entry": {},
}
"""Tables of people whose rows stay when they go, with nobody's name: figures, and what the law has us keep."""

KEPT_BACK: Final[Mapping[tuple[str, str], str]] = {
    ("account", "password"): "a hash, by which it could be guessed",
    ("api_key", "digest"): "a hash of a key",
    ("identity", "digest"): "a hash of what stands beside it",
    ("mail_token", "digest"): "a hash of what proves an address",
    ("invitation", "digest"): "a hash of a token",
    ("profile", "pin"): "a hash, by which it could be guessed",
    ("session", "digest"): "a hash of what proves the session",
    ("job", "lease"): "what lets a worker write",
}
"""Columns that nobody is handed, and why."""

LEFT_OUT: Final[Mapping[str, str]] = {
    "data_export_piece": "the archives themselves",
}
"""Tables of people that no archive has, and why."""

_LIBRARY: Final = "the library's: it speaks of films, and of the people in them"
_STATION: Final = "the station's own affairs"
_MOMENT: Final = "kept for a day at most, under a digest of which nobody can say whose it is"
_SUMS: Final = "sums over everybody"
_HASHED: Final = "by a hash whose key is thrown away with its day: nobody can say whose it is"
NOBODYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "amendment_due", "artwork", "asset", "asset_care", "break_edit", "credit", "genre", "person",
            "person_elsewhere", "picture_stray", "poster_due", "tag", "title", "title_country", "title_elsewhere",
            "title_genre", "title_language", "title_tag", "title_text",
        ),
        _LIBRARY,
    ),
    **dict.fromkeys(
        (
            "ad_beacon", "ad_creative", "ad_decision", "ad_offer", "ad_place", "ad_source", "ad_source_state",
            "air_place", "delivery", "duty", "import_entry", "import_memory", "job_entry", "secret", "signing_key",
            "webhook", "webhook_place",
        ),
        _STATION,
    ),
    **dict.fromkeys(("failures", "idempotency"), _MOMENT),
    **dict.fromkeys(
        (
            "figure_day", "figure_place", "rating_sum", "recommendation_build", "recommendation_day",
            "recommendation_work", "title_seen",
        ),
        _SUMS,
    ),
    **dict.fromkeys(("title_view", "view_sent", "visit", "visit_key"), _HASHED),
    **dict.fromkeys(
        ("help_article", "legal_text", "plan", "provider_event", "rail", "rail_pin", "receipt_count"), _STATION
    ),
}  # fmt: skip
"""Tables that name no user of the station, and why."""

AUDIT: Final = "audit"
_OWN: Final = ("account", "identity", "profile", "session")
"""Kinds of things that are people's own, in the audit."""
_ACCOUNT: Final = "account"
_PROFILE: Final = "profile"


@cache
def personal() -> tuple[Table, ...]:
    """The tables whose rows are of people, each behind those that it names."""
    found = {_ACCOUNT}
    for table in METADATA.sorted_tables:
        if table.name not in NOBODYS and any(key.column.table.name in found for key in _owning(table)):
            found.add(table.name)
    return tuple(table for table in METADATA.sorted_tables if table.name in found)


def theirs(table: Table, account: str) -> ColumnElement[bool]:
    """Of the rows of a table of people: whether they are this account's."""
    if table.name == _ACCOUNT:
        return table.c.id == account
    known = {one.name for one in personal()} - {table.name}
    ways = [
        key.parent == account
        if key.column.table.name == _ACCOUNT
        else key.parent.in_(select(key.column).where(theirs(key.column.table, account)))
        for key in _owning(table)
        if key.column.table.name in known
    ]
    return or_(*ways, _written(table, account)) if table.name == "ticket" else or_(*ways)


def _owning(table: Table) -> list[ForeignKey]:
    """The foreign keys by which a row may be somebody's."""
    return sorted(
        (key for key in table.foreign_keys if (table.name, key.parent.name) not in MENTIONED),
        key=lambda key: key.parent.name,
    )


def _written(ticket: Table, account: str) -> ColumnElement[bool]:
    """Of a ticket: whether it came by the contact form, from the address that the account has proven to be its own."""
    one = METADATA.tables[_ACCOUNT].c
    own = select(func.lower(one.email)).where(one.id == account, one.email_verified).scalar_subquery()
    return and_(ticket.c.account_id.is_(None), ticket.c.email != "", func.lower(ticket.c.email) == own)


def naming(table: Table, account: str) -> ColumnElement[bool]:
    """Of the rows of a table of the station: whether they name this account, its profiles, or its sessions."""
    ways = [names(table.c[column], account) for column in NAMED[table.name].by]
    return or_(*ways, told_of(account)) if table.name == AUDIT else or_(*ways)


def told_of(account: str) -> ColumnElement[bool]:
    """Of entries of the audit: whether they say what somebody is, or was.

    A session is forgotten long before the entries that tell of it, so these are known by what they say.
    """
    audit = METADATA.tables[AUDIT].c
    said = or_(*(one["account_id"].as_string() == account for one in (audit.before, audit.after)))
    own = and_(audit.caller == account, audit.kind.in_(_OWN))
    return or_(names(audit.subject, account), own, and_(audit.kind == "session", said))


def names(column: Any, account: str) -> ColumnElement[bool]:  # noqa: ANN401 — a column of any type
    """Whether a column has the id of this account, of a profile or of a session of it."""
    ways: list[ColumnElement[bool]] = [column == account]
    for name in (_PROFILE, "session"):
        table = METADATA.tables[name]
        ways.append(column.in_(select(table.c.id).where(table.c.account_id == account)))
    return or_(*ways)


def shown(table: Table) -> list[str]:
    """The columns of a table that its owner is handed."""
    return [column.name for column in table.columns if (table.name, column.name) not in KEPT_BACK]
