"""Everybody does at once what comes into their heads with the same prescriptions and lots: two pharmacies of one house,
the doctor and the patient, over sockets, on SQLite and on two processes with PostgreSQL.

Who is faster is for the machine to decide. Whatever comes of it, nothing is handed over, counted or put aside twice,
and each answer says in words what happened.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from answering import answered
from fleet import Fleet, FleetClinic
from live_people import Clinic, Person
from test_races import Answer, Asked, _request

from fadjma import verifying
from fadjma.chain.walking import Walk

if TYPE_CHECKING:
    from clusters import Cluster

WIDE, ROUNDS = 48, 2
DOCUMENT = {"identity": {"kind": "national_id", "number": "1 234"}, "reason": "Perdu", "confirm": True}
WHY = {"reason": "Parce que oui"}
UNSOUND = (
    "SELECT id FROM prescription_lines WHERE delivered NOT BETWEEN 0 AND quantity",
    "SELECT id FROM lots WHERE reserved NOT BETWEEN 0 AND on_hand",
    "SELECT p.id FROM prescriptions p JOIN reservations r ON r.prescription_id = p.id "
    "WHERE p.status NOT IN ('prepared', 'ready', 'in_delivery')",
)


async def at_once(clinic: Clinic, asked: list[Asked]) -> list[Answer]:
    """Status and content of each answer; all have connected before the first asks, each to the next process."""
    where = [urlsplit(clinic.address) for _ in asked]
    opened = await asyncio.gather(*(asyncio.open_connection(to.hostname, to.port) for to in where))
    for (_, writer), to, one in zip(opened, where, asked, strict=True):
        writer.write(_request(to.netloc, *one))
    answers = await asyncio.gather(*(reader.read() for reader, _ in opened))
    for _, writer in opened:
        writer.transport.abort()
    await asyncio.gather(*(writer.wait_closed() for _, writer in opened), return_exceptions=True)
    return [(int(raw[9:12]), json.loads(raw.partition(b"\r\n\r\n")[2])) for raw in answers]


@dataclass
class Crowd:
    """The people, their two prescriptions and their lots. `chance`: the same in every run."""

    clinic: Clinic
    chance: random.Random
    crews: list[list[Person]] = field(default_factory=list)
    lots: list[tuple[list[Person], str]] = field(default_factory=list)
    medicines: list[str] = field(default_factory=list)
    done: Counter[tuple[str, int]] = field(default_factory=Counter)

    async def come(self) -> None:
        clinic = self.clinic
        house = [clinic.place(), clinic.place()]
        together = "UPDATE organizations SET part_of = ? WHERE id = ?"
        clinic.store.write(lambda tx: tx.execute(together, (house[0], house[1])))
        self.crews = [clinic.pharmacists(5, place) for place in house]
        self.doctor, self.patient = clinic.doctor(), clinic.patient()
        await clinic.grant(self.doctor, self.patient)
        sql = "SELECT id FROM medicines WHERE unit IN ('gélule', 'comprimé') ORDER BY id LIMIT 2"
        self.medicines = [id for (id,) in clinic.store.rows(sql)]
        for crew in self.crews:
            for medicine in self.medicines:
                self.lots.append((crew, await self._receive(crew[0], medicine)))

    async def _receive(self, who: Person, medicine: str) -> str:
        lot = {"medicine_id": medicine, "number": "L1", "expires_on": "2031-12-31", "quantity": 300}
        return f"/inventory/lots/{await self.clinic.act(who, '/inventory/lots', **lot)}"

    async def prescribe(self, steps: int) -> str:
        """At a pharmacy that has taken it so far."""
        line = {"dosage": "1 matin et soir", "duration_days": 10}
        lines = [{**line, "medicine_id": id, "quantity": n} for id, n in zip(self.medicines, (20, 12), strict=True)]
        path = f"/patients/{self.patient.id}/prescriptions"
        address = f"/prescriptions/{await self.clinic.act(self.doctor, path, lines=lines, pharmacy_id='')}"
        crew = self.chance.choice(self.crews)
        for act in ("validation", "preparation", "readiness")[:steps]:
            fields: dict[str, Any] = {"partial": True, "confirm": True} if act == "preparation" else {}
            answer = await self.clinic.post(crew[0], f"{address}/{act}", **fields)
            if answer.status_code == 422:
                answer = await self.clinic.post(crew[0], f"{address}/{act}", **answered(fields, answer.json()))
        return address

    async def do(self, addresses: list[str]) -> None:
        asked = [await self._something(self.chance.choice(addresses)) for _ in range(WIDE)]
        for (_, path, _), (status, said) in zip(asked, await at_once(self.clinic, asked), strict=True):
            assert status in (200, 201, 404, 409, 422), (path, status, said)
            assert status < 400 or said["detail"].endswith((".", "?")), said
            self.done[path.rpartition("/")[2], status] += 1

    async def _something(self, address: str) -> Asked:
        chance, found = self.chance, (await self.clinic.get(self.doctor, address)).json()
        sql = "SELECT pharmacy_id FROM prescriptions WHERE id = ?"
        [(holder,)] = self.clinic.store.rows(sql, address.rpartition("/")[2])
        crew = next((one for one in self.crews if one[0].place == holder), chance.choice(self.crews))
        who, line = chance.choice(crew), chance.choice(found["lines"])["id"]
        part = {**DOCUMENT, "lines": [{"line_id": line, "quantity": chance.choice((1, 3, 7, 12))}]}
        partly = {"partial": True, "confirm": True}
        act, person, fields = chance.choice(
            [
                *[("delivery", who, part)] * 9,
                ("delivery", who, DOCUMENT),
                *[("undoing", who, WHY)] * 4,
                *[("preparation", who, partly), ("rest", who, partly), ("readiness", who, {})] * 3,
                ("unsupplied", who, {"line_id": line, "shortage": "out_of_stock"}),
                ("line-end", self.doctor, {**WHY, "line_id": line}),
                ("code", self.patient, {}),
                chance.choice(
                    [
                        ("validation", who, {}),
                        ("hold", who, WHY),
                        ("release", who, {**WHY, "confirm": True}),
                        ("refusal", who, {"code": "dose", "text": "Trop forte"}),
                        ("cancellation", self.doctor, WHY),
                        ("taking-back", self.patient, WHY),
                    ]
                ),
                *[("", who, {})] * 6,
            ]
        )
        return (person, f"{address}/{act}", fields) if act else await self._something_with_a_lot()

    async def _something_with_a_lot(self) -> Asked:
        crew, lot = self.chance.choice(self.lots)
        who, other = self.chance.choice(crew), next(one for one in self.crews if one is not crew)
        match self.chance.randrange(5):
            case 0:
                version = (await self.clinic.get(who, lot)).json()["version"]
                found = self.chance.randrange(100, 300)
                return who, f"{lot}/adjustments", {"on_hand": found, "version": version, "reason": "Casse"}
            case 1:
                medicine = self.chance.choice(self.medicines)
                arrived = {"medicine_id": medicine, "number": "N1", "expires_on": "2031-12-31", "quantity": 5}
                return who, "/inventory/lots", {**arrived, "confirm": True}
            case 2:
                return who, f"{lot}/transfers", {"to_id": other[0].place, "quantity": 3}
            case 3:
                return who, f"{lot}/blocking", {"why": "Doute"}
        return who, f"{lot}/unblocking", {}

    async def receive_and_take_back(self) -> None:
        """What is on its way is received by all who may, and taken back by all who may, at once."""
        items = (await self.clinic.get(self.crews[0][0], "/inventory/transfers")).json()["items"]
        asked: list[Asked] = []
        for item in items:
            if item["status"] == "sent":
                first, second = self.crews if item["from"]["id"] == self.crews[0][0].place else self.crews[::-1]
                address = f"/inventory/transfers/{item['id']}"
                asked += [(who, f"{address}/receipt", {}) for who in second[:2]]
                asked += [(who, f"{address}/undoing", {}) for who in first[:2]]
        self.chance.shuffle(asked)
        if asked:
            answers = await at_once(self.clinic, asked)
            assert Counter(status for status, _ in answers) == {200: len(asked) // 4, 409: len(asked) // 4 * 3}

    def require_sound(self, *, is_file: bool) -> None:
        store = self.clinic.store
        assert store.read(lambda tx: verifying.walk(tx, is_file=is_file)) == []
        assert [row for sql in UNSOUND for row in store.rows(sql)] == []


async def _live(clinic: Clinic, *, is_file: bool) -> None:
    crowd = Crowd(clinic, random.Random(1))
    await crowd.come()
    for number in range(ROUNDS):
        addresses = [await crowd.prescribe(3), await crowd.prescribe(2 - number % 2)]
        await crowd.do(addresses)
        await crowd.receive_and_take_back()
        crowd.require_sound(is_file=is_file)
    assert clinic.store.read(lambda tx: [*Walk(verifying.COVERED).breaks(tx)]) == []
    assert crowd.done["delivery", 200] and crowd.done["delivery", 409]


async def test_on_a_file_it_all_adds_up(own_clinic: Clinic) -> None:
    await _live(own_clinic, is_file=True)


@pytest.fixture
def fleet(cluster: "Cluster", tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(cluster, tmp_path, 2) as fleet:
        yield fleet
    assert "Traceback" not in fleet.log, fleet.log


async def test_on_two_processes_with_postgresql_it_all_adds_up(fleet: Fleet) -> None:
    async with FleetClinic(fleet) as clinic:
        medicine = {"form": "gélule", "strength": "20 mg", "unit": "gélule", "schedule": "none"}
        for name in ("oméprazole", "doxycycline"):
            await clinic.act(clinic.admin(), "/formulary", dci=name, **medicine)
        await _live(clinic, is_file=False)
