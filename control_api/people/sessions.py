"""Sessions: opened by a sign-in, kept alive by being used, ended by whoever may.

Law: a session is over when it was revoked, was not used for its idle time, or has reached its end. Nothing brings it
back.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_
from sqlmodel import col, delete, or_, select, update

from control_api.addresses import household
from control_api.callers import Caller, Stranger, Viewer
from control_api.ids import new_id
from control_api.people import chain
from control_api.people.chain import Link
from control_api.people.roles import AUDIENCE, Role, scopes_of
from control_api.tables import Account, Profile, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.rotation import Rotation
    from control_api.settings import Settings

MOST: Final = 100
"""Sessions of one account that live at a time; the one that was not used for longest gives way."""
KEPT: Final = timedelta(days=30)
"""How long it is kept that there was a session."""
_NOTED: Final = timedelta(minutes=1)  # how exactly it is kept when one was last used
_DEVICE: Final = 200
_FORGOTTEN: Final = 1000  # how many that are over for long are deleted at a time


class Kind(StrEnum):
    """How a session is proven."""

    TOKEN = "token"  # noqa: S105 — a name
    COOKIE = "cookie"


class Why(StrEnum):
    """What ended a session."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    REUSED = "reused"
    PASSWORD = "password"  # noqa: S105 — a reason
    REPLACED = "replaced"
    PROFILE = "profile"
    """The profile that watched in it was deleted."""


@dataclass(frozen=True, slots=True)
class Device:
    """From where somebody signs in."""

    name: str
    """What their program calls itself (User-Agent)."""
    address: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session, and what proves it."""

    row: Session
    secret: str
    """The cookie, or the first refresh token; there is no other place that has it."""


def is_live(now: datetime) -> ColumnElement[bool]:
    """Of a session that is not over."""
    return and_(col(Session.revoked_at).is_(None), col(Session.idle_at) > now, col(Session.expires_at) > now)


def idle(settings: Settings, kind: str) -> timedelta:
    """How long a session lives without being used."""
    if kind == Kind.COOKIE:
        return timedelta(minutes=settings.cookie_idle_minutes)
    return timedelta(days=settings.refresh_days)


async def opened(
    session: AsyncSession, settings: Settings, account: Account, kind: Kind, device: Device, now: datetime
) -> Opened:
    """A new session of the account; what is over for long is forgotten, and the oldest of very many are ended."""
    name = new_id("ss")
    if kind is Kind.TOKEN:
        link = chain.first(name)
        secret, digest = link.token, link.digest
    else:
        secret = secrets.token_urlsafe(32)
        digest = cookie_digest(secret)
    expires_at = now + timedelta(days=settings.session_days)
    row = Session(
        id=name,
        account_id=account.id,
        kind=kind,
        digest=digest,
        turned_at=now,
        device=device.name.encode("utf-8", "replace").decode()[:_DEVICE].replace("\0", ""),
        address=device.address,
        place=household(device.address),
        created_at=now,
        proven_at=now,
        seen_at=now,
        seen_from=device.address,
        idle_at=min(now + idle(settings, kind), expires_at),
        expires_at=expires_at,
    )
    over = or_(col(Session.idle_at) <= now - KEPT, col(Session.revoked_at) <= now - KEPT)
    some = select(Session.id).where(over).limit(_FORGOTTEN).with_for_update(skip_locked=True)
    await session.exec(delete(Session).where(col(Session.id).in_(some)))
    await _make_way(session, account.id, now)
    session.add(row)
    return Opened(row, secret)


async def revoke(session: AsyncSession, rows: Sequence[Session], why: Why, now: datetime) -> None:
    """End these sessions; who was known by them has to be forgotten."""
    for row in rows:
        row.revoked_at, row.revoked_for = now, why
        session.add(row)


async def live_of(session: AsyncSession, account: str, now: datetime) -> Sequence[Session]:
    """The sessions of an account that are not over, held until the end of the transaction."""
    rows = select(Session).where(Session.account_id == account, is_live(now)).order_by(col(Session.id))
    return (await session.exec(rows.with_for_update())).all()


@dataclass(frozen=True, slots=True)
class Turned:
    """What became of a refresh token."""

    row: Session
    account: Account
    link: Link
    """The token that is good now."""


@dataclass(frozen=True, slots=True)
class Reused:
    """An old token was sent by somebody: the session is in two hands, and is to end."""

    row: Session


async def turned(
    session: AsyncSession, settings: Settings, keys: Rotation, token: str, now: datetime
) -> Turned | Reused | Stranger:
    """Replace a refresh token by the next one. What is changed is part of the transaction."""
    sent = chain.read(token)
    found = None if sent is None else await _held(session, sent.session)
    if sent is None or found is None:
        return Stranger("that is no refresh token")
    row, account = found
    key = keys.at(row.created_at)
    if row.kind != Kind.TOKEN or not sent.leads_to(row.turns, row.digest, key):
        return Stranger("that is no refresh token")
    if (over := _over(row, account, now)) is not None:
        return over
    link = sent.next(key)
    if sent.turn == row.turns:
        row.digest, row.turns, row.turned_at = link.digest, link.turn, now
        row.seen_at, row.idle_at = now, min(now + idle(settings, row.kind), row.expires_at)
        session.add(row)
        return Turned(row, account, link)
    is_retried = sent.turn == row.turns - 1
    if is_retried and now - row.turned_at <= timedelta(seconds=settings.refresh_grace_seconds):
        return Turned(row, account, link)  # the very same that was given for it before
    return Reused(row)


@dataclass(frozen=True, slots=True)
class Named:
    """What an access token names."""

    session: str
    profile: str


async def by_id(database: Database, settings: Settings, named: Named, now: datetime, address: str) -> Caller | Stranger:
    """Who is in the session of this id, and watches as this profile."""
    watches = and_(col(Profile.id) == named.profile, col(Profile.account_id) == Session.account_id)
    sought = _Sought(col(Session.id) == named.session, watches)
    return await _caller(database, settings, sought, now, address)


async def by_cookie(
    database: Database, settings: Settings, cookie: str, now: datetime, address: str
) -> Caller | Stranger:
    """Who is in the session of this cookie."""
    sought = _Sought(col(Session.digest) == cookie_digest(cookie), _watches())
    return await _caller(database, settings, sought, now, address)


def cookie_digest(cookie: str) -> str:
    """As the database keeps a cookie."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()


def caller_of(account: Account, profile: Profile | None, session: str = "", until: datetime | None = None) -> Caller:
    """An account as who asks, and which profile of it watches."""
    viewer = None if profile is None else viewer_of(profile)
    scopes = scopes_of(account.role)
    if viewer is not None and viewer.is_kids:  # nothing behind the scenes, whoever their parents are
        scopes &= AUDIENCE
    return Caller(
        account.id,
        account.username,
        scopes,
        session,
        until,
        is_person=True,
        viewer=viewer,
        is_unverified=account.role == Role.VIEWER and not account.email_verified,
    )


def viewer_of(profile: Profile) -> Viewer:
    """A profile as who watches."""
    return Viewer(
        profile.id,
        profile.name,
        profile.is_kids,
        profile.ceiling,
        frozenset(profile.genres_allowed),
        profile.language,
        profile.keeps_history,
        profile.subtitles,
        profile.autoplay,
        tuple(profile.genres_liked),
    )


@dataclass(frozen=True, slots=True)
class _Sought:
    """Which session is looked for, and which profile watches in it."""

    which: ColumnElement[bool]
    watches: ColumnElement[bool]


async def _caller(
    database: Database, settings: Settings, sought: _Sought, now: datetime, address: str
) -> Caller | Stranger:
    async with database.reading() as session:
        found = (
            await session.exec(
                select(Session, Account, Profile)
                .join(Account, col(Account.id) == Session.account_id)
                .outerjoin(Profile, sought.watches)
                .where(sought.which)
            )
        ).one_or_none()
    if found is None:
        return Stranger("there is no such session")
    row, account, profile = found
    if (over := _over(row, account, now)) is not None:
        return over
    if profile is None:  # nobody watches as nobody: nothing would be kept from them
        return Stranger("the profile of this token is no more: refresh the token")
    if now - row.seen_at >= _noted(settings, row.kind):
        await _note(database, settings, row, now, address)
    return caller_of(account, profile, row.id, min(row.idle_at, row.expires_at))


async def watching(session: AsyncSession, row: Session) -> str:
    """The id of the profile that watches in a session."""
    if row.profile_id is not None:
        return row.profile_id
    main = await main_of(session, row.account_id)
    return main.id if main is not None else ""


async def main_of(session: AsyncSession, account: str) -> Profile | None:
    """The main profile of an account."""
    rows = select(Profile).where(Profile.account_id == account, col(Profile.is_main))
    return (await session.exec(rows)).one_or_none()


def _watches() -> ColumnElement[bool]:
    """Of the profile that watches in a session: the one that was chosen, or else the main one."""
    is_main = and_(col(Profile.account_id) == Session.account_id, col(Profile.is_main))
    return or_(col(Profile.id) == Session.profile_id, and_(col(Session.profile_id).is_(None), is_main))


def _over(row: Session, account: Account, now: datetime) -> Stranger | None:
    """Why nobody is in this session any more."""
    if row.revoked_at is not None:
        return Stranger("the session was ended: sign in again")
    if row.idle_at <= now or row.expires_at <= now:
        return Stranger("the session has expired: sign in again")
    if account.blocked_at is not None:
        return Stranger("the account is blocked")
    if account.closes_at is not None:
        return Stranger("the account was closed: sign in again to keep it")
    return None


async def _note(database: Database, settings: Settings, row: Session, now: datetime, address: str) -> None:
    """Write down that the session is used; one of a cookie lives on."""
    values: dict[str, Any] = {"seen_at": now, "seen_from": address}
    if row.kind == Kind.COOKIE:
        values["idle_at"] = row.idle_at = min(now + idle(settings, row.kind), row.expires_at)
    ours = (col(Session.id) == row.id, col(Session.seen_at) <= now - _noted(settings, row.kind))
    async with database.writing() as session:
        await session.exec(update(Session).where(*ours).values(**values))


def _noted(settings: Settings, kind: str) -> timedelta:
    """How exactly it is kept when a session was last used: enough for it to live on by being used."""
    return min(_NOTED, idle(settings, kind) / 10)


async def _held(session: AsyncSession, name: str) -> tuple[Session, Account] | None:
    rows = select(Session, Account).join(Account, col(Account.id) == Session.account_id).where(Session.id == name)
    return (await session.exec(rows.with_for_update())).one_or_none()


async def _make_way(session: AsyncSession, account: str, now: datetime) -> None:
    rows = select(Session).where(Session.account_id == account, is_live(now)).order_by(col(Session.seen_at).desc())
    await revoke(session, (await session.exec(rows.offset(MOST - 1))).all(), Why.REPLACED, now)
