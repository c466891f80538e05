"""`python -m benchmarks.soak --minutes 90`: does memory grow under a mixed load that goes on and on?

A clinic's day at a steady pace, on loopback: people ask, approve, prescribe, read pages and files, poll, sign in, and
keep streams open that come and go. Prints the server's memory once a minute and its slope over the second half. What it
may still take when nothing leaks: the page caches of its connections to a growing database (4 × 16 MB), then nothing.
"""

import argparse
import asyncio
import contextlib
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.processes import raise_file_limit
from fadjma import demo
from fadjma.store import Transaction

_PAIRS = 60  # doctors, each with a patient
_STREAMS = 80
_STREAM_SECONDS = 60.0  # of life, about
_ACTORS = 8
_PAUSE = 0.15  # seconds between two requests of one actor
_PAGE = "Accept: text/html\r\nAccept-Encoding: gzip\r\n"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts, and what they prescribe."""

    doctors: list[clinic.Person]
    patients: list[clinic.Person]
    pharmacist: clinic.Person
    admin: clinic.Person
    medicine: str


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=90)
    parser.add_argument("--work", default=Path(__file__).parent, type=Path, help="where the database is made")
    arguments = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix=".work-", dir=arguments.work) as work:
        asyncio.run(_run(Path(work) / "soak.db", arguments.minutes))


async def _run(path: Path, minutes: int) -> None:
    cast = await asyncio.to_thread(clinic.prepare, path, _settle)
    with clinic.serve(path) as server:
        load = Load(server.port, cast)
        working = [asyncio.create_task(load.act()) for _ in range(_ACTORS)]
        working += [asyncio.create_task(load.listen()) for _ in range(_STREAMS)]
        working += [asyncio.create_task(load.watch()), asyncio.create_task(load.sign_in())]
        try:
            await _measure(server.pid, path, minutes, load, working)
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)


async def _measure(pid: int, path: Path, minutes: int, load: "Load", working: list[asyncio.Task[None]]) -> None:
    print("minute  memory MB  of them anonymous  database MB  -wal MB  requests  events", flush=True)
    found: list[float] = []
    began = time.monotonic()
    for minute in range(minutes + 1):
        await asyncio.sleep(began + 60 * minute - time.monotonic())
        if failed := [task for task in working if task.done()]:
            await failed[0]
        resident, anonymous = _memory(pid)
        found.append(resident)
        sizes = [file.stat().st_size / 2**20 for file in (path, path.with_name(path.name + "-wal"))]
        print(
            f"{minute:6} {resident:10.1f} {anonymous:18.1f} {sizes[0]:12.1f} {sizes[1]:8.1f}"
            f" {load.counted['requests']:9} {load.counted['events']:7}",
            flush=True,
        )
    half = found[len(found) // 2 :]
    print(f"slope over the last {len(half) - 1} minutes: {_slope(half):+.3f} MB a minute")
    print("answers: " + ", ".join(f"{status} {count}" for status, count in sorted(load.statuses.items())))


def _memory(pid: int) -> tuple[float, float]:
    """Resident memory in MB, and how much of it is no file's."""
    lines = Path(f"/proc/{pid}/status").read_text()
    resident, anonymous = (int(lines.partition(name)[2].split()[0]) / 1024 for name in ("VmRSS:", "RssAnon:"))
    return resident, anonymous


def _slope(values: list[float]) -> float:
    """Of the straight line through them (least squares), per step."""
    if len(values) < 2:
        return 0.0
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    return sum((x - middle) * (y - mean) for x, y in enumerate(values)) / sum(
        (x - middle) ** 2 for x in range(len(values))
    )


def _settle(tx: Transaction) -> Cast:
    return Cast(
        clinic.doctors(tx, _PAIRS),
        clinic.patients(tx, _PAIRS),
        clinic.known(tx, "pharma.ndiaye@demo.fadjma"),
        clinic.known(tx, "admin@demo.fadjma"),
        str(tx.value("SELECT id FROM medicines ORDER BY id LIMIT 1")),
    )


class Load:
    """What all of them do, until they are cancelled."""

    def __init__(self, port: int, cast: Cast) -> None:
        self._port = port
        self._cast = cast
        self._free = list(zip(cast.doctors, cast.patients, strict=True))
        self._rng = random.Random(7)
        self.counted: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    async def act(self) -> None:
        """One pair after the other goes through the same story; each actor keeps its connection."""
        connection = await asyncio.open_connection("127.0.0.1", self._port)
        with contextlib.closing(connection[1]):
            while True:
                doctor, patient = self._free.pop(0)
                await self._story(connection, doctor, patient)
                self._free.append((doctor, patient))

    async def _story(self, connection: "Connection", doctor: clinic.Person, patient: clinic.Person) -> None:
        body = {"patient_id": patient.id, "reason": "Suivi de la tension", "scope": "full"}
        asked = await self._ask(connection, "POST", "/access-requests", doctor, body)
        where = f"/access-requests/{asked['id']}"
        await self._ask(connection, "POST", f"{where}/approval", patient, {"scope": "full", "duration": "24h"})
        file = f"/patients/{patient.id}"
        record = {"type": "consultation", "title": "Tension", "body": "Régime sans sel. " * 20}
        await self._ask(connection, "POST", f"{file}/records", doctor, record)
        line = {"medicine_id": self._cast.medicine, "dosage": "à jeun", "quantity": 10, "duration_days": 10}
        issued = await self._ask(connection, "POST", f"{file}/prescriptions", doctor, {"lines": [line]})
        cancellation = f"/prescriptions/{issued['id']}/cancellation"
        await self._ask(connection, "POST", cancellation, doctor, {"reason": "Essai fini"})
        for who in (doctor, patient, self._cast.pharmacist):
            await self._ask(connection, "GET", "/", who, headers=_PAGE)
            await self._ask(connection, "GET", "/notifications/poll?after=0", who)
        await self._ask(connection, "GET", f"{file}/records", doctor, headers=_PAGE)
        await self._ask(connection, "POST", "/notifications/read", patient, {"up_to": 2**40})
        await self._ask(connection, "POST", f"{where}/revocation", patient, {})

    async def listen(self) -> None:
        """One stream after the other, each somebody else's."""
        while True:
            who = self._rng.choice([*self._cast.doctors, *self._cast.patients, self._cast.pharmacist])
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(writer), contextlib.suppress(TimeoutError):
                path = self._rng.choice(("/events", "/api/events"))
                writer.write(wire.request("GET", path, token=who.token, headers="Accept: text/event-stream\r\n"))
                async with asyncio.timeout(self._rng.uniform(0.5, 1.5) * _STREAM_SECONDS):
                    while part := await reader.read(65_536):
                        self.counted["events"] += part.count(b"\nevent: ")

    async def watch(self) -> None:
        """What monitors ask."""
        connection = await asyncio.open_connection("127.0.0.1", self._port)
        with contextlib.closing(connection[1]):
            while True:
                for path in ("/health", "/metrics"):
                    await self._ask(connection, "GET", path)
                await self._ask(connection, "GET", "/monitoring", self._cast.admin, headers=_PAGE)
                await asyncio.sleep(5)

    async def sign_in(self) -> None:
        """Passwords are hashed in 64 MB each."""
        connection = await asyncio.open_connection("127.0.0.1", self._port)
        with contextlib.closing(connection[1]):
            while True:
                body = {"email": "dr.diop@demo.fadjma", "password": demo.DEMO_PASSWORD}
                await self._ask(connection, "POST", "/api/token", body=body)
                await asyncio.sleep(20)

    async def _ask(
        self,
        connection: "Connection",
        method: str,
        path: str,
        who: clinic.Person | None = None,
        body: object = None,
        headers: str = "Accept: application/json\r\n",
    ) -> dict[str, str]:
        reader, writer = connection
        writer.write(wire.request(method, path, token=who.token if who else "", body=body, headers=headers))
        came = bytearray()
        while (answer := wire.parse(came)) is None:
            part = await reader.read(65_536)
            if not part:
                raise RuntimeError(f"{method} {path}: the server closed the connection after {bytes(came[:200])!r}")
            came += part
        self.counted["requests"] += 1
        self.statuses[answer.status] += 1
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
        await asyncio.sleep(_PAUSE)
        found: dict[str, str] = json.loads(answer.body) if b"application/json" in answer.head else {}
        return found


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

if __name__ == "__main__":
    main()
