"""Part 3: durable access requests per second, 16 clients, each request another doctor's and to another patient."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import clinic, wire
from benchmarks.contenders import bare_quart
from benchmarks.crowd import Crowd
from benchmarks.processes import Server
from benchmarks.report import BUDGET, EARLIER, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction
from fadjma.store.sqlite.connections import connect

_CLIENTS = 16
_WARM_UP = 100  # requests that are not counted
_FLUSHES = 200
_ROUNDS = 6
_BUDGET = 1_500.0  # requests per second, benchmarks/README.md, “Budgets”
_EARLIER = {"PostgreSQL": 237.0, "SQLite": 95.0}  # docs/replaces.md, the best of its runs


@dataclass(frozen=True, slots=True)
class Measured:
    """One server: requests per second and CPU ms per request, of each round."""

    rates: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)


def run(sizes: Sizes, work: Path) -> Part:
    """As many requests as the sizes say, as fast as 16 clients on kept connections can; the same to Quart alone.

    Both in turn, some requests at a time: whatever else the machine does, it does to both.
    """
    progress(f"durable: {sizes.requests:,} access requests, {_CLIENTS} clients")
    path = work / "durable.db"
    total = sizes.requests + _WARM_UP

    def fill(tx: Transaction) -> list[bytes]:
        pairs = zip(clinic.doctors(tx, total), clinic.patients(tx, total), strict=True)
        return [_asking(doctor, patient) for doctor, patient in pairs]

    requests = clinic.prepare(path, fill)
    before = _stored(path)
    ours, bare = Measured(), Measured()
    each = sizes.requests // _ROUNDS
    with clinic.serve(path) as server, bare_quart(work) as other:
        for one in (server, other):
            with Crowd(one.port, _CLIENTS) as crowd:
                crowd.send(requests[:_WARM_UP], 201)
        for start in range(_WARM_UP, total, each):
            some = requests[start : start + each]
            _round(server, some, ours)
            _round(other, some, bare)
    if (stored := _stored(path) - before) != total:
        raise RuntimeError(f"{total} requests were answered with 201, {stored} are stored")
    return _part(ours, bare, sizes.requests, flushes_per_second(work))


def _round(server: Server, requests: list[bytes], measured: Measured) -> None:
    with Crowd(server.port, _CLIENTS) as crowd:
        usage = server.usage()
        _, seconds = crowd.send(requests, 201)
        measured.rates.append(len(requests) / seconds)
        measured.cpus.append((server.usage().cpu - usage.cpu) / len(requests) * 1e3)


def _part(ours: Measured, bare: Measured, count: int, flushes: float) -> Part:
    rate, theirs = median(ours.rates), median(bare.rates)
    part = Part(
        f"Durable access requests, {_CLIENTS} clients, {count:,} requests in {len(ours.rates)} rounds",
        ["server", "requests/s", "CPU ms per request", "flushes/s of this disk, one after the other"],
        [
            ["FADJMA, SQLite, synchronous=FULL", show(rate), show(median(ours.cpus)), show(flushes)],
            ["Quart alone", show(theirs), show(median(bare.cpus)), ""],
        ],
    )
    part.ratios = [
        Ratio("durable access requests, 16 clients (more is better)", "/s", rate, "Quart alone", theirs),
        Ratio("CPU of a durable access request", "ms", median(ours.cpus), "Quart alone", median(bare.cpus)),
    ]
    part.ratios += [
        Ratio("durable access requests, 16 clients (more is better)", "/s", rate, f"{EARLIER}, {name}", earlier)
        for name, earlier in _EARLIER.items()
    ]
    part.ratios.append(Ratio("durable access requests, 16 clients (more is better)", "/s", rate, BUDGET, _BUDGET))
    part.notes += [
        "Each request creates one access request, one audit entry and one or two notifications; all are counted again"
        " in the database afterwards. Keep-alive, bearer tokens, JSON. The clients share the machine.",
        "Quart alone: the same request, an answer as long, no database, no account, no form; on the same uvicorn,"
        " uvloop and httptools. Both in turn; medians of the rounds, of whose own ratios the median is"
        f" {median(one / other for one, other in zip(ours.rates, bare.rates, strict=True)):.2f}.",
        "Flushes: 4 KB overwritten and fdatasync, alone: what one commit at a time could reach at most.",
    ]
    return part


def _asking(doctor: clinic.Person, patient: clinic.Person) -> bytes:
    body = {"patient_id": patient.id, "reason": "Consultation de suivi", "scope": "full"}
    return wire.request("POST", "/access-requests", token=doctor.token, body=body)


def _stored(path: Path) -> int:
    connection = connect(path, read_only=True)
    count: int = connection.execute("SELECT count(*) FROM access_requests").fetchone()[0]
    connection.close()
    return count


def flushes_per_second(directory: Path) -> float:
    """How often this disk can be made to keep 4 KB."""
    path = directory / "flushes"
    with path.open("wb", buffering=0) as file:
        file.write(b"\0" * 4_096 * _FLUSHES)
        os.fsync(file.fileno())
        file.seek(0)
        began = wire.now()
        for _ in range(_FLUSHES):
            file.write(b"\0" * 4_096)
            os.fdatasync(file.fileno())
        seconds = wire.now() - began
    path.unlink()
    return _FLUSHES / seconds
