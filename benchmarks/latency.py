"""Part 2: from an act to another person's open stream, at a low rate: what one person feels.

FADJMA: a doctor asks a patient for access (a durable transaction); the patient has a stream open. Each act is another
doctor's. The peers: a request to publish, and the event on an open stream; nothing is stored.
"""

import contextlib
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.contenders import Contender, Start, peers
from benchmarks.processes import Server
from benchmarks.report import BUDGET, EARLIER, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction

_WARM_UP = 20  # acts that are not counted
_BUDGET = {0.5: 2.0, 0.99: 10.0}  # ms, benchmarks/README.md, “Budgets”
_EARLIER = {0.5: 11.0, 0.95: 16.0}  # ms, docs/replaces.md: request → patient's socket, the better of its databases
_QUANTILES = {0.5: "median", 0.95: "95th percentile", 0.99: "99th percentile"}


@dataclass(slots=True)
class Asking:
    """FADJMA, where doctor after doctor asks one patient for access."""

    server: Server
    client: wire.Client
    patient: clinic.Person
    doctors: Iterator[clinic.Person]
    path: str
    marker: bytes = b"event: new_access_request"

    def steps(self, count: int) -> list[wire.Steps]:
        return [wire.event_stream(self.path, self.patient.token)] * count

    def publish(self) -> None:
        body = {"patient_id": self.patient.id, "reason": "Consultation de suivi", "scope": "full"}
        asked = wire.request("POST", "/access-requests", token=next(self.doctors).token, body=body)
        self.client.socket.sendall(asked)

    def published(self) -> None:
        wire.checked(self.client.answer(), 201)


def run(sizes: Sizes, work: Path) -> Part:
    """FADJMA with HTML and JSON streams, and every peer."""
    part = Part(
        f"Latency: act to another's open stream, {sizes.acts} acts, {sizes.pause_seconds * 1000:.0f} ms apart",
        ["server", *(f"{name}, ms" for name in _QUANTILES.values()), "slowest"],
    )
    results: dict[str, list[float]] = {}
    for name, start, missing in _contenders(sizes, work):
        if missing:
            part.rows.append([name, missing, "", "", ""])
            continue
        progress(f"latency: {name}")
        with start as contender:
            results[name] = _measure(contender, sizes)
        times = results[name]
        part.rows.append([name, *(show(quantile(times, q)) for q in _QUANTILES), show(times[-1])])
    part.ratios = _ratios(results)
    part.notes.append(
        "FADJMA's time has a durable commit in it (its disk: see the durable part); the peers store nothing."
        " The system we replace was measured from the request to the patient's socket, with PostgreSQL."
    )
    return part


def _contenders(sizes: Sizes, work: Path) -> Iterator[tuple[str, Start, str]]:
    yield "FADJMA, HTML", _fadjma("/events", sizes, work), ""
    yield "FADJMA, JSON", _fadjma("/api/events", sizes, work), ""
    for peer in peers():
        yield peer.name, peer.start(work), peer.missing


@contextmanager
def _fadjma(path: str, sizes: Sizes, work: Path) -> Iterator[Contender]:
    database = work / f"latency{path.replace('/', '-')}.db"

    def fill(tx: Transaction) -> tuple[clinic.Person, list[clinic.Person]]:
        return clinic.patients(tx, 1)[0], clinic.doctors(tx, sizes.acts + _WARM_UP)

    patient, doctors = clinic.prepare(database, fill)
    with clinic.serve(database) as server, contextlib.closing(wire.Client(server.port)) as client:
        yield Asking(server, client, patient, iter(doctors), path)


def _measure(contender: Contender, sizes: Sizes) -> list[float]:
    """Milliseconds of each act, the fastest first."""
    (steps,) = contender.steps(1)
    with contextlib.closing(wire.open_stream(contender.server.port, steps)) as stream:
        time.sleep(0.5)
        times = [_act(contender, stream, sizes.pause_seconds) for _ in range(sizes.acts + _WARM_UP)]
    return sorted(times[_WARM_UP:])


def _act(contender: Contender, stream: socket.socket, pause: float) -> float:
    began = wire.now()
    contender.publish()
    wire.await_bytes(stream, contender.marker)
    taken = wire.now() - began
    contender.published()
    time.sleep(pause)
    return taken * 1e3


def quantile(ordered: list[float], q: float) -> float:
    """The smallest value that at least this share does not exceed."""
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def _ratios(results: dict[str, list[float]]) -> list[Ratio]:
    """HTML streams, as pages have them, against all others."""
    found = []
    for q, name in _QUANTILES.items():
        against = {other: quantile(theirs, q) for other, theirs in results.items() if "FADJMA" not in other}
        against |= {BUDGET: _BUDGET[q]} if q in _BUDGET else {}
        against |= {EARLIER: _EARLIER[q]} if q in _EARLIER else {}
        ours = quantile(results["FADJMA, HTML"], q)
        found += [Ratio(f"act to another's stream, {name}", "ms", ours, *other) for other in against.items()]
    return found
