"""The database of tests/store.py on PostgreSQL (`pytest --store=postgresql`); what a test itself asks is SQLite's."""

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from store import Clock, Store

from fadjma.store import Transaction, Violation
from fadjma.store.postgresql import connections
from fadjma.store.postgresql.connections import Kept, connect
from fadjma.store.postgresql.database import PostgreSQL
from fadjma.store.postgresql.transaction import PostgreSQLTransaction
from fadjma.store.writes import Write

P = ParamSpec("P")
R = TypeVar("R")

# Rows as they were inserted, of tables that nobody updates: by transaction and statement. Where they lie (ctid) says
# nothing once something was deleted.
_AS_THEY_CAME = r"((\1xmin::text::bigint << 32) + \1cmin::text::bigint)"
disabled: dict[str, set[str]] = {}  # what puts the triggers back as they were, by the database's address


class Connection:
    """What tests ask of SQLite's connection, asked of PostgreSQL."""

    def __init__(self, real: connections.Connection) -> None:
        self.real = real
        self._within = 0  # savepoints

    def execute(self, statement: str, parameters: Any = ()) -> "_Found":
        word = statement.partition(" ")[0]
        if word == "SAVEPOINT":  # SQLite begins with the first, and commits with it
            if not self._within:
                self.real.execute("BEGIN")
            self._within += 1
        found = self._execute(statement, parameters)
        if word == "RELEASE":
            self._within -= 1
            if not self._within:
                self.real.execute("COMMIT")
        return found

    def executemany(self, statement: str, rows: Any) -> None:
        tx = PostgreSQLTransaction(self.real, 0)
        tx.execute_many(statement, rows)
        tx.flush()

    def _execute(self, statement: str, parameters: Any) -> "_Found":
        statement = re.sub(r"\b(\w+\.)?rowid\b", _AS_THEY_CAME, statement)
        tx = PostgreSQLTransaction(self.real, 0)
        try:
            return _Found(tx.all(statement, parameters))
        except Violation as refused:
            raise sqlite3.IntegrityError(str(refused)) from refused


class _Found(deque[Any]):
    def fetchone(self) -> Any:
        return self.popleft() if self else None

    def fetchall(self) -> list[Any]:
        return list(self)


class PostgreSQLStore(Store):
    """The same on a database of this process's cluster. `kept`: its connections, if they are not its own."""

    def __init__(self, url: str, clock: Clock, kept: Kept | None = None) -> None:
        self.clock = clock
        self.announced = []
        self._kept = kept or Kept(lambda: connect(url))
        self._is_own = kept is None
        self.connection = Connection(self._kept.take())  # type: ignore[assignment]
        self.database = PostgreSQL(url, clock=clock)
        self.database._writing = self.database._reading = self.database._writes._kept = self._kept

    def write(self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        write = Write(lambda tx: function(tx, *args, **kwargs))
        self.database.run(write)
        if write.error is not None:
            raise write.error
        self.announced.extend(write.announced or ())
        result: R = write.result
        return result

    def read(self, function: Callable[Concatenate[Transaction, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """As SQLite's, which takes what a reading writes down, and forgets it.

        What is read row by row is read here: a cursor of PostgreSQL's ends with its transaction.
        """

        def whole(tx: Transaction) -> R:
            found = function(tx, *args, **kwargs)
            return iter([*found]) if isinstance(found, Iterator) else found

        connection = self.database._reading.take()
        try:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            return self.database._rolled_back(connection, whole)
        finally:
            self.database._reading.give_back(connection)

    def content(self, *, readings: bool = True) -> dict[str, list[tuple[Any, ...]]]:
        from store import _OF_READINGS

        left_out = {} if readings else _OF_READINGS
        tables = self.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'security_events' "
            "ORDER BY tablename"
        )
        return {name: self._rows_of(name, _translated(left_out.get(name, "1=0"))) for (name,) in tables}

    def _rows_of(self, table: str, left_out: str) -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT * FROM {table} WHERE NOT ({left_out}) ORDER BY {table}::text")

    def triggers(self) -> list[str]:
        return [name for (name,) in self.rows("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")]

    def touched(self) -> int:
        return int(self.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))

    def definition(self, index: str) -> str:
        sql: str = self.value("SELECT indexdef FROM pg_indexes WHERE indexname = ?", index)
        return sql

    def without(self, trigger: str) -> None:
        self._turn(trigger, "DISABLE")

    def with_again(self, trigger: str) -> None:
        self._turn(trigger, "ENABLE")

    def _turn(self, trigger: str, how: str) -> None:
        for (table,) in self.rows("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = ?", trigger):
            self.connection.execute(f"ALTER TABLE {table} {how} TRIGGER {trigger}")
            self._put_back(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")

    def fill_up(self, table: str) -> None:
        self.connection.execute(
            f"CREATE TRIGGER is_full BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse('disk full')"
        )
        self._put_back(f"DROP TRIGGER IF EXISTS is_full ON {table}")

    def _put_back(self, statement: str) -> None:
        disabled.setdefault(self.database.url, set()).add(statement)

    def check_references(self) -> None:
        """PostgreSQL has looked at each."""

    def close(self) -> None:
        """Leave nothing of a test on the connection."""
        real = self.connection.real  # type: ignore[attr-defined]
        if not real.closed:
            real.rollback()
        self._kept.give_back(real)
        if self._is_own:
            self._kept.close()


def _translated(condition: str) -> str:
    return "1=1" if condition == "1" else condition.replace("instr(action, '.')", "strpos(action, '.')")
