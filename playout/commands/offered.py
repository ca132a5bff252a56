"""The commands by name, and how what one of them needs is read.

Law: who asks for one command waits for what that one needs, and for what no other does.
"""

from __future__ import annotations

import argparse
import gc
from contextlib import contextmanager
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, cast

from playout.commands.options import Command, everywhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playout.commands.options import Run


@dataclass(frozen=True, slots=True)
class Offer:
    """A command that can be asked for."""

    name: str
    does: str
    where: str
    """Its `Command`, as `package.module:NAME`; the module is read when the command is asked for."""


def offer(top: argparse.ArgumentParser, offers: Iterable[Offer]) -> None:
    """Add the commands to a parser."""
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=_Asked)
    for each in offers:
        does = f"{each.does[0].upper()}{each.does[1:]}."
        commands.add_parser(each.name, help=each.does, description=does, offer=each)


class _Asked(argparse.ArgumentParser):
    """The parser of a command, which has its options as soon as it is to understand any."""

    def __init__(self, *, offer: Offer, **given: Any) -> None:  # noqa: ANN401 — argparse's own
        super().__init__(**given)
        self._offer: Offer | None = offer

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 — the same
        offered, self._offer = self._offer, None
        if offered is not None:
            with reading():
                command: Command = resolve_name(offered.where)
            everywhere(self)
            command.options(self)
            self.set_defaults(called=offered.name, command=command.run)
        return super().parse_known_args(args, namespace)


def run(asked: argparse.Namespace) -> int:
    """Run the command that was asked for; its exit code."""
    found: Run | str = asked.command
    if isinstance(found, str):
        with reading():
            found = cast("Run", resolve_name(found))
    return found(asked)


@contextmanager
def reading() -> Iterator[None]:
    """While modules are read nobody looks for garbage, and what they have made is never looked through after that.

    They make a million things that stay, and nothing else: to look through them, again and again, is a quarter of
    the time that it takes, and a part of the time of everything later.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
