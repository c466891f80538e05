"""The schema of a migrated SQLite, said to PostgreSQL: what schema.sql and the migrations beside it must equal."""

import re
import sqlite3
from collections.abc import Iterator
from graphlib import TopologicalSorter

from fadjma.store.sqlite.constraints import UNNAMED_CHECKS

_CHECK = re.compile(r"(?<!CONSTRAINT )(?<!\w)(CONSTRAINT \w+\s+)?CHECK \(")
_TRIGGER = re.compile(
    r"CREATE TRIGGER (?P<name>\w+)\s+"
    r"(?P<when>BEFORE (?P<act>DELETE|UPDATE|INSERT)(?: OF [\w, \n]+?)?\s+ON (?P<table>\w+))"
    r"\s*(?:WHEN (?P<condition>.*?))?\s*BEGIN SELECT RAISE\(ABORT, (?P<text>'(?:[^']|'')*')\); END",
    re.DOTALL,
)


def statements(connection: sqlite3.Connection) -> Iterator[str]:
    """What makes this schema in PostgreSQL: tables, indexes, views, triggers.

    Without what no trigger of PostgreSQL can ask: whether there is another row. Of an INSERT the keys ask it, for there
    is no REPLACE, and of `medicines_in_use_keep_their_name` a function of its own.
    """
    said = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    needed = {
        table: {parent for (parent,) in connection.execute("SELECT [table] FROM pragma_foreign_key_list(?)", (table,))}
        for table in said
    }
    for table in TopologicalSorter({name: parents - {name} for name, parents in needed.items()}).static_order():
        yield _table(said[table])
    for kind in ("index", "view"):
        for (sql,) in connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL ORDER BY rowid", (kind,)
        ):
            yield sql
    for trigger in triggers(connection).values():
        condition = trigger["condition"]
        if not condition or "EXISTS" not in condition:
            when = f" WHEN ({condition})" if condition else ""
            yield (
                f"CREATE TRIGGER {trigger['name']} {trigger['when']} FOR EACH ROW{when} "
                f"EXECUTE FUNCTION refuse({trigger['text']})"
            )


def triggers(connection: sqlite3.Connection) -> dict[str, re.Match[str]]:
    """Each trigger by its name: `act`, `table`, `condition` and `text`."""
    found = {}
    for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"):
        match = _TRIGGER.match(sql)
        assert match, f"{name} does more than refuse: say here what that is to PostgreSQL"
        found[name] = match
    return found


def _table(sql: str) -> str:
    sql = re.sub(r"--[^\n]*", "", sql)
    sql = re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', sql)
    sql = re.sub(r"\bINTEGER\b", "BIGINT", sql)  # PostgreSQL's own has 32 bits, SQLite's 64
    return _CHECK.sub(lambda match: match[0] if match[1] else f"CONSTRAINT {_name(sql, match.end())} CHECK (", sql)


def _name(sql: str, start: int) -> str:
    """Of a CHECK that the schema gives none, by its text."""
    depth, end = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(sql[end], 0)
        end += 1
    return UNNAMED_CHECKS[" ".join(sql[start : end - 1].split())]
