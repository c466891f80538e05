"""A patient's file: what records and prescriptions show of it together, to the patient and through each grant."""

import html
import re

import pytest
from callers import Callers
from cast import AWA, DIOP, MOUSSA, NDIAYE
from store import Store
from told import Told

from fadjma.access import actions as access
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import dispensing, lists, states
from fadjma.records import actions as records
from fadjma.store import Transaction

FILE = f"/patients/{AWA.id}/records"
VIEWS = ("summary", "history", "prescriptions", "access")
ALLERGIES = '<b class="sos">Allergie</b> <bdi>Pénicilline</bdi>'


@pytest.fixture
def allergy(clinic: Callers, store: Store) -> str:
    written = {"title": "Pénicilline", "body": "Urticaire.", "occurred_on": "2026-01-05"}
    return store.write(records.create, DIOP, AWA.id, type="allergy", **written)


def banner(page: str) -> str:
    """What a page shows of whom it is about."""
    return page.partition('<div class="banner">')[2].partition("</div>")[0]


def narrow(tx: Transaction, scope: str) -> None:
    tx.execute(
        "UPDATE access_requests SET scope = :scope WHERE doctor_id = :doctor AND status = 'approved'",
        {"scope": scope, "doctor": DIOP.id},
    )


@pytest.mark.parametrize(
    ("scope", "prescriptions", "consultations"),
    [("full", True, True), ("prescriptions", True, False), ("summary", False, False)],
)
async def test_a_doctor_sees_allergies_first_and_what_the_grant_opens(
    clinic: Callers, told: Told, store: Store, allergy: str, scope: str, prescriptions: bool, consultations: bool
) -> None:
    store.write(narrow, scope)
    views = [(await clinic.browser(DIOP).get(f"{FILE}?view={view}")) for view in VIEWS]
    assert {answer.status for answer in views} == {200}
    assert all(ALLERGIES in answer.text for answer in views)
    summary, history, prescribed, access = (answer.text for answer in views)
    assert (f"/prescriptions/{told.issued}" in prescribed) is prescriptions
    assert ("view=prescriptions" in summary) is prescriptions
    assert (f"/records/{told.record}" in history) is consultations
    assert f"/records/{allergy}" in summary and f"/records/{allergy}" in history
    assert f"/access-requests/{told.granted}" in access


@pytest.mark.parametrize(("scope", "weighed"), [("full", True), ("prescriptions", True), ("summary", False)])
async def test_a_record_stands_under_the_banner_with_the_weight_as_far_as_the_grant_opens_it(
    clinic: Callers, told: Told, store: Store, allergy: str, scope: str, weighed: bool
) -> None:
    store.write(narrow, scope)
    text = html.unescape((await clinic.browser(DIOP).get(f"/records/{allergy}")).text)
    assert ("kg, pesé le 2 mars" in banner(text)) is weighed
    assert ALLERGIES in banner(text) and "fin de l'accès\xa0:" in banner(text)


@pytest.mark.parametrize(
    ("scope", "runs", "shown"),
    [("full", True, True), ("prescriptions", True, True), ("summary", True, False), ("full", False, False)],
)
async def test_who_cancels_or_corrects_sees_of_the_file_what_it_opens(
    clinic: Callers, told: Told, store: Store, allergy: str, scope: str, runs: bool, shown: bool
) -> None:
    store.write(narrow, scope)
    if not runs:
        store.write(access.revoke, AWA, told.granted)
    for prescription_id in (told.issued, told.refused):
        found = banner((await clinic.browser(DIOP).get(f"/prescriptions/{prescription_id}")).text)
        assert "Awa Cissé" in found
        assert [part in found for part in (ALLERGIES, "pesé le 2 mars", 'class="till"')] == [shown] * 3
    acted = await clinic.htmx(DIOP).post(f"/prescriptions/{told.issued}/cancellation", {"reason": ""})
    assert acted.status == 422 and (ALLERGIES in acted.text) is shown  # also around a form that comes back


async def test_the_patient_has_no_banner_over_their_prescription(clinic: Callers, told: Told, allergy: str) -> None:
    assert ALLERGIES not in (await clinic.browser(AWA).get(f"/prescriptions/{told.issued}")).text


async def test_who_weighs_has_the_last_weight_in_the_banner_on_every_page_of_them(clinic: Callers, told: Told) -> None:
    for path in ("/patients/awa/measurements", "/patients/awa/measurements?before=2026-01-01~1~a"):
        assert "pesé le 2 mars" in banner((await clinic.browser(DIOP).get(path)).text), path


async def test_the_patient_sees_their_records_alone(clinic: Callers, told: Told, allergy: str) -> None:
    text = (await clinic.browser(AWA).get(FILE)).text
    assert ALLERGIES not in text and f"/prescriptions/{told.issued}" not in text
    assert f"/records/{told.record}" in text and f"/records/{allergy}" in text


async def test_a_program_gets_the_records(clinic: Callers, told: Told, allergy: str) -> None:
    for person in (AWA, DIOP):
        items = (await clinic.program(person).get(FILE)).json["items"]
        assert {told.record, allergy} <= {item["id"] for item in items}


class TestTheWayToThePrescriptions:
    """The patient's own file leads to their prescriptions and says how many are under way."""

    async def _said(self, clinic: Callers, person: Viewer = AWA) -> tuple[str, int]:
        path = f"/patients/{person.id}/records"
        page = (await clinic.browser(person).get(path)).text
        found = re.search('<p id="under-way"[^>]*><a href="/prescriptions">Mes ordonnances</a>\xa0: (.*?)</p>', page)
        assert found
        return found[1], (await clinic.program(person).get(path)).json["prescriptions_under_way"]

    async def test_counts_those_under_way(self, clinic: Callers, told: Told, store: Store) -> None:
        states_now = [status for (status,) in store.rows("SELECT status FROM prescriptions")]
        under_way = sum(status in states.UNDER_WAY for status in states_now)
        assert 1 < under_way < len(states_now)
        assert await self._said(clinic) == (f"{under_way} en cours", under_way)
        store.write(prescriptions.cancel, DIOP, told.issued, reason="Traitement changé")
        assert await self._said(clinic) == (f"{under_way - 1} en cours", under_way - 1)

    async def test_says_when_there_is_none_or_one(self, clinic: Callers, store: Store) -> None:
        assert await self._said(clinic, MOUSSA) == ("aucune en cours", 0)
        store.connection.execute("UPDATE prescriptions SET valid_until = ?", (store.clock(),))
        away = "in_delivery"  # what is on its way is left to arrive
        assert store.rows("SELECT count(*) FROM prescriptions WHERE status = ?", away) == [(1,)]
        assert await self._said(clinic) == ("une en cours", 1)

    async def test_looks_at_those_that_changed_last(
        self, clinic: Callers, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lists, "LOOKED_AT", 1)
        assert await self._said(clinic) == ("une en cours", 1)

    async def test_follows(self, clinic: Callers, told: Told, store: Store) -> None:
        before = await self._said(clinic)
        store.write(dispensing.release, NDIAYE, told.validated, reason="Rupture")
        assert await self._said(clinic) == before
        page = (await clinic.browser(AWA).get(FILE)).text
        assert re.search('<p id="under-way" hx-get="[^"]*" hx-trigger="prescription_status_changed from:body"', page)

    async def test_is_the_patients_alone(self, clinic: Callers) -> None:
        assert 'id="under-way"' not in (await clinic.browser(DIOP).get(FILE)).text
        assert "prescriptions_under_way" not in (await clinic.program(DIOP).get(FILE)).json


async def test_what_has_a_page_of_its_own_is_not_shown_as_nothing(clinic: Callers) -> None:
    for view, page in (("prescriptions", "/prescriptions"), ("access", "/access-requests")):
        answer = await clinic.browser(AWA).get(f"{FILE}?view={view}")
        assert (answer.status, answer.location) == (303, page)
        assert (await clinic.browser(DIOP).get(f"{FILE}?view={view}")).status == 200
        assert (await clinic.program(AWA).get(f"{FILE}?view={view}")).status == 200


async def test_a_doctor_acts_in_a_file_by_one_letter(clinic: Callers, told: Told) -> None:
    """static/keys.js presses what has the letter; the patient has neither."""
    pages = [(await clinic.browser(who).get("/patients/awa/records")).text for who in (DIOP, AWA)]
    assert [re.findall(r'data-key="(.)"', page) for page in pages] == [["p", "r", "c", "a", "n", "o"], []]
    refused = (await clinic.browser(DIOP).get(f"/prescriptions/{told.refused}")).text
    assert 'data-key="c"' in refused
