"""Delivery at home, that a patient has asked for: accepted or declined by the pharmacy that has the prescription.

Under way, delivered and failed are states of the prescription (docs/clinic.md).
"""

from typing import Literal

from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries, states, transitions
from fadjma.prescriptions.prescription import Standing
from fadjma.refusals import Conflict
from fadjma.store import Transaction

NOBODY_WANTS = ("declined", "withdrawn")  # in which nothing is to be brought
DECLINED = N_("Cette livraison a été refusée.")
_ANSWERED = N_("Cette livraison n'est plus à accepter.")
NOT_ASKED = N_("Aucune livraison n'est demandée.")


def accept(tx: Transaction, viewer: Viewer, prescription_id: str, *, version: int | None = None) -> str:
    """The pharmacy will bring it; the patient is told. `version`: of the prescription as it was read, if it was: the
    patient may have asked for another address since. Raises Conflict.
    """
    found = transitions.begin(tx, viewer, prescription_id, states.ACCEPT_DELIVERY, version=version)
    wanted = queries.delivery(tx, found.id)
    if wanted is None or wanted.status != "asked":
        raise Conflict(_ANSWERED, current=found.status)
    answer(tx, viewer, found.id, "accepted")
    _tell(tx, viewer, found, states.ACCEPT_DELIVERY)
    return found.id


def decline(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str, version: int | None = None) -> str:
    """It does not bring it, also what it had accepted: the patient reads why, and fetches it, or asks again. `version`
    as in accept.
    """
    found = transitions.begin(tx, viewer, prescription_id, states.DECLINE_DELIVERY, version=version)
    wanted = queries.delivery(tx, found.id)
    if wanted is None or wanted.status in NOBODY_WANTS:
        raise Conflict(DECLINED if wanted and wanted.status == "declined" else NOT_ASKED, current=found.status)
    answer(tx, viewer, found.id, "declined", reason)
    _tell(tx, viewer, found, states.DECLINE_DELIVERY)
    return found.id


def withdraw(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """The patient fetches it after all, also what the pharmacy had accepted, until it is on its way."""
    found = transitions.begin(tx, viewer, prescription_id, states.WITHDRAW_DELIVERY)
    wanted = queries.delivery(tx, found.id)
    if wanted is None or wanted.status in NOBODY_WANTS:
        raise Conflict(NOT_ASKED, current=found.status)
    answer(tx, viewer, found.id, "withdrawn")
    _tell(tx, viewer, found, states.WITHDRAW_DELIVERY)
    return found.id


def answer(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    status: Literal["accepted", "declined", "withdrawn"],
    reason: str = "",
) -> None:
    """Write it down, with who and when."""
    tx.send(
        "UPDATE delivery_requests SET status = :status, answered_at = :now, answered_by = :viewer, reason = :reason "
        "WHERE prescription_id = :id",
        {"status": status, "now": tx.now, "viewer": viewer.id, "reason": reason, "id": prescription_id},
    )


def _tell(tx: Transaction, viewer: Viewer, found: Standing, act: states.Act) -> None:
    tx.send("UPDATE prescriptions SET version = version + 1 WHERE id = :id", {"id": found.id})
    transitions.tell(
        tx, transitions.concerned(tx, found), act.event, actor_id=viewer.id, by_id=viewer.by_id, told=act.told
    )
