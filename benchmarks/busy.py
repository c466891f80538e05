"""Part 3c: whole stories at one clinic and one pharmacy, where every act concerns people whom the others concern, too.

`durable` asks for access to files that share nobody. Here each of 16 clients does what comes next of some story: a
doctor asks, the patient agrees, a consultation is written, a prescription issued, validated, prepared and ready. All
doctors are of one clinic, whose nurse hears of it; all prescriptions go to one pharmacy, out of one lot.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import clinic, postgresql, wire
from benchmarks.clinic import Person
from benchmarks.crowd import Crowd
from benchmarks.processes import Server
from benchmarks.report import Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction

_CLIENTS = 16
_UNDER_WAY = 7 * _CLIENTS  # stories at once, so that all kinds of acts come together
_PROCESSES = (1, 2)  # with PostgreSQL


@dataclass(slots=True)
class _Place:
    """The one pharmacy: who is there, and what is in stock."""

    pharmacist: Person
    pharmacy: str
    medicine: str


@dataclass(slots=True)
class _Story:
    """A doctor and a patient, and what has come of each act so far: the ids of what it made or changed."""

    doctor: Person
    patient: Person
    ids: list[str] = field(default_factory=list)

    def next(self, place: _Place) -> bytes:
        who, path, body = _ACTS[len(self.ids)](self, place)
        return wire.request("POST", path, token=who.token, body=body)


_Act = Callable[[_Story, _Place], tuple[Person, str, dict[str, Any]]]


def _at_pharmacy(act: str) -> _Act:
    return lambda story, place: (place.pharmacist, f"/prescriptions/{story.ids[3]}/{act}", {})


_ACTS: Sequence[_Act] = (
    lambda story, _: (
        story.doctor,
        "/access-requests",
        {"patient_id": story.patient.id, "reason": "Consultation de suivi", "scope": "full"},
    ),
    lambda story, _: (
        story.patient,
        f"/access-requests/{story.ids[0]}/approval",
        {"scope": "full", "duration": "7d"},
    ),
    lambda story, _: (
        story.doctor,
        f"/patients/{story.patient.id}/records",
        {"type": "consultation", "title": "Visite de contrôle", "body": "Va bien."},
    ),
    lambda story, place: (
        story.doctor,
        f"/patients/{story.patient.id}/prescriptions",
        {
            "lines": [{"medicine_id": place.medicine, "dosage": "à jeun", "quantity": 1, "duration_days": 7}],
            "pharmacy_id": place.pharmacy,
        },
    ),
    _at_pharmacy("validation"),
    _at_pharmacy("preparation"),
    _at_pharmacy("readiness"),
)


@dataclass(slots=True)
class _Contender:
    """Acts and seconds of one way to run the program."""

    name: str
    acts: int = 0
    seconds: float = 0.0


def run(sizes: Sizes, work: Path) -> Part:
    """Acts per second; all of them have to be done, one that is answered « busy » ends the part."""
    stories = max(8, sizes.requests // 20)
    progress(f"busy: {stories} stories, {_CLIENTS} clients")
    found = [_tell(one, servers, *people) for one, servers, people in _contenders(stories, work)]
    part = Part(
        f"One clinic and one pharmacy, {_CLIENTS} clients, {stories * len(_ACTS):,} acts of {stories} stories",
        ["program", "acts/s"],
        [[one.name, show(one.acts / one.seconds)] for one in found],
        notes=[
            "One after the other, each on a database of its own. Acts of all kinds come together; all tell the same"
            " pharmacy or the same clinic, so that of two processes each is in the other's way.",
        ],
    )
    ours, *others = [(one.name, one.acts / one.seconds) for one in found]
    what = "acts where all concern the same people, PostgreSQL, "
    part.ratios = [Ratio(f"{what}{name}", "/s", rate, ours[0], ours[1]) for name, rate in others]
    if not others:
        part.notes.append(postgresql.MISSING)
    return part


def _contenders(stories: int, work: Path) -> Iterator[tuple[_Contender, list[Server], tuple[list[_Story], _Place]]]:
    def fill(tx: Transaction) -> tuple[list[_Story], _Place]:
        people = zip(clinic.doctors(tx, stories), clinic.patients(tx, stories), strict=True)
        return [_Story(doctor, patient) for doctor, patient in people], _place(tx)

    people = clinic.prepare_at(f"sqlite:///{work / 'busy.db'}", fill, at_rest=True)
    with clinic.serve(work / "busy.db") as server:
        yield _Contender("SQLite"), [server], people
    if not postgresql.is_here():
        return
    with postgresql.cluster() as cluster:
        for count in _PROCESSES:
            name = cluster.create(name=f"busy{count}")
            people = clinic.prepare_at(cluster.url(name), fill, at_rest=True)
            with cluster.connect(name) as connection:
                connection.execute("VACUUM ANALYZE")
            with ExitStack() as stack:
                logs = [work / f"busy-{count}-{number}.log" for number in range(count)]
                servers = [stack.enter_context(clinic.serve_at(cluster.url(name), log)) for log in logs]
                yield _Contender(f"{count} process{'es' if count > 1 else ''}"), servers, people


def _place(tx: Transaction) -> _Place:
    pharmacist = clinic.known(tx, "pharma.ndiaye@demo.fadjma")
    pharmacy = tx.value("SELECT organization_id FROM practitioners WHERE user_id = :id", {"id": pharmacist.id})
    lot = tx.first(
        "SELECT l.id, p.medicine_id FROM lots l JOIN products p ON p.id = l.product_id "
        "JOIN medicines m ON m.id = p.medicine_id "
        "WHERE p.pharmacy_id = :pharmacy AND m.search_key LIKE 'paracetamol%' ORDER BY l.expires_on DESC LIMIT 1",
        {"pharmacy": pharmacy},
    )
    assert lot
    tx.execute("UPDATE lots SET on_hand = 100000 WHERE id = :id", {"id": lot["id"]})
    return _Place(pharmacist, str(pharmacy), lot["medicine_id"])


def _tell(one: _Contender, servers: Sequence[Server], stories: list[_Story], place: _Place) -> _Contender:
    waiting, chance = iter(stories), random.Random(len(stories))
    under_way: list[_Story] = []
    with Crowd([server.port for server in servers], _CLIENTS) as crowd:
        while True:
            # Some begin each time, until as many are under way as there are acts for all clients.
            begun = min(_CLIENTS, _UNDER_WAY - len(under_way))
            under_way += islice(waiting, begun)
            if not under_way:
                return one
            chance.shuffle(under_way)
            bodies, seconds = crowd.send([story.next(place) for story in under_way])
            one.acts += len(under_way)
            one.seconds += seconds
            for story, body in zip(under_way, bodies, strict=True):
                story.ids.append(json.loads(body)["id"])
            under_way = [story for story in under_way if len(story.ids) < len(_ACTS)]
