"""A table of medicines as a spreadsheet saves it: each line is a medicine, or says why not."""

import re
from functools import lru_cache

from fadjma import sheets, writing
from fadjma.i18n import N_
from fadjma.inventory.formulary import OPTIONAL, Columns, Facts, listed
from fadjma.sheets import Table

LONGEST = {"dci": 120, "form": 80, "strength": 60, "unit": 40, "atc": 7, "brands": 200}
ATC = re.compile(r"([A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?)?")
_COLUMNS = sheets.Columns(
    {
        "dci": ("dci", "denomination commune internationale", "inn"),
        "form": ("form", "forme", "forme pharmaceutique"),
        "strength": ("strength", "dosage"),
        "unit": ("unit", "unite", "unite comptee"),
        "atc": ("atc", "code atc"),
        "brands": ("brands", "marques", "noms de marque"),
        "schedule": ("schedule", "tableau", "liste"),
    },
    needed=("dci", "form", "strength", "unit"),
)
_TWICE = {"dci": N_("Ce médicament est déjà plus haut dans le fichier, sous cette forme et à ce dosage.")}
_SCHEDULES = {
    **dict.fromkeys(("", "none", "non liste", "aucun", "aucune"), "none"),
    **dict.fromkeys(("list_1", "liste i", "liste 1", "i", "1"), "list_1"),
    **dict.fromkeys(("list_2", "liste ii", "liste 2", "ii", "2"), "list_2"),
    **dict.fromkeys(("narcotic", "stupefiant", "stupefiants"), "narcotic"),
}


def read(sent: bytes) -> Table[Columns]:
    """Read a file. Its first line names the columns, in French or by their codes, in any order.

    What the file has no column for is in no line: what is known stays, rather than is emptied.
    """
    return sheets.table(sent, _COLUMNS, wrong=_wrong, line=_line, twice=_TWICE)


def _line(found: dict[str, str], columns: frozenset[str]) -> tuple[str, Columns]:
    line = _facts(found).columns()
    unsaid = [name for name, column in OPTIONAL.items() if column not in columns]
    return line["name_key"], {name: said for name, said in line.items() if name not in unsaid}


def _wrong(found: dict[str, str]) -> dict[str, str]:
    """What is wrong with the cells of a line, by their columns."""
    errors = {}
    for column, longest in LONGEST.items():
        if column == "atc" and not ATC.fullmatch(found["atc"].upper()):
            errors[column] = N_("Un code ATC a la forme N02BE01.")
        elif len(found[column]) > longest:
            errors[column] = N_("Ce texte est trop long.")
    if _schedule(found["schedule"]) is None:
        errors["schedule"] = N_("Écrivez : non listé, liste I, liste II ou stupéfiant.")
    return errors


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
