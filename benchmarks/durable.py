"""Part 3: durable access requests per second, 16 clients, each request another doctor's and to another patient."""

import os
import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.report import BUDGET, EARLIER, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction
from fadjma.store.connections import connect

_CLIENTS = 16
_WARM_UP = 100  # requests that are not counted
_FLUSHES = 200
_BUDGET = 1_500.0  # requests per second, benchmarks/README.md, “Budgets”
_EARLIER = {"PostgreSQL": 237.0, "SQLite": 95.0}  # docs/replaces.md, the best of its runs


@dataclass(slots=True)
class _Pending:
    """One client with its request under way."""

    connection: socket.socket
    came: bytearray = field(default_factory=bytearray)


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
    with clinic.serve(path) as server:
        _send(server.port, iter(requests[:_WARM_UP]))
        usage = server.usage()
        seconds = _send(server.port, iter(requests[_WARM_UP:]))
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


def _send(port: int, requests: Iterator[bytes]) -> float:
    """Send them all, each client the next one as soon as it has its answer; returns seconds."""
    selector = selectors.DefaultSelector()
    clients = [wire.Client(port) for _ in range(_CLIENTS)]
    began = wire.now()
    waiting = 0
    for client, request in zip(clients, requests, strict=False):
        client.socket.sendall(request)
        selector.register(client.socket, selectors.EVENT_READ, _Pending(client.socket))
        waiting += 1
    while waiting:
        ready = selector.select(wire.TIMEOUT)
        if not ready:
            raise RuntimeError(f"no answer in {wire.TIMEOUT:.0f} s")
        for key, _ in ready:
            waiting -= _step(key.data, requests)
    seconds = wire.now() - began
    selector.close()
    for client in clients:
        client.close()
    return seconds


def _step(pending: _Pending, requests: Iterator[bytes]) -> int:
    """Read what has come; after a whole answer, send the next request. Returns 1 when there is none."""
    part = pending.connection.recv(65_536)
    if not part:
        raise RuntimeError("the server closed a connection")
    pending.came += part
    if (answer := wire.parse(pending.came)) is None:
        return 0
    wire.checked(answer, 201)
    pending.came.clear()
    if (request := next(requests, None)) is None:
        return 1
    pending.connection.sendall(request)
    return 0


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
