"""A clock that is wrong: what is done by it is dated, lasts and expires by it. So it is said at once.

Of a clock that runs behind, the newest act tells. One that ran ahead and was put right looks the same for as long as it
was ahead; then an administrator says that it is right now (`quart confirm-clock`).
"""

import logging
from collections.abc import Awaitable, Callable

from fadjma import events
from fadjma.i18n import iso
from fadjma.identity import sessions
from fadjma.store import Database, Transaction, keep, kept

log = logging.getLogger("fadjma.time")
_SLACK = 2 * 60_000  # milliseconds: of two machines, or of one that is kept on time by small steps back
_CONFIRMED = "clock_confirmed"  # kept: the newest act, when somebody said that the clock is right before it
_BATCH = 200


class ClockWatch:
    """Looks at the clock at the start and whenever the timekeeper makes its round."""

    def __init__(self, database: Database, put_back: Callable[[], Awaitable[None]] | None = None) -> None:
        """`put_back` is called when the clock of the running program was put back."""
        self._database = database
        self._put_back = put_back
        self._looked_at = 0
        self._newest = 0  # of the acts that nobody has said anything about

    @property
    def newest_act(self) -> int | None:
        """When the newest act was done (milliseconds UTC), while the clock is before it."""
        return self._newest if self._database.clock() < self._newest - _SLACK else None

    async def look(self) -> None:
        """Compare the clock with what has been done, say it when it is wrong, and put sessions right that are ahead."""
        before, self._looked_at = self._looked_at, self._database.clock()
        known = self.newest_act
        self._newest = await self._database.read(_newest)
        if self.newest_act and not known:
            log.warning(
                "L'horloge du serveur indique %s, mais le dernier acte est du %s : vérifiez-la. "
                "Si elle est juste, lancez « quart confirm-clock ».",
                *(iso(self._looked_at), iso(self._newest)),
            )
        stepped_back = self._looked_at < before - _SLACK
        if stepped_back and self._put_back:
            await self._put_back()
        if stepped_back or not before:
            while await self._database.write(sessions.bring_back, _BATCH) == _BATCH:
                pass


def _newest(tx: Transaction) -> int:
    newest = events.newest(tx)
    return newest if newest > int(kept(tx, _CONFIRMED) or 0) else 0


def confirm(tx: Transaction) -> None:
    """Somebody has looked: the clock is right, whatever the acts say that have been done so far."""
    keep(tx, _CONFIRMED, str(events.newest(tx)))
