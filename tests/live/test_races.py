"""Fifty people who do at the same moment what only one can do: over sockets, each answered, and nothing done twice.

All have connected before the first of them asks, so that the server has all of it before it at once.
"""

import asyncio
import json
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from live_people import Clinic, Person

FIFTY = 50
Asked = tuple[Person, str, dict[str, Any]]
Answer = tuple[int, dict[str, Any]]


async def at_once(clinic: Clinic, asked: list[Asked]) -> list[Answer]:
    """Status and content of each answer, in the order in which it was asked."""
    to = urlsplit(clinic.address)
    opened = await asyncio.gather(*(asyncio.open_connection(to.hostname, to.port) for _ in asked))
    for (_, writer), one in zip(opened, asked, strict=True):
        writer.write(_request(to.netloc, *one))
    answers = await asyncio.gather(*(reader.read() for reader, _ in opened))
    for _, writer in opened:
        writer.transport.abort()
    await asyncio.gather(*(writer.wait_closed() for _, writer in opened), return_exceptions=True)
    return [(int(raw[9:12]), json.loads(raw.partition(b"\r\n\r\n")[2])) for raw in answers]


def _request(host: str, who: Person, path: str, fields: dict[str, Any]) -> bytes:
    body = json.dumps(fields).encode()
    headers = {"Host": host, "Content-Type": "application/json", "Content-Length": len(body), "Connection": "close"}
    lines = [
        f"POST {path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in {**headers, **who.session.bearer}.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(status for status, _ in answers)


async def receive(clinic: Clinic, who: Person, number: str, quantity: int) -> str:
    lot = {"medicine_id": clinic.medicine()[0], "number": number, "expires_on": "2031-12-31", "quantity": quantity}
    return await clinic.act(who, "/inventory/lots", **lot)


async def made_ready(clinic: Clinic, doctor: Person, patient: Person, pharmacist: Person) -> str:
    """Twenty units are put aside for a prescription of this pharmacy; gives its address."""
    path = f"/prescriptions/{await clinic.prescribe(doctor, patient, pharmacist.place)}"
    for act in ("validation", "preparation", "readiness"):
        await clinic.act(pharmacist, f"{path}/{act}")
    return path


async def test_fifty_pharmacies_claim_one_prescription_and_fifty_hand_it_over(own_clinic: Clinic) -> None:
    clinic, patient, doctor = own_clinic, own_clinic.patient(), own_clinic.doctor()
    await clinic.grant(doctor, patient)
    competing = clinic.pharmacists(FIFTY)
    path = f"/prescriptions/{await clinic.prescribe(doctor, patient)}"

    claimed = await at_once(clinic, [(one, f"{path}/validation", {}) for one in competing])
    assert statuses(claimed) == {200: 1, 409: FIFTY - 1}
    winner = next(one for one, (status, _) in zip(competing, claimed, strict=True) if status == 200)
    lost = [said for status, said in claimed if status == 409]
    assert {said["detail"] for said in lost} == {"Une autre pharmacie vient de prendre cette ordonnance."}
    held = "SELECT status, pharmacy_id FROM prescriptions WHERE id = ?"
    assert clinic.store.rows(held, path.rpartition("/")[2]) == [("validated", winner.place)]

    crew = clinic.pharmacists(FIFTY, winner.place)
    lot = await receive(clinic, winner, "COURSE-1", 100)
    for act in ("preparation", "readiness"):
        await clinic.act(winner, f"{path}/{act}")
    code = (await clinic.get(patient, path)).json()["handover_code"]
    given = await at_once(clinic, [(one, f"{path}/delivery", {"code": code}) for one in crew])
    assert statuses(given) == {200: 1, 409: FIFTY - 1}
    assert {said["current"] for status, said in given if status == 409} == {"delivered"}
    prescription_id = path.rpartition("/")[2]
    assert clinic.store.rows("SELECT count(*) FROM dispenses WHERE prescription_id = ?", prescription_id) == [(1,)]
    assert clinic.store.rows("SELECT on_hand, reserved FROM lots WHERE id = ?", lot) == [(80, 0)]
    told = "SELECT message, count(*) FROM notifications WHERE user_id = ? AND message LIKE '%deliver%' GROUP BY 1"
    assert clinic.store.rows(told, patient.id) == [("prescription.delivered", 1)]


async def test_fifty_give_parts_cancel_and_count_at_once_and_all_of_it_adds_up(own_clinic: Clinic) -> None:
    clinic, patient, doctor = own_clinic, own_clinic.patient(), own_clinic.doctor()
    await clinic.grant(doctor, patient)
    crew = clinic.pharmacists(FIFTY, clinic.place())
    ndiaye = crew[0]

    arrived = {"medicine_id": clinic.medicine()[0], "number": "COURSE-2", "expires_on": "2031-12-31", "quantity": 4}
    received = await at_once(clinic, [(one, "/inventory/lots", arrived) for one in crew])
    assert statuses(received) == {201: FIFTY} and len({said["id"] for _, said in received}) == 1
    lot = f"/inventory/lots/{received[0][1]['id']}"
    before = (await clinic.get(ndiaye, lot)).json()
    assert before["on_hand"] == 4 * FIFTY
    found = [{"on_hand": 100 + n, "version": before["version"], "reason": "Inventaire"} for n in range(FIFTY)]
    counted = await at_once(
        clinic, [(one, f"{lot}/adjustments", count) for one, count in zip(crew, found, strict=True)]
    )
    assert statuses(counted) == {200: 1, 409: FIFTY - 1}
    now = next(count["on_hand"] for count, (status, _) in zip(found, counted, strict=True) if status == 200)
    assert (await clinic.get(ndiaye, lot)).json()["on_hand"] == now

    path = await made_ready(clinic, doctor, patient, ndiaye)
    line = (await clinic.get(ndiaye, path)).json()["lines"][0]["id"]
    part = {"identity_document": "CNI 1", "reason": "Perdu", "lines": [{"line_id": line, "quantity": 3}]}
    parts = await at_once(clinic, [(one, f"{path}/delivery", part) for one in crew])
    assert statuses(parts) == {200: 6, 422: FIFTY - 6}, "of twenty units, six times three"
    after = (await clinic.get(ndiaye, path)).json()
    assert (after["status"], after["lines"][0]["delivered"]) == ("part_delivered", 18)
    assert (await clinic.get(ndiaye, lot)).json()["on_hand"] == now - 18

    other = f"/prescriptions/{await clinic.prescribe(doctor, patient, ndiaye.place)}"
    reason: dict[str, Any] = {"reason": "Traitement changé"}
    mixed = [
        one
        for pharmacist in crew
        for one in ((pharmacist, f"{other}/validation", {}), (doctor, f"{other}/cancellation", reason))
    ]
    answers = await at_once(clinic, mixed)
    assert statuses(answers[1::2]) == {200: 1, 409: FIFTY - 1}
    assert statuses(answers[::2])[200] <= 1 and statuses(answers[::2])[409] >= FIFTY - 1
    states = "SELECT from_status, to_status FROM prescription_acts WHERE prescription_id = ? ORDER BY at, id"
    reached = [target for _, target in clinic.store.rows(states, other.rpartition("/")[2])]
    assert reached in (["issued", "cancelled"], ["issued", "validated", "cancelled"])
