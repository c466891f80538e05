"""Part 3b: is it worth committing together what comes at the same moment? The store alone, without HTTP.

The same acts (a doctor asks a patient for access) by 16 at a time, in turn with and without group commit.
"""

import asyncio
import statistics
import time
from pathlib import Path

from benchmarks import clinic
from benchmarks.report import Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.access import actions
from fadjma.identity.people import Viewer
from fadjma.store import Transaction, at
from fadjma.store.sqlite import group_commit

_CLIENTS = 16
_ROUNDS = 3  # of each kind, in turn

Pair = tuple[Viewer, str]  # a doctor, and the id of a patient


def run(sizes: Sizes, work: Path) -> Part:
    """Acts per second and CPU per act, together and one by one."""
    progress("writes: group commit")
    acts = max(160, sizes.requests // 4)
    path = work / "writes.db"
    pairs = clinic.prepare(path, lambda tx: _pairs(tx, 2 * _ROUNDS * acts))
    found: dict[int, list[tuple[float, float]]] = {group_commit.GROUP: [], 1: []}
    for round in range(2 * _ROUNDS):
        group = list(found)[round % 2]
        found[group].append(asyncio.run(_round(path, pairs[round * acts : (round + 1) * acts], group)))
    part = Part(
        f"Writes: {_CLIENTS} at a time, {acts:,} acts, median of {_ROUNDS}",
        ["commits", "acts/s", "CPU ms per act"],
        notes=["CPU of the whole process (event loop and writer's thread). Durable (synchronous=FULL) both ways."],
    )
    medians = {
        group: [statistics.median(column) for column in zip(*rounds, strict=True)] for group, rounds in found.items()
    }
    for group, name in ((group_commit.GROUP, "together"), (1, "one by one")):
        part.rows.append([name, *map(show, medians[group])])
    (together, _), (alone, _) = medians[group_commit.GROUP], medians[1]
    part.ratios = [Ratio("writes committed together (more is better)", "/s", together, "one by one", alone)]
    return part


def _pairs(tx: Transaction, count: int) -> list[Pair]:
    people = zip(clinic.doctors(tx, count), clinic.patients(tx, count), strict=True)
    return [(clinic.viewer(tx, doctor.id), patient.id) for doctor, patient in people]


async def _round(path: Path, pairs: list[Pair], group: int) -> tuple[float, float]:
    usual, group_commit.GROUP = group_commit.GROUP, group
    database = at(f"sqlite:///{path}")
    await database.open()
    acts = iter(pairs)

    async def client() -> None:
        for doctor, patient_id in acts:
            await database.write(actions.ask, doctor, patient_id=patient_id, reason="Consultation de suivi")

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(_CLIENTS)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    await database.close()
    group_commit.GROUP = usual
    return len(pairs) / seconds, cpu / len(pairs) * 1e3
