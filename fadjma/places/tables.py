"""A table of clinics and pharmacies as a spreadsheet saves it: each line is a place, or says why not."""

from dataclasses import asdict
from typing import Any

from fadjma import sheets, writing
from fadjma.i18n import N_
from fadjma.identity.identifiers import normalize_phone
from fadjma.identity.places import Facts, Kind, key
from fadjma.sheets import Table

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
_TWICE = {"name": N_("Ce lieu est déjà plus haut dans le fichier, dans cette ville.")}
_YES = ("oui", "yes", "1", "x", "vrai")
_NO = ("", "non", "no", "0", "faux")


def read(sent: bytes) -> Table[dict[str, Any]]:
    """Read a file. Its first line names the columns, in French or by their codes, in any order.

    A column that the file does not have is in no line: what is known stays, rather than is emptied.
    """
    return sheets.table(sent, _COLUMNS, wrong=_wrong, line=_line, twice=_TWICE)


def _line(found: dict[str, str], columns: frozenset[str]) -> tuple[object, dict[str, Any]]:
    facts = _facts(found)
    return key(facts), {name: said for name, said in asdict(facts).items() if name in columns}


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
