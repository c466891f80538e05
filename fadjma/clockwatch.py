"""A clock that is wrong: what is done by it is dated, lasts and expires by it. So it is said at once.

Of a clock that runs behind, the newest act tells. One that ran ahead and was put right looks the same for as long as it
was ahead; then an administrator says that it is right now (on any page, or `quart confirm-clock`).

Of a clock that leaps ahead nobody knows whether it was wrong before or is now: somebody types another year, or a
machine was off for months. Until it is put back or confirmed, time does nothing that cannot be undone
(`timekeeping.py`).
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fadjma import events
from fadjma.i18n import iso
from fadjma.identity import sessions
from fadjma.store import Database, Transaction, keep, kept

log = logging.getLogger("fadjma.time")
_SLACK = 2 * 60_000  # milliseconds: of two machines, or of one that is kept on time by small steps back
_CONFIRMED = "clock_confirmed"  # kept: the newest act, when somebody said that the clock is right before it
_RIGHT = "clock_right"  # kept: when somebody said that the clock is right, by that clock
_DOUBTED = "clock_doubted"  # kept: what a clock said that had leapt ahead; empty: nothing is to be doubted
_DAY = 86_400_000
AWAY = 30 * _DAY  # for which a machine may be off before it is asked whether the clock is right
_SETTLING = 3_600.0  # seconds after a start, in which one that was only remembered is set by the network
_BATCH = 200


def _steady() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps, where there is one that does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockWatch:
    """Looks at the clock at the start and whenever the timekeeper makes its round."""

    def __init__(
        self,
        database: Database,
        put_back: Callable[[], Awaitable[None]] | None = None,
        *,
        away: float = AWAY,
    ) -> None:
        """`put_back` is called when the clock of the running program was put back. `away`: as long as AWAY."""
        self._away = away
        self._database = database
        self._put_back = put_back
        self._looking = asyncio.Lock()
        self._looked_at = 0
        self._newest = 0  # of the acts that nobody has said anything about
        self._began_at = self._steady_at = 0.0
        self._latest = 0.0  # what the clock may say at the most
        self._confirmed = ""  # when somebody said that it is right, as it was known at the last look
        self.is_ahead = False  # perhaps: it has leapt, and nobody has said that it is right

    @property
    def newest_act(self) -> int | None:
        """When the newest act was done (milliseconds UTC), while the clock is before it."""
        return self._newest if self._database.clock() < self._newest - _SLACK else None

    async def look(self) -> None:
        """Compare the clock with what has been done, say it when it is wrong, and put sessions right that are ahead."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        said = await self._database.read(_said)
        before, self._looked_at = self._looked_at, self._database.clock()
        known = self.newest_act
        self._newest = said.newest
        await self._doubt(said, is_first=not before)
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

    async def _doubt(self, said: "_Said", *, is_first: bool) -> None:
        """Whether it says more than it may. What is doubted stays so over a start."""
        steady, self._steady_at = self._steady_at, _steady()
        confirmed, self._confirmed = self._confirmed, said.confirmed
        self._began_at = self._began_at or self._steady_at
        self._latest = said.latest(self._away) if is_first else self._latest + (self._steady_at - steady) * 1000
        is_ahead = self._looked_at > self._latest and (is_first or said.confirmed == confirmed)
        was_ahead, self.is_ahead = self.is_ahead or is_first, is_ahead
        if is_ahead and (is_first or not was_ahead):
            log.warning(
                "L'horloge du serveur indique %s, longtemps après ce qu'elle indiquait ou après le dernier acte (%s) : "
                "vérifiez-la. D'ici là, le temps ne clôt et n'efface rien. Si elle est juste, lancez « quart "
                "confirm-clock ».",
                *(iso(self._looked_at), iso(said.last)),
            )
        if not is_ahead:
            self._latest = self._looked_at + _DAY
            # One that is behind may leap to what is right, and so may one that began where it was switched off.
            if self.newest_act or self._steady_at - self._began_at < _SETTLING:
                self._latest = max(self._latest, said.latest(self._away))
        if is_ahead and not said.doubted:
            await self._database.write(keep, _DOUBTED, str(self._looked_at))
        if said.doubted and was_ahead and not is_ahead:
            await self._database.write(keep, _DOUBTED, "")


@dataclass(frozen=True, slots=True)
class _Said:
    """What the database says of time."""

    last: int  # when the newest act was done
    newest: int  # the same, if nobody has said anything about it; else 0
    confirmed: str
    doubted: int  # 0: nothing is

    def latest(self, away: float = AWAY) -> float:
        """What a clock may say at the most that nobody has looked at since the machine was off."""
        if self.doubted:
            return self.doubted - _SLACK
        known = max(self.last, int(self.confirmed or 0))
        return known + away if known else math.inf


def _said(tx: Transaction) -> _Said:
    last = events.newest(tx)
    newest = last if last > int(kept(tx, _CONFIRMED) or 0) else 0
    return _Said(last, newest, kept(tx, _RIGHT) or "", int(kept(tx, _DOUBTED) or 0))


def doubted(tx: Transaction, now: int) -> bool:
    """Whether the clock says more than it may, as far as it is known without having watched it."""
    return now > _said(tx).latest()


def confirm(tx: Transaction, admin_id: str | None = None) -> None:
    """Somebody has looked: the clock is right, whatever the acts say that have been done so far.

    `admin_id`: who says so; None: whoever has the server.
    """
    keep(tx, _CONFIRMED, str(events.newest(tx)))
    keep(tx, _RIGHT, str(tx.now))
    keep(tx, _DOUBTED, "")
    events.record(tx, "clock.confirmed", events.Subject("settings", "clock"), actor_id=admin_id)
