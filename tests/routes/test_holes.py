"""The holes of the system we replace (docs/replaces.md), one by one: each test shows that ours is closed."""

import asyncio
import logging
import re
from typing import Any

import pytest
from callers import Caller, Callers
from cast import ADMIN, AWA, CAST, CLINIC, DIOP, FALL, GASSAMA, GOMIS, KADD, MOUSSA, NDIAYE, PASSWORD, SARR
from quart import Quart
from store import Clock, Store
from told import ACTS, AMENDED, LAST_WEEK, LINE, PHARMACIST, READS, RECORD, Told

from fadjma.access import actions as access
from fadjma.accounts import actions as accounts
from fadjma.events.catalogue import MESSAGES
from fadjma.identity import identifiers, passwords
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.people import Viewer

ASKED = {"patient_id": MOUSSA.id, "reason": "Suivi"}


def _cursor(store: Store, person: Viewer) -> int:
    cursor: int = store.value("SELECT last_seq FROM inboxes WHERE user_id = ?", person.id)
    return cursor


async def _token(clinic: Callers, email: str, password: str) -> Caller:
    answer = await clinic.nobody(json=True).post("/api/token", {"email": email, "password": password})
    assert answer.status == 200, answer.text
    return clinic.bearer(answer.json["access_token"])


async def test_1_a_new_record_is_told_to_those_who_may_read_it_and_without_its_title(
    clinic: Callers, store: Store
) -> None:
    before = {person.id: _cursor(store, person) for person in CAST}
    await clinic.program(DIOP).post("/patients/awa/records", {**RECORD, "title": "Grossesse", "body": "Neuf semaines"})
    for person in CAST:
        answer = await clinic.program(person).get(f"/notifications/poll?after={before[person.id]}")
        assert answer.status == (200 if person in (AWA, DIOP, GASSAMA) else 204), person.id
        assert "Grossesse" not in answer.text
        assert AWA.family_name not in answer.text


async def test_2_a_pharmacy_that_registers_itself_reads_edits_and_deletes_no_record(
    clinic: Callers, store: Store, told: Told
) -> None:
    made = await clinic.nobody(json=True).post("/register/practitioner", PHARMACIST)
    refused = await clinic.nobody(json=True).post(
        "/api/token", {"email": PHARMACIST["email"], "password": PHARMACIST["password"]}
    )
    refused.problem(403)
    await clinic.program(ADMIN).post(f"/accounts/{made.json['id']}/verification")
    pharmacy = await _token(clinic, str(PHARMACIST["email"]), str(PHARMACIST["password"]))
    records = store.content()["records"], store.content()["record_versions"]
    for where in ("/patients/awa/records", f"/records/{told.record}", "/patients/awa/accesses"):
        (await pharmacy.get(where)).problem(404)
        (await pharmacy.ask("DELETE", where)).problem(405)
    assert (await pharmacy.post("/patients/awa/records", RECORD)).status == 403
    assert (await pharmacy.post(f"/records/{told.record}/versions", AMENDED)).status in (403, 404)
    assert (await pharmacy.post(f"/records/{told.record}/error", {"reason": "Effacer"})).status in (403, 404)
    assert (store.content()["records"], store.content()["record_versions"]) == records


@pytest.mark.parametrize("person", [AWA, MOUSSA])
async def test_3_a_patient_changes_no_record_not_even_their_own(
    clinic: Callers, store: Store, told: Told, person: Viewer
) -> None:
    before = store.content(readings=False)
    patient = clinic.program(person)
    for method in ("DELETE", "PUT", "PATCH"):
        (await patient.ask(method, f"/records/{told.record}")).problem(405)
    for where, body in (
        (f"/records/{told.record}/versions", AMENDED),
        (f"/records/{told.record}/error", {"reason": "Faux"}),
        ("/patients/awa/records", RECORD),
        (f"/patients/{person.id}/records", RECORD),
    ):
        assert (await patient.post(where, body)).status in (403, 404)
    assert store.content(readings=False) == before


async def test_4_a_request_sets_only_what_it_may(clinic: Callers, store: Store, told: Told) -> None:
    forged: dict[str, Any] = {
        "id": "mine",
        "author": "sarr",
        "author_id": "sarr",
        "doctor_id": "sarr",
        "prescriber_id": "sarr",
        "status": "delivered",
        "version": 99,
        "created_at": 0,
        "issued_at": 0,
        "pharmacy": {"id": KADD},
        "delivered": 20,
    }
    before = store.content()
    doctor = clinic.program(DIOP)
    record = await doctor.post("/patients/awa/records", {**forged, **RECORD, "patient_id": "moussa"})
    assert record.errors().keys() == {*forged, "patient_id"}
    request = await doctor.post("/access-requests", {**forged, **ASKED, "expires_at": 2**50})
    assert request.errors().keys() == {*forged, "expires_at"}
    lines = [{**LINE, "delivered": 10, "id": "mine"}]
    issued = await doctor.post("/patients/awa/prescriptions", {**forged, "patient_id": "moussa", "lines": lines})
    assert issued.errors().keys() == {*forged, "patient_id", "lines-0-delivered", "lines-0-id"}
    assert store.content() == before


@pytest.mark.parametrize("scope", ["summary", "prescriptions"])
async def test_5_a_right_to_read_is_no_right_to_write(clinic: Callers, store: Store, told: Told, scope: str) -> None:
    await clinic.program(AWA).post(f"/access-requests/{told.pending}/approval", {"scope": scope, "duration": "7d"})
    records = store.content()["records"]
    (await clinic.program(SARR).post("/patients/awa/records", RECORD)).problem(403)
    assert (await clinic.program(SARR).post(f"/records/{told.record}/versions", AMENDED)).status in (403, 404)
    assert store.content()["records"] == records


async def test_6_a_prescription_is_for_who_has_signed_in_and_looking_assigns_nothing(
    clinic: Callers, store: Store, told: Told
) -> None:
    for id in (told.issued, told.open, told.ready):
        (await clinic.nobody(json=True).get(f"/prescriptions/{id}")).problem(401)
        assert (await clinic.nobody().get(f"/prescriptions/{id}")).status == 303
    store.connection.execute("UPDATE notifications SET read_at = 1")  # whoever looks has read what was news about it
    before = store.content(readings=False)
    for pharmacist in (NDIAYE, GOMIS, FALL):
        seen = (await clinic.program(pharmacist).get(f"/prescriptions/{told.open}")).json
        assert seen.keys().isdisjoint({"patient_id", "lines", "prescriber", "acts"})
        page = (await clinic.browser(pharmacist).get(f"/prescriptions/{told.open}")).text
        assert AWA.family_name not in page
        assert "paracétamol" not in page
        await clinic.browser(pharmacist).get("/prescriptions")
    assert store.content(readings=False) == before
    assert (await clinic.program(FALL).get("/prescriptions")).json["items"] == [
        (await clinic.program(FALL).get(f"/prescriptions/{told.open}")).json
    ]  # and none of the patient's others


async def test_7_another_pharmacy_hands_nothing_over(clinic: Callers, store: Store, told: Told) -> None:
    code = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
    before = store.content(readings=False)
    for body in ({"code": code}, {"identity_document": "CNI 1", "reason": "Téléphone volé"}):
        (await clinic.program(FALL).post(f"/prescriptions/{told.ready}/delivery", body)).problem(404)
    assert store.content(readings=False) == before


@pytest.mark.parametrize("act", ["cancellation", "error"])
async def test_7_what_is_cancelled_is_not_handed_over(clinic: Callers, store: Store, told: Told, act: str) -> None:
    code = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
    assert (await clinic.program(DIOP).post(f"/prescriptions/{told.ready}/{act}", {"reason": "Allergie"})).status == 200
    before = store.content()
    for who in (NDIAYE, GOMIS):
        answer = await clinic.program(who).post(f"/prescriptions/{told.ready}/delivery", {"code": code})
        assert answer.problem(409)["current"] in ("cancelled", "entered_in_error")
    assert store.content() == before
    assert store.value("SELECT sum(quantity) FROM reservations WHERE prescription_id = ?", told.ready) is None


async def test_8_no_password_hash_and_no_diagnosis_in_the_logs(
    clinic: Callers, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await clinic.nobody(json=True).post("/api/token", {"email": "awa@demo.fadjma", "password": PASSWORD})
    await clinic.nobody(json=True).post("/api/token", {"email": "awa@demo.fadjma", "password": f"{PASSWORD}!"})
    await clinic.program(DIOP).post("/patients/awa/records", {**RECORD, "body": "VIH positif"})
    await clinic.program(DIOP).get("/patients/awa/records")
    assert caplog.records
    for word in (PASSWORD, "argon2", "VIH", "eyJ", "awa@demo"):
        assert word not in caplog.text


@pytest.mark.long
async def test_8_no_answer_carries_a_password_hash(clinic: Callers, told: Told) -> None:
    for route in READS:
        for caller in (clinic.browser(route.who), clinic.program(route.who)):
            assert "$argon2" not in (await caller.get(route.at(told))).text


@pytest.mark.parametrize("where", ["/events", "/api/events", "/notifications/poll?after=0"])
async def test_9_a_closed_account_and_one_that_never_was_open_no_stream(clinic: Callers, where: str) -> None:
    await clinic.program(ADMIN).post("/accounts/moussa/deactivation")
    assert (await clinic.program(MOUSSA).get(where)).status == 401
    assert (await clinic.json_browser(MOUSSA).get(where)).status == 401
    assert (await clinic.nobody(json=True).get(where)).status == 401
    nobody = Viewer("nobody", "patient", "", "", "fr", None, None, "", 0)
    assert (await clinic.program(nobody).get(where)).status == 401


async def test_10_a_token_lives_twelve_hours_can_be_revoked_and_is_in_no_page(clinic: Callers, clock: Clock) -> None:
    program = await _token(clinic, "awa@demo.fadjma", PASSWORD)
    assert (await program.get("/me")).status == 200
    assert (await program.post("/sign-out")).status == 204
    (await program.get("/me")).problem(401)
    old = await _token(clinic, "awa@demo.fadjma", PASSWORD)
    clock.advance(hours=12)
    (await old.get("/me")).problem(401)
    clock.advance(hours=-12)
    page = (await clinic.browser(AWA).get("/")).text
    assert "eyJ" not in page
    assert AWA.session_id not in page


async def test_10_signing_in_cannot_be_tried_for_ever(clinic: Callers) -> None:
    answers = [
        await clinic.nobody(json=True, address=f"10.4.0.{n}").post(
            "/api/token", {"email": "dr.diop@demo.fadjma", "password": f"guess {n}"}
        )
        for n in range(12)
    ]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2


@pytest.mark.parametrize(
    "q", ["", "a", "Cissé", "Awa", "%25", "*", "FJ", "FJ-7K2MQ", "77", "771234", "awa@demo.fadjma"]
)
async def test_11_no_doctor_browses_patients(clinic: Callers, q: str) -> None:
    assert (await clinic.program(DIOP).get(f"/patients?q={q}")).json == {"items": []}


async def test_11_whom_a_doctor_finds_is_an_identity_without_contact(clinic: Callers) -> None:
    for q in ("FJ-7K2MQ-0XW4D", "77 123 45 67"):
        answer = await clinic.program(SARR).get(f"/patients?q={q}")
        assert answer.json["items"][0].keys() == {
            *("id", "identifier", "name", "age", "age_text", "age_estimated", "sex")
        }
        page = (await clinic.browser(SARR).get(f"/patients?q={q}")).text
        assert "awa@demo.fadjma" not in page
        assert "771234567" not in page


def test_12_an_identifier_cannot_be_guessed() -> None:
    made = {identifiers.new_identifier() for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(re.fullmatch(r"FJ-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", one) for one in made)
    assert len({letter for one in made for letter in one[3:]} - {"-"}) == 32  # 10 × 5 bits


async def test_12_guessing_is_slowed_whatever_is_guessed(clinic: Callers, store: Store) -> None:
    for number in range(30):
        asking = clinic.program(DIOP, address=f"10.5.0.{number}") if number % 2 else clinic.browser(DIOP)
        assert (await asking.get(f"/patients?q=FJ-00000-{number:05}")).status == 200
    answer = await clinic.program(DIOP, address="10.5.1.1").get("/patients?q=FJ-7K2MQ-0XW4D")
    answer.problem(429)
    assert int(answer.headers["Retry-After"]) <= 300
    assert AWA.family_name not in answer.text
    assert (await clinic.browser(DIOP).get("/patients?q=771234567")).status == 429
    assert (await clinic.program(DIOP).get("/patients")).status == 200
    assert (await clinic.program(SARR).get("/patients?q=FJ-7K2MQ-0XW4D")).json["items"]
    traced = store.value("SELECT count(*) FROM audit_events WHERE action = 'patient.not_found' AND actor_id = 'diop'")
    assert traced == 30


@pytest.mark.long
async def test_13_no_page_sends_anything_to_somebody_else(clinic: Callers, told: Told) -> None:
    for route in READS:
        answer = await clinic.browser(route.who).get(route.at(told))
        assert not re.findall(r"""(?:src|href|action|hx-\w+)=["']?(?:[a-z]+:)?//""", answer.text)
        policy = answer.headers["Content-Security-Policy"]
        assert "'none'" in policy
        assert not re.search(r"https?:|\*", policy)


async def test_14_six_identical_requests_at_once_are_one(clinic: Callers, store: Store) -> None:
    before = _cursor(store, MOUSSA)
    doctor = clinic.program(DIOP)
    answers = await asyncio.gather(*(doctor.post("/access-requests", ASKED) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert store.value("SELECT count(*) FROM access_requests WHERE patient_id = 'moussa'") == 1
    assert _cursor(store, MOUSSA) == before + 1


async def test_14_three_deliveries_at_once_are_one_and_one_notice(clinic: Callers, store: Store, told: Told) -> None:
    code = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
    stock = store.value("SELECT sum(on_hand) FROM lots")
    answers = await asyncio.gather(
        *(
            clinic.program(who).post(f"/prescriptions/{told.ready}/delivery", {"code": code})
            for who in (NDIAYE, GOMIS, NDIAYE)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 409, 409]
    assert store.told(AWA).count("prescription.delivered") == 1
    assert store.value("SELECT sum(on_hand) FROM lots") == stock - 20


@pytest.mark.parametrize(
    "duration",
    ["-1d", "0h", "", LAST_WEEK, "2020-01-01T00:00:00Z", -1, 0, 10**15, None, "24H", "1d"],
)
async def test_15_an_access_ends_after_one_of_four_durations_and_never_in_the_past(
    clinic: Callers, store: Store, told: Told, duration: Any
) -> None:
    before = store.content()
    where, body = f"/access-requests/{told.pending}/approval", {"scope": "full", "duration": duration}
    assert (await clinic.program(AWA).post(where, body)).errors().keys() == {"duration"}
    dated = {"scope": "full", "duration": "24h", "expires_at": "2020-01-01T00:00:00Z"}
    assert (await clinic.program(AWA).post(where, dated)).errors().keys() == {"expires_at"}
    assert store.content() == before


STRANGE_PARAMETERS = ("sortOrder=x", "sort=;DROP", "limit=-1", "page=x", "order_by=1", "limit=1e9")


@pytest.mark.long
@pytest.mark.parametrize("parameter", STRANGE_PARAMETERS)
async def test_15_a_strange_parameter_is_no_failure(
    clinic: Callers, told: Told, parameter: str, every_way: bool
) -> None:
    """Each page with two of them, by turns. A program is told: test_asked_in_the_address.py."""
    for route in READS if every_way else READS[STRANGE_PARAMETERS.index(parameter) % 3 :: 3]:
        joined = "&" if "?" in route.path else "?"
        assert (await clinic.browser(route.who).get(f"{route.at(told)}{joined}{parameter}")).status == 200


async def test_15_no_failure_is_answered_with_200(clinic: Callers, told: Told) -> None:
    for route in ACTS:
        if not route.may(MOUSSA):
            assert (await clinic.program(MOUSSA).post(route.at(told), route.body)).status in (403, 404)


async def test_16_what_has_expired_is_told_to_both(
    clinic: Callers, app: Quart, store: Store, clock: Clock, told: Told
) -> None:
    before = {person.id: _cursor(store, person) for person in (AWA, DIOP)}
    store.connection.execute("UPDATE access_requests SET expires_at = ? WHERE id = ?", (clock.now, told.granted))
    (await clinic.program(DIOP).get("/patients/awa/records")).problem(404)  # at once, before it is written down
    assert (await clinic.program(DIOP).get(f"/access-requests/{told.granted}")).json["status"] == "expired"
    await app.extensions["database"].write(access.expire, 100)
    for person in (AWA, DIOP):
        found = (await clinic.program(person).get(f"/notifications/poll?after={before[person.id]}")).json["events"]
        assert MESSAGES["access.expired"] in [event["message"] for event in found]


async def test_16_the_patient_revokes_and_the_doctor_is_told(clinic: Callers, store: Store, told: Told) -> None:
    before = _cursor(store, DIOP)
    revoked = await clinic.program(AWA).post(f"/access-requests/{told.granted}/revocation")
    assert revoked.json["status"] == "revoked"
    [event] = (await clinic.program(DIOP).get(f"/notifications/poll?after={before}")).json["events"]
    assert event["message"] == MESSAGES["access.revoked"]
    (await clinic.program(DIOP).get("/patients/awa/records")).problem(404)


async def test_17_the_doctor_only_proposes_and_the_patient_sets(clinic: Callers, store: Store) -> None:
    decided = {"expires_at": "2099-01-01T00:00:00Z", "status": "approved"}
    asked = {**ASKED, "scope": "full", "duration": "12m"}
    assert (await clinic.program(DIOP).post("/access-requests", asked | decided)).errors().keys() == decided.keys()
    made = await clinic.program(DIOP).post("/access-requests", asked)
    assert (made.json["status"], made.json["scope"], made.json["proposed_scope"]) == ("pending", None, "full")
    assert made.json["expires_at"] is None
    (await clinic.program(DIOP).get("/patients/moussa/records")).problem(404)
    approved = await clinic.program(MOUSSA).post(f"{made.location}/approval", {"scope": "summary", "duration": "24h"})
    assert (approved.json["status"], approved.json["scope"]) == ("approved", "summary")


@pytest.mark.parametrize("person", [ADMIN, DIOP, SARR, MOUSSA, NDIAYE])
async def test_17_nobody_decides_for_the_patient(clinic: Callers, store: Store, told: Told, person: Viewer) -> None:
    before = store.content(readings=False)
    for act, body in (("approval", {"scope": "full", "duration": "12m"}), ("rejection", {}), ("revocation", {})):
        for id in (told.pending, told.granted):
            assert (await clinic.program(person).post(f"/access-requests/{id}/{act}", body)).status in (403, 404)
    assert store.content(readings=False) == before


async def test_17_withdrawing_keeps_the_row(clinic: Callers, store: Store, told: Told) -> None:
    before = store.value("SELECT count(*) FROM access_requests")
    await clinic.program(SARR).post(f"/access-requests/{told.pending}/withdrawal")
    assert store.value("SELECT count(*) FROM access_requests") == before
    for person in (AWA, SARR):
        seen = await clinic.program(person).get(f"/access-requests/{told.pending}")
        assert seen.json["status"] == "withdrawn"


async def test_18_an_account_made_by_an_admin_can_sign_in(clinic: Callers, app: Quart, store: Store) -> None:
    admin = NewPerson(
        given_name="Coumba",
        family_name="Lô",
        email="coumba.lo@exemple.sn",
        phone=None,
        password_hash=await passwords.hash_password("le phare des Mamelles"),
    )
    await app.extensions["database"].write(accounts.create_admin, admin)
    program = await _token(clinic, "coumba.lo@exemple.sn", "le phare des Mamelles")
    assert (await program.get("/me")).json["role"] == "admin"


async def test_18_so_can_one_that_an_admin_has_registered_and_verified(clinic: Callers) -> None:
    body = {**PHARMACIST, "role": "doctor", "organization_id": CLINIC}
    made = await clinic.program(ADMIN).post("/register/practitioner", body)
    await clinic.program(ADMIN).post(f"/accounts/{made.json['id']}/verification")
    program = await _token(clinic, str(body["email"]), str(body["password"]))
    assert (await program.get("/patients")).status == 200
