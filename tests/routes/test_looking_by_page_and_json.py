"""Looking for something in a list: by a form, as one types, and as JSON; whoever may finds it, and nobody else."""

import re
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, FALL, GASSAMA, IDENTIFIERS, INSULIN, MOUSSA, NDIAYE, PHONES, SARR, THIAM
from store import Clock, Store
from told import TITLE, Told

from fadjma.access import actions as access
from fadjma.identity.people import Viewer
from fadjma.prescriptions import dispensing, transitions
from fadjma.records import actions as records
from fadjma.store import paging

AS_TYPED = {"HX_Request": "true", "HX_Target": "found"}


class TestPrescriptions:
    async def test_a_pharmacist_finds_one_in_each_form(self, clinic: Callers, told: Told) -> None:
        program = clinic.program(NDIAYE)
        found = (await program.get("/prescriptions?q=cisse&step=prepare")).json
        assert [(item["id"], item["step"]) for item in found["items"]] == [
            (told.validated, "prepare"),
            (told.prepared, "prepare"),
        ]
        assert found["steps"] == {
            "validate": 2,
            "prepare": 2,
            "hand_over": 1,
            "bring": 2,
            "owed": 1,
            "on_hold": 0,
            "acknowledge": 1,
        }
        everything = (await program.get("/prescriptions?q=awa%20ciss%C3%A9")).json["items"]
        assert {told.issued, told.ready, told.refused} < {item["id"] for item in everything}
        assert told.open not in {item["id"] for item in everything}
        page = await clinic.browser(NDIAYE).get("/prescriptions?q=cisse")
        assert f"/prescriptions/{told.validated}" in page.text and 'value="cisse"' in page.text
        typed = await clinic.browser(NDIAYE).get("/prescriptions?q=cis", **AS_TYPED)
        assert (
            typed.text.lstrip().startswith('<section id="found"') and f"/prescriptions/{told.validated}" in typed.text
        )

    @pytest.mark.parametrize(("person", "q"), [(NDIAYE, "moussa"), (FALL, "awa")], ids=["nobody", "of another"])
    async def test_nothing_found_is_said(self, clinic: Callers, told: Told, person: Viewer, q: str) -> None:
        page = await clinic.browser(person).get(f"/prescriptions?q={q}")
        assert "Aucune ordonnance ne correspond." in page.text and "FJ-" not in page.text

    async def test_the_steps_keep_what_is_looked_for(self, clinic: Callers, told: Told) -> None:
        page = (await clinic.browser(NDIAYE).get("/prescriptions?q=awa&step=validate")).text
        assert '"/prescriptions?step=prepare&amp;q=awa"' in page
        assert 'name="step" value="validate"' in page

    async def test_the_list_follows_with_what_was_asked(self, clinic: Callers, told: Told) -> None:
        typed = (await clinic.browser(NDIAYE).get("/prescriptions?q=Awa%20C&step=all", **AS_TYPED)).text
        assert 'hx-get="/prescriptions?step=all&amp;q=Awa%20C"' in typed

    @pytest.mark.parametrize("q", ["paracetamol", "diop"])
    async def test_a_patient_finds_by_medicine_or_prescriber(self, clinic: Callers, told: Told, q: str) -> None:
        for person, path in ((AWA, "/prescriptions?"), (DIOP, "/prescriptions?patient=awa&")):
            found = (await clinic.program(person).get(f"{path}q={q}")).json
            assert told.issued in [item["id"] for item in found["items"]]
            assert "steps" not in found
            assert (await clinic.program(person).get(f"{path}q=insuline")).json["items"] == []

    async def test_typing_is_one_reading_of_a_patients_list(self, clinic: Callers, told: Told, store: Store) -> None:
        browser = clinic.browser(DIOP)
        await browser.get("/prescriptions?patient=awa")
        before = store.audit()
        for q in ("p", "pa", "par"):
            await browser.get(f"/prescriptions?patient=awa&q={q}", **AS_TYPED)
        assert store.audit() == before

    async def test_all_that_is_to_be_done_is_the_list_of_all_steps(self, clinic: Callers, told: Told) -> None:
        later = await clinic.browser(NDIAYE).get(f"/prescriptions?before={paging.cursor(2**42, 'z')}")
        assert 'href="/prescriptions?step=all">Tout ce qui est à faire' in later.text


class TestOwnPatients:
    @pytest.mark.parametrize("q", ["", "cis", "awa c", IDENTIFIERS[AWA.id], "fj7k2"])
    async def test_a_doctor_finds_them_by_what_is_typed_of_them(self, clinic: Callers, told: Told, q: str) -> None:
        found = (await clinic.program(DIOP).get(f"/patients?mine=1&q={q}")).json["items"]
        assert [(item["id"], item["access"]["id"]) for item in found] == [(AWA.id, told.granted)]
        typed = await clinic.browser(DIOP).get(f"/patients?mine=1&q={q}", **AS_TYPED)
        assert typed.text.lstrip().startswith('<section id="found"') and "/patients/awa/records" in typed.text
        page = await clinic.browser(DIOP).get(f"/patients?mine=1&q={q}")
        assert "/patients/awa/records" in page.text.partition('id="found"')[2]

    @pytest.mark.parametrize(
        ("person", "q"), [(SARR, "awa"), (DIOP, "moussa"), (DIOP, IDENTIFIERS[MOUSSA.id]), (DIOP, "-")]
    )
    async def test_and_nobody_elses(self, clinic: Callers, told: Told, person: Viewer, q: str) -> None:
        """Dr Sarr has asked, and waits."""
        assert (await clinic.program(person).get(f"/patients?mine=1&q={q}")).json["items"] == []

    @pytest.mark.parametrize("q", ["77 123", "771", PHONES[AWA.id]])
    async def test_nor_anybody_by_a_telephone_that_could_be_learnt_so(
        self, clinic: Callers, told: Told, store: Store, q: str
    ) -> None:
        store.write(access.revoke, AWA, told.granted)  # who was prescribed for stays one's own
        assert (await clinic.program(DIOP).get(f"/patients?mine=1&q={q}")).json["items"] == []

    async def test_who_was_prescribed_for_stays_ones_own_when_the_file_is_closed(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        store.write(access.revoke, AWA, told.granted)
        [found] = (await clinic.program(DIOP).get("/patients?mine=1&q=cis")).json["items"]
        assert (found["id"], found["access"]) == (AWA.id, None)
        page = await clinic.browser(DIOP).get("/patients?q=cis")
        assert "/access-requests/new?patient=awa" in page.text and "/patients/awa/records" not in page.text

    async def test_but_not_whose_prescription_was_a_mistake(self, clinic: Callers, told: Told, store: Store) -> None:
        store.write(access.revoke, AWA, told.granted)
        store.without("prescriptions_transitions")  # what was cancelled was a mistake, too
        store.connection.execute("UPDATE prescriptions SET status = 'entered_in_error', status_reason = 'Erreur'")
        for (prescription_id,) in store.rows("SELECT id FROM prescriptions"):
            store.write(transitions.keep_patient, prescription_id, "entered_in_error")
        assert (await clinic.program(DIOP).get("/patients?mine=1")).json["items"] == []

    async def test_looking_among_them_is_no_look_up(self, clinic: Callers, told: Told, store: Store) -> None:
        before = store.audit()
        for _ in range(40):  # thirty look-ups in five minutes are too many
            assert (await clinic.browser(DIOP).get("/patients?q=cis")).status == 200
        assert store.audit() == before

    async def test_a_look_up_finds_others_by_what_is_exactly_theirs(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        page = await clinic.browser(DIOP).get(f"/patients?q={IDENTIFIERS[MOUSSA.id]}")
        assert "/access-requests/new?patient=moussa" in page.text
        assert store.audit()[-1] == (DIOP.id, "patient.found", "success")
        page = await clinic.browser(DIOP).get("/patients?q=moussa")
        assert "jamais par son nom" in page.text and "FJ-" not in page.text.partition('id="found"')[2]

    @pytest.mark.parametrize(
        ("person", "where"),
        [(THIAM, "/patients?q="), (GASSAMA, "/patients?q="), (NDIAYE, "/prescriptions?q="), (NDIAYE, "/search?q=")],
    )
    async def test_nobody_is_in_a_trace_because_of_a_letter_or_two(
        self, clinic: Callers, told: Told, store: Store, person: Viewer, where: str
    ) -> None:
        browser = clinic.browser(person)
        whole = (await browser.get(where, **AS_TYPED)).text
        before = store.audit()
        for q in ("c", "ci", " c-i "):
            assert (await browser.get(f"{where}{q}", **AS_TYPED)).text == whole
        assert store.audit() == before
        assert "Cissé" in (await browser.get(f"{where}cis", **AS_TYPED)).text

    @pytest.mark.parametrize(("person", "where"), [(THIAM, "/patients"), (GASSAMA, "/patients")])
    async def test_a_name_of_two_letters_is_found_by_who_presses_the_button(
        self, clinic: Callers, told: Told, store: Store, person: Viewer, where: str
    ) -> None:
        for found in (
            (await clinic.browser(person).get(f"{where}?q=ci")).text,
            (await clinic.htmx(person).get(f"{where}?q=ci", HX_Target="found", X_Live="1")).text,
        ):
            assert "Cissé" in found.partition('id="found"')[2]
        assert (await clinic.program(person).get(f"{where}?q=ci")).json["items"]

    async def test_the_front_desk_finds_as_one_types_and_gets_no_more_than_that(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        home = (await clinic.browser(THIAM).get("/")).text
        assert 'hx-get="/patients"' in home and 'id="found"' in home
        typed = (await clinic.browser(THIAM).get("/patients?q=Awa%20ci", **AS_TYPED)).text
        assert '<section id="found"' in typed and "/patients/awa>" in typed and "<main" not in typed
        assert store.audit()[-1] == (THIAM.id, "patient.listed", "success")
        nobody = (await clinic.browser(THIAM).get("/patients?q=xyz", **AS_TYPED)).text
        assert "Aucun patient trouvé" in nobody

    @pytest.mark.parametrize(
        ("person", "where", "found"),
        [
            (GASSAMA, "/patients?q=cis", "/patients/awa/records"),
            (NDIAYE, "/formulary?q=parac", "/formulary/paracetamol-500"),
            (ADMIN, "/accounts?q=cis", "/accounts/awa"),
        ],
    )
    async def test_no_letter_brings_a_whole_page(
        self, clinic: Callers, told: Told, person: Viewer, where: str, found: str
    ) -> None:
        typed = (await clinic.browser(person).get(where, **AS_TYPED)).text
        assert 'id="found"' in typed and found in typed and "<main" not in typed
        page = (await clinic.browser(person).get(where)).text
        field = page.partition("<main")[2].partition('name="q"')[2].partition(">")[0]
        assert typed.strip() in page and '#found"' in field

    async def test_a_nurse_finds_whose_file_is_open_to_the_clinic(self, clinic: Callers, told: Told) -> None:
        for q, found in (("cis", [AWA.id]), ("fj7k2", [AWA.id]), ("moussa", [])):
            items = (await clinic.program(GASSAMA).get(f"/patients?q={q}")).json["items"]
            assert [item["id"] for item in items] == found


class TestFile:
    PATH = "/patients/awa/records"

    async def test_it_is_searched_in_each_form(self, clinic: Callers, told: Told) -> None:
        for person in (DIOP, AWA):
            items = (await clinic.program(person).get(f"{self.PATH}?q={TITLE[:5].lower()}")).json["items"]
            assert told.record in [item["id"] for item in items]
            assert (await clinic.program(person).get(f"{self.PATH}?q=paludisme")).json["items"] == []
            typed = await clinic.browser(person).get(f"{self.PATH}?q={TITLE[:5]}", **AS_TYPED)
            assert typed.text.lstrip().startswith('<div id="found"') and f"/records/{told.record}" in typed.text
            page = await clinic.browser(person).get(f"{self.PATH}?q=paludisme")
            assert "Aucun élément ne correspond." in page.text and told.record not in page.text

    async def test_filters_are_understood_and_kept(self, clinic: Callers, told: Told) -> None:
        browser = clinic.browser(DIOP)
        page = (await browser.get(f"{self.PATH}?type=consultation&from=2026-03-01&to=2026-03-02")).text
        assert told.record in page and '<option value="consultation" selected>' in page and 'value="2026-03-01"' in page
        assert 'hx-get="/patients/awa/records?type=consultation&amp;from=2026-03-01&amp;to=2026-03-02"' in page
        for asked in ("type=allergy", "from=2026-03-03", "to=2026-03-01", "author=sarr"):
            found = (await clinic.program(DIOP).get(f"{self.PATH}?{asked}")).json
            assert told.record not in [item["id"] for item in found["items"]], asked

    async def test_a_day_that_there_is_not_is_refused(self, clinic: Callers, told: Told) -> None:
        assert set((await clinic.program(DIOP).get(f"{self.PATH}?from=hier")).errors()) == {"from"}
        page = await clinic.browser(DIOP).get(f"{self.PATH}?to=2026-02-30")
        assert page.status == 422 and "Ce jour n&#39;existe pas" in page.text

    async def test_typing_is_one_reading(self, clinic: Callers, told: Told, store: Store) -> None:
        browser = clinic.browser(DIOP)
        await browser.get(self.PATH)
        before = store.audit()
        for q in ("h", "hy", "hyp"):
            await browser.get(f"{self.PATH}?q={q}", **AS_TYPED)
        assert store.audit() == before

    async def test_nobody_searches_a_file_that_is_closed_to_them(self, clinic: Callers, told: Told) -> None:
        for person in (SARR, MOUSSA):
            assert (await clinic.program(person).get(f"{self.PATH}?q=a")).status == 404
        assert (await clinic.program(NDIAYE).get(f"{self.PATH}?q=a")).status in (403, 404)


async def test_the_stock_is_searched_in_each_form(clinic: Callers, told: Told) -> None:
    found = (await clinic.program(NDIAYE).get("/inventory?q=INSUL")).json
    assert [item["medicine"]["id"] for item in found["items"]] == [INSULIN]
    assert found["counts"] == {"low": 0, "expiring": 0, "out": 0}
    typed = await clinic.browser(NDIAYE).get("/inventory?q=insul", **AS_TYPED)
    assert typed.text.lstrip().startswith('<div id="found"') and "paracétamol" not in typed.text
    assert 'hx-get="/inventory?q=insul"' in typed.text
    page = (await clinic.browser(NDIAYE).get("/inventory?q=insul&only=low")).text
    assert "Aucun produit ne correspond." in page and 'name="only" value="low"' in page
    assert '"/inventory?only=expiring&amp;q=insul"' in page


def _pass(store: Store, clock: Clock, **span: int) -> None:
    """Time passes at a screen that somebody keeps awake."""
    clock.advance(**span)
    store.connection.execute("UPDATE sessions SET last_active_at = ?", (clock.now,))


class TestComingBack:
    PATH = "/patients/awa/records"

    async def _since(self, clinic: Callers) -> dict[str, Any] | None:
        found: dict[str, Any] | None = (await clinic.program(DIOP).get(self.PATH)).json.get("since_last_visit")
        return found

    async def test_a_file_says_what_others_have_done_since(
        self, clinic: Callers, told: Told, store: Store, clock: Clock
    ) -> None:
        assert await self._since(clinic) is None, "there was no visit before"
        _pass(store, clock, hours=2)
        store.write(access.approve, AWA, told.pending, scope="full", duration=10**9)
        entry = {"type": "consultation", "title": "Contrôle", "body": "Va bien", "occurred_on": "2026-03-02"}
        mine = store.write(records.create, DIOP, AWA.id, **entry)
        theirs = store.write(records.create, SARR, AWA.id, **entry)
        store.write(dispensing.validate, NDIAYE, told.issued)
        since = await self._since(clinic)
        assert since and (since["records"], since["prescriptions"]) == ([theirs], [told.issued])
        assert mine not in str(since)
        page = (await clinic.browser(DIOP).get(self.PATH)).text
        assert re.search(
            r"<details [^>]* open><summary><span>Depuis votre dernière visite <small>.*, 2 changements<", page
        )
        _pass(store, clock, minutes=50)
        assert await self._since(clinic) == since, "the same visit goes on"
        _pass(store, clock, minutes=70)
        again = await self._since(clinic)
        assert again and (again["records"], again["prescriptions"]) == ([], [])
        assert "Depuis votre dernière visite" not in (await clinic.browser(DIOP).get(self.PATH)).text

    async def test_only_of_what_is_open(self, clinic: Callers, told: Told, store: Store, clock: Clock) -> None:
        """Dr Sarr's access is narrower by now: what it does not open has not changed for her."""
        store.write(access.approve, AWA, told.pending, scope="full", duration=10**9)
        sarr = clinic.program(SARR)
        await sarr.get(self.PATH)
        _pass(store, clock, hours=2)
        store.write(access.change, AWA, told.pending, scope="summary", duration=10**9)
        store.write(records.mark_error, DIOP, told.record, reason="Autre patient")
        store.write(dispensing.validate, NDIAYE, told.issued)
        since = (await sarr.get(self.PATH)).json["since_last_visit"]
        assert (since["records"], since["prescriptions"]) == ([], [])
        assert "since_last_visit" not in (await clinic.program(AWA).get(self.PATH)).json

    async def test_the_last_files_that_one_has_opened_are_at_hand_while_they_are_open(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        program = clinic.program(DIOP)
        assert (await program.get("/patients?recent=1")).json["items"] == []
        await program.get(self.PATH)
        [found] = (await program.get("/patients?recent=1")).json["items"]
        assert (found["id"], found["access"]["id"]) == (AWA.id, told.granted)
        assert "/patients/awa/records" in (await clinic.browser(DIOP).get("/patients?recent=1")).text
        store.write(access.revoke, AWA, told.granted)
        assert (await program.get("/patients?recent=1")).json["items"] == []
