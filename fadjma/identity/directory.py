"""The few facts about people and places that others may see."""

from dataclasses import dataclass

from fadjma import writing
from fadjma.identity.people import Role
from fadjma.refusals import NotFound
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Organization:
    """A clinic or a pharmacy."""

    id: str
    kind: str
    name: str
    city: str

    @property
    def place(self) -> tuple[str, str]:
        """Value and label in a list to choose from."""
        return self.id, f"{self.name}, {self.city}"


@dataclass(frozen=True, slots=True)
class Identity:
    """What must stand beside a patient's name wherever somebody acts on it (CLINIC.md, complaint 15)."""

    id: str
    given_name: str
    family_name: str
    identifier: str
    birth_date: str
    sex: str
    city: str
    weight_kg: int | None
    phone: str | None
    pharmacy_id: str | None

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


def organizations(tx: Transaction, kind: str | None = None) -> list[Organization]:
    """Clinics and pharmacies by name, in French order, which no database has by itself."""
    rows = tx.all("SELECT id, kind, name, city FROM organizations WHERE :kind IS NULL OR kind = :kind", {"kind": kind})
    found = [Organization(**dict(row)) for row in rows]
    return sorted(found, key=lambda place: (writing.sort_key(place.name), writing.sort_key(place.city)))


def identity(tx: Transaction, patient_id: str) -> Identity:
    """The identity of a patient. The caller has checked that the viewer may see it. Raises NotFound."""
    row = tx.first(
        "SELECT u.id, u.given_name, u.family_name, p.identifier, p.birth_date, p.sex, p.city, p.weight_kg, u.phone, "
        "p.pharmacy_id FROM users u JOIN patients p ON p.user_id = u.id WHERE u.id = :id",
        {"id": patient_id},
    )
    if row is None:
        raise NotFound
    return Identity(**dict(row))


def people(tx: Transaction, role: Role, organization_id: str | None = None) -> list[str]:
    """The ids of the active people of a role, of one organization or of all."""
    rows = tx.all(
        "SELECT u.id FROM users u LEFT JOIN practitioners p ON p.user_id = u.id "
        "WHERE u.role = :role AND u.status = 'active' AND (:organization IS NULL OR p.organization_id = :organization)",
        {"role": role, "organization": organization_id},
    )
    return [row["id"] for row in rows]
