"""The demo before its first patient: places, medicines, the admin, doctors and pharmacists."""

from dataclasses import asdict
from random import Random

from fadjma.demo.batch import Batch
from fadjma.demo.medicines import MEDICINES
from fadjma.demo.people import ADMIN, DOCTORS, PHARMACIES, PHARMACISTS, PLACES, Practitioner, mobile
from fadjma.demo.stock import Stock
from fadjma.demo.world import DAY, HOUR, YEAR, Doctor, Pharmacy, World
from fadjma.ids import new_id
from fadjma.store import Transaction

_PRACTITIONERS = DOCTORS + PHARMACISTS


def settle(tx: Transaction, rng: Random, password_hash: str) -> World:
    """Fill in places, medicines and staff, and return the world that the patients will live in."""
    batch = Batch(tx)
    organizations = {place.key: new_id() for place in PLACES}
    for place in PLACES:
        batch.add("organizations", **(asdict(place) | {"id": organizations[place.key]}))
    medicines = {medicine.key: new_id() for medicine in MEDICINES}
    for medicine in MEDICINES:
        row = asdict(medicine) | {"id": medicines[medicine.key], "search_key": medicine.search_key}
        batch.add("medicines", **row)
    admin_id = _hire_admin(batch, rng, tx.now, password_hash)
    people = {person.key: new_id() for person in _PRACTITIONERS}
    for person in _PRACTITIONERS:
        _hire(batch, rng, tx.now, password_hash, admin_id, people[person.key], person)
        batch.add(
            "practitioners",
            user_id=people[person.key],
            licence_number=person.licence,
            specialty=person.specialty,
            organization_id=organizations[person.place],
        )
    batch.flush()
    names = {place.key: place.name for place in PLACES}
    pharmacies = {
        place.key: Pharmacy(
            key=place.key,
            id=organizations[place.key],
            name=place.name,
            pharmacists=tuple(
                people[person.key] for person in PHARMACISTS if person.place == place.key and not person.waiting
            ),
        )
        for place in PHARMACIES
    }
    return World(
        now=tx.now,
        rng=rng,
        batch=batch,
        password_hash=password_hash,
        admin_id=admin_id,
        doctors={
            person.key: Doctor(person.key, people[person.key], person.specialty, names[person.place])
            for person in DOCTORS
            if not person.waiting
        },
        pharmacies=pharmacies,
        stock=Stock(tx, batch, rng, medicines, {p.id: p.pharmacists for p in pharmacies.values()}),
    )


def _hire_admin(batch: Batch, rng: Random, now: int, password_hash: str) -> str:
    email, given_name, family_name = ADMIN
    admin_id = new_id()
    created_at = now - YEAR - 60 * DAY
    batch.add(
        "users",
        id=admin_id,
        role="admin",
        status="active",
        email=email,
        phone=mobile(rng),
        password_hash=password_hash,
        given_name=given_name,
        family_name=family_name,
        language="fr",
        created_at=created_at,
        verified_at=created_at,
        verified_by=None,
    )
    batch.add("inboxes", user_id=admin_id, last_seq=0)
    return admin_id


def _hire(
    batch: Batch, rng: Random, now: int, password_hash: str, admin_id: str, id: str, person: Practitioner
) -> None:
    """A doctor or a pharmacist, whom the admin verified the day after they came; or not yet."""
    created_at = now - (rng.randint(20, 60) * HOUR if person.waiting else YEAR + rng.randint(40, 58) * DAY)
    batch.add(
        "users",
        id=id,
        role=person.role,
        status="pending" if person.waiting else "active",
        email=f"{person.key}@demo.fadjma",
        phone=mobile(rng),
        password_hash=password_hash,
        given_name=person.given_name,
        family_name=person.family_name,
        language="fr",
        created_at=created_at,
        verified_at=None if person.waiting else created_at + DAY,
        verified_by=None if person.waiting else admin_id,
    )
    batch.add("inboxes", user_id=id, last_seq=0)
