"""Fixtures that every test may use: a fresh migrated database in which the cast has settled, and a clock to set."""

import asyncio
import os
import shutil
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import compiled
import demo_database
import pytest
import uvloop
from batches import pytest_xdist_make_scheduler  # noqa: F401 - its hook is ours
from cast import settle
from ending import Ending, KeptStore
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from side_by_side import (  # noqa: F401 - its hooks are ours
    pytest_addoption,
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_itemcollected,
    pytest_runtest_call,
    pytest_runtest_protocol,
)
from store import MONDAY, Clock, Store

from fadjma.identity import passwords
from fadjma.store import Database, at
from fadjma.store.sqlite.migrating import migrate

if TYPE_CHECKING:
    from clusters import Cluster
    from settled import Settled

# The same examples every time, kept nowhere, and never slower than somebody's machine: a red test is a change of ours.
settings.register_profile("fadjma", database=None, deadline=None, derandomize=True)
settings.register_profile("long", database=None, deadline=None, max_examples=5_000, stateful_step_count=100)
settings.load_profile("fadjma")
# Nor does what is tried depend on the numbers and words that stand in whatever module has been imported by then, and to
# look for them in all of these takes a quarter of a second of a core, in each process.
providers._get_local_constants = lambda: providers._local_constants

# The loop that the program is served on; with asyncio's own, a tenth more of a core for what the tests of routes ask.
# pytest-asyncio wants a parameter of each of 15,000 tests instead, and Python 3.14 warns of the only other way.
with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


def pytest_sessionstart(session: pytest.Session) -> None:
    if cache := getattr(session.config, "cache", None):  # none with -p no:cacheprovider
        compiled.keep_in(cache.mkdir("templates"))


@pytest.fixture(scope="session", autouse=True)
def made_once_for_all(tmp_path_factory: pytest.TempPathFactory) -> None:
    if "PYTEST_XDIST_TESTRUNUID" in os.environ:  # then each process has a folder of its own in one of the run
        demo_database.shared = tmp_path_factory.getbasetemp().parent


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is migrated and settled once; each test gets a copy."""
    path = tmp_path_factory.mktemp("settled") / "fadjma.db"
    path.write_bytes(demo_database.once("settled", lambda: _settled(path)))
    return path


def _settled(path: Path) -> bytes:
    clock = Clock()
    migrate(path, clock())
    store = Store(path, clock)
    store.write(settle, passwords._hasher.hash)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path.read_bytes()


@pytest.fixture(scope="session")
def cluster() -> "Iterator[Cluster]":
    """A PostgreSQL of this process's tests; each makes databases of its own."""
    from clusters import Cluster  # psycopg takes a tenth of a second, of every start

    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated(cluster: "Cluster") -> str:
    """The name of a PostgreSQL database without rows, of which others are made; nobody stays connected to it."""
    from fadjma.store.postgresql.migrating import migrate

    name = cluster.create()
    with cluster.connect(name) as connection:
        migrate(connection, MONDAY)
    return name


@pytest.fixture(scope="session")
def settled_on_postgresql(cluster: "Cluster", migrated: str) -> "Iterator[Settled]":
    """A PostgreSQL database that is settled once; each test finds it as it was."""
    from settled import Settled

    settled = Settled(cluster, migrated, lambda store: store.write(settle, passwords._hasher.hash), Clock())
    yield settled
    settled.close()


@pytest.fixture(scope="session")
def on_postgresql(pytestconfig: pytest.Config) -> bool:
    """Whether the actions of this run act on PostgreSQL."""
    return bool(pytestconfig.getoption("store") == "postgresql")


@pytest.fixture(scope="session", autouse=True)
def however_busy(on_postgresql: bool) -> Iterator[None]:
    """Processes that stand still for a while lose no connection; what a clinic waits for is tried without this."""
    with pytest.MonkeyPatch.context() as patch:
        if on_postgresql:
            from fadjma.store.postgresql import connections

            patch.setattr(connections, "_IDLE_SECONDS", 600)
            patch.setattr(connections, "_GRACE_SECONDS", 600.0)
        yield


@pytest.fixture
def database_url(on_postgresql: bool, request: pytest.FixtureRequest) -> str:
    """The address of this test's own database."""
    if not on_postgresql:
        return f"sqlite:///{request.getfixturevalue('path')}"
    settled: Settled = request.getfixturevalue("settled_on_postgresql")
    settled.begin_again()
    return settled.url


@pytest.fixture
def path(settled: Path, tmp_path: Path) -> Path:
    """The file of this test's own database."""
    copy = tmp_path / "fadjma.db"
    shutil.copyfile(settled, copy)
    return copy


@pytest.fixture(scope="session")
def ending(settled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ending]:
    """The settled database once more, for all tests that do nothing to its file but through `store`."""
    path = tmp_path_factory.mktemp("kept") / "fadjma.db"
    shutil.copyfile(settled, path)
    ending = Ending(path)
    yield ending
    ending.close()


@pytest.fixture
def store(request: pytest.FixtureRequest, clock: Clock, on_postgresql: bool) -> Iterator[Store]:
    """The database for synchronous tests. Afterwards it must add up, whatever the test did.

    Who asks for `path` or `database_url` too, or for what needs one, has a file and connections of their own.
    """
    if on_postgresql:
        from settled import KeptPostgreSQLStore

        request.getfixturevalue("database_url")  # begins again
        store: Store = KeptPostgreSQLStore(request.getfixturevalue("settled_on_postgresql"), clock)
    elif {"path", "database_url"} & set(request.fixturenames):
        store = Store(request.getfixturevalue("path"), clock)
    else:
        store = KeptStore(request.getfixturevalue("ending"), clock)
    yield store
    store.check()
    store.close()


@pytest.fixture
async def database(database_url: str, clock: Clock) -> AsyncIterator[Database]:
    """The same database as the program opens it: a listener that is told after the commit."""
    database = at(database_url, clock=clock)
    await database.open()
    yield database
    await database.close()
