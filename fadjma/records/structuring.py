"""Writing a consultation down by its fields, with what was measured in it, and correcting it."""

from collections.abc import Sequence

from fadjma import events
from fadjma.access import grants
from fadjma.events import Subject
from fadjma.identity.people import Viewer
from fadjma.records import actions, consultations, measurements, measuring, queries
from fadjma.records.consultations import Consultation
from fadjma.records.vitals import Reading
from fadjma.refusals import NotFound
from fadjma.store import Transaction


def consult(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    facts: Consultation,
    readings: Sequence[Reading],
    occurred_on: str,
    confirmed: bool = False,
) -> str:
    """Write a consultation down; returns the id of its record. The patient is told once, and open pages follow.

    Raises Doubtful while what was hardly meant is not `confirmed`, Invalid before the birth.
    """
    actions.require_writer(tx, viewer, patient_id, "consultation")
    measuring.require_born(tx, patient_id, "occurred_on", occurred_on)
    measuring.ask(tx, patient_id, readings, occurred_on, confirmed=confirmed)
    written = {"type": "consultation", "title": facts.title, "body": facts.body, "occurred_on": occurred_on}
    record_id = actions.add(tx, viewer, patient_id, **written)
    consultations.write(tx, record_id, 1, facts)
    if readings:
        measuring.write(tx, viewer, patient_id, readings, occurred_on, record_id=record_id)
    if any(one.code == "body_weight" for one in readings):
        _show_weight(tx, patient_id, record_id)
    return record_id


def _show_weight(tx: Transaction, patient_id: str, record_id: str) -> None:
    """Whoever sees the weight, and not the consultation, sees it now."""
    told = grants.doctors_with_grant(tx, patient_id, queries.part_of("consultation"))
    others = set(grants.doctors_with_grant(tx, patient_id, measurements.PART)) - set(told)
    events.notify(tx, sorted(others), "medical_record_updated", None, Subject("record", record_id))
    actions.tell_elsewhere(tx, patient_id)


def amend_consultation(
    tx: Transaction, viewer: Viewer, record_id: str, *, version: int, facts: Consultation, reason: str
) -> str:
    """« Corriger » what it says; what was measured in it stays. Raises Conflict unless it is at `version`."""
    found = queries.record(tx, viewer, record_id)
    actions.require_writer(tx, viewer, found.patient_id, found.type)
    if found.type != "consultation":
        raise NotFound
    actions.add_version(tx, viewer, found, version=version, title=facts.title, body=facts.body, reason=reason)
    consultations.write(tx, record_id, version + 1, facts)
    return record_id
