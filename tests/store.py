"""The database as actions see it, without an event loop: each call is one transaction, as `Database` runs it."""

import re
import sqlite3
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from fadjma.access.tracing import trace_try
from fadjma.events.inbox import HISTORIES_APART
from fadjma.identity.people import Viewer
from fadjma.refusals import Refusal
from fadjma.store import Transaction
from fadjma.store.sqlite import database
from fadjma.store.sqlite.group_commit import commit
from fadjma.store.writes import Write

P = ParamSpec("P")
R = TypeVar("R")
Message = str | None
_OF_READINGS = {
    "audit_events": "action = 'patient.found' OR substr(action, instr(action, '.')) IN ('.read', '.listed', '.write')",
    "notifications": "subject_kind = 'patient' AND type = 'notification'",
    "inboxes": "1",
    "chain_links": "1",
    "chain_heads": "1",
}

MONDAY = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp() * 1000)


class Clock:
    """The time that a test sets, in milliseconds UTC; it begins on a Monday at nine."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> int:
        return self.now

    def advance(self, **span: float) -> None:
        """Let time pass: `clock.advance(hours=24)`."""
        self.now += int(timedelta(**span) / timedelta(milliseconds=1))


class Store:
    """One connection, the clock of the test, and what a transaction told whom."""

    def __init__(self, path: Path, clock: Clock, connection: sqlite3.Connection | None = None) -> None:
        self.path = path
        self.clock = clock
        self.announced: list[Any] = []
        self._put_away: dict[str, str] = {}  # triggers, with what makes them
        self.connection = connection or database.connect(path)
        self.connection.execute("PRAGMA synchronous = OFF")  # these tests do not unplug the machine
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)  # what the oldest SQLite takes

    def write(self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """One transaction that commits when `function` returns, and leaves nothing when it raises."""
        (write,) = commit(self.connection, self.clock, deque([Write(lambda tx: function(tx, *args, **kwargs))]))
        if write.error is not None:
            raise write.error
        self.announced.extend(write.announced or ())
        result: R = write.result
        return result

    def read(self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return database._read(self.clock, lambda tx: function(tx, *args, **kwargs), self.connection)

    def refuse(
        self,
        function: Callable[Concatenate[Transaction, Viewer, P], object],
        viewer: Viewer,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> dict[str, list[Message]]:
        """A reading that is refused, and written down after it as web/failures.py does; what it tells whom."""
        with pytest.raises(Refusal) as refusal:
            self.write(function, viewer, *args, **kwargs)
        tried = refusal.value.tried
        return self.news(trace_try, viewer, tried, True) if tried else {}

    def news(
        self, function: Callable[Concatenate[Transaction, P], Any], /, *args: P.args, **kwargs: P.kwargs
    ) -> dict[str, list[Message]]:
        """What one act tells whom, as {person: [message]}; with None their pages follow and they are not told.

        The pages of nurses follow whatever those of their clinic's doctors do (tests/routes/test_front_desk.py).
        """
        before = dict(self.rows("SELECT user_id, last_seq FROM inboxes"))
        self.write(function, *args, **kwargs)
        told: dict[str, list[Message]] = {}
        for person, seq, message in self.rows("SELECT user_id, seq, message FROM notifications ORDER BY user_id, seq"):
            if seq > before.get(person, 0) and (message or person != "gassama"):
                told.setdefault(person, []).append(message)
        return told

    def told(self, person: Viewer) -> list[str]:
        """Every message that this person was ever told, in order."""
        sql = "SELECT message FROM notifications WHERE user_id = ? AND message IS NOT NULL ORDER BY seq"
        return [message for (message,) in self.rows(sql, person.id)]

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.connection.execute(sql, parameters)]

    def value(self, sql: str, *parameters: Any) -> Any:
        return self.rows(sql, *parameters)[0][0]

    def audit(self) -> list[tuple[str | None, str, str]]:
        """Every audit entry as (actor, action, outcome), in order."""
        return [tuple(row) for row in self.rows("SELECT actor_id, action, outcome FROM audit_events ORDER BY rowid")]

    def content(self, *, readings: bool = True) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the database holds, by table; or all but the traces of readings and who follows them.

        Without what happened at the doors: a refusal that changes nothing is written down there.
        """
        tables = self.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'security_events' ORDER BY name"
        )
        left_out = {} if readings else _OF_READINGS
        return {
            name: self.rows(f"SELECT * FROM {name} WHERE NOT ({left_out.get(name, '0')}) ORDER BY rowid")
            for (name,) in tables
        }

    def triggers(self) -> list[str]:
        """The names of all of them."""
        return [name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")]

    def touched(self) -> int:
        """Another number whenever somebody else has committed anything."""
        return int(self.value("PRAGMA data_version"))

    def definition(self, index: str) -> str:
        """What makes an index, as the database writes it."""
        sql: str = self.value("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?", index)
        return sql

    def without(self, trigger: str) -> None:
        """Let happen what this trigger refuses: the test begins where no life does, or puts it back itself."""
        for (sql,) in self.rows("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", trigger):
            self._put_away[trigger] = sql
            self.connection.execute(f"DROP TRIGGER {trigger}")

    def with_again(self, trigger: str) -> None:
        self.connection.execute(self._put_away[trigger])

    def fill_up(self, table: str) -> None:
        """From now on nothing can be added to this table."""
        self.connection.execute(
            f"CREATE TEMP TRIGGER is_full BEFORE INSERT ON main.{table} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )

    def check(self) -> None:
        """What is true after whatever happened: no reference to nothing, stock that adds up, and numbers without holes,
        but where a backup was restored, or before what is kept."""
        self.check_references()
        assert not self.rows(
            "WITH steps AS (SELECT n.user_id, "
            "seq - lag(seq, 1, i.forgotten) OVER (PARTITION BY n.user_id ORDER BY seq) AS step "
            "FROM notifications n JOIN inboxes i ON i.user_id = n.user_id UNION ALL "
            "SELECT user_id, 1 + last_seq - "
            "(SELECT coalesce(max(seq), i.forgotten) FROM notifications WHERE user_id = i.user_id) FROM inboxes i) "
            f"SELECT user_id FROM steps WHERE step <> 1 AND step < {HISTORIES_APART}"
        ), "a sequence has a hole"
        assert not self.rows(
            "SELECT l.id FROM lots l WHERE l.reserved <> "
            "(SELECT coalesce(sum(quantity), 0) FROM reservations WHERE lot_id = l.id)"
        ), "reserved is not what reservations say"
        assert not self.rows(
            "SELECT l.id FROM lots l WHERE l.on_hand <> "
            "(SELECT coalesce(sum(quantity), 0) FROM movements WHERE lot_id = l.id)"
        ), "on hand is not what movements say"

    def check_references(self) -> None:
        assert not self.rows("PRAGMA foreign_key_check")

    def close(self) -> None:
        self.connection.close()


def refused_by_database(store: Store, sql: str, *parameters: Any) -> bool:
    """Whether the database itself refuses this statement."""
    store.connection.execute("SAVEPOINT attempt")
    try:
        store.connection.execute(sql, parameters)
    except sqlite3.IntegrityError:
        return True
    finally:
        store.connection.execute("ROLLBACK TO attempt")
        store.connection.execute("RELEASE attempt")
    return False


def codes_of_index(store: Store, name: str) -> set[str]:
    """The states of which a partial index holds the rows."""
    sql = store.definition(name)
    where = sql.partition(" WHERE ")[2]
    assert re.match(r"\(*status (=|IN) ", where), sql
    return set(re.findall(r"'(\w+)'", where))
