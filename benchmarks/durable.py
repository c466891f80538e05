"""Part 3: durable access requests per second, 16 clients, each request another doctor's and to another patient."""

import os
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.crowd import Crowd
from benchmarks.report import BUDGET, EARLIER, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction
from fadjma.store.sqlite.connections import connect

_CLIENTS = 16
_WARM_UP = 100  # requests that are not counted
_FLUSHES = 200
_BUDGET = 1_500.0  # requests per second, benchmarks/README.md, “Budgets”
_EARLIER = {"PostgreSQL": 237.0, "SQLite": 95.0}  # docs/replaces.md, the best of its runs


def run(sizes: Sizes, work: Path) -> Part:
    """As many requests as the sizes say, as fast as 16 clients on kept connections can."""
    progress(f"durable: {sizes.requests:,} access requests, {_CLIENTS} clients")
    path = work / "durable.db"
    total = sizes.requests + _WARM_UP

    def fill(tx: Transaction) -> list[bytes]:
        pairs = zip(clinic.doctors(tx, total), clinic.patients(tx, total), strict=True)
        return [_asking(doctor, patient) for doctor, patient in pairs]

    requests = clinic.prepare(path, fill)
    before = _stored(path)
    with clinic.serve(path) as server, Crowd(server.port, _CLIENTS) as crowd:
        crowd.send(requests[:_WARM_UP], 201)
        usage = server.usage()
        _, seconds = crowd.send(requests[_WARM_UP:], 201)
        cpu = server.usage().cpu - usage.cpu
    if (stored := _stored(path) - before) != total:
        raise RuntimeError(f"{total} requests were answered with 201, {stored} are stored")
    return _part(sizes.requests / seconds, cpu / sizes.requests * 1e3, sizes.requests, flushes_per_second(work))


def _part(rate: float, cpu: float, count: int, flushes: float) -> Part:
    part = Part(
        f"Durable access requests, {_CLIENTS} clients, {count:,} requests",
        ["server", "requests/s", "CPU ms per request", "flushes/s of this disk, one after the other"],
        [["FADJMA, SQLite, synchronous=FULL", show(rate), show(cpu), show(flushes)]],
    )
    part.ratios = [
        Ratio("durable access requests, 16 clients (more is better)", "/s", rate, f"{EARLIER}, {name}", theirs)
        for name, theirs in _EARLIER.items()
    ]
    part.ratios.append(Ratio("durable access requests, 16 clients (more is better)", "/s", rate, BUDGET, _BUDGET))
    part.notes += [
        "Each request creates one access request, one audit entry and one or two notifications; all are counted again"
        " in the database afterwards. Keep-alive, bearer tokens, JSON. The clients share the machine.",
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
