"""Part 9: how long others' acts wait while everybody is told something. The store alone, without HTTP.

Doctors ask patients for access and withdraw it, one after the other, as fast as they are answered; meanwhile an
announcement goes to everybody, in the timekeeper's steps, and for comparison in one transaction.
"""

import asyncio
import statistics
import time
from pathlib import Path

from benchmarks import clinic
from benchmarks.report import Part, progress, show
from benchmarks.sizes import Sizes
from fadjma import timekeeping
from fadjma.access import actions as access
from fadjma.announcements import actions
from fadjma.identity.people import Viewer
from fadjma.store import Database, Transaction, at

_PEOPLE = 50_000
_ACTS = 20_000  # more than there is time for
_BUDGET = 50.0  # ms that an act may wait


def run(sizes: Sizes, work: Path) -> Part:
    """The longest and the usual wait of an act, alone and beside an announcement."""
    people = _PEOPLE if sizes.requests > 500 else 5_000
    progress(f"announcing: {people:,} people")
    path = work / "announcing.db"
    admin, doctors, patients = clinic.prepare(path, lambda tx: _people(tx, people))
    part = Part(
        f"Announcing to {people:,} people",
        ["meanwhile", "told in s", "acts", "median ms", "99 % ms", "longest ms"],
        notes=[
            f"Budget: no act waits longer than {_BUDGET:.0f} ms. Steps of {timekeeping._BATCH} people, one durable "
            "transaction each; an act is an access request or its withdrawal, one after the other."
        ],
    )
    for name, step in (("nothing", 0), ("in steps", timekeeping._BATCH), ("in one transaction", people + 1_000)):
        seconds, waits = asyncio.run(_round(path, admin, doctors, patients, step))
        ranked = sorted(waits)
        figures = (statistics.median(ranked), ranked[int(len(ranked) * 0.99)], ranked[-1])
        part.rows.append([name, show(seconds), f"{len(waits):,}", *map(show, figures)])
    return part


def _people(tx: Transaction, count: int) -> tuple[Viewer, list[Viewer], list[str]]:
    admin = tx.value("SELECT id FROM users WHERE role = 'admin' LIMIT 1")
    doctors = [clinic.viewer(tx, doctor.id) for doctor in clinic.doctors(tx, 400)]
    return clinic.viewer(tx, admin), doctors, [patient.id for patient in clinic.patients(tx, count)]


async def _round(
    path: Path, admin: Viewer, doctors: list[Viewer], patients: list[str], step: int
) -> tuple[float, list[float]]:
    database = at(f"sqlite:///{path}")
    await database.open()
    telling = asyncio.ensure_future(_announce(database, admin, step) if step else asyncio.sleep(3, 3.0))
    waits: list[float] = []
    for number in range(_ACTS):
        doctor, patient = doctors[number % len(doctors)], patients[(number * 7 + step) % len(patients)]
        began = time.perf_counter()
        asked = await database.write(access.ask, doctor, patient_id=patient, reason="Consultation de suivi")
        between = time.perf_counter()
        await database.write(access.withdraw, doctor, asked)
        waits += [(between - began) * 1_000, (time.perf_counter() - between) * 1_000]
        if telling.done():
            break
    seconds = await telling
    await database.close()
    return seconds, waits


async def _announce(database: Database, admin: Viewer, step: int) -> float:
    began = time.perf_counter()
    await database.write(actions.publish, admin, audience="everybody", title="Coupure", body="Samedi de 8h à 10h")
    while await database.write(actions.tell_some, step) == step:
        pass
    return time.perf_counter() - began
