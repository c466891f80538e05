"""A database of PostgreSQL's, to be copied whole or to be made of another."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter

import psycopg

from fadjma.store.copying import OWN, Filling, Reading, Tables, Values, Whole, refuse_other_version
from fadjma.store.errors import Error, Unavailable, Unusable
from fadjma.store.postgresql.connections import Connection, connect
from fadjma.store.postgresql.database import name
from fadjma.store.postgresql.migrating import migrate, steps
from fadjma.store.postgresql.owner import LockOwner
from fadjma.store.postgresql.transaction import PostgreSQLTransaction

_TABLES = (
    "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
    "USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' "
    'AND table_name <> :own ORDER BY table_name COLLATE "C", column_name COLLATE "C"'
)
_REFERENCES = (
    "SELECT c.relname AS child, p.relname AS parent FROM pg_constraint x JOIN pg_class c ON c.oid = x.conrelid "
    "JOIN pg_class p ON p.oid = x.confrelid "
    "WHERE x.contype = 'f' AND x.conrelid <> x.confrelid AND c.relnamespace = current_schema()::regnamespace"
)
# A command of ours that opened this one's connections has the same name: only those of others count.
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'fadjma%%' "
    "AND pid <> ALL (%s)"
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
        for row in self.tx.all(_REFERENCES):
            order.add(row["child"], row["parent"])
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
            raise Unusable(f"La table {table} ne se laisse pas écrire dans {place} : {_in_a_line(error)}.") from error


class PostgreSQLWhole(Whole):
    is_file = False

    def __init__(self, url: str) -> None:
        self.name = name(url)
        self._url = url

    @contextmanager
    def read(self) -> Iterator[Reading]:
        with self._said("ne se laisse pas lire"), _patient(self._url) as connection:
            if connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,):
                raise Unusable(f"{self.name} n'est pas une base de FADJMA.")
            owner = LockOwner(lambda: connect(self._url, seconds=0), silence="0")
            try:
                if not owner.take() or self._is_in_use(connection, owner):
                    raise Unusable(f"FADJMA tourne encore sur {self.name} : arrêtez tous ses processus d'abord.")
                reading = PostgreSQLReading(connection)
                done = [row["name"] for row in reading.tx.all(f"SELECT name FROM {OWN}")]
                refuse_other_version(self.name, [step.name for step in steps()], done)
                tables = ", ".join(reading.tables())
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                connection.execute(f"LOCK TABLE {tables} IN SHARE MODE".encode())  # nobody writes what is not copied
                yield reading
            finally:
                owner.give_up()

    @staticmethod
    def _is_in_use(connection: Connection, owner: LockOwner) -> bool:
        own = [connection.info.backend_pid, owner.backend]
        found = connection.execute(_OTHERS, (own,)).fetchone()
        return bool(found and found[0])

    @contextmanager
    def fill(self, now: int) -> Iterator[Filling]:
        with self._said("n'a pas été faite"), _patient(self._url) as connection:
            with connection.transaction():  # whoever starts beside us waits for all of it
                if migrate(connection, now) != [step.name for step in steps()]:
                    raise Unusable(
                        f"La base {self.name} n'est pas vide : rien n'a été changé. Donnez-en une neuve (createdb)."
                    )
                filling = PostgreSQLFilling(connection)
                for table in reversed(filling.tables()):  # what the migrations have put there
                    filling.tx.execute(f"DELETE FROM {table}")
                yield filling

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        try:
            yield
        except Unusable:
            raise
        except (psycopg.Error, Error, OSError) as error:
            cause = error.__cause__ if isinstance(error, Unavailable) and error.__cause__ else error
            raise Unusable(f"La base {self.name} {what} : {_in_a_line(cause)}.") from error


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _patient(url: str) -> Connection:
    """A connection that may take its time, also where it waits for what the other database has to say."""
    connection = connect(url, seconds=0)
    connection.execute("SET idle_in_transaction_session_timeout = 0")
    return connection
