"""The file of the channels as a whole, and its shared parts: defaults, saved queries, holidays, templates, groups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.channels.edits import GONE
from control_api.channels.language import DefaultsWritten
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media, Precondition, Raw
from control_api.paging import Page, PageQuery, sliced
from control_api.pieces import BrokenOff, agree, pieces
from control_api.problems import (
    CONFLICT,
    MALFORMED,
    PRECONDITION_REQUIRED,
    TOO_LARGE,
    UNACCEPTABLE,
    Mistake,
    Problem,
    missing,
)
from control_api.scopes import Scope
from playout.config.schema import json_schema
from playout.config.tree import LARGEST
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_api.channels.document import Document
    from control_api.channels.edits import Path

TAG: Final = "Programming"
KIND: Final = "programming"
_YAML: Final = "application/yaml"
_JSON: Final = "application/json"

Section = Literal["collections", "holidays", "templates"]
Name = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^[^/\x00-\x1f\x7f]+$", description="Its name in the file.")
]


class SectionPath(Given):
    """Which of the shared parts."""

    section: Section = Field(
        description="collections: queries with a name; holidays: dates with one; templates: settings with one."
    )


class NamedPath(SectionPath):
    """Which of them."""

    name: Name


class NamedShown(Shown):
    """Something that channels take by its name."""

    name: str
    value: Any = Field(description="What stands under it, in the words of the file.")
    line: int = Field(description="In which line of the file.")
    used_by: list[str] = Field(description="The channels that name it, in the file as it is.")


class NamedPage(Page[NamedShown]):
    """A page of them, by name."""


class ValueGiven(Given):
    """What is to stand under a name."""

    value: Any = Field(description="In the words of the file; the schema of the file says which.")


class DefaultsShown(Shown):
    """What every channel takes that does not say otherwise."""

    value: dict[str, Any]
    line: int | None


class GroupShown(Shown):
    """Channels that keep their titles apart."""

    name: str
    apart_ms: int = Field(description="For so long no title of one airs on another.")
    channels: list[str]


class GroupPage(Page[GroupShown]):
    """A page of groups, by name."""


class Part(Shown):
    """A part of the file, for the audit."""

    value: Any = None


@Endpoint(
    method="GET",
    path="/api/v1/channels.yaml",
    name="read_channels_file",
    summary="The file of the channels, letter by letter",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    answers={200: Media((_YAML,))},
    refusals=(CONFLICT,),
)
async def read_channels_file(call: Call) -> Answer:
    """The text; 404 is never answered: a file that is not there is an empty one."""
    document = await call.site.master.ask(call.site.master.document)
    return Answer(raw=document.text.encode(), media_type=_YAML, version=document.version())


@Endpoint(
    method="PUT",
    path="/api/v1/channels.yaml",
    name="replace_channels_file",
    summary="Write the file of the channels anew",
    description="Refused with every mistake that it has; then the file stays as it is.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    raw=Raw((_YAML, "application/x-yaml", "text/yaml", "text/plain")),
    answers={200: Media((_YAML,))},
    precondition=Precondition.REQUIRED,
)
async def replace_channels_file(call: Call) -> Answer:
    """The text, from now on."""
    text, master = await _text(call), call.site.master
    before, after = await master.ask(lambda: master.replace(text, call.guard))
    was, is_now = await master.ask(lambda: differing(before.whole, after.whole))
    call.changed(Change("channels_file", after.where, "replaced", Part(value=was), Part(value=is_now)))
    return Answer(raw=after.text.encode(), media_type=_YAML, version=after.version())


def differing(before: dict[str, Any], after: dict[str, Any], depth: int = 2) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of two files is not the same in both, channel by channel."""
    was: dict[str, Any] = {}
    is_now: dict[str, Any] = {}
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key), after.get(key)
        if one != other and depth > 1 and isinstance(one, dict) and isinstance(other, dict):
            was[key], is_now[key] = differing(one, other, depth - 1)
        elif one != other:
            was |= {key: one} if key in before else {}
            is_now |= {key: other} if key in after else {}
    return was, is_now


async def _text(call: Call[Any, Any, Any]) -> str:
    """The body, which is text."""
    await agree(call.request)
    data = bytearray()
    try:
        async for piece in pieces(call.request.content.read):
            data += piece
            if len(data) > 4 * LARGEST:
                raise Problem(TOO_LARGE, f"a file of more than {LARGEST} characters is not read")
    except BrokenOff as broken:
        raise Problem(MALFORMED, str(broken)) from broken
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = Mistake(part="body", pointer="", detail="this is not UTF-8 text", line=line)
        raise Problem(UNACCEPTABLE, "the body is not UTF-8 text", errors=[wrong]) from error


@Endpoint(
    method="GET",
    path="/api/v1/channels.schema.json",
    name="read_channels_schema",
    summary="The JSON Schema of the file, for editors that complete it",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    answers={200: Media((_JSON,))},
)
async def read_channels_schema(_call: Call) -> Answer:
    """What `fastline schema` prints."""
    return Answer(raw=json.dumps(json_schema(), indent=2, ensure_ascii=False).encode(), media_type=_JSON)


@Endpoint(
    method="GET",
    path="/api/v1/programming/defaults",
    name="read_defaults",
    summary="What every channel takes that does not say otherwise",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    answers={200: DefaultsShown},
    refusals=(CONFLICT,),
)
async def read_defaults(call: Call) -> Answer:
    """The defaults of the file."""
    return await _defaults(call)


@Endpoint(
    method="PUT",
    path="/api/v1/programming/defaults",
    name="replace_defaults",
    summary="Write the defaults anew",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    body_model=DefaultsWritten,
    answers={200: DefaultsShown},
    precondition=Precondition.REQUIRED,
)
async def replace_defaults(call: Call[Nothing, Nothing, DefaultsWritten]) -> Answer:
    """The defaults, from now on."""
    value = call.body.value
    await _written(call, ("defaults",), lambda _: value, call.guard, "")
    return await _defaults(call)


async def _defaults(call: Call[Any, Any, Any]) -> Answer:
    document = await call.site.master.ask(call.site.master.sound)
    part = document.part(("defaults",))
    shown = DefaultsShown(value=part if isinstance(part, dict) else {}, line=document.line(("defaults",)) or None)
    return Answer(shown, version=document.version(("defaults",)))


@Endpoint(
    method="GET",
    path="/api/v1/programming/groups",
    name="list_groups",
    summary="Groups of channels that keep their titles apart",
    description="A channel is in a group by its own `never`; this tells them together.",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    query_model=PageQuery,
    answers={200: GroupPage},
    refusals=(CONFLICT,),
)
async def list_groups(call: Call[Nothing, PageQuery, Nothing]) -> Answer:
    """A page of groups."""
    master = call.site.master
    found = await master.ask(lambda: _groups(master.sound()))
    return sliced(call, sorted(found.items()), GroupPage)


def _groups(document: Document) -> dict[str, GroupShown]:
    """The groups of a file, by name."""
    found: dict[str, GroupShown] = {}
    for name in document.names("channels"):
        draft = document.draft(name)
        apart = draft.rules.never.apart if draft and not draft.parent else None
        if apart:
            known = found.get(apart.group) or GroupShown(
                name=apart.group, apart_ms=apart.within * 1000 // TIMEBASE, channels=[]
            )
            found[apart.group] = known.model_copy(update={"channels": [*known.channels, name]})
    return found


@Endpoint(
    method="GET",
    path="/api/v1/programming/{section}",
    name="list_named",
    summary="Saved queries, holidays or templates",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=SectionPath,
    query_model=PageQuery,
    answers={200: NamedPage},
    refusals=(CONFLICT,),
)
async def list_named(call: Call[SectionPath, PageQuery, Nothing]) -> Answer:
    """A page of them."""
    section, master = call.path.section, call.site.master

    def found() -> list[tuple[str, NamedShown]]:
        document = master.sound()
        return sorted((name, _shown(document, section, name)) for name in document.names(section))

    return sliced(call, await master.ask(found), NamedPage, known=section)


@Endpoint(
    method="GET",
    path="/api/v1/programming/{section}/{name}",
    name="read_named",
    summary="One saved query, holiday or template",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=NamedPath,
    answers={200: NamedShown},
    refusals=(CONFLICT,),
)
async def read_named(call: Call[NamedPath]) -> Answer:
    """What stands under its name."""
    return await _named(call)


@Endpoint(
    method="PUT",
    path="/api/v1/programming/{section}/{name}",
    name="replace_named",
    summary="Write a saved query, a holiday or a template",
    description="Of one that is there already, If-Match is required; a new one is made.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=NamedPath,
    body_model=ValueGiven,
    answers={200: NamedShown},
    precondition=Precondition.HEEDED,
    refusals=(PRECONDITION_REQUIRED,),
)
async def replace_named(call: Call[NamedPath, Nothing, ValueGiven]) -> Answer:
    """What stands under its name, from now on."""
    section, name, value = call.path.section, call.path.name, call.body.value

    def made(document: Document) -> Any:  # noqa: ANN401 — whatever JSON has
        if name in document.names(section) and "If-Match" not in call.request.headers:
            raise Problem(
                PRECONDITION_REQUIRED, f"{name} is there already: send If-Match with the ETag of what was read"
            )
        return value

    await _written(call, (section, name), made, call.guard, "/value")
    return await _named(call)


@Endpoint(
    method="DELETE",
    path="/api/v1/programming/{section}/{name}",
    name="delete_named",
    summary="Take a saved query, a holiday or a template out of the file",
    description="Refused while something in the file names it.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=NamedPath,
    answers={204: None},
    refusals=(UNACCEPTABLE,),
    precondition=Precondition.REQUIRED,
)
async def delete_named(call: Call[NamedPath]) -> Answer:
    """The name means nothing any more."""
    section, name = call.path.section, call.path.name

    def made(document: Document) -> Any:  # noqa: ANN401 — what stands for nothing
        if name not in document.names(section):
            raise missing(section.removesuffix("s"), name)
        return GONE

    await _written(call, (section, name), made, call.guard, "")
    return Answer(status=204)


OPERATIONS: Final = (
    read_channels_file,
    replace_channels_file,
    read_channels_schema,
    read_defaults,
    replace_defaults,
    list_groups,
    list_named,
    read_named,
    replace_named,
    delete_named,
)


async def _named(call: Call[NamedPath, Any, Any]) -> Answer:
    section, name, master = call.path.section, call.path.name, call.site.master

    def found() -> tuple[NamedShown, int]:
        document = master.sound()
        if name not in document.names(section):
            raise missing(section.removesuffix("s"), name)
        return _shown(document, section, name), document.version((section, name))

    shown, version = await master.ask(found)
    return Answer(shown, version=version)


def _shown(document: Document, section: str, name: str) -> NamedShown:
    users = [channel for channel in document.names("channels") if _names(document.part(("channels", channel)), name)]
    return NamedShown(
        name=name, value=document.part((section, name)), line=document.line((section, name)), used_by=users
    )


def _names(value: Any, name: str) -> bool:  # noqa: ANN401 — whatever JSON has
    """Whether a name stands somewhere in it as a value."""
    if isinstance(value, dict):
        return any(_names(inner, name) for inner in value.values())
    if isinstance(value, list):
        return any(_names(inner, name) for inner in value)
    return bool(value == name)


async def _written(
    call: Call[Any, Any, Any], path: Path, make: Callable[[Document], Any], guard: Callable[[int], None], base: str
) -> None:
    """Write what `make` makes of a part, and tell of it; `base` is where the part stands in the body."""
    master = call.site.master
    try:
        before, after = await master.ask(lambda: master.edit(path, make, guard))
    except Problem as problem:
        problem.errors = tuple(
            wrong.model_copy(update={"pointer": base + wrong.pointer}) if wrong.part == "body" else wrong
            for wrong in problem.errors
        )
        raise
    was, is_now = before.part(path), after.part(path)
    action = "created" if was is None else "deleted" if is_now is None else "updated"
    known = [None if value is None else Part(value=value) for value in (was, is_now)]
    call.changed(Change(KIND, "/".join(map(str, path)), action, *known))
