"""docs/clinic.md and docs/http.md say of states and acts what the tables say (states.py of access and prescriptions).

A failure prints what the tables have: correct the page, or the table, whichever is wrong.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from fadjma.access import outcomes
from fadjma.access import states as access
from fadjma.prescriptions import renewals
from fadjma.prescriptions import states as prescriptions

DOCS = Path(__file__).parent.parent / "docs"
CLINIC = (DOCS / "clinic.md").read_text(encoding="utf-8")
HTTP = (DOCS / "http.md").read_text(encoding="utf-8")
HOUR = 3_600_000
BY = {
    "doctor": "doctor with a grant",
    "prescriber": "its prescriber",
    "patient": "its patient",
    "pharmacists": "pharmacist",
    "time": "time",
}


def _table(header: str) -> list[list[str]]:
    """The rows of the one table of docs/clinic.md that begins with this header."""
    _, found, rest = CLINIC.partition(f"\n| {header} |")
    assert found, f"docs/clinic.md has no table | {header} |"
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def _codes(text: str) -> set[str]:
    return {code for quoted in re.findall(r"`([^`]*)`", text) for code in quoted.split()}


def _documented(after: str) -> set[str]:
    """The codes that docs/http.md lists in the backquotes after these words."""
    found = re.search(re.escape(after) + r" (`[^`]*`(, `[^`]*`)*)", HTTP)
    assert found, f"docs/http.md does not say {after} `…`"
    return _codes(found[1])


def _states(table: Mapping[str, access.State] | Mapping[str, prescriptions.State]) -> list[tuple[str, str, str]]:
    return [(f"`{code}`", state.label, state.fhir) for code, state in table.items()]


def test_the_states_of_an_access_request() -> None:
    rows = _table("code | label | FHIR Consent")
    assert [(code, label, fhir.partition(",")[0]) for code, label, fhir, *_ in rows] == _states(access.STATES)


def test_the_states_of_a_review_and_its_acts() -> None:
    rows = _table("code | label | the admins' list")
    assert [(code.strip("`"), label) for code, label, _ in rows] == [
        (code, state.label) for code, state in outcomes.REVIEWS.items()
    ]
    acts = {
        (name.strip("`"), by, frozenset(_codes(sources)), *_codes(target))
        for name, by, sources, target in _table("review act | by | from | to")
    }
    assert acts == {(act.name, act.by, frozenset(act.sources), act.target) for act in outcomes.ACTS}


def test_the_states_of_a_prescription() -> None:
    rows = _table("code | label | FHIR MedicationRequest")
    assert [(code, label, fhir) for code, label, fhir, *_ in rows] == _states(prescriptions.STATES)


def test_from_where_to_where_an_access_request_goes() -> None:
    acts = {(source, act.target) for act in access.ACTS for source in act.sources}
    assert {
        (code, to) for source, target in _table("from | to") for code in _codes(source) for to in _codes(target)
    } == acts


def test_the_acts_on_a_prescription() -> None:
    rows = {
        name.strip("`"): (by, _codes(sources), _codes(target), bool(re.match("(coded )?reason", note)))
        for name, by, sources, target, note in _table("act | by | from | to |")
    }
    assert rows == {
        act.name: (BY[act.by], {*act.sources}, {act.target} - {None}, act.needs_reason) for act in prescriptions.ACTS
    }


def test_the_states_of_a_renewal_and_its_acts() -> None:
    rows = _table("code | label | FHIR Task")
    assert [(code, label, fhir) for code, label, fhir, *_ in rows] == [
        (f"`{code}`", state.label, state.fhir) for code, state in renewals.STATES.items()
    ]
    assert f"{renewals.LAPSES_AFTER // HOUR} h" in rows[-1][-1]
    acts = [(name.strip("`"), by, *_codes(target)) for name, by, target in _table("renewal act | by | to")]
    assert acts == [(act.name, BY[act.by], act.target) for act in renewals.ACTS]


def test_the_bounds_in_time() -> None:
    notes = {row[0].strip("`"): row[-1] for row in _table("code | label | FHIR Consent")}
    bounds = {"lapsed": access.LAPSES_AFTER, "rejected": access.ASK_AGAIN_AFTER, "emergency": access.EMERGENCY_FOR}
    for code, milliseconds in bounds.items():
        assert f"{milliseconds // HOUR} h" in notes[code]


def test_what_a_scope_is_called() -> None:
    rows = _table("code | label | opens")
    assert [(code.strip("`"), label) for code, label, _ in rows] == [
        (code, label) for code, (label, _) in access.SCOPES.items()
    ]


def test_the_contract_names_every_code() -> None:
    assert _documented("| pharmacist. `code`:") == prescriptions.REFUSALS.keys(), "docs/http.md, the row of /refusal"
    assert _documented("`emergency`:") == access.EMERGENCIES.keys()
    assert _documented("`scope` is a proposal:") == access.SCOPES.keys()
    assert _documented("| patient. `duration`:") == access.DURATIONS.keys()


def test_the_contract_names_every_state() -> None:
    for first, table in (("pending", access.STATES), ("issued", prescriptions.STATES)):
        found = re.search(rf"^`status`: `{first} .*(\n.*)?", HTTP, re.MULTILINE)
        assert found
        assert _codes(found[0].partition(": ")[2]) == table.keys()
