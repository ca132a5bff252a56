"""How ad sources are shown: what they are, how it goes with them, what was decided, and what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from control_api.advertising.beacons import METHOD
from control_api.instants import Instant, Millis
from control_api.models import Shown

if TYPE_CHECKING:
    from control_api.tables import AdBeacon, AdDecision, AdSource, AdSourceState

Roll = Literal["pre", "mid", "post"]


class SourceFacts(Shown):
    """What people have said of a source."""

    id: str
    name: str
    url: str
    channel: str = Field(description="For which channel it is asked; empty: for none in particular.")
    tags: list[str] = Field(description="What its ads are tagged with.")
    rolls: list[Roll] = Field(description="For which breaks it is asked.")
    house: str = Field(description="The format its ads are packaged in; empty: the station's own.")
    every_ms: Millis
    keep_ms: Millis
    most: int
    longest_ms: Millis
    beacons: bool
    enabled: bool
    created_at: Instant


class AdSourceShown(SourceFacts):
    """A source, and how it goes with it."""

    due_at: Instant = Field(description="When it is asked next, while it is enabled.")
    asked_at: Instant | None = Field(description="When it was last asked.")
    answered_at: Instant | None = Field(description="When it last answered with what could be read.")
    fault: str = Field(description="Why the last question had no answer; empty: it had one.")
    asks: int = Field(description="How often it was asked.")
    failures: int = Field(description="How often that had no answer.")
    offered: int = Field(description="How many ads were taken in all these answers.")
    refused: int = Field(description="How many ads, or parts of answers, were not.")


class AdShown(Shown):
    """An ad that a server named, and what became of it."""

    ad: str = Field(description="The server's own id of it.")
    key: str = Field(description="By what its creative is known: `registry:id`, or `url:` and a digest.")
    name: str
    creative: str | None = Field(description="The id of the creative; null of what is not taken.")
    state: str = Field(
        description="`turned_down`: not taken; else of the creative, as it was then: `wanted`: its file could not be "
        "fetched yet, `fetching`: it is on its way, `ready`: it may air, `refused`: its file is of no use."
    )
    rolls: list[Roll]
    code: int | None = Field(
        description="VAST's error code, where it is a mistake; those who want to know are told it."
    )
    words: str = Field(description="What is wrong with it.")


class DecisionShown(Shown):
    """What came of asking once."""

    id: str
    at: Instant
    took_ms: Millis
    requests: int = Field(description="How many answers it took, wrappers included.")
    fault: str = Field(description="Why there was no answer; empty: there was one.")
    offered: int
    refused: int
    ads: list[AdShown]


class BeaconShown(Shown):
    """A URL that is told of one event, once."""

    id: str
    channel: str = Field(description="Where the ad aired; empty: it is an error that is told.")
    aired_at: Instant = Field(description="When the airing began, or the error came up.")
    asset: str
    event: str = Field(description="E.g. `impression`, `start`, `midpoint`, or `error 403`.")
    url: str
    method: str = Field(description="How it was counted.")
    state: Literal["open", "sent", "failed", "skipped"]
    attempts: int
    status: int | None = Field(description="What was answered last.")
    words: str = Field(description="Why the last attempt failed.")
    due_at: Instant
    ended_at: Instant | None


def facts(row: AdSource) -> SourceFacts:
    """What people have said of a source."""
    return SourceFacts.model_validate(row)


def shown(row: AdSource, state: AdSourceState) -> AdSourceShown:
    """A source, and how it goes with it."""
    return AdSourceShown.model_validate({**row.model_dump(), **state.model_dump(exclude={"source"})})


def decision(row: AdDecision) -> DecisionShown:
    """A decision, with each ad."""
    return DecisionShown.model_validate(row)


def beacon(row: AdBeacon) -> BeaconShown:
    """A beacon, with how it was counted."""
    counted = METHOD if row.channel else "a mistake that is told, and counts nothing"
    return BeaconShown.model_validate({**row.model_dump(exclude={"source", "digest"}), "method": counted})
