"""How a prescription changes state: one guarded UPDATE, one act, and everybody concerned told, in one transaction."""

from collections.abc import Callable, Iterable
from typing import Literal

from fadjma import events
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.prescriptions import queries
from fadjma.prescriptions.queries import Status
from fadjma.refusals import Conflict
from fadjma.store import Transaction

Side = Literal["patient", "prescriber", "pharmacists"]
Messages = dict[Side, str]  # key in the catalogue; the pages of those without one follow silently
TO_VALIDATE = "prescription.to_validate"


def move(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    sources: Iterable[Status],
    target: Status,
    reason: str = "",
    messages: Messages,
    before: Callable[[queries.Prescription], None] | None = None,
    claim: Literal["take", "give back", "keep"] = "keep",
) -> str:
    """Bring a prescription that the viewer may see from one of `sources` to `target`; returns its id.

    `before` does what must happen with it (stock). `claim`: the viewer's pharmacy takes it, gives it back, or neither.
    Raises NotFound, or Conflict with the state it is in now.
    """
    found = queries.prescription(tx, viewer, prescription_id)
    if found.status not in sources:
        raise Conflict(N_("Cette ordonnance a changé entre-temps : rien n'a été modifié."), current=found.status)
    if before:
        before(found)
    could_see = _concerned(tx, prescription_id)["pharmacists"]
    pharmacy_id = {"take": viewer.organization_id, "give back": None, "keep": found.pharmacy_id}[claim]
    write(tx, prescription_id, viewer.id, found.status, target, reason, pharmacy_id)
    tell(tx, prescription_id, target, actor_id=viewer.id, messages=messages, also=could_see)
    return prescription_id


def write(
    tx: Transaction,
    prescription_id: str,
    actor_id: str | None,
    source: Status,
    target: Status,
    reason: str,
    pharmacy_id: str | None,
) -> None:
    """Change the row from `source` to `target` and append the act. Raises Conflict when it is not at `source`."""
    changed = tx.execute(
        "UPDATE prescriptions SET status = :target, status_reason = :reason, pharmacy_id = :pharmacy, "
        "updated_at = :now, version = version + 1 WHERE id = :id AND status = :source",
        {
            "target": target,
            "reason": reason,
            "pharmacy": pharmacy_id,
            "now": tx.now,
            "id": prescription_id,
            "source": source,
        },
    )
    if not changed:
        raise Conflict(N_("Cette ordonnance a changé entre-temps : rien n'a été modifié."), current=source)
    write_act(tx, prescription_id, actor_id, source, target, reason)


def write_act(
    tx: Transaction, prescription_id: str, actor_id: str | None, source: Status | None, target: Status, reason: str
) -> None:
    """Append one act to the prescription's history."""
    tx.execute(
        "INSERT INTO prescription_acts (id, prescription_id, at, actor_id, from_status, to_status, reason) "
        "VALUES (:id, :prescription, :now, :actor, :source, :target, :reason)",
        {
            "id": new_id(),
            "prescription": prescription_id,
            "now": tx.now,
            "actor": actor_id,
            "source": source,
            "target": target,
            "reason": reason,
        },
    )


def tell(
    tx: Transaction,
    prescription_id: str,
    what: str,
    *,
    actor_id: str | None,
    messages: Messages,
    also: Iterable[str] = (),
) -> None:
    """Record what happened and tell everybody concerned; `also` are those whose page must forget it."""
    people = _concerned(tx, prescription_id)
    told = dict(messages)
    if not people["claimed"] and told.get("pharmacists") != TO_VALIDATE:
        told.pop("pharmacists", None)  # of what nobody has taken, only that it is there to take is news
    notices = [
        Notice(people[side], "prescription_status_changed", told.get(side))
        for side in ("patient", "prescriber", "pharmacists")
    ]
    events.record(
        tx,
        f"prescription.{what}",
        Subject("prescription", prescription_id),
        actor_id=actor_id,
        patient_id=people["patient"][0],
        notices=[*notices, Notice(also, "prescription_status_changed", None)],
    )


def _concerned(tx: Transaction, prescription_id: str) -> dict[str, list[str]]:
    """The people of a prescription by side; `claimed` is the pharmacy's id when one has it or was chosen."""
    row = tx.first(
        "SELECT patient_id, prescriber_id, coalesce(pharmacy_id, addressed_to) AS pharmacy "
        "FROM prescriptions WHERE id = :id",
        {"id": prescription_id},
    )
    assert row is not None
    return {
        "patient": [row["patient_id"]],
        "prescriber": [row["prescriber_id"]],
        "pharmacists": directory.people(tx, "pharmacist", row["pharmacy"]),
        "claimed": [row["pharmacy"]] if row["pharmacy"] else [],
    }
