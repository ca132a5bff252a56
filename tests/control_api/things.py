"""Operations for tests: what the ground promises, without a resource that is in the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant, Millis
from control_api.models import Given, Nothing, Shown
from control_api.operation import Deprecation, Endpoint, Operation, Precondition
from control_api.problems import CONFLICT, Problem
from control_api.scopes import OPEN, Scope


class ThingPath(Given):
    id: str = Field(pattern=r"^[a-z]+$")


class ThingQuery(Given):
    at: Instant | None = None
    many: list[int] = Field(default_factory=list)
    one: int | None = None


class Part(Given):
    name: str = Field(min_length=1)
    long: Millis = 0


class ThingGiven(Given):
    title: str = Field(min_length=1, max_length=10)
    at: Instant | None = None
    parts: list[Part] = Field(default_factory=list)


class ThingShown(Shown):
    id: str
    title: str
    at: Instant | None = None
    many: list[int] = Field(default_factory=list)


class Bench:
    """The operations, and what a test does with them."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.made = 0
        self.fails: Exception | None = None
        self.forgets = False

    def operations(self) -> tuple[Operation, ...]:
        return (self.read(), self.make(), self.edit(), self.open(), self.broken(), self.old(), self.undeclared())

    def read(self) -> Operation:
        @Endpoint(
            method="GET", path="/api/v1/things/{id}", name="read_thing", summary="A thing", scope=Scope.EVENTS_READ,
            tag="Things", path_model=ThingPath, query_model=ThingQuery, answers={200: ThingShown},
        )  # fmt: skip
        async def read_thing(call: Call[ThingPath, ThingQuery, Nothing]) -> Answer:
            query = call.query
            return Answer(ThingShown(id=call.path.id, title=str(query.one), at=query.at, many=query.many), version=3)

        return read_thing

    def make(self) -> Operation:
        @Endpoint(
            method="POST", path="/api/v1/things", name="make_thing", summary="Make a thing", scope=Scope.KEYS_WRITE,
            tag="Things", body_model=ThingGiven, answers={201: ThingShown}, idempotent=True,
        )  # fmt: skip
        async def make_thing(call: Call[Nothing, Nothing, ThingGiven]) -> Answer:
            self.reached.set()
            shown = ThingShown(id="thing", title=call.body.title, at=call.body.at)
            if not self.forgets:
                call.changed(Change("thing", "thing", "created", after=shown))
            await self.gate.wait()
            if self.fails is not None:
                raise self.fails
            self.made += 1
            return Answer(shown, 201, {"Location": "/api/v1/things/thing"})

        return make_thing

    def edit(self) -> Operation:
        @Endpoint(
            method="PUT", path="/api/v1/things/{id}", name="edit_thing", summary="Edit a thing", scope=Scope.KEYS_WRITE,
            tag="Things", path_model=ThingPath, body_model=ThingGiven, answers={204: None},
            precondition=Precondition.HEEDED,
        )  # fmt: skip
        async def edit_thing(call: Call[ThingPath, Nothing, ThingGiven]) -> Answer:
            call.guard(3)
            call.is_told = True
            return Answer(status=204)

        return edit_thing

    def open(self) -> Operation:
        @Endpoint(
            method="GET", path="/api/v1/open", name="read_open", summary="For everyone", scope=OPEN, tag="Things",
            answers={200: ThingShown},
        )  # fmt: skip
        async def read_open(call: Call) -> Answer:
            return Answer(ThingShown(id=call.address, title=call.request_id))

        return read_open

    def broken(self) -> Operation:
        @Endpoint(
            method="GET", path="/api/v1/broken", name="read_broken", summary="Fails", scope=OPEN, tag="Things",
            answers={200: ThingShown}, refusals=(CONFLICT,),
        )  # fmt: skip
        async def read_broken(_call: Call) -> Answer:
            raise self.fails or Problem(CONFLICT, "no")

        return read_broken

    def old(self) -> Operation:
        @Endpoint(
            method="GET", path="/api/v1/old", name="read_old", summary="Old", scope=OPEN, tag="Things",
            answers={200: ThingShown},
            deprecated=Deprecation(
                datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, 12, tzinfo=UTC), "/docs#new"
            ),
        )  # fmt: skip
        async def read_old(_call: Call) -> Answer:
            return Answer(ThingShown(id="old", title="old"))

        return read_old

    def undeclared(self) -> Operation:
        @Endpoint(
            method="GET", path="/api/v1/undeclared", name="read_undeclared", summary="Answers otherwise", scope=OPEN,
            tag="Things", answers={200: ThingShown},
        )  # fmt: skip
        async def read_undeclared(_call: Call) -> Answer:
            return Answer(Wrong(id="x"))

        return read_undeclared


class Wrong(Shown):
    id: Any
