"""What happens because time passes: requests lapse, grants and prescriptions expire, children grow up, old answers are
forgotten.

Nothing waits for this: whether something has expired is decided when it is read. This only writes it down and tells.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from fadjma.access import actions as access
from fadjma.announcements import actions as announcements
from fadjma.clockwatch import ClockWatch
from fadjma.events import inbox, telling
from fadjma.family import actions as family
from fadjma.identity import sessions
from fadjma.inventory import actions as inventory
from fadjma.papers import actions as papers
from fadjma.prescriptions import actions as prescriptions
from fadjma.prescriptions import renewing
from fadjma.records import recalling
from fadjma.store import Database, Transaction, Unavailable
from fadjma.taking import exports
from fadjma.web import attempts, drafts, idempotency

log = logging.getLogger("fadjma.time")
_EVERY = 60.0  # seconds
_HANDED_OVER = 2.0  # seconds after which another process looks whether nobody keeps the time any more
_LOOKED_FOR = 2.0  # seconds after which who keeps it looks itself for what is still to be told: a call may be lost
_AT_LEAST = 0.5  # seconds between two rounds
_BATCH = 200  # things per transaction, so that nobody's act waits long


class Timekeeper:
    """Runs the acts of time once a minute, when a right ends, and when it is woken."""

    def __init__(
        self,
        database: Database,
        watch: ClockWatch | None = None,
        settle_rules: Callable[[], Awaitable[None]] | None = None,
        drop_upload: Callable[[str], None] | None = None,
        drop_export: Callable[[str], None] | None = None,
        *,
        take_in: Callable[[Transaction, int], int] | None = None,
    ) -> None:
        """At each round `watch` looks at the clock, and `settle_rules` at what another process may have changed.

        `drop_upload` removes what has come of a file that never became whole, `drop_export` a copy of somebody's file;
        `take_in` brings into the chains what was there before them.
        """
        self._database = database
        self._watch = watch or ClockWatch(database)
        self._settle_rules = settle_rules
        self._drop_upload = drop_upload
        self._drop_export = drop_export
        self._take_in = take_in
        self.owner = database.owner()  # of several processes on one database, one keeps its time
        self._tasks: list[asyncio.Task[None]] = []
        self._is_owner = False
        self._woken = asyncio.Event()
        self._to_tell = asyncio.Event()
        database.due = self._called

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._run()), loop.create_task(self._tell())]
        if self.owner.beat:
            self._tasks.append(loop.create_task(self._stay(self.owner.beat)))

    def wake(self) -> None:
        """There is something to do now, for this process or another that keeps the time.

        On a file, and where the call is lost, another one finds it at its next round.
        """
        self._woken.set()
        self._database.call_keeper()

    def tell(self) -> None:
        """Something has been committed that is still to be told to many: by this process, or by who keeps the time."""
        if self._is_owner:
            self._to_tell.set()
        else:
            self._database.call_keeper()

    def _called(self) -> None:
        self._woken.set()
        self._to_tell.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                log.error("what keeps the time had ended by itself", exc_info=ended)
        await self.owner.leave()

    async def _run(self) -> None:
        while True:
            try:
                await self._watch.look()
            except Exception:
                log.exception("whether the clock is right is not known; it is looked at again")
            try:
                if self._settle_rules:
                    await self._settle_rules()
            except Exception:
                log.exception("what the clinic has chosen is not known; it is looked at again")
            try:
                if await self._ask():
                    self._to_tell.set()
                    await self._round()
            except OSError:
                log.exception("whether another process keeps the time is not known; it is asked again")
            with contextlib.suppress(TimeoutError):
                pause = await self._pause() if self._is_owner else _HANDED_OVER
                async with asyncio.timeout(pause):  # wait_for would make a task for each round
                    await self._woken.wait()
            self._woken.clear()

    async def _ask(self) -> bool:
        """Whether this process keeps the time. Raises OSError."""
        self._is_owner = False  # while that is not known
        self._is_owner = await self.owner.ask()
        return self._is_owner

    async def _tell(self) -> None:
        """Beside the rounds, which may take long: what an act could not tell everybody comes to them at once."""
        pause = _LOOKED_FOR
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._to_tell.wait()
            self._to_tell.clear()
            pause = _LOOKED_FOR
            try:
                if self._is_owner and await self._database.read(telling.is_waiting):
                    await self._all_of(telling.tell_some)
            except Unavailable as outage:
                log.warning("what is still to be told waits: %s", outage.reason)
            except Exception:
                log.exception("what is still to be told was not; it is tried again")
                pause = _EVERY

    async def _stay(self, every: float) -> None:
        """Beside the rounds, which may take long."""
        while True:
            await asyncio.sleep(every)
            await self.owner.stay()

    async def _round(self) -> None:
        for act in (
            announcements.tell_some,
            self._chain_before,
            sessions.lock_idle,  # too many of them, at the worst: who comes back opens them
            *(() if self._watch.is_ahead else self._ends()),
        ):
            try:
                await self._all_of(act)
            except Unavailable as outage:
                log.warning("time's act %s waits: %s", act.__name__, outage.reason)
            except Exception:
                log.exception("time's act %s failed; it is tried again", act.__name__)

    def _ends(self) -> tuple[Callable[[Transaction, int], int], ...]:
        """What is over, or forgotten: nobody can undo it when the clock was wrong.

        That a right has ended is decided when it is read, so that nobody has it longer for that.
        """
        return (
            access.lapse,
            access.expire,
            family.expire,
            recalling.follow,
            prescriptions.expire,
            renewing.lapse,
            inventory.warn_expiring,
            inventory.warn_expired,
            idempotency.forget,
            drafts.forget,
            attempts.forget,
            inbox.forget,
            self._forget_uploads,
            self._forget_exports,
        )

    async def _all_of(self, act: Callable[[Transaction, int], int]) -> None:
        while await self._database.write(act, _BATCH) == _BATCH:
            pass  # more is waiting; between two batches, others' acts have their turn

    def _forget_uploads(self, tx: Transaction, limit: int) -> int:
        return papers.forget(tx, limit, self._drop_upload) if self._drop_upload else 0

    def _forget_exports(self, tx: Transaction, limit: int) -> int:
        return exports.forget(tx, limit, self._drop_export) if self._drop_export else 0

    def _chain_before(self, tx: Transaction, limit: int) -> int:
        return self._take_in(tx, limit) if self._take_in else 0

    async def _pause(self) -> float:
        """Seconds until the next round: sooner than usual when a right ends before, for it closes what is open."""
        try:
            due = await self._database.read(access.next_end)
        except Exception:
            log.exception("when the next right ends is not known; the next round is at its usual time")
            return _EVERY
        left = (due - self._database.clock()) / 1000 if due else _EVERY
        return min(_EVERY, max(left, _AT_LEAST)) if left > -_AT_LEAST else _EVERY  # else: ending it has just failed
