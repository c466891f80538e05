"""Writing down what was measured: by the doctor under an access, or by a nurse « par délégation »."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from fadjma import chain, events
from fadjma.access import grants
from fadjma.access.queries import AccessRequest
from fadjma.events import Notice, Subject
from fadjma.i18n import DEFAULT_LANGUAGE, N_, show_weight
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.records import actions, covered, measurements, vitals
from fadjma.records.measurements import PART, Measurement
from fadjma.records.vitals import Code, Reading
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, Tried
from fadjma.store import Page, Transaction

_HARDLY = Decimal(2)  # times as much, or as little, as the last time
_WITHIN_DAYS = 7  # of which it is hardly so much:
_HARDLY_SO_SOON = Decimal("1.2")
_FAR = N_("Le dernier poids noté est de %(last)s : vérifiez.")
_SEVERAL = "measurements"  # in the trace


def open_measurements(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    code: Code | None = None,
    before: str | None = None,
    *,
    again: bool = False,
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
    """Write down one value, as `take_round` does."""
    readings = [Reading(code, value, "value")]
    return take_round(tx, viewer, patient_id, readings=readings, measured_on=measured_on, confirmed=confirmed)


def take_round(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    readings: Sequence[Reading],
    measured_on: str,
    confirmed: bool = False,
) -> str:
    """Write down what was measured in one go; returns its id. The patient is told once, and open pages follow.

    Raises Doubtful while what is hardly meant is not `confirmed`, Invalid before the birth.
    """
    grant = _require_writer(tx, viewer, patient_id, readings)
    require_born(tx, patient_id, "measured_on", measured_on)
    ask(tx, patient_id, readings, measured_on, confirmed=confirmed)
    delegated_by = grant.doctor_id if grant.doctor_id != viewer.id else None
    round_id = write(tx, viewer, patient_id, readings, measured_on, delegated_by=delegated_by)
    codes = [one.code for one in readings]
    _tell(tx, viewer, patient_id, round_id, "measurement.created", grant.id, codes)
    return round_id


def _require_writer(tx: Transaction, viewer: Viewer, patient_id: str, readings: Sequence[Reading]) -> AccessRequest:
    """The grant that opens the file for all of them. Raises Forbidden where it is open for weights alone, NotFound."""
    grant = grants.require_reading(tx, viewer, patient_id, PART)
    if all(measurements.part_of(one.code) == PART for one in readings):
        return grant
    if not measurements.sees_all(tx, viewer, patient_id):
        raise Forbidden(N_("Votre accès ne permet de noter que le poids.")).about(
            Tried(patient_id, "patient", patient_id)
        )
    return grants.require_reading(tx, viewer, patient_id, measurements.part_of(readings[0].code))


def require_born(tx: Transaction, patient_id: str, field: str, day: str) -> None:
    if day < directory.identity(tx, patient_id).birth_date:
        raise Invalid({field: N_("Cette date est avant la naissance.")})


def ask(tx: Transaction, patient_id: str, readings: Sequence[Reading], measured_on: str, *, confirmed: bool) -> None:
    """Raises Doubtful with every question about these values at once, unless they were `confirmed`."""
    if confirmed:
        return
    birth_date = directory.identity(tx, patient_id).birth_date
    on = date.fromisoformat(measured_on)
    asked = vitals.questions(readings, birth_date, on)
    said = vitals.said(readings)
    weighed = next((one for one in readings if one.code == "body_weight"), None)
    if weighed and (last := _far_from(tx, patient_id, weighed.value, on)):
        asked[weighed.field] = _FAR
        said["last"] = show_weight(last.value, DEFAULT_LANGUAGE, in_grams=last.of_newborn)
    if asked:
        raise Doubtful(asked, **said)


def _far_from(tx: Transaction, patient_id: str, grams: int, on: date) -> Measurement | None:
    """The last weight, where this one is hardly that of the same person so many days from it."""
    last = measurements.newest(tx, patient_id, "body_weight")
    if last is None:
        return None
    soon = abs((on - date.fromisoformat(last.measured_on)).days) <= _WITHIN_DAYS
    times = Decimal(max(grams, last.value)) / min(grams, last.value)
    return last if times > (_HARDLY_SO_SOON if soon else _HARDLY) else None


def write(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    readings: Sequence[Reading],
    measured_on: str,
    *,
    delegated_by: str | None = None,
    record_id: str | None = None,
) -> str:
    """Write these values down, and tell nobody. The caller has checked the right."""
    round_id = new_id()
    ids = [new_id() if number else round_id for number in range(len(readings))]
    tx.execute_many(
        "INSERT INTO measurements (id, patient_id, round_id, record_id, code, value, diastolic, measured_on, "
        "author_id, delegated_by, created_at) VALUES (:id, :patient, :round, :record, :code, :value, :diastolic, :day, "
        ":author, :delegated_by, :now)",
        [
            {
                "id": measurement_id,
                "patient": patient_id,
                "round": round_id,
                "record": record_id,
                "code": one.code,
                "value": one.value,
                "diastolic": one.diastolic,
                "day": measured_on,
                "author": viewer.id,
                "delegated_by": delegated_by,
                "now": tx.now,
            }
            for measurement_id, one in zip(ids, readings, strict=True)
        ],
    )
    for measurement_id in ids:
        chain.cover(tx, patient_id, covered.MEASUREMENTS, measurement_id)
    return round_id


def mark_error(tx: Transaction, viewer: Viewer, measurement_id: str, *, reason: str) -> str:
    """« Saisie par erreur »: hidden, kept, with the reason, by its author. Raises Conflict where it is so already."""
    found = measurements.measurement(tx, viewer, measurement_id)
    grant = grants.require_reading(tx, viewer, found.patient_id, measurements.part_of(found.code))
    if found.author_id != viewer.id:
        raise Forbidden(N_("Seul l'auteur peut déclarer une saisie par erreur."))
    if found.error is not None:
        raise Conflict(N_("Cette mesure est déjà déclarée saisie par erreur."), current="entered_in_error")
    tx.send(
        "INSERT INTO measurement_errors (measurement_id, reason, at) VALUES (:id, :reason, :now)",
        {"id": measurement_id, "reason": reason, "now": tx.now},
    )
    chain.cover(tx, found.patient_id, covered.MEASUREMENT_ERRORS, measurement_id)
    _tell(tx, viewer, found.patient_id, measurement_id, "measurement.entered_in_error", grant.id, [found.code])
    return measurement_id


def require_right(tx: Transaction, viewer: Viewer, patient_id: str) -> AccessRequest:
    """Under which access this person may write down what they measured. Raises Forbidden, NotFound."""
    return grants.require_reading(tx, viewer, patient_id, PART)


def _tell(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    measurement_id: str,
    action: str,
    grant_id: str,
    codes: Sequence[Code],
) -> None:
    weighed = "body_weight" in codes
    doctors = grants.doctors_with_grant(tx, patient_id, PART if weighed else measurements.part_of(codes[0]))
    events.record(
        tx,
        action,
        Subject("measurement", measurement_id),
        actor_id=viewer.id,
        patient_id=patient_id,
        notices=[
            Notice([patient_id], "medical_record_updated", action),
            Notice([*doctors, *directory.beside(tx, [viewer.id, *doctors], "nurse")], "medical_record_updated", None),
        ],
        ground=grant_id,
        part=codes[0] if len(codes) == 1 else _SEVERAL,
    )
    if weighed:
        actions.tell_elsewhere(tx, patient_id)
