"""Who leaves, dies, or whose pharmacy closes: what the others see at once, and what does not wait for ever."""

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, GOMIS, IDENTIFIERS, JAMM, MOUSSA, NDIAYE, THIAM
from steps import ask, in_days
from store import Store
from told import Told

from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions.actions import NewLine


async def _close(clinic: Callers, *people: str) -> None:
    for person in people:
        assert (await clinic.program(ADMIN).post(f"/accounts/{person}/deactivation")).status == 200


class TestADoctor:
    async def test_waits_for_no_answer_any_more(self, clinic: Callers, store: Store) -> None:
        """A yes to a closed account would have opened the file if it was opened again."""
        request_id = ask(store, DIOP, MOUSSA)
        assert f"/access-requests/{request_id}" in (await clinic.browser(MOUSSA).get("/")).text
        await _close(clinic, "diop")
        assert f"/access-requests/{request_id}" not in (await clinic.browser(MOUSSA).get("/")).text
        found = (await clinic.program(MOUSSA).get(f"/access-requests/{request_id}")).json
        assert found["status"] == "withdrawn"
        yes = await clinic.program(MOUSSA).post(f"/access-requests/{request_id}/approval", {"scope": "full"})
        assert yes.status in (409, 422)
        assert "access.withdrawn" in store.told(MOUSSA)

    async def test_is_said_to_be_gone_beside_what_still_runs(self, clinic: Callers, store: Store) -> None:
        gone = "Le compte de ce médecin est fermé"
        request_id = store.value("SELECT id FROM access_requests WHERE status = 'approved'")
        pages = ["/access-requests", f"/access-requests/{request_id}"]
        assert [gone in (await clinic.browser(AWA).get(page)).text for page in pages] == [False, False]
        await _close(clinic, "diop")
        assert [gone in (await clinic.browser(AWA).get(page)).text for page in pages] == [True, True]

    async def test_is_said_to_read_nothing_beside_the_button_that_writes_to_them(
        self, clinic: Callers, told: Told
    ) -> None:
        gone = "Le compte de ce prescripteur est fermé"
        seen = [(NDIAYE, told.validated), (AWA, told.validated), (AWA, told.refused)]
        before = [gone in (await clinic.browser(who).get(f"/prescriptions/{id}")).text for who, id in seen]
        await _close(clinic, "diop")
        after = [(await clinic.browser(who).get(f"/prescriptions/{id}")).text for who, id in seen]
        assert (before, [gone in page for page in after]) == ([False] * 3, [True] * 3)
        assert "reste valable" in after[1]
        assert "personne ne corrigera" in after[2]


class TestAPatient:
    """Found at the desk all the same, marked: who was found by nobody had a second file made."""

    @pytest.mark.parametrize("q", ["cisse", IDENTIFIERS[AWA.id], "77 123 45 67"])
    async def test_is_found_at_the_desk(self, clinic: Callers, q: str) -> None:
        await _close(clinic, "awa")
        [found] = (await clinic.program(THIAM).get(f"/patients?q={q}")).json["items"]
        assert (found["id"], found["status"]) == ("awa", "deactivated")
        assert "Désactivé" in (await clinic.browser(THIAM).get(f"/patients?q={q}")).text
        assert (await clinic.program(DIOP).get(f"/patients?q={IDENTIFIERS[AWA.id]}")).json["items"] == []

    async def test_is_not_registered_a_second_time_without_a_question(self, clinic: Callers) -> None:
        await _close(clinic, "awa")
        again = {"given_name": "Awa", "family_name": "Cissé", "birth_date": "1991-07-14", "sex": "female"}
        asked = (await clinic.program(THIAM).post("/patients", again)).problem(422)
        assert [one["id"] for one in asked["likely"]] == ["awa"]

    async def test_the_desk_reads_who_opens_it_again(self, clinic: Callers) -> None:
        assert "réactive" not in (await clinic.browser(THIAM).get("/patients/awa")).text
        await _close(clinic, "awa")
        assert "l'administration la réactive" in (await clinic.browser(THIAM).get("/patients/awa")).text.replace(
            "&#39;", "'"
        )

    async def test_is_marked_beside_what_was_prescribed(self, clinic: Callers, told: Told) -> None:
        gone = "La fiche de cette personne est désactivée"
        seen = [(NDIAYE, told.ready), (DIOP, told.ready), (NDIAYE, told.validated)]
        before = [gone in (await clinic.browser(who).get(f"/prescriptions/{id}")).text for who, id in seen]
        await _close(clinic, "awa")
        after = [gone in (await clinic.browser(who).get(f"/prescriptions/{id}")).text for who, id in seen]
        assert (before, after) == ([False] * 3, [True] * 3)

    async def test_is_not_called_for_a_vaccine(self, clinic: Callers, store: Store) -> None:
        """The mother of a child who has died was, for years: nothing took the child off the list."""
        days = {"occurred_on": in_days(store, -60), "next_due": in_days(store, -30)}
        given = {"vaccine": "Penta", "dose": "1", **days}
        assert (await clinic.browser(DIOP).post("/patients/awa/vaccinations", given)).status == 303
        desk = clinic.program(THIAM)
        assert [one["patient_id"] for one in (await desk.get("/vaccination-recalls")).json["items"]] == ["awa"]
        await _close(clinic, "awa")
        assert (await desk.get("/vaccination-recalls")).json["items"] == []

    async def test_reads_how_to_leave(self, clinic: Callers) -> None:
        page = (await clinic.browser(AWA).get("/account")).text
        assert "Quitter FADJMA" in page
        assert "/patients/awa/file" in page
        assert (await clinic.browser(AWA).get("/patients/awa/file")).status == 200
        assert "Quitter FADJMA" not in (await clinic.browser(DIOP).get("/account")).text


class TestAPharmacy:
    """Where nobody has an account any more: what was sent there waited for ever, and no other might take it."""

    async def test_is_not_offered(self, clinic: Callers) -> None:
        pages = [(DIOP, "/patients/awa/prescriptions/new"), (AWA, "/account/contact")]
        before = [f'value="{JAMM}"' in (await clinic.browser(who).get(page)).text for who, page in pages]
        await _close(clinic, NDIAYE.id, GOMIS.id)
        after = [f'value="{JAMM}"' in (await clinic.browser(who).get(page)).text for who, page in pages]
        assert (before, after) == ([True, True], [False, False])

    async def test_takes_no_prescription(self, clinic: Callers, told: Told, store: Store) -> None:
        await _close(clinic, NDIAYE.id, GOMIS.id)
        line = {"medicine_id": "paracetamol-500", "dosage": "1 comprimé", "quantity": 1, "duration_days": 1}
        sent = {"pharmacy_id": JAMM, "lines": [line], "confirm": True}
        refused = await clinic.program(DIOP).post("/patients/awa/prescriptions", sent)
        assert "n'a de compte" in refused.errors()["pharmacy_id"].replace("’", "'")
        open_one = store.write(
            prescribing.issue,
            DIOP,
            AWA.id,
            lines=[NewLine("paracetamol-500", "1 comprimé", 1, 1)],
            pharmacy_id=None,
            confirmed=True,
        )
        sent_on = await clinic.program(AWA).post(f"/prescriptions/{open_one}/pharmacy", {"pharmacy_id": JAMM})
        assert sent_on.errors().keys() == {"pharmacy_id"}

    async def test_the_admin_is_told_before_the_last_one_goes(self, clinic: Callers) -> None:
        last = "dernier compte de ce lieu"
        assert last not in (await clinic.browser(ADMIN).get("/accounts/ndiaye")).text
        await _close(clinic, GOMIS.id)
        assert last in (await clinic.browser(ADMIN).get("/accounts/ndiaye")).text
