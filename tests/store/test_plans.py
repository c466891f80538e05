"""What other domains read through views is found by the same indexes as without them."""

from collections.abc import Callable
from typing import Any

import pytest
import steps
from cast import ADMIN, AWA, DIOP, IDENTIFIERS, NDIAYE
from store import Store

from fadjma.access import queries as access
from fadjma.accounts import queries as accounts
from fadjma.identity import directory
from fadjma.inventory import queries as inventory
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import queries as records
from fadjma.store import Row, Transaction

# « part » is the newest of a kind, so many and no more; the other reads who waits, and nobody else.
_READ_WHOLE = {"SCAN part", "SCAN u USING INDEX users_waiting"}


class _Explaining(Transaction):
    """A transaction that asks for the plan of whatever is read in it."""

    __slots__ = ("plan",)

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx._connection, tx.now)
        self.plan: list[str] = []

    def all(self, sql: str, parameters: Any = ()) -> list[Row]:
        self.plan += [row["detail"] for row in super().all(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        return super().all(sql, parameters)

    def first(self, sql: str, parameters: Any = ()) -> Row | None:
        self.plan += [row["detail"] for row in super().all(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        return super().first(sql, parameters)


QUERIES: dict[str, Callable[[Transaction, dict[str, str]], object]] = {
    "a request": lambda tx, of: access.access_request(tx, DIOP, of["request"]),
    "a doctor's requests": lambda tx, of: access.access_requests(tx, DIOP),
    "a patient's requests": lambda tx, of: access.access_requests(tx, AWA),
    "the trace": lambda tx, of: access.readings(tx, AWA.id),
    "finding a patient": lambda tx, of: access.find_patients(tx, DIOP, IDENTIFIERS[AWA.id]),
    "an identity": lambda tx, of: directory.identity(tx, AWA.id),
    "a record with its versions": lambda tx, of: records.record_with_versions(tx, DIOP, of["record"]),
    "a file": lambda tx, of: records.records(tx, AWA.id),
    "allergies": lambda tx, of: records.allergies(tx, AWA.id),
    "a patient's prescriptions": lambda tx, of: prescriptions.prescriptions(tx, AWA),
    "a doctor's prescriptions": lambda tx, of: prescriptions.prescriptions(tx, DIOP),
    "a pharmacy's prescriptions": lambda tx, of: prescriptions.prescriptions(tx, NDIAYE),
    "a prescription in full": lambda tx, of: prescriptions.prescription_in_full(tx, NDIAYE, of["prescription"]),
    "a patient's prescriptions for a doctor": lambda tx, of: prescriptions.of_patient(tx, DIOP, AWA.id),
    "how many prescriptions are under way": lambda tx, of: prescriptions.under_way(tx, AWA.id),
    "the movements of a lot": lambda tx, of: inventory.movements(tx, NDIAYE, of["lot"]),
    "accounts": lambda tx, of: accounts.accounts(tx, ADMIN),
    "an account": lambda tx, of: accounts.account(tx, ADMIN, DIOP.id),
    "who I am": lambda tx, of: accounts.me(tx, AWA),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_no_view_is_read_whole(store: Store, query: Callable[[Transaction, dict[str, str]], object]) -> None:
    things = {
        "request": steps.grant(store),
        "record": steps.write_record(store),
        "lot": steps.receive(store),
        "prescription": steps.issue(store),
    }

    def explain(tx: Transaction) -> list[str]:
        explaining = _Explaining(tx)
        query(explaining, things)
        return explaining.plan

    plan = store.read(explain)
    assert plan
    whole = [step for step in plan if step.startswith(("SCAN", "MATERIALIZE")) or "AUTOMATIC" in step]
    assert set(whole) <= _READ_WHOLE, plan
