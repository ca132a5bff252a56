"""CSV: a title a line, columns in any order, the dialect told from the first line.

Law: a line with a mistake is refused with the line and the column, and all others are read.
"""

from __future__ import annotations

import csv
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from control_api.imports.columns import COLUMNS, CREDITS, SCHEMES, BadCell, meant
from control_api.imports.records import Fault, Item, Unreadable, item
from control_api.imports.texts import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from control_api.imports.records import Notes

LONGEST: Final = 4 << 20
"""Letters of one cell; the casts of large films take a hundred thousand."""
_HEADER: Final = 64 << 10
_SIGNS: Final = ",;\t|"
_MOST_COLUMNS: Final = 200


def rows(path: Path, notes: Notes) -> Iterator[tuple[int, list[str] | Fault]]:
    """The lines of the file as cells, each with the number of the line where it begins, the header first.

    Raises `Unreadable`.
    """
    csv.field_size_limit(LONGEST)
    with opened(path, notes) as file:
        sign = delimiter(file.readline(_HEADER))
        file.seek(0)
        reader = csv.reader(file, delimiter=sign, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, Fault(_words(error))
                continue
            if any(cell.strip() for cell in cells):
                yield line, cells


def _words(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text or "unexpected end" in text:
        return 'a quotation mark is opened and not closed: write one within a cell twice, ""'
    if "expected after" in text:
        return 'a quotation mark ends a cell, and the cell goes on: write one within a cell twice, ""'
    return text


def delimiter(header: str) -> str:
    """What parts the columns: of the usual signs the one that stands most often outside of quotation marks."""
    outside = "".join(header.split('"')[::2])
    counted = {sign: outside.count(sign) for sign in _SIGNS}
    return max(_SIGNS, key=lambda sign: counted[sign])


def read(path: Path, notes: Notes) -> Iterator[Item]:
    """The items of the file. Raises `Unreadable`."""
    found = rows(path, notes)
    line, header = next(found, (1, Fault("it is empty")))
    if isinstance(header, Fault):
        raise Unreadable(header.detail, line)
    names = _columns(header, line, notes)
    for line, cells in found:
        yield Item(line, None, (cells,)) if isinstance(cells, Fault) else _item(cells, header, names, line)


def _columns(header: Sequence[str], line: int, notes: Notes) -> list[str | None]:
    """What each column means. Raises `Unreadable` when no title can be made of them."""
    if len(header) > _MOST_COLUMNS:
        msg = f"there are more than {_MOST_COLUMNS} columns"
        raise Unreadable(msg, line)
    names: list[str | None] = []
    for number, text in enumerate(header, 1):
        name = meant(text)
        if name is not None and name in names:
            msg = f"column {number}, {text.strip()!r}, says the same as column {names.index(name) + 1}"
            raise Unreadable(msg, line)
        if name is None:
            close = get_close_matches(text.strip().casefold(), COLUMNS, n=1, cutoff=0.7)
            hint = f"; did you mean {close[0]}?" if close else ""
            notes.add(f"Column {number}, {text.strip()[:60]!r}, is unknown and not read{hint}")
        names.append(name)
    if "name" not in names:
        msg = "there is no column `name` (or `title`): the first line names the columns"
        raise Unreadable(msg, line)
    return names


def _item(cells: Sequence[str], header: Sequence[str], names: Sequence[str | None], line: int) -> Item:
    if len(cells) > len(names):
        words = f"{len(cells)} cells, and there are {len(names)} columns: a sign within a cell needs quotation marks"
        return Item(line, None, (Fault(words),), cells[0][:200])
    faults: list[Fault] = []
    said: dict[str, Any] = {}
    places: dict[str, str] = {}
    people: dict[str, list[Any]] = {}
    for number, (cell, name) in enumerate(zip(cells, names, strict=False), 1):
        if name is None or not cell.strip():
            continue
        where = f"column {number}, {header[number - 1].strip()}"
        if "\0" in cell:
            faults.append(Fault("the character U+0000 is not taken", where))
            continue
        try:
            _read(name, cell.strip(), said, people)
        except BadCell as error:
            faults.append(Fault(str(error), where))
        places[_field(name)] = where
    if people:
        said["credits"] = [one for name in CREDITS for one in people.get(name, [])]
    found = item(said, line, places)
    if not faults:
        return found
    return Item(line, None, (*faults, *found.faults), found.name)


def _field(name: str) -> str:
    if name in COLUMNS:
        return "credits" if name in CREDITS else COLUMNS[name].field
    return "ids" if name in SCHEMES else "texts"


def _read(name: str, cell: str, said: dict[str, Any], people: dict[str, list[Any]]) -> None:
    """One cell that says something."""
    if name in SCHEMES:
        said.setdefault("ids", []).append(f"{SCHEMES[name]}:{cell}")
        return
    if name not in COLUMNS:
        kind, _, language = name.partition(".")
        said.setdefault("texts", {}).setdefault(language, {})[kind] = "" if cell == "-" else cell
        return
    column = COLUMNS[name]
    value = column.nothing if cell == "-" else column.read(cell)
    if name in CREDITS:
        people[name] = value
    elif name == "ids":
        said.setdefault("ids", []).extend(value)
    else:
        said[name] = value
