"""Master control: the file of the channels, the store of the station, and where reports of them are made.

Law: what is kept here is kept for speed alone. A change of the file or of the store by anybody is seen by the next
request, and the memory that is taken does not grow with the number of requests.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

from control_api.channels.document import Document, mistakes, versions
from control_api.channels.edits import Tangled
from control_api.channels.file import Busy, ChannelsFile, Unreadable, Unwritable
from control_api.channels.marks import Unmarked
from control_api.channels.overview import OffAir
from control_api.channels.pool import Pool
from control_api.problems import CHANGED, CONFLICT, MALFORMED, NOT_FOUND, UNACCEPTABLE, Mistake, Problem, unavailable
from playout.config import Faults
from playout.core.schedule import NothingToAir
from playout.documents import Corrupt
from playout.reports.asrun import NotAired
from playout.reports.guide import OneChannel, TooFar
from playout.reports.simulate import Derived
from playout.reports.why import Unexplained
from playout.rollback import NoWayBack
from playout.station import Station, UnknownChannel
from playout.store import StoreDown
from playout.withdraw import UnknownChannel as NotPublished
from playout.zones import UnknownZone

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_api.channels.edits import Path
    from control_api.channels.file import Content
    from control_api.settings import Settings
    from playout.store import Store

Found = TypeVar("Found")

_MENDING: Final = 60
"""Seconds after which somebody may have done what a disk needs."""

EMPTY: Final = "version: 1\nchannels:\n"
"""What a file begins with."""


class MasterControl:
    """One for a process. All calls block, but for those of the pool."""

    def __init__(self, settings: Settings) -> None:
        self.settings: Final = settings
        self.file: Final = ChannelsFile(settings.channels)
        self.store: Final[Store] = settings.place.store()
        self.pool: Final = Pool(
            settings.report_threads, settings.report_processes, settings.report_queue, settings.report_seconds
        )
        self._lock = threading.Lock()
        self._document = Document("", self.file.where)
        self._station: Station | None = None

    async def ask(self, make: Callable[[], Found]) -> Found:
        """What `make` comes to, in a thread. Raises `Problem` for all that may be wrong with a question or a store."""
        return await self.pool.run(lambda: _told(make))

    def station(self) -> Station:
        """The station as it is now. Raises `StoreDown` and `Corrupt`."""
        with self._lock:
            self._station = Station(self.store) if self._station is None else self._station.renewed()
            return self._station

    def document(self) -> Document:
        """The file as it is now. Raises `Problem` where it cannot be read."""
        return self._understood(self._read().text)

    def sound(self) -> Document:
        """The same, of which the parts can be told. Raises `Problem` where it is not so much as YAML."""
        found = self.document()
        if found.root is None and found.text.strip():
            raise Problem(CONFLICT, f"{found.where} is not what it should be: mend it", errors=_faults(found, None))
        return found

    def content(self) -> Content:
        """The file, letter by letter. Raises `Problem`."""
        return self._read()

    def _read(self) -> Content:
        try:
            return self.file.read()
        except Unreadable as bad:
            raise Problem(CONFLICT, str(bad)) from bad

    def _understood(self, text: str) -> Document:
        """The document of a text; that of the last one is kept."""
        kept = self._document
        if kept.text != text:
            kept = self._document = Document(text, self.file.where)
        return kept

    def put(self, document: Document, path: Path, value: Any) -> Document:  # noqa: ANN401 — whatever JSON has, or GONE
        """A document with another value at `path`. Raises `Problem` where it cannot be edited."""
        return self._edited(document, path, value)

    def edit(
        self,
        path: Path,
        make: Callable[[Document], Any],
        guard: Callable[[int], None],
        guarded: Path | None = None,
    ) -> tuple[Document, Document]:
        """Write what `make` makes of the present file at `path`; the file before and after.

        `guard` is called with the present version of that part, or of the one at `guarded`, and raises a `Problem`
        where another one was meant. Raises `Problem`, and then nothing is written, for that and for every mistake that
        the file would have.
        """
        seen: list[Document] = []

        def made(content: Content) -> str:
            present = self._understood(content.text)
            seen.append(present)
            if present.root is None and present.text.strip():
                errors = _faults(present, None)
                raise Problem(CONFLICT, f"{present.where} is not what it should be: mend it", errors=errors)
            value = make(present)
            begun = present if present.text.strip() else Document(EMPTY, present.where)
            self._guarded(present, guard, guarded or path, lambda: self._edited(begun, path, value))
            return self._good(self._edited(begun, path, value), path).text

        return self._changed(made, seen)

    def replace(self, text: str, guard: Callable[[int], None]) -> tuple[Document, Document]:
        """Write a whole text; the file before and after. Raises `Problem` as `edit` does."""
        seen: list[Document] = []

        def made(content: Content) -> str:
            present = self._understood(content.text)
            seen.append(present)
            wanted = Document(text.removeprefix("\ufeff"), present.where)
            self._guarded(present, guard, (), lambda: wanted)
            return self._good(wanted, ()).text

        return self._changed(made, seen)

    def _changed(self, made: Callable[[Content], str], seen: list[Document]) -> tuple[Document, Document]:
        """Write what `made` makes; `seen` is what it has been made of, the last one being what is there."""
        try:
            _, after = self.file.change(made)
        except Unreadable as bad:
            raise Problem(CONFLICT, str(bad)) from bad
        except Unwritable as bad:
            raise unavailable(str(bad), _MENDING) from bad
        except Busy as busy:
            raise unavailable(str(busy), 1) from busy
        return seen[-1], self._understood(after.text)

    def _guarded(
        self, present: Document, guard: Callable[[int], None], path: Path, wanted: Callable[[], Document]
    ) -> None:
        """Refuse a change of another version than the present one, with both of them."""
        try:
            guard(present.version(path))
        except Problem as problem:
            if problem.kind is CHANGED:
                problem.versions = versions(present, wanted(), path)
            raise

    def _edited(self, document: Document, path: Path, value: Any) -> Document:  # noqa: ANN401 — JSON, or GONE
        try:
            begun = document if document.text.strip() else Document(EMPTY, document.where)
            return begun.edited(path, value)
        except (Tangled, Unmarked) as tangled:
            raise Problem(CONFLICT, f"{document.where}: {tangled}") from tangled

    def _good(self, wanted: Document, path: Path) -> Document:
        """What may be written. Raises `Problem` with every mistake of it."""
        errors = _faults(wanted, path)
        if errors:
            count = "a mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
            raise Problem(UNACCEPTABLE, f"{wanted.where} would have {count}, so it stays as it is", errors=errors)
        self._document = wanted  # which is not read again, once it is written
        return wanted


def _told(make: Callable[[], Found]) -> Found:
    """What `make` comes to; what it refuses as a `Problem`."""
    try:
        return make()
    except Derived as derived:
        raise Problem(CONFLICT, str(derived)) from derived
    except (UnknownChannel, NotPublished, Unexplained, NotAired, OffAir) as unknown:
        raise Problem(NOT_FOUND, str(unknown)) from unknown
    except (NoWayBack, NothingToAir) as no_way:
        raise Problem(CONFLICT, str(no_way)) from no_way
    except (TooFar, OneChannel) as wrong:
        raise Problem(MALFORMED, str(wrong)) from wrong
    except OverflowError as never:  # an instant at the very beginning or end of the calendar
        raise Problem(MALFORMED, "nobody can say what airs at that instant") from never
    except (StoreDown, Corrupt, UnknownZone) as down:
        message = f"the store cannot answer that: {down}"
        raise unavailable(message) from down


def _faults(document: Document, path: Path | None) -> list[Mistake]:
    programming = document.programming
    return mistakes(document, programming, path) if isinstance(programming, Faults) else []
