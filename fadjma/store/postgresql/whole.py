"""A database of PostgreSQL's, to be copied whole or to be made of another."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter

import psycopg

from fadjma.store.copying import OWN, Filling, Reading, Tables, Values, Whole, refuse_other_version
from fadjma.store.errors import Unusable
from fadjma.store.postgresql.address import name
from fadjma.store.postgresql.aside import SNAPSHOT, alone, in_a_line, patient, refuse_others, said
from fadjma.store.postgresql.connections import Connection
from fadjma.store.postgresql.migrating import migrate, steps
from fadjma.store.postgresql.transaction import PostgreSQLTransaction

_TABLES = (
    "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
    "USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' "
    'AND table_name <> :own ORDER BY table_name COLLATE "C", column_name COLLATE "C"'
)


class PostgreSQLReading(Reading):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.tx = PostgreSQLTransaction(connection, 0)

    def tables(self) -> Tables:
        found: dict[str, list[str]] = {}
        for row in self.tx.all(_TABLES, {"own": OWN}):
            found.setdefault(row["table_name"], []).append(row["column_name"])
        order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(found, ()))
        for reference in self.tx.references():
            if reference.table != reference.parent:
                order.add(reference.table, reference.parent)
        return {table: tuple(found[table]) for table in order.static_order()}


class PostgreSQLFilling(PostgreSQLReading, Filling):
    def put(self, table: str, columns: tuple[str, ...], rows: Iterable[Values]) -> None:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        try:
            with self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copying:
                for row in rows:
                    copying.write_row(row)
        except psycopg.Error as error:
            place = self._connection.info.dbname
            raise Unusable(f"La table {table} ne se laisse pas écrire dans {place} : {in_a_line(error)}.") from error


class PostgreSQLWhole(Whole):
    is_file = False

    def __init__(self, url: str) -> None:
        self.name = name(url)
        self._url = url

    @contextmanager
    def read(self) -> Iterator[Reading]:
        with said(self.name, "ne se laisse pas lire"), alone(self._url, self.name) as connection:
            reading = PostgreSQLReading(connection)
            refuse_others(reading.tx, self.name)
            done = [row["name"] for row in reading.tx.all(f"SELECT name FROM {OWN}")]
            refuse_other_version(self.name, [step.name for step in steps()], done)
            tables = ", ".join(reading.tables())
            connection.execute(SNAPSHOT)
            connection.execute(f"LOCK TABLE {tables} IN SHARE MODE".encode())  # nobody writes what is not copied
            yield reading

    @contextmanager
    def fill(self, now: int) -> Iterator[Filling]:
        with said(self.name, "n'a pas été faite"), patient(self._url) as connection:
            with connection.transaction():  # whoever starts beside us waits for all of it
                if migrate(connection, now) != [step.name for step in steps()]:
                    raise Unusable(
                        f"La base {self.name} n'est pas vide : rien n'a été changé. Donnez-en une neuve (createdb)."
                    )
                filling = PostgreSQLFilling(connection)
                for table in reversed(filling.tables()):  # what the migrations have put there
                    filling.tx.execute(f"DELETE FROM {table}")
                yield filling
