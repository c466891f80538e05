"""One server for all tests that leave it running, and a server of one's own for those that stop it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from live_people import READ_TIMEOUT, Clinic, Idle
from live_server import Server
from nginx import Nginx, as_it_is


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.close()
    assert "Traceback" not in server.log, server.log


@pytest.fixture
async def clinic(running: Server, idle: Idle, idle_silent: Idle, idle_behind_nginx: Idle) -> AsyncIterator[Clinic]:
    """The shared server, on which the idle streams are open. What a test adds to its log must not be a failure."""
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


@pytest.fixture(scope="session")
def idle_behind_nginx(running: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idle]:
    """Nothing happens on it, behind an nginx that gives a silent stream up after READ_TIMEOUT seconds."""
    bare = as_it_is(running.address).replace("}", f"proxy_read_timeout {READ_TIMEOUT}s; }}")
    with Nginx(tmp_path_factory.mktemp("idle"), bare) as nginx:
        idle = Idle(running, nginx.address)
        yield idle
        idle.socket.close()
