"""Who works where, as everybody may know of whoever has signed something: name, profession, place; no contact."""

from collections.abc import Iterable
from dataclasses import dataclass

from fadjma.identity.people import Role
from fadjma.refusals import NotFound
from fadjma.store import Transaction, given


@dataclass(frozen=True, slots=True)
class Practitioner:
    """Somebody of the staff. `profession` and `specialty` are empty where there is none."""

    id: str
    role: Role
    active: bool
    name: str
    organization_id: str | None
    organization: str
    specialty: str
    profession: str


def practitioners(tx: Transaction, ids: Iterable[str]) -> list[Practitioner]:
    """Those of these (few) people who are of the staff, by id; not who says so alone, and was never verified."""
    among, values = given(list(dict.fromkeys(ids)))
    rows = tx.all(
        "SELECT id, role, status, name, organization_id, organization, specialty, profession FROM people "
        f"WHERE id IN {among} AND role <> 'patient' AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = people.id "
        "AND u.role IN ('doctor', 'pharmacist') AND u.verified_at IS NULL) ORDER BY id",
        values,
    )
    return [
        Practitioner(
            row["id"],
            row["role"],
            row["status"] == "active",
            row["name"],
            row["organization_id"],
            row["organization"],
            row["specialty"],
            row["profession"],
        )
        for row in rows
    ]


def practitioner(tx: Transaction, practitioner_id: str) -> Practitioner:
    """One of them. Raises NotFound, also for a patient's id."""
    found = practitioners(tx, [practitioner_id])
    if not found:
        raise NotFound
    return found[0]
