"""Reception: patients as they come, found, told from one another, put right; and nothing of what is in their files."""

from urllib.parse import urlencode

import pytest
from callers import Callers
from cast import AWA, DIOP, GASSAMA, IDENTIFIERS, MOUSSA, NDIAYE, SARR, THIAM
from store import Clock, Store
from told import BODY, TITLE, Told

from fadjma.identity import directory, patients
from fadjma.store import milliseconds

GRANDMOTHER = {"given_name": "Yacine", "age": 60, "sex": "female"}
AGAIN = {"given_name": "cisse", "family_name": "AWA", "birth_date": "1991", "sex": "female"}


class TestRegistering:
    async def test_one_name_and_about_an_age_are_enough(self, clinic: Callers, clock: Clock) -> None:
        clock.now = milliseconds()  # a year may have begun since the story
        made = await clinic.program(THIAM).post("/patients", GRANDMOTHER)
        assert made.status == 201
        found = (await clinic.program(THIAM).get(made.location)).json
        assert (found["name"], found["family_name"], found["phone"], found["has_account"]) == (
            "Yacine",
            "",
            None,
            False,
        )
        assert (found["age"], found["age_text"], found["age_estimated"]) == (60, "vers 60 ans", True)
        assert "vers 60 ans" in (await clinic.browser(THIAM).get(made.location)).text

    async def test_the_likeliest_is_found_among_many_of_one_name(self, clinic: Callers) -> None:
        """A common name is shared by more people than are compared."""
        program = clinic.program(THIAM)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(patients, "_COMPARED", 3)
            for word in ("Ba", "Sow", "Diop", "Fall"):
                twin = {"given_name": "Fatou", "family_name": word, "birth_date": "1990", "sex": "female"}
                assert (await program.post("/patients", {**twin, "confirm": True})).status == 201
            again = await program.post("/patients", {**twin, "given_name": "fatou", "birth_date": "1991"})
        assert "given_name" in again.errors()

    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("1958", "1958"),
            ("5/1958", "1958-05"),
            ("1958-05", "1958-05"),
            ("3/5/1958", "1958-05-03"),
            ("٣.٥.١٩٥٨", "1958-05-03"),
        ],
    )
    async def test_a_birth_date_is_as_much_as_is_known(self, clinic: Callers, typed: str, stored: str) -> None:
        made = await clinic.program(THIAM).post("/patients", {**GRANDMOTHER, "age": None, "birth_date": typed})
        assert made.json["birth_date"] == stored
        assert made.json["age_estimated"] is (len(stored) < 10)

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"age": None}, "birth_date"),
            ({"birth_date": "1958"}, "age"),
            ({"age": 131}, "age"),
            ({"age": 1000}, "age"),
            ({"age": None, "birth_date": "31/2/1958"}, "birth_date"),
            ({"age": None, "birth_date": "2999"}, "birth_date"),
            ({"age": None, "birth_date": "hier"}, "birth_date"),
            ({"given_name": " "}, "given_name"),
            ({"phone": "12"}, "phone"),
        ],
        ids=str,
    )
    async def test_what_cannot_be_is_said_beside_its_field(
        self, clinic: Callers, wrong: dict[str, object], field: str
    ) -> None:
        assert field in (await clinic.program(THIAM).post("/patients", {**GRANDMOTHER, **wrong})).errors()

    async def test_a_child_of_some_months(self, clinic: Callers, clock: Clock) -> None:
        clock.now = milliseconds()
        made = await clinic.program(THIAM).post("/patients", {**GRANDMOTHER, "age": 8, "age_unit": "months"})
        assert made.json["age_text"] == "vers 8 mois"

    async def test_a_family_may_share_phone_and_address(self, clinic: Callers) -> None:
        for name in ("Assane", "Ousseynou"):
            twin = {"given_name": name, "age": 3, "sex": "male", "phone": "77 123 45 67", "email": "awa@demo.fadjma"}
            assert (await clinic.program(THIAM).post("/patients", twin)).status == 201

    async def test_nobody_signs_in_as_who_has_no_account(self, clinic: Callers) -> None:
        await clinic.program(THIAM).post("/patients", {**GRANDMOTHER, "phone": "78 111 22 33"})
        for password in ("", "x" * 12):
            tried = await clinic.nobody(json=True).post("/api/token", {"email": "781112233", "password": password})
            assert tried.status in (401, 422)

    async def test_those_who_are_alike_are_looked_for_once(
        self, clinic: Callers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked = []
        real = patients.likely
        monkeypatch.setattr(patients, "likely", lambda *of, **but: looked.append(of) or real(*of, **but))
        (await clinic.program(THIAM).post("/patients", AGAIN)).problem(422)
        assert len(looked) == 1

    async def test_who_may_be_the_same_person_is_shown_first(self, clinic: Callers, store: Store) -> None:
        asked = await clinic.program(THIAM).post("/patients", AGAIN)
        problem = asked.problem(422)
        assert problem["confirm"] == ["given_name"]
        assert [one["identifier"] for one in problem["likely"]] == [IDENTIFIERS[AWA.id]]
        page = await clinic.browser(THIAM).post("/patients", {**AGAIN, "city": "Fatick"})
        assert (page.status, page.text.count(IDENTIFIERS[AWA.id].replace("-", "\u2011"))) == (422, 1)
        assert 'value="Fatick"' in page.text
        assert 'name="confirm"' in page.text
        assert (await clinic.program(THIAM).post("/patients", {**AGAIN, "confirm": True})).status == 201
        listed = store.rows("SELECT actor_id FROM audit_events WHERE action = 'patient.listed' AND patient_id = 'awa'")
        assert listed == [(THIAM.id,)]

    @pytest.mark.parametrize(
        "other",
        [
            {"given_name": "Awa", "family_name": "Cissé", "birth_date": "1971", "sex": "female"},
            {"given_name": "Ousmane", "family_name": "Cissé", "birth_date": "1991", "sex": "male"},
            {
                "given_name": "Bineta",
                "family_name": "Cissé",
                "birth_date": "1991",
                "sex": "female",
                "phone": "771234567",
            },
        ],
        ids=str,
    )
    async def test_who_is_hardly_the_same_is_not_asked_about(self, clinic: Callers, other: dict[str, str]) -> None:
        assert (await clinic.program(THIAM).post("/patients", other)).status == 201

    async def test_the_same_form_twice_makes_one_patient(self, clinic: Callers) -> None:
        program = clinic.program(THIAM)
        first, again = [await program.post("/patients", GRANDMOTHER, Idempotency_Key="k") for _ in range(2)]
        assert first.json == again.json


class TestFinding:
    @pytest.mark.parametrize("q", ["cissé awa", "AWA CISSE", "awa c", "77 123 45", "fj 7k2mq 0xw4d"])
    async def test_by_one_folded_key(self, clinic: Callers, q: str) -> None:
        found = (await clinic.program(THIAM).get(f"/patients?q={q}")).json["items"]
        assert [one["id"] for one in found] == ["awa"]

    @pytest.mark.parametrize("q", ["", "  ", "diop", "…"])
    async def test_nobody_is_browsed_and_staff_are_no_patients(self, clinic: Callers, q: str) -> None:
        assert (await clinic.program(THIAM).get(f"/patients?q={q}")).json["items"] == []

    async def test_a_list_goes_on(self, clinic: Callers, store: Store) -> None:
        for number in range(22):
            twin = {**GRANDMOTHER, "confirm": True, "city": str(number)}
            assert (await clinic.program(THIAM).post("/patients", twin)).status == 201
        first = (await clinic.program(THIAM).get("/patients?q=yacine")).json
        rest = (await clinic.program(THIAM).get(f"/patients?q=yacine&before={first['next']}")).json
        assert (len(first["items"]), len(rest["items"]), "next" in rest) == (20, 2, False)
        assert len({one["id"] for one in first["items"] + rest["items"]}) == 22

    async def test_every_look_is_in_the_trace(self, clinic: Callers) -> None:
        await clinic.program(THIAM).get("/patients?q=awa")
        await clinic.program(THIAM).get("/patients/awa")
        trace = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
        assert [one["action"] for one in trace if one["name"] == THIAM.name] == ["identity.read", "patient.listed"]
        assert "ouvert votre fiche" in (await clinic.browser(AWA).get("/patients/awa/accesses")).text


class TestPuttingRight:
    async def test_what_it_was_stays_and_the_patient_is_told(self, clinic: Callers, store: Store) -> None:
        program = clinic.program(THIAM)
        right = {"version": 1, "given_name": "Awa", "family_name": "Cissé", "birth_date": "1991-04-17", "sex": "female"}
        changed = await program.post("/patients/awa", {**right, "city": "Dakar", "reason": "Extrait de naissance"})
        assert (changed.status, changed.json["version"]) == (200, 2)
        [correction] = changed.json["corrections"]
        assert correction["by"] == THIAM.name
        assert correction["was"]["birth_date"] == "1991-07-14"
        assert store.told(AWA)[-1] == "identity.corrected"
        assert (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"][0][
            "action"
        ] == "identity.corrected"
        (await program.post("/patients/awa", right)).problem(409)

    async def test_a_yes_to_a_question_does_not_stand_for_what_a_colleague_has_changed(
        self, clinic: Callers, store: Store
    ) -> None:
        """A form of version 1 is asked about while somebody changes the file: confirmed, it is still of version 1."""
        program, browser = clinic.program(THIAM), clinic.browser(THIAM)
        await program.post("/patients", {"given_name": "Adja", "birth_date": "1991", "sex": "female"})
        typed = {"given_name": "Adja", "family_name": "", "birth_date": "1991", "sex": "female", "version": "1"}
        right = {"version": 1, "given_name": "Awa", "family_name": "Cissé", "birth_date": "1991-07-14", "sex": "female"}
        asked = await browser.post("/patients/awa", typed)
        assert asked.status == 422 and 'name="version" value="1"' in asked.text
        assert (await program.post("/patients/awa", {**right, "city": "Mbour"})).status == 200
        assert (await browser.post("/patients/awa", typed)).status == 409
        again = await browser.post("/patients/awa", {**typed, "confirm": "1"})
        assert again.status == 409 and 'name="version" value="2"' in again.text
        assert store.value("SELECT city FROM patients WHERE user_id = 'awa'") == "Mbour"

    async def test_who_is_renamed_is_found_by_the_new_name(self, clinic: Callers) -> None:
        program = clinic.program(THIAM)
        await program.post(
            "/patients/awa", {"version": 1, "given_name": "Seynabou", "birth_date": "1991-07-14", "sex": "female"}
        )
        assert (await program.get("/patients?q=cisse")).json["items"] == []
        assert [one["id"] for one in (await program.get("/patients?q=seyn")).json["items"]] == ["awa"]


async def test_a_card_has_name_identifier_and_qr(clinic: Callers) -> None:
    page = await clinic.browser(AWA).get("/patients/awa/card")
    assert "<svg" in page.text
    assert 'viewBox="0 0 25 25"' in page.text, "a QR code of 21 modules, which every telephone reads; no Micro QR"
    assert IDENTIFIERS[AWA.id].replace("-", "\u2011") in page.text
    assert (await clinic.program(THIAM).get("/patients/awa/card")).json["qr"].startswith("<svg")


async def test_reception_sees_nothing_medical(clinic: Callers, told: Told) -> None:
    program = clinic.program(THIAM)
    assert (await program.get("/prescriptions")).json == {"items": []}
    assert (await program.get("/access-requests")).json == {"items": []}
    for path in ("/", "/patients?q=awa", "/patients/awa", "/patients/awa/card", "/notifications"):
        text = (await clinic.browser(THIAM).get(path)).text
        assert TITLE not in text
        assert BODY not in text
    for path in ("/patients/awa/records", f"/records/{told.record}", f"/prescriptions/{told.ready}"):
        (await program.get(path)).problem(404)


class TestNurses:
    async def test_read_what_a_colleagues_grant_opens_and_the_trace_says_so(self, clinic: Callers, told: Told) -> None:
        program = clinic.program(GASSAMA)
        assert TITLE in (await clinic.browser(GASSAMA).get("/patients/awa/records")).text
        assert (await program.get(f"/records/{told.record}")).json["body"] == BODY
        assert (await program.get(f"/prescriptions/{told.ready}")).json["lines"]
        assert [one["id"] for one in (await program.get("/patients")).json["items"]] == ["awa"]
        read = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
        [ground] = [one["ground"] for one in read if one["name"] == GASSAMA.name and one["action"] == "file.read"]
        assert (ground["id"], ground["delegated_by"]) == (told.granted, DIOP.name)
        assert "par délégation\xa0:" in (await clinic.browser(AWA).get("/patients/awa/accesses")).text

    async def test_have_a_patient_of_two_doctors_once_by_the_access_under_which_they_read(
        self, clinic: Callers, told: Told
    ) -> None:
        patient = clinic.program(AWA)
        await patient.post(f"/access-requests/{told.pending}/approval", {"scope": "summary", "duration": "12m"})
        await self._are_led_once_to_awa(clinic, by=DIOP.name)
        await patient.post(f"/access-requests/{told.granted}/revocation")
        await self._are_led_once_to_awa(clinic, by=SARR.name)

    async def _are_led_once_to_awa(self, clinic: Callers, *, by: str) -> None:
        for path in ("/", "/patients", "/patients?q=awa"):
            page = (await clinic.browser(GASSAMA).get(path)).text
            assert (page.count("/patients/awa/records"), page.count(by)) == (1, 1), path
        assert [one["id"] for one in (await clinic.program(GASSAMA).get("/patients")).json["items"]] == ["awa"]

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("ciss aw", ["awa"]),
            (IDENTIFIERS[AWA.id].lower(), ["awa"]),
            ("77 123", ["awa"]),
            ("moussa", []),
            (IDENTIFIERS[MOUSSA.id], []),
            ("...", []),
        ],
    )
    async def test_search_among_the_files_that_are_open_and_no_others(
        self, clinic: Callers, told: Told, q: str, found: list[str]
    ) -> None:
        asked = f"/patients?{urlencode({'q': q})}"
        assert [one["id"] for one in (await clinic.program(GASSAMA).get(asked)).json["items"]] == found
        page = (await clinic.browser(GASSAMA).get(asked)).text
        assert ("/patients/awa/records" in page, "Aucun de ces dossiers" in page) == (bool(found), True)

    async def test_lose_the_file_with_the_grant_and_their_pages_follow(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        before = store.value("SELECT last_seq FROM inboxes WHERE user_id = ?", GASSAMA.id)
        await clinic.program(AWA).post(f"/access-requests/{told.granted}/revocation")
        for path in ("/patients/awa/records", f"/records/{told.record}", f"/prescriptions/{told.ready}"):
            (await clinic.program(GASSAMA).get(path)).problem(404)
        assert store.value("SELECT last_seq FROM inboxes WHERE user_id = ?", GASSAMA.id) == before + 1

    @pytest.mark.parametrize("scope", ["summary", "prescriptions"])
    async def test_see_no_more_than_the_grant(self, clinic: Callers, told: Told, scope: str) -> None:
        patient = clinic.program(AWA)
        await patient.post(f"/access-requests/{told.granted}/revocation")
        await patient.post(f"/access-requests/{told.pending}/approval", {"scope": scope, "duration": "24h"})
        (await clinic.program(GASSAMA).get(f"/records/{told.record}")).problem(404)
        listed = (await clinic.program(GASSAMA).get("/patients/awa/records")).json["items"]
        assert [one["id"] for one in listed] == [told.allergy, told.vaccination], "the summary, which both scopes open"
        seen = await clinic.program(GASSAMA).get("/prescriptions?patient=awa")
        assert seen.status == (200 if scope == "prescriptions" else 404)

    @pytest.mark.sqlite_only
    def test_of_every_clinic_concerned_are_found_at_once(self, store: Store) -> None:
        asked: list[str] = []
        store.connection.set_trace_callback(asked.append)
        assert store.read(directory.beside, [DIOP.id, SARR.id, NDIAYE.id, "nobody"], "nurse") == [GASSAMA.id]
        store.connection.set_trace_callback(None)
        assert len([sql for sql in asked if sql.startswith("SELECT")]) == 1

    async def test_of_another_clinic_see_nothing(self, clinic: Callers, store: Store) -> None:
        store.connection.execute(
            "INSERT INTO organizations (id, kind, name, address, city, phone) "
            "VALUES ('far', 'clinic', 'Far', 'rue 1', 'Fatick', '')"
        )
        store.connection.execute("UPDATE practitioners SET organization_id = 'far' WHERE user_id = ?", (GASSAMA.id,))
        (await clinic.program(GASSAMA).get("/patients/awa/records")).problem(404)
        assert (await clinic.program(GASSAMA).get("/patients")).json["items"] == []

    async def test_neither_write_nor_ask_nor_prescribe(self, clinic: Callers) -> None:
        page = (await clinic.browser(GASSAMA).get("/patients/awa/records")).text
        assert "/prescriptions/new" not in page
        assert "/records/new" not in page
        asked = await clinic.program(GASSAMA).post("/access-requests", {"patient_id": AWA.id, "reason": "Suivi"})
        assert asked.status == 403

    async def test_a_doctor_who_asks_again_is_no_delegation(self, clinic: Callers) -> None:
        """Dr Sarr waits for an answer: nobody reads under that."""
        (await clinic.program(SARR).get("/patients/awa/records")).problem(404)
