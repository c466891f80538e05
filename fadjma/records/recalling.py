"""Whom the front desk is to call for a vaccination: name, phone and since when, and nothing of the file."""

from fadjma import days, events
from fadjma.events import Subject
from fadjma.identity.people import Viewer
from fadjma.records import vaccinations
from fadjma.records.vaccinations import Recall
from fadjma.store import Page, Transaction, paging

PER_PAGE = 50
_ACTION = "patient.recalled"


def open_recalls(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Recall]:
    """Those who are overdue, who has waited longest first; that they were seen in it is traced, once a day for each.

    `before` is the `next` of the page before. Raises Forbidden to whoever is not of a front desk.
    """
    viewer.require("receptionist")
    since, _, last = (before or "").partition("~")
    found = vaccinations.recalls(tx, days.day(tx.now), (since, last), PER_PAGE + 1)
    page = paging.page(found, PER_PAGE, lambda one: f"{one.since}~{one.patient_id}")
    for one in page:
        _trace(tx, viewer, one.patient_id)
    return page


def _trace(tx: Transaction, viewer: Viewer, patient_id: str) -> None:
    seen = tx.value(
        "SELECT 1 FROM trace WHERE patient_id = :patient AND actor_id = :reader AND at >= :since AND action = :action "
        "LIMIT 1",
        {"patient": patient_id, "reader": viewer.id, "since": days.beginning(tx.now), "action": _ACTION},
    )
    if not seen:
        events.record(tx, _ACTION, Subject("patient", patient_id), actor_id=viewer.id, patient_id=patient_id)
