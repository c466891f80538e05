"""Whom the front desk is to call for a vaccination: name, phone and since when, and nothing of the file.

Since when is kept as a row for each patient who has had a vaccination with its fields (of the others nobody knows who
vaccinates them), worked out anew when one is written, corrected or declared in error, when the birth date is put
right, when the schedule changes, and on the day on which it says something else by itself. So the list reads no more
than its page, and the open pages of the front desk follow when somebody comes onto it or leaves it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from fadjma import days, events
from fadjma.events import Subject
from fadjma.identity import directory, proxies
from fadjma.identity.people import Viewer, full_name
from fadjma.records import schedule, vaccinations
from fadjma.records.schedule import Scheduled
from fadjma.records.vaccinations import Due, Recall
from fadjma.store import Page, Transaction, paging

PER_PAGE = 50
_ACTION = "patient.recalled"
_LIST = Subject("vaccination_recalls", "all")


def open_recalls(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Recall]:
    """Those who are overdue, who has waited longest first; that they were seen in it is traced, once a day for each.

    `before` is the `next` of the page before. Raises Forbidden to whoever is not of a front desk.
    """
    viewer.require("receptionist")
    page = listed(tx, before)
    for one in page:
        _trace(tx, viewer, one.patient_id)
    return page


def listed(tx: Transaction, before: str | None = None) -> Page[Recall]:
    """The same, untraced. The caller has checked the right."""
    since, _, last = (before or "").partition("~")
    rows = tx.all(
        "SELECT i.id, i.given_name, i.family_name, i.phone, c.due_on FROM vaccination_calls c "
        "JOIN patient_identities i ON i.id = c.patient_id WHERE c.due_on <> '' AND c.due_on < :today "
        "AND (c.due_on, c.patient_id) > (:since, :id) ORDER BY c.due_on, c.patient_id LIMIT :limit",
        {"today": days.day(tx.now).isoformat(), "since": since, "id": last, "limit": PER_PAGE + 1},
    )
    found = [
        Recall(row["id"], full_name(row["given_name"], row["family_name"]), row["phone"], row["due_on"]) for row in rows
    ]
    page = paging.page(found, PER_PAGE, lambda one: f"{one.since}~{one.patient_id}")
    silent = [one.patient_id for one in page if not one.phone]
    guardians = proxies.phones(tx, silent) if silent else {}
    shown = Page(replace(one, guardian=guardians.get(one.patient_id)) for one in page)
    shown.next = page.next
    return shown


def _trace(tx: Transaction, viewer: Viewer, patient_id: str) -> None:
    seen = tx.value(
        "SELECT 1 FROM trace WHERE patient_id = :patient AND actor_id = :reader AND at >= :since AND action = :action "
        "LIMIT 1",
        {"patient": patient_id, "reader": viewer.id, "since": days.beginning(tx.now), "action": _ACTION},
    )
    if not seen:
        events.record(tx, _ACTION, Subject("patient", patient_id), actor_id=viewer.id, patient_id=patient_id)


def settle(tx: Transaction, patient_id: str) -> None:
    """Something has changed of which it depends since when this patient waits; the front desk's pages follow."""
    if tx.value("SELECT 1 FROM vaccination_calls WHERE patient_id = :id", {"id": patient_id}):
        _settle(tx, [patient_id])


def begin(tx: Transaction, patient_id: str) -> None:
    """The same, where a vaccination with its fields has just been written."""
    tx.execute(
        "INSERT INTO vaccination_calls (patient_id, due_on, check_on, listed, schedule) VALUES (:id, '', '', 0, -1) "
        "ON CONFLICT (patient_id) DO NOTHING",
        {"id": patient_id},
    )
    _settle(tx, [patient_id])


def follow(tx: Transaction, limit: int) -> int:
    """What time and a changed schedule do to the list, of so many patients at most; returns of how many."""
    rows = tx.all(
        "SELECT patient_id FROM vaccination_calls WHERE schedule < :changes LIMIT :limit",
        {"changes": schedule.changes(tx), "limit": limit},
    ) or tx.all(
        "SELECT patient_id FROM vaccination_calls WHERE check_on <> '' AND check_on <= :today LIMIT :limit",
        {"today": days.day(tx.now).isoformat(), "limit": limit},
    )
    if rows:
        _settle(tx, [row["patient_id"] for row in rows])
    return len(rows)


def _settle(tx: Transaction, patient_ids: Sequence[str]) -> None:
    """Work it out for these patients, and have the pages follow if one of them came onto the list or left it."""
    today, known, changes = days.day(tx.now), schedule.signed(tx), schedule.changes(tx)
    moved = False
    for patient in directory.identities(tx, patient_ids):
        of_schedule: Sequence[Scheduled] = known if schedule.is_for(patient.birth_date, today) else ()
        found = vaccinations.awaited(tx, patient, of_schedule, today)
        due_on = found[0].on if found else ""
        overdue = bool(due_on) and due_on < today.isoformat()
        moved |= bool(
            tx.execute(
                "UPDATE vaccination_calls SET listed = :listed WHERE patient_id = :id "
                "AND (listed <> :listed OR (listed = 1 AND due_on <> :due_on))",
                {"id": patient.id, "listed": int(overdue), "due_on": due_on},
            )
        )
        tx.execute(
            "UPDATE vaccination_calls SET due_on = :due_on, check_on = :check_on, schedule = :schedule "
            "WHERE patient_id = :id",
            {"id": patient.id, "due_on": due_on, "check_on": _changes_on(found, today), "schedule": changes},
        )
    if moved:
        events.notify(tx, directory.people(tx, "receptionist"), "notification", None, _LIST)


def _changes_on(found: Iterable[Due], today: date) -> str:
    """The first day to come on which one of these is late, or due no more."""
    late = [date.fromisoformat(one.on) + timedelta(days=1) for one in found if one.on >= today.isoformat()]
    over = [date.fromisoformat(one.until) for one in found if one.until]
    return min((*late, *over), default=date.min).isoformat() if late or over else ""
