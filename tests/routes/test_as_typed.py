"""What people and other programs really send, by form and as JSON: blanks, look-alikes, spoiled text, other digits."""

from typing import Any

import pytest
from callers import Callers
from cast import DIOP, MOUSSA
from store import Store
from told import Told

PERSON = {
    "given_name": "Khady",
    "family_name": "Sène",
    "phone": "77 612 34 56",
    "password": "une phrase bien longue",
    "birth_date": "1990-05-17",
    "sex": "female",
}
BLANKS = ["\u200b\u200b\u200b", "\u3164", "\u2800", "\u0301\u0301\u0301", " \u00a0\u202f "]


class TestBlank:
    @pytest.mark.parametrize("json", [False, True])
    @pytest.mark.parametrize("blank", BLANKS, ids=ascii)
    async def test_nobody_has_a_name_that_shows_nothing(self, clinic: Callers, blank: str, json: bool) -> None:
        answer = await clinic.nobody(json=json).post("/register", {**PERSON, "given_name": blank})
        assert answer.status == 422

    @pytest.mark.parametrize("blank", BLANKS, ids=ascii)
    async def test_no_dosage_and_no_reason_show_nothing(self, clinic: Callers, told: Told, blank: str) -> None:
        doctor = clinic.program(DIOP)
        line = {"medicine_id": "paracetamol", "dosage": blank, "quantity": 2, "duration_days": 3}
        assert set((await doctor.post("/patients/awa/prescriptions", {"lines": [line]})).errors()) == {"lines-0-dosage"}
        body = {"patient_id": MOUSSA.id, "reason": blank}
        assert set((await doctor.post("/access-requests", body)).errors()) == {"reason"}

    @pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u200b"], ids=ascii)
    @pytest.mark.parametrize("name", ["emergency", "scope"])
    async def test_a_choice_that_is_left_blank_is_not_made(
        self, clinic: Callers, store: Store, name: str, blank: str
    ) -> None:
        body = {"patient_id": MOUSSA.id, "reason": "Suivi de la tension", name: blank}
        answer = await clinic.program(DIOP).post("/access-requests", body)
        assert answer.status == 201, answer.text
        assert answer.json["status"] == "pending"
        assert answer.json["proposed_scope"] is None


class TestLookAlike:
    @pytest.mark.parametrize("json", [False, True])
    @pytest.mark.parametrize(
        "other",
        [
            {"given_name": "\u041ahady"},
            {"family_name": "S\u200bène"},
            {"email": "\u0430wa@demo.sn"},
            {"email": "awa@de\u200bmo.sn"},
        ],
        ids=ascii,
    )
    async def test_nobody_registers_as_somebody_who_looks_the_same(
        self, clinic: Callers, other: dict[str, Any], json: bool
    ) -> None:
        answer = await clinic.nobody(json=json).post("/register", {**PERSON, **other})
        assert answer.status == 422

    async def test_an_address_of_another_width_is_the_same_address(self, clinic: Callers, store: Store) -> None:
        answer = await clinic.nobody(json=True).post("/register", {**PERSON, "email": "\uff2bhady@Demo.SN\ufeff"})
        assert answer.status == 201, answer.text
        assert store.value("SELECT email FROM users WHERE id = ?", answer.json["id"]) == "khady@demo.sn"
