"""Two admins take away the second factor of somebody who has lost telephone and paper; one alone cannot."""

from dataclasses import dataclass
from typing import Any

from fadjma import events
from fadjma.accounts import queries, second_factor
from fadjma.accounts.queries import Account
from fadjma.events import Notice, Subject, security
from fadjma.i18n import N_
from fadjma.identity import directory, factor_removals, second_factors, sessions, slips
from fadjma.identity.factor_removals import Removal
from fadjma.identity.people import Viewer
from fadjma.refusals import Conflict, NotNow
from fadjma.store import Transaction

_APART = 7 * 86_400_000  # that two admins owe each other no password


@dataclass(frozen=True, slots=True)
class Protected:
    """An account, whether it has a second factor, and what is asked for."""

    account: Account
    has_factor: bool
    waiting: Removal | None

    @property
    def id(self) -> str:
        return self.account.id

    def json(self, language: str) -> dict[str, Any]:
        waiting = self.waiting.json() if self.waiting else None
        return {**self.account.json(language), "has_second_factor": self.has_factor, "factor_removal": waiting}


def show(tx: Transaction, viewer: Viewer, account_id: str) -> Protected:
    """For an admin. Raises NotFound."""
    found = queries.account(tx, viewer, account_id)
    has_factor = second_factors.has_one(tx, account_id)
    return Protected(found, has_factor, factor_removals.waiting(tx, account_id) if has_factor else None)


def ask(tx: Transaction, viewer: Viewer, account_id: str, *, reason: str, document: str, address: str) -> str:
    """An admin has seen who stands there (`document`); nothing is taken away yet. The owner reads of it at once.

    Raises Conflict when it is asked for already, NotNow for one's own and where there is none.
    """
    now = _another(tx, viewer, account_id)
    if now.waiting:
        raise Conflict(
            N_("Ce retrait est déjà demandé : un autre administrateur doit le confirmer."), current="waiting"
        )
    factor_removals.ask(tx, account_id, by=viewer.id, reason=reason, document=document)
    kind = "factor.removal_asked"
    others = [Notice(directory.people(tx, "admin"), "notification", "factor.removal_waiting")]
    events.record(tx, kind, Subject("account", account_id), actor_id=viewer.id, notices=others)
    events.notify(tx, [account_id], "notification", kind, Subject("profile", account_id))
    security.note(
        tx, "factor_removal_asked", account_id=account_id, actor_id=viewer.id, address=address, detail=document
    )
    return account_id


def confirm(tx: Transaction, viewer: Viewer, account_id: str, *, address: str) -> str:
    """Another admin: the factor and the recovery codes are gone, every session ends. The password stays.

    Raises Conflict when nothing is asked for any more, NotNow for whoever has asked, where one admin could be both
    because of slips of these days, and for one's own.
    """
    waiting = _another(tx, viewer, account_id).waiting
    if waiting is None:
        raise Conflict(N_("Aucun retrait n'attend : il a été fait, ou les 24 heures sont passées."), current="none")
    if waiting.asked_by == viewer.id:
        raise NotNow(
            N_("C'est vous qui l'avez demandé : un autre administrateur doit le confirmer."), current="waiting"
        )
    if slips.may_be_one(tx, viewer.id, waiting.asked_by, since=tx.now - _APART):
        raise NotNow(
            N_(
                "Il y a moins de 7 jours, l'un de vous deux a remis un code d'accès à l'autre, ou quelqu'un à tous "
                "deux : un autre administrateur doit confirmer."
            ),
            current="waiting",
        )
    factor_removals.confirm(tx, waiting.id, by=viewer.id)
    second_factors.remove(tx, account_id)
    sessions.end(tx, account_id, reason="signed_out")
    second_factor.tell(tx, account_id, "factor.removed", by=viewer.id)
    followers = [Notice(directory.people(tx, "admin"), "notification", None)]
    events.record(tx, "factor.removal_confirmed", Subject("account", account_id), actor_id=viewer.id, notices=followers)
    security.note(
        tx, "factor_removed", account_id=account_id, actor_id=viewer.id, address=address, detail=waiting.document
    )
    return account_id


def _another(tx: Transaction, viewer: Viewer, account_id: str) -> Protected:
    """Somebody else who has a factor."""
    found = show(tx, viewer, account_id)
    if account_id == viewer.id:
        raise NotNow(N_("Pour votre propre compte, demandez à deux autres administrateurs."), current="own")
    if not found.has_factor:
        raise NotNow(N_("Ce compte n'a pas de second facteur."), current="none")
    return found
