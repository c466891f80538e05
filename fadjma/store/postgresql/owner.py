"""Which of the processes on one database keeps its time: an advisory lock, which ends with its connection."""

import contextlib
import os
from collections.abc import Callable

import psycopg

from fadjma.store.errors import Error
from fadjma.store.owner import Owner
from fadjma.store.postgresql.connections import Connection

_OURS = 0x46_41_44_4A
_KEY = (_OURS, 1)
_SILENCE = "3s"  # after which the server ends the connection of a process that stands still, and its lock with it


class LockOwner(Owner):
    """The connection is this process's own for as long as it is the owner: killed, it is lost in that moment, and hung,
    when nothing has been heard of it for three seconds."""

    beat = 1.0

    def __init__(self, connect: Callable[[], Connection], silence: str = _SILENCE) -> None:
        """`silence`: what PostgreSQL takes as idle_session_timeout; « 0 »: who takes it has it to the end."""
        super().__init__()
        self._connect = connect
        self._silence = silence
        self._connection: Connection | None = None

    def take(self) -> bool:
        if self._connection is not None and not _answers(self._connection):  # then another may have it by now
            self.give_up()
        if self._connection is None:
            try:
                self._connection = self._taken()
            except (psycopg.Error, Error) as error:
                raise OSError(str(error)) from error
        return self._connection is not None

    async def stay(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):  # then it is not the owner, which the next one who asks is told
                await self.ask()

    def _taken(self) -> Connection | None:
        connection = self._connect()
        found = connection.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", _KEY).fetchone()
        if found and found[0]:
            connection.execute("SELECT set_config('application_name', %s, FALSE)", (f"fadjma {os.getpid()}",))
            connection.execute(f"SET idle_session_timeout = '{self._silence}'".encode())
            return connection
        connection.close()
        return None

    def holder(self) -> str:
        with self._connect() as connection:
            found = connection.execute(
                "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) "
                "WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted",
                _KEY,
            ).fetchone()
        return str(found[0]).removeprefix("fadjma ") if found else "?"

    @property
    def backend(self) -> int:
        """Of the owner: the server's process behind its connection, whatever a pgbouncer in between says of it."""
        assert self._connection is not None
        found = self._connection.execute("SELECT pg_backend_pid()").fetchone()
        assert found
        return int(found[0])

    def give_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _answers(connection: Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True
