"""Recommendations: how good they are beside plain popularity, and what they cost at 20 000 titles and 100 000 profiles.

How good: what each viewer of a made-up audience with known tastes watched last is hidden, and looked for among ten
suggestions (`control_api.recommending.judging`). FASTLINE_RATINGS, or an argument, names a file of MovieLens' format
(`userId,movieId,rating,timestamp`) that is judged in the same way. What they cost: a version is built as a job builds
it, in a process of its own, and asked for over loopback in whole requests. Run by itself, or by
`bench.py recommending`.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, web
from figures import Figure
from sqlalchemy import insert, text, update
from sqlmodel import col, select
from titles import fill

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL

from clusters import DURABLE, cluster, installed

from control_api import schema
from control_api.app import create_app
from control_api.database import Database
from control_api.demo.audience import Audience, Offered
from control_api.ids import new_id
from control_api.people import accounts
from control_api.people.passwords import Passwords
from control_api.people.roles import Role
from control_api.recommending import ratings
from control_api.recommending.asked import Asked, Line
from control_api.recommending.judging import AT, judge
from control_api.recommending.model import named
from control_api.recommending.taste import Said, weight
from control_api.recommending.works import Work
from control_api.runner import ApiRunner
from control_api.settings import Settings
from control_api.tables import Account, PlaySession, Profile, Title, TitleGenre, Watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from control_api.recommending.judging import Told

TITLES = 20_000
PROFILES = 100_000
EACH = 10
"""Titles that a profile has watched, about."""
REACH = 0.02
"""Seconds of an answer."""
BETTER = 1.5
"""So many times as good as popularity is clearly better."""
BUILT = 600
"""Seconds in which a version should be built."""
_TIMES = 15
_PORTION = 5000
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_PASSWORD = "correct horse battery"  # noqa: S105
_LATELY = 14
"""Days of which there are play sessions."""


def recommending(folder: Path) -> list[Figure]:
    """The figures of all databases that this machine has."""
    found = [*_known_tastes(), *_given()]
    found += asyncio.run(_measured("SQLite", f"sqlite+aiosqlite:///{folder / 'recommending.db'}", folder))
    if installed():
        with _postgresql() as url:
            found += asyncio.run(_measured("PostgreSQL", url, folder))
    return found


@contextmanager
def _postgresql() -> Iterator[str]:
    with cluster(DURABLE) as server:
        server.create("recommending")
        yield server.url("recommending")


def _known_tastes() -> list[Figure]:
    """A made-up audience of 5 000 for 2 000 titles."""
    genres = [f"genre {number}" for number in range(14)]
    works = [
        Work(f"t{n:05}", "movie", genres=(genres[n * 7 % 14], genres[n * 3 % 14]), tags=(f"tag {n % 60}",))
        for n in range(2000)
    ]
    audience = Audience([Offered(work.id, work.genres) for work in works], 1)
    told = [[_told(one) for one in audience.viewer(number, 30)] for number in range(5000)]
    return _judged("a made-up audience", works, told)


def _told(one: Any) -> Told:
    said = Said(_NOW - timedelta(days=one.ago), one.share, int(one.share > 0.95), one.score, one.is_favorite)
    return one.place, weight(said, _NOW)


def _given() -> list[Figure]:
    """A file that somebody has given."""
    given = os.environ.get("FASTLINE_RATINGS", "")
    if not given:
        return []
    path = Path(given)
    beside = path.with_name("movies.csv")
    movies = beside.read_text("utf-8").splitlines() if beside.is_file() else []
    with path.open(encoding="utf-8", newline="") as file:
        works, told = ratings.read(file, movies)
    return _judged(path.name, works, told)


def _judged(what: str, works: Sequence[Work], told: Sequence[Sequence[Told]]) -> list[Figure]:
    begun = perf_counter()
    verdict = judge(works, told, named("blend"))
    took = perf_counter() - begun
    plays = sum(map(len, told))
    how = f"{len(works)} titles, {len(told)} profiles, {plays} plays; {verdict.profiles} asked, {took:.0f} s"
    return [
        Figure(
            f"{what}: {name} at {AT}, and popularity's",
            f"{ours:.3f} and {plain:.3f}",
            f">= {BETTER} times popularity's",
            ours >= BETTER * plain,
            how,
        )
        for name, ours, plain in (
            ("hit rate", verdict.ours.hit_rate, verdict.popularity.hit_rate),
            ("NDCG", verdict.ours.ndcg, verdict.popularity.ndcg),
        )
    ]


async def _measured(name: str, url: str, folder: Path) -> list[Figure]:
    settings = Settings(
        media=folder, database=url, port=0, rate="1000000/minute", rate_anonymous="1000000/minute", access_log=False,
        tells=False, works=False, password_memory_kib=64, password_rounds=1,
    )  # fmt: skip
    await schema.upgrade(url)
    await fill(url, TITLES)
    rows = await _audience(url, settings)
    found = [_built(name, "built", url, rows, full=True)]
    await _edited(url)
    found.append(_built(name, "built again after 20 edits", url, rows, full=False))
    runner = ApiRunner(create_app(settings, clock=lambda: _NOW), shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession() as session:
            for who in ("ada", "kim"):
                found += await _answered(name, session, root, who)
        return found
    finally:
        await runner.cleanup()


async def _edited(url: str) -> None:
    """Edit twenty titles."""
    database = Database(url)
    async with database.writing() as session:
        ids = (await session.exec(select(Title.id).order_by(col(Title.id)).limit(20))).all()
        later = _NOW + timedelta(seconds=1)
        await session.exec(update(Title).where(col(Title.id).in_(ids)).values(updated_at=later))
    await database.close()


def _built(name: str, what: str, url: str, rows: int, *, full: bool) -> Figure:
    """Build a version as a job does."""
    asked = Asked(
        database=url, model="blend", half_life=timedelta(days=3), full=full,
        now=_NOW if full else _NOW + timedelta(minutes=1),
    )  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "control_api.recommending"],
        input=asked.model_dump_json() + "\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    took = perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    built = Line.model_validate_json(done.stdout.splitlines()[-1]).built
    assert built is not None
    memory = after.ru_maxrss / 1024
    return Figure(
        f"{name}: recommendations {what}, {TITLES} titles and {PROFILES} profiles",
        f"{took:.0f} s ({busy:.0f} s of a core), {memory:.0f} MiB",
        f"<= {BUILT} s, aside",
        took <= BUILT,
        f"{built.anew} of {built.works} anew, {built.plays} likes of {built.profiles} profiles; {rows} rows of history",
    )


async def _answered(name: str, session: ClientSession, root: str, who: str) -> list[Figure]:
    async with session.post(f"{root}/api/v1/auth/login", json={"username": who, "password": _PASSWORD}) as answer:
        answer.raise_for_status()
        headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
    base = f"{root}/api/v1/recommendations"
    async with session.get(f"{base}/popular?limit=1", headers=headers) as answer:
        title = (await answer.json())["items"][0]["title"]["id"]
    paths = {"suited": "", "trending": "/trending", "popular": "/popular?genre=noir", "similar": f"/similar/{title}"}
    taken = {}
    for case, path in paths.items():
        times, items = [], []
        for _ in range(_TIMES):
            begun = perf_counter()
            async with session.get(base + path, headers=headers) as answer:
                items = (await answer.json())["items"]
                answer.raise_for_status()
            times.append(perf_counter() - begun)
        taken[case] = (min(times), len(items))
    return [
        Figure(
            f"{name}: {case} for {'a child' if who == 'kim' else 'a profile with a history'}",
            f"{seconds * 1000:.1f} ms",
            f"<= {REACH * 1000:.0f} ms",
            seconds <= REACH,
            f"{count} titles with reasons, pictures and flags, a whole request",
        )
        for case, (seconds, count) in taken.items()
    ]


async def _audience(url: str, settings: Settings) -> int:
    """Write profiles, and what they have watched; how many rows that is."""
    database = Database(url)
    async with database.reading() as session:
        links = (await session.exec(select(TitleGenre.title_id, TitleGenre.genre_id))).all()
    async with database.writing() as session:  # half of them are for children, too
        await session.exec(update(Title).where(col(Title.score) > 500).values(age=6))
    audience = Audience([Offered(title, (genre,)) for title, genre in sorted(links)], 1)
    titles = sorted(title for title, _ in links)
    profiles = [await _person(database, settings, "ada"), await _person(database, settings, "kim", is_kids=True)]
    watched = await _watching(database, audience, titles, profiles, 0, 40)
    for start in range(0, PROFILES, _PORTION):
        some = [_viewer(number) for number in range(start, start + _PORTION)]
        async with database.writing() as session:
            connection = await session.connection()
            await connection.execute(insert(Account), [account for account, _ in some])
            await connection.execute(insert(Profile), [profile for _, profile in some])
        watched += await _watching(database, audience, titles, [one["id"] for _, one in some], start + 2, EACH)
    async with database.writing() as session:
        await (await session.connection()).execute(text("ANALYZE"))
    await database.close()
    return watched


async def _person(database: Database, settings: Settings, name: str, **more: Any) -> str:
    """Somebody who can sign in, and their profile."""
    passwords = Passwords(settings)
    wanted = accounts.Wanted(username=name, email=None, role=Role.VIEWER, password=await passwords.make(_PASSWORD))
    passwords.close()
    async with database.writing() as session:
        owner = (await accounts.made(session, wanted, _NOW)).id
        await session.flush()
        profile = (await session.exec(select(Profile).where(Profile.account_id == owner))).one()
        for field, value in more.items():
            setattr(profile, field, value)
        session.add(profile)
        found: str = profile.id
    return found


def _viewer(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    account = Account(
        id=new_id("ac"), username=f"viewer{number}", username_folded=f"viewer{number}", role="viewer", created_at=_NOW
    )
    profile = Profile(
        id=new_id("pr"), account_id=account.id, name="Main", is_main=True, created_at=_NOW, updated_at=_NOW
    )
    return account.model_dump(), profile.model_dump()


async def _watching(
    database: Database, audience: Audience, titles: Sequence[str], profiles: Sequence[str], first: int, count: int
) -> int:
    """Write what these profiles have watched, and the sessions of the last days."""
    rows, plays = [], []
    for number, profile in enumerate(profiles, first):
        for one in audience.viewer(number, count):
            at, long = _NOW - timedelta(days=one.ago), 5_400_000
            seen = round(one.share * long)
            end = at if one.share > 0.95 else None
            rows.append({
                "id": new_id("wa"), "profile_id": profile, "title_id": titles[one.place], "series_id": None,
                "name": "", "position_ms": seen, "duration_ms": long, "watched_ms": seen, "times": int(end is not None),
                "completed_at": end, "first_at": at, "watched_at": at, "hidden_at": None,
            })  # fmt: skip
            if one.ago < _LATELY:
                plays.append(
                    PlaySession(
                        id=new_id("ps"), profile_id=profile, title_id=titles[one.place], started_at=at, touched_at=at,
                        ended_at=at, watched_ms=seen, duration_ms=long,
                    ).model_dump()
                )  # fmt: skip
    async with database.writing() as session:
        connection = await session.connection()
        for start in range(0, len(rows), _PORTION):
            await connection.execute(insert(Watched), rows[start : start + _PORTION])
        for start in range(0, len(plays), _PORTION):
            await connection.execute(insert(PlaySession), plays[start : start + _PORTION])
    return len(rows)


if __name__ == "__main__":
    import tempfile

    from figures import show

    if sys.argv[1:]:
        os.environ["FASTLINE_RATINGS"] = sys.argv[1]
    with tempfile.TemporaryDirectory() as place:
        show(recommending(Path(place)))
