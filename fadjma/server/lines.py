"""The log, written once in a turn of the event loop; what takes it may be full, gone or asleep, and people work on.

Each line had cost a flush of its own, at which the thread gives the interpreter away and then waits for it: with the
writer at work that is a handing over and back for every request. Without any line 16 clients got 7 to 11 % more access
requests a second, and with these nearly as many (benchmarks/README.md).
"""

import asyncio
import logging
import os
import select
import sys
from contextlib import suppress
from typing import Protocol

OUTPUT, ERRORS = 1, 2
_AT_ONCE = 4_096  # bytes that a pipe or socket takes without making us wait, once it says that it takes some
_PATIENCE = 1_000  # milliseconds for a reader that does not read; then none, until it reads again


class Sink(Protocol):
    """What takes the log."""

    def write(self, said: bytes) -> int:
        """How many bytes of it are there now: fewer than all where there is no room, or nobody takes them."""


class Descriptor:
    """An open file, pipe or socket, without a buffer: what it has not taken is not written later, between others."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._patience = _PATIENCE
        self._ready = None
        if sys.platform != "win32":
            self._ready = select.poll()
            self._ready.register(number, select.POLLOUT)

    def write(self, said: bytes) -> int:
        """A disk that is full takes some, one whose reader is gone or asleep as well."""
        taken = 0
        with suppress(OSError):
            while taken < len(said) and self._takes():
                taken += os.write(self._number, said[taken : taken + _AT_ONCE])
        return taken

    def _takes(self) -> bool:
        if self._ready is None:
            return True
        found = bool(self._ready.poll(self._patience))
        self._patience = _PATIENCE if found else 0
        return found


class Lines(logging.Handler):
    """Writes what is logged on the event loop when its turn ends; what is worse than news, and other threads', at once.

    The order of lines stays. A process that is killed loses those of one turn, milliseconds of it. Those that could
    not be written are counted, which stands where they are missing.
    """

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink
        self._waiting: list[str] = []
        self._lost = 0
        self._is_cut = False  # whether half a line is the last that was written

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging, with the handler's lock held."""
        try:
            self._waiting.append(self.format(record))
        except Exception:  # as every handler of logging does: words that do not fit together end no request
            self.handleError(record)
        if record.levelno >= logging.WARNING or not self._is_called_later():
            self.flush()

    def _is_called_later(self) -> bool:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if len(self._waiting) == 1:
            loop.call_soon(self.flush)
        return True

    def flush(self) -> None:
        """Write what waits. logging calls this when the process ends, too."""
        self.acquire()
        try:
            lines, self._waiting = self._waiting, []
            if not lines:
                return
            if self._lost and not self._write([self._said_of_lost()]):
                self._lost = 0
            self._lost += len(lines) if self._lost else self._write(lines)
        finally:
            self.release()

    def _write(self, lines: list[str]) -> int:
        """How many of them are not there, or not whole."""
        before = b"\n" if self._is_cut else b""
        said = before + "\n".join([*lines, ""]).encode(errors="backslashreplace")
        taken = self._sink.write(said)
        if taken:
            self._is_cut = not said[:taken].endswith(b"\n")
        return said.count(b"\n", max(taken, len(before)))

    def _said_of_lost(self) -> str:
        said = f"lignes du journal qui manquent ici : {self._lost} (son disque était plein, ou personne ne les lisait)"
        return self.format(
            logging.makeLogRecord({"name": "fadjma", "levelno": logging.WARNING, "levelname": "WARNING", "msg": said})
        )


def say(words: str, descriptor: int = OUTPUT) -> None:
    """A line for whoever starts the program. That nobody can read it stops nothing."""
    Descriptor(descriptor).write(f"{words}\n".encode(errors="backslashreplace"))


def open_what_is_closed() -> None:
    """Input, output and errors, where whoever starts us has closed them: the next files would get their numbers, and
    uvloop ends the process when it is to close one of those."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
