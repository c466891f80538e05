"""What happened at the doors, written down for admins: failed sign-ins, locks, refused rights, exports, backups.

Kept apart from the trace, which is the patients'. Nothing that somebody typed is ever in it.
"""

from dataclasses import dataclass
from typing import Any, Literal

from fadjma.i18n import N_, iso, translate
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.store import Page, Transaction, paging

Kind = Literal["sign_in_failed", "sign_in_locked", "password_changed", "right_refused", "export", "backup"]

KINDS: dict[Kind, str] = {
    "sign_in_failed": N_("Connexion refusée : mot de passe incorrect"),
    "sign_in_locked": N_("Connexion ralentie : trop d'essais"),
    "password_changed": N_("Mot de passe changé"),
    "right_refused": N_("Action refusée : pas le droit"),
    "export": N_("Données exportées"),
    "backup": N_("Sauvegarde faite"),
}
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One line of the list. `address` is a short keyed hash."""

    id: str
    at: int
    kind: Kind
    account_id: str | None
    account: str | None
    address: str
    detail: str

    @property
    def label(self) -> str:
        return KINDS[self.kind]

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": iso(self.at),
            "kind": self.kind,
            "label": translate(language, self.label),
            "account": {"id": self.account_id, "name": self.account} if self.account_id else None,
            "address": self.address,
            "detail": self.detail,
        }


def note(tx: Transaction, kind: Kind, *, account_id: str | None = None, address: str = "", detail: str = "") -> None:
    """Write one event down. `address`: its short hash."""
    tx.execute(
        "INSERT INTO security_events (id, at, kind, account_id, address, detail) "
        "VALUES (:id, :now, :kind, :account, :address, :detail)",
        {
            "id": new_id(),
            "now": tx.now,
            "kind": kind,
            "account": account_id,
            "address": address,
            "detail": detail,
        },
    )


def browse(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[SecurityEvent]:
    """For an admin: the newest first."""
    viewer.require("admin")
    moment, last_id = paging.position(before)
    rows = tx.all(
        "SELECT e.id, e.at, e.kind, e.account_id, "
        "(SELECT name FROM people WHERE id = e.account_id) AS account, e.address, e.detail "
        "FROM security_events e "  # people joined from the left would be read whole
        "WHERE (e.at, e.id) < (:at, :id) ORDER BY e.at DESC, e.id DESC LIMIT :limit",
        {"at": moment, "id": last_id, "limit": PER_PAGE + 1},
    )
    found = [SecurityEvent(**dict(row)) for row in rows]
    return paging.page(found, PER_PAGE, lambda event: paging.cursor(event.at, event.id))
