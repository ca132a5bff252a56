"""How assets are shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from pydantic import Field

from control_api.assets.breaks import BreakState, Point, millis
from control_api.instants import Instant, Millis
from control_api.models import Given, Shown

if TYPE_CHECKING:
    from control_api.tables import Asset as Row
    from control_api.tables import AssetCare, Upload
    from playout.core.asset import Asset, Track

NAME: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
"""What asset ids look like."""
PACKAGED: Final = "packaged"
WITHDRAWN: Final = "withdrawn"
REPLACED: Final = "replaced"
DELETED: Final = "deleted"
GONE: Final = "gone"

AssetState = Literal["packaged", "withdrawn", "replaced", "deleted", "gone"]
AssetId = Annotated[str, Field(pattern=NAME, description="The id of the asset, as the store has it.")]
_LINES: Final = re.compile(r"v(\d+)")


class AssetPath(Given):
    """Which asset."""

    id: AssetId


class AssetShown(Shown):
    """An asset, in short."""

    id: str
    title_id: str = Field(description="The title that it belongs to.")
    name: str = Field(description="What it was called when it was packaged.")
    house: str = Field(description="The format in which it is packaged.")
    kind: str = Field(description="What it was packaged as: movie, ad…")
    duration_ms: Millis
    state: AssetState = Field(
        description="packaged: channels may choose it; withdrawn: pulled off the air; replaced by another packaging; "
        "deleted: in the bin; gone: no longer in the store."
    )
    added_at: Instant = Field(description="When it was packaged.")
    poster_url: str | None = Field(description="Its poster; null where there is none.")
    play_url: str = Field(description="The asset on demand: an HLS playlist.")


class Rendition(Shown):
    """One rendition of an asset."""

    name: str
    media: str = Field(description="video, audio or subtitles.")
    codecs: str = Field(description="RFC 6381; empty for subtitles.")
    language: str = Field(description="BCP 47; empty for video.")
    height: int | None = Field(description="Lines of the picture; null for what is none.")
    bandwidth: int = Field(description="The highest bit rate of a segment, in bit/s.")
    average: int = Field(description="The mean bit rate, in bit/s.")
    size: int = Field(description="Bytes.")
    file: str = Field(description="The track file in the asset's folder of the store.")


class Original(Shown):
    """What it was packaged from."""

    upload_id: str
    sha256: str
    size: int = Field(description="Bytes.")
    is_kept: bool = Field(description="Whether its bytes are still there.")


class AssetDetail(AssetShown):
    """An asset, whole."""

    renditions: list[Rendition]
    loudness_lufs: float | None = Field(description="Integrated loudness after levelling, in LUFS; null for silence.")
    segments: int = Field(description="How many segments each rendition has.")
    cuts: int = Field(description="At how many places within it a break may stand.")
    breaks: int = Field(description="At how many of them channels may break.")
    size: int = Field(description="Bytes of all renditions.")
    source: dict[str, str] = Field(description="Facts about the source.")
    storyboard_url: str | None
    poster_ms: int | None = Field(description="Of which moment the poster is; null: the packager chose.")
    original: Original | None = Field(description="The upload that it was packaged from; null: it came another way.")
    replaced_by: str | None = Field(description="The asset that was packaged anew in its place.")
    deleted_at: Instant | None


class BreakShown(Shown):
    """A place where the asset may be interrupted."""

    segment: int = Field(description="The segment that plays after the break: its name.")
    at_ms: Millis = Field(description="Where it is.")
    moved_ms: int = Field(description="How far that is from what was asked for; negative: earlier.")
    confidence: int = Field(description="How sure it is that a break fits here, in percent.")
    origin: str = Field(description="Who found it: sidecar, chapter, black or people.")
    state: BreakState = Field(description="found, confirmed, added or rejected; what is rejected does not air.")


class BreaksShown(Shown):
    """All break points, those that are rejected too."""

    items: list[BreakShown]


def shown(row: Row, origin: str) -> AssetShown:
    """An asset in a list; `origin` is what addresses of channels begin with."""
    here = f"/api/v1/assets/{row.id}"
    return AssetShown(
        id=row.id,
        title_id=row.title_id,
        name=str(row.about.get("title", "")),
        house=row.house,
        kind=row.kind,
        duration_ms=row.duration_ms,
        state=cast("AssetState", row.state),
        added_at=row.added_at,
        poster_url=f"{here}/poster" if row.poster else None,
        play_url=f"{origin}/vod/{row.id}/index.m3u8",
    )


def detail(short: AssetShown, asset: Asset, care: AssetCare | None, upload: Upload | None, breaks: int) -> AssetDetail:
    """An asset with all that its document says."""
    renditions = [rendition(track) for track in asset.tracks]
    return AssetDetail(
        **short.model_dump(),
        renditions=renditions,
        loudness_lufs=None if asset.loudness is None else asset.loudness / 100,
        segments=asset.cuts.segments,
        cuts=asset.cuts.segments - 1,
        breaks=breaks,
        size=sum(one.size for one in renditions),
        source=dict(asset.source),
        storyboard_url=f"/api/v1/assets/{asset.id}/pictures/{asset.storyboard}" if asset.storyboard else None,
        poster_ms=care.poster_ms if care else None,
        original=None
        if upload is None
        else Original(
            upload_id=upload.id, sha256=upload.digest, size=upload.length or upload.received, is_kept=upload.is_kept
        ),
        replaced_by=care.replaced_by if care else None,
        deleted_at=care.deleted_at if care else None,
    )


def rendition(track: Track) -> Rendition:
    """One track of an asset document."""
    lines = _LINES.fullmatch(track.name)
    return Rendition(
        name=track.name,
        media=track.media.value,
        codecs=track.codecs,
        language=track.language,
        height=int(lines[1]) if lines else None,
        bandwidth=track.bandwidth,
        average=track.average,
        size=track.offsets[-1],
        file=track.file,
    )


def break_shown(one: Point, asset: Asset) -> BreakShown:
    """A break point of an asset."""
    point = one.point
    return BreakShown(
        segment=point.segment,
        at_ms=millis(asset.cuts.tick(point.segment)),
        moved_ms=millis(point.snapped),
        confidence=point.confidence,
        origin=point.origin,
        state=one.state,
    )
