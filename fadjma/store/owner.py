"""Which of the processes on one database is its server: the others say so at the start, and leave it the time."""

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fadjma.store import owned
from fadjma.store.errors import Unusable

if sys.platform != "win32":
    import fcntl


class Owner(ABC):
    """One process of several at a time; whoever ends, killed or not, is it no more."""

    beat: float | None = None  # seconds after which whoever is it has to `stay`; None: it stays it by itself

    def __init__(self) -> None:
        self._asking: asyncio.Task[bool] | None = None

    async def stay(self) -> None:  # noqa: B027 - most have nothing to say
        """Go on being it, if this process is: one that stands still, and does not die, says it no more."""

    async def ask(self) -> bool:
        """`take`, beside the event loop, which does not wait for a database that is silent."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(self.take))
        return await asyncio.shield(self._asking)

    async def leave(self) -> None:
        """`give_up`, when what is being asked has been answered."""
        if self._asking is not None:
            await asyncio.wait({self._asking})
        self.give_up()

    @abstractmethod
    def take(self) -> bool:
        """Be the server, unless another process is; true when this one is it already. Raises OSError."""

    @abstractmethod
    def holder(self) -> str:
        """Who is the server, as it said itself."""

    @abstractmethod
    def give_up(self) -> None:
        """Let another be it."""


class FileOwner(Owner):
    """A lock on a file beside the database; the system takes it back from whoever ends, killed or not.

    Not on the database itself: to close that file anywhere in the process would end SQLite's own locks on it.
    """

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._path = database.with_name(database.name + "-server")
        self._file: int | None = None

    def take(self) -> bool:
        if sys.platform == "win32" or self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        owned.hand_over(self._path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.truncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file
        return True

    def holder(self) -> str:
        return self._path.read_text()

    def give_up(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Around what nobody may serve this file beside: who begins to meanwhile is told so. Raises Unusable, OSError."""
    owner = FileOwner(database)
    if not owner.take():
        raise Unusable(f"FADJMA tourne encore sur {database} (processus {owner.holder()}) : arrêtez-le d'abord.")
    try:
        yield
    finally:
        owner.give_up()
