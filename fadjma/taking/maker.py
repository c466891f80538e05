"""Makes copies of files while others work: one at a time, on a thread and a connection of its own, with rests."""

import asyncio
import errno
import logging
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

from fadjma.i18n import N_
from fadjma.refusals import TryLater
from fadjma.store import Database, Transaction, Unavailable
from fadjma.store.contents import make_private
from fadjma.taking import archive, exports, sections
from fadjma.taking.archive import Sources
from fadjma.taking.exports import Export, Failure
from fadjma.taking.sections import Asked

log = logging.getLogger("fadjma.taking")
_SPARE = 200 * 1024**2  # bytes of the disk that are the database's
_TELL = 1.0  # seconds between two words of how far it is
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LONGEST_REST = 0.2  # seconds
_FULL = N_("Le disque du serveur est plein : aucune copie ne peut être faite. Prévenez l'administrateur.")


class _Stopped(Exception):
    """The program ends."""


class _Job:
    """One copy that is being made: how far it is, on its thread, and whether it is to stop."""

    def __init__(self, stop: Event) -> None:
        self.done, self.total = 0, 0
        self._stop = stop
        self._since = time.monotonic()

    def advance(self, entries: int) -> None:
        """So many more; then it rests as long as that has taken, so that others have their half of a core.

        Raises _Stopped.
        """
        if self._stop.is_set():
            raise _Stopped
        self.done += entries
        time.sleep(min(time.monotonic() - self._since, _LONGEST_REST))
        self._since = time.monotonic()


class Maker:
    """Makes them, and has their files."""

    def __init__(self, database: Database, folder: Path, sources: Sources) -> None:
        self._database = database
        self._folder = folder
        self._sources = sources
        self._one = asyncio.Semaphore(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = Event()

    def begin(self, export_id: str) -> None:
        """Have one made that is asked for; what comes of it stands in the table."""
        task = asyncio.get_running_loop().create_task(self._make(export_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End what is being made; it is said to be interrupted."""
        self._stop.set()
        await self.settled()
        self._stop.clear()

    async def settled(self) -> None:
        """Nothing is being made any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def file(self, export_id: str) -> Path:
        """Where it is, outside of what is served."""
        return self._folder / f"{export_id}.zip"

    def drop(self, export_id: str) -> None:
        """Remove it."""
        with suppress(FileNotFoundError):
            self.file(export_id).unlink()

    async def tidy(self) -> None:
        """Remove files that the table knows nothing of: once a backup is restored, time would never remove them."""
        there = list(self._folder.glob("*.zip"))  # first: what is made meanwhile by another process has its row before
        held = await self._database.read(exports.held)
        for file in there:
            if file.stem not in held:
                try:
                    self.drop(file.stem)
                except OSError as error:
                    log.error("the copy %s of a file cannot be removed: %s", file.name, error.strerror)

    def require_room(self) -> None:
        """Raises TryLater when the disk is too full to begin."""
        if self._free() < _SPARE:
            raise TryLater(_FULL, retry_after=60)

    def _free(self) -> int:
        there = next(one for one in (self._folder, *self._folder.parents) if one.exists())
        return shutil.disk_usage(there).free

    async def _make(self, export_id: str) -> None:
        async with self._one:
            try:
                asked = await self._database.read(exports.to_make, export_id)
                if asked is not None:
                    await self._carry_out(asked)
            except Unavailable as outage:  # it is found silent, later
                log.warning("the copy of a file waits: %s", outage.reason)

    async def _carry_out(self, asked: Export) -> None:
        job = _Job(self._stop)
        telling = asyncio.create_task(self._tell(asked, job))
        try:
            size = await self._database.read_aside(self._write, asked, job)
        except Exception as error:
            self.drop(asked.id)
            await self._database.write(exports.fail, asked.id, asked.patient_id, _failure(error))
            return
        finally:
            telling.cancel()
            await asyncio.wait({telling})
        if not await self._database.write(exports.finish, asked.id, asked.patient_id, size):
            self.drop(asked.id)

    def _write(self, tx: Transaction, asked: Export, job: _Job) -> int:
        """On its own thread. Returns the size in bytes."""
        what = Asked(asked.patient_id, asked.scope)
        papers = list(sections.papers_of(tx, what))
        if self._free() < _SPARE + sum(paper.size for paper in papers):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        job.total = 2 * sections.expected(tx, asked.patient_id) + len(papers) or 1
        make_private(self._folder)
        target = self.file(asked.id)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        archive.write(tx, target, what, asked.language, self._sources, job.advance)
        return target.stat().st_size

    async def _tell(self, asked: Export, job: _Job) -> None:
        told = -1
        while True:
            if job.total and told != job.done:
                told = job.done
                with suppress(Unavailable):  # it goes on, and is told next time
                    await self._database.write(exports.progress, asked.id, asked.patient_id, told, job.total)
            await asyncio.sleep(_TELL)


def _failure(error: Exception) -> Failure:
    if isinstance(error, _Stopped):
        return "interrupted"
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        log.error("no room for a copy of a file")
        return "full"
    log.error("a copy of a file could not be made", exc_info=error)
    return "broken"
