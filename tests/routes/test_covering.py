"""Who has it all, over HTTP: while prescribing, and for the patient of a prescription."""

import pytest
import steps
from callers import Callers
from cast import AWA, DIOP, INSULIN, JAMM, MOUSSA, NDIAYE, PARACETAMOL, SARR
from store import Store
from told import NEXT_YEAR, Told

from fadjma.inventory import coverage, queries
from fadjma.web.throttle import COVER_PER_DOCTOR

ON = {"shows_cover": True, "version": 1}


async def test_while_prescribing_the_lines_of_the_form_are_asked_about(clinic: Callers) -> None:
    lines = f"lines-0-medicine_id={PARACETAMOL}&lines-0-quantity=20&lines-1-medicine_id={INSULIN}&lines-1-quantity=500"
    doctor = clinic.program(DIOP)
    assert (await doctor.get(f"/inventory/coverage?{lines}")).json == {"items": []}
    assert (await clinic.program(NDIAYE).post("/inventory/choices", ON)).status == 200
    [found] = (await doctor.get(f"/inventory/coverage?{lines}")).json["items"]
    assert found == {"id": JAMM, "name": "Pharmacie Jamm", "city": "Dakar", "on_duty": False}
    assert (await doctor.get(f"/inventory/coverage?{lines}1")).json == {"items": []}, "5001 of them"
    for unfilled in (
        "",
        f"lines-0-medicine_id={PARACETAMOL}&lines-0-quantity=",
        "lines-0-quantity=3",
    ):
        assert (await doctor.get(f"/inventory/coverage?{unfilled}")).json == {"items": []}
    assert (await clinic.htmx(DIOP).get("/inventory/coverage?lines-x-medicine_id=a")).status == 200
    fragment = (await clinic.htmx(DIOP).get(f"/inventory/coverage?{lines}")).text
    assert "Pharmacie Jamm" in fragment and "<html" not in fragment
    assert 'hx-get="/inventory/coverage"' in (await clinic.browser(DIOP).get("/patients/awa/prescriptions/new")).text


@pytest.mark.long
async def test_how_much_there_is_cannot_be_found_by_asking_again_and_again(clinic: Callers, store: Store) -> None:
    assert (await clinic.program(NDIAYE).post("/inventory/choices", ON)).status == 200
    steps.receive(store, 2_000, number="L9")
    doctor, asked = clinic.program(DIOP), f"/inventory/coverage?lines-0-medicine_id={PARACETAMOL}&lines-0-quantity="
    assert (await doctor.get(f"{asked}1001")).json == {"items": []}, "more than a line may have"
    for _ in range(COVER_PER_DOCTOR.amount):
        assert (await doctor.get(f"{asked}1000")).json["items"]
    assert (await doctor.get(f"{asked}1000")).status == 429
    assert (await doctor.get("/inventory/coverage")).status == 200, "a form without a medicine asks nothing"
    assert (await clinic.program(SARR).get(f"{asked}1000")).json["items"], "others go on"


async def test_nor_by_asking_for_less_and_less(clinic: Callers, store: Store) -> None:
    """A competitor's stock was found in ten questions, each for half of what was left."""
    assert (await clinic.program(NDIAYE).post("/inventory/choices", ON)).status == 200
    doctor, asked = clinic.program(DIOP), f"/inventory/coverage?lines-0-medicine_id={PARACETAMOL}&lines-0-quantity="
    usable = store.read(queries.usable, JAMM, [PARACETAMOL])[PARACETAMOL]
    answers = {}
    for quantity in range(1_000, 0, -7):
        answer = await doctor.get(f"{asked}{quantity}")
        if answer.status == 429:
            break
        answers[quantity] = bool(answer.json["items"])
    assert 2 < len({coverage.step(n) for n in answers}) < 5
    assert all(said == (coverage.step(n) <= usable) for n, said in answers.items()), "that is of its step"
    for _ in range(2):
        assert (await doctor.get(f"{asked}3")).status == 429
    log = [row[0] for row in store.rows("SELECT actor_id FROM audit_events WHERE action = 'stock.searched'")]
    assert log == [DIOP.id], "the admins see it, once a day"
    other = f"/inventory/coverage?lines-0-medicine_id={INSULIN}&lines-0-quantity=2"
    assert (await doctor.get(other)).json["items"], "what else is prescribed is answered"


async def test_what_was_asked_before_is_answered_again(clinic: Callers) -> None:
    assert (await clinic.program(NDIAYE).post("/inventory/choices", ON)).status == 200
    doctor, asked = clinic.program(DIOP), f"/inventory/coverage?lines-0-medicine_id={PARACETAMOL}&lines-0-quantity="
    for _ in range(3):
        for quantity in (10, 14, 20, 28, 30, 45, 60):  # four steps: what a day's prescriptions are
            assert (await doctor.get(f"{asked}{quantity}")).json["items"]


async def test_a_patient_asks_of_their_own_prescription(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.issued}/pharmacies"
    assert f'href="{address}"' in (await clinic.browser(AWA).get(f"/prescriptions/{told.issued}")).text
    assert "Aucune pharmacie ne dit avoir tout" in (await clinic.browser(AWA).get(address)).text
    duty = {**ON, "duty_from": "2000-01-01", "duty_to": NEXT_YEAR}
    assert (await clinic.program(NDIAYE).post("/inventory/choices", duty)).status == 200
    page = (await clinic.browser(AWA).get(address)).text
    assert "Pharmacie Jamm" in page and "De garde" in page
    assert (await clinic.program(MOUSSA).get(address)).status == 404
    assert (await clinic.program(DIOP).get(address)).status == 403


@pytest.mark.parametrize(
    "duty", [("2026-03-02", ""), ("", "2026-03-02"), ("2026-03-03", "2026-03-02"), ("demain", "2026-03-02")]
)
async def test_a_duty_has_its_first_and_its_last_day(clinic: Callers, duty: tuple[str, str]) -> None:
    body = {**ON, "duty_from": duty[0], "duty_to": duty[1]}
    errors = (await clinic.program(NDIAYE).post("/inventory/choices", body)).errors()
    assert errors.keys() <= {"duty_from", "duty_to"}
    page = await clinic.browser(NDIAYE).post("/inventory/choices", body)
    assert (page.status, f'value="{duty[1]}"' in page.text) == (422, True)
