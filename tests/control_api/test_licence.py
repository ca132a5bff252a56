"""When and where something may be watched (row BX9): titles by their rights and countries, channels by theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from desks import WRITTEN, house
from persons import cheap, person
from sqlmodel import insert, select, update

from control_api.library.intake import Intake
from control_api.library.licence import ELSEWHERE, NOWHERE, country, refused
from control_api.site import SITE
from control_api.tables import Asset, Title
from control_api.viewing.licensed import refusals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def title(
    rights: Sequence[tuple[int | None, int | None, list[str]]] = (),
    allowed: Sequence[str] = (),
    denied: Sequence[str] = (),
) -> Title:
    """Rights as days from now, and countries."""

    def instant(days: int | None) -> str | None:
        return None if days is None else (NOW + days * DAY).isoformat()

    said: list[dict[str, Any]] = [
        {"start": instant(start), "stop": instant(stop), "territories": where} for start, stop, where in rights
    ]
    return Title(
        id="ti_1", kind="movie", name="F", sort_name="f", created_at=NOW, updated_at=NOW,
        rights=said, countries_allowed=list(allowed), countries_denied=list(denied),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "where", "why"),
    [
        (title(), "DE", ""),
        (title(), None, ""),
        (title(allowed=["DE", "AT"]), "AT", ""),
        (title(allowed=["DE", "AT"]), "CH", ELSEWHERE),
        (title(allowed=["DE"]), NOWHERE, ELSEWHERE),
        (title(allowed=["DE"]), None, ""),
        (title(denied=["US"]), "US", ELSEWHERE),
        (title(denied=["US"]), NOWHERE, ""),
        (title([(-1, 1, [])]), None, ""),
        (title([(1, 2, [])]), None, "this can be watched from 2026-03-02T12:00+00:00 on"),
        (title([(3, 4, ["DE"]), (1, 2, ["US"])]), "DE", "this can be watched from 2026-03-04T12:00+00:00 on"),
        (title([(-2, -1, [])]), "DE", "this can be watched no more: its rights have ended"),
        (title([(None, 0, [])]), "DE", "this can be watched no more: its rights have ended"),
        (title([(0, None, [])]), "DE", ""),
        (title([(-1, 1, ["US"])]), "DE", ELSEWHERE),
        (title([(-1, 1, ["US"])]), None, ""),
        (title([(-1, 1, ["US"]), (-2, None, ["DE"])]), "DE", ""),
        (title([(-1, 1, ["DE"])], denied=["DE"]), "DE", ELSEWHERE),
    ],
)
def test_a_title_is_watched_when_and_where_its_rights_say(given: Title, where: str | None, why: str) -> None:
    assert refused(given, where, NOW) == why


@pytest.mark.parametrize(
    ("said", "meant"), [("de", "DE"), ("US", "US"), ("XX", NOWHERE), ("T1", NOWHERE), ("", NOWHERE)]
)
def test_a_country_that_nobody_could_tell_is_none(said: str, meant: str) -> None:
    assert country(said) == meant


def part(number: int, kind: str, above: str | None) -> Title:
    """A series for Germany, and what is beneath it, of which nobody says where it may be seen."""
    return Title(
        id=f"ti_{number}", kind=kind, name="F", sort_name="f", parent_id=above, created_at=NOW, updated_at=NOW,
        countries_allowed=["DE"] if above is None else [],
    )  # fmt: skip


async def always() -> bool:
    return True


async def test_every_way_to_an_address_asks_in_which_country_somebody_is(
    settings: Settings, key: str, tmp_path: Path
) -> None:
    desk = house(tmp_path, WRITTEN.replace("    name: Late\n", "    name: Late\n    territories: [DE]\n"))
    here = {"country_header": "CF-IPCountry", "trusted_proxies": (ip_network("127.0.0.0/8"),)}
    async with running(cheap(settings, **here), clock=desk.clock) as nobody:
        database, ada = nobody.app[SITE].database, await person(nobody, "ada")
        await Intake(database, desk.station.store).look(desk.now, always)
        async with database.writing() as session:
            asset, film = (await session.exec(select(Asset.id, Asset.title_id).where(Asset.id == "film-a"))).one()
            await session.exec(update(Title).values(countries_allowed=["DE"], state="published"))
        ways: list[tuple[str, str, Any]] = [
            ("POST", "/api/v1/playback", {"title": film}),
            ("POST", "/api/v1/playback", {"asset": asset}),
            ("POST", "/api/v1/playback", {"channel": "late"}),
            ("GET", f"/api/v1/content/{film}/stream", None),
            ("GET", f"/media/{asset}/stream-url", None),
            ("GET", "/api/v1/channels/late/play", None),
        ]
        async with database.writing() as session:  # and of what it is a part of, however far above: a trailer has most
            for number, kind in enumerate(("series", "season", "episode", "trailer")):
                above = None if kind == "series" else f"ti_{number - 1}"
                await session.exec(insert(Title).values(**part(number, kind, above).model_dump()))
        async with database.reading() as session:
            assert await refusals(session, ["ti_3"], "FR", desk.now) == {"ti_3": ELSEWHERE}
            assert await refusals(session, ["ti_3"], "DE", desk.now) == {"ti_3": ""}
        for country in ("FR", "XX", ""):
            headers = {"CF-IPCountry": country, "X-Forwarded-For": "203.0.113.7"}
            for method, path, body in ways:
                refused = await ada.ask(method, path, 451, body=body, headers=headers)
                assert refused.json["detail"] == ELSEWHERE
            await ada.ask("POST", "/api/v1/playback", 200, body={"channel": "films"}, headers=headers)
        for method, path, body in ways:
            await ada.ask(method, path, 200, body=body, headers={"CF-IPCountry": "de"})
            await nobody.known_by(key).ask(method, path, 451 if "late" in f"{path}{body}" else 200, body=body)
    async with running(cheap(settings, country_header="CF-IPCountry"), clock=desk.clock) as nobody:
        ada = await person(nobody, "grace")  # without a trusted proxy anybody might say anything
        await ada.ask("POST", "/api/v1/playback", 451, body={"title": film}, headers={"CF-IPCountry": "DE"})
    async with running(cheap(settings), clock=desk.clock) as nobody:
        joan = await person(nobody, "joan")
        await joan.ask("POST", "/api/v1/playback", 200, body={"title": film})
