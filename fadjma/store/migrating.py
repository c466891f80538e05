"""The migrations: what a database lacks of `migrations/*.sql`, applied in order."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from fadjma.store import folding
from fadjma.store.connections import connect

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(path: Path, now: int, *, up_to: str = "9999") -> list[str]:
    """Apply the migrations that the database lacks, in order, one transaction each.

    Returns the names of those applied. `up_to` (the test of old databases) stops after the numbers it names.
    """
    applied = []
    connection = connect(path)
    try:
        folding.lend(connection)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)"
        )
        done = {row["name"] for row in connection.execute("SELECT name FROM schema_migrations")}
        for script in sorted(_MIGRATIONS.glob("*.sql")):
            if script.stem in done or script.stem[:4] > up_to:
                continue
            if _apply(connection, script, now):
                applied.append(script.stem)
    finally:
        connection.close()
    return applied


def _apply(connection: sqlite3.Connection, script: Path, now: int) -> bool:
    """Run one migration; False when another process has done it meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("SELECT 1 FROM schema_migrations WHERE name = ?", (script.stem,)).fetchone():
            connection.execute("ROLLBACK")
            return False
        for statement in _statements(script.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_migrations (name, applied_at) VALUES (?, ?)", (script.stem, now))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True


def _statements(script: str) -> Iterable[str]:
    """Split a script; `sqlite3.complete_statement` knows that a trigger's body has semicolons of its own."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"unfinished SQL statement: {statement.strip()[:80]!r}")
