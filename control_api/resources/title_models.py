"""What the API shows of titles beside the titles themselves, and what it is given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from control_api import ids
from control_api.library.cards import TitleCard
from control_api.library.listing import Sort, TitleFilter
from control_api.library.shown import TitleListed, TitleShown
from control_api.models import Given, Shown
from control_api.paging import Page, PageQuery

TitleId = Annotated[str, Field(pattern=ids.pattern("ti"), description="The id of a title.")]


class TitlePath(Given):
    """Which title."""

    id: TitleId


class TitleQuery(TitleFilter, PageQuery):
    """Which titles are wanted, and in which order."""

    sort: Sort = Field(default=Sort.NEWEST, description="The order; what is alike in it goes by id.")


class TitlePage(Page[TitleListed]):
    """A page of titles."""


class CreditShown(Shown):
    """What somebody did for a title."""

    person_id: str
    name: str
    job: str = Field(examples=["actor", "director"])
    character: str = Field(description="Whom an actor plays.")
    position: int = Field(description="In which order they are listed.")


class BeneathShown(TitleCard):
    """A title beneath another one, in short: all that a list of episodes shows of one."""

    state: str
    titles: int = Field(description="How many titles are beneath it: of a season its episodes.")


class TitleDetail(TitleShown):
    """A title, and what is asked for when one alone is looked at."""

    credits: list[CreditShown]
    beneath: list[BeneathShown] = Field(description="Seasons of a series, episodes of a season, and the like; 500.")
    trailers: list[BeneathShown]
    similar: list[TitleCard] = Field(description="What is like it, the nearest first; at most 12.")
