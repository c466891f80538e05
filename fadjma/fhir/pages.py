"""docs/fhir.md, as far as the table says it: written by `python -m fadjma.fhir.pages`, compared by a test."""

from collections.abc import Iterator
from pathlib import Path

from fadjma.access.states import OPENS, SCOPES
from fadjma.fhir.capability import FHIR_VERSION
from fadjma.fhir.scopes import OWN
from fadjma.fhir.table import TABLE, Mapped
from fadjma.fhir.vital_codes import CODES, DIASTOLIC, SYSTOLIC
from fadjma.records.vitals import VITALS

PAGE = Path(__file__).parents[2] / "docs" / "fhir.md"
MARK = "<!-- What follows is written by python -m fadjma.fhir.pages. -->\n"


def mapping() -> str:
    """The part of the page that the table says, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f"## The resources (FHIR {FHIR_VERSION})"
    yield ""
    yield "| resource | from | searched by | shown to |"
    yield "|---|---|---|---|"
    for one in TABLE:
        yield f"| [{one.type}](#{one.type.lower()}) | {one.source} | {_parameters(one)} | {_shown_to(one)} |"
    yield "| Binary | what is in a paper | | whoever may read its record |"
    yield ""
    for one in TABLE:
        yield from _resource(one)
    yield from _vitals()


def _parameters(one: Mapped) -> str:
    needed = f" ({' or '.join(f'`{name}`' for name in one.by)} needed)" if one.by else ""
    return " ".join(f"`{parameter.name}`" for parameter in one.parameters) + needed


def _shown_to(one: Mapped) -> str:
    if not one.of_file and one.type != "Patient":
        return "whoever reads a file"
    if one.part == OWN:
        return "the patient alone"
    scopes = " ".join(f"`{scope}`" for scope in SCOPES if scope in OPENS[one.part])
    return f"the patient; under {scopes}"


def _resource(one: Mapped) -> Iterator[str]:
    yield f"### {one.type}"
    yield ""
    yield f"From {one.source}.{f' {one.note[:1].upper()}{one.note[1:]}' if one.note else ''}"
    yield ""
    yield "| element | what it is |"
    yield "|---|---|"
    for element, what in one.fields:
        yield f"| {element} | {what} |"
    yield ""
    if one.systems:
        yield "Code systems: " + "; ".join(f"<{system}> {what}" for system, what in one.systems) + "."
        yield ""


def _vitals() -> Iterator[str]:
    yield "### What is measured"
    yield ""
    yield "| ours | LOINC | category | UCUM |"
    yield "|---|---|---|---|"
    for code, coded in CODES.items():
        named = ", ".join(f"{number} {display}" for _, number, display in coded.codes)
        if code == "blood_pressure":
            named += "".join(f"; component {number} {display}" for _, number, display in (SYSTOLIC, DIASTOLIC))
        yield f"| `{code}` | {named} | `{coded.category}` | `{VITALS[code].unit}` |"


def main() -> None:
    by_hand = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(f"{by_hand}{MARK}\n{mapping()}", encoding="utf-8")


if __name__ == "__main__":
    main()
