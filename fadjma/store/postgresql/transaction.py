"""A transaction of PostgreSQL's, and its rows."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, ClassVar

import psycopg
from psycopg import RawServerCursor
from psycopg.pq.abc import PGresult

from fadjma.store.errors import Duplicate, Error
from fadjma.store.postgresql.connections import Connection
from fadjma.store.postgresql.faults import InTheWay, translated
from fadjma.store.postgresql.messages import Statement
from fadjma.store.postgresql.statements import translated as as_postgresql
from fadjma.store.postgresql.statements import values
from fadjma.store.transaction import Answer, Parameters, Reference, Row, Transaction, references

_AT_ONCE = 1_000  # rows of a long reading
_NUMBER = b"SELECT pg_current_xact_id()::text"
_TOGETHER = 500  # statements in one message at the most
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


def _is_reading(said: Statement) -> bool:
    return said.text.startswith(b"SELECT")


class _Asked:
    """What goes in one message, once it is answered: to each statement, in their order."""

    answers: Sequence[PGresult] | None = None


class PostgreSQLTransaction(Transaction):
    """On a connection on which somebody else has said BEGIN, and says how it ends; with `begin`, that is said with its
    first statement: BEGIN, and whatever comes before PostgreSQL takes its snapshot.

    What nobody asks anything of waits for the next statement that is asked something, and goes with it.
    """

    __slots__ = (
        "_asked",
        "_begin",
        "_connection",
        "_messages",
        "_unsent",
        "changed",
        "has_written",
        "in_the_way",
        "number",
        "there_already",
    )

    def __init__(self, connection: Connection, now: int, *, begin: Sequence[bytes] = ()) -> None:
        super().__init__(now)
        self._connection = connection
        self._messages = connection.messages
        self._begin = begin
        self._unsent: list[Statement] = []
        self._asked = _Asked()  # of these
        self.changed = False
        self.has_written = False  # or may have, also where nothing was changed by it
        self.number = ""  # PostgreSQL's own, by which it is found again; of one that it has begun
        self.in_the_way: InTheWay | None = None  # whatever is made of it: nothing of this can be kept
        self.there_already = ""  # the key of which a row was to be made, and is there: which constraint, and its values

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        changed = self._run(sql, parameters).command_tuples or 0
        self.changed = self.changed or changed > 0
        return changed

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        for row in rows:
            self._unsent.append(self._written(sql, row))
            if len(self._unsent) >= _TOGETHER:
                self.flush()
        self.has_written = self.changed = True

    def send(self, sql: str, parameters: Parameters = ()) -> None:
        self._unsent.append(self._written(sql, parameters))
        self.has_written = self.changed = True

    def ask(self, sql: str, parameters: Parameters = ()) -> Answer:
        place, asked, said = len(self._unsent), self._asked, self._written(sql, parameters)
        self._unsent.append(said)

        def rows() -> list[Row]:
            if asked.answers is None:
                self.flush()
            assert asked.answers is not None, "it was refused"
            return self._rows(asked.answers[place])

        if not _is_reading(said):
            self.has_written = self.changed = True  # it may have
        return rows

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return self._rows(self._run(sql, parameters))

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        self.flush()
        text, names = as_postgresql(sql)
        try:
            with RawServerCursor(self._connection, f"each_{next(_names)}", row_factory=_rows) as cursor:
                cursor.execute(text, values(names, parameters))
                while rows := cursor.fetchmany(_AT_ONCE):
                    yield from rows
        except psycopg.Error as error:
            raise self.failed(error) from error

    def first(self, sql: str, parameters: Parameters = ()) -> Row | None:
        rows = self._rows(self._run(sql, parameters))
        return rows[0] if rows else None

    def has_table(self, name: str) -> bool:
        return bool(self.value("SELECT to_regclass(CAST(:name AS TEXT)) IS NOT NULL", {"name": name}))

    def references(self) -> list[Reference]:
        return references(
            self.all(
                "SELECT c.relname AS child, x.conname AS key, p.relname AS parent, a.attname AS own, "
                "b.attname AS other "
                "FROM pg_constraint x JOIN pg_class c ON c.oid = x.conrelid JOIN pg_class p ON p.oid = x.confrelid "
                "CROSS JOIN LATERAL unnest(x.conkey, x.confkey) WITH ORDINALITY AS k (own, other, place) "
                "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.own "
                "JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = k.other "
                "WHERE x.contype = 'f' AND c.relnamespace = current_schema()::regnamespace "
                "ORDER BY child, key, k.place"
            )
        )

    @property
    def begun(self) -> bool:
        """Whether there is one."""
        return not self._begin

    def begin(self) -> None:
        """Begin now, and not with the first statement. Raises what is in the way of it."""
        try:
            self._ask()
        except psycopg.Error as error:
            raise self.failed(error) from error

    def next(self, now: int) -> "PostgreSQLTransaction":
        """For the next act in the same transaction: what waits here goes with what is asked there."""
        after = PostgreSQLTransaction(self._connection, now, begin=self._begin)
        after._unsent, after._asked, after.number = self._unsent, self._asked, self.number
        return after

    def flush(self) -> None:
        """Have done what waits."""
        if self._unsent:
            try:
                self._ask()
            except psycopg.Error as error:
                raise self.failed(error) from error

    def end(self) -> None:
        """Have done what waits, and commit. Raises what psycopg does."""
        self._ask(self._messages.written(b"COMMIT"))

    def failed(self, error: psycopg.Error) -> Error:
        """What the store raises in the place of this error, which is remembered."""
        found = translated(error)
        if isinstance(found, InTheWay):
            self.in_the_way = found
        if isinstance(found, Duplicate):
            self.there_already = str(found)
        return found

    def _run(self, sql: str, parameters: Parameters) -> PGresult:
        said = self._written(sql, parameters)
        self.has_written = self.has_written or not _is_reading(said)
        try:
            return self._ask(said)
        except psycopg.Error as error:
            raise self.failed(error) from error

    def _written(self, sql: str, parameters: Parameters) -> Statement:
        """As it is sent. A value that cannot be is this statement's fault: whatever waits goes on waiting."""
        text, names = as_postgresql(sql)
        try:
            return self._messages.written(text, values(names, parameters))
        except psycopg.Error as error:
            raise self.failed(error) from error

    def _rows(self, answer: PGresult) -> list[Row]:
        if not answer.nfields:
            return []
        return self._messages.rows(answer, _kind(tuple(answer.fname(at) or b"" for at in range(answer.nfields))))

    def _ask(self, *last: Statement) -> PGresult:
        """Have done what waits and the last, in one message; returns what is answered to the last."""
        together, asked = [*self._unsent, *last], self._asked
        self._unsent, self._asked = [], _Asked()
        begin = [*map(self._messages.written, (*self._begin, _NUMBER))] if self._begin else []
        self._begin = ()
        answers = self._messages.ask([*begin, *together], self._connection.patience)
        if begin:
            self.number = (answers[len(begin) - 1].get_value(0, 0) or b"").decode()
        asked.answers = answers[len(begin) :]
        return answers[-1]
