"""A database in a file, to be copied whole or to be made of another."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fadjma.store.copying import OWN, Filling, Reading, Tables, Values, Whole, refuse_other_version
from fadjma.store.errors import Error, Unusable
from fadjma.store.owner import alone
from fadjma.store.sqlite.backup import check_is_ours, give_name, remove
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.files import keep_private
from fadjma.store.sqlite.migrating import migrate, names
from fadjma.store.sqlite.outages import reason
from fadjma.store.sqlite.transaction import Row, SQLiteTransaction

_LITESTREAM = "_litestream_"  # how the tables begin that it keeps in each file that it sends; they are nobody's data


class SQLiteReading(Reading):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.tx = SQLiteTransaction(connection, 0)

    def tables(self) -> Tables:
        found = self.tx.all(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> :own "
            "AND substr(name, 1, :length) <> :litestream ORDER BY name",
            {"own": OWN, "litestream": _LITESTREAM, "length": len(_LITESTREAM)},
        )
        columns = "SELECT name FROM pragma_table_info(:table) ORDER BY name"
        return {
            row["name"]: tuple(one["name"] for one in self.tx.all(columns, {"table": row["name"]})) for row in found
        }


class SQLiteFilling(SQLiteReading, Filling):
    def put(self, table: str, columns: tuple[str, ...], rows: Iterable[Values]) -> None:
        places = ", ".join("?" * len(columns))
        self.tx.execute_many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)


class SQLiteWhole(Whole):
    is_file = True

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    @contextmanager
    def read(self) -> Iterator[Reading]:
        if not self._path.exists():
            raise Unusable(f"La base {self._path} n'existe pas.")
        check_is_ours(self._path)
        try:
            with alone(self._path), closing(connect(self._path)) as connection:
                connection.execute("BEGIN IMMEDIATE")  # nobody writes what would not be copied
                reading = SQLiteReading(connection)
                refuse_other_version(
                    self.name, names(), [row["name"] for row in reading.tx.all(f"SELECT name FROM {OWN}")]
                )
                yield reading
        except (sqlite3.Error, OSError) as error:
            raise Unusable(f"La base {self._path} ne se laisse pas lire : {reason(self._path, error)}.") from error

    @contextmanager
    def fill(self, now: int) -> Iterator[Filling]:
        if self._path.exists():
            raise Unusable(f"{self._path} existe déjà : rien n'a été écrasé.")
        unfinished = self._path.with_name(self._path.name + ".partial")
        try:
            remove(unfinished)
            keep_private(unfinished)
            migrate(unfinished, now, keep=False)
            with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
                connection.row_factory = Row
                # What was broken off is removed, whatever is in it; until it is whole nobody refers to anything.
                for pragma in (
                    "locking_mode = EXCLUSIVE",
                    "journal_mode = OFF",
                    "synchronous = OFF",
                    "foreign_keys = OFF",
                ):
                    connection.execute(f"PRAGMA {pragma}")
                filling = SQLiteFilling(connection)
                connection.execute("BEGIN")
                for table in filling.tables():  # what the migrations have put there
                    filling.tx.execute(f"DELETE FROM {table}")
                yield filling
                connection.execute("COMMIT")
            give_name(unfinished, self._path)
        except (sqlite3.Error, Error, OSError) as error:
            if isinstance(error, Unusable):
                raise
            raise Unusable(f"La base {self._path} n'a pas été faite : {reason(unfinished, error)}.") from error
        finally:
            remove(unfinished)
