"""Uploading at addresses that clients of other systems know: the same as `POST /api/v1/uploads`, said their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from control_api.call import Answer, Call
from control_api.instants import Instant
from control_api.models import Shown
from control_api.operation import Endpoint, Raw
from control_api.problems import FILE_TOO_LARGE, LOCKED, MALFORMED, NO_ROOM, TOO_MANY_OPEN
from control_api.resources.uploads import received
from control_api.scopes import Scope
from control_api.uploads.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_api.tables import Upload
    from control_api.uploads.wanted import Wanted

_TAG: Final = "Aliases"
_REFUSALS: Final = (MALFORMED, FILE_TOO_LARGE, NO_ROOM, TOO_MANY_OPEN, LOCKED)


class MediaForm(Shown):
    """A form with a file, its title and what it is; other fields are left alone."""

    file: bytes = Field(description="The file, of any length.")
    title: str = Field(default="", max_length=500)
    type: str = Field(default="", description="`video` or `audio`; what is in the file decides.")


class MediaShown(Shown):
    """What was uploaded."""

    id: str
    title: str
    type: Literal["video", "audio"]
    file_url: str = Field(description="Where to read what becomes of it.")
    created_at: Instant


class ContentForm(Shown):
    """A form with a film; other fields are left alone."""

    video: bytes = Field(description="The film; `file` is taken as well.")
    title: str = Field(default="", max_length=500)
    type: str = Field(default="", description="`movie`, `episode` or another; others count as clips.")


class ContentShown(Shown):
    """What was uploaded."""

    id: str
    title: str
    type: str
    status: Literal["processing"]


class ContentMade(Shown):
    """That it was."""

    message: str
    content: ContentShown


@Endpoint(
    method="POST",
    path="/media",
    name="post_media",
    summary="Upload media: an alias",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    raw=Raw(("multipart/form-data",), MediaForm),
    answers={201: MediaShown},
    refusals=_REFUSALS,
)
async def post_media(call: Call) -> Answer:
    """Fields `file`, `title` and `type`, in any order; others are left alone."""
    sort: Literal["video", "audio"] = "video"

    def meant(fields: Mapping[str, str]) -> Wanted:
        nonlocal sort
        sort = "audio" if fields.get("type") == "audio" else "video"
        return wanted(fields)

    row = await received(call, ("file",), meant)
    shown = MediaShown(id=row.id, title=row.title, type=sort, file_url=_address(call, row), created_at=row.created_at)
    return Answer(shown, 201, {"Location": f"/api/v1/uploads/{row.id}"})


@Endpoint(
    method="POST",
    path="/api/admin/content",
    name="post_content",
    summary="Upload a film: an alias",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    raw=Raw(("multipart/form-data",), ContentForm),
    answers={201: ContentMade},
    refusals=_REFUSALS,
)
async def post_content(call: Call) -> Answer:
    """Fields `video`, `title` and `type`, in any order; others are left alone."""
    row = await received(call, ("video", "file"), wanted)
    shown = ContentShown(id=row.id, title=row.title, type=row.kind or "clip", status="processing")
    made = ContentMade(message="Content uploaded; it is being processed", content=shown)
    return Answer(made, 201, {"Location": f"/api/v1/uploads/{row.id}"})


OPERATIONS: Final = (post_media, post_content)


def _address(call: Call, row: Upload) -> str:
    return f"{call.site.settings.public_url}/api/v1/uploads/{row.id}"
