"""Who prescribes, and where, as an ordonnance says it; directory.py has what lists show.

People move, and places change their names: what somebody signed, wrote or read says where and as what they did, and not
where they are today.
"""

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


def practice(tx: Transaction, user_id: str, at: int) -> Practice:
    """Where and as what somebody of the staff acted at a moment (milliseconds UTC). Raises NotFound.

    The name is a person's: it is today's, also of who has married since.
    """
    row = tx.first(
        "SELECT u.given_name || ' ' || u.family_name AS name, coalesce(f.profession, p.profession) AS profession, "
        "coalesce(f.specialty, p.specialty) AS specialty, "
        "coalesce(f.licence_number, p.licence_number) AS order_number, coalesce(f.place, o.name) AS place, "
        "coalesce(f.address, o.address) AS address, coalesce(f.city, o.city) AS city, "
        "coalesce(f.phone, o.phone) AS phone "
        "FROM practitioners p JOIN users u ON u.id = p.user_id JOIN organizations o ON o.id = p.organization_id "
        "LEFT JOIN former_practices f ON f.user_id = p.user_id AND f.until = "
        "(SELECT min(until) FROM former_practices WHERE user_id = p.user_id AND until > :at) "
        "WHERE p.user_id = :id",
        {"id": user_id, "at": at},
    )
    if row is None:
        raise NotFound
    return Practice(**row.as_dict())


def then(name: str, user: str, at: str) -> str:
    """The join that has, as `name`, where and as what whoever the column `user` names acted at the moment `at`: a row
    of practices_before, or none, where it was as it is now in `people`.
    """
    return (
        f"LEFT JOIN practices_before {name} ON {name}.user_id = {user} AND {name}.until = "
        f"(SELECT min(until) FROM practices_before WHERE user_id = {user} AND until > {at})"
    )


def keep(tx: Transaction, *, of: str = "", at: str = "") -> None:
    """Before it changes, keep what was true until now: of somebody of the staff, or of all at a place (its id)."""
    tx.execute(
        "INSERT INTO former_practices (user_id, until, licence_number, specialty, profession, organization_id, place, "
        "address, city, phone) SELECT p.user_id, :now, p.licence_number, p.specialty, p.profession, p.organization_id, "
        "o.name, o.address, o.city, o.phone FROM practitioners p JOIN organizations o ON o.id = p.organization_id "
        "WHERE (p.user_id = :of OR p.organization_id = :at) AND NOT EXISTS "
        "(SELECT 1 FROM former_practices f WHERE f.user_id = p.user_id AND f.until = :now)",
        {"now": tx.now, "of": of, "at": at},
    )
