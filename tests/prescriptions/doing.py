"""Each act that the page of a prescription offers, done with all that it asks for; and a prescription in any state."""

from collections.abc import Callable
from functools import partial
from typing import Any

from cast import AMOXICILLIN, AWA, DIOP, INSULIN, JAMM, KADD, NDIAYE, PARACETAMOL
from steps import KEY, grant, in_days, receive
from store import Store

from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, checking, delivering, dispensing, handover, replacing, setbacks, states
from fadjma.prescriptions.actions import NewLine
from fadjma.safety.answers import Override
from fadjma.store import Transaction

LINES = [NewLine(PARACETAMOL, "1 comprimé matin et soir", 20, 10)]
OFFERED = [act for act in states.ACTS if act.offer]
BY: dict[str, Viewer] = {"pharmacists": NDIAYE, "prescriber": DIOP, "patient": AWA}


def _deliver(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    code = handover.code(KEY, prescription_id, 1)
    return dispensing.deliver(tx, viewer, prescription_id, key=KEY, code=code)


def _correct(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    return actions.issue(tx, viewer, AWA.id, lines=LINES, replaces_id=prescription_id)


def _cannot_supply(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    line_id = tx.value("SELECT id FROM prescription_lines WHERE prescription_id = :id", {"id": prescription_id})
    return setbacks.cannot_supply(tx, viewer, prescription_id, line_id=line_id or "", code="out_of_stock")


def _lacking(tx: Transaction, prescription_id: str) -> str:
    """The line that could not be supplied; else any."""
    found = tx.value(
        "SELECT l.id FROM prescription_lines l LEFT JOIN unsupplied_lines u ON u.line_id = l.id "
        "WHERE l.prescription_id = :id ORDER BY u.at IS NULL LIMIT 1",
        {"id": prescription_id},
    )
    return str(found or "")


def _replace_line(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    line = NewLine(AMOXICILLIN, "1 comprimé matin et soir", 10, 5)
    line_id = _lacking(tx, prescription_id)
    asked = checking.of_replacement(tx, prescription_id, AWA.id, line_id, line.medicine_id, line.dosage).alerts
    overrides = [Override(place, one.id, "Renouvelée exprès") for place, one in enumerate(asked)]
    how: dict[str, Any] = {"line_id": line_id, "line": line, "confirmed": True, "overrides": overrides}
    return replacing.replace_line(tx, viewer, prescription_id, **how)


def _end_line(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    return replacing.end_line(tx, viewer, prescription_id, line_id=_lacking(tx, prescription_id), reason="Introuvable")


DOING: dict[str, Callable[[Transaction, Viewer, str], str]] = {
    "validate": dispensing.validate,
    "prepare": dispensing.prepare,
    "mark_ready": dispensing.mark_ready,
    "deliver": _deliver,
    "prepare_rest": dispensing.prepare_rest,
    "prepare_anew": setbacks.prepare_anew,
    "undo": partial(setbacks.undo, reason="Une raison"),
    "cannot_supply": _cannot_supply,
    "acknowledge": setbacks.acknowledge,
    "choose_pharmacy": partial(actions.choose_pharmacy, pharmacy_id=KADD),
    "depart": dispensing.depart,
    "bring_back": partial(dispensing.bring_back, reason="Une raison"),
    "hold": partial(dispensing.hold, reason="Une raison"),
    "take_back": partial(actions.take_back, reason="Une raison"),
    "release": partial(dispensing.release, reason="Une raison", confirmed=True),
    "refuse": partial(dispensing.refuse, code="dose", text="Dose à vérifier"),
    "correct": _correct,
    "replace_line": _replace_line,
    "await": replacing.wait,
    "end_line": _end_line,
    "cancel": partial(actions.cancel, reason="Une raison"),
    "mark_error": partial(actions.mark_error, reason="Une raison"),
    "request_delivery": partial(actions.request_delivery, address="Médina, rue 11", phone="+221771234567"),
    "withdraw_delivery": delivering.withdraw,
    "accept_delivery": delivering.accept,
    "decline_delivery": partial(delivering.decline, reason="Une raison"),
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


def prescribe(store: Store, prescription_id: str) -> None:
    """A line of which all is owed."""
    store.connection.execute(
        "INSERT INTO prescription_lines (id, prescription_id, position, medicine_id, dosage, quantity, duration_days) "
        "VALUES (?, ?, 0, ?, '1', 20, 10)",
        (f"{prescription_id}-owed", prescription_id, PARACETAMOL),
    )


def lack_another(store: Store, prescription_id: str) -> None:
    """A second line of which all is owed, and which its pharmacy cannot supply."""
    line_id = f"{prescription_id}-lacking"
    store.connection.execute(
        "INSERT INTO prescription_lines (id, prescription_id, position, medicine_id, dosage, quantity, duration_days) "
        "VALUES (?, ?, 1, ?, '1', 20, 10)",
        (line_id, prescription_id, INSULIN),
    )
    store.connection.execute(
        "INSERT INTO unsupplied_lines (id, line_id, pharmacy_id, actor_id, at, code, text) "
        "VALUES (?, ?, ?, ?, ?, 'out_of_stock', '')",
        (line_id, line_id, JAMM, NDIAYE.id, store.clock()),
    )
    store.connection.execute("UPDATE prescriptions SET was_unsupplied = 1 WHERE id = ?", (prescription_id,))


def make_possible(store: Store, act: states.Act, prescription_id: str) -> None:
    """All that the act needs beside the state."""
    if not act.offer:
        return
    match act.offer.when:
        case "delivery requested" | "delivery asked":
            want_it_brought(store, prescription_id)
        case "something is owed":
            prescribe(store, prescription_id)
        case "a line can be replaced" | "a line can be ended" | "not supplied":
            if not store.rows("SELECT 1 FROM access_requests WHERE status = 'approved'"):
                grant(store)
            prescribe(store, prescription_id)
            lack_another(store, prescription_id)
        case "not all is kept":
            keep_an_expired_lot(store, prescription_id)
        case "just handed over":
            store.connection.execute(
                "INSERT INTO dispenses (id, prescription_id, pharmacy_id, actor_id, at, proof) "
                "VALUES (?, ?, ?, ?, ?, 'code')",
                (f"{prescription_id}-given", prescription_id, JAMM, NDIAYE.id, store.clock()),
            )
        case "to be acknowledged":
            sql = "UPDATE prescriptions SET acknowledge_by = ? WHERE id = ?"
            store.connection.execute(sql, (JAMM, prescription_id))


def keep_an_expired_lot(store: Store, prescription_id: str) -> None:
    """A unit of a lot that has expired is put aside for a line of which all is given already."""
    lot_id = receive(store, expires_on=in_days(store, 0), number=f"L-{prescription_id}")
    for sql in (
        "INSERT INTO prescription_lines (id, prescription_id, position, medicine_id, dosage, quantity, duration_days, "
        "delivered) VALUES (:line, :id, 9, :medicine, '1', 1, 1, 1)",
        "INSERT INTO reservations (prescription_id, line_id, lot_id, quantity) VALUES (:id, :line, :lot, 1)",
        "UPDATE lots SET reserved = 1, expires_on = '2020-01-01' WHERE id = :lot",
    ):
        values = {"line": f"{prescription_id}-kept", "id": prescription_id, "lot": lot_id, "medicine": PARACETAMOL}
        store.connection.execute(sql, values)


def want_it_brought(store: Store, prescription_id: str) -> None:
    """The patient has asked that it be brought."""
    sql = "INSERT INTO delivery_requests (prescription_id, address, phone, created_at) VALUES (?, 'Médina', ?, 1)"
    store.connection.execute(sql, (prescription_id, "+221771234567"))
