"""People who work without end while the server is killed, and know what they were answered."""

import asyncio
from random import Random
from typing import Any

import httpx
from live_people import Clinic, Person

from fadjma.ids import new_id


class Load:
    """A doctor who asks and withdraws without end, makes mistakes, and knows which acts were acknowledged."""

    def __init__(
        self, clinic: Clinic, doctor: Person, patient: Person, *, outages: bool = False, pause: float = 0.01
    ) -> None:
        """`outages`: it is also said that the database cannot be reached (503), and the act sent again. `pause`: the
        most seconds that the doctor thinks before the next act."""
        self.doctor, self.patient = doctor, patient
        self.acknowledged: dict[str, str] = {}  # id of the request: the last state that was answered
        self.refused = 0
        self._clinic = clinic
        self._outages = outages
        self._pause = pause

    async def run(self, rng: Random) -> None:
        while True:
            key = new_id()
            asked = await self._insist(201, key, "/access-requests", patient_id=self.patient.id, reason="Suivi")
            self.acknowledged[asked["id"]] = asked["status"]
            await asyncio.sleep(rng.random() * self._pause)
            await self._be_refused(key)
            withdrawn = await self._insist(200, new_id(), f"/access-requests/{asked['id']}/withdrawal")
            self.acknowledged[asked["id"]] = withdrawn["status"]
            await asyncio.sleep(rng.random() * self._pause)

    async def _be_refused(self, used_key: str) -> None:
        """While one is pending: ask once more, and send another act under a key that is taken.

        Both are found out inside the transaction, which may be committed together with others' acts.
        """
        fields = {"patient_id": self.patient.id, "reason": "Suivi, encore"}
        await asyncio.gather(
            self._insist(409, new_id(), "/access-requests", **fields),
            self._insist(422, used_key, "/access-requests", **fields),
        )
        self.refused += 2

    async def _insist(self, expected: int, key: str, path: str, **fields: Any) -> dict[str, Any]:
        """Send one act until it is answered, with the same key, as a form that is sent again does."""
        while True:
            try:
                response = await self._clinic.post(self.doctor, path, key=key, **fields)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if response.status_code == 503 and self._outages:
                await asyncio.sleep(0.1)
                continue
            assert response.status_code == expected, (response.status_code, response.text)
            answer: dict[str, Any] = response.json()
            return answer


def acts(loads: list[Load]) -> int:
    """How many have been acknowledged."""
    return sum(len(load.acknowledged) for load in loads)


def check_acknowledged(clinic: Clinic, loads: list[Load], seed: int) -> None:
    """What was answered is there, and nothing that was refused."""
    for load in loads:
        rows = clinic.store.rows("SELECT id, status FROM access_requests WHERE doctor_id = ?", load.doctor.id)
        stored: dict[str, str] = dict(rows)
        for request_id, status in load.acknowledged.items():
            assert request_id in stored, f"acknowledged and lost: FADJMA_SEED={seed}"
            assert stored[request_id] == status or (status, stored[request_id]) == ("pending", "withdrawn")
        open_now = [request_id for request_id, status in stored.items() if status == "pending"]
        assert len(open_now) <= 1
        unanswered = stored.keys() - load.acknowledged.keys()
        assert len(unanswered) <= 1, "a doctor waits for one answer: the others were refused, and stored all the same"
