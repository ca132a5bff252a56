"""Assets come in from the store and make titles, once; and what people change of titles goes out to the air (B07)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from shelf import BORN, abouts, eventually, film, packaged, titles
from sqlmodel import col, func, select

from control_api.library.amendments import deliver, is_any_due
from control_api.library.arrivals import arrivals
from control_api.library.hung import hung
from control_api.library.intake import AT_ONCE, Intake, adopted
from control_api.library.told import NOTHING, agree, from_document, merged, told
from control_api.site import SITE
from control_api.tables import Asset, Event, Title
from playout import keys
from playout.amend import Amendment, amend, amended
from playout.core.asset import Kind
from playout.core.asset import Title as Told
from playout.library import newest, scan
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.settings import Settings

NOW = BORN


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With which the process keeps its library, and looks often."""
    return settings.model_copy(update={"tells": True, "library_beat_ms": 50})


async def always() -> bool:
    return True


@pytest.fixture
def intake(database: Database, tmp_path: Path) -> Intake:
    return Intake(database, DirStore(tmp_path))


async def all_told(session: AsyncSession) -> dict[str, Told]:
    """What the engine would be told of each asset."""
    rows = (await session.exec(select(Asset, Title).join(Title, col(Title.id) == Asset.title_id))).all()
    there = await hung(session, list({title.id: title for _, title in rows}.values()))
    return {asset.id: told(title, there[title.id]) for asset, title in rows}


async def counted(database: Database, table: type[Any]) -> int:
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(table))).one()


async def test_what_lies_in_the_store_comes_in_once(intake: Intake, database: Database, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film(ids=("imdb:tt0041959",), genres=("Noir",), tags=("classic",), released="1949-09-02"))
    packaged(tmp_path, "bb", Told("Pilot", Kind.EPISODE, series="Night Shift", season=1, episode=1))
    packaged(tmp_path, "cc", Told("Second", Kind.EPISODE, series="night shift", season=1, episode=2))
    packaged(tmp_path, "dd", Told("Slate", Kind.SLATE))
    (tmp_path / "assets" / "ee").mkdir()
    assert await intake.look(NOW, always) == 3
    assert await intake.look(NOW, always) == 0
    assert await Intake(database, DirStore(tmp_path)).look(NOW, always) == 0
    async with database.reading() as session:
        kinds = (await session.exec(select(Title.kind).order_by(Title.kind))).all()
        assert kinds == ["episode", "episode", "movie", "season", "series"]
        season = (await session.exec(select(Title).where(Title.kind == "season"))).one()
        assert (season.number, season.state) == (1, "published")
        row = (await session.exec(select(Asset).where(Asset.id == "aa"))).one()
        assert (row.duration_ms, row.house, row.kind, row.state) == (70 * 48000 // 90, "fast", "movie", "packaged")
    assert not await is_any_due(database)
    assert await counted(database, Event) == 3


@trying(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_what_came_in_tells_the_engine_what_it_said(data: st.DataObject, settings: Settings) -> None:
    """And with whatever else is there, it tells it to the end of time, until somebody edits."""
    from control_api.database import Database  # noqa: PLC0415 — one for each example

    about = replace(data.draw(abouts()), ids=())
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            there = [from_document(dict(kept)) for kept in (await session.exec(select(Asset.about))).all()]
        # another work in the place of an episode belongs to that one's title, which stays as it is
        assume(not any(_place(one) == _place(about) and one.work != about.work for one in there if _place(one)))
        name = f"a{len(there):04d}"
        media = settings.media / f"m{len(there)}"
        packaged(media, name, about)
        found, _ = arrivals(DirStore(media), [name], {})
        async with database.writing() as session:
            await adopted(session, found, NOW)
        async with database.reading() as session:
            said = (await all_told(session))[name]
            series = (await session.exec(select(Title.name).where(Title.kind == "series"))).all()
    finally:
        await database.close()
    spelt = next((one for one in series if one.casefold() == about.series.casefold()), about.series)
    assert agree(said, replace(about, series=spelt)), (said, about)


def _place(about: Told) -> tuple[str, int, int] | None:
    if about.kind is not Kind.EPISODE or not about.series or not about.episode:
        return None
    return about.series.casefold(), about.season, about.episode


@given(abouts(), abouts())
def test_where_nobody_changed_anything_what_came_last_counts(before: Told, after: Told) -> None:
    assert merged(before, before, after) == after
    assert agree(merged(before, after, before), after)
    assert merged(NOTHING, before, before) == before


async def test_a_database_that_was_lost_is_made_again_of_what_people_said(intake: Intake, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film("Untitled"))
    amend(DirStore(tmp_path), [Amendment("aa", film("The Third Man", tags=("noir",)))], NOW)
    await intake.look(NOW, always)
    async with intake.database.reading() as session:
        assert (await all_told(session))["aa"] == film("The Third Man", tags=("noir",))


async def test_several_packagings_of_a_work_are_one_title(intake: Intake, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film(ids=("imdb:tt0041959",)))
    packaged(tmp_path, "bb", film("Der dritte Mann", ids=("eidr:1", "imdb:tt0041959")))
    packaged(tmp_path, "cc", film("Ident"))
    packaged(tmp_path, "dd", film("Ident"))
    await intake.look(NOW, always)
    async with intake.database.reading() as session:
        owners = dict((await session.exec(select(Asset.id, Asset.title_id))).all())
    assert owners["aa"] == owners["bb"] != owners["cc"] == owners["dd"]


async def test_a_corrected_side_car_is_followed_but_for_what_people_changed(client: Client, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film(tags=("old",), description="one"))
    [title] = await eventually(lambda: titles(client))
    tag = (await client.get(f"/api/v1/titles/{title['id']}")).etag
    await client.ask("PATCH", f"/api/v1/titles/{title['id']}", body={"tags": ["mine"]}, headers={"If-Match": tag})
    packaged(tmp_path, "bb", film(tags=("old", "new"), description="two"), days=1)
    [title] = await eventually(lambda: titles(client, "has_asset=true&q=third&tag=mine"))
    while len(title["assets"]) < 2:
        [title] = await titles(client)
    # on PostgreSQL a list is read query by query, and a commit between two of them is seen by the later alone
    [title] = await titles(client)
    assert (title["tags"], title["description"]) == (["mine"], "two")
    assert {asset["id"] for asset in title["assets"]} == {"aa", "bb"}
    await eventually(lambda: _said(tmp_path, "bb", "mine"))


async def _said(media: Path, asset: str, tag: str) -> bool:
    found = amended(DirStore(media)).said.get(asset)
    return found is not None and found.said.about is not None and found.said.about.tags == (tag,)


async def test_what_left_the_store_is_gone_and_may_come_back(intake: Intake, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film())
    packaged(tmp_path, "bb", film("Other"))
    await intake.look(NOW, always)
    moved = tmp_path / "elsewhere"
    (tmp_path / "assets" / "aa").rename(moved)
    await intake.look(NOW, always)
    assert await _states(intake.database) == {"aa": "gone", "bb": "packaged"}
    moved.rename(tmp_path / "assets" / "aa")
    await intake.look(NOW, always)
    assert await _states(intake.database) == {"aa": "packaged", "bb": "packaged"}


async def test_a_store_that_shows_nothing_is_not_believed(intake: Intake, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film())
    await intake.look(NOW, always)
    (tmp_path / "assets").rename(tmp_path / "unmounted")
    await intake.look(NOW, always)
    assert await _states(intake.database) == {"aa": "packaged"}


async def _states(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        return dict((await session.exec(select(Asset.id, Asset.state))).all())


async def test_who_loses_the_duty_stops_between_two_transactions(intake: Intake, tmp_path: Path) -> None:
    for number in range(AT_ONCE + 20):
        packaged(tmp_path, f"a{number:03d}", film(f"Film {number}"))

    async def once() -> bool:
        return False

    assert await intake.look(NOW, once) == AT_ONCE
    assert await intake.look(NOW, always) == 20


async def test_an_edit_reaches_the_library_that_channels_choose_from(settings: Settings, key: str) -> None:
    """What is said of a title is laid over all its assets, with what its series says; restarts lose nothing."""
    media = settings.media
    packaged(media, "aa", Told("Pilot", Kind.EPISODE, ("night",), series="Night Shift", season=1, episode=1))
    async with running(settings) as stranger:
        client = stranger.known_by(key)
        await eventually(lambda: titles(client, "kind=episode"))
        [series] = await titles(client, "kind=series")
        etag = (await client.get(f"/api/v1/titles/{series['id']}")).etag
        edit = {"name": "Late Shift", "age_rating": "TV-14", "genres": ["Drama"]}
        await client.ask("PATCH", f"/api/v1/titles/{series['id']}", body=edit, headers={"If-Match": etag})

        async def there() -> Told | None:
            said = amended(DirStore(media)).said.get("aa")
            return said.said.about if said else None

        about = await eventually(there)
        assert (about.series, about.rating, about.genres) == ("Late Shift", "TV-14", ("Drama",))
        [season] = await titles(client, "kind=season")
        etag = (await client.get(f"/api/v1/titles/{season['id']}")).etag
        await client.ask("PATCH", f"/api/v1/titles/{season['id']}", body={"number": 4}, headers={"If-Match": etag})

        async def moved() -> bool:
            said = amended(DirStore(media)).said["aa"].said.about
            return said is not None and said.season == 4

        await eventually(moved)
    assert (about.title, about.season, about.episode, about.tags) == ("Pilot", 1, 1, ("night",))


async def test_what_is_due_is_told_after_a_crash_and_twice_does_no_harm(client: Client, tmp_path: Path) -> None:
    """Nothing is delivered while the store cannot be written; then everything is."""
    site = client.app[SITE]
    store = DirStore(tmp_path)
    packaged(tmp_path, "aa", film())
    [title] = await eventually(lambda: titles(client))
    (tmp_path / "amendments").write_bytes(b"in the way")
    etag = (await client.get(f"/api/v1/titles/{title['id']}")).etag
    await client.ask("PATCH", f"/api/v1/titles/{title['id']}", body={"name": "New"}, headers={"If-Match": etag})
    assert await is_any_due(site.database)
    (tmp_path / "amendments").unlink()

    async def delivered() -> bool:
        return not await is_any_due(site.database)

    await asyncio.gather(deliver(site.database, store, NOW), deliver(site.database, store, NOW))
    await eventually(delivered)
    said = amended(store).said["aa"].said
    assert said.about is not None
    assert said.about.title == "New"


async def test_nothing_in_the_bin_is_chosen_any_more(client: Client, tmp_path: Path) -> None:
    store = DirStore(tmp_path)
    packaged(tmp_path, "aa", film())
    [title] = await eventually(lambda: titles(client))
    await client.ask("DELETE", f"/api/v1/titles/{title['id']}", 200)

    async def shelved() -> bool:
        said = amended(store).said.get("aa")
        return said is not None and said.said.shelved is True

    await eventually(shelved)
    await client.ask("POST", f"/api/v1/titles/{title['id']}/restore", 200)

    async def back() -> bool:
        return amended(store).said["aa"].said.shelved is False

    await eventually(back)


def test_the_folders_of_assets_that_tell_nothing_are_passed_over(tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film())
    store = DirStore(tmp_path)
    store.put_new(keys.asset("bad"), b"{")
    store.put_new(keys.key("assets", "ff", "v.cmfv"), b"")
    found, never = arrivals(store, ["aa", "bad", "ff"], {})
    assert [one.id for one in found] == ["aa"]
    assert never == ["bad"]
    assert scan(store, newest(store), NOW).names == ()
