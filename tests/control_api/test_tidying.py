"""Nothing grows for ever: what nobody needs any more goes once a day, and nothing that something speaks of."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from clients import running
from persons import Times
from sqlmodel import SQLModel, col, func, select
from test_artwork import picture

from control_api.happenings import Feed, Happening, append
from control_api.ids import new_id
from control_api.tables import (
    ArtworkTicket,
    Asset,
    AuditEntry,
    Backup,
    Delivery,
    Event,
    Import,
    ImportEntry,
    PictureStray,
    Repeat,
    Title,
    Upload,
    Webhook,
    WebhookPlace,
)
from control_api.tidying import files
from control_api.tidying.daily import Tidier
from control_api.tidying.rows import AT_ONCE, rows
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def write(database: Database, *some: SQLModel) -> None:
    async with database.writing() as session:
        session.add_all(some)


async def ids(database: Database, column: Any) -> list[Any]:
    async with database.reading() as session:
        return list((await session.exec(select(column).order_by(column))).all())


async def happened(database: Database, days: int, count: int = 1) -> None:
    """So many events, so many days ago."""
    async with database.writing() as session:
        some = [Happening("thing.happened", f"{days}") for _ in range(count)]
        await append(session, some, NOW - days * DAY)


def webhook(name: str, **more: Any) -> Webhook:
    return Webhook(id=name, url="https://a.example", description="", types=[], created_at=NOW, **more)


def delivery(event: str, state: str) -> Delivery:
    ended = None if state == "open" else NOW
    return Delivery(
        id=new_id("dl"), webhook="wh_1", event=event, sequence=1, type="x", state=state, due_at=NOW, created_at=NOW,
        ended_at=ended, log=[],
    )  # fmt: skip


def upload(name: str, state: str, days: int, **more: Any) -> Upload:
    then = NOW - days * DAY
    values = {"is_kept": False, "expires_at": then, "created_at": then, "touched_at": then, **more}
    return Upload(id=name, owner="me", way="tus", state=state, **values)


async def test_events_go_once_they_are_old_and_every_webhook_has_passed_them(
    database: Database, settings: Settings
) -> None:
    for days in (400, 399, 398, 397, 396, 10):
        await happened(database, days)
    listed = await ids(database, Event.id)
    events = dict(zip(await ids(database, Event.sequence), await ids(database, Event.sequence), strict=True))
    assert len(events) == len(listed) == 6
    async with database.reading() as session:
        by_number = (await session.exec(select(Event).order_by(col(Event.sequence)))).all()
    await write(database, webhook("wh_1"), webhook("wh_2", disabled_at=NOW))
    await write(
        database, WebhookPlace(webhook="wh_1", after=4), WebhookPlace(webhook="wh_2", after=0),
        delivery(by_number[1].id, "open"), delivery(by_number[2].id, "delivered"),
    )  # fmt: skip
    assert (await rows(database, settings, NOW))["events"] == 2
    assert await ids(database, Event.sequence) == [2, 3, 5, 6]
    async with database.writing() as session:
        for row in (await session.exec(select(Delivery))).all():
            await session.delete(row)
        place = await session.get(WebhookPlace, "wh_1")
        assert place is not None
        place.after = 6
    assert (await rows(database, settings, NOW))["events"] == 3
    assert (await rows(database, settings, NOW + 1000 * DAY))["events"] == 0, "the newest one stays"
    assert await Feed(database, 1).newest() == 6
    await happened(database, -1)
    assert await ids(database, Event.sequence) == [6, 7]


async def test_very_many_go_some_at_a_time(database: Database, settings: Settings) -> None:
    await happened(database, 400, AT_ONCE + 2)
    run = Import(id="im_1", format="csv", feed="csv", created_at=NOW - 400 * DAY, ended_at=NOW - 400 * DAY)
    await write(database, run)
    some = [ImportEntry(import_id="im_1", number=number, outcome="made") for number in range(AT_ONCE + 1)]
    await write(database, *some)
    done = await rows(database, settings, NOW)
    assert (done["events"], done["import entries"], done["imports"]) == (AT_ONCE + 1, AT_ONCE + 1, 1)
    assert await ids(database, ImportEntry.number) == []


async def test_each_kind_goes_after_its_days_and_stays_for_ever_with_none(
    database: Database, settings: Settings
) -> None:
    asset: dict[str, Any] = {"house": "fast", "kind": "movie", "work": "w", "duration_ms": 1, "added_at": NOW}
    await write(database, Title(id="ti_1", kind="movie", name="T", sort_name="t", created_at=NOW, updated_at=NOW))
    await write(database, Asset(id="as_there", title_id="ti_1", **asset))
    await write(database, Asset(id="as_gone", title_id="ti_1", state="gone", **asset))
    for days, name in ((2000, "old"), (1, "new")):
        then = NOW - days * DAY
        told = ("caller", "caller_name", "address", "request_id", "operation", "kind", "subject", "action")
        said: dict[str, Any] = dict.fromkeys(told, "")
        ticket: dict[str, Any] = {"title_id": "ti_1", "shape": "square", "made_by": "", "made_by_name": ""}
        await write(
            database,
            AuditEntry(id=f"au_{name}", at=then, **said),
            Import(id=f"im_{name}", format="csv", feed="csv", created_at=then, ended_at=then),
            Import(id=f"im_going_{name}", format="csv", feed="csv", created_at=then),
            Repeat(digest=name, fingerprint="", holder="", held_until=then, expires_at=then + 2 * DAY),
            ArtworkTicket(id=f"at_{name}", expires_at=then, **ticket),
            upload(f"up_ended_{name}", "ended", days), upload(f"up_expired_{name}", "expired", days),
            upload(f"up_refused_{name}", "refused", days), upload(f"up_going_{name}", "receiving", days, is_kept=True),
            upload(f"up_kept_{name}", "packaged", days, is_kept=True, asset_id="as_gone"),
            upload(f"up_dropped_{name}", "packaged", days, asset_id="as_there"),
            upload(f"up_over_{name}", "packaged", days, asset_id="as_gone"),
            upload(f"up_purged_{name}", "packaged", days, asset_id="as_purged"),
        )  # fmt: skip
    none = {f"{kind}_days": 0 for kind in ("event", "audit", "upload", "import", "picture", "backup")}
    kept = await rows(database, settings.model_copy(update=none), NOW - 5000 * DAY)
    assert kept.keys().isdisjoint(("events", "audit entries", "uploads", "import entries", "imports"))
    assert not any(kept.values())
    done = await rows(database, settings, NOW)
    assert {kind: count for kind, count in done.items() if count} == {
        "audit entries": 1, "uploads": 5, "imports": 1, "repeats": 1, "tickets": 1,
    }  # fmt: skip
    assert await ids(database, Upload.id) == sorted(
        [f"up_{what}_old" for what in ("going", "kept", "dropped")]
        + [f"up_{what}_new" for what in ("ended", "expired", "refused", "going", "kept", "dropped", "over", "purged")]
    )
    assert await ids(database, Import.id) == ["im_going_new", "im_going_old", "im_new"]
    assert await ids(database, AuditEntry.id) == ["au_new"]
    assert await ids(database, Repeat.digest) == ["new"]
    assert await ids(database, ArtworkTicket.id) == ["at_new"]


async def hung(client: Client, title: str, size: int) -> str:
    """The name of the file of a picture that hangs now."""
    reply = await client.ask(
        "PUT", f"/api/v1/titles/{title}/artwork/square", data=picture(size, size), headers={"Content-Type": "image/png"}
    )
    return str(reply.json["url"]).rpartition("/")[2]


async def test_a_picture_goes_when_nothing_has_shown_it_for_days_and_no_sooner(
    client: Client, settings: Settings, database: Database
) -> None:
    store = DirStore(settings.media)
    one, two = [
        (await client.post("/api/v1/titles", {"kind": "movie", "name": name})).json["id"] for name in ("A", "B")
    ]
    first = await hung(client, one, 100)
    assert await hung(client, two, 100) == first
    second = await hung(client, one, 200)
    third = await hung(client, one, 300)
    assert set(store.names("artwork")) == {first, second, third}

    async def look(days: float) -> int:
        return await files.pictures(database, store, NOW + days * DAY, 7 * DAY)

    assert await look(0) == 0
    assert await ids(database, PictureStray.name) == [second]
    assert await hung(client, two, 400) != first
    assert await look(3) == 0
    assert await hung(client, two, 200) == second, "it is shown again before its time"
    assert await look(8) == 0
    assert (await ids(database, PictureStray.name), len(store.names("artwork"))) == (
        sorted(name for name in store.names("artwork") if name not in (second, third)), 4,
    )  # fmt: skip
    assert await look(9) == 0
    assert await look(10) == 1, "the first, which nothing has shown since the third day"
    assert first not in store.names("artwork")
    await client.get(f"/artwork/{second}")
    await client.get(f"/artwork/{third}")
    await client.get(f"/artwork/{first}", 404)
    assert await look(15.5) == 1, "the one that hung in between"
    assert set(store.names("artwork")) == {second, third}
    assert await look(100) == 0
    assert await ids(database, PictureStray.name) == []


class Slow(DirStore):
    """A store in which somebody hangs a picture again at the very moment at which it is removed."""

    def __init__(self, root: Path, meanwhile: Any) -> None:
        super().__init__(root)
        self.meanwhile = meanwhile

    def remove(self, key: str) -> None:
        self.meanwhile()
        super().remove(key)


async def test_a_picture_that_is_hung_again_while_it_is_removed_is_there(
    client: Client, settings: Settings, database: Database
) -> None:
    title = (await client.post("/api/v1/titles", {"kind": "movie", "name": "A"})).json["id"]
    first = await hung(client, title, 100)
    await hung(client, title, 200)
    store = DirStore(settings.media)
    await files.pictures(database, store, NOW, DAY)

    def meanwhile() -> None:
        if database.is_sqlite:
            with sqlite3.connect(str(database.url.database)) as other:
                other.execute("UPDATE artwork SET digest = ?", [first.partition(".")[0]])
            other.close()
        else:
            url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(url) as it:
                it.execute("UPDATE artwork SET digest = %s", [first.partition(".")[0]])

    assert await files.pictures(database, Slow(settings.media, meanwhile), NOW + DAY, DAY) == 0
    assert (await client.get(f"/artwork/{first}")).body


async def test_old_backups_go_and_the_newest_good_one_stays(
    client: Client, database: Database, settings: Settings
) -> None:
    folder = settings.media / "backups"
    folder.mkdir()
    for name, days, size in (("1", 300, 5), ("2", 200, 5), ("3", 150, 0), ("4", 100, None), ("5", 10, 0)):
        then = NOW - days * DAY
        ended = None if size is None else then
        await write(database, Backup(id=f"bk_{name}", owner="me", size=size or 0, created_at=then, ended_at=ended))
        (folder / f"bk_{name}.tar.gz").write_bytes(b"x")
    assert await files.backups(database, settings, NOW, 90 * DAY) == 2
    assert await ids(database, Backup.id) == ["bk_2", "bk_4", "bk_5"]
    assert sorted(path.name for path in folder.iterdir()) == ["bk_2.tar.gz", "bk_4.tar.gz", "bk_5.tar.gz"]
    told = (await client.get("/api/v1/events?type=backup.deleted")).json["items"]
    assert [(one["subject"], one["data"]["by"]) for one in told] == [("bk_3", "station"), ("bk_1", "station")]


async def test_files_of_imports_go_that_nobody_will_read(database: Database, settings: Settings) -> None:
    folder = settings.media / "imports"
    folder.mkdir()
    for name, ended in (("over", NOW), ("going", None)):
        await write(database, Import(id=f"im_{name}", format="csv", feed="csv", created_at=NOW, ended_at=ended))
    for name in ("im_over", "im_going", "im_none", ".im_none", "im_young", ".im_going"):
        (folder / name).write_text("x")
        then = (NOW - (timedelta() if name == "im_young" else 2 * DAY)).timestamp()
        os.utime(folder / name, (then, then))
    assert await files.import_files(database, settings, NOW) == 3
    assert sorted(path.name for path in folder.iterdir()) == [".im_going", "im_going", "im_young"]


async def test_one_process_does_it_once_a_day(database: Database, settings: Settings) -> None:
    times = Times(NOW)
    feed = Feed(database, 1)
    several = [Tidier(settings, database, feed, times) for _ in range(3)]
    await happened(database, 400, 3)
    assert [(await one.once()).get("events") for one in several] == [2, None, None]
    times.now += DAY - timedelta(minutes=1)
    assert [await one.once() for one in several] == [{}, {}, {}]
    times.now += timedelta(minutes=1)
    assert [bool(await one.once()) for one in several] == [True, False, False]


async def test_who_fails_at_it_leaves_it_to_the_next(database: Database, settings: Settings) -> None:
    then = NOW - 300 * DAY
    await write(database, *(Backup(id=f"bk_{n}", owner="", size=n, created_at=then, ended_at=then) for n in (0, 1)))
    odd = settings.media / "backups" / "bk_0.tar.gz"
    odd.mkdir(parents=True)
    tidier = Tidier(settings, database, Feed(database, 1), Times(NOW))
    for _ in range(2):
        with pytest.raises(OSError, match="bk_0"):
            await tidier.once()
    odd.rmdir()
    assert (await tidier.once())["backups"] == 1


async def test_the_api_does_it_beside_answering(settings: Settings, key: str, database: Database) -> None:
    await happened(database, 400, 3)
    async with running(settings.model_copy(update={"tells": True}), clock=Times(NOW)) as server:
        client = server.known_by(key)
        async with database.reading() as session:
            counted = select(func.count()).select_from(Event)
            while (await session.exec(counted)).one() > 3:  # the newest one, and what the library tells
                await session.rollback()
        await client.get("/api/v1/events")
