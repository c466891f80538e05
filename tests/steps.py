"""How far a story has gone when a test begins: each step is what people would have done by then."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cast import AWA, DIOP, JAMM, NDIAYE, PARACETAMOL
from store import Store

from fadjma.access import actions as access
from fadjma.identity.people import Viewer
from fadjma.inventory import actions as inventory
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import checking, dispensing, handover, queries
from fadjma.prescriptions.actions import NewLine
from fadjma.records import actions as records
from fadjma.records import measuring
from fadjma.safety import answers
from fadjma.store import Transaction

HOUR = 3_600_000
DAY = 24 * HOUR
WEEK = 7 * DAY
KEY = b"the key of hand-over codes"


def in_days(store: Store, days: int) -> str:
    """The date so many days from the store's today."""
    return (datetime.fromtimestamp(store.clock() / 1000, UTC) + timedelta(days=days)).date().isoformat()


def ask(store: Store, doctor: Viewer = DIOP, patient: Viewer = AWA) -> str:
    """A doctor has asked a patient for access."""
    return store.write(access.ask, doctor, patient_id=patient.id, reason="Suivi de la tension")


def grant(
    store: Store, doctor: Viewer = DIOP, patient: Viewer = AWA, *, scope: Any = "full", duration: int = WEEK
) -> str:
    """A doctor has asked, and the patient has opened the file."""
    return store.write(access.approve, patient, ask(store, doctor, patient), scope=scope, duration=duration)


def emergency(store: Store, doctor: Viewer = DIOP, patient: Viewer = AWA) -> str:
    """A doctor has opened a file in an emergency, for three hours."""
    return store.write(access.open_emergency, doctor, patient_id=patient.id, reason="Malaise", code="unconscious")


def write_record(store: Store, doctor: Viewer = DIOP, patient: Viewer = AWA, *, type: str = "consultation") -> str:
    """A doctor, who has a grant, has added a record."""
    return store.write(
        records.create,
        doctor,
        patient.id,
        type=type,
        title="Hypertension",
        body="Tension 15/9, régime sans sel.",
        occurred_on=in_days(store, 0),
    )


def weigh(
    store: Store, grams: int, *, by: Viewer = DIOP, patient: Viewer = AWA, days: int = 0, confirmed: bool = False
) -> str:
    """Somebody who may has weighed a patient, so many days from today."""
    return store.write(
        measuring.measure,
        by,
        patient.id,
        code="body_weight",
        value=grams,
        measured_on=in_days(store, days),
        confirmed=confirmed,
    )


def receive(
    store: Store,
    quantity: int = 100,
    *,
    expires_on: str | None = None,
    number: str = "L1",
    pharmacist: Viewer = NDIAYE,
    medicine_id: str = PARACETAMOL,
) -> str:
    """A lot has arrived; unless it is said, it can be used for two years more."""
    return store.write(
        inventory.receive,
        pharmacist,
        medicine_id=medicine_id,
        number=number,
        expires_on=expires_on or in_days(store, 2 * 365),
        quantity=quantity,
    )


def issue(
    store: Store,
    quantity: int = 20,
    *,
    pharmacy: str | None = JAMM,
    medicine_id: str = PARACETAMOL,
    replaces_id: str | None = None,
) -> str:
    """Dr Diop, who has a grant, has prescribed to Awa."""
    return store.write(
        prescriptions.issue,
        DIOP,
        AWA.id,
        lines=[NewLine(medicine_id, "1 comprimé matin et soir", quantity, 10)],
        pharmacy_id=pharmacy,
        replaces_id=replaces_id,
        confirmed=True,  # of any quantity
    )


def explain(store: Store, *prescription_ids: str) -> None:
    """Dr Diop has answered whatever is asked about these of Awa's now."""

    def answer(tx: Transaction) -> None:
        for prescription_id in prescription_ids:
            asked = checking.unanswered(tx, queries.standing(tx, DIOP, prescription_id)).alerts
            answers.keep(tx, DIOP, prescription_id, [(one, "Renouvelée exprès") for one in asked])

    store.write(answer)


def issued(store: Store, quantity: int = 20, *, pharmacy: str | None = JAMM) -> str:
    """Awa has opened her file to Dr Diop, who has prescribed."""
    grant(store)
    return issue(store, quantity, pharmacy=pharmacy)


def validated(store: Store, quantity: int = 20, *, pharmacy: str | None = JAMM) -> str:
    return store.write(dispensing.validate, NDIAYE, issued(store, quantity, pharmacy=pharmacy))


def prepared(store: Store, quantity: int = 20) -> str:
    receive(store)
    return store.write(dispensing.prepare, NDIAYE, validated(store, quantity))


def ready(store: Store, quantity: int = 20) -> str:
    return store.write(dispensing.mark_ready, NDIAYE, prepared(store, quantity))


def refused(store: Store) -> str:
    return store.write(dispensing.refuse, NDIAYE, validated(store), code="dose", text="Dose à vérifier")


def delivered(store: Store) -> str:
    prescription_id = ready(store)
    return store.write(dispensing.deliver, NDIAYE, prescription_id, key=KEY, code=code(store, prescription_id))


def code(store: Store, prescription_id: str) -> str:
    """The hand-over code that Awa reads on her page now."""
    code_round = store.value("SELECT code_round FROM prescriptions WHERE id = ?", prescription_id)
    return handover.code(KEY, prescription_id, code_round)


def wrong_code(store: Store, prescription_id: str) -> str:
    """Six digits that are not Awa's."""
    return f"{(int(code(store, prescription_id)) + 1) % 1_000_000:06d}"


def status(store: Store, prescription_id: str) -> str:
    """What is stored."""
    found: str = store.value("SELECT status FROM prescriptions WHERE id = ?", prescription_id)
    return found
