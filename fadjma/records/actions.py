"""Opening a file (always traced), adding to it, correcting it. Versions are insert-only."""

from collections.abc import Callable, Iterable

from fadjma import days, events, writing
from fadjma.access import grants, tracing
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.records import covered, measurements, queries, recalling
from fadjma.records.consultations import Consultation
from fadjma.records.queries import File, Record
from fadjma.refusals import Conflict, Forbidden, Invalid, Tried
from fadjma.store import Transaction

# (tx, patient_id) -> what else shows the patient's allergies and weight, and to whom.
ShownElsewhere = Callable[[Transaction, str], Iterable[tuple[Subject, list[str]]]]
_shown_elsewhere: list[ShownElsewhere] = []
_TOO_LITTLE = N_("Votre accès ne permet pas d'écrire dans ce dossier.")
_BROUGHT = N_("Ce document vient du patient : personne d'autre ne le change.")
_CORRECTED = N_("Un autre médecin vient de corriger cet élément : relisez sa version avant d'enregistrer la vôtre.")
_CORRECTED_BY_YOU = N_(
    "Vous avez déjà corrigé cet élément ailleurs : relisez cette version avant d'enregistrer l'autre."
)


def follow_elsewhere(shown: ShownElsewhere) -> None:
    """Hand in, once when the program starts, what other rooms show of allergies and weights."""
    _shown_elsewhere.append(shown)


def open_file(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    before: str | None = None,
    sought: queries.Sought | None = None,
    *,
    again: bool = False,
) -> File:
    """The patient's file, or what is looked for in it; a reading under a grant is traced, and the patient sees it live.

    `again` as in tracing.trace. Raises NotFound.
    """
    found = queries.file(tx, viewer, patient_id, before, sought or queries.Sought())
    if found.grant:
        trace_file(tx, viewer, patient_id, again=again)
    return found


def open_to_write(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool) -> File:
    """The file beside the form of a new record. Raises Forbidden for a nurse, who reads what a doctor may."""
    if viewer.role == "nurse":
        viewer.require("doctor", Tried(patient_id, "patient", patient_id))
    return open_file(tx, viewer, patient_id, again=again)


def open_record(tx: Transaction, viewer: Viewer, record_id: str, *, again: bool = False) -> Record:
    """One record with its versions; a reading under a grant is traced. Raises NotFound."""
    found = queries.record_with_versions(tx, viewer, record_id)
    if viewer.role != "patient":
        grant = grants.granted(tx, viewer, found.patient_id, queries.part_of(found.type))
        ground = grant.id if grant else None  # its author reads what was entered in error also without one
        _trace(tx, viewer, found.patient_id, "record.read", Subject("record", record_id), ground, found.type, again)
    return found


def pass_row(tx: Transaction, viewer: Viewer, record_id: str) -> Record:
    """One record as a row, for a page that was open when it came; a part of the file, and traced as that."""
    found = queries.record(tx, viewer, record_id)
    if viewer.role != "patient":
        trace_file(tx, viewer, found.patient_id, again=True)
    return found


def is_read(tx: Transaction, viewer: Viewer, found: Record) -> bool:
    """Whether a row may be pushed to this person: it is their own, or written down that they have the file open."""
    return viewer.role == "patient" or tracing.read_lately(
        tx, viewer, found.patient_id, "file.read", Subject("patient", found.patient_id)
    )


def create(
    tx: Transaction, viewer: Viewer, patient_id: str, *, type: str, title: str, body: str, occurred_on: str
) -> str:
    """A doctor with a grant of the whole file adds a record; the patient and the other doctors are told."""
    grants.require_grant(tx, viewer, patient_id, "records", too_little=_TOO_LITTLE)
    if occurred_on < directory.identity(tx, patient_id).birth_date:
        raise Invalid({"occurred_on": N_("Cette date est avant la naissance.")})
    record_id = add(tx, viewer, patient_id, type=type, title=title, body=body, occurred_on=occurred_on)
    if type == "vaccination":
        recalling.settle(tx, patient_id)
    return record_id


def add(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    type: str,
    title: str,
    body: str,
    occurred_on: str,
    ground: str | None = None,
) -> str:
    """Write a record down and tell of it. The caller has checked the right; `ground`: the access of a colleague under
    which somebody writes by delegation.
    """
    record_id = new_id()
    tx.send(
        "INSERT INTO records (id, patient_id, type, author_id, occurred_on, created_at, words) "
        "VALUES (:id, :patient, :type, :author, :occurred_on, :now, :words)",
        {
            "id": record_id,
            "patient": patient_id,
            "type": type,
            "author": viewer.id,
            "occurred_on": occurred_on,
            "now": tx.now,
            "words": writing.text_key(title, body),
        },
    )
    _add_version(tx, viewer, record_id, 1, title, body, None)
    _tell(tx, viewer, patient_id, record_id, type, "record.created", ground)
    return record_id


def amend(tx: Transaction, viewer: Viewer, record_id: str, *, version: int, title: str, body: str, reason: str) -> str:
    """« Corriger »: add version n+1. Raises Conflict when the record is no longer at `version`."""
    found = queries.record(tx, viewer, record_id)
    require_writer(tx, viewer, found.patient_id, found.type)
    if not found.in_words:
        raise Invalid({"title": N_("Cet élément a ses propres champs : corrigez-le par eux.")})
    return add_version(tx, viewer, found, version=version, title=title, body=body, reason=reason)


def add_version(
    tx: Transaction, viewer: Viewer, found: Record, *, version: int, title: str, body: str, reason: str
) -> str:
    """Add version n+1 and tell of it. The caller has checked the right. Raises Conflict as `amend`."""
    record_id = found.id
    changed = tx.execute(
        "UPDATE records SET version = version + 1, words = :words "
        "WHERE id = :id AND version = :version AND status = 'current'",
        {"id": record_id, "version": version, "words": writing.text_key(title, body)},
    )
    if not changed:
        _refuse_change(tx, viewer, found)
    _add_version(tx, viewer, record_id, version + 1, title, body, reason)
    _tell(tx, viewer, found.patient_id, record_id, found.type, "record.amended")
    return record_id


def mark_error(tx: Transaction, viewer: Viewer, record_id: str, *, reason: str) -> str:
    """« Saisie par erreur »: hidden, kept, with the reason, by its author."""
    found = queries.record(tx, viewer, record_id)
    _require_author(tx, viewer, found)
    changed = tx.execute(
        "UPDATE records SET status = 'entered_in_error', version = version + 1 WHERE id = :id AND status = 'current'",
        {"id": record_id},
    )
    if not changed:
        _refuse_change(tx, viewer, found)
    _add_version(tx, viewer, record_id, found.version + 1, found.title, found.body, reason)
    _tell(tx, viewer, found.patient_id, record_id, found.type, "record.entered_in_error")
    if isinstance(found.fields, Consultation) and any(one.code == "body_weight" for one in found.fields.measured):
        show_weight(tx, found.patient_id, record_id)
    if found.type == "vaccination":
        recalling.settle(tx, found.patient_id)
    return record_id


def may_retract(tx: Transaction, viewer: Viewer, found: Record) -> bool:
    """Whether this person may declare a record entered in error now."""
    if found.status != "current" or found.author_id != viewer.id:
        return False
    part = queries.part_of(found.type) if viewer.role == "nurse" else queries.part_to_write(found.type)
    return viewer.role == "patient" or grants.granted(tx, viewer, found.patient_id, part) is not None


def _require_author(tx: Transaction, viewer: Viewer, found: Record) -> None:
    """A doctor who may still write, a nurse by delegation, a patient who has brought it. Raises Forbidden, NotFound."""
    if viewer.role == "nurse":
        grants.require_reading(tx, viewer, found.patient_id, queries.part_of(found.type))
    elif viewer.id != found.patient_id or found.author_id != viewer.id:
        require_writer(tx, viewer, found.patient_id, found.type)
    if found.author_id != viewer.id:
        raise Forbidden(N_("Seul l'auteur peut déclarer une saisie par erreur."))


def require_writer(tx: Transaction, viewer: Viewer, patient_id: str, record_type: str) -> None:
    """A doctor whose grant lets them write records of this type. Raises Forbidden, NotFound."""
    part = queries.part_to_write(record_type)
    grants.require_grant(tx, viewer, patient_id, part, too_little=_TOO_LITTLE)
    if record_type == "document":
        raise Forbidden(_BROUGHT).about(Tried(patient_id, "patient", patient_id))


def _add_version(
    tx: Transaction, viewer: Viewer, record_id: str, version: int, title: str, body: str, reason: str | None
) -> None:
    tx.send(
        "INSERT INTO record_versions (record_id, version, author_id, title, body, reason, created_at) "
        "VALUES (:record, :version, :author, :title, :body, :reason, :now)",
        {
            "record": record_id,
            "version": version,
            "author": viewer.id,
            "title": title,
            "body": body,
            "reason": reason,
            "now": tx.now,
        },
    )
    covered.version(tx, covered.VERSIONS, record_id, version)


def require_current(found: Record) -> None:
    """Raises Conflict for what was entered in error."""
    if found.status != "current":
        raise Conflict(N_("Cet élément est déclaré saisi par erreur : il ne change plus."), current=found.status)


def _refuse_change(tx: Transaction, viewer: Viewer, found: Record) -> None:
    require_current(found)
    sql = "SELECT author_id FROM record_versions WHERE record_id = :id AND version = :version"
    own = tx.value(sql, {"id": found.id, "version": found.version}) == viewer.id
    raise Conflict(_CORRECTED_BY_YOU if own else _CORRECTED, current=f"version {found.version}")


def _tell(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    record_id: str,
    record_type: str,
    action: str,
    ground: str | None = None,
) -> None:
    doctors = grants.doctors_with_grant(tx, patient_id, queries.part_of(record_type))
    shared = "record.shared" if action == "record.created" else "record.shared_amended"
    events.record(
        tx,
        action,
        Subject("record", record_id),
        actor_id=viewer.id,
        by_id=viewer.by_id,
        patient_id=patient_id,
        notices=[
            Notice([patient_id], "medical_record_updated", action),
            Notice(doctors, "medical_record_updated", shared),
            Notice(directory.beside(tx, [viewer.id, *doctors], "nurse"), "medical_record_updated", None),
        ],
        ground=ground,
        part=record_type,
        is_new=action == "record.created",
    )
    if record_type == "allergy":
        tell_elsewhere(tx, patient_id)


def show_weight(tx: Transaction, patient_id: str, record_id: str) -> None:
    """Of a consultation: whoever sees the weight that was measured in it, or is gone with it, and not the rest."""
    told = grants.doctors_with_grant(tx, patient_id, queries.part_of("consultation"))
    others = set(grants.doctors_with_grant(tx, patient_id, measurements.PART)) - set(told)
    events.notify(tx, sorted(others), "medical_record_updated", None, Subject("record", record_id))
    tell_elsewhere(tx, patient_id)


def tell_elsewhere(tx: Transaction, patient_id: str) -> None:
    """What a pharmacy sees of the file has changed: the open pages that show it follow."""
    for shown in _shown_elsewhere:
        for subject, readers in shown(tx, patient_id):
            events.notify(tx, readers, "medical_record_updated", None, subject)


def trace_file(
    tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool = False, part: str | None = None
) -> None:
    """Write down that somebody sees a file as far as a grant opens it, or a part of it that is shown elsewhere (`part`,
    of states.PARTS).
    """
    grant = grants.granted(tx, viewer, patient_id, "summary")
    assert grant
    shown = part or grant.scope or ""
    _trace(tx, viewer, patient_id, "file.read", Subject("patient", patient_id), grant.id, shown, again)


def _trace(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    action: str,
    subject: Subject,
    grant: str | None,
    part: str,
    again: bool,
) -> None:
    """Told once a day for each reader; the open trace page follows every time, silently."""
    first_today = not tx.value(
        "SELECT 1 FROM trace WHERE patient_id = :patient AND actor_id = :reader AND at >= :since "
        "AND action IN ('file.read', 'record.read') AND outcome = 'success' LIMIT 1",
        {"patient": patient_id, "reader": viewer.id, "since": days.beginning(tx.now)},
    )
    message = "record.read" if first_today else None
    tracing.trace(tx, viewer, patient_id, action, subject, ground=grant, part=part, message=message, again=again)
