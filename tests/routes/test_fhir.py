"""GET /fhir/R4: each resource with everybody and under each scope, how it is asked for, and what is refused."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

import fhir_model
import pytest
import sent_files
import steps
from callers import Answer, Caller, Callers
from cast import ADMIN, AWA, CAST, CLINIC, DIOP, FALL, GASSAMA, MOUSSA, NDIAYE, SARR, THIAM
from quart import Quart
from store import Store
from told import Told

from fadjma.access import actions as access
from fadjma.access.states import SCOPES
from fadjma.fhir import searching
from fadjma.fhir.picking import pick
from fadjma.fhir.scopes import PARTS, opened_by
from fadjma.fhir.table import BY_TYPE, TABLE
from fadjma.identity.people import Viewer
from fadjma.papers import decoder, intake
from fadjma.papers.intake import Intake
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import dispensing
from fadjma.records import actions as records
from fadjma.records import measuring, noting, structuring
from fadjma.records.allergies import Facts as Allergen
from fadjma.records.problems import Problem
from fadjma.records.results import Result, Value
from fadjma.records.vaccinations import Vaccination
from fadjma.records.vitals import Reading
from fadjma.store import Transaction

ROOT = "/fhir/R4"
OF_FILE = [one.type for one in TABLE if one.of_file]
UNKNOWN = "0000000000000000000"


@pytest.fixture(autouse=True)
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process for each (tests/papers compares them)."""
    monkeypatch.setattr(intake, "_decode", decoder.answer)


@pytest.fixture
def everything(store: Store, told: Told) -> None:
    """Something of each kind in Awa's file, beside what the story has left in it."""
    with_fields: list[Any] = [
        (noting.note, {"facts": Allergen("medicine", "amoxicilline", atc="J01CA04", severity="severe")}),
        (structuring.note_problem, {"facts": Problem("Asthme", since="2019", status="past", ended_on="2021-02-03")}),
        (structuring.vaccinate, {"facts": Vaccination("Polio", dose=0, site="bras"), "occurred_on": "2026-03-02"}),
    ]
    for act, said in with_fields:
        store.write(act, DIOP, AWA.id, **said)
    in_words = {"title": "Une <note>", "body": "Ce qui a été vu & écrit.", "occurred_on": "2026-03-02"}
    for kind in ("test_result", "vaccination", "allergy", "problem", "prescription"):
        store.write(records.create, DIOP, AWA.id, type=kind, **in_words)
    readings = [
        *(Reading(code, value, code) for code, value in (("pulse", 80), ("temperature", 375), ("glucose", 95))),
        *(
            Reading(code, value, code)
            for code, value in (("pain", 3), ("oxygen_saturation", 98), ("body_height", 1655))
        ),
    ]
    store.write(measuring.take_round, DIOP, AWA.id, readings=readings, measured_on="2026-03-02", confirmed=True)


async def add_paper(clinic: Callers, **said: str) -> dict[str, Any]:
    """Dr Diop has photographed a result."""
    parts = {"type": "test_result", "title": "Numération", "occurred_on": "2026-03-01", "body": "Labo", **said}
    lines = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts.items()]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
    body = "".join([*lines, head]).encode() + sent_files.photograph() + b"\r\n--x--\r\n"
    sent = await clinic.program(DIOP).post("/patients/awa/papers", body, Content_Type="multipart/form-data; boundary=x")
    assert sent.status == 201, sent.text
    return sent.json


def resource(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, (answer.status, answer.text[:600])
    assert answer.type == "application/fhir+json"
    fhir_model.check(answer.json)
    return answer.json


def refused(answer: Answer, status: int) -> str:
    """The code of the OperationOutcome that this answer must be."""
    found = resource(answer, status)
    assert found["resourceType"] == "OperationOutcome"
    [issue] = found["issue"]
    assert issue["details"]["text"]
    code: str = issue["code"]
    return code


def of(bundle: Any) -> list[Any]:
    return [entry["resource"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"]


async def found(caller: Caller, kind: str, **asked: str) -> list[Any]:
    query = "&".join(f"{name.replace('__', '-')}={value}" for name, value in asked.items())
    return of(resource(await caller.get(f"{ROOT}/{kind}?{query}")))


def open_to(store: Store, scope: str, doctor: Viewer = SARR) -> None:
    """Awa has opened her file to this doctor, who had asked already; or as far as that."""

    def again(tx: Transaction) -> None:
        tx.execute(
            "UPDATE access_requests SET scope = :scope WHERE doctor_id = :doctor AND patient_id = 'awa' "
            "AND status = 'approved'",
            {"scope": scope, "doctor": doctor.id},
        )

    asked = store.rows("SELECT id FROM access_requests WHERE doctor_id = ? AND status = 'pending'", doctor.id)
    if asked:
        store.write(access.approve, AWA, asked[0][0], scope=scope, duration=steps.WEEK)
    else:
        store.write(again)


# --- who, and how far ---------------------------------------------------------------------------------------


async def test_a_patient_reads_every_resource_of_their_file_and_each_is_what_fhir_says(
    clinic: Callers, store: Store, everything: None, every_way: bool
) -> None:
    await add_paper(clinic)
    """With a token or a cookie, by turns."""
    callers = (clinic.program(AWA), clinic.json_browser(AWA))
    for turn, kind in enumerate(OF_FILE):
        for caller in callers if every_way else (callers[turn % 2],):
            bundle = resource(await caller.get(f"{ROOT}/{kind}?_count=200"))
            assert bundle["total"] == len(of(bundle)) > 0, kind
            for one in of(bundle)[:20]:
                alone = resource(await caller.get(f"{ROOT}/{kind}/{one['id']}"))
                assert alone == one, kind


async def test_each_scope_shows_what_it_opens_and_nothing_else(clinic: Callers, store: Store, everything: None) -> None:
    await add_paper(clinic)
    own = {kind: await found(clinic.program(AWA), kind, _count="200") for kind in OF_FILE}
    for scope in SCOPES:
        open_to(store, scope)
        caller = clinic.program(SARR)
        assert resource(await caller.get(f"{ROOT}/Patient/awa"))["birthDate"] == "1991-07-14"
        for kind in OF_FILE:
            answer = await caller.get(f"{ROOT}/{kind}?patient=awa&_count=200")
            shown = {one["id"] for one in of(resource(answer))} if kind in opened_by(scope) else set()
            if kind not in opened_by(scope):
                assert refused(answer, 404) == "not-found", (scope, kind)
            if kind == "Consent":
                assert len(shown) == 1  # her own
                continue
            expected = {one["id"] for one in own[kind] if _is_open(scope, kind, one, own)}
            assert shown == expected, (scope, kind)
            for one in own[kind]:
                alone = await caller.get(f"{ROOT}/{kind}/{one['id']}")
                assert alone.status == (200 if one["id"] in expected else 404), (scope, kind, one["id"])
                resource(alone, alone.status)


def _is_open(scope: str, kind: str, one: Any, own: Any) -> bool:
    """As docs/clinic.md says it, and not as the program has it."""
    if scope == "full":
        return kind != "AuditEvent"
    if kind == "Observation":
        weight = any(code["code"] == "29463-7" for code in one["code"].get("coding", ()))
        return scope == "prescriptions" and weight
    if kind == "Provenance":
        return one["target"][0]["reference"].partition("/")[0] in ("AllergyIntolerance", "Immunization")
    if kind in ("MedicationRequest", "MedicationDispense"):
        return scope == "prescriptions"
    return kind in ("AllergyIntolerance", "Immunization")


async def test_a_result_goes_out_by_its_values(clinic: Callers, store: Store) -> None:
    values = (
        Value("Troponine", Decimal("0.01"), "<", "ug/L", None, Decimal("0.04")),
        Value("Hémoglobine", Decimal("9.1"), "", "g/dL", Decimal(12), Decimal(16)),
        Value("pH", Decimal(8), high=Decimal("7.45")),
    )
    facts = Result(values, "Bilan", "Prélevé à jeun.")
    id = store.write(structuring.note_result, DIOP, AWA.id, facts=facts, occurred_on="2026-03-01")
    one = resource(await clinic.program(AWA).get(f"{ROOT}/Observation/{id}"))
    troponin, haemoglobin, ph = one["component"]
    assert "valueString" not in one and one["note"] == [{"text": "Prélevé à jeun."}]
    assert troponin["valueQuantity"]["comparator"] == "<" and "interpretation" not in troponin
    assert troponin["referenceRange"][0].keys() == {"high"}
    assert haemoglobin["interpretation"][0]["coding"][0]["code"] == "L"
    assert haemoglobin["valueQuantity"] == {
        "value": 9.1,
        "unit": "g/dL",
        "system": "http://unitsofmeasure.org",
        "code": "g/dL",
    }
    assert ph["interpretation"][0]["coding"][0]["code"] == "H" and ph["valueQuantity"] == {"value": 8}


async def test_a_summary_leaks_no_paper_but_that_of_a_vaccination(clinic: Callers, told: Told, store: Store) -> None:
    result = await add_paper(clinic)
    book = await add_paper(clinic, type="vaccination", title="Carnet")
    open_to(store, "summary")
    shown = await found(clinic.program(SARR), "DocumentReference", patient="awa")
    assert [one["id"] for one in shown] == [book["id"].replace("_", ".")]
    assert (await clinic.program(SARR).get(f"{ROOT}/Binary/{book['id']}")).status == 200
    assert refused(await clinic.program(SARR).get(f"{ROOT}/Binary/{result['id']}"), 404) == "not-found"


@pytest.mark.parametrize("who", [MOUSSA, SARR, NDIAYE, FALL, THIAM, ADMIN])
async def test_whoever_may_not_gets_the_same_for_what_there_is_and_what_there_is_not(
    clinic: Callers, told: Told, store: Store, everything: None, who: Viewer, every_way: bool
) -> None:
    """With a token or a cookie, by turns."""
    paper = await add_paper(clinic)
    status = 404 if who.role in ("patient", "doctor") else 403
    before = store.content(readings=False)
    callers = (clinic.program(who), clinic.json_browser(who))
    for turn, kind in enumerate(OF_FILE):
        for caller in callers if every_way else (callers[turn % 2],):
            there = await caller.get(f"{ROOT}/{kind}?patient=awa")
            missing = await caller.get(f"{ROOT}/{kind}?patient={UNKNOWN}")
            assert (there.status, there.text) == (missing.status, missing.text) == (status, there.text)
            refused(there, status)
    own = {kind: await found(clinic.program(AWA), kind) for kind in OF_FILE}
    own["Patient"], own["Binary"] = [{"id": "awa"}], [{"id": paper["id"]}]
    for kind, all_of_them in own.items():
        mine = {one["id"] for one in await found(clinic.program(who), kind)} if who is MOUSSA and kind in PARTS else ()
        hers = next(one["id"] for one in all_of_them if one["id"] not in mine and not _is_by(one, who))
        there = await clinic.program(who).get(f"{ROOT}/{kind}/{hers}")
        missing = await clinic.program(who).get(f"{ROOT}/{kind}/{UNKNOWN}")
        assert (there.status, there.text) == (missing.status, missing.text) == (status, there.text), kind
    assert store.content(readings=False) == before


def _is_by(one: Any, who: Viewer) -> bool:
    """A request of one's own is one's own to read, whatever has become of it."""
    return f"Practitioner/{who.id}" in json.dumps(one)


async def test_nobody_reads_nothing_but_what_the_server_can_do(clinic: Callers, told: Told) -> None:
    for kind in (*BY_TYPE, "Binary"):
        for address in (f"{ROOT}/{kind}/awa", *([f"{ROOT}/{kind}"] if kind in BY_TYPE else [])):
            answer = await clinic.nobody(json=True).get(address)
            assert refused(answer, 401) == "login"
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert refused(await clinic.nobody().get(f"{ROOT}/Subscription/inbox/$events"), 401) == "login"
    stated = resource(await clinic.nobody().get(f"{ROOT}/metadata"))
    assert stated["fhirVersion"] == "4.0.1"
    assert stated["rest"][0]["security"]["cors"] is False, "no page of another origin is named"


async def test_a_nurse_reads_what_is_open_to_a_doctor_of_the_clinic(
    clinic: Callers, store: Store, everything: None
) -> None:
    assert await found(clinic.program(GASSAMA), "Condition", patient="awa")
    assert [one["id"] for one in await found(clinic.program(GASSAMA), "Patient")] == ["awa"]
    assert not await found(clinic.program(GASSAMA), "Consent", patient="awa")


async def test_people_and_places_are_told_to_whoever_reads_a_file(clinic: Callers, told: Told) -> None:
    for who in CAST:
        caller = clinic.program(who)
        allowed = who.role in ("patient", "doctor", "nurse")
        for address in (f"Practitioner/{DIOP.id}", f"PractitionerRole/{DIOP.id}", f"Organization/{CLINIC}"):
            answer = await caller.get(f"{ROOT}/{address}")
            resource(answer, 200 if allowed else 403)
        for query in (
            f"Practitioner?_id={DIOP.id}",
            f"PractitionerRole?practitioner={DIOP.id}",
            "Organization?type=clinic",
        ):
            answer = await caller.get(f"{ROOT}/{query}")
            bundle = resource(answer, 200 if allowed else 403)
            assert not allowed or of(bundle)
    awa = clinic.program(AWA)
    assert refused(await awa.get(f"{ROOT}/Practitioner"), 400) == "required"  # nobody lists the staff
    assert refused(await awa.get(f"{ROOT}/Practitioner/{MOUSSA.id}"), 404) == "not-found"  # a patient is none
    assert not await found(awa, "Practitioner", _id=MOUSSA.id)
    assert [one["id"] for one in await found(awa, "Organization", name="clinique t")] == [CLINIC]
    assert [one["id"] for one in await found(awa, "Practitioner", _id=f"{SARR.id},{DIOP.id},x")] == ["diop", "sarr"]


async def test_who_says_to_be_a_doctor_is_none_before_an_admin_has_looked(clinic: Callers, told: Told) -> None:
    """Anybody registers so, and is told the id."""
    awa = clinic.program(AWA)
    for kind in ("Practitioner", "PractitionerRole"):
        assert refused(await awa.get(f"{ROOT}/{kind}/{told.waiting}"), 404) == "not-found"
        assert not await found(awa, kind, _id=told.waiting)
    assert (await clinic.program(ADMIN).post(f"/accounts/{told.waiting}/verification")).status == 200
    for kind in ("Practitioner", "PractitionerRole"):
        assert (await awa.get(f"{ROOT}/{kind}/{told.waiting}")).json["active"] is True


async def test_whose_files_are_open_is_found_and_nobody_else(clinic: Callers, told: Told, store: Store) -> None:
    doctor = clinic.program(DIOP)
    assert "awa" in [one["id"] for one in await found(doctor, "Patient")]
    [awa] = await found(doctor, "Patient", identifier="urn:fadjma:identifier|FJ-7K2MQ-0XW4D")
    assert "telecom" not in awa
    assert not await found(doctor, "Patient", identifier="FJ-3PZ9T-8R1BC")
    assert not await found(doctor, "Patient", _id="moussa")
    assert [one["id"] for one in await found(clinic.program(MOUSSA), "Patient")] == ["moussa"]


# --- the trace ----------------------------------------------------------------------------------------------


def _lines(store: Store, who: Viewer) -> list[tuple[Any, ...]]:
    sql = "SELECT action, part, outcome, repeats IS NULL FROM audit_events WHERE actor_id = ? AND patient_id = 'awa'"
    return [tuple(row) for row in store.rows(f"{sql} ORDER BY rowid", who.id)]


async def test_readings_are_traced_and_folded_as_those_of_a_page(
    clinic: Callers, told: Told, store: Store, everything: None
) -> None:
    doctor = clinic.program(DIOP)
    before = _lines(store, DIOP)
    for _ in range(2):
        await found(doctor, "Condition", patient="awa")
    bundle = resource(await doctor.get(f"{ROOT}/Condition?patient=awa&_count=1"))
    await doctor.get(_next(bundle))  # goes on with the same reading
    added = _lines(store, DIOP)[len(before) :]
    assert added == [("file.read", "problem", "success", first) for first in (1, 0, 0)]
    await doctor.get(f"{ROOT}/Condition/{of(bundle)[0]['id']}")
    assert _lines(store, DIOP)[-1] == ("record.read", "problem", "success", 1)
    line = next(
        one
        for one in await found(clinic.program(AWA), "AuditEvent", _count="200")
        if one["outcomeDesc"] == "a ouvert votre dossier"
        and {"type": "part", "valueString": "problem"} in one["entity"][0]["detail"]
    )
    assert {"type": "times", "valueString": "3"} in line["entity"][0]["detail"]
    before = _lines(store, AWA)
    for kind in OF_FILE:
        await found(clinic.program(AWA), kind)
    assert _lines(store, AWA) == before  # what is one's own is no reading


async def test_what_is_refused_is_traced_after_the_refusal(clinic: Callers, told: Told, store: Store) -> None:
    [mine] = await found(clinic.program(AWA), "Condition", _count="1")
    tries = [(MOUSSA, "Condition?patient=awa"), (SARR, f"Condition/{mine['id']}"), (NDIAYE, "Immunization?patient=awa")]
    for who, address in tries:
        before = _lines(store, who)
        answer = await clinic.program(who).get(f"{ROOT}/{address}")
        assert answer.status in (403, 404)
        [line] = _lines(store, who)[len(before) :]
        assert line[0] in ("file.read", "record.read")
        assert line[2] == "refused"
    open_to(store, "summary")
    before = _lines(store, SARR)
    refused(await clinic.program(SARR).get(f"{ROOT}/Encounter?patient=awa"), 404)
    assert ("file.read", "", "refused", 1) in _lines(store, SARR)[len(before) :]


def _page_from(cursor: str) -> str:
    return base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")


async def test_a_made_up_page_of_another_part_is_a_reading_of_its_own(
    clinic: Callers, told: Told, store: Store, everything: None
) -> None:
    """It would go on with the reading of a part that was read, and the trace would say nothing of this one."""
    doctor = clinic.program(DIOP)
    await found(doctor, "AllergyIntolerance", patient="awa")
    before = _lines(store, DIOP)
    assert await found(doctor, "Condition", patient="awa", _page=_page_from("0:0~"))
    assert [line[:3] for line in _lines(store, DIOP)[len(before) :]] == [("file.read", "problem", "success")]
    assert await found(doctor, "Condition", patient="awa", _page=_page_from("0:0~"))
    assert len(_lines(store, DIOP)) == len(before) + 1
    open_to(store, "summary")
    assert refused(await clinic.program(SARR).get(f"{ROOT}/Condition?patient=awa&_page={_page_from('0:0~')}"), 404)


async def test_observations_are_no_mere_measurements_in_the_trace(
    clinic: Callers, told: Told, store: Store, everything: None
) -> None:
    """Results of tests are among them."""
    assert await found(clinic.program(DIOP), "Observation", patient="awa")
    assert _lines(store, DIOP)[-1][:3] == ("file.read", "full", "success")


async def test_a_nurse_s_list_is_traced_for_whom_it_shows_as_that_of_the_page(
    clinic: Callers, told: Told, store: Store
) -> None:
    for who, lines in ((DIOP, []), (GASSAMA, [("patient.listed", "", "success", 1)])):
        before = _lines(store, who)
        caller = clinic.program(who)
        for query in ("identifier=nobody", "_count=0"):
            assert not await found(caller, "Patient", **dict([query.split("=")]))
        assert _lines(store, who) == before
        for _ in range(2):
            assert [one["id"] for one in await found(caller, "Patient")].count("awa") == 1
        assert _lines(store, who)[len(before) :] == lines, who.id


async def test_a_long_file_is_counted_as_far_as_some_and_not_by_the_writer(
    clinic: Callers, told: Told, store: Store, everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    find = searching.find

    def counted(*args: Any, **said: Any) -> Any:
        calls.append(1)
        return find(*args, **said)

    monkeypatch.setattr(searching, "find", counted)
    doctor, before = clinic.program(DIOP), _lines(store, DIOP)
    where = f"{ROOT}/Observation?patient=awa&_count=0"
    whole = resource(await doctor.get(where))["total"]
    assert len(calls) == 1  # what the writer does is tried by a reader before
    assert [line[0] for line in _lines(store, DIOP)[len(before) :]] == ["file.read"]
    monkeypatch.setattr(searching, "COUNTED", whole)
    assert resource(await doctor.get(where))["total"] == whole
    monkeypatch.setattr(searching, "COUNTED", whole - 1)
    assert "total" not in resource(await doctor.get(where))
    assert refused(await clinic.program(SARR).get(where), 404) == "not-found"


# --- pages --------------------------------------------------------------------------------------------------


def _next(bundle: Any) -> str:
    url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    return f"{urlsplit(url).path}?{urlsplit(url).query}" if url else ""


async def _pages(caller: Caller, address: str, between: Callable[[], None] = lambda: None) -> list[str]:
    ids: list[str] = []
    where = address
    while where:
        bundle = resource(await caller.get(where))
        ids += [one["id"] for one in of(bundle)]
        assert "total" not in bundle or not ids or where == address
        where = _next(bundle)
        between()
    return ids


async def test_pages_are_complete_and_stable_while_somebody_writes(
    clinic: Callers, told: Told, store: Store, everything: None
) -> None:
    await add_paper(clinic)
    caller = clinic.program(AWA)
    left: Iterator[int] = iter(())

    def write() -> None:
        if next(left, None) is not None:
            store.clock.advance(seconds=1)
            steps.write_record(store)
            steps.write_record(store, type="problem")
            store.write(noting.note, DIOP, AWA.id, facts=Allergen("food", f"œuf {store.clock()}"))

    for kind in OF_FILE:
        left = iter(range(3))
        at_first = [one["id"] for one in await found(caller, kind, _count="200")]
        paged = await _pages(caller, f"{ROOT}/{kind}?_count=2", write)
        assert len(paged) == len(set(paged)), kind
        assert [one for one in paged if one in at_first] == at_first, kind


async def test_a_page_looks_at_no_more_than_some_and_the_next_one_goes_on(
    clinic: Callers, told: Told, everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    awa = clinic.program(AWA)
    whole = [one["id"] for one in await found(awa, "Observation", category="survey")]
    monkeypatch.setattr(searching, "LOOKED_AT", 2)
    first = resource(await awa.get(f"{ROOT}/Observation?category=survey"))
    assert of(first) == []
    assert "total" not in first
    assert await _pages(awa, f"{ROOT}/Observation?category=survey") == whole != []


async def test_a_search_goes_on_with_all_that_was_asked_for(clinic: Callers, told: Told, everything: None) -> None:
    awa = clinic.program(AWA)
    whole = [one["id"] for one in await found(awa, "Observation", category="vital-signs")]
    assert whole == await _pages(awa, f"{ROOT}/Observation?category=vital-signs&_count=1")
    assert refused(await awa.get(f"{ROOT}/Observation?_page=eHh4"), 400) == "value"
    assert refused(await awa.get(f"{ROOT}/Observation?_page=é"), 400) == "value"
    for cursor in ("0:1~\0", "0:1~é", "0:", "x:1~a"):
        assert refused(await awa.get(f"{ROOT}/Observation?_page={_page_from(cursor)}"), 400) == "value", cursor
    for kind in (*OF_FILE, "Patient", "Organization"):
        for cursor in (f"0:1~a~{9 * '9999'}", f"0:{9 * '9999'}~a", f"9:{5000 * '9'}", f"0:1~a~{5000 * '9'}"):
            resource(await awa.get(f"{ROOT}/{kind}?_page={_page_from(cursor)}"))
    counted = resource(await awa.get(f"{ROOT}/Observation?_count=0&category=vital-signs"))
    assert counted["total"] == len(whole)
    assert "entry" not in counted
    assert refused(await awa.get(f"{ROOT}/Observation?_count=-1"), 400) == "value"
    assert resource(await awa.get(f"{ROOT}/Observation?_count=99999999"))["link"][0]["url"].endswith("_count=200")


# --- searching ----------------------------------------------------------------------------------------------


async def test_each_parameter_finds_what_it_says(clinic: Callers, told: Told, everything: None) -> None:
    awa = clinic.program(AWA)
    asked = {
        "Condition?clinical-status=active": 1,
        "Condition?code=D57.1": 1,
        "Condition?code=http://hl7.org/fhir/sid/icd-10|D57.1": 1,
        "Condition?code=http://loinc.org|D57.1": 0,
        "Condition?code=D57.1,X99": 1,
        "AllergyIntolerance?category=medication": 1,
        "AllergyIntolerance?code=http://www.whocc.no/atc|J01CA04": 1,
        "AllergyIntolerance?clinical-status=inactive": 1,
        "Observation?code=http://loinc.org|29463-7&date=2026-03-02": 1,
        "Observation?code=59408-5": 1,
        "Observation?date=ge2026-03-02&date=lt2026-03-03&category=survey": 1,
        "Observation?date=2026&category=survey": 1,
        "Observation?date=2026-03&category=survey": 1,
        "Observation?date=ne2026-03&category=survey": 0,
        "Observation?date=gt2026-03-02&category=survey": 0,
        "Observation?date=le2026-03-02&category=survey": 1,
        "Observation?date=lt2026-03-02T00:00:00Z&category=survey": 0,
        "Encounter?date=2026-03-02": 2,
        "Immunization?date=2026-03-02": 3,
        "MedicationRequest?status=on-hold": 1,
        "MedicationRequest?authoredon=lt2020": 0,
        "MedicationDispense?status=completed": 1,
        "Consent?status=proposed": 1,
        "DocumentReference?date=lt2020": 0,
        "AuditEvent?action=X": 0,
        "Provenance?recorded=lt2020": 0,
        "Patient?identifier=FJ-7K2MQ-0XW4D": 1,
        "Patient?identifier=|FJ-7K2MQ-0XW4D": 0,
    }
    for query, number in asked.items():
        assert len(of(resource(await awa.get(f"{ROOT}/{query}")))) == number, query
    [encounter] = await found(awa, "Encounter", _id=told.consultation)
    [pressure] = await found(awa, "Observation", encounter=f"Encounter/{encounter['id']}")
    assert [part["valueQuantity"]["value"] for part in pressure["component"]] == [130, 85]
    [written] = await found(awa, "Provenance", target=f"Encounter/{encounter['id']}")
    assert written["agent"][0]["who"]["reference"] == "Practitioner/diop"
    [given] = await found(awa, "MedicationDispense")
    line = given["authorizingPrescription"][0]["reference"]
    assert await found(awa, "MedicationDispense", prescription=line) == [given]


async def test_each_parameter_of_the_statement_finds_what_has_its_value_and_nothing_else(
    clinic: Callers, told: Told, store: Store, everything: None
) -> None:
    """As each resource says it where the table has its path; of none that it says nothing of."""
    await add_paper(clinic)
    store.write(lambda tx: tx.execute("UPDATE medicines SET atc = 'N02BE01'"))
    stated = resource(await clinic.nobody().get(f"{ROOT}/metadata"))["rest"][0]["resource"]
    names = {one["type"]: {parameter["name"] for parameter in one.get("searchParam", ())} for one in stated}
    first = {"Practitioner": {"_id": DIOP.id}, "PractitionerRole": {"practitioner": DIOP.id}}
    for mapped in TABLE:
        kind = mapped.type
        assert {one.name for one in mapped.parameters} == names[kind]
        all_of_them = await found(clinic.program(AWA), kind, _count="200", **first.get(kind, {}))
        for parameter in mapped.parameters:
            said = [(one, value) for one in all_of_them for value in _said(one, parameter.path, parameter.kind)]
            assert said, (kind, parameter.name)
            value = said[0][1]
            asked = {parameter.name: value, **({} if parameter.name in mapped.by else first.get(kind, {}))}
            query = "&".join(f"{name}={quote(text)}" for name, text in asked.items())
            shown = of(resource(await clinic.program(AWA).get(f"{ROOT}/{kind}?{query}&_count=200")))
            expected = {other["id"] for other, its in said if its == value}
            assert {other["id"] for other in shown} >= expected, (kind, query)
            if parameter.kind != "string":
                assert {other["id"] for other in shown} == expected, (kind, query)


def _said(one: Any, path: str, kind: str) -> Iterator[str]:
    """The values of a resource at a path, as one searches for them."""
    if not path:
        yield "Patient/awa"
    for value in pick(one, path) if path else ():
        if not isinstance(value, dict):
            yield str(value).lower() if isinstance(value, bool) else value[:10] if kind == "date" else value
        elif kind == "reference":
            yield from (value[name] for name in ("reference",) if name in value)
        elif kind == "date":
            yield from (value[end][:10] for end in ("start",) if end in value)
        else:
            yield from (coding["code"] for coding in value.get("coding", ()))
            yield from (value[name] for name in ("code", "value") if name in value)


async def test_what_a_search_does_not_know_is_refused_or_left_out_as_is_preferred(clinic: Callers, told: Told) -> None:
    awa = clinic.program(AWA)
    for query in ("_lastUpdated=2026", "code:not=x", "_sort=date", "subject=awa", "_include=x"):
        assert refused(await awa.get(f"{ROOT}/Condition?{query}"), 400) == "not-supported", query
        assert refused(await awa.get(f"{ROOT}/Condition?{query}", Prefer="handling=strict"), 400) == "not-supported"
        bundle = resource(await awa.get(f"{ROOT}/Condition?{query}", Prefer="handling=lenient"))
        assert query.partition("=")[0] not in bundle["link"][0]["url"]
        [said] = [entry["resource"] for entry in bundle["entry"] if entry["search"]["mode"] == "outcome"]
        assert query.partition("=")[0] in said["issue"][0]["details"]["text"]
    for same in ('Handling="lenient"', "return=minimal; x=y, handling=lenient; z"):  # RFC 7240
        assert (await awa.get(f"{ROOT}/Condition?_sort=date", Prefer=same)).status == 200, same
    for other in ("handling=other", "return=minimal;handling=lenient", "handling=lenient2"):
        assert (await awa.get(f"{ROOT}/Condition?_sort=date", Prefer=other)).status == 400, other
    for date in ("demain", "2026-13", "2026-02-30", "sa2026", "2026-03-02T25:00", "99999-01-01"):
        assert refused(await awa.get(f"{ROOT}/Observation?date={date}"), 400) == "value", date
    assert refused(await clinic.program(DIOP).get(f"{ROOT}/Condition"), 400) == "required"
    assert refused(await clinic.program(DIOP).get(f"{ROOT}/Condition?patient=awa&patient=moussa"), 400) == "required"
    own = resource(await awa.get(f"{ROOT}/Condition"))["link"][0]["url"].partition("/Condition")[0]
    for whose in ("Practitioner/awa", f"{own}/Group/awa"):
        assert refused(await awa.get(f"{ROOT}/Condition?patient={whose}"), 400) == "value", whose
    for whose in ("Patient/awa", f"{own}/Patient/awa"):
        assert (await awa.get(f"{ROOT}/Condition?patient={whose}")).status == 200, whose
    assert refused(await awa.get(f"{ROOT}/Condition/x?_elements=code"), 400) == "not-supported"
    many = ",".join(100 * ["x"])
    assert not await found(awa, "Condition", code=many)
    for query in (f"code={many},x", f"code={many}&_id=x"):
        assert refused(await awa.get(f"{ROOT}/Condition?{query}"), 400) == "too-costly"


async def test_a_reference_is_to_this_server(clinic: Callers, told: Told) -> None:
    """http://hl7.org/fhir/R4/references.html: the address of another server is somebody else's resource."""
    awa, diop = clinic.program(AWA), clinic.program(DIOP)
    own = resource(await awa.get(f"{ROOT}/Condition"))["link"][0]["url"].partition("/Condition")[0]
    of_awa = len(of(resource(await awa.get(f"{ROOT}/Observation"))))
    [encounter, *_] = await found(awa, "Encounter")
    here = [own, own.replace("http:", "https:"), own.replace("http:", "HTTP:"), "https://clinique.example.org/fhir/R4"]
    for base in here:
        bundle = resource(await diop.get(f"{ROOT}/Observation?patient={base}/Patient/awa"))
        assert len(of(bundle)) == of_awa > 0, base
        assert bundle["link"][0]["url"].startswith(f"{own}/Observation?patient=Patient%2Fawa&"), "as it was understood"
        assert await found(awa, "Provenance", target=f"{base}/Encounter/{encounter['id']}"), base
        assert len(await found(awa, "PractitionerRole", practitioner=f"{base}/Practitioner/diop")) == 1, base
    for base in ("http://elsewhere.example/fhir/R4", own + "/x", own.replace("/fhir/", "/fhur/"), "x", ""):
        assert refused(await diop.get(f"{ROOT}/Observation?patient={base}/Patient/awa"), 404) == "not-found", base
        assert refused(await awa.get(f"{ROOT}/Observation?patient={base}/Patient/awa"), 404) == "not-found", base
        assert not await found(awa, "Provenance", target=f"{base}/Encounter/{encounter['id']}"), base
        assert not await found(awa, "PractitionerRole", practitioner=f"{base}/Practitioner/diop"), base
    elsewhere = "http://elsewhere.example/fhir/R4/Patient/awa"
    assert refused(await clinic.program(NDIAYE).get(f"{ROOT}/Observation?patient={elsewhere}"), 403) == "forbidden"


async def test_a_search_may_be_sent_as_a_form(clinic: Callers, told: Told) -> None:
    awa = clinic.program(AWA)
    where = f"{ROOT}/Condition/_search"
    form = "application/x-www-form-urlencoded"
    bundle = resource(await awa.post(where, "code=D57.1&_count=1", Content_Type=form))
    assert len(of(bundle)) == 1
    assert of(resource(await awa.post(where, "", Content_Type=form)))
    assert len(of(resource(await awa.ask("POST", f"{where}?_count=1")))) == 1, "all of it in the address, and no body"
    assert refused(await awa.post(where, b"code=D57.1", Content_Type="text/plain"), 415) == "not-supported"
    assert refused(await awa.post(where, {"code": "D57.1"}), 415) == "not-supported"
    assert refused(await clinic.program(SARR).post(where, "patient=awa", Content_Type=form), 404) == "not-found"


# --- how it is asked for ------------------------------------------------------------------------------------


async def test_the_format_is_json_by_header_or_address(clinic: Callers, told: Told) -> None:
    awa = clinic.program(AWA)
    where = f"{ROOT}/Patient/awa"
    taken = (
        "application/fhir+json",
        "application/json",
        "*/*",
        "",
        "application/fhir+json; fhirVersion=4.0, text/html",
    )
    for accept in (*taken, "text/html,application/xhtml+xml,*/*;q=0.8"):
        assert resource(await awa.get(where, Accept=accept))["id"] == "awa"
    for accept in ("application/fhir+xml", "text/html", "application/fhir+json; fhirVersion=3.0", "image/png"):
        assert refused(await awa.get(where, Accept=accept), 406) == "not-supported"
    for kind in ("json", "application/json", "application/fhir%2Bjson", "application/fhir+json"):
        resource(await awa.get(f"{where}?_format={kind}", Accept="application/xml"))
    for kind in ("xml", "html", "ttl", "application/fhir+xml"):
        assert refused(await awa.get(f"{where}?_format={kind}"), 406) == "not-supported"
    assert "\n  " in (await awa.get(f"{where}?_pretty=true")).text


async def test_whatever_goes_wrong_is_an_operation_outcome(clinic: Callers, told: Told, app: Quart) -> None:
    awa = clinic.program(AWA)
    for caller in (awa, clinic.browser(AWA), clinic.nobody()):
        for address in ("Basic/1", "Basic", "nowhere/at/all", "Patient/awa/_history/1", "Binary", ""):
            assert refused(await caller.get(f"{ROOT}/{address}"), 404) == "not-found", address
    for method in ("PUT", "DELETE", "POST", "PATCH"):
        answer = await awa.ask(method, f"{ROOT}/Patient/awa", {})
        assert refused(answer, 405) == "not-supported"
        assert "GET" in answer.headers["Allow"]
    assert refused(await awa.ask("POST", f"{ROOT}/Patient", {}), 405) == "not-supported"
    assert refused(await awa.get(f"{ROOT}/Patient?identifier=%ff"), 400) == "invalid"
    assert refused(await clinic.bearer("no token").get(f"{ROOT}/Patient"), 401) == "login"
    too_much = await awa.post(
        f"{ROOT}/Condition/_search", b"x=" + 65 * 1024 * b"x", Content_Type="application/x-www-form-urlencoded"
    )
    assert refused(too_much, 413) == "too-long"


async def test_what_breaks_is_one_too(clinic: Callers, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Awa Cissé")

    monkeypatch.setattr(searching, "find", broken)
    answer = await clinic.program(AWA).get(f"{ROOT}/Condition")
    assert refused(answer, 500) == "exception"
    assert "Awa" not in answer.text


async def test_ids_go_out_with_a_point_and_come_in_with_either(clinic: Callers, told: Told, store: Store) -> None:
    def rename(tx: Transaction) -> None:
        row = "title, body, author_id, created_at"
        tx.execute(
            "INSERT INTO records (id, patient_id, type, author_id, occurred_on, created_at, words) "
            "VALUES ('a_b-c_', 'awa', 'problem', 'diop', '2026-03-02', :now, '')",
            {"now": tx.now},
        )
        tx.execute(
            f"INSERT INTO record_versions (record_id, version, {row}) VALUES ('a_b-c_', 1, 'X', 'Y', 'diop', :now)",
            {"now": tx.now},
        )

    store.write(rename)
    awa = clinic.program(AWA)
    assert "a.b-c." in [one["id"] for one in await found(awa, "Condition")]
    for sent in ("a.b-c.", "a_b-c_", "a.b-c_"):
        assert resource(await awa.get(f"{ROOT}/Condition/{sent}"))["id"] == "a.b-c."
        assert [one["id"] for one in await found(awa, "Condition", _id=sent)] == ["a.b-c."]
        [written] = await found(awa, "Provenance", target=f"Condition/{sent}")
        assert written["id"] == "a.b-c.-v1"
        resource(await awa.get(f"{ROOT}/Provenance/{sent}-v1"))


async def test_what_was_entered_in_error_is_in_no_search_and_says_nothing_more(
    clinic: Callers, told: Told, store: Store, everything: None
) -> None:
    awa = clinic.program(AWA)
    store.write(records.mark_error, DIOP, told.problem, reason="Autre patient")
    [past] = [one for one in await found(awa, "Condition", code="") if "abatementDateTime" in one]
    store.write(records.mark_error, DIOP, past["id"].replace(".", "_"), reason="Autre patient")
    [its_author, others] = [clinic.program(DIOP), awa]
    assert "clinicalStatus" not in resource(await its_author.get(f"{ROOT}/Condition/{past['id']}"))  # con-4, con-5
    assert "Autre patient" in (await its_author.get(f"{ROOT}/Provenance/{told.problem}-v2")).text
    assert "Autre patient" not in (await others.get(f"{ROOT}/Provenance/{told.problem}-v2")).text
    store.write(measuring.mark_error, DIOP, told.weight, reason="Autre patient")
    assert "Drépanocytose" not in json.dumps(await found(awa, "Condition"))
    problem = resource(await awa.get(f"{ROOT}/Condition/{told.problem}"))
    assert problem["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "Drépanocytose" not in json.dumps(problem, ensure_ascii=False)
    weight = resource(await awa.get(f"{ROOT}/Observation/{told.weight}"))
    assert (weight["status"], "valueQuantity" in weight) == ("entered-in-error", False)
    assert resource(await clinic.program(DIOP).get(f"{ROOT}/Observation/{told.weight}"))["valueQuantity"]
    assert resource(await awa.get(f"{ROOT}/Provenance/{told.problem}-v2"))["activity"]["coding"][0]["code"] == "NULLIFY"
    refused(await awa.get(f"{ROOT}/Provenance/{told.problem}-v1"), 404)
    line = store.value("SELECT id FROM prescription_lines WHERE prescription_id = ?", told.issued)
    store.write(prescriptions.mark_error, DIOP, told.issued, reason="Autre patient")
    mistaken = resource(await awa.get(f"{ROOT}/MedicationRequest/{line}"))
    assert (mistaken["status"], "dosageInstruction" in mistaken) == ("entered-in-error", False)
    assert mistaken["id"] not in [one["id"] for one in await found(awa, "MedicationRequest")]


async def test_why_a_prescription_was_refused_is_said_in_words(clinic: Callers, store: Store) -> None:
    issued = store.write(dispensing.validate, NDIAYE, steps.issue(store))
    store.write(dispensing.refuse, NDIAYE, issued, code="dose", text="Trop pour dix jours")
    line = store.value("SELECT id FROM prescription_lines WHERE prescription_id = ?", issued)
    answer = resource(await clinic.program(AWA).get(f"{ROOT}/MedicationRequest/{line}"))
    assert answer["statusReason"] == {"text": "Dose à vérifier\xa0: Trop pour dix jours"}


async def test_that_no_allergy_is_known_is_a_coded_statement_of_its_own(
    clinic: Callers, told: Told, store: Store
) -> None:
    moussa = clinic.program(MOUSSA)
    steps.grant(store, patient=MOUSSA)
    assert await found(moussa, "AllergyIntolerance") == []
    store.write(noting.state_none_known, DIOP, MOUSSA.id)
    [said] = await found(moussa, "AllergyIntolerance", code="http://snomed.info/sct|716186003")
    assert said["clinicalStatus"]["coding"][0]["code"] == "active"
    store.write(noting.note, DIOP, MOUSSA.id, facts=Allergen("food", "arachide"))
    [said] = await found(moussa, "AllergyIntolerance", code="http://snomed.info/sct|716186003")
    assert said["clinicalStatus"]["coding"][0]["code"] == "inactive"


# --- papers -------------------------------------------------------------------------------------------------


async def test_a_paper_is_a_binary_through_the_right_to_its_record(
    clinic: Callers, told: Told, store: Store, app: Quart
) -> None:
    paper = await add_paper(clinic)
    awa = clinic.program(AWA)
    [reference] = await found(awa, "DocumentReference", date="ge2026-01-01")
    where = f"{ROOT}/{reference['content'][0]['attachment']['url']}"
    plain = await awa.get(where, Accept="*/*")
    assert (plain.status, plain.type) == (200, "image/jpeg")
    assert plain.headers["Content-Security-Policy"].startswith("sandbox")
    assert (await awa.get(where, Accept="image/*")).body == plain.body
    whole = resource(await awa.get(where, Accept="application/fhir+json"))
    assert base64.b64decode(whole["data"]) == plain.body
    assert resource(await awa.get(f"{where}?_format=json", Accept="image/jpeg")) == whole
    assert refused(await awa.get(where, Accept="application/pdf"), 406) == "not-supported"
    before = _lines(store, DIOP)
    assert (await clinic.program(DIOP).get(where)).status == 200
    assert [line[0] for line in _lines(store, DIOP)[len(before) :]] == ["record.read"]
    store.write(records.mark_error, DIOP, paper["record_id"], reason="Autre patient")
    refused(await awa.get(where), 404)
    kept: Intake = app.extensions["papers"]
    shutil.rmtree(kept.contents.folder)
    assert refused(await clinic.program(DIOP).get(where), 503) == "transient"


# --- the inbox ----------------------------------------------------------------------------------------------


def _numbers(bundle: Any) -> list[int]:
    status = bundle["entry"][0]["resource"]["parameter"]
    events = [one["part"] for one in status if one["name"] == "notificationEvent"]
    return [int(part["valueString"]) for event in events for part in event if part["name"] == "eventNumber"]


def _level(bundle: Any) -> int:
    [newest] = [
        one["valueString"]
        for one in bundle["entry"][0]["resource"]["parameter"]
        if one["name"] == "eventsSinceSubscriptionStart"
    ]
    return int(newest)


async def test_the_inbox_is_numbered_without_a_gap(
    clinic: Callers, told: Told, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"{ROOT}/Subscription/inbox/$events"
    for who in CAST:
        bundle = resource(await clinic.program(who).get(where))
        assert bundle["type"] == "history"
        assert _numbers(bundle) == list(range(1, _level(bundle) + 1)), who.id
    awa = clinic.program(AWA)
    level = _level(bundle := resource(await awa.get(where)))
    assert _numbers(resource(await awa.get(f"{where}?eventsSinceNumber={level}"))) == [level]
    assert _numbers(resource(await awa.get(f"{where}?eventsSinceNumber={level + 1}"))) == []  # nothing new
    assert _numbers(resource(await awa.get(f"{where}?eventsSinceNumber=2&eventsUntilNumber=4"))) == [2, 3, 4]
    monkeypatch.setattr("fadjma.fhir.inbox.MOST", 3)
    part = resource(await awa.get(f"{where}?eventsSinceNumber=5"))
    assert (_numbers(part), _level(part)) == ([5, 6, 7], level)
    assert "Hypertension" not in json.dumps(bundle)
    steps.write_record(store)
    assert _level(resource(await awa.get(where))) > level


async def test_what_is_not_kept_or_of_another_history_is_gone(clinic: Callers, told: Told, store: Store) -> None:
    where = f"{ROOT}/Subscription/inbox/$events"
    awa = clinic.program(AWA)
    level = _level(resource(await awa.get(where)))
    assert refused(await awa.get(f"{where}?eventsSinceNumber={level + 2}"), 410) == "expired"
    store.write(_forget)
    assert _numbers(resource(await awa.get(where)))[0] == 4
    answer = await awa.get(f"{where}?eventsSinceNumber=3")
    assert refused(answer, 410) == "expired"
    assert str(level + 1) in answer.text  # where to go on
    store.write(lambda tx: tx.execute("UPDATE inboxes SET last_seq = last_seq + 1000000 WHERE user_id = 'awa'"))
    assert refused(await awa.get(f"{where}?eventsSinceNumber={level + 1}"), 410) == "expired"
    for number in ("x", "-1", "1.5", "²", "9" * 30):
        assert refused(await awa.get(f"{where}?eventsSinceNumber={number}"), 400) == "value"
    assert refused(await awa.get(f"{where}?eventsSinceNumber=9&eventsUntilNumber=8"), 400) == "value"
    assert refused(await awa.get(f"{where}?content=full-resource"), 400) == "not-supported"


def _forget(tx: Transaction) -> None:
    tx.execute("DELETE FROM notifications WHERE user_id = 'awa' AND seq <= 3")
    tx.execute("UPDATE inboxes SET forgotten = 3 WHERE user_id = 'awa'")
