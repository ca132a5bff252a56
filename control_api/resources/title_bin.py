"""Deleting titles: into the bin, out of it again, and for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant
from control_api.jobs.submission import submit
from control_api.library import bin as bins
from control_api.library.purging import PURGE, Purge
from control_api.models import Shown
from control_api.operation import Endpoint, Precondition
from control_api.problems import CONFLICT, TOO_MANY, Problem
from control_api.resources.title_models import TitleDetail, TitlePath
from control_api.resources.titles import KIND, TAG, detailed, found
from control_api.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.tables import Title


class BinShown(Shown):
    """What became of a title and of what is beneath it."""

    id: str
    deleted_at: Instant | None = Field(description="When it was put into the bin; null: it is not there.")
    titles: int = Field(description="How many titles went with it, itself too; 0: it was so already.")


class PurgeShown(Shown):
    """The job that removes a title for good."""

    job: str = Field(description="Its id.")


class _Lying(Shown):
    """What the audit keeps."""

    deleted_at: Instant | None


@Endpoint(
    method="DELETE", path="/api/v1/titles/{id}", name="delete_title",
    summary="Put a title into the bin, with everything beneath it",
    description="It is neither listed nor found, and no channel chooses it any more; what is committed still airs. "
    "It can be restored until it is purged, by itself after the days that the setting `bin_days` says.",
    scope=Scope.TITLES_WRITE, tag=TAG, path_model=TitlePath, answers={200: BinShown},
    precondition=Precondition.HEEDED,
)  # fmt: skip
async def delete_title(call: Call[TitlePath]) -> Answer:
    """Nothing is lost yet."""
    title = await found(call.session, call.path.id)
    call.guard(title.version)
    before = title.deleted_at
    return _told(call, title, before, await bins.throw(call.session, title, call.now), "deleted")


@Endpoint(
    method="POST", path="/api/v1/titles/{id}/restore", name="restore_title",
    summary="Take a title out of the bin, with everything that went there with it",
    scope=Scope.TITLES_WRITE, tag=TAG, path_model=TitlePath, answers={200: TitleDetail},
)  # fmt: skip
async def restore_title(call: Call[TitlePath]) -> Answer:
    """As it was."""
    title = await found(call.session, call.path.id)
    before = title.deleted_at
    _told(call, title, before, await bins.restore(call.session, title, call.now), "restored")
    return Answer(await detailed(call, title), version=title.version)


@Endpoint(
    method="POST", path="/api/v1/titles/{id}/purge", name="purge_title",
    summary="Remove a title that lies in the bin for good, with its media",
    description="A job does it, as soon as no channel has it on the way to its air.",
    scope=Scope.TITLES_WRITE, tag=TAG, path_model=TitlePath, answers={202: PurgeShown}, refusals=(TOO_MANY,),
    idempotent=True,
)  # fmt: skip
async def purge_title(call: Call[TitlePath]) -> Answer:
    """There is no way back from this."""
    title = await found(call.session, call.path.id)
    if title.deleted_at is None:
        raise Problem(CONFLICT, "it does not lie in the bin: delete it first")
    wanted = Purge(title=title.id)
    job = await submit(call.session, PURGE, wanted, now=call.now, owner=call.caller.id, subject=title.id)
    shown = PurgeShown(job=job.id)
    call.changed(Change(KIND, title.id, "purge_wanted", after=shown))
    return Answer(shown, 202, {"Location": f"/api/v1/jobs/{job.id}"})


OPERATIONS: Final = (delete_title, restore_title, purge_title)


def _told(call: Call[Any, Any, Any], title: Title, before: Any, gone: Sequence[str], action: str) -> Answer:  # noqa: ANN401 — an instant or none
    call.changed(Change(KIND, title.id, action, _Lying(deleted_at=before), _Lying(deleted_at=title.deleted_at)))
    shown = BinShown(id=title.id, deleted_at=title.deleted_at, titles=len(gone))
    return Answer(shown, version=title.version)
