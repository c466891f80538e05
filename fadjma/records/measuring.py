"""Writing down what was measured: by the doctor under an access, or by a nurse « par délégation »."""

from fadjma import events
from fadjma.access import grants
from fadjma.access.queries import AccessRequest
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.records import actions, measurements
from fadjma.records.measurements import PART, Code, Measurement
from fadjma.refusals import Doubtful, Invalid
from fadjma.store import Page, Transaction

_HARDLY = 2  # times as much, or as little, as the last time


def open_measurements(
    tx: Transaction, viewer: Viewer, patient_id: str, code: Code, before: str | None = None, *, again: bool = False
) -> Page[Measurement]:
    """What was measured of a patient; a reading under a grant is traced. `again` as in tracing.trace."""
    found = measurements.of_patient(tx, viewer, patient_id, code, before)
    if viewer.id != patient_id:
        actions.trace_file(tx, viewer, patient_id, again=again)
    return found


def open_measurement(tx: Transaction, viewer: Viewer, measurement_id: str, *, again: bool = False) -> Measurement:
    """One of them, traced as all of them are."""
    found = measurements.measurement(tx, viewer, measurement_id)
    if viewer.id != found.patient_id:
        actions.trace_file(tx, viewer, found.patient_id, again=again)
    return found


def measure(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    code: Code,
    value: int,
    measured_on: str,
    confirmed: bool = False,
) -> str:
    """Write down a value, in the code's unit; the patient is told, and open pages follow.

    Raises Doubtful while it is not `confirmed` that it is far from the last one, Invalid before the birth.
    """
    grant = require_right(tx, viewer, patient_id)
    if measured_on < directory.identity(tx, patient_id).birth_date:
        raise Invalid({"measured_on": N_("Cette date est avant la naissance.")})
    last = measurements.newest(tx, patient_id, code)
    if last and not confirmed and max(value, last.value) > _HARDLY * min(value, last.value):
        raise Doubtful({"value": N_("C'est plus du double, ou moins de la moitié, du dernier poids noté : vérifiez.")})
    measurement_id = new_id()
    tx.execute(
        "INSERT INTO measurements (id, patient_id, code, value, measured_on, author_id, delegated_by, created_at) "
        "VALUES (:id, :patient, :code, :value, :measured_on, :author, :delegated_by, :now)",
        {
            "id": measurement_id,
            "patient": patient_id,
            "code": code,
            "value": value,
            "measured_on": measured_on,
            "author": viewer.id,
            "delegated_by": grant.doctor_id if grant.doctor_id != viewer.id else None,
            "now": tx.now,
        },
    )
    _tell(tx, viewer, patient_id, measurement_id, grant.id, code)
    return measurement_id


def require_right(tx: Transaction, viewer: Viewer, patient_id: str) -> AccessRequest:
    """Under which access this person may write down what they measured. Raises Forbidden, NotFound."""
    return grants.require_reading(tx, viewer, patient_id, PART)


def _tell(tx: Transaction, viewer: Viewer, patient_id: str, measurement_id: str, grant_id: str, code: Code) -> None:
    doctors = grants.doctors_with_grant(tx, patient_id, PART)
    events.record(
        tx,
        "measurement.created",
        Subject("measurement", measurement_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[
            Notice([patient_id], "medical_record_updated", "measurement.created"),
            Notice([*doctors, *directory.beside(tx, [viewer.id, *doctors], "nurse")], "medical_record_updated", None),
        ],
        ground=grant_id,
        part=code,
    )
    actions.tell_elsewhere(tx, patient_id)
