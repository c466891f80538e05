"""Writing down who saw what of a file; the patient reads it, live (queries.readings)."""

from fadjma import events
from fadjma.events import Subject
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.store import Transaction

HOUR = 3_600_000


def trace(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    action: str,
    subject: Subject,
    *,
    ground: str | None,
    message: str | None,
) -> None:
    """A reading. `message` None: the patient's open trace page follows, and nobody is told."""
    events.record(tx, action, subject, actor_id=viewer.id, patient_id=patient_id, ground=ground)
    events.notify(tx, [patient_id], "notification", message, Subject("patient", patient_id))


def trace_refusal(tx: Transaction, viewer: Viewer, patient_id: str) -> None:
    """A refused reading of a file, written down once an hour: asking again and again hides no other reader."""
    if viewer.id == patient_id or not directory.is_patient(tx, patient_id):
        return
    subject = Subject("patient", patient_id)
    if read_lately(tx, viewer, patient_id, subject, outcome="refused"):
        return
    events.record(tx, "file.read", subject, actor_id=viewer.id, patient_id=patient_id, outcome="refused")
    events.notify(tx, [patient_id], "notification", None, subject)


def read_lately(
    tx: Transaction, viewer: Viewer, patient_id: str, subject: Subject, *, outcome: str = "success"
) -> bool:
    """Whether this person's reading of this very thing was written down in the last hour.

    Then a page that asks by itself, because of an event, need not be: it is the same reading that goes on. Anybody can
    say that their page asks by itself, so that without such a line it is written down as any other.
    """
    found = tx.value(
        "SELECT 1 FROM trace WHERE patient_id = :patient AND at > :since AND actor_id = :reader "
        "AND action LIKE '%.read' AND subject_kind = :kind AND subject_id = :id AND outcome = :outcome LIMIT 1",
        {
            "patient": patient_id,
            "since": tx.now - HOUR,
            "reader": viewer.id,
            "kind": subject.kind,
            "id": subject.id,
            "outcome": outcome,
        },
    )
    return found is not None
