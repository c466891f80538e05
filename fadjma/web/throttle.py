"""Slowing down guesses. Of a database in a file it is kept in memory: one process, and a restart forgives at most one
window. Of one that several processes serve, in the database (attempts.py): whichever is asked, each counts for all.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter

from fadjma.refusals import Throttled

# Only what fails is counted of these eight.
SIGN_IN_PER_ACCOUNT = RateLimitItemPerMinute(10, 15, "account")  # by whoever has never signed in to it
SIGN_IN_PER_DEVICE = RateLimitItemPerMinute(10, 15, "device")  # of somebody who has: no stranger can use it up
SIGN_IN_PER_ADDRESS = RateLimitItemPerMinute(100, 15, "address")  # a whole clinic may share one
CONFIRM_PER_ACCOUNT = RateLimitItemPerMinute(10, 15, "confirm")  # of who is signed in: no stranger can use it up
FACTOR_PER_ACCOUNT = RateLimitItemPerHour(10, 1, "factor")  # by whoever has the password: a code has a million values
UNLOCK_PER_SESSION = RateLimitItemPerHour(5, 12, "unlock")  # the fifth ends it
CODE_PER_ADDRESS = RateLimitItemPerMinute(10, 15, "code")  # of slips, which are copied by hand
LINK_PER_ADDRESS = RateLimitItemPerMinute(30, 15, "link")  # codes of links; five end each link
REGISTER_PER_ADDRESS = RateLimitItemPerHour(120, 1, "register")  # a village's vaccination day, behind one address
REGISTER_PER_STAFF = RateLimitItemPerHour(1_000, 1, "register-staff")  # from where staff works, or by them
NOTED_PER_PERSON = RateLimitItemPerHour(60, 1, "noted")  # refused rights that are written down
LOOK_UP_PER_DOCTOR = RateLimitItemPerMinute(30, 5, "look-up")
LOOK_UP_PER_DESK = RateLimitItemPerMinute(150, 5, "look-up-desk")  # a queue, each looked for in two or three ways
FIND_PER_PHARMACIST = RateLimitItemPerHour(20, 1, "find")  # codes of papers that are of nothing: only these are counted
FIND_PER_PHARMACY = RateLimitItemPerHour(40, 1, "find-pharmacy")
COVER_PER_DOCTOR = RateLimitItemPerHour(240, 1, "cover")  # who has it all: ten times for each of 24 prescriptions
COVER_STEPS_PER_DOCTOR = RateLimitItemPerDay(4, 1, "cover-steps")  # of one medicine: five would find a stock out
_ONCE_A_DAY = RateLimitItemPerDay(1, 1, "once")

Counted = tuple[RateLimitItem, str]


@dataclass(slots=True)
class Attempt:
    """One that is under way; `failed` is set by whoever makes it, or `missed`: those of what it counts against for
    which it has failed, though not for all. `used_up`: it was the last for a while.
    """

    failed: bool = False
    missed: tuple[Counted, ...] = ()
    used_up: bool = False


class Throttle:
    """Counts attempts; raises Throttled when there are too many.

    What is under way (`attempt`) each process knows of itself alone.
    """

    def __init__(self, storage: Storage | None = None) -> None:
        """`storage`: where they are counted; None: in memory."""
        self._storage = storage or MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._under_way: Counter[Counted] = Counter()
        self._one_by_one = asyncio.Lock()  # a storage may be asked elsewhere: those who begin at once see each other
        self._settled = asyncio.Event()

    async def hit(self, limit: RateLimitItem, who: str) -> None:
        """Count one attempt of `who`, before it is known whether it succeeds; raises Throttled when over the limit."""
        if not await self._limiter.hit(limit, who):
            raise await self._throttled(limit, who)

    async def hit_once(self, limit: RateLimitItem, who: str, what: str) -> None:
        """Count `what` of `who` once a day, however often it comes; raises Throttled when over the limit."""
        if not await self._limiter.test(_ONCE_A_DAY, who, what):
            return
        await self.hit(limit, who)
        await self._limiter.hit(_ONCE_A_DAY, who, what)

    async def is_first(self, what: str) -> bool:
        """Whether this has not happened today; it has now."""
        return await self._limiter.hit(_ONCE_A_DAY, "first", what)

    @asynccontextmanager
    async def attempt(self, *counted: Counted) -> AsyncIterator[Attempt]:
        """An attempt that counts against those of these for which it has failed; raises Throttled when one is used up.

        Those that are under way may all fail: beyond what is left, others wait for them, so that a hundred at once are
        not a hundred guesses, and twelve right ones at once are no refusal.
        """
        while True:
            settled = self._settled  # of those that are under way now, also while it is looked whether there is room
            if await self._begin(counted):
                break
            await settled.wait()
        attempt = Attempt()
        try:
            yield attempt
        finally:
            await self._settle(counted, attempt)

    async def _begin(self, counted: Sequence[Counted]) -> bool:
        """Whether one more is under way now; raises Throttled when something of this is used up for good."""
        async with self._one_by_one:
            if any([not await self._is_free(one) for one in counted]):
                return False
            self._under_way.update(counted)
            return True

    async def _settle(self, counted: Sequence[Counted], attempt: Attempt) -> None:
        """It is under way until it is counted: in between it would be neither."""
        try:
            for limit, who in counted if attempt.failed else attempt.missed:
                await self._limiter.hit(limit, who)
                attempt.used_up |= not await self._limiter.test(limit, who)
        finally:
            self._under_way -= Counter(counted)
            self._settled.set()
            self._settled = asyncio.Event()

    async def is_used_up(self, one: Counted) -> bool:
        """Whether an attempt that counts against this would be refused."""
        return not await self._limiter.test(*one)

    async def require(self, one: Counted) -> None:
        """Raises Throttled where it is."""
        if await self.is_used_up(one):
            raise await self._throttled(*one)

    async def _is_free(self, one: Counted) -> bool:
        """Whether one more may be under way; raises Throttled when it is used up for good."""
        await self.require(one)
        limit, who = one
        ahead = self._under_way[one]
        is_free = await self._limiter.test(limit, who, cost=1 + ahead)
        if not (is_free or ahead):  # another process has used it up just now: there is nobody to wait for
            raise await self._throttled(limit, who)
        return is_free

    async def forgive(self, limit: RateLimitItem, who: str) -> None:
        """Forget the attempts of `who`: the right password was given."""
        await self._limiter.clear(limit, who)

    async def forgive_all(self) -> None:
        """The clock was put back: windows that were to end are far in the future now, and would lock people out."""
        await self._storage.reset()

    async def _throttled(self, limit: RateLimitItem, who: str) -> Throttled:
        stats = await self._limiter.get_window_stats(limit, who)
        window: int = limit.get_expiry()
        return Throttled(max(1, min(window, round(stats.reset_time - time.time()))))


@lru_cache(maxsize=1_000)  # asked for every line of the log
def neighbourhood(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits that one customer gets (RFC 6177)."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
