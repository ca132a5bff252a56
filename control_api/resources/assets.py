"""Assets: what is packaged, in which renditions, how loud, with which pictures; and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, ValidationError
from sqlmodel import col, select

from control_api.assets import airing
from control_api.assets.breaks import points
from control_api.assets.care import care_of, due, edits_of
from control_api.assets.documents import document
from control_api.assets.poster import CHOOSE_POSTER, ChoosePoster, PosterShown
from control_api.assets.removing import PURGE_ASSET, PurgeAsset
from control_api.assets.repackaging import original
from control_api.assets.shown import (
    DELETED,
    GONE,
    PACKAGED,
    REPLACED,
    WITHDRAWN,
    AssetDetail,
    AssetId,
    AssetPath,
    AssetShown,
    AssetState,
    detail,
    shown,
)
from control_api.assets.withdrawing import Order, carry_out
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant, Millis
from control_api.jobs import submit
from control_api.jobs.packaging import PACKAGE, Package
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.problems import CONFLICT, TOO_MANY, UNACCEPTABLE, Problem, missing, mistakes, unacceptable
from control_api.resources.jobs import JobBegun
from control_api.scopes import Scope
from control_api.tables import Asset, AssetCare, Upload
from control_api.uploads.landing import FOLDER as UPLOADS
from control_api.uploads.wanted import House
from playout import keys
from playout.station import UnknownChannel

if TYPE_CHECKING:
    from control_api.tables import Job
    from playout.core.asset import Asset as Document

KIND: Final = "asset"
TAG: Final = "Assets"
_PICTURE: Final = r"^(poster(-\d{1,12})?\.jpg|storyboard(\.vtt|-\d{3,6}\.jpg))$"
_TYPES: Final = {"jpg": "image/jpeg", "vtt": "text/vtt"}
_BINNED: Final[dict[str, AssetState]] = {PACKAGED: PACKAGED, WITHDRAWN: WITHDRAWN, REPLACED: REPLACED}
"""In which states an asset can be put into the bin."""
_FOR_EVER: Final = "private, max-age=31536000, immutable"


class AssetQuery(PageQuery):
    """Which assets are wanted."""

    title: str | None = Field(default=None, min_length=1, max_length=40, description="Only those of this title.")
    state: AssetState | None = Field(default=None, description="Only those that are so; else all but deleted ones.")
    kind: str | None = Field(default=None, min_length=1, max_length=10, description="Only those that are this.")
    house: str | None = Field(default=None, min_length=1, max_length=40, description="Only those in this format.")


class AssetPage(Page[AssetShown]):
    """A page of assets, the newest first."""


class AssetPicturePath(AssetPath):
    """Which picture of an asset."""

    file: str = Field(pattern=_PICTURE, description="The name of the file.")


class WithdrawGiven(Given):
    """Why and where an asset is pulled off the air."""

    reason: str = Field(default="", max_length=500, description="For people.")
    channels: list[str] | None = Field(
        default=None, max_length=1000, description="From these channels only; null: from all, and none may choose it."
    )


class AssetOrdersShown(Shown):
    """What was ordered."""

    channels: list[str] = Field(description="The channels that have the order: they air slate in its place at once.")
    asset: AssetShown


class UseShown(Shown):
    """A channel that can air an asset."""

    channel: str
    name: str
    revision: int = Field(description="The number of the revision whose rules were asked.")
    as_program: bool = Field(description="Whether its rules ask for it as a program.")
    as_filling: bool = Field(description="Whether they can air it between programs.")
    committed: bool = Field(description="Whether it stands in the channel's log, from shortly before now on.")


class UsesShown(Shown):
    """Where an asset is used."""

    items: list[UseShown]


class NextQuery(Given):
    """How far the next times are looked for."""

    days: int = Field(default=7, ge=1, le=31, description="Days of each channel.")


class ShowingShown(Shown):
    """A time at which an asset is on."""

    channel: str
    name: str
    start: Instant
    stop: Instant
    role: str = Field(description="program, ad, bumper, filler or slate.")
    committed: bool = Field(description="Whether it stands in the log; else the schedule says so as things are now.")


class LookedShown(Shown):
    """A channel on which no time was found."""

    channel: str
    until: Instant = Field(description="How far was looked.")


class NextShown(Shown):
    """When an asset is on next."""

    items: list[ShowingShown] = Field(description="The next time on each channel, the soonest first.")
    not_found: list[LookedShown] = Field(description="Channels that can air it and do not within what was looked at.")


class PosterGiven(Given):
    """Which frame is to be the poster."""

    at_ms: Millis = Field(description="Where it is; the key frame at or before it is taken.")


class ReplaceGiven(Given):
    """What takes the place of an asset."""

    by: AssetId


class RepackageGiven(Given):
    """How an asset is to be packaged anew; what is left out is as it was."""

    house: House = Field(default="", description="The format; empty: as it is.")
    source: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="The source in the folder sources of the store, where the original is no upload that was kept.",
    )
    rendition: str = Field(
        default="", max_length=40, pattern=r"^([a-z]-?[A-Za-z0-9-]+)?$", description="Only this rendition is made anew."
    )


@Endpoint(
    method="GET",
    path="/api/v1/assets",
    name="list_assets",
    summary="What is packaged, the newest first",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    query_model=AssetQuery,
    answers={200: AssetPage},
)
async def list_assets(call: Call[Nothing, AssetQuery, Nothing]) -> Answer:
    """A page of assets."""
    asked, rows = call.query, select(Asset)
    for column, value in ((Asset.title_id, asked.title), (Asset.kind, asked.kind), (Asset.house, asked.house)):
        if value is not None:
            rows = rows.where(col(column) == value)
    rows = rows.where(Asset.state == asked.state if asked.state else col(Asset.state) != DELETED)
    order = [(col(Asset.added_at), True), (col(Asset.id), True)]
    return await page(call, rows, order, lambda row: shown(row, call.site.settings.origin_url), AssetPage)


@Endpoint(
    method="GET",
    path="/api/v1/assets/{id}",
    name="read_asset",
    summary="One asset: renditions with codecs, sizes and bit rates, loudness, cuts, source",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    path_model=AssetPath,
    answers={200: AssetDetail},
)
async def read_asset(call: Call[AssetPath]) -> Answer:
    """What the store and the database know of it."""
    known = await documented(call)
    row = await found(call)
    return Answer(await detailed(call, row, known), version=row.version)


@Endpoint(
    method="GET",
    path="/api/v1/assets/{id}/poster",
    name="read_asset_poster",
    summary="The poster of an asset: the one that was chosen, or the packager's",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    path_model=AssetPath,
    answers={200: Media(("image/jpeg",))},
)
async def read_asset_poster(call: Call[AssetPath]) -> Answer:
    """A JPEG."""
    await present(call)
    async with call.site.database.reading() as session:
        wanted = select(Asset.poster, AssetCare.poster).outerjoin(AssetCare, col(AssetCare.asset_id) == Asset.id)
        packaged, chosen = (await session.exec(wanted.where(Asset.id == call.path.id))).one()
    if not (chosen or packaged):
        raise missing("poster of asset", call.path.id)
    return await _picture(call, call.path.id, chosen or packaged)


@Endpoint(
    method="GET",
    path="/api/v1/assets/{id}/pictures/{file}",
    name="read_asset_picture",
    summary="A picture of an asset: a poster, or the storyboard",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    path_model=AssetPicturePath,
    answers={200: Media(("image/jpeg", "text/vtt"))},
)
async def read_asset_picture(call: Call[AssetPicturePath]) -> Answer:
    """A file that never changes."""
    await present(call)
    answer = await _picture(call, call.path.id, call.path.file)
    return Answer(raw=answer.raw, media_type=answer.media_type, headers={"Cache-Control": _FOR_EVER})


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/withdraw",
    name="withdraw_asset",
    summary="Pull an asset off the air: slate of the same length, on every origin, at once",
    scope=Scope.AIR_WRITE,
    tag=TAG,
    path_model=AssetPath,
    body_model=WithdrawGiven,
    answers={200: AssetOrdersShown},
    description="Nothing else moves. Without `channels` no channel may choose it any more either.",
)
async def withdraw_asset(call: Call[AssetPath, Nothing, WithdrawGiven]) -> Answer:
    """The order is in the store when this is answered."""
    return await _ordered(call, WITHDRAWN)


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/take-back",
    name="take_back_asset",
    summary="Let an asset that was pulled off the air be aired again",
    scope=Scope.AIR_WRITE,
    tag=TAG,
    path_model=AssetPath,
    body_model=WithdrawGiven,
    answers={200: AssetOrdersShown},
)
async def take_back_asset(call: Call[AssetPath, Nothing, WithdrawGiven]) -> Answer:
    """The order to withdraw it is taken back."""
    return await _ordered(call, PACKAGED)


@Endpoint(
    method="GET",
    path="/api/v1/assets/{id}/uses",
    name="list_asset_uses",
    summary="The channels that can air an asset, by their published rules",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    path_model=AssetPath,
    answers={200: UsesShown},
    cost=5,
)
async def list_asset_uses(call: Call[AssetPath]) -> Answer:
    """Asked of the store, where the rules are that air."""
    await present(call)
    master, now = call.site.master, call.now
    uses = await master.ask(lambda: airing.uses(master.station(), call.path.id, now))
    return Answer(UsesShown(items=[UseShown.model_validate(use) for use in uses]))


@Endpoint(
    method="GET",
    path="/api/v1/assets/{id}/next",
    name="read_asset_next",
    summary="When an asset is on next, on each channel that can air it",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    path_model=AssetPath,
    query_model=NextQuery,
    answers={200: NextShown},
    cost=20,
    description="The log as far as it goes, and after it the schedule run ahead, so far and for so long at most.",
)
async def read_asset_next(call: Call[AssetPath, NextQuery, Nothing]) -> Answer:
    """Bounded: an asset that is never on is looked for no longer than one that is."""
    await present(call)
    master, now, days = call.site.master, call.now, call.query.days
    seen = await master.ask(
        lambda: airing.ahead(master.station(), call.path.id, now, turns=_TURNS, days=days, seconds=_SECONDS)
    )
    items = [ShowingShown(**_fields(one)) for one in seen.showings]
    lacking = [LookedShown(channel=channel, until=until) for channel, until in seen.until.items()]
    return Answer(NextShown(items=items, not_found=lacking))


_TURNS: Final = 3000
_SECONDS: Final = 2.0


@Endpoint(
    method="DELETE",
    path="/api/v1/assets/{id}",
    name="delete_asset",
    summary="Put an asset into the bin",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    answers={200: AssetDetail},
    precondition=Precondition.REQUIRED,
    description="Refused while a channel airs it or has it in its log: withdraw it, or wait. No channel chooses it any "
    "more, and its files are removed after the days that the setting `bin_days` says.",
)
async def delete_asset(call: Call[AssetPath]) -> Answer:
    """It can be restored until it is purged."""
    known, master, now = await documented(call), call.site.master, call.now
    channels = await master.ask(lambda: airing.committed(master.station(), [call.path.id], now))
    row = await found(call, held=True)
    call.guard(row.version)
    if channels and row.state != DELETED:
        raise Problem(CONFLICT, f"it is on air, or about to be, on {', '.join(channels)}: wait until it has been on")
    return await _moved(call, row, known, (DELETED, "deleted"))


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/restore",
    name="restore_asset",
    summary="Take an asset out of the bin, or let it be chosen again though another packaging replaced it",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    answers={200: AssetDetail},
)
async def restore_asset(call: Call[AssetPath]) -> Answer:
    """As it was: what was pulled off the air and then deleted is off the air, until it is taken back."""
    known = await documented(call)
    row = await found(call, held=True)
    if row.state not in (DELETED, REPLACED, PACKAGED):
        raise Problem(CONFLICT, f"it is {row.state}: only what is deleted or replaced is restored")
    care = await call.session.get(AssetCare, row.id)
    was = _BINNED.get(care.was, PACKAGED) if care is not None and row.state == DELETED else PACKAGED
    return await _moved(call, row, known, (was, "restored"))


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/purge",
    name="purge_asset",
    summary="Remove an asset that is in the bin for good, with its files",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    answers={202: JobBegun},
    refusals=(TOO_MANY,),
    idempotent=True,
    description="A job does it, as soon as no channel has it on the way to its air.",
)
async def purge_asset(call: Call[AssetPath]) -> Answer:
    """There is no way back from this."""
    row = await found(call)
    if row.state != DELETED:
        raise Problem(CONFLICT, "it is not in the bin: delete it first")
    given = PurgeAsset(asset=row.id)
    job = await submit(call.session, PURGE_ASSET, given, now=call.now, owner=call.caller.id, subject=row.id)
    return _begun(call, row, job, "purge_ordered")


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/poster",
    name="choose_poster",
    summary="Choose another frame as poster, as a job",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    body_model=PosterGiven,
    answers={202: JobBegun},
    refusals=(TOO_MANY,),
    idempotent=True,
)
async def choose_poster(call: Call[AssetPath, Nothing, PosterGiven]) -> Answer:
    """It is drawn by whoever packages."""
    row = await found(call)
    if call.body.at_ms >= row.duration_ms:
        raise unacceptable("/at_ms", f"lies outside the asset, which plays {row.duration_ms} ms")
    given = ChoosePoster(asset=row.id, at_ms=call.body.at_ms)
    job = await submit(call.session, CHOOSE_POSTER, given, now=call.now, owner=call.caller.id, subject=row.id)
    return _begun(call, row, job, "poster_ordered")


@Endpoint(
    method="DELETE",
    path="/api/v1/assets/{id}/poster",
    name="reset_poster",
    summary="Take the packager's poster again",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    answers={200: AssetDetail},
    precondition=Precondition.HEEDED,
)
async def reset_poster(call: Call[AssetPath]) -> Answer:
    """The chosen one is shown no more."""
    known = await documented(call)
    row = await found(call, held=True)
    call.guard(row.version)
    care = await care_of(call.session, row.id)
    before = PosterShown(file=care.poster or row.poster, at_ms=care.poster_ms)
    row.version += care.poster != ""
    care.poster, care.poster_ms = "", None
    call.session.add(row)
    call.changed(Change(KIND, row.id, "poster_reset", before, PosterShown(file=row.poster, at_ms=None)))
    return Answer(await detailed(call, row, known), version=row.version)


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/repackage",
    name="repackage_asset",
    summary="Package an asset anew, from its original, as a job",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    body_model=RepackageGiven,
    answers={202: JobBegun},
    refusals=(TOO_MANY,),
    idempotent=True,
    description="An asset never changes: the new one takes its place, and what is committed airs as it is. Packaged "
    "in the same way it is the same asset, and nothing happens.",
)
async def repackage_asset(call: Call[AssetPath, Nothing, RepackageGiven]) -> Answer:
    """The title stays."""
    row = await found(call)
    if row.state not in (PACKAGED, REPLACED):
        raise Problem(CONFLICT, f"it is {row.state}: what takes its place would be on air")
    if call.body.source and any(part.startswith(".") for part in call.body.source.split("/")):
        raise unacceptable("/source", "what begins with a dot is not for packaging: uploads go through quarantine")
    upload = await original(call.session, row.id)
    source = call.body.source or (f"{UPLOADS}/{upload.id}" if upload else None)
    if source is None:
        raise Problem(CONFLICT, "its original is no upload that was kept: name its source, or upload it again")
    given = _package(call, row, source)
    job = await submit(call.session, PACKAGE, given, now=call.now, owner=call.caller.id, subject=row.id)
    return _begun(call, row, job, "repackage_ordered")


def _package(call: Call[AssetPath, Nothing, RepackageGiven], row: Asset, source: str) -> Package:
    """What is to be packaged, with all that its document says. Raises `Problem`."""
    about = {name: row.about[name] for name in _SAID if row.about.get(name)}
    try:
        return Package(
            source=source,
            house=call.body.house or row.house,
            rendition=call.body.rendition,
            title_id=row.title_id,
            **about,
        )
    except ValidationError as error:
        faults = map(dict, error.errors(include_url=False))
        raise Problem(UNACCEPTABLE, "that cannot be packaged", errors=mistakes("body", faults, Package)) from error


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/replace",
    name="replace_asset",
    summary="Put another asset in the place of this one, as when a better file has been uploaded",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    body_model=ReplaceGiven,
    answers={200: AssetDetail},
    precondition=Precondition.REQUIRED,
    description="The other one takes the title of this one, which channels choose no more; what is committed airs.",
)
async def replace_asset(call: Call[AssetPath, Nothing, ReplaceGiven]) -> Answer:
    """It can be restored."""
    known = await documented(call)
    row = await found(call, held=True)
    call.guard(row.version)
    other = await call.session.get(Asset, call.body.by, with_for_update=True)
    if other is None or other.id == row.id or other.state != PACKAGED or other.house != row.house:
        raise unacceptable("/by", "names no other asset that is packaged in the same format")
    if row.state != PACKAGED:
        raise Problem(CONFLICT, f"it is {row.state}")
    origin = call.site.settings.origin_url
    before = shown(row, origin)
    row.state, other.title_id = REPLACED, row.title_id
    for one in (row, other):
        one.version += 1
        call.session.add(one)
        await due(call.session, one.id, call.now)
    (await care_of(call.session, row.id)).replaced_by = other.id
    call.changed(Change(KIND, row.id, "replaced", before, shown(row, origin)))
    return Answer(await detailed(call, row, known), version=row.version)


_SAID: Final = ("title", "kind", "tags", "series", "season", "episode", "description", "rating")


def _begun(call: Call[Any, Any, Any], row: Asset, job: Job, action: str) -> Answer:
    made = JobBegun(job=job.id)
    call.changed(Change(KIND, row.id, action, after=made))
    return Answer(made, 202, {"Location": f"/api/v1/jobs/{job.id}"})


OPERATIONS: Final = (
    list_assets,
    read_asset,
    read_asset_poster,
    read_asset_picture,
    withdraw_asset,
    take_back_asset,
    list_asset_uses,
    read_asset_next,
    delete_asset,
    restore_asset,
    purge_asset,
    choose_poster,
    reset_poster,
    repackage_asset,
    replace_asset,
)


async def found(call: Call[Any, Any, Any], *, held: bool = False) -> Asset:
    """The row of the asset that the path names. Raises `Problem`."""
    wanted = select(Asset).where(Asset.id == call.path.id)
    row = (await call.session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("asset", call.path.id)
    return row


async def present(call: Call[Any, Any, Any]) -> str:
    """In which state the asset is. Raises `Problem`.

    It is asked aside: whoever waits for the store next holds no connection meanwhile.
    """
    async with call.site.database.reading() as session:
        state = (await session.exec(select(Asset.state).where(Asset.id == call.path.id))).one_or_none()
    if state is None:
        raise missing("asset", call.path.id)
    return state


async def documented(call: Call[Any, Any, Any]) -> Document:
    """The document of the asset that the path names. Raises `Problem` where there is none.

    A document never changes: it is read before the rows are, so that no transaction waits for the store.
    """
    master, asset = call.site.master, call.path.id
    known = await master.ask(lambda: document(master.store, asset))
    if known is None:
        await present(call)
        raise missing("file any more of asset", asset)
    return known


async def detailed(call: Call[Any, Any, Any], row: Asset, known: Document) -> AssetDetail:
    """All that is known of it."""
    care = await call.session.get(AssetCare, row.id)
    edits = (await edits_of(call.session, [row.id])).get(row.id, [])
    uploads = select(Upload).where(Upload.asset_id == row.id).order_by(col(Upload.id).desc()).limit(1)
    upload = (await call.session.exec(uploads)).one_or_none()
    breaks = sum(one.state != "rejected" for one in points(known.breaks, edits))
    return detail(shown(row, call.site.settings.origin_url), known, care, upload, breaks)


async def _moved(call: Call[Any, Any, Any], row: Asset, known: Document, to: tuple[AssetState, str]) -> Answer:
    """Let an asset be in another state, by an action of this name, and have the air told."""
    (state, action), origin = to, call.site.settings.origin_url
    before = shown(row, origin)
    if row.state != state:
        care = await care_of(call.session, row.id)
        care.was = row.state if state == DELETED else ""
        row.state = state
        row.version += 1
        call.session.add(row)
        care.deleted_at = call.now if state == DELETED else None
        care.replaced_by = None if state == PACKAGED else care.replaced_by
        await due(call.session, row.id, call.now)
        if state == DELETED:
            await _purge_later(call, row.id)
    call.changed(Change(KIND, row.id, action, before, shown(row, origin)))
    return Answer(await detailed(call, row, known), version=row.version)


async def _purge_later(call: Call[Any, Any, Any], asset: str) -> None:
    when = call.now + timedelta(days=call.site.settings.bin_days)
    given = PurgeAsset(asset=asset, since=call.now)
    await submit(call.session, PURGE_ASSET, given, now=call.now, subject=asset, due=when)


async def _ordered(call: Call[AssetPath, Nothing, WithdrawGiven], state: AssetState) -> Answer:
    """Order that an asset leaves the air, or may come back to it.

    The orders are in the store before the row says so: no transaction waits for the store, and whoever asks again
    after a failure gives the same orders.
    """
    _check_here(await present(call))
    origin, master, given, asset = call.site.settings.origin_url, call.site.master, call.body, call.path.id
    channels = tuple(given.channels) if given.channels is not None else None
    wanted = Order((asset,), channels, given.reason, back=state == PACKAGED)

    def carried() -> dict[str, int]:
        try:
            return carry_out(master.station(), wanted, call.now)
        except UnknownChannel as unknown:
            raise unacceptable("/channels", str(unknown)) from unknown

    done = await master.ask(carried)
    row = await found(call, held=True)
    _check_here(row.state)
    if channels is None and (row.state in (PACKAGED, WITHDRAWN) or (row.state, state) == (REPLACED, WITHDRAWN)):
        row.version += row.state != state
        row.state = state
        call.session.add(row)
        await due(call.session, row.id, call.now)
    told = AssetOrdersShown(channels=list(done), asset=shown(row, origin))
    call.changed(Change(KIND, row.id, "withdrawn" if state == WITHDRAWN else "taken_back", after=told))
    return Answer(told, version=row.version)


def _check_here(state: str) -> None:
    if state in (DELETED, GONE):
        raise Problem(CONFLICT, f"it is {state}")


async def _picture(call: Call[Any, Any, Any], asset: str, file: str) -> Answer:
    """A picture of the asset's folder."""
    master = call.site.master
    data = await master.ask(lambda: master.store.read(keys.asset_file(asset, file)))
    if data is None:
        raise missing("picture", file)
    return Answer(raw=data, media_type=_TYPES[file.rpartition(".")[2]], headers={"Cache-Control": "private, no-cache"})


def _fields(showing: airing.Showing) -> dict[str, Any]:
    return {name: getattr(showing, name) for name in ShowingShown.model_fields}
