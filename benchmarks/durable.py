"""Part 3: durable access requests per second, 16 clients, each request another doctor's and to another patient."""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import clinic, postgresql, wire
from benchmarks.contenders import bare_quart
from benchmarks.crowd import Crowd
from benchmarks.processes import Server, usage_of
from benchmarks.report import BUDGET, EARLIER, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.access import actions as access
from fadjma.store import Transaction, at

_CLIENTS = 16
_WARM_UP = 100  # requests that are not counted
_FLUSHES = 200
_ROUNDS = 6
_BUDGET = 1_500.0  # requests per second, benchmarks/README.md, “Budgets”
_EARLIER = {"PostgreSQL": 237.0, "SQLite": 95.0}  # docs/replaces.md, the best of its runs
_SQLITE, _BARE = "FADJMA, SQLite, synchronous=FULL", "Quart alone"
_PROCESSES = (1, 2)  # with PostgreSQL


@dataclass(slots=True)
class _Contender:
    """Servers of one kind on one database, and what they showed: requests per second and CPU ms per request, of each
    round; of PostgreSQL's own processes apart.

    `url`: of its database; none of one that keeps nothing.
    """

    name: str
    servers: Sequence[Server]
    requests: list[bytes]
    url: str = ""
    database_pid: int = 0
    rates: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    database_cpus: list[float] = field(default_factory=list)

    def round(self, requests: list[bytes]) -> None:
        with Crowd([server.port for server in self.servers], _CLIENTS) as crowd:
            before, database_before = self._cpu()
            _, seconds = crowd.send(requests, 201)
            after, database_after = self._cpu()
        self.rates.append(len(requests) / seconds)
        self.cpus.append((after - before) / len(requests) * 1e3)
        self.database_cpus.append((database_after - database_before) / len(requests) * 1e3)

    def _cpu(self) -> tuple[float, float]:
        own = sum(server.usage().cpu for server in self.servers)
        return own, usage_of(self.database_pid).cpu if self.database_pid else 0.0


def run(sizes: Sizes, work: Path) -> Part:
    """As many requests as the sizes say, as fast as 16 clients on kept connections can; the same to Quart alone.

    All in turn, some requests at a time: whatever else the machine does, it does to all.
    """
    progress(f"durable: {sizes.requests:,} access requests, {_CLIENTS} clients")
    total = sizes.requests + _WARM_UP
    each = sizes.requests // _ROUNDS
    with ExitStack() as stack:
        contenders = list(_contenders(stack, work, total))
        kept = [one for one in contenders if one.url]
        before = [_stored(one.url) for one in kept]
        for one in contenders:
            with Crowd([server.port for server in one.servers], _CLIENTS) as crowd:
                crowd.send(one.requests[:_WARM_UP], 201)
        for start in range(_WARM_UP, total, each):
            for one in contenders:
                one.round(one.requests[start : start + each])
        for one, earlier in zip(kept, before, strict=True):
            if (stored := _stored(one.url) - earlier) != total:
                raise RuntimeError(f"{one.name}: {total} requests were answered with 201, {stored} are stored")
    return _part(contenders, sizes.requests, flushes_per_second(work))


def _contenders(stack: ExitStack, work: Path, total: int) -> Iterator[_Contender]:
    def fill(tx: Transaction) -> list[bytes]:
        pairs = list(zip(clinic.doctors(tx, total), clinic.patients(tx, total), strict=True))
        before = clinic.viewer(tx, pairs[0][0].id)
        for _, patient in pairs[1:]:  # nobody's first: tables of a few rows are a few pages, on which all meet
            access.ask(tx, before, patient_id=patient.id, reason="Consultation")
        random.Random(total).shuffle(pairs)  # who acts next is anybody, not whoever registered next
        return [_asking(doctor, patient) for doctor, patient in pairs]

    url = f"sqlite:///{work / 'durable.db'}"
    requests = clinic.prepare_at(url, fill, at_rest=True)
    yield _Contender(_SQLITE, [stack.enter_context(clinic.serve(work / "durable.db"))], requests, url)
    yield _Contender(_BARE, [stack.enter_context(bare_quart(work))], requests)
    if not postgresql.is_here():
        return
    cluster = stack.enter_context(postgresql.cluster())
    for count in _PROCESSES:
        name = cluster.create(name=f"durable{count}")
        url = cluster.url(name)
        requests = clinic.prepare_at(url, fill, at_rest=True)
        with cluster.connect(name) as connection:
            connection.execute("VACUUM ANALYZE")  # as autovacuum has done, some minutes later
        servers = [
            stack.enter_context(clinic.serve_at(url, work / f"postgresql-{count}-{number}.log"))
            for number in range(count)
        ]
        yield _Contender(_name(count), servers, requests, url, cluster.pid)


def _name(processes: int) -> str:
    return f"FADJMA, PostgreSQL, {processes} process{'es' if processes > 1 else ''}"


def _part(contenders: list[_Contender], count: int, flushes: float) -> Part:
    part = Part(
        f"Durable access requests, {_CLIENTS} clients, {count:,} requests in {_ROUNDS} rounds",
        ["server", "requests/s", "CPU ms per request", "and of PostgreSQL", "flushes/s of this disk, one by one"],
        [
            [
                one.name,
                show(median(one.rates)),
                show(median(one.cpus)),
                show(median(one.database_cpus)) if one.database_pid else "",
                show(flushes) if one.url else "",
            ]
            for one in contenders
        ],
    )
    ours, bare, *others = contenders
    rate, theirs = median(ours.rates), median(bare.rates)
    more = "durable access requests, 16 clients (more is better)"
    part.ratios = [
        Ratio(more, "/s", rate, "Quart alone", theirs),
        Ratio("CPU of a durable access request", "ms", median(ours.cpus), "Quart alone", median(bare.cpus)),
    ]
    part.ratios += [
        Ratio(f"the same, {one.name.partition(', ')[2]}", "/s", median(one.rates), "SQLite", rate) for one in others
    ]
    part.ratios += [Ratio(more, "/s", rate, f"{EARLIER}, {name}", earlier) for name, earlier in _EARLIER.items()]
    part.ratios.append(Ratio(more, "/s", rate, BUDGET, _BUDGET))
    of_rounds = ", ".join(
        f"{one.name} {median(a / b for a, b in zip(ours.rates, one.rates, strict=True)):.2f}"
        for one in contenders
        if one is not ours
    )
    part.notes += [
        "Each request creates one access request, one audit entry and one or two notifications; all are counted again"
        " in the database afterwards. Keep-alive, bearer tokens, JSON. The clients share the machine.",
        "Quart alone: the same request, an answer as long, no database, no account, no form; on the same uvicorn,"
        f" uvloop and httptools. All in turn; SQLite against each, medians of the rounds' own ratios: {of_rounds}.",
        "PostgreSQL is on this machine, too, and waits for its disk; with two processes every second client is the"
        " other's.",
        "Flushes: 4 KB overwritten and fdatasync, alone: what one commit at a time could reach at most.",
    ]
    if not others:
        part.notes.append(postgresql.MISSING)
    return part


def _asking(doctor: clinic.Person, patient: clinic.Person) -> bytes:
    body = {"patient_id": patient.id, "reason": "Consultation de suivi", "scope": "full"}
    return wire.request("POST", "/access-requests", token=doctor.token, body=body)


def _stored(url: str) -> int:
    return at(url).look_into(lambda tx: int(tx.value("SELECT count(*) FROM access_requests")))


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
