"""What lower rooms are handed from above: they use it, and know nothing of the rooms that it comes from."""

from collections.abc import Iterator
from typing import Literal

from fadjma.access import actions as access_acts
from fadjma.access import grants, readings, reviews, tracing
from fadjma.access import queries as access
from fadjma.access.states import REVOKE
from fadjma.accounts import actions as closing
from fadjma.accounts import queries as accounts
from fadjma.announcements import queries as announcements
from fadjma.events import Subject, subjects
from fadjma.events.subjects import ALL, INBOX, Eyes, Kind, Row, by_id
from fadjma.family import actions as family
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import products, put_aside
from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions import lists, shortages
from fadjma.prescriptions import queries as prescriptions
from fadjma.reception import actions as reception
from fadjma.records import actions as writing
from fadjma.records import measurements, recalling
from fadjma.records import queries as records
from fadjma.refusals import Ended, Tried
from fadjma.store import Transaction

_OF_A_FILE = ("patient", "record", "prescription")  # what an access has opened, and its end has closed


def wire() -> None:
    """Hand it in; once, when the program is loaded."""
    subjects.register(
        Kind(
            "access_request",
            "/access-requests/{id}",
            "a",
            Row("access/_row.html", access.access_request),
            about="access",
            names=by_id(access.names),
        ),
        Kind(
            "prescription",
            "/prescriptions/{id}",
            "p",
            Row("prescriptions/_row.html", prescriptions.prescription, _prescription_eyes, prescribing.is_listed),
            about="prescriptions",
            names=by_id(lists.names),
        ),
        Kind(  # to other doctors, who have it in no list of their own
            "colleague_prescription",
            "/prescriptions/{id}",
            about="prescriptions",
            names=by_id(lists.names_to_colleagues),
        ),
        Kind(
            "record",
            "/records/{id}",
            "r",
            Row("records/_row.html", records.record, shown=writing.is_read),
            about="records",
            names=by_id(records.names),
        ),
        Kind("measurement", "/measurements/{id}", "w", about="records", names=by_id(measurements.authors)),
        Kind(
            "account",
            "/accounts/{id}",
            "u",
            Row("accounts/_row.html", accounts.account, _same),
            names=by_id(accounts.named),
        ),
        Kind(
            "review",
            "/emergencies/{id}",
            "e",
            Row("access/_review.html", reviews.review, _same),
            about="access",
            names=by_id(reviews.names_of_reviews),
        ),
        Kind(
            "contest",
            "/contests/{id}",
            "c",
            Row("access/_contest.html", reviews.contest),
            about="access",
            names=by_id(reviews.names_of_contests),
        ),
        Kind(
            "announcement",
            "/announcements/{id}",
            "n",
            Row("announcements/_row.html", announcements.announcement, _same),
            about="announcements",
            names=by_id(announcements.names),
        ),
        Kind("export", "/exports/{id}", about="records"),
        Kind("share", "/shares/{id}", about="access"),
        Kind("proxy", "/people", about="access", names=by_id(family.names)),
        Kind("organization", "/organizations/{id}", "o"),
        Kind("medicine", "/formulary/{id}", "m", about="stock"),
        Kind("organization_import", "/organizations/imports/{id}"),
        Kind("medicine_import", "/formulary/imports/{id}", about="stock"),
        Kind("profile", "/account"),
        Kind("patient", "/patients/{id}/accesses", about="access", names=readings.readers),
        Kind("identity", "/patients/{id}/card", "f", about="access"),
        Kind(
            "product",
            "/inventory/products/{id}",
            "k",
            about="stock",
            names=by_id(products.names),
            named_in_toast=True,
        ),
        Kind("receipt", "/inventory/receipts/{id}", about="stock"),
        Kind("count", "/inventory/counts/{id}", about="stock"),
        Kind("transfer", "/inventory/transfers/{id}", about="stock"),
        Kind("handover", "/handovers/{id}"),
        Kind("recall", "/recalls/{id}", about="prescriptions"),
        Kind("safety_entry", "/safety-tables"),
        Kind("safety_import", "/safety-tables/imports/{id}"),
        Kind("vaccination_recalls", "/vaccination-recalls"),
        Kind("settings", "/settings"),
        Kind("backup", "/monitoring#backups"),
        Kind(INBOX, "/notifications"),
    )
    writing.follow_elsewhere(_dispensing)
    put_aside.follow_elsewhere(shortages.awaited_by)
    reception.follow_identities(recalling.receive)
    reception.follow_identities(recalling.settle)
    access_acts.follow_openings(recalling.receive)
    closing.follow_closings(access_acts.withdraw_all)


def ending(tx: Transaction, viewer: Viewer, tried: Tried) -> Ended | None:
    """What became of what this person may not see any more; None where they never could."""
    if viewer.role == "pharmacist" and tried.kind == "prescription":
        return Ended("taken", "", None, "/") if prescriptions.was_open_to_all(tx, tried.id) else None
    found = grants.ended(tx, viewer, tried.patient_id) if tried.kind in _OF_A_FILE else None
    if found is None:
        return None
    what: Literal["revoked", "expired"] = "revoked" if found.status == REVOKE.target else "expired"
    if viewer.role == "nurse":  # of a file that this nurse has had open: of any other it is not theirs to know
        if not tracing.has_read(tx, viewer, tried.patient_id):
            return None
        return Ended(what, found.patient.name, found.changed_at, "", (found.doctor_name, found.profession))
    return Ended(what, found.patient.name, found.changed_at, f"/access-requests/new?patient={found.patient_id}")


def _prescription_eyes(prescription_id: str) -> Eyes:
    """All pharmacists see the same of it, but those of a pharmacy that has a part in it: each has read it, or not."""

    involved: set[str] | None = None

    def eyes(tx: Transaction, viewer: Viewer) -> str:
        nonlocal involved
        if viewer.role != "pharmacist":
            return viewer.id
        if involved is None:
            involved = set(prescriptions.pharmacies(tx, prescription_id))
        return viewer.id if viewer.organization_id in involved else ALL

    return eyes


def _same(subject_id: str) -> Eyes:
    """All of one role see the same of it."""
    return lambda tx, viewer: ALL


def _dispensing(tx: Transaction, patient_id: str) -> Iterator[tuple[Subject, list[str]]]:
    """A patient's open prescriptions, with the pharmacists who see on them all that a pharmacy sees of the file."""
    for prescription_id, pharmacy_id in lists.dispensing(tx, patient_id):
        yield Subject("prescription", prescription_id), directory.people(tx, "pharmacist", pharmacy_id)
