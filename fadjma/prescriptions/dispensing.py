"""What the pharmacy does with a prescription, from the claim to the hand-over (docs/clinic.md)."""

from typing import Any

from fadjma import events
from fadjma.events import Subject
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.inventory import actions as inventory
from fadjma.prescriptions import handover, queries, states, transitions
from fadjma.prescriptions.prescription import Standing
from fadjma.refusals import Conflict, Forbidden, Invalid, NotFound, NotNow
from fadjma.store import Transaction


def validate(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """The claim: exactly one pharmacy wins, the others hear that it is taken. Also takes one off hold."""
    try:
        return transitions.move(tx, viewer, prescription_id, states.VALIDATE)
    except NotFound:
        if queries.was_open_to_all(tx, prescription_id):
            raise Conflict(N_("Une autre pharmacie vient de prendre cette ordonnance."), current="validated") from None
        raise


def release(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """Give a claimed prescription back: not ours after all, or ready and never collected."""
    return transitions.move(tx, viewer, prescription_id, states.RELEASE, reason=reason)


def hold(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """Put it aside."""
    return transitions.move(tx, viewer, prescription_id, states.HOLD, reason=reason)


def prepare(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """Prepared: every line is kept in stock. Raises Conflict with what is missing; then nothing is kept."""

    def keep(found: Standing) -> None:
        for line in queries.lines(tx, found.id):
            owed = line.quantity - line.delivered
            missing = inventory.reserve(tx, viewer, found.id, line.id, line.medicine_id, owed)
            if missing:
                raise NotNow(
                    N_("Stock insuffisant pour %(medicine)s : il manque %(missing)d sur %(owed)d."),
                    current=found.status,
                    medicine=line.name,
                    missing=missing,
                    owed=owed,
                )
        inventory.show(tx, found.id)

    return transitions.move(tx, viewer, prescription_id, states.PREPARE, before=keep)


def mark_ready(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """Ready to be fetched: the patient sees their hand-over code."""
    return transitions.move(tx, viewer, prescription_id, states.MARK_READY)


def depart(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """On its way to the patient, who must have asked for it."""
    transitions.seen_by(tx, viewer, prescription_id, states.DEPART)
    if not queries.is_delivery_requested(tx, prescription_id):
        raise Invalid({"status": N_("Aucune livraison n'a été demandée.")})
    return transitions.move(tx, viewer, prescription_id, states.DEPART)


def bring_back(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """The delivery failed: it is ready at the pharmacy again."""
    return transitions.move(tx, viewer, prescription_id, states.BRING_BACK, reason=reason)


def refuse(tx: Transaction, viewer: Viewer, prescription_id: str, *, code: str, text: str) -> str:
    """Refused with a coded reason (states.REFUSALS) and a text: the doctor hears of it at once and corrects it."""
    return transitions.move(tx, viewer, prescription_id, states.REFUSE, reason=f"{code}: {text}")


def try_code(tx: Transaction, viewer: Viewer, prescription_id: str, *, code: str, key: bytes) -> dict[str, Any]:
    """Check a hand-over code and count a wrong one, in a transaction of its own so that the count is kept.

    Returns {"right": bool, "left": how many tries are left}.
    """
    found = transitions.seen_by(tx, viewer, prescription_id, states.DELIVER)
    _require_own(viewer, found)
    if found.status not in states.DELIVER.sources:
        return {"right": True, "left": 0}  # nothing to guess: the act itself answers
    left = handover.ATTEMPTS - found.code_failures
    if left > 0 and handover.matches(key, found.id, found.code_round, code):
        return {"right": True, "left": left}
    tx.execute(
        "UPDATE prescriptions SET code_failures = code_failures + 1 WHERE id = :id AND code_failures < :most",
        {"id": found.id, "most": handover.ATTEMPTS},
    )
    events.record(
        tx,
        "prescription.wrong_code",
        Subject("prescription", found.id),
        actor_id=viewer.id,
        patient_id=found.patient_id,
        outcome="refused",
    )
    return {"right": False, "left": max(0, left - 1)}


def deliver(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    key: bytes,
    code: str | None = None,
    identity_document: str | None = None,
    reason: str = "",
) -> str:
    """Hand over: with the patient's code, or on an identity document with a reason, which is flagged in the trace.

    Stock leaves in the same transaction.
    """

    def hand_over(found: Standing) -> None:
        if code and found.code_failures >= handover.ATTEMPTS:
            raise Invalid({"code": handover.LOCKED})
        if code and not handover.matches(key, found.id, found.code_round, code):
            raise Invalid({"code": N_("Ce code n'est pas le bon.")})
        if not code and not (identity_document and reason):
            raise Invalid(_what_is_missing(tx, found, identity_document, reason))
        inventory.take(tx, viewer, found.id)
        tx.execute("UPDATE prescription_lines SET delivered = quantity WHERE prescription_id = :id", {"id": found.id})

    without_code = "" if code else f"Sans code, pièce d'identité {identity_document} : {reason}"
    return transitions.move(tx, viewer, prescription_id, states.DELIVER, reason=without_code, before=hand_over)


def _what_is_missing(tx: Transaction, found: Standing, identity_document: str | None, reason: str) -> dict[str, str]:
    """The code; or, where one of both is there already or nobody has a code, what takes its place."""
    if not identity_document and not reason and queries.has_code(tx, found.patient_id):
        return {"code": N_("Demandez le code de retrait.")}
    instead = {"identity_document": "" if identity_document else N_("Notez la pièce présentée, ou la carte FADJMA.")}
    instead["reason"] = "" if reason else N_("Dites pourquoi les médicaments sont remis sans code.")
    return {name: missing for name, missing in instead.items() if missing}


def _require_own(viewer: Viewer, found: Standing) -> None:
    if found.pharmacy_id != viewer.organization_id:
        raise Forbidden(N_("Seule la pharmacie qui a validé cette ordonnance peut la remettre."))
