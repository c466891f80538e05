"""The log, written once in a turn of the event loop.

Each line had cost a flush of its own, at which the thread gives the interpreter away and then waits for it: with the
writer at work that is a handing over and back for every request. Without any line 16 clients got 7 to 11 % more access
requests a second, and with these nearly as many (benchmarks/README.md).
"""

import asyncio
import logging
from contextlib import suppress
from typing import TextIO


class Lines(logging.Handler):
    """Writes what is logged on the event loop when its turn ends; what is worse than news, and other threads', at once.

    The order of lines stays. A process that is killed loses those of one turn, milliseconds of it.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._waiting: list[str] = []

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
            if lines:
                with suppress(OSError):  # its disk is full, or its reader gone: there is nowhere else to say it
                    self._stream.write("\n".join([*lines, ""]))
                    self._stream.flush()
        finally:
            self.release()
