"""Each act that the page of a prescription offers, done with all that it asks for; and a prescription in any state."""

from collections.abc import Callable
from functools import partial

from cast import AWA, DIOP, JAMM, NDIAYE, PARACETAMOL
from steps import KEY
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, handover, states
from fadjma.prescriptions.actions import NewLine
from fadjma.store import Transaction

LINES = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]
OFFERED = [act for act in states.ACTS if act.offer]
BY: dict[str, Viewer] = {"pharmacists": NDIAYE, "prescriber": DIOP, "patient": AWA}


def _deliver(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    code = handover.code(KEY, prescription_id, 1)
    return dispensing.deliver(tx, viewer, prescription_id, key=KEY, code=code)


def _correct(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    return actions.issue(tx, viewer, AWA.id, lines=LINES, replaces_id=prescription_id)


DOING: dict[str, Callable[[Transaction, Viewer, str], str]] = {
    "validate": dispensing.validate,
    "prepare": dispensing.prepare,
    "mark_ready": dispensing.mark_ready,
    "deliver": _deliver,
    "prepare_rest": dispensing.prepare_rest,
    "depart": dispensing.depart,
    "bring_back": partial(dispensing.bring_back, reason="Une raison"),
    "hold": partial(dispensing.hold, reason="Une raison"),
    "take_back": partial(actions.take_back, reason="Une raison"),
    "release": partial(dispensing.release, reason="Une raison"),
    "refuse": partial(dispensing.refuse, code="dose", text="Dose à vérifier"),
    "correct": _correct,
    "cancel": partial(actions.cancel, reason="Une raison"),
    "mark_error": partial(actions.mark_error, reason="Une raison"),
    "request_delivery": partial(actions.request_delivery, address="Médina, rue 11", phone="+221771234567"),
    "renew_code": actions.renew_code,
}


def put(store: Store, state: str, *, addressed_to: str | None = JAMM) -> str:
    """Awa's prescription by Dr Diop, in this state at the Jamm pharmacy, without the story before."""
    store.connection.execute(
        "INSERT INTO prescriptions (id, patient_id, prescriber_id, addressed_to, pharmacy_id, status, status_reason, "
        "issued_at, valid_until, updated_at) VALUES (?, 'awa', 'diop', ?, ?, ?, 'raison', ?, ?, ?)",
        (
            state,
            addressed_to,
            None if state == "issued" else JAMM,
            state,
            store.clock(),
            store.clock() + actions.valid_for(),
            store.clock(),
        ),
    )
    return state


def want_it_brought(store: Store, prescription_id: str) -> None:
    """The patient has asked that it be brought."""
    sql = "INSERT INTO delivery_requests VALUES (?, 'Médina', '+221771234567', 1)"
    store.connection.execute(sql, (prescription_id,))
