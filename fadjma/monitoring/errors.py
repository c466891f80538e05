"""The errors of the last hour, as the program's log has them. Kept in memory: a restart begins again."""

import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from fadjma.i18n import iso
from fadjma.store import Clock

_HOUR = 3_600_000
_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Lately:
    """How many there were in the last hour (`_KEPT` at most), and when the last of them was, in milliseconds UTC."""

    count: int
    last_at: int | None

    def json(self) -> dict[str, Any]:
        return {"count": self.count, "last_at": iso(self.last_at) if self.last_at else None}


class Errors(logging.Handler):
    """Counts what is logged as an error, from whichever thread; what it says stays in the log alone."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(logging.ERROR)
        self._clock = clock
        self._at: deque[int] = deque(maxlen=_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        self._at.append(self._clock())

    def lately(self) -> Lately:
        """Those of the hour until now."""
        since = self._clock() - _HOUR
        found = [at for at in tuple(self._at) if at > since]
        return Lately(len(found), found[-1] if found else None)
