r"""The five steps of somebody who watches, by a client that a generator has made of /openapi.json.

openapi-python-client generate --url 'https://tv.example/openapi.json?aliases=false' --meta none \
    --output-path fastline_client
python typed_client.py https://tv.example ada
"""

from __future__ import annotations

import sys

import httpx
from fastline_client import AuthenticatedClient, Client
from fastline_client.api.history import list_continue_watching
from fastline_client.api.lists import add_to_watchlist
from fastline_client.api.plans_and_payments import subscribe
from fastline_client.api.playback import ask_playback
from fastline_client.api.playing import end_play_session
from fastline_client.api.signing_in import register, sign_in
from fastline_client.api.titles import list_titles
from fastline_client.models import (
    BeatGiven,
    PlaybackGiven,
    PlaybackShown,
    PlaySessionShown,
    ProblemShown,
    Registration,
    SignIn,
    SubscribeGiven,
    TitleListed,
    TitlePage,
    TokensShown,
)

PASSWORD = "correct horse battery"  # noqa: S105 — of an account that this example makes


def main(url: str, name: str) -> None:
    """Register, sign in, choose, watch on, and meet what is premium."""
    stranger = Client(url)
    register.sync(client=stranger, body=Registration(username=name, password=PASSWORD))
    tokens = sign_in.sync(client=stranger, body=SignIn(username=name, password=PASSWORD))
    if not isinstance(tokens, TokensShown):
        raise SystemExit(f"{name} cannot sign in: {tokens}")
    viewer = AuthenticatedClient(url, tokens.access_token)

    free, premium = chosen(viewer)
    add_to_watchlist.sync(id=free.id, client=viewer)
    played = ask_playback.sync(client=viewer, body=PlaybackGiven(title=free.id, session=True))
    if not isinstance(played, PlaybackShown) or not isinstance(played.session, PlaySessionShown):
        raise SystemExit(f"{free.name} does not play: {played}")
    print(free.name, "plays:", httpx.get(played.url).text.startswith("#EXTM3U"))
    end_play_session.sync(id=played.session.id, client=viewer, body=BeatGiven(position_ms=15_000))
    going_on = list_continue_watching.sync(client=viewer)
    if going_on is None or isinstance(going_on, ProblemShown):
        raise SystemExit(f"nobody knows what is to be watched on: {going_on}")
    print("to be watched on:", *(f"{card.title.name} {card.position_ms}" for card in going_on.items))

    refused = ask_playback.sync(client=viewer, body=PlaybackGiven(title=premium.id))
    if not isinstance(refused, ProblemShown):
        raise SystemExit(f"{premium.name} plays for who has no plan with it")
    print(premium.name, "is refused:", refused.status)
    subscribe.sync(client=viewer, body=SubscribeGiven(plan="premium", method="test_card"))
    played = ask_playback.sync(client=viewer, body=PlaybackGiven(title=premium.id))
    print(premium.name, "plays:", isinstance(played, PlaybackShown))


def chosen(viewer: AuthenticatedClient) -> tuple[TitleListed, TitleListed]:
    """Something that is free, and something that is not."""
    page = list_titles.sync(client=viewer)
    if not isinstance(page, TitlePage):
        raise SystemExit(f"there is no catalogue: {page}")
    by_access = {str(title.access): title for title in page.items}
    return by_access["free"], by_access["premium"]


if __name__ == "__main__":
    main(*sys.argv[1:])
