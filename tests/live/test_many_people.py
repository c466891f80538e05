"""An open prescription is told to every pharmacist there is: in steps, and nobody else's pages wait for it.

FADJMA_PEOPLE says how many there are.
"""

import asyncio
import os
import time

import pytest
from browsing import Browsing
from crowd import Crowd, Member, greeted
from live_people import Clinic, until

PEOPLE = int(os.environ.get("FADJMA_PEOPLE", "3000"))
STREAMS = PEOPLE * 9 // 10  # the others have gone home
ROUNDS = 5
PART = 1 / 5  # of the time that telling everybody takes, by which a page may be held up


@pytest.mark.alone
async def test_telling_everybody_holds_nobody_up(own_clinic: Clinic) -> None:
    awa, patient, doctor = own_clinic.patient(), own_clinic.patient(), own_clinic.doctor()
    pharmacists = own_clinic.pharmacists(PEOPLE)
    await own_clinic.grant(doctor, patient)
    held_up, prescriptions = [], []
    with Crowd(own_clinic.server.address) as crowd:
        for one in pharmacists[:STREAMS]:
            crowd.ask("/events?after=0", one.session.cookie)
        await asyncio.to_thread(crowd.read, greeted, 60)
        for told in range(1, ROUNDS + 1):
            since = time.monotonic()
            with Browsing(own_clinic.server, awa) as during:
                prescriptions.append(await own_clinic.prescribe(doctor, patient))
                await asyncio.to_thread(crowd.read, lambda one, told=told: _told(one) >= told, 60)
                took = time.monotonic() - since
            held_up.append(max(during.spent) / took)
        for member in crowd.members:
            assert [event.seq for event in member.events() if event.numbered] == list(range(1, ROUNDS + 1))
    await until(lambda: not own_clinic.store.value("SELECT count(*) FROM tellings"))
    sql = "SELECT count(*) >= ?, count(DISTINCT created_at) FROM notifications WHERE subject_id = ?"
    for prescription in prescriptions:
        assert own_clinic.store.rows(sql, PEOPLE, prescription) == [(True, 1)], "all are told of one time"
    # Whatever else the machine does at the moment holds up one round or another; what telling does, all of them.
    assert min(held_up) < PART, held_up


def _told(member: Member) -> int:
    return member.raw.count(b"event: prescription_status_changed")
