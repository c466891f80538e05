"""Reading people: accounts for the admin, and the few facts about a person that others may see."""

from dataclasses import dataclass
from typing import Any

from fadjma.i18n import iso
from fadjma.identity.people import ROLES, Role, Viewer
from fadjma.refusals import NotFound
from fadjma.store import Transaction

PER_PAGE = 50


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


_ACCOUNT = "SELECT * FROM accounts u"


def me(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
    """`GET /me`: who I am."""
    identifier = tx.value("SELECT identifier FROM patient_identities WHERE id = :id", {"id": viewer.id})
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
