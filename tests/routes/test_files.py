"""A patient's file: what records and prescriptions show of it together, to the patient and through each grant."""

import pytest
from callers import Callers
from cast import AWA, DIOP
from store import Store
from told import Told

from fadjma.records import actions as records
from fadjma.store import Transaction

FILE = f"/patients/{AWA.id}/records"
ALLERGIES = '<b class="sos">Allergie</b> Pénicilline'


@pytest.fixture
def allergy(clinic: Callers, store: Store) -> str:
    written = {"title": "Pénicilline", "body": "Urticaire.", "occurred_on": "2026-01-05"}
    return store.write(records.create, DIOP, AWA.id, type="allergy", **written)


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
    answer = await clinic.browser(DIOP).get(FILE)
    assert answer.status == 200
    assert ALLERGIES in answer.text
    assert (f"/prescriptions/{told.issued}" in answer.text) is prescriptions
    assert (f"/records/{told.record}" in answer.text) is consultations
    assert f"/records/{allergy}" in answer.text


async def test_the_patient_sees_their_records_alone(clinic: Callers, told: Told, allergy: str) -> None:
    text = (await clinic.browser(AWA).get(FILE)).text
    assert ALLERGIES not in text and f"/prescriptions/{told.issued}" not in text
    assert f"/records/{told.record}" in text and f"/records/{allergy}" in text


async def test_a_program_gets_the_records(clinic: Callers, told: Told, allergy: str) -> None:
    for person in (AWA, DIOP):
        items = (await clinic.program(person).get(FILE)).json["items"]
        assert {told.record, allergy} <= {item["id"] for item in items}
