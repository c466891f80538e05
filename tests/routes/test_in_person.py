"""The patient is there: a PIN on the doctor's own screen, or a witness at the desk; and a running access is changed."""

from typing import Any

import pytest
from callers import Answer, Callers
from cast import ADMIN, AWA, DIOP, MOUSSA, SARR, THIAM
from store import Clock, Store
from told import BODY, DOCUMENT, REASON, Told

from fadjma.access import states

PIN = "407192"
TERMS = {"scope": "full", "duration": "7d"}


async def _pin(clinic: Callers, patient: str = AWA.id) -> None:
    given = await clinic.program(THIAM).post(f"/patients/{patient}/pin", {"document": DOCUMENT, "pin": PIN})
    assert given.status == 201


async def _approve(clinic: Callers, told: Told, pin: str = PIN, **terms: Any) -> Answer:
    path = f"/access-requests/{told.pending}/in-person-approval"
    return await clinic.program(SARR).post(path, {"pin": pin, **TERMS, **terms})


class TestAPin:
    async def test_is_asked_for_only_where_there_is_one(self, clinic: Callers, told: Told) -> None:
        page = f"/access-requests/{told.pending}"
        before = (await clinic.browser(SARR).get(page)).text
        assert (
            "Pas de code PIN pour ce patient" in before
            and "de qui agit pour lui" in before
            and "in-person-approval" not in before
        )
        await _pin(clinic)
        assert "in-person-approval" in (await clinic.browser(SARR).get(page)).text

    async def test_opens_the_file_on_the_doctors_screen(self, clinic: Callers, told: Told, store: Store) -> None:
        await _pin(clinic)
        approved = await _approve(clinic, told)
        assert (approved.status, approved.json["status"], approved.json["scope"]) == (200, "approved", "full")
        assert approved.json["in_person"] == "pin"
        assert (await clinic.program(SARR).get("/patients/awa/records")).status == 200
        assert store.told(AWA)[-2:] == ["access.approved_in_person", "record.read"]
        trace = (await clinic.browser(AWA).get("/patients/awa/accesses")).text
        assert "sur son écran, avec votre code PIN" in trace

    async def test_never_signs_in(self, clinic: Callers) -> None:
        await _pin(clinic)
        answer = await clinic.nobody(json=True).post("/api/token", {"email": "awa@demo.fadjma", "password": PIN})
        assert answer.status == 401

    async def test_is_stored_as_a_keyed_hash(self, clinic: Callers, store: Store) -> None:
        await _pin(clinic)
        assert PIN not in str(store.content())

    async def test_five_errors_lock_it_until_the_desk_gives_another(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await _pin(clinic)
        answers = [await _approve(clinic, told, "111112") for _ in range(5)]
        assert [answer.problem(422)["left"] for answer in answers] == [4, 3, 2, 1, 0]
        said = [answer.errors()["pin"] for answer in answers]
        assert ["Essais restants\xa0: 4" in said[0], "bloqué" in said[4]] == [True, True]
        assert "bloqué" in (await _approve(clinic, told)).errors()["pin"]
        assert store.told(AWA)[-1] == "pin.locked"
        assert (await clinic.program(THIAM).get("/patients/awa")).json["pin_state"] == "locked"
        await _pin(clinic)
        assert (await _approve(clinic, told)).status == 200

    async def test_an_error_sent_twice_is_one(self, clinic: Callers, told: Told, store: Store) -> None:
        await _pin(clinic)
        path, sent = f"/access-requests/{told.pending}/in-person-approval", {"pin": "111112", **TERMS}
        for _ in range(3):
            await clinic.program(SARR).post(path, sent, Idempotency_Key="k")
        assert store.value("SELECT failures FROM patient_pins WHERE patient_id = 'awa'") == 1

    async def test_a_guess_that_was_sent_before_there_was_a_pin_counts_afterwards(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        path, sent = f"/access-requests/{told.pending}/in-person-approval", {"pin": "111112", **TERMS}
        assert "pas de code PIN" in (await clinic.program(SARR).post(path, sent, Idempotency_Key="k")).errors()["pin"]
        await _pin(clinic)
        wrong = await clinic.program(SARR).post(path, sent, Idempotency_Key="k")
        assert "Essais restants\xa0: 4" in wrong.errors()["pin"]
        assert store.value("SELECT failures FROM patient_pins WHERE patient_id = 'awa'") == 1

    async def test_right_digits_in_any_writing_forgive_the_errors(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await _pin(clinic)
        await _approve(clinic, told, "111112")
        assert (await _approve(clinic, told, "٤٠٧ ١٩٢")).status == 200
        assert store.value("SELECT failures FROM patient_pins WHERE patient_id = 'awa'") == 0

    async def test_of_somebody_else_opens_nothing(self, clinic: Callers, told: Told) -> None:
        await _pin(clinic, MOUSSA.id)
        assert "pas de code PIN" in (await _approve(clinic, told)).errors()["pin"]

    @pytest.mark.parametrize("pin", ["12345", "1234567", "abcdef", ""])
    async def test_what_is_none_is_not_counted(self, clinic: Callers, told: Told, store: Store, pin: str) -> None:
        await _pin(clinic)
        (await _approve(clinic, told, pin)).errors()
        assert store.value("SELECT failures FROM patient_pins WHERE patient_id = 'awa'") == 0

    async def test_what_was_chosen_comes_back_but_for_the_pin(self, clinic: Callers, told: Told) -> None:
        await _pin(clinic)
        path = f"/access-requests/{told.pending}/in-person-approval"
        page = await clinic.browser(SARR).post(path, {"pin": "111112", "scope": "prescriptions", "duration": "30d"})
        assert page.status == 422
        assert 'value="prescriptions" checked' in page.text
        assert 'value="30d" checked' in page.text
        assert "111112" not in page.text

    @pytest.mark.parametrize("pin", ["000000", "123456", "121212", "140791", "654321"])
    async def test_that_is_easily_guessed_is_refused(self, clinic: Callers, pin: str) -> None:
        answer = await clinic.program(THIAM).post("/patients/awa/pin", {"document": DOCUMENT, "pin": pin})
        assert "trop facile" in answer.errors()["pin"]

    async def test_that_nobody_chooses_is_made_up_and_said_for_ten_minutes(
        self, clinic: Callers, told: Told, store: Store, clock: Clock
    ) -> None:
        program = clinic.program(THIAM)
        given = await program.post("/patients/awa/pin", {"document": DOCUMENT}, Idempotency_Key="k")
        again = await program.post("/patients/awa/pin", {"document": DOCUMENT}, Idempotency_Key="k")
        assert given.json["pin"] == again.json["pin"]
        assert "pin" not in (await program.get("/patients/awa")).json
        assert f'"pin":"{given.json["pin"]}"' not in str(store.content())
        assert (await _approve(clinic, told, given.json["pin"])).status == 200
        shown = await clinic.browser(THIAM).post("/patients/awa/pin", {"document": DOCUMENT})
        assert '<b class="code">' in (await clinic.browser(THIAM).get(shown.location)).text
        store.connection.execute(
            "UPDATE patient_pins SET set_at = :later WHERE patient_id = :id",
            {"later": clock.now + 4_000 * 86_400_000, "id": AWA.id},
        )
        assert '<b class="code">' not in (await clinic.browser(THIAM).get(shown.location)).text, (
            "a clock of years before"
        )
        store.connection.execute(
            "UPDATE patient_pins SET set_at = :now WHERE patient_id = :id", {"now": clock.now, "id": AWA.id}
        )
        clock.advance(minutes=10)
        assert '<b class="code">' not in (await clinic.browser(THIAM).get(shown.location)).text


class TestAWitness:
    async def _attest(self, clinic: Callers, request_id: str, patient: str = AWA.id) -> Answer:
        sent = {"scope": "summary", "document": DOCUMENT}
        return await clinic.program(THIAM).post(f"/patients/{patient}/requests/{request_id}/attestation", sent)

    async def test_opens_the_file_for_a_day(self, clinic: Callers, told: Told, store: Store, clock: Clock) -> None:
        shown = await clinic.program(THIAM).get("/patients/awa")
        assert [(one["id"], one["doctor"]["name"]) for one in shown.json["waiting"]] == [(told.pending, SARR.name)]
        assert REASON not in (await clinic.browser(THIAM).get("/patients/awa")).text
        assert (await self._attest(clinic, told.pending)).status == 200
        opened = (await clinic.program(SARR).get(f"/access-requests/{told.pending}")).json
        assert (opened["status"], opened["in_person"], opened["witness"]) == ("approved", "witness", THIAM.name)
        [attested] = (await clinic.program(THIAM).get("/patients/awa")).json["attested"]
        assert (attested["doctor"]["name"], attested["scope"]) == (SARR.name, "summary")
        assert attested["expires_at"] == opened["expires_at"] and "reason" not in attested
        assert (await clinic.program(SARR).get("/patients/awa/records")).status == 200
        assert "access.witnessed" in store.told(AWA)
        assert store.told(SARR)[-1] == "access.approved"
        clock.now += states.WITNESSED_FOR
        (await clinic.program(SARR).get("/patients/awa/records")).problem(401)
        assert store.value("SELECT expires_at - decided_at FROM access_requests WHERE id = ?", told.pending) == (
            states.WITNESSED_FOR
        )

    async def test_is_counted_for_each_doctor_and_shown_to_the_admin(self, clinic: Callers, told: Told) -> None:
        assert (await clinic.program(ADMIN).get("/witnessed-approvals")).json == {"items": []}
        await self._attest(clinic, told.pending)
        [counted] = (await clinic.program(ADMIN).get("/witnessed-approvals")).json["items"]
        assert (counted["doctor"]["id"], counted["last_30_days"], counted["times"]) == (SARR.id, 1, 1)
        assert SARR.name in (await clinic.browser(ADMIN).get("/witnessed-approvals")).text

    async def test_is_not_for_who_has_a_pin(self, clinic: Callers, told: Told) -> None:
        await _pin(clinic)
        (await self._attest(clinic, told.pending)).problem(409)

    async def test_only_of_what_waits_and_of_this_patient(self, clinic: Callers, told: Told) -> None:
        (await self._attest(clinic, told.granted)).problem(409)
        (await self._attest(clinic, "0000000000000000000")).problem(404)
        (await self._attest(clinic, told.pending, MOUSSA.id)).problem(404)

    async def test_only_for_doctors_of_the_same_clinic(self, clinic: Callers, told: Told, store: Store) -> None:
        store.connection.execute("UPDATE practitioners SET organization_id = 'pharmacy-jamm' WHERE user_id = 'sarr'")
        assert (await clinic.program(THIAM).get("/patients/awa")).json["waiting"] == []
        (await self._attest(clinic, told.pending)).problem(404)

    async def test_what_was_typed_comes_back(self, clinic: Callers, told: Told) -> None:
        sent = {"scope": "", "document": DOCUMENT}
        page = await clinic.browser(THIAM).post(f"/patients/awa/requests/{told.pending}/attestation", sent)
        assert (page.status, DOCUMENT in page.text) == (422, True)


class TestARunningAccess:
    @pytest.mark.parametrize(("scope", "status"), [("summary", 404), ("full", 200)])
    async def test_is_narrowed_or_widened_by_its_patient_alone(
        self, clinic: Callers, told: Told, store: Store, scope: str, status: int
    ) -> None:
        terms = {"scope": scope, "duration": "12m"}
        changed = await clinic.program(AWA).post(f"/access-requests/{told.granted}/approval", terms)
        assert (changed.status, changed.json["status"], changed.json["scope"]) == (200, "approved", scope)
        assert (await clinic.program(DIOP).get(f"/records/{told.record}")).status == status
        assert store.told(DIOP)[-1] == "access.changed"
        left = store.value("SELECT expires_at - decided_at FROM access_requests WHERE id = ?", told.granted)
        assert left == states.DURATIONS["12m"][1]

    async def test_a_doctor_asks_for_more_and_the_patient_answers(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        await clinic.program(AWA).post(
            f"/access-requests/{told.granted}/approval", {"scope": "summary", "duration": "24h"}
        )
        wish = {"patient_id": AWA.id, "reason": "Suivi au long cours", "scope": "full", "duration": "30d"}
        asked = await clinic.program(DIOP).post("/access-requests", wish)
        assert (asked.status, asked.json["proposed_scope"], asked.json["proposed_duration"]) == (201, "full", "30d")
        page = (await clinic.browser(AWA).get(asked.location)).text
        assert 'value="full" checked' in page
        assert 'value="30d" checked' in page
        assert (await clinic.program(DIOP).get(f"/records/{told.record}")).status == 404, "it is not given by asking"
        answered = await clinic.program(AWA).post(f"{asked.location}/approval", {"scope": "full", "duration": "7d"})
        assert answered.json["status"] == "approved"
        assert (await clinic.program(DIOP).get(f"/records/{told.record}")).json["body"] == BODY
        assert store.value("SELECT status FROM access_requests WHERE id = ?", told.granted) == "replaced"
        assert (await clinic.program(AWA).get(f"/access-requests/{told.granted}")).json["status"] == "replaced"

    @pytest.mark.parametrize(
        ("wish", "status"),
        [
            ({}, 409),
            ({"scope": "summary"}, 409),
            ({"duration": "24h"}, 409),
            ({"scope": "full", "duration": "12m"}, 201),
        ],
        ids=str,
    )
    async def test_is_not_asked_for_what_it_gives_already(
        self, clinic: Callers, wish: dict[str, str], status: int
    ) -> None:
        asked = await clinic.program(DIOP).post("/access-requests", {"patient_id": AWA.id, "reason": REASON, **wish})
        assert asked.status == status

    async def test_one_that_has_just_ended_by_itself_was_not_replaced(
        self, clinic: Callers, told: Told, store: Store, clock: Clock
    ) -> None:
        wish = {"patient_id": AWA.id, "reason": "Suivi au long cours", "duration": "12m"}
        asked = await clinic.program(DIOP).post("/access-requests", wish)
        store.connection.execute("UPDATE access_requests SET expires_at = ? WHERE id = ?", (clock.now, told.granted))
        answered = await clinic.program(AWA).post(f"{asked.location}/approval", TERMS)
        assert answered.json["status"] == "approved"
        assert store.value("SELECT status FROM access_requests WHERE id = ?", told.granted) == "expired"
