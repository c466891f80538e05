"""Clinics and pharmacies with all that is said of them, read and written; directory.py has the few facts in lists."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fadjma import writing
from fadjma.i18n import N_
from fadjma.identity import practices
from fadjma.ids import new_id
from fadjma.refusals import NotFound
from fadjma.store import Transaction

Kind = Literal["clinic", "pharmacy"]
KINDS: dict[Kind, str] = {"clinic": N_("Clinique ou centre de santé"), "pharmacy": N_("Pharmacie")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is said of a place; phone as E.164, hours as people say them."""

    kind: Kind
    name: str
    address: str
    city: str
    phone: str
    hours: str = ""
    night_duty: bool = False  # whether it serves at night
    responsible: str = ""  # the person who answers for it
    part_of: str | None = None  # the id of the clinic or pharmacy that it is a part of, a branch or a cupboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Facts):
    """A clinic or a pharmacy."""

    id: str
    version: int

    @property
    def kind_name(self) -> str:
        return KINDS[self.kind]

    def json(self, language: str) -> dict[str, Any]:
        return {**asdict(self), "status": "active"}


_PLACE = (
    "SELECT id, kind, name, address, city, phone, hours, night_duty, responsible, part_of, version FROM organizations"
)


def places(tx: Transaction) -> list[Place]:
    """All of them, clinics first, each kind by name in French order. They are few: as many as a town has."""
    found = [_place(row) for row in tx.all(_PLACE)]
    return sorted(found, key=lambda place: (place.kind, writing.sort_key(place.name), writing.sort_key(place.city)))


def place(tx: Transaction, place_id: str) -> Place:
    """One of them. Raises NotFound."""
    row = tx.first(f"{_PLACE} WHERE id = :id", {"id": place_id})
    if row is None:
        raise NotFound
    return _place(row)


def house(tx: Transaction, place_id: str) -> list[Place]:
    """The other places of the same house: what it is a part of, and what else is a part of that or of it."""
    row = tx.first("SELECT coalesce(part_of, id) AS head FROM organizations WHERE id = :id", {"id": place_id})
    if row is None:
        return []
    sql = f"{_PLACE} WHERE coalesce(part_of, id) = :head AND id <> :id"
    found = [_place(one) for one in tx.all(sql, {"head": row["head"], "id": place_id})]
    return sorted(found, key=lambda place: (writing.sort_key(place.name), writing.sort_key(place.city)))


def same_as(tx: Transaction, facts: Facts) -> Place | None:
    """The place of this kind that has this name in this town already, whatever its capitals and accents."""
    own = key(facts)
    return next((known for known in places(tx) if key(known) == own), None)


def add(tx: Transaction, facts: Facts) -> str:
    """A new place; returns its id."""
    [place_id] = add_all(tx, [facts])
    return place_id


def add_all(tx: Transaction, added: Iterable[Facts]) -> list[str]:
    """New places; returns their ids."""
    rows = [{**asdict(facts), "id": new_id()} for facts in added]
    tx.execute_many(
        "INSERT INTO organizations (id, kind, name, address, city, phone, hours, night_duty, responsible, part_of) "
        "VALUES (:id, :kind, :name, :address, :city, :phone, :hours, :night_duty, :responsible, "
        ":part_of)",
        rows,
    )
    return [row["id"] for row in rows]


def change(tx: Transaction, place_id: str, facts: Facts, version: int) -> bool:
    """Say something else of a place, unless somebody has since `version`; what kind it is stays. What was signed there
    under another name or address says so still.
    """
    before = place(tx, place_id)
    if any(getattr(before, name) != getattr(facts, name) for name in ("name", "address", "city", "phone")):
        practices.keep(tx, at=place_id)
    return bool(
        tx.execute(
            "UPDATE organizations SET name = :name, address = :address, city = :city, phone = :phone, "
            "hours = :hours, night_duty = :night_duty, responsible = :responsible, part_of = :part_of, "
            "version = version + 1 "
            "WHERE id = :id AND version = :version AND kind = :kind",
            {**asdict(facts), "id": place_id, "version": version},
        )
    )


def key(facts: Facts) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """By which a place is known, whatever the capitals and accents."""
    return facts.kind, tuple(writing.fold(facts.name).split()), tuple(writing.fold(facts.city).split())


def _place(row: Any) -> Place:
    return Place(**{**row.as_dict(), "night_duty": bool(row["night_duty"])})
