"""Logos of channels are uploaded, named in the file and in the guide, and kept while they are (row AX9)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from clients import running
from sqlmodel import select
from test_artwork import picture

from control_api.site import SITE
from control_api.tables import Artwork
from control_api.tidying import files

if TYPE_CHECKING:
    from desks import House

    from control_api.settings import Settings

LOGO = "/api/v1/channels/films/logo"
PUBLIC = "https://tv.example"


async def test_a_logo_is_uploaded_named_shown_replaced_and_taken_away(
    desk: House, settings: Settings, key: str
) -> None:
    async with running(settings.model_copy(update={"public_url": PUBLIC}), clock=desk.clock) as nobody:
        api, site = nobody.known_by(key), nobody.app[SITE]
        sent = {"Content-Type": "image/png"}
        read = (await api.get("/api/v1/channels/films")).etag
        await api.ask("PUT", LOGO, 428, data=picture(), headers=sent)
        await api.ask("PUT", LOGO, 422, data=b"x" * 100, headers={**sent, "If-Match": read})
        there = desk.text
        first = await api.ask("PUT", LOGO, data=picture(200, 80, mode="RGBA"), headers={**sent, "If-Match": read})
        url: str = first.json["written"]["logo"]
        assert url.startswith(f"{PUBLIC}/artwork/")
        assert url.endswith(".webp"), "what is transparent stays so"
        assert url in desk.text
        served = await nobody.get(url.removeprefix(PUBLIC))
        assert (served.headers["Content-Type"], served.body[8:12]) == ("image/webp", b"WEBP")
        await api.ask("PUT", LOGO, 412, data=picture(), headers={**sent, "If-Match": read})
        desk.publish()
        assert (await api.get("/api/v1/channels")).json["items"][0]["logo_url"] == url
        again = await api.ask("PUT", LOGO, data=picture(), headers={**sent, "If-Match": first.etag})
        store, now = settings.place.store(), desk.now
        for days in (0, 8):
            await files.pictures(site.database, store, now + timedelta(days=days), timedelta(days=7))
        await nobody.get(url.removeprefix(PUBLIC), 404)  # which nothing names any more
        await nobody.get(again.json["written"]["logo"].removeprefix(PUBLIC))
        gone = await api.ask("DELETE", LOGO, headers={"If-Match": again.etag})
        assert "logo" not in gone.json["written"]
        assert desk.text == there
        async with site.database.reading() as session:
            assert (await session.exec(select(Artwork))).all() == []


async def test_without_a_public_address_nothing_is_named(desk: House, settings: Settings, key: str) -> None:
    async with running(settings, clock=desk.clock) as nobody:
        api = nobody.known_by(key)
        headers = {"Content-Type": "image/png", "If-Match": (await api.get("/api/v1/channels/films")).etag}
        refused = await api.ask("PUT", LOGO, 409, data=picture(), headers=headers)
        assert "public_url" in refused.json["detail"]
    assert "logo" not in desk.text
