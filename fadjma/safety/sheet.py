"""A table of doses or of interactions as a spreadsheet saves it: each line is a row of it, or says why not."""

from datetime import date

from fadjma import sheets
from fadjma.i18n import N_
from fadjma.safety import written
from fadjma.safety.tables import Facts, Kind, key
from fadjma.sheets import Table

_SOURCE = {"source": ("source",), "source_on": ("source_on", "date", "date de la source", "annee")}
_COLUMNS: dict[Kind, sheets.Columns] = {
    "dose": sheets.Columns(
        {
            "dci": ("dci", "substance", "inn"),
            "from_months": ("from_months", "de", "a partir de"),
            "to_months": ("to_months", "a", "jusqu'a", "avant"),
            "mg_per_kg_day": ("mg_per_kg_day", "mg/kg/j", "mg/kg/jour", "dose"),
            **_SOURCE,
        },
        needed=("dci", "from_months", "to_months", "mg_per_kg_day", "source", "source_on"),
    ),
    "interaction": sheets.Columns(
        {
            "dci": ("dci", "substance", "dci 1", "inn"),
            "other": ("other", "avec", "dci 2", "autre dci"),
            "effect": ("effect", "effet", "risque"),
            **_SOURCE,
        },
        needed=("dci", "other", "effect", "source", "source_on"),
    ),
}
_TWICE = N_("Cette ligne est déjà plus haut dans le fichier.")


def read(sent: bytes, kind: Kind, today: date) -> Table[Facts]:
    """Read a file of one kind of rows. Its first line names the columns, in French or by their codes, in any order."""

    def line(found: dict[str, str], columns: frozenset[str]) -> tuple[object, Facts]:
        facts = _facts(found, kind, today)
        return tuple(facts.columns()[name] for name in ("dci_key", "other_key", "from_months")), facts

    return sheets.table(
        sent, _COLUMNS[kind], wrong=lambda found: _wrong(found, kind, today), line=line, twice={"dci": _TWICE}
    )


def _wrong(found: dict[str, str], kind: Kind, today: date) -> dict[str, str]:
    """What is wrong with the cells of a line, by their columns."""
    errors = {
        column: N_("Ce texte est trop long.")
        for column, longest in written.LONGEST.items()
        if len(found.get(column, "")) > longest
    }
    if written.source_date(found["source_on"], today.isoformat()) is None:
        errors["source_on"] = written.NO_DATE
    for column in ("dci", "other"):
        if found.get(column) and not written.is_one_substance(found[column]):
            errors[column] = written.ONE_SUBSTANCE
    return errors | (_wrong_dose(found) if kind == "dose" else _wrong_pair(found))


def _wrong_dose(found: dict[str, str]) -> dict[str, str]:
    ages = {column: written.months(found[column]) for column in ("from_months", "to_months")}
    errors = {column: written.NO_AGE for column, age in ages.items() if age is None}
    if not errors and (ages["from_months"] or 0) >= (ages["to_months"] or 0):
        errors["to_months"] = written.AGES
    if written.hundredths(found["mg_per_kg_day"]) is None:
        errors["mg_per_kg_day"] = written.NO_DOSE
    return errors


def _wrong_pair(found: dict[str, str]) -> dict[str, str]:
    return {"other": written.SAME} if key(found["dci"]) == key(found["other"]) else {}


def _facts(found: dict[str, str], kind: Kind, today: date) -> Facts:
    said = {name: found.get(name, "") for name in ("dci", "other", "effect", "source")}
    return Facts(
        kind=kind,
        from_months=written.months(found.get("from_months", "")) or 0,
        to_months=written.months(found.get("to_months", "")) or 0,
        mg_per_kg_day=written.hundredths(found.get("mg_per_kg_day", "")) or 0,
        source_on=written.source_date(found["source_on"], today.isoformat()) or "",
        **said,
    )
