"""The database in which the story has been told, the app that serves it, and the way back to where the story ended."""

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import segno
from argon2 import PasswordHasher
from cast import settle
from ending import Ending
from quart import Quart
from store import Clock, Store
from told import SECRET_KEY, Told, tell

from fadjma import create_app
from fadjma.config import Settings
from fadjma.identity import passwords
from fadjma.store import Database
from fadjma.store.sqlite import database

if TYPE_CHECKING:
    from clusters import Cluster


@contextmanager
def cheap_hashing() -> Iterator[None]:
    """argon2 with the least work: these tests sign in a thousand times."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody has this password"))
        yield


@contextmanager
def codes_drawn_once() -> Iterator[None]:
    """A code to be scanned is laid out once, however often it is shown: that takes what three small answers take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segno, "make_qr", functools.lru_cache(1_000)(segno.make_qr))
        yield


class Story(Ending):
    """A database in which the story has been told, and the way back to where it ended."""

    def __init__(self, path: Path, told: Told, now: int) -> None:
        super().__init__(path)
        self.url = f"sqlite:///{path}"
        self.told = told
        self.now = now

    def store(self, clock: Clock) -> Store:
        """The same database, on a connection of its own."""
        return Store(self.path, clock)


class StoryOnPostgreSQL(Story):
    """The same in a database of this process's cluster."""

    def __init__(self, cluster: "Cluster", migrated: str, nowhere: Path) -> None:
        from settled import Settled

        self.path = nowhere
        self.settled = Settled(cluster, migrated, self._tell, Clock())
        self.url = self.settled.url

    def _tell(self, store: Store) -> None:
        self.told, self.now = _tell(store)

    def store(self, clock: Clock) -> Store:
        from postgresql_store import PostgreSQLStore

        return PostgreSQLStore(self.url, clock)

    def begin_again(self) -> None:
        self.settled.begin_again()

    def close(self) -> None:
        self.settled.close()


def tell_story(path: Path) -> Story:
    """A story that ends now: tokens are checked against the machine's own clock."""
    clock = Clock()
    database.migrate(path, database.milliseconds())
    store = Store(path, clock)
    told, now = _tell(store)
    store.close()
    return Story(path, told, now)


def _tell(store: Store) -> tuple[Told, int]:
    store.clock.now = database.milliseconds()
    store.write(settle, passwords._hasher.hash)
    told = tell(store)
    now = database.milliseconds()
    assert store.clock.now <= now
    store.connection.execute("UPDATE sessions SET last_active_at = ?", (now,))
    store.check()
    return told, now


@asynccontextmanager
async def open_app(story: Story) -> AsyncIterator[Quart]:
    """The real app; only what goes on in the background (streams, time, listening to other processes) does not."""
    app = create_app(Settings(secret_key=SECRET_KEY, database_url=story.url, papers=story.path.with_suffix(".papers")))
    opened: Database = app.extensions["database"]
    await opened.open()
    if isinstance(opened, database.SQLite):
        assert opened._writer
        await opened._writer.run(lambda connection: connection.execute("PRAGMA synchronous = OFF"))
    else:  # nor are others told: that takes a transaction's number, as if somebody had written in the next test
        await opened._listening.stop()
        opened._wake_soon = lambda: None
    yield app
    await opened.close()
