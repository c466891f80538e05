"""Slowing down guesses. Kept in memory: one process, and a restart forgives at most one window."""

import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from fadjma.refusals import Throttled

SIGN_IN_PER_ACCOUNT = RateLimitItemPerMinute(10, 15, "account")
CONFIRM_PER_ACCOUNT = RateLimitItemPerMinute(10, 15, "confirm")  # of who is signed in: no stranger can use it up
SIGN_IN_PER_ADDRESS = RateLimitItemPerMinute(100, 15, "address")  # a whole clinic may share one
REGISTER_PER_ADDRESS = RateLimitItemPerHour(30, 1, "register")
LOOK_UP_PER_DOCTOR = RateLimitItemPerMinute(30, 5, "look-up")


class Throttle:
    """Counts attempts; raises Throttled when there are too many."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)

    async def hit(self, limit: RateLimitItem, who: str) -> None:
        """Count one attempt of `who`, before it is known whether it succeeds; raises Throttled when over the limit."""
        if await self._limiter.hit(limit, who):
            return
        stats = await self._limiter.get_window_stats(limit, who)
        window: int = limit.get_expiry()
        raise Throttled(max(1, min(window, round(stats.reset_time - time.time()))))

    async def forgive(self, limit: RateLimitItem, who: str) -> None:
        """Forget the attempts of `who`: the right password was given."""
        await self._limiter.clear(limit, who)

    async def forgive_all(self) -> None:
        """The clock was put back: windows that were to end are far in the future now, and would lock people out."""
        await self._storage.reset()
