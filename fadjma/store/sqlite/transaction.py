"""A transaction of SQLite's, and its rows."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from fadjma.store.sqlite.constraints import translated
from fadjma.store.transaction import Parameters, Reference, Transaction, references
from fadjma.store.transaction import Row as Reading

_AT_ONCE = 1_000  # rows of a long reading


class Row(sqlite3.Row):
    """A row: its columns by name or by number."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """The columns by their names.

        `dict(row)` looks each name up among all of them: of the 40 of an access request that took 68 µs, and this 8.
        """
        return dict(zip(self.keys(), self, strict=True))


class SQLiteTransaction(Transaction):
    """On a connection to a file."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        super().__init__(now)
        self._connection = connection

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        try:
            return self._connection.execute(sql, parameters).rowcount
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error

    def all(self, sql: str, parameters: Parameters = ()) -> list[Reading]:
        try:
            rows: list[Reading] = self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error
        return rows

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        try:
            cursor = self._connection.execute(sql, parameters)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error

    def first(self, sql: str, parameters: Parameters = ()) -> Row | None:
        try:
            cursor = self._connection.execute(sql, parameters)
            row: Row | None = cursor.fetchone()
            cursor.close()  # an open statement would keep the transaction from ending
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error
        return row

    def has_table(self, name: str) -> bool:
        return (
            self.value("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name", {"name": name}) is not None
        )

    def references(self) -> list[Reference]:
        return references(
            self.all(
                'SELECT m.name AS child, f.id AS key, f."table" AS parent, f."from" AS own, f."to" AS other '
                "FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' "
                "ORDER BY m.name, f.id, f.seq"
            )
        )

    def version(self) -> int:
        return int(self.value("PRAGMA data_version"))
