"""A vaccination on its pages: typed, due in the summary, and on the front desk's list."""

from callers import Callers
from cast import AWA, DIOP, GASSAMA, THIAM
from store import Store
from told import Told

NEW, PAGE = "/patients/awa/vaccinations/new", "/patients/awa/vaccinations"


async def test_what_is_due_is_read_by_patient_doctor_and_nurse_and_called_for_by_the_desk(
    clinic: Callers, told: Told, store: Store
) -> None:
    doctor = clinic.browser(DIOP)
    assert 'name="next_due"' in (await doctor.get(NEW)).text
    due = {"vaccine": "Penta", "dose": "1", "lot": "AB12", "occurred_on": "2026-01-05", "next_due": "2026-02-05"}
    lost = await doctor.post(PAGE, {**due, "next_due": "2026-01-04"})
    assert lost.status == 422 and "vient après" in lost.text and 'value="AB12"' in lost.text
    assert (await doctor.post(PAGE, due)).status == 303
    for person in (AWA, DIOP, GASSAMA):
        shown = (await clinic.browser(person).get("/patients/awa/records")).text.partition('id="due"')[2]
        assert "Penta" in shown and "dose 2" in shown and "en retard" in shown
    [one] = (await clinic.program(AWA).get("/patients/awa/records")).json["vaccinations_due"]
    assert (one["vaccine"], one["dose"], one["due_on"], one["overdue"]) == ("Penta", 2, "2026-02-05", True)
    desk = (await clinic.browser(THIAM).get("/vaccination-recalls")).text
    assert "Awa Cissé" in desk and "Penta" not in desk
    [call] = (await clinic.program(THIAM).get("/vaccination-recalls")).json["items"]
    assert call == {"patient_id": "awa", "name": "Awa Cissé", "phone": "+221771234567", "since": "2026-02-05"}
