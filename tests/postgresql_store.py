"""The database of tests/store.py on PostgreSQL (`pytest --store=postgresql`); what a test itself asks is SQLite's."""

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from clusters import Cluster
from psycopg import sql
from store import Clock, Store

from fadjma.store import Transaction, Violation
from fadjma.store.postgresql.connections import connect
from fadjma.store.postgresql.database import PostgreSQL
from fadjma.store.postgresql.transaction import PostgreSQLTransaction
from fadjma.store.writes import Write

P = ParamSpec("P")
R = TypeVar("R")

# Rows as they were inserted, of tables that nobody updates: by transaction and statement. Where they lie (ctid) says
# nothing once something was deleted.
_AS_THEY_CAME = r"((\1xmin::text::bigint << 32) + \1cmin::text::bigint)"
_disabled: dict[str, set[str]] = {}  # what puts back the triggers that tests did without, by the database's address


class Connection:
    """What tests ask of SQLite's connection, asked of PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.real = connect(url)
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

    def close(self) -> None:
        self.real.close()


class _Found(deque[Any]):
    def fetchone(self) -> Any:
        return self.popleft() if self else None

    def fetchall(self) -> list[Any]:
        return list(self)


class PostgreSQLStore(Store):
    """The same on a database of this process's cluster."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.clock = clock
        self.announced = []
        self.connection = Connection(url)  # type: ignore[assignment]
        self.database = PostgreSQL(url, clock=clock)

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

        tables = self.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'security_events' "
            "ORDER BY tablename"
        )
        left_out = {} if readings else _OF_READINGS
        return {
            name: self.rows(
                f"SELECT * FROM {name} WHERE NOT ({_translated(left_out.get(name, '1=0'))}) ORDER BY {name}::text"
            )
            for (name,) in tables
        }

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
            back = _disabled.setdefault(self.database.url, set())
            back.add(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")

    def check_references(self) -> None:
        """PostgreSQL has looked at each."""

    def close(self) -> None:
        self.connection.close()
        for kept in (self.database._reading, self.database._writing):
            kept.close()


def _translated(condition: str) -> str:
    return "1=1" if condition == "1" else condition.replace("instr(action, '.')", "strpos(action, '.')")


class Settled:
    """A database of this process in which the cast has settled, and the way back to it."""

    def __init__(self, cluster: Cluster, migrated: str, settle: Callable[[Store], object], clock: Clock) -> None:
        self.name = cluster.create(template=migrated)
        self.url = cluster.url(self.name)
        store = PostgreSQLStore(self.url, clock)
        settle(store)
        store.close()
        self._connection = cluster.connect(self.name)
        self._ways: dict[str, sql.Composed] = {}
        self.keep("kept")

    def keep(self, name: str) -> None:
        """Remember all rows as they are now, to come back to."""
        schema = sql.Identifier(name)
        self._connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        tables = self._connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        named = [sql.Identifier(table) for (table,) in tables]
        copies = [sql.SQL("CREATE TABLE {1}.{0} AS TABLE public.{0};").format(table, schema) for table in named]
        self._connection.execute(sql.SQL("").join(copies))
        away = [sql.SQL("DELETE FROM public.{};").format(table) for table in named]
        back = [
            sql.SQL("INSERT INTO public.{0} SELECT * FROM {1}.{0};").format(table, schema)
            for table in named
            if self._has_rows(table)
        ]
        self._ways[name] = sql.SQL("").join([*away, *back])

    def _has_rows(self, table: sql.Identifier) -> bool:
        found = self._connection.execute(sql.SQL("SELECT 1 FROM public.{} LIMIT 1").format(table))
        return found.fetchone() is not None

    def has(self, name: str) -> bool:
        return name in self._ways

    def version(self) -> int:
        """Another number when somebody has written since."""
        row = self._connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row
        return int(row[0])

    def begin_again(self, name: str = "kept") -> None:
        """Come back to what was remembered by this name; "kept": how it began."""
        with self._connection.transaction():
            for statement in _disabled.pop(self.url, ()):
                self._connection.execute(statement.encode())
            self._connection.execute("SET LOCAL session_replication_role = replica")
            self._connection.execute(self._ways[name])

    def close(self) -> None:
        self._connection.close()
