"""Which constraint refused a statement, by a name that does not depend on SQLite.

SQLite names columns (« UNIQUE constraint failed: users.email »), PostgreSQL the constraint. Here everything has the
name that it has, or would be given, in PostgreSQL: an index its own; `users_submission_key` what UNIQUE in a table
made; `users_pkey` a primary key; `users_given_name_not_null`. A trigger that refuses has its own name.
"""

import re
import sqlite3

from fadjma.store.errors import FOREIGN_KEY, Duplicate, Error, ReadOnly, Violation

# SQLite names a CHECK without a name by its text. New ones have a name: CONSTRAINT lots_reserved_check CHECK (…).
UNNAMED_CHECKS = {"reserved >= 0 AND reserved <= on_hand": "lots_reserved_check"}
_RAISED = re.compile(r"RAISE\s*\(\s*ABORT\s*,\s*'((?:[^']|'')*)'")


def translated(connection: sqlite3.Connection, error: sqlite3.Error) -> Error:
    """What the store raises in the place of this error of sqlite3's."""
    message = str(error)
    if not isinstance(error, sqlite3.IntegrityError):
        is_read_only = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY
        return ReadOnly(message) if is_read_only else Error(message)
    what = message.partition(" constraint failed: ")[2]
    match error.sqlite_errorcode:
        case sqlite3.SQLITE_CONSTRAINT_UNIQUE | sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
            return Duplicate(message, _unique(connection, what))
        case sqlite3.SQLITE_CONSTRAINT_CHECK:
            return Violation(message, UNNAMED_CHECKS.get(what, what))
        case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return Violation(message, FOREIGN_KEY)
        case sqlite3.SQLITE_CONSTRAINT_NOTNULL:
            return Violation(message, what.replace(".", "_") + "_not_null")
        case sqlite3.SQLITE_CONSTRAINT_TRIGGER:
            return Violation(message, _trigger(connection, message))
    return Violation(message, message)


def _unique(connection: sqlite3.Connection, columns: str) -> str:
    """The name of the unique index over « users.email » or « lots.product_id, lots.number », in this order.

    Of one over expressions SQLite says the name: « index 'cities_once' ».
    """
    if columns.startswith("index '"):
        return columns.removeprefix("index '").removesuffix("'")
    table = columns.partition(".")[0]
    names = [column.partition(".")[2] for column in columns.split(", ")]
    for index in connection.execute("SELECT name, origin FROM pragma_index_list(?) WHERE [unique]", (table,)):
        found = connection.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index["name"],))
        if [row["name"] for row in found] == names:
            own_name = {"u": f"{table}_{'_'.join(names)}_key", "pk": f"{table}_pkey"}
            return own_name.get(index["origin"], str(index["name"]))
    return f"{table}_pkey"  # an INTEGER PRIMARY KEY has no index


def _trigger(connection: sqlite3.Connection, message: str) -> str:
    for trigger in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"):
        if message in (text.replace("''", "'") for text in _RAISED.findall(trigger["sql"])):
            return str(trigger["name"])
    return message
