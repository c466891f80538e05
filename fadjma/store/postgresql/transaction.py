"""A transaction of PostgreSQL's, and its rows."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, ClassVar

import psycopg
from psycopg import RawCursor, RawServerCursor

from fadjma.store.errors import Duplicate, Error
from fadjma.store.postgresql.connections import Connection
from fadjma.store.postgresql.faults import InTheWay, translated
from fadjma.store.postgresql.statements import translated as as_postgresql
from fadjma.store.postgresql.statements import values
from fadjma.store.transaction import Parameters, Row, Transaction

_AT_ONCE = 1_000  # rows of a long reading
_names = count()


class _Row(tuple[Any, ...]):
    """A row: its columns by name or by number; there is a class for each list of names."""

    __slots__ = ()
    places: ClassVar[dict[str, int]] = {}

    def __getitem__(self, column: Any) -> Any:
        return tuple.__getitem__(self, self.places[column] if isinstance(column, str) else column)

    def keys(self) -> list[str]:
        return list(self.places)

    def as_dict(self) -> dict[str, Any]:
        return dict(zip(self.places, self, strict=True))


@lru_cache(maxsize=2_000)
def _kind(names: tuple[bytes, ...]) -> type[_Row]:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        places.setdefault(name.decode(), place)
    return type("_RowOf", (_Row,), {"__slots__": (), "places": places})


def _rows(cursor: Any) -> Any:
    result = cursor.pgresult
    return _kind(tuple(result.fname(place) or b"" for place in range(result.nfields)) if result else ())


class PostgreSQLTransaction(Transaction):
    """On a connection on which somebody else has said BEGIN, and says how it ends."""

    __slots__ = ("_connection", "_cursor", "changed", "in_the_way", "there_already")

    def __init__(self, connection: Connection, now: int, *, again: bool = False) -> None:
        super().__init__(now, again=again)
        self._connection = connection
        self._cursor = RawCursor(connection, row_factory=_rows)
        self.changed = False
        self.in_the_way: InTheWay | None = None  # whatever is made of it: nothing of this can be kept
        self.there_already = ""  # the key of which a row was to be made, and is there: which constraint, and its values

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        changed = self._run(sql, parameters).rowcount
        self.changed = self.changed or changed > 0
        return changed

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        text, names = as_postgresql(sql)
        try:
            self._cursor.executemany(text, (values(names, row) for row in rows))
        except psycopg.Error as error:
            raise self._failed(error) from error
        self.changed = True

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        rows: list[Row] = self._run(sql, parameters).fetchall()
        return rows

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        text, names = as_postgresql(sql)
        try:
            with RawServerCursor(self._connection, f"each_{next(_names)}", row_factory=_rows) as cursor:
                cursor.execute(text, values(names, parameters))
                while rows := cursor.fetchmany(_AT_ONCE):
                    yield from rows
        except psycopg.Error as error:
            raise self._failed(error) from error

    def first(self, sql: str, parameters: Parameters = ()) -> Row | None:
        row: Row | None = self._run(sql, parameters).fetchone()
        return row

    def _run(self, sql: str, parameters: Parameters) -> RawCursor[Any]:
        text, names = as_postgresql(sql)
        given: Sequence[Any] = values(names, parameters)
        try:
            return self._cursor.execute(text, given)
        except psycopg.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: psycopg.Error) -> Error:
        found = translated(error)
        if isinstance(found, InTheWay):
            self.in_the_way = found
        if isinstance(found, Duplicate):
            self.there_already = str(found)
        return found
