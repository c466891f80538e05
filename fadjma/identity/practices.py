"""Who prescribes, and where, as an ordonnance says it; directory.py has what lists show."""

from dataclasses import dataclass
from typing import Any

from fadjma.refusals import NotFound
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class Practice:
    """Somebody who prescribes, and the place where they do. What is not known is empty; phone as E.164."""

    name: str
    profession: str
    specialty: str
    order_number: str
    place: str
    address: str
    city: str
    phone: str

    def json(self) -> dict[str, Any]:
        place = {"name": self.place, "address": self.address, "city": self.city, "phone": self.phone}
        return {
            "name": self.name,
            "profession": self.profession,
            "specialty": self.specialty,
            "order_number": self.order_number,
            "place": place,
        }


def practice(tx: Transaction, user_id: str) -> Practice:
    """Where and as what somebody of the staff acts today. Raises NotFound."""
    row = tx.first(
        "SELECT u.given_name || ' ' || u.family_name AS name, p.profession, p.specialty, "
        "p.licence_number AS order_number, o.name AS place, o.address, o.city, o.phone "
        "FROM practitioners p JOIN users u ON u.id = p.user_id JOIN organizations o ON o.id = p.organization_id "
        "WHERE p.user_id = :id",
        {"id": user_id},
    )
    if row is None:
        raise NotFound
    return Practice(**row.as_dict())
