"""Which of the processes on one database keeps its time: an advisory lock, which ends with its connection."""

import os
from collections.abc import Callable

import psycopg

from fadjma.store.errors import Error
from fadjma.store.owner import Owner
from fadjma.store.postgresql.connections import Connection

_OURS = 0x46_41_44_4A
_KEY = (_OURS, 1)


class LockOwner(Owner):
    """The connection is this process's own for as long as it is the owner: killed, it is lost in that moment."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        super().__init__()
        self._connect = connect
        self._connection: Connection | None = None

    def take(self) -> bool:
        try:
            if self._connection is None:
                self._connection = self._taken()
            else:
                self._connection.execute("SELECT 1")  # else it is not ours any more
        except (psycopg.Error, Error) as error:
            self.give_up()
            raise OSError(str(error)) from error
        return self._connection is not None

    def _taken(self) -> Connection | None:
        connection = self._connect()
        found = connection.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", _KEY).fetchone()
        if found and found[0]:
            connection.execute("SELECT set_config('application_name', %s, FALSE)", (f"fadjma {os.getpid()}",))
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
        """Of the owner: the server's process behind its connection."""
        assert self._connection is not None
        return self._connection.info.backend_pid

    def give_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
