"""What commands do beside the processes that serve a database, or while none does: they may take their time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from fadjma.store.errors import Error, Unavailable, Unusable
from fadjma.store.postgresql.connections import Connection, connect
from fadjma.store.postgresql.owner import LockOwner
from fadjma.store.transaction import Transaction

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# A command of ours that opened this one's connections has the same name: only those of others count.
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'fadjma%%' "
    "AND pid NOT IN (pg_backend_pid(), %s)"
)


def patient(url: str) -> Connection:
    """A connection that may take its time, also where it waits for what is not in the database."""
    connection = connect(url, seconds=0)
    connection.execute("SET idle_in_transaction_session_timeout = 0")
    return connection


@contextmanager
def alone(url: str, name: str) -> Iterator[Connection]:
    """A connection to a database on which no process of FADJMA is, and which none keeps the time of meanwhile.

    Raises Unusable while one is.
    """
    with patient(url) as connection:
        owner = LockOwner(lambda: connect(url, seconds=0), silence="0")
        try:
            if not owner.take() or _is_in_use(connection, owner):
                raise Unusable(f"FADJMA tourne encore sur {name} : arrêtez tous ses processus d'abord.")
            yield connection
        finally:
            owner.give_up()


def _is_in_use(connection: Connection, owner: LockOwner) -> bool:
    found = connection.execute(_OTHERS, (owner.backend,)).fetchone()
    return bool(found and found[0])


def refuse_others(tx: Transaction, name: str) -> None:
    """Raises Unusable of a database that is empty, or somebody else's."""
    if not tx.has_table("schema_migrations"):
        raise Unusable(f"{name} n'est pas une base de FADJMA.")


@contextmanager
def said(name: str, what: str) -> Iterator[None]:
    """What PostgreSQL refuses meanwhile is « La base name what : … », in one line. Raises Unusable."""
    try:
        yield
    except Unusable:
        raise
    except (psycopg.Error, Error, OSError) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) and error.__cause__ else error
        raise Unusable(f"La base {name} {what} : {in_a_line(cause)}.") from error


def in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split())
