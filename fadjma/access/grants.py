"""What is open to whom now: the grant under which somebody reads a part of a file."""

from collections.abc import Iterable

from fadjma.access import queries, states
from fadjma.access.queries import GRANTS, OF_COLLEAGUES, AccessRequest
from fadjma.access.states import OPENS
from fadjma.identity import patients
from fadjma.identity.directory import Patient
from fadjma.identity.people import Role, Viewer
from fadjma.refusals import Forbidden, NotFound, Tried
from fadjma.store import Transaction, listed

READERS: tuple[Role, ...] = ("doctor", "nurse")  # who reads others' files, under a grant

_COMPARED = 500  # open files of people about as old, of which a name may be nearly the same
_ALIKE = 3  # shown of them
_ENDED = (*states.GRANTS, states.REVOKE.target, states.EXPIRE.target)  # or ended by time, and not yet written down
_WIDEST_FIRST = "ORDER BY scope <> 'full', scope <> 'prescriptions', expires_at DESC"
_OWN = "doctor_id = :doctor"
_NARROWEST_FIRST = "ORDER BY a.scope = 'full', a.scope = 'prescriptions', a.expires_at"


def grant(tx: Transaction, doctor_id: str, patient_id: str, part: str) -> str | None:
    """The id of the doctor's widest active grant that opens this part of the file (`OPENS`), if there is one."""
    values = {"patient": patient_id, "doctor": doctor_id, "now": tx.now}
    found: str | None = tx.value(_widest(_OWN, part), values)
    return found


def granted(tx: Transaction, viewer: Viewer, patient_id: str, part: str) -> AccessRequest | None:
    """The grant under which this person may read this part of the file now: the doctor's own, or for a nurse one of a
    doctor of the same clinic (« par délégation »). Nobody else reads under one.
    """
    if viewer.role not in READERS:
        return None
    whose = _OWN if viewer.role == "doctor" else OF_COLLEAGUES
    row = tx.first(
        f"{queries.SELECT} WHERE a.id = ({_widest(whose, part)})",
        {
            "patient": patient_id,
            "doctor": viewer.id,
            "organization": viewer.organization_id,
            "viewer": viewer.id,
            "now": tx.now,
        },
    )
    return queries.of_row(row) if row else None


def _widest(whose: str, part: str) -> str:
    """The id of the widest grant now, as SQL."""
    # Each state by itself: of the first there is one between two people, and an index that says so.
    each = " UNION ALL ".join(
        f"SELECT a.id, a.scope, a.expires_at FROM access_requests a WHERE a.patient_id = :patient AND {whose} "
        f"AND a.status = '{status}' AND a.expires_at > :now AND a.scope IN {listed(OPENS[part])}"
        for status in states.GRANTS
    )
    return f"SELECT id FROM ({each}) AS grants {_WIDEST_FIRST} LIMIT 1"


def ended(tx: Transaction, viewer: Viewer, patient_id: str) -> AccessRequest | None:
    """The access under which this person last could read this file, when it has ended, by the patient or by time: the
    doctor's own, or for a nurse one of a doctor of the same clinic. None where there was none.
    """
    if viewer.role not in READERS:
        return None
    whose = "a.doctor_id = :viewer" if viewer.role == "doctor" else OF_COLLEAGUES
    row = tx.first(
        f"{queries.SELECT} WHERE a.patient_id = :patient AND {whose} AND a.status IN {listed(_ENDED)} "
        "ORDER BY coalesce(a.ended_at, a.expires_at) DESC, a.id DESC LIMIT 1",
        {"patient": patient_id, "organization": viewer.organization_id, "viewer": viewer.id, "now": tx.now},
    )
    found = queries.of_row(row) if row else None
    return None if found is None or found.active else found


def require_grant(tx: Transaction, viewer: Viewer, patient_id: str, part: str, *, too_little: str = "") -> str:
    """The id of the doctor's grant that opens this part of the file.

    Raises Forbidden to who is no doctor, and (`too_little`) where the file is open, but not for this; NotFound else.
    """
    about = Tried(patient_id, "patient", patient_id)
    viewer.require("doctor", about)
    found = grant(tx, viewer.id, patient_id, part)
    if found:
        return found
    if too_little and grant(tx, viewer.id, patient_id, "summary"):
        raise Forbidden(too_little).about(about)
    raise NotFound().about(about)


def require_reading(tx: Transaction, viewer: Viewer, patient_id: str, part: str) -> AccessRequest:
    """The grant under which this person reads this part. Raises Forbidden to who reads under none, NotFound."""
    if viewer.role not in READERS:
        viewer.require("doctor", Tried(patient_id, "patient", patient_id))
    found = granted(tx, viewer, patient_id, part)
    if found is None:
        raise NotFound().about(Tried(patient_id, "patient", patient_id))
    return found


def doctors_with_grant(tx: Transaction, patient_id: str, part: str) -> list[str]:
    """The ids of the doctors whose active grant opens this part of the file."""
    rows = tx.all(
        "SELECT DISTINCT doctor_id FROM access_requests WHERE patient_id = :patient "
        f"AND status IN {GRANTS} AND expires_at > :now AND scope IN {listed(OPENS[part])}",
        {"patient": patient_id, "now": tx.now},
    )
    return [row["doctor_id"] for row in rows]


def grants_among(tx: Transaction, viewer: Viewer, among: Iterable[Patient]) -> dict[str, AccessRequest]:
    """By the ids of those of these patients (500 at most) whose files are open to the doctor, the widest grants."""
    ids = {f"id{number}": patient.id for number, patient in enumerate(among)}
    if not ids:
        return {}
    rows = tx.all(
        f"{queries.SELECT} WHERE a.patient_id IN ({', '.join(f':{name}' for name in ids)}) AND a.doctor_id = :viewer "
        f"AND a.status IN {GRANTS} AND a.expires_at > :now {_NARROWEST_FIRST}",
        {**ids, "viewer": viewer.id, "now": tx.now},
    )
    return {row["patient_id"]: queries.of_row(row) for row in rows}


def open_alike(tx: Transaction, viewer: Viewer, patient: Patient) -> tuple[Patient, ...]:
    """Those patients whose files are open to this person as well and who are easily taken for this one, by name."""
    if viewer.role not in READERS:
        return ()
    whose = "a.doctor_id = :viewer" if viewer.role == "doctor" else OF_COLLEAGUES
    rows = tx.all(
        "SELECT DISTINCT p.id, p.given_name, p.family_name, p.identifier, p.birth_date, p.sex FROM access_requests a "
        f"JOIN patient_identities p ON p.id = a.patient_id WHERE {whose} AND a.status IN {GRANTS} "
        "AND a.expires_at > :now AND p.id <> :patient "
        "AND abs(CAST(substr(p.birth_date, 1, 4) AS INTEGER) - :year) <= :apart LIMIT :most",
        {
            "viewer": viewer.id,
            "organization": viewer.organization_id,
            "patient": patient.id,
            "now": tx.now,
            "year": int(patient.birth_date[:4]),
            "apart": patients.YEARS_ESTIMATED,
            "most": _COMPARED,
        },
    )
    found = (Patient(**row.as_dict()) for row in rows)
    alike = sorted((one for one in found if patients.are_alike(patient, one)), key=lambda one: (one.name, one.id))
    return tuple(alike[:_ALIKE])


def in_order(
    tx: Transaction, viewer: Viewer, patient_id: str, after: tuple[int, str], limit: int
) -> list[AccessRequest]:
    """The requests for a patient's file and what became of them, the first that were made first: to the patient all, to
    a doctor their own. `after`: when the last one was made (milliseconds UTC), and its id.
    """
    mine = "1 = 1" if viewer.id == patient_id else "a.doctor_id = :viewer"
    rows = tx.all(
        f"{queries.SELECT} WHERE a.patient_id = :patient AND {mine} AND (a.created_at, a.id) > (:at, :id) "
        "ORDER BY a.created_at, a.id LIMIT :limit",
        {"patient": patient_id, "viewer": viewer.id, "now": tx.now, "at": after[0], "id": after[1], "limit": limit},
    )
    return [queries.of_row(row) for row in rows]
