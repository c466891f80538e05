"""Taking away a second factor that its owner has lost: one admin asks, another confirms within a day."""

from dataclasses import dataclass
from typing import Any

from fadjma.i18n import iso
from fadjma.ids import new_id
from fadjma.store import Transaction

_VALID_FOR = 24 * 3_600_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Removal:
    """What one admin has asked for, and nobody has confirmed."""

    id: str
    reason: str
    document: str
    asked_by: str
    asker: str  # by name
    asked_at: int
    expires_at: int

    def json(self) -> dict[str, Any]:
        return {
            "reason": self.reason,
            "document": self.document,
            "asked_by": {"id": self.asked_by, "name": self.asker},
            "asked_at": iso(self.asked_at),
            "valid_until": iso(self.expires_at),
        }


def waiting(tx: Transaction, user_id: str) -> Removal | None:
    """What is asked for of this person, while it can be confirmed."""
    row = tx.first(
        "SELECT r.id, r.reason, r.document, r.asked_by, p.name AS asker, r.asked_at, r.expires_at "
        "FROM factor_removals r JOIN people p ON p.id = r.asked_by "
        "WHERE r.user_id = :id AND r.confirmed_at IS NULL AND r.expires_at > :now",
        {"id": user_id, "now": tx.now},
    )
    return Removal(**row.as_dict()) if row else None


def ask(tx: Transaction, user_id: str, *, by: str, reason: str, document: str) -> None:
    """The caller has checked that nothing waits, and that it is not somebody's own."""
    tx.execute(
        "INSERT INTO factor_removals (id, user_id, reason, document, asked_by, asked_at, expires_at) "
        "VALUES (:id, :user_id, :reason, :document, :by, :now, :expires_at)",
        {
            "id": new_id(),
            "user_id": user_id,
            "reason": reason,
            "document": document,
            "by": by,
            "now": tx.now,
            "expires_at": tx.now + _VALID_FOR,
        },
    )


def confirm(tx: Transaction, removal_id: str, *, by: str) -> None:
    """Once; the database refuses whoever has asked, and the person concerned."""
    tx.execute(
        "UPDATE factor_removals SET confirmed_by = :by, confirmed_at = :now WHERE id = :id AND confirmed_at IS NULL",
        {"by": by, "now": tx.now, "id": removal_id},
    )
