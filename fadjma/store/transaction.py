"""One transaction: what domain code is given, and the only way to the tables."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fadjma.store.constraints import translated

Parameters = Mapping[str, Any] | Sequence[Any]
Finish = Callable[["Transaction", list[Any]], object]
_AT_ONCE = 1_000  # rows of a long reading


class Row(sqlite3.Row):
    """A row: its columns by name or by number."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """The columns by their names.

        `dict(row)` looks each name up among all of them: of the 40 of an access request that took 68 µs, and this 8.
        """
        return dict(zip(self.keys(), self, strict=True))


class Announced(list[Any]):
    """What one transaction announced, and when it was committed (`time.monotonic()`)."""

    committed_at = 0.0


class Transaction:
    """One database transaction: the only way to the tables.

    `now` is the time of the whole transaction, in milliseconds UTC. SQL keeps to what SQLite ≥ 3.35 and PostgreSQL both
    accept, with `:name` parameters. What a constraint of the schema refuses raises Duplicate or Violation with its
    name; every other failure raises Error.
    """

    __slots__ = ("_announced", "_connection", "_finishing", "now")

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        self._connection = connection
        self._announced = Announced()
        self._finishing: dict[Finish, list[Any]] = {}
        self.now = now

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; returns the number of rows it changed."""
        try:
            return self._connection.execute(sql, parameters).rowcount
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement for each of `rows`."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Every row that the statement returns."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """Every row, some at a time: for readings of a whole table, which are not to be held in memory."""
        try:
            cursor = self._connection.execute(sql, parameters)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error

    def first(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row that the statement returns, if any."""
        try:
            cursor = self._connection.execute(sql, parameters)
            row: Row | None = cursor.fetchone()
            cursor.close()  # an open statement would keep the transaction from ending
        except sqlite3.Error as error:
            raise translated(self._connection, error) from error
        return row

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.first(sql, parameters)
        return row[0] if row else None

    def announce(self, *what: Any) -> None:
        """Tell the listener these things once, and only if, the transaction has committed."""
        self._announced.extend(what)

    def before_end(self, finish: Finish, item: Any) -> None:
        """Have `finish(tx, items)` called once, when all else is done and before the transaction ends, with every item
        that was given for it."""
        if finish in self._finishing:
            self._finishing[finish].append(item)
        else:
            self._finishing[finish] = [item]

    def finish(self) -> None:
        """All else is done: called by whoever runs the transaction. What it raises, the transaction raises."""
        while self._finishing:
            finishing, self._finishing = self._finishing, {}
            for finish, items in finishing.items():
                finish(self, items)

    @property
    def announced(self) -> Announced:
        return self._announced
