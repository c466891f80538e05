"""Whom the front desk is to call for a vaccination: name, phone and since when, and nothing of the file.

Since when is kept as a row for each patient who has had a vaccination with its fields, and for each child under five
who is in the care of the clinic: known to the front desk, or with a file that was open to a doctor. It is worked out
anew when a vaccination is written, corrected or declared in error, when the birth date is put right, when the schedule
changes, and on the day on which it says something else by itself. So the list reads no more than its page, and the
open pages of the front desk follow when somebody comes onto it or leaves it.

Of whom nothing is noted in its fields nobody knows whether they are vaccinated: they are a list apart, to be compared
with the card that their mother has (docs/decisions/30-nothing-noted.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from fadjma import days, events
from fadjma.events import Subject
from fadjma.identity import directory, proxies
from fadjma.identity.directory import Patient
from fadjma.identity.people import Viewer, full_name
from fadjma.records import schedule, vaccinations
from fadjma.records.vaccinations import Due, Recall
from fadjma.store import Page, Transaction, paging

Only = Literal["unnoted"]

PER_PAGE = 50
_OF = {None: "noted = 'fields'", "unnoted": "noted <> 'fields'"}  # each as its index says it
_ACTION = "patient.recalled"
_LIST = Subject("vaccination_recalls", "all")


def open_recalls(tx: Transaction, viewer: Viewer, before: str | None = None, only: Only | None = None) -> Page[Recall]:
    """Those who are overdue, who has waited longest first; that they were seen in it is traced, once a day for each.

    `only` "unnoted": in their place the children of whom the schedule says so and nothing is noted.
    `before` is the `next` of the page before. Raises Forbidden to whoever is not of a front desk.
    """
    viewer.require("receptionist")
    page = listed(tx, before, only)
    for one in page:
        _trace(tx, viewer, one.patient_id)
    return page


def listed(tx: Transaction, before: str | None = None, only: Only | None = None) -> Page[Recall]:
    """The same, untraced. The caller has checked the right."""
    since, _, last = (before or "").partition("~")
    rows = tx.all(
        "SELECT i.id, i.given_name, i.family_name, i.phone, c.due_on, c.noted FROM vaccination_calls c "
        "JOIN patient_identities i ON i.id = c.patient_id "
        # Nobody calls the mother of a child who has died, or for a file that was made twice.
        f"JOIN people u ON u.id = c.patient_id AND u.status = 'active' WHERE c.{_OF[only]} "
        "AND c.due_on <> '' AND c.due_on < :today "
        "AND (c.due_on, c.patient_id) > (:since, :id) ORDER BY c.due_on, c.patient_id LIMIT :limit",
        {"today": days.day(tx.now).isoformat(), "since": since, "id": last, "limit": PER_PAGE + 1},
    )
    found = [
        Recall(
            row["id"],
            full_name(row["given_name"], row["family_name"]),
            row["phone"],
            row["due_on"],
            noted=row["noted"],
        )
        for row in rows
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


def receive(tx: Transaction, patient_id: str) -> None:
    """A patient has come into the care of the clinic: from now on a small child is called for."""
    if not _is_followed(tx, patient_id) and _is_small(directory.identity(tx, patient_id), days.day(tx.now)):
        begin(tx, patient_id)


def _is_small(patient: Patient, today: date) -> bool:
    return today < schedule.small_until(patient.birth_date)


def settle(tx: Transaction, patient_id: str) -> None:
    """Something has changed of which it depends since when this patient waits; the front desk's pages follow."""
    if _is_followed(tx, patient_id):
        _settle(tx, [patient_id])


def _is_followed(tx: Transaction, patient_id: str) -> bool:
    return bool(tx.value("SELECT 1 FROM vaccination_calls WHERE patient_id = :id", {"id": patient_id}))


def begin(tx: Transaction, patient_id: str) -> None:
    """The same, where a vaccination with its fields has just been written."""
    tx.send(
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
        noted = vaccinations.noted(tx, patient.id)
        until = (schedule.child_until if noted == "fields" else schedule.small_until)(patient.birth_date)
        found = vaccinations.awaited(tx, patient, known if today < until else (), today)
        due_on = found[0].on if found else ""
        overdue = bool(due_on) and due_on < today.isoformat()
        moved |= bool(
            tx.execute(
                "UPDATE vaccination_calls SET listed = :listed WHERE patient_id = :id "
                "AND (listed <> :listed OR (listed = 1 AND (due_on <> :due_on OR noted <> :noted)))",
                {"id": patient.id, "listed": int(overdue), "due_on": due_on, "noted": noted},
            )
        )
        tx.send(
            "UPDATE vaccination_calls SET due_on = :due_on, check_on = :check_on, schedule = :schedule, noted = :noted "
            "WHERE patient_id = :id",
            {
                "id": patient.id,
                "due_on": due_on,
                "check_on": _changes_on(found, today, until),
                "schedule": changes,
                "noted": noted,
            },
        )
    if moved:
        events.notify(tx, events.Everybody("receptionist"), "notification", None, _LIST)


def _changes_on(found: Iterable[Due], today: date, grown: date) -> str:
    """The first day to come on which one of these is late, or due no more, or the schedule has nothing more to say
    (`grown`).
    """
    late = [date.fromisoformat(one.on) + timedelta(days=1) for one in found if one.on >= today.isoformat()]
    over = [date.fromisoformat(one.until) for one in found if one.until]
    days_to_come = [*late, *over, *([grown] if grown > today else [])]
    return min(days_to_come).isoformat() if days_to_come else ""
