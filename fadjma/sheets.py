"""A table as a spreadsheet saves it, CSV or workbook: its lines, each with its cells by column, or what is wrong."""

import csv
import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Generic, TypeVar

from fadjma import writing
from fadjma.i18n import N_

MOST_LINES = 50_000
_MOST_FAULTS = 50_000
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx and .ods, and .xls begin
_READER = Path(__file__).with_name("workbook.py")
_PATIENCE = 60  # seconds for a workbook
# What begins so, a spreadsheet would run; wide ones, of East Asian keyboards, too (OWASP, « CSV Injection »).
FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
_EMPTY = N_("Ce fichier ne contient aucune ligne.")
_UNREADABLE = N_("Ce fichier n'est pas un texte en UTF-8 ou en Windows-1252.")
_SPREADSHEET = N_(
    "Ce classeur ne se laisse pas lire : ouvrez-le dans le tableur, enregistrez la feuille au format CSV, puis envoyez "
    "ce fichier-là."
)
_TOO_MANY = N_("Ce fichier a plus de 50 000 lignes : envoyez-le en plusieurs parts.")


@dataclass
class Sheet:
    """What was read: the cells of each line by column, by the line's number, and what is wrong."""

    lines: dict[int, dict[str, str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # by lines-<line>-<column>, or by file
    columns: tuple[str, ...] = ()  # as the first line names them, "" where it does not; in a line the others are empty
    _wrong: set[int] = field(default_factory=set)

    def is_wrong(self, number: int) -> bool:
        """Whether something of this line cannot be taken."""
        return number in self._wrong

    def in_order(self) -> dict[str, str]:
        """What is wrong, as one meets it in the file."""
        return in_order(self.errors, self.columns)

    def refuse(self, number: int, errors: Mapping[str, str]) -> None:
        """These columns of a line are wrong; what was said of one first stays."""
        if errors:
            self._wrong.add(number)
            for column, message in errors.items():
                self.errors.setdefault(f"lines-{number}-{column}", message)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the first line of a table may name: each column's heads, folded, and which columns must be there."""

    heads: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    phones: tuple[str, ...] = ()  # those in which « +221… » is no formula

    def named(self, head: str) -> str:
        """The column that a head names, or nothing."""
        folded = " ".join(writing.fold(head).split())
        return next((column for column, heads in self.heads.items() if folded in heads), "")


L = TypeVar("L")


@dataclass
class Table(Generic[L]):
    """What was read: what each line says, by its number, and what is wrong by line and column."""

    lines: dict[int, L] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # by lines-<line>-<column>, or by file


def in_order(errors: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """What is wrong with a file of these columns, by its lines and in a line from left to right, as people read it."""
    places = {str(place): place for place in range(1, len(columns) + 1)}
    places |= {column: place for place, column in enumerate(columns, 1) if column}
    return dict(sorted(errors.items(), key=lambda error: _where(error[0], places)))


def _where(name: str, places: Mapping[str, int]) -> tuple[int, int]:
    """The line of « lines-3-dci » and the place of its cell; first what is said of the whole file, of a line last."""
    if not name.startswith("lines-"):
        return (0, 0)
    _, line, column = name.split("-", 2)
    return (int(line), places.get(column, len(places) + 1))


class _Unreadable(Exception):
    """The file as a whole cannot be read; the message says why."""


def read(sent: bytes, columns: Columns) -> Sheet:
    """Read a file. Its first line names the columns, in any order; a cell says why it cannot be taken."""
    sheet = Sheet()
    try:
        _read_lines(sheet, columns, _rows(sheet, sent))
    except _Unreadable as unreadable:
        sheet.errors = {"file": str(unreadable)}
    if not sheet.lines and not sheet.errors:
        sheet.errors = {"file": _EMPTY}
    return sheet


def table(
    sent: bytes,
    columns: Columns,
    *,
    wrong: Callable[[dict[str, str]], dict[str, str]],
    line: Callable[[dict[str, str], frozenset[str]], tuple[object, L]],
    twice: Mapping[str, str],
) -> Table[L]:
    """Read a file of which each line is one thing.

    `wrong` says what is wrong with the cells of a line, by column. `line` makes of good ones, and of the columns that
    the file has, by what the thing is known again and what is kept of it; `twice` is said of one that is above already.
    """
    sheet = read(sent, columns)
    found: dict[int, L] = {}
    seen: set[object] = set()
    named = frozenset(sheet.columns) - {""}
    for number, cells in sheet.lines.items():
        sheet.refuse(number, wrong(cells))
        if sheet.is_wrong(number):
            continue
        key, said = line(cells, named)
        sheet.refuse(number, twice if key in seen else {})
        seen.add(key)
        found[number] = said
    return Table(found, sheet.in_order())


def _rows(sheet: Sheet, sent: bytes) -> Iterator[list[str]]:
    return iter(_workbook(sent)) if sent.startswith(_WORKBOOKS) else _text_rows(sheet, _text(sent))


def _workbook(sent: bytes) -> list[list[str]]:
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and nothing of the file among its arguments
            [sys.executable, "-I", str(_READER)], input=sent, capture_output=True, timeout=_PATIENCE, check=True
        )
        rows: list[list[str]] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:  # OSError: no memory for one process more
        raise _Unreadable(_SPREADSHEET) from error
    return rows


def _text(sent: bytes) -> str:
    """UTF-8 or UTF-16 where it says so at its beginning, else UTF-8 if it is that, else Windows-1252."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    said = next((name for mark, name in marks.items() if sent.startswith(mark)), "")
    for name in [said] if said else ["utf-8", "cp1252"]:
        try:
            text = sent.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _Unreadable(_UNREADABLE)


def _text_rows(sheet: Sheet, text: str) -> Iterator[list[str]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    rows = csv.reader(StringIO(text, newline=""), delimiter=max(";,\t", key=first.count), strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            sheet.refuse(number, {"line": N_("Cette ligne ne se laisse pas lire : vérifiez ses guillemets.")})
            return


def _read_lines(sheet: Sheet, columns: Columns, rows: Iterable[list[str]]) -> None:
    order: list[str] | None = None
    for number, row in enumerate(rows, 1):  # as a spreadsheet numbers them
        cells = [_clean(cell) for cell in row]
        if not any(cells):
            continue
        if order is None:
            order = _order(sheet, columns, number, cells)
            sheet.columns = tuple(order)
            if sheet.errors:
                return
        else:
            _read_line(sheet, columns, number, order, cells)
            if len(sheet.lines) > MOST_LINES:
                raise _Unreadable(_TOO_MANY)
            if len(sheet.errors) > _MOST_FAULTS:
                return  # nothing of it is taken, and nobody reads so many


def _clean(cell: str) -> str:
    """A cell on one line, composed, with nothing invisible and no space at its ends or twice inside."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", writing.without_invisible(cell))
    if not cell.isprintable():
        cell = "".join(c if c.isprintable() else " " for c in cell)
    return " ".join(cell.split())


def _order(sheet: Sheet, columns: Columns, number: int, cells: list[str]) -> list[str]:
    """Which column each cell of a line is."""
    found = [columns.named(cell) for cell in cells]
    for place, (column, cell) in enumerate(zip(found, cells, strict=True), 1):
        if cell and not column:
            sheet.refuse(number, {str(place): N_("Le nom de cette colonne n'est pas connu.")})
        elif column and column in found[: place - 1]:
            sheet.refuse(number, {str(place): N_("Cette colonne est là deux fois.")})
    for column in columns.needed:
        if column not in found:
            sheet.refuse(number, {column: N_("Cette colonne manque : la première ligne nomme les colonnes.")})
    return found


def _read_line(sheet: Sheet, columns: Columns, number: int, order: list[str], cells: list[str]) -> None:
    found = dict.fromkeys(columns.heads, "")
    errors: dict[str, str] = {}
    for place, cell in enumerate(cells):
        column = order[place] if place < len(order) else ""
        if column:
            found[column] = cell
        elif cell and not errors:  # a line of a million cells is one fault
            errors[str(place + 1)] = N_("Cette cellule n'est sous aucune colonne.")
    errors |= {column: N_("Cette cellule est vide.") for column in columns.needed if not found[column]}
    for column, value in found.items():
        if value[:1] in FORMULA and value and not (column in columns.phones and _is_phone(value)):
            errors[column] = N_("Commence par =, +, - ou @ : un tableur en ferait une formule. Écrivez-le autrement.")
        elif writing.LOST in value:
            errors[column] = N_("Un caractère s'est perdu en route (\ufffd) : tapez-le à nouveau.")
    sheet.lines[number] = found
    sheet.refuse(number, errors)


def _is_phone(value: str) -> bool:
    """« +221 33 951 12 34 »: what a spreadsheet makes of it is the same number."""
    return value[0] == "+" and value[1:].replace(" ", "").isdigit()
