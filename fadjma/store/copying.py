"""One whole database into another, whichever is behind them: every row of every table, read back and compared.

Nobody serves either meanwhile. An engine says how all of it is read and how a new one is filled (`Whole`); what is
copied, and whether it arrived, is here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from fadjma.store.errors import Unusable
from fadjma.store.transaction import Transaction

Values = tuple[Any, ...]
Tables = dict[str, tuple[str, ...]]  # the columns of each by their names, in alphabetical order

OWN = "schema_migrations"  # the steps by which each has come to be: they differ
_SAID_EVERY = 1_000  # rows


class Reading(ABC):
    """All of a database at one moment, while nobody writes to it."""

    tx: Transaction

    @abstractmethod
    def tables(self) -> Tables:
        """All but `OWN`; those that others refer to come before these where that matters to whoever is filled."""

    def count(self, table: str) -> int:
        found: int = self.tx.value(f"SELECT count(*) FROM {table}")
        return found

    def rows(self, table: str, columns: tuple[str, ...]) -> Iterator[Values]:
        """Every row, some at a time."""
        return (tuple(row) for row in self.tx.each(f"SELECT {', '.join(columns)} FROM {table}"))


class Filling(Reading):
    """A new database, of which nobody sees anything before all of it is there."""

    @abstractmethod
    def put(self, table: str, columns: tuple[str, ...], rows: Iterable[Values]) -> None:
        """Add these rows, as they come."""


class Whole(ABC):
    """One database as whoever copies it sees it. `name`: what people are told of it, without a password."""

    name: str
    is_file: bool

    @abstractmethod
    def read(self) -> AbstractContextManager[Reading]:
        """Raises Unusable when there is none, when it is of another version, and while FADJMA runs on it."""

    @abstractmethod
    def fill(self, now: int) -> AbstractContextManager[Filling]:
        """A new one with this version's tables. Where the block raises, nothing of it stays.

        Raises Unusable when anything is there already.
        """


@dataclass(slots=True)
class _Sum:
    """How many rows went by, and the sum of their digests: the same rows have the same, in whatever order they come."""

    rows: int = 0
    digests: int = 0

    def of(self, rows: Iterable[Values], progress: Callable[[int], object]) -> Iterator[Values]:
        for row in rows:
            self.rows += 1
            self.digests += int.from_bytes(blake2b(repr(row).encode(), digest_size=16).digest())
            if self.rows % _SAID_EVERY == 0:
                progress(_SAID_EVERY)
            yield row
        progress(self.rows % _SAID_EVERY)


def copy(reading: Reading, filling: Filling, progress: Callable[[int], object] = lambda rows: None) -> dict[str, int]:
    """Copy every row; returns how many each table has. `progress` is told of rows that were copied, and of them again
    when they were read back. Raises Unusable.
    """
    tables = filling.tables()
    if reading.tables().items() != tables.items():
        raise Unusable("Les deux bases n'ont pas les mêmes tables et colonnes : rien n'a été copié.")
    counted = {}
    for table, columns in tables.items():
        sent, arrived = _Sum(), _Sum()
        filling.put(table, columns, sent.of(reading.rows(table, columns), progress))
        for _ in arrived.of(filling.rows(table, columns), progress):
            pass
        if sent != arrived:
            raise Unusable(
                f"La table {table} n'est pas arrivée comme elle était ({arrived.rows} lignes pour {sent.rows}) : rien "
                "n'a été gardé."
            )
        counted[table] = sent.rows
    return counted


def refuse_other_version(name: str, known: Iterable[str], done: Iterable[str]) -> None:
    """`known`: the steps that this program knows, `done`: those that the database has taken. Raises Unusable."""
    known, done = [*known], [*done]
    if newer := sorted({*done} - {*known}):
        raise Unusable(f"La base {name} est d'une version plus récente de FADJMA ({newer[-1]}) : prenez celle-là.")
    if missing := [step for step in known if step not in done]:
        raise Unusable(
            f"La base {name} est d'une version plus ancienne de FADJMA ({missing[0]} lui manque) : démarrez FADJMA une "
            "fois sur elle, arrêtez-le, puis recommencez."
        )
