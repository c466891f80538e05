"""What a wholesaler's file says was delivered: each line is a lot, or says why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from fadjma import sheets, writing
from fadjma.i18n import N_
from fadjma.inventory import codes, expiry
from fadjma.sheets import Sheet

LONGEST = {"product": 250, "number": 40}
MOST = 100_000  # units of one line
_COLUMNS = sheets.Columns(
    {
        "product": ("produit", "product", "medicament", "designation", "denomination", "libelle"),
        "code": ("code", "gtin", "ean", "ean13", "cip", "cip13", "code barres", "code-barres"),
        "number": ("lot", "numero de lot", "n° de lot", "n° lot", "number"),
        "expires_on": ("peremption", "date de peremption", "expiration", "date d'expiration", "exp", "expires_on"),
        "quantity": ("quantite", "quantite recue", "qte", "quantity"),
        "threshold": ("seuil", "seuil d'alerte", "threshold"),
    },
    needed=("number", "expires_on", "quantity"),
)
_NUMBER = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?: [0-9]{3}){1,2}")


@dataclass(frozen=True, slots=True)
class Name:
    """What a line says that it is of: its `product` as it is written, its `gtin` in fourteen digits, or both."""

    product: str
    gtin: str


@dataclass(frozen=True, slots=True)
class Line:
    """A lot as a line of the file has it."""

    number: str
    expires_on: str
    quantity: int
    gtin: str = ""
    threshold: int | None = None


@dataclass
class Table:
    """What was read: each lot by its line's number, and what is wrong by line and column.

    `names`: what each line says that it is of, also one in which something else is wrong.
    """

    names: dict[int, Name] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # by lines-<line>-<column>, or by file
    columns: tuple[str, ...] = ()  # as its first line names them


def read(sent: bytes, today: date) -> Table:
    """Read a file. Its first line names the columns, in French or by their codes, in any order."""
    sheet = sheets.read(sent, _COLUMNS)
    if sheet.lines and not {"product", "code"}.intersection(sheet.columns):
        return Table(errors={"file": N_("Une colonne manque : produit, ou code (le code-barres de la boîte).")})
    lines = {number: line for number, found in sheet.lines.items() if (line := _line(sheet, number, found, today))}
    names = {number: name for number, found in sheet.lines.items() if (name := _name(sheet, number, found))}
    return Table(names, lines, sheet.errors, sheet.columns)


def _name(sheet: Sheet, number: int, found: Mapping[str, str]) -> Name | None:
    wrong = any(f"lines-{number}-{column}" in sheet.errors for column in ("product", "code"))
    return None if wrong else Name(found["product"], codes.in_fourteen(found["code"]) if found["code"] else "")


def _line(sheet: Sheet, number: int, found: Mapping[str, str], today: date) -> Line | None:
    if found["quantity"].startswith(("-", "\u2212")):  # which as such begins a formula
        sheet.errors[f"lines-{number}-quantity"] = _NO_QUANTITY
    sheet.refuse(number, _wrong(found, today))
    if sheet.is_wrong(number):
        return None
    day = expiry.read(found["expires_on"])
    assert day
    return Line(
        gtin=codes.in_fourteen(found["code"]) if found["code"] else "",
        number=found["number"],
        expires_on=day.isoformat(),
        quantity=_whole(found["quantity"]) or 0,
        threshold=_whole(found["threshold"]) if found["threshold"] else None,
    )


_NO_QUANTITY = N_("Donnez un nombre entier, de 1 à 100 000.")


def _wrong(found: Mapping[str, str], today: date) -> dict[str, str]:
    """What is wrong with the cells of a line, by their columns."""
    errors = {column: N_("Ce texte est trop long.") for column, most in LONGEST.items() if len(found[column]) > most}
    if not found["product"] and not found["code"]:
        errors["product"] = N_("Cette cellule est vide.")
    if found["code"] and not codes.is_gtin(found["code"]):
        errors["code"] = N_("Ce code-barres n'est pas complet, ou un chiffre est faux.")
    if _whole(found["quantity"]) not in range(1, MOST + 1):
        errors["quantity"] = _NO_QUANTITY
    if found["threshold"] and _whole(found["threshold"]) not in range(MOST + 1):
        errors["threshold"] = N_("Donnez un nombre entier, de 0 à 100 000.")
    return errors | _wrong_expiry(found["expires_on"], today)


def _wrong_expiry(said: str, today: date) -> dict[str, str]:
    day = expiry.read(said)
    if day is None:
        return {"expires_on": N_("Cette date n'est pas possible. Exemples : 30/09/2027, 09/2027.")}
    if day < today:
        return {"expires_on": N_("Ce lot est déjà périmé.")}
    return {"expires_on": expiry.FAR} if expiry.is_far(day, today) else {}


def _whole(written: str) -> int | None:
    plain = writing.plain_digits(written)
    return int(plain.replace(" ", "")) if _NUMBER.fullmatch(plain) else None
