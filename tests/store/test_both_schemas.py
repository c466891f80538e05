"""PostgreSQL's schema is SQLite's: what is in it, and what its triggers refuse."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from demo_database import empty_database
from translated import statements, triggers

from fadjma.store.errors import Duplicate, Violation
from fadjma.store.postgresql import migrating
from fadjma.store.sqlite import migrating as sqlite_migrating
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.constraints import translated

if TYPE_CHECKING:
    from clusters import Cluster

_Refusal = tuple[str | None, str | None] | None  # the name of the constraint, and what it says of itself

# What each trigger with a condition is about: the row, a change that it refuses, and one that passes.
_CONDITIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "access_requests_transitions": ({"status": "pending"}, "status = 'expired'", "status = 'approved'"),
    "announcements_transitions": ({"status": "withdrawn"}, "status = 'published'", "told = 2"),
    "contests_transitions": ({"status": "answered"}, "status = 'open'", "version = 2"),
    "dispenses_are_undone_once": ({"undone_at": 1}, "undone_at = 2", ""),
    "emergency_reviews_transitions": ({"status": "explained"}, "status = 'to_review'", "status = 'abusive'"),
    "medicines_in_use_keep_their_name": ({}, "dci = 'y'", "atc = 'y'"),
    "prescriptions_keep_their_short_code": ({"short_code": "a"}, "short_code = 'b'", "short_code = 'a'"),
    "prescriptions_transitions": ({"status": "issued"}, "status = 'delivered'", "status = 'validated'"),
    "proxies_end_once": ({"ended_at": 1}, "ended_at = 2", ""),
    "records_transitions": ({"status": "entered_in_error"}, "status = 'current'", "version = 2"),
    "renewals_are_answered_once": ({"status": "declined"}, "reason = 'y'", ""),
    "safety_entries_are_signed_once": ({"signed_at": 1, "withdrawn_at": None}, "signed_at = 2", "withdrawn_at = 2"),
    "safety_entries_are_withdrawn_once": ({"withdrawn_at": 1}, "withdrawn_at = 2", "version = 2"),
    "shares_are_opened_once": ({"opened_at": 1, "ended_at": None}, "opened_at = 2", "ended_at = 2"),
    "shares_stay_ended": ({"ended_at": 1, "opened_at": 1}, "ended_at = NULL", "ended_at = 2"),
    "transfers_end_once": ({"received_at": 1}, "received_at = 2", ""),
}
# What a row needs where another trigger of its table would refuse first, and what must be there beside it.
_ROWS: dict[str, dict[str, Any]] = {"renewals": {"status": "pending"}, "dispense_lines": {"lot_id": "x"}}
_KEYS = {"dispense_lines": "dispense_lines_once"}  # by which there is one of each; of the others the primary key
_ALSO = {"medicines_in_use_keep_their_name": ["INSERT INTO products VALUES ('x', 'x', 'x', 0)"]}
_REFUSES_ONCE_USED = "medicines_in_use_keep_their_name"
_COLUMNS = """
    SELECT 'COLUMN ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || coalesce(' COLLATE ' || n.collname, '') || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
        || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation n ON n.oid = a.attcollation
    WHERE c.relkind IN ('r', 'v') AND c.relnamespace = 'public'::regnamespace"""
_CONSTRAINTS = """
    SELECT 'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't'"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
_VIEWS = "SELECT 'CREATE VIEW ' || viewname || ' AS' || definition FROM pg_views WHERE schemaname = 'public'"
_TRIGGERS = f"""
    SELECT pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal AND tgtype & 32 = 0 AND tgname <> '{_REFUSES_ONCE_USED}'"""
_OF_TRUNCATE = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 <> 0"


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A migrated SQLite in which a row needs neither what it refers to nor values that are checked."""
    path = tmp_path_factory.mktemp("schema") / "fadjma.db"
    path.write_bytes(empty_database())
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection


@pytest.fixture(scope="module")
def postgresql(cluster: "Cluster", migrated: str) -> Iterator[psycopg.Connection[Any]]:
    with cluster.connect(cluster.create(migrated)) as connection:
        yield connection


def test_everything_is_there_and_nothing_else(
    cluster: "Cluster", sqlite: sqlite3.Connection, postgresql: psycopg.Connection[Any]
) -> None:
    with cluster.connect(cluster.create()) as other:
        function = postgresql.execute("SELECT pg_get_functiondef('refuse'::regproc)").fetchone()
        for statement in [*(function or ()), *statements(sqlite)]:
            other.execute(statement)
        wanted, found = _described(other), _described(postgresql)
    assert len(wanted) > 1_000
    different = [f"PostgreSQL lacks: {text}" for text in sorted(wanted - found)]
    different += [f"SQLite lacks: {text}" for text in sorted(found - wanted)]
    assert not different, "\n".join(["docs/migrations.md says how to add it", *different])


def _described(connection: psycopg.Connection[Any]) -> set[str]:
    """Everything of the schema, each thing in PostgreSQL's own words."""
    return {
        text for query in (_COLUMNS, _CONSTRAINTS, _INDEXES, _VIEWS, _TRIGGERS) for (text,) in connection.execute(query)
    }


def test_every_later_migration_carries_both() -> None:
    """A file of the same name in store/migrations/ and store/postgresql/migrations/."""
    first, *later = [step.name for step in migrating.steps()]
    names = [file.stem for file in sorted(sqlite_migrating._MIGRATIONS.glob("*.sql"))]
    assert first in names
    assert later == [name for name in names if name > first]


def test_what_is_kept_is_not_emptied_either(sqlite: sqlite3.Connection, postgresql: psycopg.Connection[Any]) -> None:
    """TRUNCATE, which SQLite has not, asks no trigger of DELETE."""
    kept = {trigger["table"] for trigger in triggers(sqlite).values() if trigger["act"] == "DELETE"}
    assert len(kept) > 30
    assert {table for (table,) in postgresql.execute(_OF_TRUNCATE)} == kept
    for table in kept:
        with pytest.raises(psycopg.IntegrityError) as refusal:
            postgresql.execute(f"TRUNCATE {table} CASCADE")
        assert str(refusal.value.diag.constraint_name).endswith("_are_not_emptied")


def test_each_trigger_with_a_condition_is_tried(sqlite: sqlite3.Connection) -> None:
    conditions = {name: trigger for name, trigger in triggers(sqlite).items() if trigger["condition"]}
    assert {name for name, trigger in conditions.items() if trigger["act"] == "UPDATE"} == _CONDITIONS.keys()


def test_every_trigger_refuses_the_same(cluster: "Cluster", sqlite: sqlite3.Connection, migrated: str) -> None:
    """With rows of which only the trigger judges: what they refer to is not there, and no CHECK looks at them."""
    wrong = []
    with cluster.connect(cluster.create(migrated)) as postgresql:
        _let_anything_in(postgresql)
        for name, trigger in triggers(sqlite).items():
            table, act = trigger["table"], trigger["act"]
            before, refused, passes = _CONDITIONS.get(name, ({}, f"{_column(sqlite, trigger)} = NULL", ""))
            rows = [_insert(sqlite, table, {**_ROWS.get(table, {}), **before}), *_ALSO.get(name, ())]
            statement = {"INSERT": rows[0], "DELETE": f"DELETE FROM {table}"}.get(act, f"UPDATE {table} SET {refused}")
            wanted: _Refusal = (name, trigger["text"].strip("'").replace("''", "'"))
            # PostgreSQL has no REPLACE: a key refuses what would be there twice, and its own name says which.
            key: _Refusal = (_KEYS.get(table, f"{table}_pkey"), None) if act == "INSERT" else wanted
            if (found := _by_sqlite(sqlite, rows, statement)) != wanted:
                wrong.append(f"SQLite, {name}: {statement} gives {found}")
            if (found := _by_postgresql(postgresql, rows, statement)) != key:
                wrong.append(f"PostgreSQL, {name}: {statement} gives {found}")
            if passes:
                statement = f"UPDATE {table} SET {passes}"
                both = (_by_sqlite(sqlite, rows, statement), _by_postgresql(postgresql, rows, statement))
                wrong += [f"{name} does not let pass {statement}: {found}" for found in both if found]
    assert not wrong, "\n".join(wrong)


def _let_anything_in(postgresql: psycopg.Connection[Any]) -> None:
    for table, name in postgresql.execute(
        "SELECT conrelid::regclass, conname FROM pg_constraint "
        "WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace"
    ):
        postgresql.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def _column(sqlite: sqlite3.Connection, trigger: re.Match[str]) -> str:
    """One that the trigger looks at, and that nobody refers to."""
    columns = re.search(r"UPDATE OF ([\w,\s]+?)\s+ON", trigger["when"])
    named = re.findall(r"\w+", columns[1]) if columns else [name for name, _ in _columns(sqlite, trigger["table"])]
    return named[-1]


def _columns(sqlite: sqlite3.Connection, table: str) -> list[tuple[str, Any]]:
    """What must be there: of words 'x', of numbers 1; the others NULL."""
    return [
        (name, ("x" if kind == "TEXT" else 1) if needed else None)
        for name, kind, needed in sqlite.execute(
            "SELECT name, type, [notnull] OR pk FROM pragma_table_info(?)", (table,)
        )
    ]


def _insert(sqlite: sqlite3.Connection, table: str, values: dict[str, Any]) -> str:
    row = dict(_columns(sqlite, table)) | values
    said = ["NULL" if value is None else repr(value) for value in row.values()]
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(said)})"


def _by_sqlite(connection: sqlite3.Connection, rows: list[str], statement: str) -> _Refusal:
    """Which constraint refuses the statement where these rows are, and what it says."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    try:
        for row in rows:
            connection.execute(row)
        connection.execute(statement)
    except sqlite3.IntegrityError as error:
        violation = translated(connection, error)
        assert isinstance(violation, Violation) and not isinstance(violation, Duplicate)
        return violation.constraint, str(violation)
    finally:
        connection.execute("ROLLBACK")
    return None


def _by_postgresql(connection: psycopg.Connection[Any], rows: list[str], statement: str) -> _Refusal:
    try:
        with connection.transaction(force_rollback=True):
            for row in rows:
                connection.execute(row)
            connection.execute(statement)
    except psycopg.errors.UniqueViolation as error:
        return error.diag.constraint_name, None
    except psycopg.IntegrityError as error:
        return error.diag.constraint_name, error.diag.message_primary
    return None
