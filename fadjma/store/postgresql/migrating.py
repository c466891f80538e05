"""The schema of a PostgreSQL database: an empty one gets `schema.sql`, then each what it lacks of `migrations/*.sql`
(docs/migrations.md)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from fadjma.store.errors import Unusable

_SCHEMA = Path(__file__).with_name("schema.sql")
_MIGRATIONS = Path(__file__).with_name("migrations")
_AFTER = "-- after: "  # then the migration of SQLite that schema.sql equals
_ONE_AT_A_TIME = 0x46_41_44_4A  # advisory lock: who starts beside us waits here
_OLDEST = 14  # of PostgreSQL: before, nothing ends the connection of a process that hangs (owner.py)
_LOCK_SECONDS = 10  # that a step waits for others' transactions on a table; whoever comes later waits behind it


@dataclass(frozen=True, slots=True)
class Step:
    """schema.sql or a migration: the name that is kept of it, and its SQL."""

    name: str
    script: str

    @property
    def checksum(self) -> str:
        """By which an edited file is noticed."""
        return hashlib.sha256(self.script.encode()).hexdigest()


def migrate(connection: psycopg.Connection[Any], now: int) -> list[str]:
    """Bring the database up to date, all of it or nothing; several processes may start at once.

    `connection` has no transaction open. Returns the names of the steps that were taken, of an empty database the first
    is the one that schema.sql equals. Raises Unusable when a step fails, was edited since it was taken, or when the
    database is somebody else's, not in UTF-8, of an old PostgreSQL, or written by a newer program.
    """
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = 0")  # whoever was first may have much to do
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
        done = _done(connection)
        known = steps()
        _check(connection, known, done)
        missing = [step for step in known if step.name not in done]
        connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
        for step in missing:
            _apply(connection, step, now)
    return [step.name for step in missing]


def steps() -> list[Step]:
    """All that there are: schema.sql first."""
    script = _SCHEMA.read_text(encoding="utf-8")
    first = Step(script.partition("\n")[0].removeprefix(_AFTER), script)
    later = [Step(file.stem, file.read_text(encoding="utf-8")) for file in sorted(_MIGRATIONS.glob("*.sql"))]
    return [first, *later]


def _done(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Name and checksum of the steps that the database has taken. Raises Unusable of one that is no place for ours."""
    encoding, ours, table = connection.execute(
        "SELECT current_setting('server_encoding'), to_regclass('schema_migrations') IS NOT NULL, "
        "(SELECT min(tablename) FROM pg_tables WHERE schemaname = current_schema())"
    ).fetchone() or ("", False, None)
    version = connection.info.server_version // 10_000
    if version < _OLDEST:
        raise Unusable(
            f"La base {_name(connection)} est dans un PostgreSQL {version} : il faut la version {_OLDEST} ou une plus "
            "récente."
        )
    if encoding != "UTF8":
        raise Unusable(f"La base {_name(connection)} est en {encoding} : créez-en une en UTF8 (createdb -E UTF8).")
    if not ours and table:
        raise Unusable(
            f"La base {_name(connection)} sert à autre chose (il y a une table {table}) : donnez à FADJMA une base à "
            "elle seule, vérifiez FADJMA_DATABASE_URL."
        )
    return dict(connection.execute("SELECT name, checksum FROM schema_migrations").fetchall()) if ours else {}


def _check(connection: psycopg.Connection[Any], known: list[Step], done: dict[str, str]) -> None:
    names = [step.name for step in known]
    newer = sorted(done.keys() - names)
    if newer:
        raise Unusable(
            f"La base {_name(connection)} est d'une version plus récente de FADJMA ({', '.join(newer)} ; celle-ci va "
            f"jusqu'à {names[-1]}) : lancez la version qui l'a écrite, ou restaurez une sauvegarde faite avant elle."
        )
    edited = [step.name for step in known if done.get(step.name, step.checksum) != step.checksum]
    if edited:
        raise Unusable(
            f"La base {_name(connection)} a été faite avec un autre texte de {', '.join(edited)} : une migration "
            "appliquée ne change plus, rétablissez son fichier et écrivez la suite dans une nouvelle."
        )


def _apply(connection: psycopg.Connection[Any], step: Step, now: int) -> None:
    try:
        connection.execute(step.script.encode())  # without parameters it may be many statements
        connection.execute(
            "INSERT INTO schema_migrations (name, applied_at, checksum) VALUES (%s, %s, %s)",
            (step.name, now, step.checksum),
        )
    except psycopg.Error as error:
        cause = str(error).partition("\n")[0]
        raise Unusable(
            f"La migration {step.name} n'a pas pu être appliquée, la base est restée comme avant "
            f"({_name(connection)} : {cause})."
        ) from error


def _name(connection: psycopg.Connection[Any]) -> str:
    return connection.info.dbname
