"""Which constraint refused a statement, by a name that does not depend on SQLite.

SQLite names columns (« UNIQUE constraint failed: users.email »), PostgreSQL the constraint. Here everything has the
name that it has, or would be given, in PostgreSQL: an index its own; `users_submission_key` what UNIQUE in a table
made; `users_pkey` a primary key; `users_given_name_not_null`. A trigger that refuses has its own name.
"""

import re
import sqlite3

from fadjma.store.errors import FOREIGN_KEY, Duplicate, Error, ReadOnly, Violation

# SQLite names a CHECK without a name by its text. New ones have a name: CONSTRAINT lots_reserved_check CHECK (…).
UNNAMED_CHECKS = {
    "kind IN ('clinic', 'pharmacy')": "organizations_kind_check",
    "outcome IN ('success', 'refused')": "audit_events_outcome_check",
    "type IN ( 'new_access_request', 'access_request_status_changed', 'prescription_status_changed', "
    "'medical_record_updated', 'notification')": "notifications_type_check",
    "version = 1 OR reason IS NOT NULL": "record_versions_reason_check",
    "threshold >= 0": "products_threshold_check",
    "on_hand >= 0": "lots_on_hand_check",
    "reserved >= 0 AND reserved <= on_hand": "lots_reserved_check",
    "quantity > 0": "reservations_quantity_check",
    "status IN ( 'issued', 'validated', 'prepared', 'ready', 'in_delivery', 'delivered', 'part_delivered', 'on_hold', "
    "'refused', 'cancelled', 'expired', 'entered_in_error')": "prescriptions_status_check",
    "status IN ('issued', 'cancelled', 'expired', 'entered_in_error') OR pharmacy_id IS NOT NULL": (
        "prescriptions_pharmacy_check"
    ),
    "status NOT IN ('refused', 'on_hold', 'cancelled', 'entered_in_error') OR status_reason <> ''": (
        "prescriptions_reason_check"
    ),
    "quantity BETWEEN 1 AND 1000": "prescription_lines_quantity_check",
    "duration_days BETWEEN 1 AND 365": "prescription_lines_duration_days_check",
    "delivered BETWEEN 0 AND quantity": "prescription_lines_delivered_check",
}
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
            return Violation(message, UNNAMED_CHECKS.get(" ".join(what.split()), what))
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
