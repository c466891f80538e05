"""A table of doses, interactions or vaccines as a spreadsheet saves it: each line is a row of it, or says why not."""

from collections.abc import Mapping
from datetime import date

from fadjma import sheets
from fadjma.i18n import N_
from fadjma.records import schedule
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
    "vaccine": sheets.Columns(
        {
            "dci": ("vaccine", "vaccin"),
            "also": ("also", "autres noms"),
            "dose": ("dose", "no"),
            "from_age": ("from_age", "de", "a partir de", "age"),
            "to_age": ("to_age", "a", "jusqu'a", "avant"),
            "apart": ("apart", "delai", "apres la precedente"),
            "sex": ("sex", "sexe", "pour"),
            **_SOURCE,
        },
        needed=("dci", "dose", "from_age", "to_age", "source", "source_on"),
    ),
}
_TWICE = N_("Cette ligne est déjà plus haut dans le fichier.")


def read(sent: bytes, kind: Kind, today: date) -> Table[Facts]:
    """Read a file of one kind of rows. Its first line names the columns, in French or by their codes, in any order."""

    def line(found: dict[str, str], columns: frozenset[str]) -> tuple[object, Facts]:
        facts = _facts(found, kind, today)
        return tuple(facts.columns()[name] for name in ("dci_key", "other_key", "from_months", "dose", "sex")), facts

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
    if kind == "vaccine":
        return errors | vaccine_faults(found)
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


def vaccine_faults(said: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with what is said of a dose of a vaccine, by its fields."""
    spans = {name: written.span(said[name]) for name in ("from_age", "to_age")}
    errors = {name: written.NO_SPAN for name, one in spans.items() if one is None}
    if not errors and schedule.length(spans["from_age"] or "") >= schedule.length(spans["to_age"] or ""):
        errors["to_age"] = written.AGES
    faults = (
        ("dci", written.NO_VACCINE, any(map(str.isalpha, said["dci"]))),
        ("dose", written.NO_ORDINAL, written.ordinal(said["dose"]) is not None),
        ("apart", written.NO_APART, not said.get("apart") or written.span(said["apart"]) is not None),
        ("sex", written.NO_SEX, written.sex(said.get("sex", "")) is not None),
    )
    return errors | {name: message for name, message, is_right in faults if not is_right}


def vaccine(said: Mapping[str, str], source_on: str) -> Facts:
    """A dose of a vaccine of which nothing is wrong."""
    return Facts(
        kind="vaccine",
        dci=" ".join(said["dci"].split()),
        dose=written.ordinal(said["dose"]) or 0,
        from_age=written.span(said["from_age"]) or "",
        to_age=written.span(said["to_age"]) or "",
        apart=written.span(said.get("apart", "")) or "",
        also=", ".join(schedule.names(said.get("also", "").replace(";", ","))),
        sex=written.sex(said.get("sex", "")) or "",
        source=" ".join(said["source"].split()),
        source_on=source_on,
    )


def _wrong_pair(found: dict[str, str]) -> dict[str, str]:
    return {"other": written.SAME} if key(found["dci"]) == key(found["other"]) else {}


def _facts(found: dict[str, str], kind: Kind, today: date) -> Facts:
    if kind == "vaccine":
        return vaccine(found, written.source_date(found["source_on"], today.isoformat()) or "")
    return _dose_or_pair(found, kind, today)


def _dose_or_pair(found: dict[str, str], kind: Kind, today: date) -> Facts:
    return Facts(
        kind=kind,
        from_months=written.months(found.get("from_months", "")) or 0,
        to_months=written.months(found.get("to_months", "")) or 0,
        mg_per_kg_day=written.hundredths(found.get("mg_per_kg_day", "")) or 0,
        source_on=written.source_date(found["source_on"], today.isoformat()) or "",
        dci=found["dci"],
        other=found.get("other", ""),
        effect=found.get("effect", ""),
        source=found["source"],
    )
