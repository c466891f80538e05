"""Part 9: how long others' acts wait while very many people are told something. The store alone, without HTTP.

Doctors ask patients for access and withdraw it, one after the other, as fast as they are answered; meanwhile an
announcement goes to everybody, or prescriptions that any pharmacy may take to all pharmacists: in the timekeeper's
steps, and for comparison in one transaction.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest import mock

from benchmarks import clinic
from benchmarks.report import Part, progress, show
from benchmarks.sizes import Sizes
from fadjma import timekeeping
from fadjma.access import actions as access
from fadjma.announcements import actions
from fadjma.events import everybody, telling
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions.actions import NewLine
from fadjma.store import Database, Transaction, at

_PEOPLE = 50_000
_PHARMACISTS = 10_000
_PRESCRIPTIONS = 10  # one after the other
_ACTS = 20_000  # more than there is time for
_BUDGET = 50.0  # ms that an act may wait

Telling = Callable[[Database], Awaitable[list[float]]]  # seconds until the last was told, each time


@dataclass(frozen=True, slots=True)
class _People:
    """Who announces and prescribes, and between whom the others' acts are."""

    admin: Viewer
    prescriber: Viewer
    prescribed: list[str]
    doctors: list[Viewer]
    patients: list[str]
    medicine: str


def run(sizes: Sizes, work: Path) -> Part:
    """The longest and the usual wait of an act, alone, beside an announcement and beside prescriptions."""
    people, pharmacists = (_PEOPLE, _PHARMACISTS) if sizes.requests > 500 else (5_000, 1_000)
    path = work / "announcing.db"
    step = timekeeping._BATCH
    part = Part(
        f"Announcing to {people:,} people, prescribing for {pharmacists:,} pharmacists",
        ["meanwhile", "told in s", "acts", "median ms", "99 % ms", "longest ms"],
        notes=[
            f"Budget: no act waits longer than {_BUDGET:.0f} ms. Steps of {step} people, one durable "
            "transaction each; an act is an access request or its withdrawal, one after the other.",
            f"Of {_PRESCRIPTIONS} prescriptions, each after the one before had come to all; told in: the median.",
        ],
    )
    progress(f"announcing: {people:,} people, {pharmacists:,} pharmacists")
    who = clinic.prepare(path, lambda tx: _people(tx, people, pharmacists))
    every = people + pharmacists + 1_000
    rounds: list[tuple[str, Telling, int]] = [
        ("nothing", _nothing, step),
        ("announcement, in steps", partial(_announce, who, step), step),
        ("announcement, in one transaction", partial(_announce, who, every), step),
        ("prescriptions, in steps", partial(_prescribe, who), everybody.AT_ONCE),
        ("prescriptions, each in one transaction", partial(_prescribe, who), every),
    ]
    for number, (name, tell, at_once) in enumerate(rounds):
        with _told_at_once(at_once):
            told, waits = asyncio.run(_round(path, who, tell, number))
        ranked = sorted(waits)
        figures = (statistics.median(ranked), ranked[int(len(ranked) * 0.99)], ranked[-1])
        part.rows.append([name, show(statistics.median(told)), f"{len(waits):,}", *map(show, figures)])
    return part


def _people(tx: Transaction, count: int, pharmacists: int) -> _People:
    admin = tx.value("SELECT id FROM users WHERE role = 'admin' LIMIT 1")
    prescriber, *doctors = [clinic.viewer(tx, doctor.id) for doctor in clinic.doctors(tx, 401)]
    patients = [patient.id for patient in clinic.patients(tx, count)]
    clinic.pharmacists(tx, pharmacists)
    prescribed, others = patients[: 2 * _PRESCRIPTIONS], patients[2 * _PRESCRIPTIONS :]
    clinic.grant(tx, prescriber.id, prescribed)
    medicine = tx.value("SELECT id FROM medicines LIMIT 1")
    return _People(clinic.viewer(tx, admin), prescriber, prescribed, doctors, others, medicine)


@contextmanager
def _told_at_once(people: int) -> Iterator[None]:
    with mock.patch.object(everybody, "AT_ONCE", people):
        yield


async def _round(path: Path, who: _People, tell: Telling, number: int) -> tuple[list[float], list[float]]:
    database = at(f"sqlite:///{path}")
    await database.open()
    meanwhile = asyncio.ensure_future(tell(database))
    waits: list[float] = []
    for act in range(_ACTS):
        doctor, patient = who.doctors[act % len(who.doctors)], who.patients[(act * 7 + number) % len(who.patients)]
        began = time.perf_counter()
        asked = await database.write(access.ask, doctor, patient_id=patient, reason="Consultation de suivi")
        between = time.perf_counter()
        await database.write(access.withdraw, doctor, asked)
        waits += [(between - began) * 1_000, (time.perf_counter() - between) * 1_000]
        if meanwhile.done():
            break
    told = await meanwhile
    await database.close()
    return told, waits


async def _nothing(database: Database) -> list[float]:
    await asyncio.sleep(3)
    return [3.0]


async def _announce(who: _People, step: int, database: Database) -> list[float]:
    began = time.perf_counter()
    await database.write(actions.publish, who.admin, audience="everybody", title="Coupure", body="Samedi de 8h à 10h")
    while await database.write(actions.tell_some, step) == step:
        pass
    return [time.perf_counter() - began]


async def _prescribe(who: _People, database: Database) -> list[float]:
    told = []
    for _ in range(_PRESCRIPTIONS):
        line = NewLine(who.medicine, "1 comprimé matin et soir", 20, 10)
        began = time.perf_counter()
        await database.write(
            prescriptions.issue, who.prescriber, who.prescribed.pop(), lines=[line], pharmacy_id=None, confirmed=True
        )
        while await database.write(telling.tell_some, timekeeping._BATCH) == timekeeping._BATCH:
            pass
        told.append(time.perf_counter() - began)
    return told
