"""Makes the copies and the drills when they are due, beside the running program."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from fadjma.chain import seals
from fadjma.chain.seals import Exported
from fadjma.keeping import copies, restoring, runs
from fadjma.keeping.copies import Plan
from fadjma.keeping.runs import Alarm, Run, RunKind, Standing
from fadjma.store import Database, Transaction, Unusable
from fadjma.store.owner import Owner
from fadjma.store.sqlite.backup import look_into

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger("fadjma.keeping")
_EVERY = 60.0  # seconds


class Keeper:
    """Looks once a minute. `standing` is what was known then; without a plan it only says what has been."""

    def __init__(
        self,
        database: Database,
        plan: Plan | None,
        owner: Owner,
        walk: Callable[[Transaction], list[str]],
        seal: Callable[[], Awaitable[None]] | None = None,
        chains: Callable[[Path, Exported | None], list[str]] = lambda copy, kept: [],
    ) -> None:
        """`owner`: of several processes on one database one makes the copies. `walk` says what is wrong with one,
        `chains` with its chains, where this seal must be in it; `seal` signs what the copy will hold."""
        self.plan = plan
        self.standing = Standing()
        self._database = database
        self._owner = owner
        self._walk = walk
        self._seal = seal
        self._chains = chains
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def alarms(self) -> list[Alarm]:
        """What is wrong now, as far as it was known when it was looked at last."""
        return list(self.standing.alarms(self.plan, self._database.clock())) if self.plan else []

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("whether a backup is due is not known; it is looked at again")
            await asyncio.sleep(_EVERY)

    async def look(self) -> None:
        """Make what is due, and tell the admins of what is wrong."""
        self.standing = await self._database.read(runs.standing)
        if self.plan is None or not await self._owner.ask():
            return
        try:
            if self.standing.copy_is_due(self.plan, self._database.clock()):
                await self._copy(self.plan)
            if self.standing.drill_is_due(self._database.clock()):
                await self._drill(self.plan)
        finally:  # whatever went wrong: what is late is told
            await self._database.write(runs.sound_alarms, self.plan)

    async def _copy(self, plan: Plan) -> None:
        begun = self._database.clock()
        if self._seal:
            await self._seal()
        try:
            made = await _aside(copies.make, plan, begun)
        except (Unusable, OSError) as error:
            await self._note("copy", begun, failure=str(error))
        else:
            await self._note("copy", begun, made.file.name, made.size, rows=made.counted)

    async def _drill(self, plan: Plan) -> None:
        begun = self._database.clock()
        counted = await self._database.read(runs.counted)
        try:
            file = await _aside(restoring.drill, plan, counted, begun, self._walk, self._walk_chains)
        except (Unusable, OSError) as error:
            await self._note("drill", begun, failure=str(error))
        else:
            await self._note("drill", begun, file)

    def _walk_chains(self, copy: Path, sealed: int) -> list[str]:
        """Of a copy with so many seals, when it was made: the last of them is looked up in the database itself."""
        kept = look_into(self._database.path, lambda tx: seals.export(tx, sealed)) if sealed else None
        return self._chains(copy, kept)

    async def _note(
        self,
        kind: RunKind,
        begun: int,
        file: str = "",
        size: int = 0,
        *,
        rows: dict[str, int] | None = None,
        failure: str = "",
    ) -> None:
        if failure:
            log.error("%s: %s", kind, failure)
        run = Run(begun, self._database.clock(), file, size, failure)
        await self._database.write(runs.note, kind, run, rows or {})
        self.standing = await self._database.read(runs.standing)


async def _aside(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call it on a thread that the program does not wait for when it ends: what is broken off, the next one removes."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[R] = loop.create_future()

    def run() -> None:
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            _tell(loop, done, done.set_exception, error)
        else:
            _tell(loop, done, done.set_result, result)

    threading.Thread(target=run, name="keeping", daemon=True).start()
    return await done


def _tell(loop: asyncio.AbstractEventLoop, done: asyncio.Future[R], tell: Callable[..., None], what: object) -> None:
    with contextlib.suppress(RuntimeError):  # the program has ended meanwhile
        loop.call_soon_threadsafe(lambda: None if done.done() else tell(what))
