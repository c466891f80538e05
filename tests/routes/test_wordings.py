"""What a refusal is headed with, and where the summary of a form's errors leads."""

import re
from typing import Any

import pytest
from callers import Callers
from cast import AWA, DIOP, MOUSSA, NDIAYE, SARR
from store import Store
from told import COUNT, REASON, Told

from fadjma.identity.people import Viewer

CHANGED, NOT_NOW = "La situation a changé", "Impossible pour le moment"
ASKED = {"patient_id": AWA.id, "reason": REASON}


async def _heading(clinic: Callers, who: Viewer, path: str, body: dict[str, Any]) -> str:
    answer = await clinic.browser(who).post(path, body)
    assert answer.status == 409
    found = re.search("<h1>(.*?)</h1>", answer.text)
    assert found
    return found[1]


class TestTheHeadingOfARefusal:
    """It says that something has changed only where something has."""

    @pytest.mark.parametrize("who", [SARR, DIOP], ids=["pending", "open"])
    async def test_asking_twice(self, clinic: Callers, who: object) -> None:
        assert await _heading(clinic, who, "/access-requests", ASKED) == NOT_NOW

    async def test_asking_again_too_soon(self, clinic: Callers, told: Told) -> None:
        await clinic.program(AWA).post(f"/access-requests/{told.pending}/rejection")
        assert await _heading(clinic, SARR, "/access-requests", ASKED) == NOT_NOW

    async def test_too_little_in_stock(self, clinic: Callers, told: Told, store: Store) -> None:
        sql = "UPDATE prescription_lines SET quantity = 1000 WHERE prescription_id = ?"
        store.connection.execute(sql, (told.validated,))
        assert await _heading(clinic, NDIAYE, f"/prescriptions/{told.validated}/preparation", {}) == NOT_NOW

    async def test_what_has_changed(self, clinic: Callers, told: Told) -> None:
        assert await _heading(clinic, NDIAYE, f"/prescriptions/{told.issued}/readiness", {}) == CHANGED
        body = {**COUNT, "version": 9}
        assert await _heading(clinic, NDIAYE, f"/inventory/lots/{told.lot}/adjustments", body) == CHANGED


class TestTheEmergencyForm:
    """Two forms on one page have a field of the same name: errors belong to the one that was sent."""

    async def test_left_blank_its_errors_lead_to_its_own_fields(self, clinic: Callers) -> None:
        sent = {"patient_id": MOUSSA.id, "emergency": "unconscious", "reason": "", "password": ""}
        page = (await clinic.browser(DIOP).post("/access-requests", sent)).text
        ordinary, urgent = page.split("<details", 1)
        assert '<a href="#why">Ce qui se passe : ' in urgent
        assert "#reason" not in page
        assert re.search('<textarea id="why"[^>]* aria-invalid="true" aria-describedby="reason-e"', urgent)
        assert page.count('id="reason-e"') == urgent.count('id="reason-e"') == 1
        assert "aria-invalid" not in ordinary

    async def test_the_other_form_keeps_its_own(self, clinic: Callers) -> None:
        page = (await clinic.browser(DIOP).post("/access-requests", {"patient_id": MOUSSA.id, "reason": ""})).text
        ordinary, urgent = page.split("<details", 1)
        assert '<a href="#reason">Motif : ' in ordinary
        assert "aria-invalid" not in urgent
        assert ordinary.count('id="reason-e"') == page.count('id="reason-e"') == 1


async def test_a_state_and_what_follows_it_are_two_words(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(AWA).get(f"/access-requests/{told.pending}")).text
    assert "En attente</b> Envoyée" in page
