"""`fastline withdraw` and `fastline give-back`: assets off the air of a channel, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.options import OK, Command, Refused
from playout.library import newest
from playout.withdraw import give_back, withdraw

if TYPE_CHECKING:
    import argparse

    from playout.store import Store


def _options(made: argparse.ArgumentParser) -> None:
    made.add_argument("channel", metavar="CHANNEL", help="the channel's id")
    made.add_argument("assets", nargs="+", metavar="ASSET", help="ids of assets")
    made.add_argument("--reason", default="", help="why, for whoever asks later")


def _withdraw(asked: argparse.Namespace) -> int:
    """Write the order."""
    store = _holding(asked)
    number = withdraw(store, asked.channel, asked.assets, system_clock(), asked.reason)
    print(f"order {number}: {len(asked.assets)} off the air of {asked.channel}, within seconds on every origin")
    return OK


def _give_back(asked: argparse.Namespace) -> int:
    """Write the opposite order."""
    number = give_back(_holding(asked), asked.channel, asked.assets, system_clock(), asked.reason)
    print(f"order {number}: {len(asked.assets)} may air on {asked.channel} again, within seconds on every origin")
    return OK


def _holding(asked: argparse.Namespace) -> Store:
    """The store, if it holds these assets."""
    store: Store = asked.media.store()
    library = newest(store)
    unknown = [asset for asset in asked.assets if asset not in library]
    if unknown:
        message = f"not in the library: {', '.join(unknown)}. Their ids are the names in {asked.media}/assets"
        raise Refused(message)
    return store


WITHDRAW: Final = Command(_options, _withdraw)
GIVE_BACK: Final = Command(_options, _give_back)
