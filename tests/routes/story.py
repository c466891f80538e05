"""The database in which the story has been told, the app that serves it, and the way back to where the story ended."""

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

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
from fadjma.store import Database, database


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
        self.told = told
        self.now = now


def tell_story(path: Path) -> Story:
    """A story that ends now: tokens are checked against the machine's own clock."""
    clock = Clock()
    clock.now = database.milliseconds()
    database.migrate(path, clock())
    store = Store(path, clock)
    store.write(settle, passwords._hasher.hash)
    told = tell(store)
    now = database.milliseconds()
    assert clock.now <= now
    store.connection.execute("UPDATE sessions SET last_active_at = ?", (now,))
    store.check()
    store.close()
    return Story(path, told, now)


@asynccontextmanager
async def open_app(story: Story) -> AsyncIterator[Quart]:
    """The real app; only its background tasks (streams, time) are not started."""
    app = create_app(Settings(secret_key=SECRET_KEY, database_url=f"sqlite:///{story.path}"))
    opened: Database = app.extensions["database"]
    await opened.open()
    writer = opened._writer
    assert writer
    await writer.run(lambda connection: connection.execute("PRAGMA synchronous = OFF"))
    yield app
    await opened.close()
