"""Logos of channels: uploaded as pictures, and named in channels.yaml like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from control_api.channels.overview import ChannelDetail
from control_api.library.artwork import Hanging, hang, hanging
from control_api.library.shown import address
from control_api.operation import Endpoint, Precondition
from control_api.problems import CONFLICT, MALFORMED, TOO_LARGE, TOO_MANY, UNACCEPTABLE, Problem, missing
from control_api.resources.artwork import RAW, drawn
from control_api.resources.channels import CHANNELS, TAG, ChannelPath, edited, merged
from control_api.scopes import Scope

if TYPE_CHECKING:
    from control_api.call import Answer, Call
    from control_api.channels.document import Document

_LOGO: Final = "logo"


@Endpoint(
    method="PUT",
    path="/api/v1/channels/{id}/logo",
    name="put_channel_logo",
    summary="Upload the logo of a channel: guides and lists show it",
    description="As it is, in whatever shape, with what is transparent. The file then names its address, for which "
    "`public_url` must be set.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    raw=RAW,
    answers={200: ChannelDetail},
    refusals=(CONFLICT, TOO_LARGE, MALFORMED, UNACCEPTABLE, TOO_MANY),
    precondition=Precondition.REQUIRED,
)
async def put_channel_logo(call: Call[ChannelPath]) -> Answer:
    """The picture is kept before the file names it, and hangs afterwards: no transaction waits for the file."""
    public = call.site.settings.public_url
    if not public:
        raise Problem(CONFLICT, "set `public_url`: players and guides are given the whole address of a logo")
    picture = await drawn(call, None)
    answer = await _named(call, address(picture.digest, picture.media_type, public))
    await hang(call.session, Hanging("upload", channel=call.path.id), picture, call.now)
    return answer


@Endpoint(
    method="DELETE",
    path="/api/v1/channels/{id}/logo",
    name="delete_channel_logo",
    summary="Take the logo of a channel away: one is drawn from its name",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    answers={200: ChannelDetail},
    refusals=(CONFLICT, UNACCEPTABLE),
    precondition=Precondition.REQUIRED,
)
async def delete_channel_logo(call: Call[ChannelPath]) -> Answer:
    """Whether it was uploaded, or the file names one of somebody else."""
    answer = await _named(call, None)
    row = await hanging(call.session, Hanging("upload", channel=call.path.id))
    if row is not None:
        await call.session.delete(row)
    return answer


OPERATIONS: Final = (put_channel_logo, delete_channel_logo)


async def _named(call: Call[ChannelPath, Any, Any], url: str | None) -> Answer:
    """Have the file name this logo, or none."""
    name = call.path.id

    def made(document: Document) -> Any:  # noqa: ANN401 — whatever JSON has
        if name not in document.names(CHANNELS):
            raise missing("channel", f"{name} in {document.where}")
        return merged(document.part((CHANNELS, name)), {_LOGO: url})

    return await edited(call, name, made, "updated", call.guard)
