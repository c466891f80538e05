"""One transaction: what domain code is given, and the only way to the tables."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Parameters = Mapping[str, Any] | Sequence[Any]
Answer = Callable[[], list["Row"]]  # the rows, once they are needed
Finish = Callable[["Transaction", dict[str, Any]], object]


class Row(Protocol):
    """A row: its columns by name or by number."""

    def __getitem__(self, column: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...

    def keys(self) -> Any:
        """The names of the columns, in their order."""

    def as_dict(self) -> dict[str, Any]:
        """The columns by their names."""


class Reference(NamedTuple):
    """A foreign key: these columns of a table are these of the one that it refers to."""

    table: str
    columns: tuple[str, ...]
    parent: str
    keys: tuple[str, ...]


def references(rows: Iterable[Row]) -> list[Reference]:
    """From a row for each column of each, in their order: child, key (which of the child's), parent, own, other."""
    found: dict[tuple[str, Any], Reference] = {}
    for row in rows:
        known = found.get((row["child"], row["key"]), Reference(row["child"], (), row["parent"], ()))
        columns, keys = (*known.columns, row["own"]), (*known.keys, row["other"])
        found[row["child"], row["key"]] = known._replace(columns=columns, keys=keys)
    return [*found.values()]


class Announced(list[Any]):
    """What one transaction announced, and when it was committed (`time.monotonic()`)."""

    committed_at = 0.0


class Transaction(ABC):
    """One database transaction: the only way to the tables.

    `now` is the time of the whole transaction, in milliseconds UTC. SQL keeps to what SQLite ≥ 3.35 and PostgreSQL both
    accept, with `:name` parameters. What a constraint of the schema refuses raises Duplicate or Violation with its
    name; every other failure raises Error. After any of these nothing more is asked of it: PostgreSQL ends it there.

    `again`: the same work has run before and was rolled back, because what another did at that moment was in its way.
    What it does outside of the database (to count somebody's acts) it does the first time only.
    """

    __slots__ = ("_announced", "_finishing", "again", "now")

    def __init__(self, now: int) -> None:
        self._announced = Announced()
        self._finishing: dict[Finish, dict[str, Any]] = {}
        self.again = False
        self.now = now

    @abstractmethod
    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; returns the number of rows it changed."""

    @abstractmethod
    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement for each of `rows`; as with `send`, at the latest before something is asked."""

    def send(self, sql: str, parameters: Parameters = ()) -> None:
        """Run one statement of which nobody asks anything: it may go to the database with the next one that is asked
        something, and what a constraint refuses of it is raised by that one, or by the end of the transaction."""
        self.execute(sql, parameters)

    @abstractmethod
    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Every row that the statement returns."""

    def ask(self, sql: str, parameters: Parameters = ()) -> Answer:
        """Like `all`, for what is needed later: the rows are what the returned function returns. As with `send`, it may
        go to the database with the next statement, in its order, and what is refused of it is raised there."""
        rows = self.all(sql, parameters)
        return lambda: rows

    @abstractmethod
    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """Every row, some at a time: for readings of a whole table, which are not to be held in memory."""

    @abstractmethod
    def first(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row that the statement returns, if any."""

    @abstractmethod
    def has_table(self, name: str) -> bool:
        """Whether the database, which may be of an older version, or nobody's yet, has this table."""

    @abstractmethod
    def references(self) -> list[Reference]:
        """Every foreign key that the database's tables have now."""

    def version(self) -> int | None:
        """Of the database, as seen here: while one connection says the same number, nobody has committed anything.

        None where no such thing is known.
        """
        return None

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.first(sql, parameters)
        return row[0] if row else None

    def announce(self, *what: Any) -> None:
        """Tell the listener these things once, and only if, the transaction has committed."""
        self._announced.extend(what)

    def before_end(self, finish: Finish) -> dict[str, Any]:
        """Have `finish(tx, left)` called once, when all else is done and before the transaction ends; returns `left`,
        in which whoever wants it called leaves what it is to know."""
        return self._finishing.setdefault(finish, {})

    def finish(self) -> None:
        """All else is done: called by whoever runs the transaction. What it raises, the transaction raises."""
        while self._finishing:
            finishing, self._finishing = self._finishing, {}
            for finish, left in finishing.items():
                finish(self, left)

    @property
    def announced(self) -> Announced:
        return self._announced
