"""What happened, for admins: who, when, what kind; never what was in it. And the same as a table."""

import ast
import csv
import io
import re
from pathlib import Path

import pytest
from callers import Callers
from cast import ADMIN, AWA, CAST, DIOP, GOMIS
from store import Clock, Store
from told import BODY, REASON, TITLE, Told

import fadjma
from fadjma.access.tracing import WORDS
from fadjma.events import audit
from fadjma.identity.people import Viewer
from fadjma.prescriptions import states

JAMM_RENAMED = {
    **{"kind": "pharmacy", "name": "Pharmacie Jamm et fils", "address": "rue 10", "city": "Dakar"},
    **{"phone": "33 821 00 00", "version": 1},
}


async def _items(clinic: Callers, query: str = "") -> list[dict[str, object]]:
    items: list[dict[str, object]] = (await clinic.program(ADMIN).get(f"/audit{query}")).json["items"]
    return items


async def test_says_who_did_what_on_whose_file_and_nothing_of_the_file(clinic: Callers, told: Told) -> None:
    items = [one for one in await _items(clinic, "?by=diop&about=awa&kind=files") if one["action"] == "record.created"]
    assert len(items) == 6, "an allergy, a problem, a vaccination, a result, and consultations in words and by fields"
    for item in items:
        assert item["label"] == "Élément ajouté au dossier"
        assert item["actor"] == {"id": "diop", "name": DIOP.name, "role": "doctor"}
        assert item["patient"] == {"id": "awa", "name": AWA.name, "identifier": "FJ-7K2MQ-0XW4D"}
    for answer in (await clinic.browser(ADMIN).get("/audit"), await clinic.program(ADMIN).get("/audit")):
        assert not [words for words in (TITLE, BODY, REASON, "paracétamol", "rachide") if words in answer.text]


async def test_the_page_says_of_each_line_who_in_which_role_and_what_came_of_it(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(ADMIN).get("/audit?by=diop")).text
    lines = page.partition("<tbody>")[2].split("<tr>")[1:]
    assert lines and all("<small>Médecin</small>" in line and re.search("Fait|Refusé", line) for line in lines)


async def test_by_person_patient_kind_and_day(clinic: Callers, told: Told, clock: Clock) -> None:
    everything = await _items(clinic)
    assert {one["actor"]["id"] for one in await _items(clinic, "?by=sarr")} == {"sarr"}
    assert {one["patient"]["id"] for one in await _items(clinic, "?about=awa")} == {"awa"}
    kinds = {str(one["action"]) for one in await _items(clinic, "?kind=emergencies")}
    assert kinds == {"access_request.emergency", "emergency.to_explain", "contest.opened"}
    days = {str(one["at"])[:10] for one in everything}
    assert sum([len(await _items(clinic, f"?day={day}")) for day in days]) == len(everything)
    assert await _items(clinic, "?day=2020-02-29") == await _items(clinic, "?by=nobody") == []
    assert (await clinic.program(ADMIN).get("/audit?day=2026-02-30")).errors().keys() == {"day"}
    assert (await clinic.browser(ADMIN).get("/audit?day=hier")).status == 422


async def test_says_to_whose_account_and_to_which_place(clinic: Callers, told: Told) -> None:
    """« Compte désactivé », by an admin: nobody could know whose."""
    program = clinic.program(ADMIN)
    await program.post("/accounts/gomis/deactivation")
    await program.post("/organizations/pharmacy-jamm", JAMM_RENAMED)
    moved, closed = (await _items(clinic, "?kind=accounts&by=admin"))[:2]
    assert (closed["action"], closed["concerns"]) == (
        "account.deactivated",
        {"kind": "account", "id": "gomis", "name": GOMIS.name},
    )
    assert moved["concerns"] == {"kind": "organization", "id": "pharmacy-jamm", "name": "Pharmacie Jamm et fils"}
    page = (await clinic.browser(ADMIN).get("/audit")).text
    assert 'href="/accounts/gomis"' in page and 'href="/organizations/pharmacy-jamm"' in page
    table = list(csv.reader(io.StringIO((await clinic.browser(ADMIN).get("/audit/export")).text), delimiter=";"))
    assert GOMIS.name in [row[-1] for row in table]
    assert all(one["concerns"] is None for one in await _items(clinic, "?by=diop&kind=accounts")), "one's own"


async def test_from_one_day_to_another(clinic: Callers, told: Told, clock: Clock) -> None:
    """A month, as a ministry asks for it: it was one day after the other."""
    everything = await _items(clinic)
    first, last = (str(everything[at]["at"])[:10] for at in (-1, 0))
    assert await _items(clinic, f"?day={first}&until={last}") == everything
    assert await _items(clinic, f"?until={last}") == everything
    assert await _items(clinic, f"?day={last}&until={last}") == await _items(clinic, f"?day={last}")
    assert await _items(clinic, "?day=2020-02-01&until=2020-02-29") == await _items(clinic, "?until=2020-02-29") == []
    for wrong in ("?day=2026-02-02&until=2026-02-01", "?until=2026-02-30", "?until=9999-12-31"):
        assert (await clinic.program(ADMIN).get(f"/audit{wrong}")).errors().keys() == {"until"}
    page = (await clinic.browser(ADMIN).get(f"/audit?day={first}&until={last}")).text
    assert f'name="until" type="date" value="{last}"' in page
    table = await clinic.browser(ADMIN).get("/audit/export?day=2020-02-01&until=2020-02-29")
    assert len(table.text.splitlines()) == 1


@pytest.mark.parametrize("query", ["", "?kind=accesses", "?by=diop", "?about=awa&kind=prescriptions"])
async def test_goes_on_to_its_end(clinic: Callers, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await _items(clinic, query)
    monkeypatch.setattr(audit.browse, "__defaults__", (None, 3))
    found, before = [], ""
    while True:
        page = (await clinic.program(ADMIN).get(f"/audit{query or '?'}{before}")).json
        found += page["items"]
        if "next" not in page:
            break
        assert len(page["items"]) == 3
        before = f"&before={page['next']}"
    assert found == whole


async def test_the_table_runs_no_formula_and_is_written_down(clinic: Callers, store: Store) -> None:
    store.connection.execute("UPDATE users SET given_name = '=HYPERLINK(1)' WHERE id = 'sarr'")
    answer = await clinic.browser(ADMIN).get("/audit/export?by=sarr")
    assert answer.type == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:3] == ["Date et heure", "Qui", "Rôle"]
    assert {row[1] for row in rows[1:]} == {"'=HYPERLINK(1) Sarr"}
    assert len(rows) - 1 == len(await _items(clinic, "?by=sarr"))
    assert store.value("SELECT count(*) FROM security_events WHERE kind = 'export' AND account_id = 'admin'") == 1
    assert (await _items(clinic))[0]["action"] == "audit.exported"


@pytest.mark.parametrize(
    ("called", "written"),
    [
        ("Fa,=HYPERLINK(1)", "Fa,'=HYPERLINK(1)"),  # a comma begins a cell where the spreadsheet is English
        ("Fa; =HYPERLINK(1)", "Fa; '=HYPERLINK(1)"),
        ("\uff1dHYPERLINK(1)", "'\uff1dHYPERLINK(1)"),  # as East Asian keyboards have it
        ("+221 Fa,-1,@x", "'+221 Fa,'-1,'@x"),
        ("Fa-Binta, dite =", "Fa-Binta, dite ="),
    ],
)
async def test_the_table_runs_none_wherever_a_spreadsheet_has_a_cell_begin(
    clinic: Callers, store: Store, called: str, written: str
) -> None:
    store.connection.execute("UPDATE users SET given_name = ? WHERE id = 'sarr'", (called,))
    answer = await clinic.browser(ADMIN).get("/audit/export?by=sarr")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig")), delimiter=";"))
    assert {row[1] for row in rows[1:]} == {f"{written} Sarr"}


async def test_a_table_that_is_too_long_is_refused_and_not_cut(
    clinic: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "EXPORTED", 3)
    assert "50 000" in (await clinic.program(ADMIN).get("/audit/export")).errors()["day"]


@pytest.mark.parametrize("person", CAST)
async def test_is_the_admins_alone(clinic: Callers, person: Viewer) -> None:
    expected = 200 if person == ADMIN else 403
    assert (await clinic.program(person).get("/audit/export")).status == expected
    assert (await clinic.browser(person).get("/audit/export")).status == expected


def _written() -> set[str]:
    """The actions that the program writes down: constants of calls that record, and those made of a table's names."""
    found = {f"prescription.{act.target}" for act in states.ACTS if act.target} | WORDS.keys()
    for path in Path(fadjma.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and re.search(
                r"(record|trace|_changed|_set_retired)$", ast.unparse(call.func)
            ):
                constants = [one.value for one in call.args if isinstance(one, ast.Constant)]
                found |= {one for one in constants if re.fullmatch(r"[a-z_]+\.[a-z_]+", str(one))}
    return found


def test_every_action_that_is_written_down_has_words(told: Told, store: Store) -> None:
    stored = {action for (action,) in store.rows("SELECT DISTINCT action FROM audit_events")}
    assert (_written() | stored) - audit.ACTIONS.keys() == set()
