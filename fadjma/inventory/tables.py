"""A table of medicines as a spreadsheet saves it (CSV), read line by line: each is a medicine, or says why not."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO

from fadjma import writing
from fadjma.i18n import N_
from fadjma.inventory.formulary import Columns, Facts, listed

LONGEST = {"dci": 120, "form": 80, "strength": 60, "unit": 40, "atc": 7, "brands": 200}
ATC = re.compile(r"([A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?)?")
MOST_LINES = 50_000
_NEEDED = ("dci", "form", "strength", "unit")
_HEADS = {  # as they are folded
    "dci": ("dci", "denomination commune internationale", "inn"),
    "form": ("form", "forme", "forme pharmaceutique"),
    "strength": ("strength", "dosage"),
    "unit": ("unit", "unite", "unite comptee"),
    "atc": ("atc", "code atc"),
    "brands": ("brands", "marques", "noms de marque"),
    "schedule": ("schedule", "tableau", "liste"),
}
_COLUMN_OF = {head: column for column, heads in _HEADS.items() for head in heads}
_SCHEDULES = {
    **dict.fromkeys(("", "none", "non liste", "aucun", "aucune"), "none"),
    **dict.fromkeys(("list_1", "liste i", "liste 1", "i", "1"), "list_1"),
    **dict.fromkeys(("list_2", "liste ii", "liste 2", "ii", "2"), "list_2"),
    **dict.fromkeys(("narcotic", "stupefiant", "stupefiants"), "narcotic"),
}
_FORMULA = "=+-@"  # a spreadsheet that opens the list again would run what begins so
_EMPTY = N_("Ce fichier ne contient aucun médicament.")
_UNREADABLE = N_("Ce fichier n'est pas un texte en UTF-8 ou en Windows-1252.")
_SPREADSHEET = N_("C'est un classeur : enregistrez la feuille au format CSV, puis envoyez ce fichier-là.")
_TOO_MANY = N_("Ce fichier a plus de 50 000 lignes : envoyez-le en plusieurs parts.")


@dataclass
class Table:
    """What was read: each medicine, as it is stored, by its line's number, and what is wrong by line and column."""

    lines: dict[int, Columns] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # by lines-<line>-<column>, or by file


class _Unreadable(Exception):
    """The file as a whole cannot be read; the message says why."""


def read(sent: bytes) -> Table:
    """Read a file. Its first line names the columns, in French or by their codes, in any order."""
    table = Table()
    try:
        _read_lines(table, _text(sent))
    except _Unreadable as unreadable:
        table.errors = {"file": str(unreadable)}
    if not table.lines and not table.errors:
        table.errors = {"file": _EMPTY}
    return table


def _text(sent: bytes) -> str:
    """UTF-8 or UTF-16 where it says so at its beginning, else UTF-8 if it is that, else Windows-1252."""
    if sent.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _Unreadable(_SPREADSHEET)
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    said = next((name for mark, name in marks.items() if sent.startswith(mark)), "")
    for name in [said] if said else ["utf-8", "cp1252"]:
        try:
            return sent.decode(name)
        except UnicodeDecodeError:
            continue
    raise _Unreadable(_UNREADABLE)


def _read_lines(table: Table, text: str) -> None:
    if "\0" in text:
        raise _Unreadable(_UNREADABLE)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    seen: set[str] = set()
    for number, cells in _numbered(table, reader):
        if columns is None:
            columns = _columns(table, number, cells)
            if table.errors:
                return
        else:
            _read_line(table, number, columns, cells, seen)
            if len(table.lines) + len(table.errors) > MOST_LINES:
                raise _Unreadable(_TOO_MANY)


def _numbered(table: Table, reader: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The lines in which anything stands, by the number under which a spreadsheet shows them."""
    number = 0
    rows = iter(reader)
    while True:
        number += 1
        try:
            cells = [_clean(cell) for cell in next(rows)]
        except StopIteration:
            return
        except csv.Error:
            table.errors[f"lines-{number}-line"] = N_("Cette ligne ne se laisse pas lire : vérifiez ses guillemets.")
            return
        if any(cells):
            yield number, cells


def _clean(cell: str) -> str:
    """A cell on one line, composed, with nothing invisible and no space at its ends or twice inside."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", writing.without_invisible(cell))
    if not cell.isprintable():
        cell = "".join(c if c.isprintable() else " " for c in cell)
    return " ".join(cell.split())


def _columns(table: Table, number: int, cells: list[str]) -> list[str]:
    """Which column each cell of a line is."""
    found = [_COLUMN_OF.get(" ".join(writing.fold(cell).split()), "") for cell in cells]
    for place, (column, cell) in enumerate(zip(found, cells, strict=True), 1):
        if cell and not column:
            table.errors[f"lines-{number}-{place}"] = N_("Le nom de cette colonne n'est pas connu.")
        elif column and column in found[: place - 1]:
            table.errors[f"lines-{number}-{place}"] = N_("Cette colonne est là deux fois.")
    for column in _NEEDED:
        if column not in found:
            table.errors[f"lines-{number}-{column}"] = N_(
                "Cette colonne manque : la première ligne nomme les colonnes."
            )
    return found


def _read_line(table: Table, number: int, columns: list[str], cells: list[str], seen: set[str]) -> None:
    found = dict.fromkeys(LONGEST, "") | {"schedule": ""}
    errors: dict[str, str] = {}
    for place, cell in enumerate(cells):
        column = columns[place] if place < len(columns) else ""
        if column:
            found[column] = cell
        elif cell:
            errors[str(place + 1)] = N_("Cette cellule n'est sous aucune colonne.")
    errors |= _wrong(found)
    if not errors:
        line = _facts(found).columns()
        if line["name_key"] in seen:
            errors["dci"] = N_("Ce médicament est déjà plus haut dans le fichier, sous cette forme et à ce dosage.")
        else:
            seen.add(line["name_key"])
            table.lines[number] = line
    table.errors |= {f"lines-{number}-{column}": message for column, message in errors.items()}


def _wrong(found: dict[str, str]) -> dict[str, str]:
    """What is wrong with the cells of a line, by their columns."""
    errors = {column: N_("Cette cellule est vide.") for column in _NEEDED if not found[column]}
    for column, value in found.items():
        if value[:1] in _FORMULA and value:
            errors[column] = N_("Commence par =, +, - ou @ : un tableur en ferait une formule. Écrivez-le autrement.")
        elif writing.LOST in value:
            errors[column] = N_("Un caractère s'est perdu en route (\ufffd) : tapez-le à nouveau.")
        elif column == "atc" and not ATC.fullmatch(value.upper()):
            errors[column] = N_("Un code ATC a la forme N02BE01.")
        elif column in LONGEST and len(value) > LONGEST[column]:
            errors[column] = N_("Ce texte est trop long.")
    if _schedule(found["schedule"]) is None:
        errors.setdefault("schedule", N_("Écrivez : non listé, liste I, liste II ou stupéfiant."))
    return {column: errors[column] for column in found if column in errors}


@lru_cache(maxsize=100)
def _schedule(written: str) -> str | None:
    return _SCHEDULES.get(writing.fold(written))


def _facts(found: dict[str, str]) -> Facts:
    return Facts(
        dci=found["dci"],
        form=found["form"],
        strength=found["strength"],
        unit=found["unit"],
        atc=found["atc"].upper(),
        brands=", ".join(listed(found["brands"])),
        schedule=_schedule(found["schedule"]) or "none",
    )
