"""What is only ever added is rewritten by nobody: not by DELETE, not by UPDATE, and not by INSERT OR REPLACE, which
deletes what is in its way without a trigger, unless a connection has asked for it."""

import sqlite3
from collections.abc import Callable
from decimal import Decimal

import pytest
import steps
from cast import AWA, DIOP
from store import Store, refused_by_database

from fadjma.events import security
from fadjma.records import measuring, structuring
from fadjma.records.consultations import Consultation
from fadjma.records.problems import Problem
from fadjma.records.results import Result, Value
from fadjma.records.vaccinations import Vaccination
from fadjma.store import Transaction


def _note(store: Store) -> None:
    store.write(security.note, "right_refused", account_id=DIOP.id, address="x", detail="y")


def _written(store: Store) -> None:
    steps.grant(store)
    steps.write_record(store)


def _weighed(store: Store) -> None:
    steps.grant(store)
    steps.weigh(store, 62_500)


def _consulted(store: Store) -> None:
    steps.grant(store)
    store.write(structuring.consult, DIOP, AWA.id, facts=Consultation("Fièvre"), readings=[], occurred_on="2026-03-01")


def _noted(store: Store) -> None:
    steps.grant(store)
    store.write(structuring.note_problem, DIOP, AWA.id, facts=Problem("Hypertension"))


def _vaccinated(store: Store) -> None:
    steps.grant(store)
    store.write(structuring.vaccinate, DIOP, AWA.id, facts=Vaccination("BCG"), occurred_on="2026-03-01")


def _examined(store: Store) -> None:
    steps.grant(store)
    facts = Result((Value("Glycémie", Decimal("0.9"), unit="g/L"),))
    store.write(structuring.note_result, DIOP, AWA.id, facts=facts, occurred_on="2026-03-01")


def _measured_in_error(store: Store) -> None:
    steps.grant(store)
    store.write(measuring.mark_error, DIOP, steps.weigh(store, 62_500), reason="Mauvais patient")


def _registered(store: Store) -> None:
    store.connection.execute("UPDATE medicines SET schedule = 'list_1'")
    steps.delivered(store)


ADDED: dict[str, Callable[[Store], object]] = {
    "audit_events": _written,
    "security_events": _note,
    "record_versions": _written,
    "measurements": _weighed,
    "consultation_facts": _consulted,
    "problem_facts": _noted,
    "vaccination_facts": _vaccinated,
    "result_facts": _examined,
    "result_values": _examined,
    "measurement_errors": _measured_in_error,
    "movements": steps.receive,
    "prescription_acts": steps.issued,
    "dispenses": steps.delivered,
    "dispense_lines": steps.delivered,
    "register_entries": _registered,
}
KEPT: dict[str, Callable[[Store], object]] = {
    **ADDED,
    "records": _written,
    "access_requests": steps.ask,
    "prescriptions": steps.issued,
}


def _replace(connection: sqlite3.Connection, table: str) -> None:
    connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("table", ADDED)
def test_not_even_by_a_program_that_knows_nothing_of_us(store: Store, table: str) -> None:
    ADDED[table](store)
    before = store.rows(f"SELECT * FROM {table}")
    with sqlite3.connect(store.path) as stranger, pytest.raises(sqlite3.IntegrityError, match="never replaced"):
        _replace(stranger, table)
    stranger.close()
    assert before and store.rows(f"SELECT * FROM {table}") == before


@pytest.mark.parametrize("table", KEPT)
def test_nor_by_ourselves(store: Store, table: str) -> None:
    KEPT[table](store)
    before = store.rows(f"SELECT * FROM {table}")
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        _replace(store.connection, table)
    assert refused_by_database(store, f"DELETE FROM {table}")
    assert before and store.rows(f"SELECT * FROM {table}") == before


def test_the_same_line_twice_is_refused_in_a_transaction_too(store: Store) -> None:
    steps.ask(store, DIOP, AWA)

    def again(tx: Transaction) -> None:
        tx.execute("INSERT OR IGNORE INTO audit_events SELECT * FROM audit_events")

    with pytest.raises(Exception, match="never replaced"):
        store.write(again)
