"""The way back to where a test began, on PostgreSQL: whatever it has done."""

from typing import TYPE_CHECKING

import pytest
from cast import AWA
from postgresql_store import PostgreSQLStore
from settled import KeptPostgreSQLStore, Settled
from steps import issued
from store import Clock, Store, refused_by_database

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store(settled_on_postgresql: Settled, clock: Clock) -> "Iterator[KeptPostgreSQLStore]":
    settled_on_postgresql.begin_again()
    store = KeptPostgreSQLStore(settled_on_postgresql, clock)
    yield store
    store.close()
    settled_on_postgresql.begin_again()


def everything(settled: Settled) -> dict[str, list[tuple[object, ...]]]:
    """All rows, asked for by somebody who remembers nothing; of each table in their order, where that is told."""
    store = PostgreSQLStore(settled.url, Clock())
    try:
        return store.content() | {"audit": [*store.audit()]}
    finally:
        store.close()


def test_what_was_added_changed_and_deleted_is_as_it_was(settled_on_postgresql: Settled, store: Store) -> None:
    before = everything(settled_on_postgresql)
    for _ in range(2):
        issued(store)
        store.connection.execute("UPDATE medicines SET retired_at = 1")
        store.connection.execute("DELETE FROM inboxes WHERE user_id = ?", (AWA.id,))
        store.connection.execute("DELETE FROM notifications")
        assert everything(settled_on_postgresql) != before
        settled_on_postgresql.begin_again()
        assert everything(settled_on_postgresql) == before


def test_a_row_in_the_place_of_another_is_seen(settled_on_postgresql: Settled, store: Store) -> None:
    before = everything(settled_on_postgresql)
    store.connection.execute("UPDATE medicines SET id = 'another' WHERE id = (SELECT min(id) FROM medicines)")
    assert store.content() != before
    settled_on_postgresql.begin_again()
    assert everything(settled_on_postgresql) == before


def test_what_is_shown_is_what_is_there_whatever_was_remembered(settled_on_postgresql: Settled, store: Store) -> None:
    remembered = store.content()
    issued(store)
    shown = store.content()
    assert shown != remembered and shown | {"audit": [*store.audit()]} == everything(settled_on_postgresql)
    settled_on_postgresql.begin_again()
    assert store.content() == remembered


def test_a_trigger_that_was_put_away_is_there_again(settled_on_postgresql: Settled, store: Store) -> None:
    erased = "DELETE FROM audit_events"
    issued(store)
    assert refused_by_database(store, erased)
    store.without("audit_events_are_kept")
    assert not refused_by_database(store, erased)
    settled_on_postgresql.begin_again()
    issued(store)
    assert refused_by_database(store, erased)


def test_another_moment_is_remembered_beside_it(settled_on_postgresql: Settled, store: Store) -> None:
    began = everything(settled_on_postgresql)
    issued(store)
    settled_on_postgresql.keep("issued")
    worked = everything(settled_on_postgresql)
    for moment, rows in (("kept", began), ("issued", worked), ("issued", worked), ("kept", began)):
        store.connection.execute("UPDATE medicines SET retired_at = 1")
        settled_on_postgresql.begin_again(moment)
        assert everything(settled_on_postgresql) == rows


def test_nothing_of_a_test_stays_on_the_connection(settled_on_postgresql: Settled, clock: Clock) -> None:
    before = everything(settled_on_postgresql)
    store = KeptPostgreSQLStore(settled_on_postgresql, clock)
    store.connection.execute("SAVEPOINT of_a_test")
    store.connection.execute("UPDATE medicines SET retired_at = 1")
    backend = store.value("SELECT pg_backend_pid()")
    store.close()
    again = KeptPostgreSQLStore(settled_on_postgresql, clock)
    try:
        assert again.value("SELECT pg_backend_pid()") == backend, "it is given to the next"
        assert everything(settled_on_postgresql) == before
    finally:
        again.close()
