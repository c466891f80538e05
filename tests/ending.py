"""A database as it was at one moment, the way back to that moment, and a store on it that every test is given again.

SQLite reads the whole schema (79 tables, 217 indexes, 116 triggers) for each connection that is opened, and on each
after it has been told that the schema may have changed: 4 ms of a core each time, more than most tests take.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

from store import Clock, Store

from fadjma.store.sqlite.connections import connect

_PAGE = 4096  # bytes


class Ending:
    """A database file that is brought back to where it was when this began; whoever has it open may keep it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept = connect(path)  # for KeptStore
        self.contents: dict[bool, dict[str, list[tuple[Any, ...]]]] = {}
        self._connection = connect(path)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA busy_timeout = 0")
        self._ending = sqlite3.connect(":memory:")
        self._connection.backup(self._ending)
        self._file = path.open("r+b", buffering=0)  # until the end: whoever closes it gives up this process's locks
        self._pages = self._read() if self._alone() else b""
        self._schema = self._number("schema_version")
        self._data = self._number("data_version")

    def changed(self) -> bool:
        """Whether anybody has committed anything since."""
        return self._number("data_version") != self._data

    def begin_again(self) -> None:
        """Undo whatever others have done to it; nothing to do when nobody has committed anything."""
        if not self.changed():
            return
        same = self._number("schema_version") == self._schema
        if same and self._pages and self._alone():
            self._write_back()
        else:
            self._ending.backup(self._connection)
            if same:  # a copy says that it may be another schema; it is not, and nobody need read it again
                self._connection.execute(f"PRAGMA schema_version = {self._schema}")
            self._pages = self._read() if self._alone() else b""
        self._schema = self._number("schema_version")
        self._data = self._number("data_version")

    def _alone(self) -> bool:
        """Whether nobody is reading or writing; then everything is in the file, and nothing in its log."""
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def _write_back(self) -> None:
        """Write over the file what is different in it: a fifth of what SQLite takes for a copy, which is of all pages.

        Whoever has read some before reads them again, because the log has begun anew. What was put behind them stays,
        and belongs to nothing: the first page says how many there are.
        """
        now = self._read()
        for start in range(0, len(self._pages), _PAGE):
            page = self._pages[start : start + _PAGE]
            if now[start : start + _PAGE] != page:
                os.pwrite(self._file.fileno(), page, start)

    def _read(self) -> bytes:
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        self._file.close()
        self.kept.close()
        self._connection.close()
        self._ending.close()

    def _number(self, name: str) -> int:
        number: int = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return number


class KeptStore(Store):
    """The database for synchronous tests, on a connection that the next test is given too."""

    def __init__(self, ending: Ending, clock: Clock) -> None:
        super().__init__(ending.path, clock, ending.kept)
        self._ending = ending

    def content(self, *, readings: bool = True) -> dict[str, list[tuple[Any, ...]]]:
        if self._ending.changed() or self.connection.in_transaction:
            return super().content(readings=readings)
        if readings not in self._ending.contents:
            self._ending.contents[readings] = super().content(readings=readings)
        return dict(self._ending.contents[readings])

    def check(self) -> None:
        if self._ending.changed():  # else it adds up as it did
            super().check()

    def close(self) -> None:
        """Leave nothing of a test on the connection."""
        self.connection.rollback()
        self.connection.set_trace_callback(None)
        self.connection.set_authorizer(None)
        self.connection.set_progress_handler(None, 0)
        for kind, name in self.rows("SELECT type, name FROM sqlite_temp_master WHERE type <> 'index'"):
            self.connection.execute(f"DROP {kind} temp.{name}")
        self._ending.begin_again()
