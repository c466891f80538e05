"""A table of clinics and pharmacies as a spreadsheet saves it: each line is a place, or says why not."""

from dataclasses import asdict, dataclass, field
from typing import Any

from fadjma import sheets, writing
from fadjma.i18n import N_
from fadjma.identity.identifiers import normalize_phone
from fadjma.identity.places import Facts, Kind, key
from fadjma.sheets import Sheet

LONGEST = {"name": 80, "address": 200, "city": 80, "phone": 30, "hours": 200, "responsible": 80}
NO_PHONE = N_("Ce numéro n'existe pas. Exemples : 77 123 45 67, +225 07 01 02 03 04.")
_COLUMNS = sheets.Columns(
    {
        "kind": ("kind", "genre", "type"),
        "name": ("name", "nom"),
        "address": ("address", "adresse"),
        "city": ("city", "ville", "quartier", "ville ou quartier"),
        "phone": ("phone", "telephone", "tel"),
        "hours": ("hours", "heures", "heures d'ouverture", "horaires"),
        "night_duty": ("night_duty", "garde", "de garde la nuit"),
        "responsible": ("responsible", "responsable", "personne responsable"),
    },
    needed=("kind", "name", "address", "city", "phone"),
    phones=("phone",),
)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("clinic", "clinique", "centre de sante", "poste de sante", "hopital"), "clinic"),
    **dict.fromkeys(("pharmacy", "pharmacie", "officine"), "pharmacy"),
}
_YES = ("oui", "yes", "1", "x", "vrai")
_NO = ("", "non", "no", "0", "faux")


@dataclass
class Table:
    """What was read: what each line says of a place, by its number, and what is wrong by line and column.

    A column that the file does not have is in no line: what is known stays, rather than is emptied.
    """

    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # by lines-<line>-<column>, or by file


def read(sent: bytes) -> Table:
    """Read a file. Its first line names the columns, in French or by their codes, in any order."""
    sheet = sheets.read(sent, _COLUMNS)
    table = Table()
    seen: set[object] = set()
    for number, found in sheet.lines.items():
        _read_line(table, sheet, number, found, seen)
    table.errors = sheet.by_line()
    return table


def _read_line(table: Table, sheet: Sheet, number: int, found: dict[str, str], seen: set[object]) -> None:
    sheet.refuse(number, _wrong(found))
    if sheet.is_wrong(number):
        return
    facts = _facts(found)
    if key(facts) in seen:
        sheet.refuse(number, {"name": N_("Ce lieu est déjà plus haut dans le fichier, dans cette ville.")})
    else:
        seen.add(key(facts))
        table.lines[number] = {name: said for name, said in asdict(facts).items() if name in sheet.columns}


def _wrong(found: dict[str, str]) -> dict[str, str]:
    """What is wrong with the cells of a line, by their columns."""
    errors = {column: N_("Ce texte est trop long.") for column, most in LONGEST.items() if len(found[column]) > most}
    if found["kind"] and writing.fold(found["kind"]) not in _KINDS:
        errors["kind"] = N_("Écrivez : clinique ou pharmacie.")
    if found["phone"] and not normalize_phone(found["phone"]):
        errors["phone"] = NO_PHONE
    if writing.mixes_scripts(found["name"], whole=False):
        errors["name"] = N_("Écrivez chaque mot dans un seul alphabet : ici, deux sont mêlés.")
    if writing.fold(found["night_duty"]) not in (*_YES, *_NO):
        errors["night_duty"] = N_("Écrivez : oui ou non.")
    return errors


def _facts(found: dict[str, str]) -> Facts:
    return Facts(
        kind=_KINDS[writing.fold(found["kind"])],
        name=found["name"],
        address=found["address"],
        city=found["city"],
        phone=normalize_phone(found["phone"]) or "",
        hours=found["hours"],
        night_duty=writing.fold(found["night_duty"]) in _YES,
        responsible=found["responsible"],
    )
