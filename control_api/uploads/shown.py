"""How an upload is shown, and how its changes are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import Field
from yarl import URL

from control_api.changes import Actor, Change, audited
from control_api.happenings import Happening, append
from control_api.instants import Instant
from control_api.models import Shown
from control_api.uploads.content import Probed
from control_api.uploads.states import UploadState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.tables import Upload

KIND: Final = "upload"


class UploadShown(Shown):
    """An upload."""

    id: str
    owner: str = Field(description="The id of who sends it.")
    way: str = Field(description="How it comes: tus, form or link.")
    state: UploadState = Field(
        description="receiving, quarantined until the probe has looked, accepted while it is packaged, packaged; "
        "refused, ended and expired ones have no bytes any more."
    )
    name: str = Field(description="What the client calls the file.")
    title: str
    kind: str = Field(description="What it is: movie, episode, short, ad…; empty: a clip.")
    tags: list[str] = Field(description="By what channels choose it.")
    series: str = Field(description="Of an episode: the name of its series.")
    season: int = Field(description="The number of its season; 0: none.")
    episode: int = Field(description="Its number in the season; 0: none.")
    language: str = Field(description="BCP 47: the language of its main sound; empty: what the file says.")
    house: str = Field(description="The format to package it in; empty: the station's own.")
    title_id: str | None = Field(description="The title that its asset is to belong to.")
    fingerprint: str | None = Field(description="By what the client knows the file again.")
    link: str = Field(description="Where it is fetched from, without what stands behind a question mark.")
    length: int | None = Field(description="How many bytes there will be; null while nobody knows.")
    received: int = Field(description="How many bytes are on the disk for certain.")
    sha256: str = Field(description="Of the whole file, in hexadecimal digits; empty until it is known.")
    found: Probed | None = Field(description="What the probe found in it.")
    reason: str | None = Field(description="Why it was refused.")
    asset_id: str | None = Field(description="What was packaged from it.")
    is_kept: bool = Field(description="Whether its bytes are there.")
    created_at: Instant
    touched_at: Instant = Field(description="When bytes last came.")
    expires_at: Instant = Field(description="Until when it is kept unfinished.")


def shown(row: Upload) -> UploadShown:
    """An upload, for who may see it."""
    return UploadShown(
        **row.model_dump(include=UploadShown.model_fields.keys() - {"link", "found", "state"}),
        state=UploadState(row.state),
        link=bare(row.link),
        sha256=row.digest,
        found=None if row.found is None else Probed.model_validate(row.found),
    )


def bare(link: str) -> str:
    """A link without its query and its user, where people put keys."""
    if not link:
        return ""
    try:
        url = URL(link)
        return str((url.with_user(None) if url.host else url).with_query(None).with_fragment(None))
    except ValueError:  # it is none, and nothing of it is known
        return ""


async def tell(session: AsyncSession, actor: Actor, row: Upload, action: str, now: datetime) -> None:
    """Write what became of an upload to the audit and the events; the transaction should end right after."""
    change = Change(KIND, row.id, action, after=lasting(row))
    happening = audited(session, actor, change, now)
    if happening is not None and row.reason:
        happening.data["reason"] = row.reason
    await append(session, [] if happening is None else [happening], now)


async def refused(session: AsyncSession, actor: Actor, row: Upload, now: datetime, why: tuple[str, str]) -> None:
    """Tell that an upload was refused, and that so there will be no asset of it: the reason, and what to do."""
    await tell(session, actor, row, "refused", now)
    await append(session, [unmade(row.id, row.name or bare(row.link), {"upload": row.id}, why)], now)


def unmade(subject: str, source: str, about: dict[str, str], why: tuple[str, str]) -> Happening:
    """That something becomes no asset. `about` says which upload and which job that was; `why` reason and advice."""
    known = {"source": source, "upload": None, "job": None, **about}
    return Happening("asset.failed", subject, known | {"reason": why[0][:2000], "advice": why[1][:500]})


def lasting(row: Upload) -> UploadShown:
    """What counts as a change of it: not that bytes came."""
    return shown(row).model_copy(update={"received": 0, "touched_at": row.created_at, "expires_at": row.created_at})


STATION: Final = Actor("station", "the station", "take_in")
"""Who does what nobody asked for at that moment."""
