"""Fixtures that every test may use: a fresh migrated database in which the cast has settled, and a clock to set."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import compiled
import demo_database
import pytest
from batches import pytest_xdist_make_scheduler  # noqa: F401 - its hook is ours
from cast import settle
from ending import Ending, KeptStore
from hypothesis import settings
from side_by_side import (  # noqa: F401 - its hooks are ours
    pytest_addoption,
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_itemcollected,
    pytest_runtest_protocol,
)
from store import Clock, Store

from fadjma.identity import passwords
from fadjma.store import Database
from fadjma.store.migrating import migrate

# The same examples every time, kept nowhere, and never slower than somebody's machine: a red test is a change of ours.
settings.register_profile("fadjma", database=None, deadline=None, derandomize=True)
settings.register_profile("long", database=None, deadline=None, max_examples=5_000, stateful_step_count=100)
settings.load_profile("fadjma")


@pytest.fixture(scope="session", autouse=True)
def made_once_for_all(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> None:
    if cache := getattr(pytestconfig, "cache", None):  # none with -p no:cacheprovider
        compiled.keep_in(cache.mkdir("templates"))
    if "PYTEST_XDIST_TESTRUNUID" in os.environ:  # then each process has a folder of its own in one of the run
        demo_database.shared = tmp_path_factory.getbasetemp().parent


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is migrated and settled once; each test gets a copy."""
    path = tmp_path_factory.mktemp("settled") / "fadjma.db"
    clock = Clock()
    migrate(path, clock())
    store = Store(path, clock)
    store.write(settle, passwords._hasher.hash)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


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
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """The database for synchronous tests. Afterwards it must add up, whatever the test did.

    Who asks for `path` too, or for what needs it, has a file and connections of their own.
    """
    if "path" in request.fixturenames:
        store = Store(request.getfixturevalue("path"), clock)
    else:
        store = KeptStore(request.getfixturevalue("ending"), clock)
    yield store
    store.check()
    store.close()


@pytest.fixture
async def database(path: Path, clock: Clock) -> AsyncIterator[Database]:
    """The same database as the program opens it: one writer, readers, a listener that is told after the commit."""
    database = Database(f"sqlite:///{path}", clock=clock)
    await database.open()
    yield database
    await database.close()
