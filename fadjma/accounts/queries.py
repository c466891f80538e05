"""Reading people: accounts for the admin, and the few facts about a person that others may see."""

from dataclasses import dataclass
from typing import Any

from fadjma.i18n import iso
from fadjma.identity.people import ROLES, Role, Viewer
from fadjma.refusals import NotFound
from fadjma.store import Transaction

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Credential:
    """What a sign-in is checked against."""

    user_id: str
    status: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its admin sees it: no medical content."""

    id: str
    role: Role
    status: str
    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    created_at: int
    verified_at: int | None
    licence_number: str | None
    specialty: str | None
    organization: str | None
    version: int

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def role_name(self) -> str:
        return ROLES[self.role]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "role": self.role,
            "status": self.status,
            "name": self.name,
            "licence_number": self.licence_number,
            "organization": self.organization,
            "created_at": iso(self.created_at),
            "version": self.version,
        }


_ACCOUNT = """
    SELECT u.id, u.role, u.status, u.given_name, u.family_name, u.email, u.phone, u.created_at, u.verified_at,
           p.licence_number, p.specialty, o.name AS organization, u.version
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id
"""


def credentials_for(tx: Transaction, *, email: str | None, phone: str | None) -> list[Credential]:
    """The accounts that this e-mail address or phone number signs in to, staff first; a family may share either."""
    rows = tx.all(
        "SELECT id, status, password_hash FROM users "
        "WHERE (email IS NOT NULL AND email = :email) OR (phone IS NOT NULL AND phone = :phone) "
        "ORDER BY CASE role WHEN 'patient' THEN 1 ELSE 0 END, id LIMIT 8",
        {"email": email, "phone": phone},
    )
    return [Credential(row["id"], row["status"], row["password_hash"]) for row in rows]


def password_hash(tx: Transaction, viewer: Viewer) -> str:
    """One's own password hash, for entering the password again before a grave act."""
    return str(tx.value("SELECT password_hash FROM users WHERE id = :id", {"id": viewer.id}))


def me(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
    """`GET /me`: who I am."""
    identifier = tx.value("SELECT identifier FROM patients WHERE user_id = :id", {"id": viewer.id})
    known = {"id": viewer.id, "role": viewer.role, "name": viewer.name}
    return {**known, "identifier": identifier} if identifier else known


def account(tx: Transaction, viewer: Viewer, account_id: str) -> Account:
    """One account, for an admin. Raises NotFound."""
    viewer.require("admin")
    row = tx.first(f"{_ACCOUNT} WHERE u.id = :id", {"id": account_id})
    if row is None:
        raise NotFound
    return Account(**dict(row))


def waiting(tx: Transaction) -> list[Account]:
    """Doctors and pharmacists to be verified, the longest waiting first."""
    return [Account(**dict(row)) for row in tx.all(f"{_ACCOUNT} WHERE u.status = 'pending' ORDER BY u.created_at")]


def accounts(tx: Transaction, viewer: Viewer, q: str = "", before: str = "~") -> tuple[list[Account], list[Account]]:
    """For an admin: who waits to be verified, and the others, the newest first, whose name begins with `q`."""
    viewer.require("admin")
    rows = tx.all(
        f"{_ACCOUNT} WHERE u.status <> 'pending' AND u.id < :before AND (:q = '' OR u.email = :q "
        "OR lower(u.family_name) LIKE :prefix ESCAPE '!' OR lower(u.given_name) LIKE :prefix ESCAPE '!' "
        # lower() leaves É alone in SQLite
        "OR u.family_name LIKE :title ESCAPE '!' OR u.given_name LIKE :title ESCAPE '!') "
        "ORDER BY u.id DESC LIMIT :limit",
        {
            "before": before,
            "q": q.lower(),
            "prefix": _prefix(q.lower()),
            "title": _prefix(q.title()),
            "limit": PER_PAGE,
        },
    )
    return waiting(tx), [Account(**dict(row)) for row in rows]


def _prefix(q: str) -> str:
    for special in "!%_":
        q = q.replace(special, "!" + special)
    return q + "%"
