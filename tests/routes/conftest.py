"""A clinic with a story in it, asked by HTTP: people in browsers, with and without htmx, and programs with a token.

The app is the real one; only its background tasks (streams, time) are not started. Hashing is made cheap.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from callers import Callers
from cast import settle
from quart import Quart
from store import Clock, Store
from told import Told, tell

from fadjma import create_app
from fadjma.config import Settings
from fadjma.identity import passwords
from fadjma.store import Database, database
from fadjma.web.throttle import Throttle

SECRET_KEY = "the secret key of these tests, long enough"


@pytest.fixture(scope="session", autouse=True)
def cheap_hashing() -> Iterator[None]:
    """argon2 with the least work: these tests sign in a thousand times."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody has this password"))
        yield


class Story:
    """A database in which the story has been told, and the way back to where it ended."""

    def __init__(self, path: Path, told: Told, now: int) -> None:
        self.path = path
        self.told = told
        self.now = now
        self._connection = database.connect(path)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._ending = sqlite3.connect(":memory:")
        self._connection.backup(self._ending)
        self._version = self._data_version()

    def begin_again(self) -> None:
        """Undo whatever others have done to it; nothing to do when nobody has committed anything."""
        if self._data_version() != self._version:
            self._ending.backup(self._connection)
            self._version = self._data_version()

    def close(self) -> None:
        self._connection.close()
        self._ending.close()

    def _data_version(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, cheap_hashing: None) -> Iterator[Story]:
    """The cast and a story that ends now (tokens are checked against the machine's own clock); told once."""
    path = tmp_path_factory.mktemp("routes") / "fadjma.db"
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
    story = Story(path, told, now)
    yield story
    story.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_app(story: Story) -> AsyncIterator[Quart]:
    """One app for all these tests: opening one takes longer than most of them."""
    app = create_app(Settings(secret_key=SECRET_KEY, database_url=f"sqlite:///{story.path}"))
    opened: Database = app.extensions["database"]
    await opened.open()
    writer = opened._writer
    assert writer
    await writer.run(lambda connection: connection.execute("PRAGMA synchronous = OFF"))
    yield app
    await opened.close()


@pytest.fixture
def clock(story: Story) -> Clock:
    """The database's clock; it begins where the story ends."""
    clock = Clock()
    clock.now = story.now
    return clock


@pytest.fixture
def path(story: Story) -> Path:
    """The database of the app, as the story has left it."""
    story.begin_again()
    return story.path


@pytest.fixture
def begin_again(story: Story, path: Path) -> Callable[[], None]:
    """Bring the story back to where it ended, in the middle of a test that tries many things."""
    return story.begin_again


@pytest.fixture
def told(story: Story) -> Told:
    """The ids of what the story has left behind."""
    return story.told


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test sets differently."""
    return {}


@pytest.fixture
def app(shared_app: Quart, path: Path, clock: Clock, settings: dict[str, Any]) -> Quart:
    """The app, with nothing left of the tests before."""
    shared_app.extensions["database"].clock = clock
    shared_app.extensions["throttle"] = Throttle(acts_per_hour=1_200)
    shared_app.extensions["settings"] = Settings(secret_key=SECRET_KEY, **settings)
    return shared_app


@pytest.fixture
def clinic(app: Quart) -> Callers:
    """Who may ask: `clinic.browser(AWA)`, `clinic.htmx(AWA)`, `clinic.program(AWA)`, `clinic.stranger()`."""
    return Callers(app)


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    """Readable ids for the people and acts of the tables."""
    name = getattr(val, "id", None) or getattr(val, "name", None)
    if isinstance(name, str):
        return name
    if isinstance(val, dict | list):
        return json.dumps(val)[:40]
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all these tests, because they share one app."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
