"""A PostgreSQL database as it was at a moment, the way back to that moment, and a store on it that every test is given
again: what tests/ending.py is for a file.

Most acts take a millisecond or two; to open a connection takes five, and to read or write all rows of all tables
twenty.
"""

from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from clusters import Cluster
from postgresql_store import PostgreSQLStore, disabled
from psycopg import sql
from store import Clock, Store

from fadjma.store.postgresql.connections import Kept, connect

_VACUUM_AFTER = 100  # ways back: until then what they delete is looked at again and again
_KEYS = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
    WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.relname ORDER BY c.relname
"""


class Moment:
    """All rows of a database as they are when this is made, in a schema of that name.

    `since`: the first transaction after they were there. What it or a later one has written is new.
    """

    since = 0

    def __init__(self, connection: psycopg.Connection[Any], name: str) -> None:
        self._connection = connection
        self._connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        self._rows: dict[str, int] = {}
        self._new: dict[str, sql.Composed] = {}
        self._missing: dict[str, sql.Composed] = {}
        self.contents: dict[tuple[str, str], list[tuple[Any, ...]]] = {}  # of a table, but what was left out
        for table, columns in connection.execute(_KEYS).fetchall():
            names = {
                "rows": sql.Identifier("public", table),
                "kept": sql.Identifier(name, table),
                "key": sql.SQL(", ").join(map(sql.Identifier, columns)),
            }
            self._rows[table] = connection.execute(
                sql.SQL("CREATE TABLE {kept} AS TABLE {rows}").format(**names)
            ).rowcount
            self._new[table] = sql.SQL("DELETE FROM {rows} WHERE age(xmin) <= age(%s::xid)").format(**names)
            self._missing[table] = sql.SQL(
                "INSERT INTO {rows} SELECT * FROM {kept} WHERE ({key}) NOT IN (SELECT {key} FROM {rows})"
            ).format(**names)
        each = " UNION ALL ".join(f"SELECT '{table}' AS name, xmin FROM public.{table}" for table in self._rows)
        # How many rows there are in each table that has any, and whether one is new; its one value is `since`.
        self.looking = f"SELECT name, count(*), min(age(xmin)) <= age(CAST(? AS xid)) FROM ({each}) t GROUP BY name"

    def changed(self, found: Iterable[tuple[Any, ...]]) -> list[str]:
        """The tables that are not as they were, by what `looking` has found."""
        now = {table: (rows, bool(new)) for table, rows, new in found}
        return [table for table, rows in self._rows.items() if now.get(table, (0, False)) != (rows, False)]

    def undo(self) -> None:
        """Take away what is new, and put back what is missing: of most tables, nothing."""
        found = self._ask(sql.SQL(self.looking.replace("?", "%s")), str(self.since))
        for table in self.changed(found):
            self._ask(self._new[table], str(self.since))
            self._ask(self._missing[table])

    def put_back(self) -> None:
        """The same when another moment has been there since."""
        for table, missing in self._missing.items():
            self._connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("public", table)))
            self._connection.execute(missing)

    def _ask(self, statement: sql.Composable, *values: str) -> psycopg.Cursor[Any]:
        return self._connection.execute(statement, values, prepare=True)


class Settled:
    """A database of this process in which the cast has settled, and the way back to it."""

    def __init__(self, cluster: Cluster, migrated: str, settle: Callable[[Store], object], clock: Clock) -> None:
        self.name = cluster.create(template=migrated)
        self.url = cluster.url(self.name)
        self.connections = Kept(lambda: connect(self.url))  # for KeptPostgreSQLStore
        store = PostgreSQLStore(self.url, clock)
        settle(store)
        store.close()
        self._connection = cluster.connect(self.name)
        self._connection.prepared_max = None  # two statements for each table: more than it keeps by itself
        # Neither triggers nor references look. Said for each way back by itself, it forgets all plans.
        self._connection.execute("SET session_replication_role = replica")
        self._moments: dict[str, Moment] = {}
        self._ways_back = 0
        self.keep("kept")

    def keep(self, name: str) -> None:
        """Remember all rows as they are now, to come back to."""
        self.moment = self._moments[name] = Moment(self._connection, name)
        self._connection.execute("VACUUM ANALYZE")
        self.moment.since = self.version()

    def has(self, name: str) -> bool:
        return name in self._moments

    def version(self) -> int:
        """The transaction that comes next: another number when somebody has written since."""
        row = self._connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row
        return int(row[0])

    def begin_again(self, name: str = "kept") -> None:
        """Come back to what was remembered by this name; "kept": how it began."""
        for statement in disabled.pop(self.url, ()):  # each lets psycopg forget what is prepared: not among others
            self._connection.execute(statement.encode())
        before, self.moment = self.moment, self._moments[name]
        if self.moment is before and self.version() == self.moment.since:
            return
        with self._connection.pipeline(), self._connection.transaction():
            if self.moment is before:
                self.moment.undo()
            else:
                self.moment.put_back()
        self._ways_back += 1
        if self._ways_back % _VACUUM_AFTER == 0:
            self._connection.execute("VACUUM")
        self.moment.since = self.version()

    def close(self) -> None:
        self.connections.close()
        self._connection.close()


class KeptPostgreSQLStore(PostgreSQLStore):
    """The database for synchronous tests, on connections that the next test is given too."""

    def __init__(self, settled: Settled, clock: Clock) -> None:
        super().__init__(settled.url, clock, settled.connections)
        self._settled = settled

    def content(self, *, readings: bool = True) -> dict[str, list[tuple[Any, ...]]]:
        moment = self._settled.moment
        self._changed = moment.changed(self.rows(moment.looking, str(moment.since)))
        return super().content(readings=readings)

    def _rows_of(self, table: str, left_out: str) -> list[tuple[Any, ...]]:
        if table in self._changed:
            return super()._rows_of(table, left_out)
        kept = self._settled.moment.contents
        if (table, left_out) not in kept:
            kept[table, left_out] = super()._rows_of(table, left_out)
        return kept[table, left_out]

    def check(self) -> None:
        if self._settled.version() != self._settled.moment.since:  # else it adds up as it did
            super().check()
