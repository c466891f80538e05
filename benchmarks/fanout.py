"""Part 1: one event to very many open streams: CPU per delivered event, time to the last reader, memory per stream.

FADJMA goes its real way: a doctor issues a prescription that is open to every pharmacy, over HTTP, and every pharmacist
is told. That is a durable transaction, and others in steps after it, which also number and store one notification per
pharmacist: no peer does that. The same acts with nobody listening are measured before and after; the difference on the
event loop is delivery alone, for every server alike. (Of the whole process it would not be: to store an event costs the
more, the more are stored, because the rows of one person lie ever further from another's.)
"""

import contextlib
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks import clinic, wire
from benchmarks.contenders import Contender, Start, peers
from benchmarks.processes import Server
from benchmarks.reader import Reader
from benchmarks.report import BUDGET, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction

_LOOKS = 0.002  # seconds between two looks whether all have been told
_WARM_UP = 8  # streams opened and closed again before memory is looked at
_WARMING = 3  # events that are not counted
_FILLING = 40  # rounds of acts, at the most, until memory stands: what SQLite remembers of pages has a bound
_STANDS = 128 * 1024  # bytes by which a round may still bring it on
_HEADER = ["streams", "server", "µs per event", "of it event loop", "of that delivery"]
_HEADER += ["last reader, ms (median)", "(slowest)", "KB per stream, opened", "after the events"]
_CPU_BUDGET = 1.25  # benchmarks/README.md, “Budgets”: times Nchan's
_MEMORY_BUDGET = {"opened": 6.0, "after": 7.0}  # KB


@dataclass(frozen=True, slots=True)
class Result:
    """Medians of the rounds. CPU in µs per delivered event, times in ms, memory in KB per stream."""

    cpu: float
    loop: float  # of it, on the event loop: the first thread
    delivery: float  # of that, what the same acts do not cost when nobody listens
    last: float
    slowest: float
    opened: float
    after: float


@dataclass(slots=True)
class Pharmacies:
    """FADJMA with many pharmacists; an event is a prescription that any of them may take."""

    server: Server
    client: wire.Kept
    database: sqlite3.Connection
    readers: list[clinic.Person]
    path: str  # of the streams
    acts: Iterator[bytes]  # each about another patient: twice the same medicine for one is asked about
    marker: bytes = b"event: prescription_status_changed"

    def steps(self, count: int) -> list[wire.Steps]:
        return [wire.event_stream(self.path, person.token) for person in self.readers[:count]]

    def publish(self) -> None:
        self.client.send(next(self.acts))

    def published(self) -> None:
        """Answered, and everybody has been told: most of them after the answer."""
        wire.checked(self.client.answer(), 201)
        while self.database.execute("SELECT 1 FROM tellings").fetchone():
            time.sleep(_LOOKS)


def run(sizes: Sizes, work: Path) -> Part:
    """Every contender with every number of streams, by turns: whatever else the machine does, it does to all."""
    part = Part("Fan-out: one event of about 220 bytes to all open streams", _HEADER)
    for streams in sizes.streams:
        with contextlib.ExitStack() as started:
            running, missing = _start(streams, sizes, work, started)
            results = _measure(running, sizes)
        part.rows += [[f"{streams:,}", name, *_cells(result)] for name, result in results.items()]
        part.rows += [[f"{streams:,}", name, why, *[""] * 6] for name, why in missing.items()]
        part.ratios += _ratios(streams, results)
    part.notes += [
        "µs per event: user and system time of the whole server divided by delivered events. FADJMA's includes the"
        " request, the durable transactions and one stored notification per reader, which no peer does.",
        "Event loop: the first thread, on which every server here delivers; FADJMA stores on another. Delivery: of the"
        " event loop, less what the same acts cost it with nobody listening, before and after.",
        "All by turns, round by round, each with all its streams open; ratios are of the medians of the rounds.",
        "HTML: the row is the same for all pharmacies, and read again in a slice of 2 ms if anything was written since"
        " the one before, or after 50 ms; its events are over 300 bytes.",
        "KB per stream: resident memory beside what it was after as many acts with nobody listening as fill the caches"
        " of the database (16 MB for each connection).",
        "Last reader: from just before the publishing request is sent until the last stream's event is read.",
    ]
    return part


def _contenders(streams: int, sizes: Sizes, work: Path) -> Iterator[tuple[str, Start, str]]:
    yield "FADJMA, JSON", _fadjma("json", streams, sizes, work), ""
    yield "FADJMA, HTML", _fadjma("html", streams, sizes, work), ""
    for peer in peers():
        yield peer.name, peer.start(work), peer.missing


@contextmanager
def _fadjma(encoding: Literal["json", "html"], streams: int, sizes: Sizes, work: Path) -> Iterator[Contender]:
    path = work / f"fanout-{encoding}-{streams}.db"
    count = _WARMING + (_FILLING + sizes.rounds + 2) * _events(streams, sizes)
    readers, acts = clinic.prepare(path, lambda tx: (clinic.pharmacists(tx, streams), _prescribing(tx, count)))
    with (
        clinic.serve(path) as server,
        contextlib.closing(wire.Kept(server.port)) as client,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database,
    ):
        yield Pharmacies(
            server, client, database, readers, "/api/events" if encoding == "json" else "/events", iter(acts)
        )


def _prescribing(tx: Transaction, count: int) -> list[bytes]:
    """The requests of a doctor who prescribes, with each patient's leave, for any pharmacy."""
    (doctor,), patients = clinic.doctors(tx, 1), clinic.patients(tx, count)
    clinic.grant(tx, doctor.id, [one.id for one in patients])
    medicine = tx.value("SELECT id FROM medicines LIMIT 1")
    body = {"lines": [{"medicine_id": medicine, "dosage": "à jeun", "quantity": 1, "duration_days": 7}]}
    return [
        wire.request("POST", f"/patients/{one.id}/prescriptions", token=doctor.token, body=body) for one in patients
    ]


def _events(streams: int, sizes: Sizes) -> int:
    """In one round."""
    return max(1, sizes.deliveries_per_round // streams)


def _start(
    streams: int, sizes: Sizes, work: Path, started: contextlib.ExitStack
) -> tuple[list["_Running"], dict[str, str]]:
    """All that can be had, each with readers of its own; and why the others cannot."""
    running, missing = [], {}
    for name, start, why in _contenders(streams, sizes, work):
        progress(f"fanout: {name}, {streams:,} streams")
        if why:
            missing[name] = why
            continue
        try:
            contender = started.enter_context(start)
        except RuntimeError as error:
            missing[name] = f"failed: {error}"
            continue
        reader = started.enter_context(Reader())
        running.append(_Running(name, contender, reader, streams, _events(streams, sizes)))
    return running, missing


def _measure(running: list["_Running"], sizes: Sizes) -> dict[str, Result]:
    for one in running:
        one.warm_up(sizes)
    unheard = [[one.unheard()] for one in running]
    for one in running:
        one.open(sizes)
    rounds: list[list[_Round]] = [[] for _ in running]
    for _ in range(sizes.rounds):
        for one, its in zip(running, rounds, strict=True):
            its.append(one.round())
    for one in running:
        one.close()
    time.sleep(sizes.settle_seconds)
    for one, its in zip(running, unheard, strict=True):
        its.append(one.unheard())
    return {one.name: one.result(*of) for one, *of in zip(running, rounds, unheard, strict=True)}


@dataclass(frozen=True, slots=True)
class _Round:
    """CPU seconds of some events one after the other, whole and event loop; seconds to the last reader of each."""

    cpu: float
    loop: float
    times: list[float]


@dataclass(slots=True)
class _Running:
    """A contender among the others, with its readers. Memory is resident, in bytes."""

    name: str
    contender: Contender
    reader: Reader
    streams: int
    events: int  # in a round
    empty: int = 0
    opened: int = 0
    after: int = 0

    def warm_up(self, sizes: Sizes) -> None:
        steps = self.contender.steps(self.streams)
        self.reader.open(self.contender.server.port, steps[:_WARM_UP], self.contender.marker)
        time.sleep(sizes.settle_seconds)
        for _ in range(_WARMING):
            _deliver(self.contender, self.reader, min(_WARM_UP, self.streams))
        self.reader.close()
        _fill_caches(self.contender, self.events)
        time.sleep(sizes.settle_seconds)

    def unheard(self) -> float:
        """CPU seconds of the event loop for as many acts, with nobody listening."""
        return _cpu(self.contender.server, lambda: _unheard(self.contender, self.events))[1]

    def open(self, sizes: Sizes) -> None:
        server = self.contender.server
        time.sleep(sizes.settle_seconds)
        self.empty = server.usage().memory
        self.reader.open(server.port, self.contender.steps(self.streams), self.contender.marker)
        time.sleep(sizes.settle_seconds)
        self.opened = server.usage().memory

    def round(self) -> _Round:
        times: list[float] = []

        def deliver() -> None:
            times.extend(_deliver(self.contender, self.reader, self.streams) for _ in range(self.events))

        cpu, loop = _cpu(self.contender.server, deliver)
        return _Round(cpu, loop, times)

    def close(self) -> None:
        self.after = self.contender.server.usage().memory
        if surplus := self.reader.surplus():
            raise RuntimeError(f"{self.name}: {surplus} events came twice")
        self.reader.close()

    def result(self, rounds: list[_Round], unheard: list[float]) -> Result:
        times = [moment for one in rounds for moment in one.times]
        micro = 1e6 / (self.streams * self.events)
        loop = statistics.median(one.loop for one in rounds) * micro
        return Result(
            cpu=statistics.median(one.cpu for one in rounds) * micro,
            loop=loop,
            delivery=loop - statistics.mean(unheard) * micro,
            last=statistics.median(times) * 1e3,
            slowest=max(times) * 1e3,
            opened=(self.opened - self.empty) / self.streams / 1024,
            after=(self.after - self.empty) / self.streams / 1024,
        )


def _fill_caches(contender: Contender, events: int) -> None:
    """Acts that nobody hears, until memory does not grow by them any more: what they fill is no stream's."""
    before = 0
    for _ in range(_FILLING):
        _unheard(contender, events)
        memory = contender.server.usage().memory
        if memory - before < _STANDS:
            return
        before = memory


def _unheard(contender: Contender, events: int) -> None:
    for _ in range(events):
        contender.publish()
        contender.published()


def _cpu(server: Server, work: Callable[[], None]) -> tuple[float, float]:
    before = server.usage()
    work()
    after = server.usage()
    return after.cpu - before.cpu, after.loop - before.loop


def _deliver(contender: Contender, reader: Reader, streams: int) -> float:
    reader.expect(streams)
    began = wire.now()
    contender.publish()
    last = reader.last()
    contender.published()
    return last - began


def _cells(result: Result) -> list[str]:
    return [
        show(number)
        for number in (
            result.cpu,
            result.loop,
            result.delivery,
            result.last,
            result.slowest,
            result.opened,
            result.after,
        )
    ]


def _ratios(streams: int, results: dict[str, Result]) -> list[Ratio]:
    """FADJMA's JSON streams against each peer, and against the budgets."""
    found: list[Ratio] = []
    if not (ours := results.get("FADJMA, JSON")):
        return found
    for name, theirs in results.items():
        if name.startswith("FADJMA"):
            continue
        found += [
            Ratio(f"CPU per event delivered, {streams:,} streams", "µs", ours.delivery, name, theirs.delivery),
            Ratio("the same, with FADJMA's durable part", "µs", ours.cpu, name, theirs.cpu),
            Ratio(f"time to the last of {streams:,} readers", "ms", ours.last, name, theirs.last),
            Ratio(f"memory per stream, {streams:,} streams", "KB", ours.opened, name, theirs.opened),
        ]
        if name == "Nchan":
            limit = _CPU_BUDGET * theirs.delivery
            found.append(Ratio(f"CPU per event delivered, {streams:,} streams", "µs", ours.delivery, BUDGET, limit))
    html, nchan = results.get("FADJMA, HTML"), results.get("Nchan")
    if html and nchan:
        found.append(Ratio(f"the same, HTML, {streams:,} streams", "µs", html.delivery, "Nchan", nchan.delivery))
    return [
        *found,
        Ratio(f"memory per stream, {streams:,} streams", "KB", ours.opened, BUDGET, _MEMORY_BUDGET["opened"]),
        Ratio("the same, after the events", "KB", ours.after, BUDGET, _MEMORY_BUDGET["after"]),
    ]
