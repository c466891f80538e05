"""Connections to the database file: how each is set up, and how a whole function runs on one's own thread."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from fadjma.store.sqlite.files import keep_private
from fadjma.store.sqlite.transaction import Row

R = TypeVar("R")

BUSY_SECONDS = 5.0  # that a lock of another process is waited for
_STATEMENTS = 500  # prepared once and kept: more than there are in this program


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection as the whole program uses it: WAL, durable commits, foreign keys, no implicit transactions."""
    if not read_only:
        keep_private(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS)
    try:
        _set_up(connection, read_only=read_only)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.row_factory = Row
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000:.0f}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",  # INSERT OR REPLACE deletes, and what is never deleted says so
        "temp_store = MEMORY",
        "cache_size = -16000",
        f"query_only = {'ON' if read_only else 'OFF'}",
    ):
        connection.execute(f"PRAGMA {pragma}")


class Connection(aiosqlite.Connection):
    """An aiosqlite connection that runs a whole function on its thread."""

    async def open(self) -> None:
        """Connect. Cancelled, it waits all the same, with the whole loop: that may be ending, which cancels whatever
        would wait for it, and the thread is to answer before it is closed.
        """
        try:
            await self
        except BaseException:  # it has been told to stop
            self._thread.join()
            raise

    async def run(self, function: Callable[[sqlite3.Connection], R]) -> R:
        result: R = await self._execute(lambda: function(self._conn))  # type: ignore[no-untyped-call]
        return result

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection itself, for its own thread."""
        return self._conn

    def post(self, function: Callable[[], None]) -> None:
        """Have a function that never raises called on its thread, after what was asked for before; nobody waits."""
        self._tx.put_nowait((None, function))
