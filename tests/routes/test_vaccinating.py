"""A vaccination on its pages: typed, due in the summary, and on the front desk's list."""

import html
import re

import pytest
import steps
from callers import Callers
from cast import AWA, DIOP, GASSAMA, MOUSSA, NDIAYE, PASSWORD, THIAM
from store import Store
from told import VACCINE, Told

from fadjma.records import recalling
from fadjma.safety import signing
from fadjma.safety.tables import Facts

NEW, PAGE = "/patients/awa/vaccinations/new", "/patients/awa/vaccinations"


async def test_what_is_due_is_read_by_patient_doctor_and_nurse_and_called_for_by_the_desk(
    clinic: Callers, told: Told, store: Store
) -> None:
    doctor = clinic.browser(DIOP)
    assert 'name="next_due"' in (await doctor.get(NEW)).text
    due = {"vaccine": "Penta", "dose": "1", "lot": "AB12", "occurred_on": "2026-01-05", "next_due": "2026-02-05"}
    lost = await doctor.post(PAGE, {**due, "next_due": "2026-01-04"})
    assert lost.status == 422 and "vient après" in lost.text and 'value="AB12"' in lost.text
    assert (await doctor.post(PAGE, due)).status == 303
    for person in (AWA, DIOP, GASSAMA):
        shown = (await clinic.browser(person).get("/patients/awa/records")).text.partition('id="due"')[2]
        assert "Penta" in shown and "dose 2" in shown and "en retard" in shown
    [one] = (await clinic.program(AWA).get("/patients/awa/records")).json["vaccinations_due"]
    assert (one["vaccine"], one["dose"], one["due_on"], one["overdue"]) == ("Penta", 2, "2026-02-05", True)
    desk = (await clinic.browser(THIAM).get("/vaccination-recalls")).text
    assert "Awa Cissé" in desk and "Penta" not in desk
    assert "Aucun calendrier vaccinal n'est signé" in html.unescape(desk)
    answer = (await clinic.program(THIAM).get("/vaccination-recalls")).json
    assert answer["vaccination_schedule"] == {"in_use": False}
    said = {"patient_id": "awa", "name": "Awa Cissé", "phone": "+221771234567", "guardian": None, "since": "2026-02-05"}
    said["noted"] = "fields"
    assert answer["items"] == [said]


async def test_a_schedule_is_proposed_read_signed_and_says_what_a_child_waits_for(
    clinic: Callers, told: Told, store: Store
) -> None:
    born = steps.in_days(store, -342)
    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'awa'", (born,))
    doctor, program = clinic.browser(DIOP), clinic.program(DIOP)
    off = (await doctor.get("/patients/awa/records")).text
    assert 'id="no-schedule"' in off and 'id="due"' not in off
    assert (await program.get("/patients/awa/records")).json["vaccination_schedule"] == {"in_use": False}
    form = (await doctor.get("/safety-tables/vaccines/imports/new?from=senegal")).text
    table = html.unescape(form.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0])
    read = await program.post("/safety-tables/vaccines/imports", {"text": table})
    assert (read.status, read.json["added"]) == (201, 17)
    assert (await program.post(f"{read.location}/confirmation")).json["status"] == "applied"
    unsigned = (await program.get("/safety-tables?status=unsigned")).json["items"]
    rows = [one for one in unsigned if one["kind"] == "vaccine" and one["dci"] in ("BCG", "Hexavalent")]
    assert rows[1]["also"] == ["Hexa", "Penta", "Pentavalent"] and rows[1]["from_age"] == "P6W"
    signed = await program.post(
        "/safety-tables/signature", {"entries": [{"id": one["id"]} for one in rows], "password": PASSWORD}
    )
    assert signed.status == 204, signed.text
    proposed = (await doctor.get("/patients/awa/vaccinations/new")).text.partition('<datalist id="vaccines">')[2]
    assert re.findall('value="([^"]+)"', proposed.partition("</datalist>")[0]) == ["BCG", "Hexavalent"]
    on = html.unescape((await doctor.get("/patients/awa/records")).text)
    assert 'id="no-schedule"' not in on and "<bdi>Hexavalent</bdi>, dose 1" in on
    assert (
        "par la source officielle" in on
        and "Dr <bdi>Ousmane Diop</bdi>" in on.partition("par la source officielle")[2][:200]
    )
    shown = (await program.get("/patients/awa/records")).json
    assert shown["vaccination_schedule"] == {"in_use": True}
    assert [(one["vaccine"], one["record_id"], one["overdue"]) for one in shown["vaccinations_due"]] == [
        ("Hexavalent", None, True),
    ], "BCG is noted already"
    assert shown["vaccinations_due"][0]["schedule"]["signed_by"] == "Ousmane Diop"
    assert (await clinic.program(THIAM).get("/vaccination-recalls")).json["vaccination_schedule"] == {"in_use": True}


async def test_a_dose_that_was_given_too_early_says_so_beside_it(clinic: Callers, told: Told, store: Store) -> None:
    store.connection.execute("UPDATE patients SET birth_date = '2026-01-01' WHERE user_id = 'awa'")
    row = Facts(
        kind="vaccine", dci="Hexavalent", also="Penta", dose=1, from_age="P6W", to_age="P24M", source="PEV",
        source_on="2025",
    )  # fmt: skip
    store.write(signing.sign, DIOP, store.write(signing.put, NDIAYE, [row]))
    made = await clinic.program(DIOP).post(PAGE, {"vaccine": "Penta", "occurred_on": "2026-02-11"})
    in_time = await clinic.program(DIOP).post(PAGE, {"vaccine": "Penta", "dose": 1, "occurred_on": "2026-02-12"})
    said = "avant l'âge du calendrier signé (6 semaines)"
    for person in (AWA, DIOP, GASSAMA):
        shown = html.unescape((await clinic.browser(person).get("/patients/awa/records")).text)
        assert shown.count(said) == 1 and made.location in shown.partition('id="early"')[2].partition("</ul>")[0]
        assert said in html.unescape((await clinic.browser(person).get(made.location)).text)
        assert said not in html.unescape((await clinic.browser(person).get(in_time.location)).text)
    [one] = (await clinic.program(AWA).get("/patients/awa/records")).json["vaccinations_early"]
    assert made.location == f"/records/{one.pop('record_id')}" and one.pop("schedule")["source"] == "PEV"
    assert one == {"vaccine": "Penta", "dose": 1, "given_on": "2026-02-11", "from_age": "P6W", "apart": None}


async def test_a_child_of_whom_nothing_is_noted_is_called_for_apart_and_in_its_own_words(
    clinic: Callers, told: Told, store: Store
) -> None:
    born = steps.in_days(store, -342)
    store.connection.execute("UPDATE patients SET birth_date = ? WHERE user_id = 'moussa'", (born,))
    row = await clinic.program(DIOP).post("/safety-tables/vaccines", VACCINE)
    entry = row.location.rpartition("/")[2]
    store.write(signing.sign, DIOP, [entry])
    store.write(recalling.receive, MOUSSA.id)
    program = clinic.program(THIAM)
    everybody = (await program.get("/vaccination-recalls")).json["items"]
    assert "moussa" not in {one["patient_id"] for one in everybody}
    found = (await program.get("/vaccination-recalls?only=unnoted")).json["items"]
    [child] = [one for one in found if one["patient_id"] == "moussa"]
    assert child["noted"] == "nothing"
    page = html.unescape((await clinic.browser(THIAM).get("/vaccination-recalls?only=unnoted")).text)
    shown = page.partition("Moussa Diouf")[2]
    assert "aucun vaccin noté ici\u00a0: à vérifier sur le carnet" in shown and "attendu depuis" not in shown
    assert 'hx-get="/vaccination-recalls?only=unnoted"' in page, "and it follows as that list"
    store.connection.execute("UPDATE users SET language = 'en' WHERE id = ?", (THIAM.id,))
    english = await clinic.browser(THIAM).get("/vaccination-recalls?only=unnoted")
    assert "no vaccine recorded here: to check on the card" in english.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dci", "..."),
        ("dose", "21"),
        ("dose", "première"),
        ("from_age", "6"),
        ("from_age", "12 mois"),
        ("to_age", "19 ans"),
        ("apart", "un mois"),
        ("sex", "tous"),
        ("source", ""),
        ("source_on", "2999"),
    ],
)
async def test_what_is_no_dose_of_a_schedule_is_refused_and_what_was_typed_stays(
    clinic: Callers, field: str, value: str
) -> None:
    body = {**VACCINE, field: value}
    errors = (await clinic.program(NDIAYE).post("/safety-tables/vaccines", body)).errors()
    assert errors.keys() <= {field, "to_age"} and errors
    page = await clinic.browser(NDIAYE).post("/safety-tables/vaccines", body)
    assert page.status == 422 and ('value="PEV"' in page.text or field == "source")


@pytest.mark.parametrize(("scope", "may_photograph"), [("full", True), ("summary", False)])
async def test_a_nurse_reads_in_the_file_who_writes_a_vaccination(
    clinic: Callers, told: Told, store: Store, scope: str, may_photograph: bool
) -> None:
    store.connection.execute("UPDATE access_requests SET scope = ? WHERE id = ?", (scope, told.granted))
    page = (await clinic.browser(GASSAMA).get("/patients/awa/records")).text
    assert "c'est un médecin ou une sage-femme qui les écrit" in page.replace("&#39;", "'")
    assert ('href="/patients/awa/papers/new"' in page) == may_photograph
    assert (await clinic.browser(GASSAMA).get("/patients/awa/papers/new")).status == (200 if may_photograph else 403)
    assert (
        "c'est un médecin ou une sage-femme qui les écrit"
        not in (await clinic.browser(DIOP).get("/patients/awa/records")).text
    )
