"""What one person may cause in an hour has a bound, far above what anybody at work needs, and says so."""

from collections.abc import Iterator

import pytest
from callers import Callers
from cast import AWA, DIOP, NDIAYE, PASSWORD, SARR
from quart import Quart
from store import Store
from told import RECORD, Told

from fadjma.web.throttle import ASK_PER_PAIR, GIVE_BACK_PER_PERSON, Throttle


@pytest.fixture
def bounded(app: Quart) -> Iterator[int]:
    """A person has ten acts an hour."""
    usual = app.extensions["throttle"]
    app.extensions["throttle"] = Throttle(acts_per_hour=10)
    yield 10
    app.extensions["throttle"] = usual


async def test_acts_of_one_person_in_all_their_sessions(clinic: Callers, told: Told, bounded: int) -> None:
    one, other = clinic.program(DIOP), clinic.browser(DIOP)
    answers = [await one.post("/patients/awa/records", RECORD) for _ in range(bounded + 1)]
    assert [answer.status for answer in answers] == [201] * (bounded + 1), "the first of a session is not counted"
    refused = await one.post("/patients/awa/records", RECORD)
    assert refused.problem(429)["detail"].startswith("Trop de tentatives")
    assert int(refused.headers["Retry-After"]) > 0
    await other.post("/notifications/read", {"up_to": "1"})
    assert (await other.post("/notifications/read", {"up_to": "1"})).status == 429
    assert (await clinic.program(AWA).post("/notifications/read", {"up_to": 1})).status == 200, "others go on"
    assert (await one.get("/patients/awa/records")).status == 200, "and so does reading"


async def test_asking_one_patient(clinic: Callers, store: Store, told: Told) -> None:
    doctor, patient = clinic.program(SARR), {"patient_id": "moussa", "reason": "Suivi"}
    for _ in range(ASK_PER_PAIR.amount):
        asked = (await doctor.post("/access-requests", patient)).json
        assert (await doctor.post(f"/access-requests/{asked['id']}/withdrawal")).status == 200
    assert (await doctor.post("/access-requests", patient)).status == 429
    lines = store.value("SELECT count(*) FROM notifications WHERE user_id = 'moussa' AND subject_id = ?", asked["id"])
    assert lines == 2, "each act keeps its event"
    urgent = {**patient, "emergency": "life_threat", "password": PASSWORD}
    assert (await doctor.post("/access-requests", urgent)).status == 201, "it may be life"
    assert (await clinic.program(DIOP).post("/access-requests", patient)).status != 429


async def test_claiming_and_giving_back(clinic: Callers, store: Store, told: Told) -> None:
    pharmacist, prescription = clinic.program(NDIAYE), f"/prescriptions/{told.issued}"
    for _ in range(GIVE_BACK_PER_PERSON.amount):
        assert (await pharmacist.post(f"{prescription}/validation")).status == 200
        assert (await pharmacist.post(f"{prescription}/release", {"reason": "Rupture"})).status == 200
    await pharmacist.post(f"{prescription}/validation")
    assert (await pharmacist.post(f"{prescription}/release", {"reason": "Rupture"})).status == 429


def test_no_bound_is_less_than_thirty_an_hour_for_a_pair() -> None:
    assert min(ASK_PER_PAIR.amount, GIVE_BACK_PER_PERSON.amount) >= 30
