"""Whose patients they are: of a doctor, of a nurse's colleagues; and finding another's."""

from dataclasses import dataclass
from typing import Any

from fadjma.access import grants, queries, states, tracing
from fadjma.access.queries import GRANTS, OF_COLLEAGUES, AccessRequest
from fadjma.identity import directory
from fadjma.identity.directory import Identity, Patient
from fadjma.identity.identifiers import normalize_identifier, normalize_phone
from fadjma.identity.people import Viewer
from fadjma.store import Page, Transaction, paging

PATIENTS = 50  # of a doctor, on a page
RECENT = 8  # patients, whose files were opened last

_GRANTED = f"""
    SELECT a.patient_id, max(a.created_at) AS at FROM access_requests a
    WHERE a.doctor_id = :viewer AND a.status IN {GRANTS} AND a.expires_at > :now
"""
# Of the grants that open a file to the doctors of a nurse's clinic, the one under which the nurse reads it (grants.py):
# each patient is listed once.
_WIDTH = "CASE {0}.scope WHEN 'full' THEN 2 WHEN 'prescriptions' THEN 1 ELSE 0 END, {0}.expires_at, {0}.id"
_READ_UNDER = f"""
    AND NOT EXISTS (
        SELECT 1 FROM access_requests wider WHERE wider.patient_id = a.patient_id AND wider.status IN {GRANTS}
        AND wider.expires_at > :now AND {OF_COLLEAGUES.replace("a.", "wider.", 1)}
        AND ({_WIDTH.format("wider")}) > ({_WIDTH.format("a")})
    )
"""
# Those whose file is open, each with when it was opened or the last prescription changed, whichever was later; and a
# page of those for whom they have prescribed, without them.
_OWN = """
    WITH granted AS ({granted} GROUP BY a.patient_id), opened AS (
        SELECT patient_id, max(at) AS at FROM (
            SELECT patient_id, at FROM granted UNION ALL
            SELECT known.patient_id, known.at FROM granted CROSS JOIN patients_of_prescribers known
            WHERE known.prescriber_id = :viewer AND known.patient_id = granted.patient_id
        ) AS latest GROUP BY patient_id
    )
    SELECT patient_id, at FROM (
        SELECT patient_id, at FROM opened UNION ALL
        SELECT patient_id, at FROM (
            SELECT known.patient_id, known.at FROM patients_of_prescribers known
            WHERE known.prescriber_id = :viewer AND known.patient_id NOT IN (SELECT patient_id FROM granted){of_known}
            AND (known.at, known.patient_id) < (:before_at, :before_id)
            ORDER BY known.at DESC, known.patient_id DESC LIMIT :limit
        ) AS prescribed_to
    ) AS own
    WHERE (at, patient_id) < (:before_at, :before_id) ORDER BY at DESC, patient_id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class OwnPatient:
    """A patient of a doctor: the file is open to them, or they have prescribed; then there is no `grant`."""

    patient: Patient
    grant: AccessRequest | None
    last_at: int  # when it was opened, or the last prescription changed

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.last_at, self.patient.id)

    def json(self, language: str) -> dict[str, Any]:
        return {**self.patient.json(language), "access": self.grant.json(language) if self.grant else None}


def find_patients(tx: Transaction, viewer: Viewer, q: str, before: str | None = None) -> Page[Identity]:
    """For a doctor, patients with exactly this identifier or phone number: found, never browsed.

    The oldest accounts come first: whoever registers with somebody else's number does not hide them.
    `before` is the `next` of the page before.
    """
    viewer.require("doctor")
    return directory.find_patients(tx, identifier=normalize_identifier(q), phone=normalize_phone(q), before=before)


def is_exact(q: str) -> bool:
    """Whether this may be an identifier or a telephone number, by which others' patients are looked up."""
    return bool(normalize_identifier(q) or normalize_phone(q))


def patients_of(tx: Transaction, viewer: Viewer, before: str | None = None, q: str = "") -> Page[AccessRequest]:
    """Active grants, the latest asked for first: the doctor's own, or those of a nurse's colleagues, of which each
    patient has one.

    With `q` only those of patients of whom it says something: identifier, telephone, words of the name.
    """
    if viewer.role not in grants.READERS:
        viewer.require("doctor")
    said, values = directory.said_of_own(q, "a.patient_id", by_phone=True)
    if q and not values:
        return Page()
    once = _READ_UNDER if viewer.role == "nurse" else ""
    return queries.of_statuses(tx, viewer, states.GRANTS, before, PATIENTS, said + once, values)


def own_patients(
    tx: Transaction, viewer: Viewer, q: str = "", before: str | None = None, limit: int = PATIENTS
) -> Page[OwnPatient]:
    """A doctor's own patients, the latest first: whose file is open to them, and for whom they have prescribed.

    With `q` those of whom it says something: words of the name, the identifier, the beginning of either; not of the
    telephone, which is not theirs to learn. What is read is bounded by the grants that are running and the page; with
    `q` by the doctor's own patients, whatever was prescribed to each.
    """
    viewer.require("doctor")
    of_granted, values = directory.said_of_own(q, "a.patient_id")
    of_known, _ = directory.said_of_own(q, "known.patient_id")
    if q and not values:
        return Page()
    before_at, before_id = paging.position(before)
    rows = tx.all(
        _OWN.format(granted=_GRANTED + of_granted, of_known=of_known),
        {
            "viewer": viewer.id,
            "now": tx.now,
            "before_at": before_at,
            "before_id": before_id,
            "limit": limit + 1,
            **values,
        },
    )
    found = paging.page(rows, limit, lambda row: paging.cursor(row["at"], row["patient_id"]))
    patients = directory.identities(tx, [row["patient_id"] for row in found])
    open_to = grants.grants_among(tx, viewer, patients)
    last = {row["patient_id"]: row["at"] for row in found}
    own = Page(
        OwnPatient(directory.without_contact(patient), open_to.get(patient.id), last[patient.id])
        for patient in patients
    )
    own.next = found.next
    return own


def recent_patients(tx: Transaction, viewer: Viewer, limit: int = RECENT) -> Page[OwnPatient]:
    """The patients whose files the doctor has opened last, and that are open to them still; `last_at` is when."""
    viewer.require("doctor")
    opened = tracing.opened_lately(tx, viewer)
    patients = directory.identities(tx, list(opened))
    open_to = grants.grants_among(tx, viewer, patients)
    still = [patient for patient in patients if patient.id in open_to][:limit]
    return Page(OwnPatient(directory.without_contact(one), open_to[one.id], opened[one.id]) for one in still)
