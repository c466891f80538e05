"""One server for all tests that leave it running, and a server of one's own for those that stop it."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from live_people import Clinic, Idle
from live_server import Server

_IDLE = re.compile("idle")  # how the names of such fixtures begin


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.close()
    assert "Traceback" not in server.log, server.log


@pytest.fixture
async def clinic(running: Server, idle: Idle, idle_silent: Idle) -> AsyncIterator[Clinic]:
    """The shared server. What a test adds to its log must not be a failure."""
    before = len(running.log)
    async with Clinic(running) as clinic:
        yield clinic
    said = running.log[before:]
    assert "Traceback" not in said and " ERROR " not in said, said


@pytest.fixture
async def own_clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    """A server that this test may stop, kill and start again."""
    server = Server(tmp_path)
    server.start()
    try:
        async with Clinic(server) as clinic:
            yield clinic
            clinic.store.check()
    finally:
        server.close()
    assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="session")
def idle(running: Server) -> Iterator[Idle]:
    idle = Idle(running)
    yield idle
    idle.socket.close()


@pytest.fixture(scope="session")
def idle_silent(running: Server) -> Iterator[Idle]:
    """A client that took the beginning and then nothing more, so little that it fits into the kernel's buffers."""
    silent = Idle(running, unwilling=True)
    yield silent
    silent.socket.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever waits on an idle stream goes last among the tests of this folder."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    waiting = [item for item in here if any(map(_IDLE.match, getattr(item, "_fixtureinfo").argnames))]  # noqa: B009
    if waiting:
        last = items.index(here[-1])
        items[:] = [
            *(item for item in items[: last + 1] if item not in waiting),
            *waiting,
            *items[last + 1 :],
        ]
