"""A FADJMA to measure: its database filled with as many people as a part needs, each with a bearer token."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from quart import Quart

from benchmarks.processes import Server, free_port
from fadjma import demo, verifying
from fadjma.chain.before import TakeIn
from fadjma.identity import passwords, sessions
from fadjma.identity.credentials import issue_token
from fadjma.identity.identifiers import new_identifier
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.store import Database, Transaction, at

R = TypeVar("R")
_ROOT = Path(__file__).parents[1]
SECRET_KEY = "a key for benchmarks, which protects nobody"
_PER_PHARMACY = 4  # pharmacists who share a pharmacy, and so see the same row
_TAKEN = 1_000  # rows of before the chain, in one transaction


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can act: their id and a bearer token, which lives for 12 hours."""

    id: str
    token: str


def prepare(path: Path, fill: Callable[[Transaction], R], *, scale: int = 1) -> R:
    """Make the database `path` with the demo's people and year (`scale` times 40 patients), then call `fill`."""
    return prepare_at(f"sqlite:///{path}", fill, scale=scale)


def prepare_at(url: str, fill: Callable[[Transaction], R], *, scale: int = 1, at_rest: bool = False) -> R:
    """The same in the database at this address. `at_rest`: of what the demo's year brings nothing is left to time."""
    return asyncio.run(_prepare(at(url), fill, scale, at_rest=at_rest))


async def _prepare(database: Database, fill: Callable[[Transaction], R], scale: int, *, at_rest: bool) -> R:
    password_hash = await passwords.hash_password(demo.DEMO_PASSWORD)
    await database.open()
    try:
        await database.write(demo.fill, password_hash=password_hash, scale=scale)
        found = await database.write(fill)
        while at_rest and await database.write(TakeIn(verifying.COVERED), _TAKEN):
            pass
        return found
    finally:
        await database.close()


def serve(path: Path) -> Server:
    """`python app.py` with this database, as it is run in earnest."""
    return serve_at(f"sqlite:///{path}", path.with_suffix(".log"))


def serve_at(url: str, log: Path) -> Server:
    """The same with the database at this address; what belongs to it lies beside the log."""
    port = free_port()
    environment = {
        "FADJMA_DATABASE_URL": url,
        "FADJMA_PAPERS": str(log.with_suffix(".papers")),
        "FADJMA_SECRET_KEY": SECRET_KEY,
        "FADJMA_PORT": str(port),
        "FADJMA_DEMO": "1",  # it serves the demo's people only so
        "FADJMA_ACTS_PER_HOUR": "0",
    }
    return Server([sys.executable, str(_ROOT / "app.py")], port, log, environment)


def known(tx: Transaction, email: str) -> Person:
    """One of the demo's people."""
    return signed_in(tx, [str(tx.value("SELECT id FROM users WHERE email = :email", {"email": email}))])[0]


def doctors(tx: Transaction, count: int) -> list[Person]:
    """New doctors, all of one clinic."""
    clinic = tx.value("SELECT id FROM organizations WHERE kind = 'clinic' LIMIT 1")
    ids = _people(tx, "doctor", count)
    _practitioners(tx, ids, [clinic] * count)
    return signed_in(tx, ids)


def pharmacists(tx: Transaction, count: int) -> list[Person]:
    """New pharmacists, four to a new pharmacy."""
    places = [new_id() for _ in range((count + _PER_PHARMACY - 1) // _PER_PHARMACY)]
    tx.execute_many(
        "INSERT INTO organizations (id, kind, name, address, city, phone) VALUES (:id, 'pharmacy', 'P', 'A', 'C', 'T')",
        [{"id": place} for place in places],
    )
    ids = _people(tx, "pharmacist", count)
    _practitioners(tx, ids, [places[number // _PER_PHARMACY] for number in range(count)])
    return signed_in(tx, ids)


def patients(tx: Transaction, count: int) -> list[Person]:
    """New patients with nothing in their files."""
    ids = _people(tx, "patient", count)
    tx.execute_many(
        "INSERT INTO patients (user_id, identifier, birth_date, sex) VALUES (:id, :identifier, '1990-01-01', 'female')",
        [{"id": person, "identifier": new_identifier()} for person in ids],
    )
    return signed_in(tx, ids)


def grant(tx: Transaction, doctor_id: str, patient_ids: list[str]) -> None:
    """Each of these patients has opened the whole file to this doctor, for a day."""
    tx.execute_many(
        "INSERT INTO access_requests"
        " (id, patient_id, doctor_id, status, reason, scope, created_at, lapses_at, decided_at, expires_at)"
        " VALUES (:id, :patient, :doctor, 'approved', 'bench', 'full', :now, :now, :now, :until)",
        [
            {"id": one, "patient": one, "doctor": doctor_id, "now": tx.now, "until": tx.now + 86_400_000}
            for one in patient_ids
        ],
    )


def signed_in(tx: Transaction, ids: list[str]) -> list[Person]:
    """These people, each with a session for programs."""
    keys = Quart("benchmarks")
    keys.secret_key = SECRET_KEY
    found = []
    for person in ids:
        secret = sessions.start(tx, person, kind="token", address="127.0.0.1", agent="bench")
        found.append(Person(person, issue_token(keys, secret, person, now=tx.now)[0]))
    return found


def viewer(tx: Transaction, user_id: str) -> Viewer:
    """The same person as actions and queries know them."""
    found = sessions.viewer(tx, sessions.start(tx, user_id, kind="token", address="127.0.0.1", agent="bench"))
    assert found
    return found


def _people(tx: Transaction, role: str, count: int) -> list[str]:
    ids = [new_id() for _ in range(count)]
    tx.execute_many(
        "INSERT INTO users (id, role, status, email, password_hash, given_name, family_name, created_at, verified_at)"
        " VALUES (:id, :role, 'active', :email, '-', 'Awa', 'Ndiaye', :now, :now)",
        [{"id": person, "role": role, "email": f"{person}@bench.test", "now": tx.now} for person in ids],
    )
    tx.execute_many("INSERT INTO inboxes (user_id) VALUES (:id)", [{"id": person} for person in ids])
    return ids


def _practitioners(tx: Transaction, ids: list[str], places: list[str]) -> None:
    tx.execute_many(
        "INSERT INTO practitioners (user_id, licence_number, organization_id) VALUES (:id, :id, :place)",
        [{"id": person, "place": place} for person, place in zip(ids, places, strict=True)],
    )
