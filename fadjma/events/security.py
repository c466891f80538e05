"""What happened at the doors, written down for admins: failed sign-ins, locks, refused rights, codes, exports, backups.

Kept apart from the trace, which is the patients'. Nothing that somebody typed is ever in it, but for the document that
an admin names who resets a password.
"""

from dataclasses import dataclass
from typing import Any, Literal

from fadjma.i18n import N_, iso, translate
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.store import Page, Transaction, paging

Kind = Literal[
    "sign_in_failed",
    "sign_in_locked",
    "password_changed",
    "right_refused",
    "export",
    "backup",
    "activation_issued",
    "reset_issued",
    "code_refused",
    "factor_failed",
    "factor_added",
    "factor_removed",
    "factor_removal_asked",
]

KINDS: dict[Kind, str] = {
    "sign_in_failed": N_("Connexion refusée : mot de passe incorrect"),
    "sign_in_locked": N_("Connexion ralentie : trop d'essais"),
    "password_changed": N_("Mot de passe changé"),
    "right_refused": N_("Action refusée : pas le droit"),
    "export": N_("Données exportées"),
    "backup": N_("Sauvegarde faite"),
    "activation_issued": N_("Code d'activation remis"),
    "reset_issued": N_("Code remis pour un mot de passe"),
    "code_refused": N_("Code refusé"),
    "factor_failed": N_("Connexion refusée : second facteur incorrect"),
    "factor_added": N_("Second facteur ajouté"),
    "factor_removed": N_("Second facteur retiré"),
    "factor_removal_asked": N_("Retrait d'un second facteur demandé"),
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
    actor_id: str | None
    actor: str | None
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
            "actor": {"id": self.actor_id, "name": self.actor} if self.actor_id else None,
            "address": self.address,
            "detail": self.detail,
        }


def note(
    tx: Transaction,
    kind: Kind,
    *,
    account_id: str | None = None,
    actor_id: str | None = None,
    address: str = "",
    detail: str = "",
) -> None:
    """Write one event down. `actor_id`: the admin who did it to that account; `address`: its short hash."""
    tx.execute(
        "INSERT INTO security_events (id, at, kind, account_id, actor_id, address, detail) "
        "VALUES (:id, :now, :kind, :account, :actor, :address, :detail)",
        {
            "id": new_id(),
            "now": tx.now,
            "kind": kind,
            "account": account_id,
            "actor": actor_id,
            "address": address,
            "detail": detail,
        },
    )


def browse(tx: Transaction, viewer: Viewer, before: str | None = None, by: str | None = None) -> Page[SecurityEvent]:
    """For an admin: the newest first; `by` one admin, or all."""
    viewer.require("admin")
    moment, last_id = paging.position(before)
    rows = tx.all(
        "SELECT e.id, e.at, e.kind, e.account_id, "
        "(SELECT name FROM people WHERE id = e.account_id) AS account, e.actor_id, "
        "(SELECT name FROM people WHERE id = e.actor_id) AS actor, e.address, e.detail "
        "FROM security_events e "  # people joined from the left would be read whole
        f"WHERE (e.at, e.id) < (:at, :id) {'AND e.actor_id = :by' if by else ''} "
        "ORDER BY e.at DESC, e.id DESC LIMIT :limit",
        {"at": moment, "id": last_id, "limit": PER_PAGE + 1, **({"by": by} if by else {})},
    )
    found = [SecurityEvent(**row.as_dict()) for row in rows]
    return paging.page(found, PER_PAGE, lambda event: paging.cursor(event.at, event.id))
