"""What one person may cause in an hour has a bound, far above what anybody at work needs, and says so."""

import json
from collections.abc import Iterator

import pytest
from callers import Callers
from cast import AWA, DIOP, NDIAYE, PASSWORD, SARR
from quart import Quart
from store import Store
from told import RECORD, Told

from fadjma import create_app
from fadjma.config import Settings
from fadjma.drafts import routes as drafts
from fadjma.refusals import Throttled
from fadjma.store import Said
from fadjma.web import asking
from fadjma.web.bounds import ASK_PER_PAIR, DELIVERY_PER_PERSON, GIVE_BACK_PER_PERSON, Bound, Bounds


@pytest.fixture
def bounded(app: Quart) -> Iterator[int]:
    """A person has ten acts an hour."""
    usual = app.extensions["bounds"]
    app.extensions["bounds"] = Bounds(10, app.extensions["database"].clock)
    yield 10
    app.extensions["bounds"] = usual


async def test_acts_of_one_person_in_all_their_sessions(clinic: Callers, told: Told, bounded: int) -> None:
    one, other = clinic.program(DIOP), clinic.browser(DIOP)
    answers = [await one.post("/patients/awa/records", RECORD) for _ in range(bounded)]
    assert [answer.status for answer in answers] == [201] * bounded
    refused = await one.post("/patients/awa/records", RECORD)
    assert refused.problem(429)["detail"].startswith("Trop de tentatives")
    assert int(refused.headers["Retry-After"]) > 0
    assert (await other.post("/notifications/read", {"up_to": "1"})).status == 429
    assert (await clinic.program(AWA).post("/notifications/read", {"up_to": 1})).status == 200, "others go on"
    assert (await one.get("/patients/awa/records")).status == 200, "and so does reading"


@pytest.mark.parametrize(
    ("method", "where", "body"),
    [
        ("POST", "/language", {"language": "en"}),
        ("POST", "/acting", {"person_id": "awa"}),
        ("POST", "/second-factor/enrolment", {"password": PASSWORD}),
    ],
)
async def test_what_is_kept_without_a_key_counts_too(
    clinic: Callers, bounded: int, method: str, where: str, body: dict[str, str] | None
) -> None:
    browser = clinic.json_browser(AWA)
    answers = [(await browser.ask(method, where, body)).status for _ in range(bounded + 1)]
    assert answers[-1] == 429 and 429 not in answers[:-1]


async def test_drafts_have_a_bound_of_their_own(clinic: Callers, bounded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "DRAFT_PER_PERSON", Bound("draft", bounded + 5))
    browser, where = clinic.json_browser(AWA), "/drafts/records-new/awa"
    for _ in range(bounded + 4):
        assert (await browser.ask("PUT", where, {"title": "Toux"})).status == 204
    assert (await browser.ask("DELETE", where)).status == 204
    for method in ("PUT", "DELETE"):
        assert (await browser.ask(method, where, {"title": "Toux"} if method == "PUT" else None)).status == 429
    assert (await browser.get(where)).status == 204, "and who types does nothing else less"
    assert (await browser.post("/notifications/read", {"up_to": 1})).status == 200


async def test_nobody_has_done_too_much_to_lock_and_to_leave(clinic: Callers, bounded: int) -> None:
    browser = clinic.json_browser(DIOP)
    for _ in range(bounded):
        await browser.post("/notifications/read", {"up_to": 1})
    assert (await browser.post("/notifications/read", {"up_to": 1})).status == 429
    for where in ("/sessions/end", "/lock", "/sign-out"):
        assert (await browser.post(where)).status == 204, where


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


async def test_asking_for_delivery_and_again_elsewhere(clinic: Callers, told: Told) -> None:
    """Each is before every pharmacist who has the prescription in a list."""
    patient, where = clinic.program(AWA), f"/prescriptions/{told.asked}/delivery-request"
    for number in range(DELIVERY_PER_PERSON.amount):
        asked = await patient.post(where, {"address": f"{number} rue 6, Médina", "phone": "77 123 45 67"})
        assert asked.status == 200
    assert (await patient.post(where, {"address": "1 rue 6, Médina", "phone": "77 123 45 67"})).status == 429
    assert (await patient.post(f"/prescriptions/{told.asked}/delivery-withdrawal")).status == 200, "asking no more"


def test_no_bound_is_less_than_thirty_an_hour_for_a_pair() -> None:
    assert min(ASK_PER_PAIR.amount, GIVE_BACK_PER_PERSON.amount) >= 30


def test_an_hour_later_it_begins_anew_and_a_clock_that_is_put_back_locks_nobody_out() -> None:
    now = [7_200_000]
    bounds = Bounds(2, lambda: now[0])
    bounds.act("diop")
    now[0] += 3_599_999
    bounds.act("diop")
    with pytest.raises(Throttled) as refusal:
        bounds.act("diop")
    assert refusal.value.retry_after == 1
    now[0] += 1
    bounds.act("diop")
    now[0] = 0
    bounds.act("diop")


async def test_traced_readings(clinic: Callers, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "READ_PER_PERSON", Bound("read", 3))
    for _ in range(3):
        assert (await clinic.browser(DIOP).get("/patients/awa/records")).status == 200
    assert (await clinic.browser(DIOP).get("/patients/awa/records")).status == 429
    assert (await clinic.browser(AWA).get("/patients/awa/records")).status == 200, "one's own is not traced"


def test_counts_are_forgotten_when_their_hour_is_over() -> None:
    now = [0]
    bounds = Bounds(1, lambda: now[0])
    for person in range(50_000):
        bounds.act(str(person))
    now[0] = 3_600_000
    bounds.act("one more")
    assert len(bounds._counts) == 1


def _sent(said: Said) -> Said:
    sent: Said = json.loads(json.dumps(said))
    return sent


class TestSeveralProcesses:
    @pytest.fixture
    def both(self) -> list[Bounds]:
        """Of two processes, each of which hears what the other says."""
        both: list[Bounds] = []
        for other in (1, 0):
            both.append(Bounds(10, lambda: 7_200_000, lambda said, other=other: both[other].hear(_sent(said))))
        return both

    def test_what_one_has_counted_the_other_counts_once(self, both: list[Bounds]) -> None:
        one, another = both
        for bounds in (one, another, one, one, another, one):
            bounds.act("diop")
            bounds.pass_on()
        for bounds in both:
            bounds.pass_on()
        for bounds in (one, another, one, another):
            bounds.act("diop")
            bounds.pass_on()
        for bounds in both:
            with pytest.raises(Throttled):
                bounds.act("diop")
            bounds.act("sarr")

    def test_of_many_it_is_said_in_several_pieces(self) -> None:
        said: list[Said] = []
        bounds = Bounds(10, lambda: 0, said.append)
        for number in range(25):
            bounds.count(ASK_PER_PAIR, f"{number:036} {'😷' * 40}")
        bounds.pass_on()
        assert [len(one["caused"]) for one in said] == [10, 10, 5]
        assert max(len(json.dumps(one)) for one in said) < 7_900
        bounds.pass_on()
        assert len(said) == 3, "once"

    def test_the_app_passes_it_on_at_each_sweep_and_hears_it(self) -> None:
        app = create_app(Settings(secret_key="k" * 40, acts_per_hour=3))
        bounds = app.extensions["bounds"]
        assert app.extensions["hub"].swept == bounds.pass_on
        app.extensions["database"].told({"caused": [["act", "diop", 3]]})
        with pytest.raises(Throttled):
            bounds.act("diop")
        app.extensions["database"].told(None)
