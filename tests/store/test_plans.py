"""What other domains read through views is found by the same indexes as without them; no list sorts more than its page.

How much that is when there is much, tests/store/test_growing.py counts.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import steps
from cast import ADMIN, AWA, DIOP, IDENTIFIERS, NDIAYE, PHONES
from store import Store

from fadjma.access import actions, patient_lists, readings, states
from fadjma.access import queries as access
from fadjma.accounts import queries as accounts
from fadjma.events import Subject, inbox, recording, security
from fadjma.identity import directory, sessions
from fadjma.inventory import movements, products
from fadjma.prescriptions import lists
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import allergies, measurements, problems, vaccinations
from fadjma.records import queries as records
from fadjma.store import Row, Transaction
from fadjma.store.sqlite.transaction import SQLiteTransaction

# What a list is made of: the newest of each kind, together as many as there are kinds times a page; and what one person
# has opened within 12 hours, with their named programs.
_READ_WHOLE = {"SCAN part", "SCAN parts", "SCAN grants", "SCAN unread", "SCAN open", "MATERIALIZE open"}
# What comes first where something is sorted: these, rows that were found by their ids, and what has run out since the
# timekeeper last wrote down what has, or is asked of one doctor until it does.
_FEW = re.compile(r"SCAN (parts?|grants|open)$|SEARCH \w+ USING INDEX \w+ \((user_)?id=\?\)|SEARCH due USING INDEX")
# These sort all that a pharmacy keeps, or the medicines that are found: no more than there are medicines.
_BY_NATURE = {"stock", "low stock", "medicines", "a record with its versions"}


class _Explaining(SQLiteTransaction):
    """A transaction that asks for the plan of whatever is read in it."""

    __slots__ = ("plans",)

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx._connection, tx.now)
        self.plans: list[list[Row]] = []

    @property
    def steps(self) -> list[str]:
        return [step["detail"] for plan in self.plans for step in plan]

    def all(self, sql: str, parameters: Any = ()) -> list[Row]:
        self.plans.append(super().all(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return super().all(sql, parameters)

    def execute(self, sql: str, parameters: Any = ()) -> int:
        self.plans.append(super().all(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return super().execute(sql, parameters)

    def first(self, sql: str, parameters: Any = ()) -> Row | None:
        self.plans.append(super().all(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return super().first(sql, parameters)


def _sorted_from(plan: list[Row]) -> list[str]:
    """What is read first for each sorting of a plan (of what has the same moment only, a sorting does not count)."""
    found = []
    for sorting in plan:
        if sorting["detail"] == "USE TEMP B-TREE FOR ORDER BY":
            beside = [step["detail"] for step in plan if step["parent"] == sorting["parent"]]
            found.append(next(step for step in beside if step.startswith(("SCAN", "SEARCH"))))
    return found


QUERIES: dict[str, Callable[[Transaction, dict[str, str]], object]] = {
    "a request": lambda tx, of: access.access_request(tx, DIOP, of["request"]),
    "a doctor's requests": lambda tx, of: access.access_requests(tx, DIOP),
    "a patient's requests": lambda tx, of: access.access_requests(tx, AWA),
    **{
        f"{what} of {person.id}, {place}": lambda tx, of, read=read, person=person, place=place: read(
            tx, person, place=place
        )
        for what, read in (("requests", access.access_requests), ("prescriptions", lists.prescriptions))
        for person in (AWA, DIOP, NDIAYE)
        for place in states.PLACES
        if what == "prescriptions" or (person, place) in ((AWA, "now"), (AWA, "rest"), (DIOP, "flow"), (DIOP, "rest"))
    },
    "a doctor's patients": lambda tx, of: patient_lists.patients_of(tx, DIOP),
    "patients with one phone": lambda tx, of: patient_lists.find_patients(tx, DIOP, PHONES[AWA.id]),
    "a file's summary": lambda tx, of: records.records(tx, AWA.id, everything=False),
    "who waits": lambda tx, of: accounts.waiting(tx),
    "sessions": lambda tx, of: sessions.of(tx, AWA),
    "security events": lambda tx, of: security.browse(tx, ADMIN),
    "stock": lambda tx, of: products.stock(tx, NDIAYE),
    "low stock": lambda tx, of: products.low_stock(tx, NDIAYE, 8),
    "the inbox": lambda tx, of: inbox.browse(tx, AWA),
    "what is unread": lambda tx, of: inbox.unread(tx, AWA.id),
    "the trace": lambda tx, of: readings.readings(tx, AWA.id),
    "finding a patient": lambda tx, of: patient_lists.find_patients(tx, DIOP, IDENTIFIERS[AWA.id]),
    "an identity": lambda tx, of: directory.identity(tx, AWA.id),
    "a record with its versions": lambda tx, of: records.record_with_versions(tx, DIOP, of["record"]),
    "a file": lambda tx, of: records.records(tx, AWA.id),
    "what was measured": lambda tx, of: measurements.of_patient(tx, AWA, AWA.id),
    "the courses of what was measured": lambda tx, of: measurements.courses(tx, AWA.id),
    "what was measured in a consultation": lambda tx, of: measurements.of_records(tx, [of["record"]]),
    "weights": lambda tx, of: measurements.of_patient(tx, AWA, AWA.id, "body_weight"),
    "vaccinations due": lambda tx, of: vaccinations.due(tx, AWA.id, date(2026, 3, 4)),
    "problems": lambda tx, of: problems.of_patient(tx, AWA.id),
    "allergies": lambda tx, of: allergies.of_patient(tx, AWA.id),
    "a patient's prescriptions": lambda tx, of: lists.prescriptions(tx, AWA),
    "a doctor's prescriptions": lambda tx, of: lists.prescriptions(tx, DIOP),
    "a pharmacy's prescriptions": lambda tx, of: lists.prescriptions(tx, NDIAYE),
    "a prescription in full": lambda tx, of: prescriptions.prescription_in_full(tx, NDIAYE, of["prescription"]),
    "a patient's prescriptions for a doctor": lambda tx, of: lists.of_patient(tx, DIOP, AWA.id),
    "how many prescriptions are under way": lambda tx, of: lists.under_way(tx, AWA.id),
    "the movements of a lot": lambda tx, of: movements.movements(tx, NDIAYE, of["lot"]),
    "accounts": lambda tx, of: accounts.accounts(tx, ADMIN),
    "an account": lambda tx, of: accounts.account(tx, ADMIN, DIOP.id),
    "who I am": lambda tx, of: accounts.me(tx, AWA),
}


@pytest.mark.parametrize("name", QUERIES)
def test_nothing_is_read_whole_and_nothing_sorted_that_grows(store: Store, name: str) -> None:
    things = {
        "request": steps.grant(store),
        "record": steps.write_record(store),
        "lot": steps.receive(store),
        "prescription": steps.issue(store),
    }

    def explain(tx: Transaction) -> _Explaining:
        explaining = _Explaining(tx)
        QUERIES[name](explaining, things)
        return explaining

    explained = store.read(explain)
    assert explained.plans
    whole = {step for step in explained.steps if step.startswith(("SCAN", "MATERIALIZE")) or "AUTOMATIC" in step}
    assert whole <= _READ_WHOLE, explained.steps
    many = [step for plan in explained.plans for step in _sorted_from(plan) if not _FEW.match(step)]
    assert not many or name in _BY_NATURE, many


@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        (lambda tx: inbox.unread(tx, AWA.id), ["notifications_unread"]),
        (lambda tx: inbox.browse(tx, AWA), ["notifications_lines"]),
        (lambda tx: inbox.read_up_to(tx, AWA, 9), ["notifications_unread", "notifications_folded"]),
        (
            lambda tx: recording._fold(tx, [AWA.id, DIOP.id], Subject("record", "one")),
            ["notifications_unread (user_id=? AND subject_kind=? AND subject_id=?)"],
        ),
    ],
    ids=["counting", "browsing", "reading", "folding"],
)
def test_of_an_inbox_nothing_is_read_but_what_is_asked_for(
    store: Store, query: Callable[[Transaction], object], indexes: list[str]
) -> None:
    """Of two partial indexes that both could serve, one has the years."""

    def explain(tx: Transaction) -> list[str]:
        explaining = _Explaining(tx)
        query(explaining)
        return [step for step in explaining.steps if "notifications" in step]

    for index, step in zip(indexes, store.read(explain), strict=True):
        assert index in step


@pytest.mark.parametrize("act", [states.EXPIRE, states.LAPSE])
def test_what_time_ends_is_found_by_when_it_ends(store: Store, act: states.Act) -> None:
    end = {states.EXPIRE: "expires_at", states.LAPSE: "lapses_at"}[act]

    def explain(tx: Transaction) -> list[str]:
        explaining = _Explaining(tx)
        actions._end_by_time(explaining, act, end, 9)
        return explaining.steps

    assert any(f"{end}<?" in step for step in store.read(explain))
