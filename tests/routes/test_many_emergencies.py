"""A bus has turned over: one doctor opens twelve files at once. No right opening is taken for a guess."""

import asyncio
import html
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, DIOP, PASSWORD
from store import Store

from fadjma.accounts import actions as accounts
from fadjma.events.catalogue import MESSAGES
from fadjma.identity import passwords
from fadjma.identity.enrolment import NewPerson
from fadjma.web.throttle import CONFIRM_PER_ACCOUNT

EMERGENCY = {"reason": "Accident de car", "emergency": "life_threat", "password": PASSWORD}
TWELVE = 12


def _patients(store: Store) -> list[str]:
    return [
        store.write(
            accounts.register_patient,
            NewPerson(
                given_name="Fatou",
                family_name="Sow",
                email=f"p{number}@exemple.sn",
                phone=None,
                password_hash="no hash",
            ),
            birth_date="1990-01-01",
            sex="female",
            city="Dakar",
        )
        for number in range(TWELVE)
    ]


@pytest.fixture
def slow_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as argon2 really takes: no password is verified before as many wait as may."""
    verify, waiting, enough = passwords.verify, [], asyncio.Event()

    async def held(*args: Any) -> int | None:
        waiting.append(args)
        if len(waiting) >= CONFIRM_PER_ACCOUNT.amount:
            enough.set()
        async with asyncio.timeout(10):  # what is refused before does not come here
            await enough.wait()
        return await verify(*args)

    monkeypatch.setattr(passwords, "verify", held)


@pytest.mark.usefixtures("slow_hashing")
async def test_twelve_right_openings_at_once_are_all_opened(clinic: Callers, store: Store) -> None:
    patients = _patients(store)
    doctor, before = clinic.program(DIOP), len(store.told(ADMIN))
    answers = await asyncio.gather(
        *(doctor.post("/access-requests", {**EMERGENCY, "patient_id": patient}) for patient in patients)
    )
    assert [answer.status for answer in answers] == [201] * TWELVE
    files = await asyncio.gather(*(doctor.get(f"/patients/{patient}/records") for patient in patients))
    assert [answer.status for answer in files] == [200] * TWELVE
    assert store.told(ADMIN)[before:] == ["access.emergency_review"] * TWELVE


async def test_the_admins_notice_leads_to_the_coded_reason_and_the_doctors_words(clinic: Callers, store: Store) -> None:
    opened = {**EMERGENCY, "patient_id": _patients(store)[0]}
    made = (await clinic.program(DIOP).post("/access-requests", opened)).json["id"]
    admin, browser = clinic.program(ADMIN), clinic.browser(ADMIN)
    newest = (await admin.get("/notifications")).json["items"][0]
    assert (newest["message"], newest["subject"]) == (
        MESSAGES["access.emergency_review"],
        {"kind": "review", "id": made, "name": DIOP.name},
    )
    lines = html.unescape((await browser.get("/notifications")).text)
    assert f'<a href="/emergencies/{made}">Dr <bdi>Ousmane Diop</bdi> · {newest["message"]}</a>' in lines
    told = (await admin.get(f"/emergencies/{made}")).json
    assert (told["emergency"], told["reason"]) == ("life_threat", "Accident de car")
    page = await browser.get(f"/emergencies/{made}")
    assert '<b>Sa vie est en danger</b> <q dir="auto">Accident de car</q>' in html.unescape(page.text)


@pytest.mark.usefixtures("slow_hashing")
async def test_twelve_wrong_ones_at_once_are_no_more_guesses_than_one_after_the_other(
    clinic: Callers, store: Store
) -> None:
    patients = _patients(store)
    doctor = clinic.program(DIOP)
    wrong = [
        doctor.post("/access-requests", {**EMERGENCY, "password": f"guess {n}", "patient_id": patients[n]})
        for n in range(TWELVE)
    ]
    answers = await asyncio.gather(*wrong)
    assert sorted({answer.status for answer in answers}) == [422, 429]
    assert sum(answer.status == 422 for answer in answers) == CONFIRM_PER_ACCOUNT.amount
    assert store.value("SELECT count(*) FROM access_requests WHERE status = 'emergency'") == 0
