"""Whether the database keeps what it is given, asked as seldom as it may be.

A program that watches asks every few seconds. The file's identity and the free space are looked at each time; something
is written only when nothing else was for a while; all pages are read every ten seconds where that takes no time, and
for a hundredth of the time where it does.
"""

import asyncio
import time
from contextlib import suppress
from typing import Literal

from fadjma.store import Database, Transaction, Unavailable, keep

Part = Literal["file", "space", "write", "pages"]
_WRITTEN_WITHIN = 5.0  # seconds in which a write of anybody's shows that writing works
_PATIENCE = 1.0  # seconds that an answer waits for a probe; what is known by then is said
_LEAST_SPACE = 1024 * 1024  # bytes; less does not take one group of acts
_PAGES_EVERY = 10.0  # seconds
_PAGES_SHARE = 100  # times as long as reading all pages takes


class Health:
    """Of one database, on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._read_after = 0.0
        self._damage: str | None = None

    async def failing(self) -> list[Part]:
        """What does not work, if anything."""
        if not self._database.is_in_place():
            return ["file"]
        found: list[Part] = ["space"] if self._database.free_space() < _LEAST_SPACE else []
        if not await self._writes():
            found.append("write")
        if not await self._pages():
            found.append("pages")
        return found

    async def _writes(self) -> bool:
        if self._database.failure or time.monotonic() - self._database.written_at > _WRITTEN_WITHIN:
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write())
            await asyncio.wait({self._writing}, timeout=_PATIENCE)
        return self._database.failure is None

    async def _write(self) -> None:
        with suppress(Unavailable):  # the database remembers it, as it does everybody's
            await self._database.write(_leave_a_mark)

    async def _pages(self) -> bool:
        if self._reading is None or self._reading.done():
            if time.monotonic() < self._read_after and not self._database.found_damage:
                return self._damage is None
            self._reading = asyncio.create_task(self._read())
        await asyncio.wait({self._reading}, timeout=_PATIENCE)
        return self._damage is None and not self._database.found_damage

    async def _read(self) -> None:
        began = time.monotonic()
        self._damage = await self._database.damage()
        self._read_after = time.monotonic() + max(_PAGES_EVERY, _PAGES_SHARE * (time.monotonic() - began))


def _leave_a_mark(tx: Transaction) -> None:
    keep(tx, "health", str(tx.now))
