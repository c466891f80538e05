"""Streams come and go all day: nothing of them stays. FADJMA_CYCLES says how many, with a socket and without."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cast import AWA, DIOP, secret_of
from crowd import Crowd, greeted
from event_stream import WITHIN
from live_people import Clinic, Session, until
from live_server import SECRET_KEY
from quart import Quart

from fadjma import create_app, events
from fadjma.config import Settings
from fadjma.events import Subject
from fadjma.live.hub import Hub
from fadjma.live.streams import Stream
from fadjma.store import Transaction

CYCLES = int(os.environ.get("FADJMA_CYCLES", "1000"))
AT_ONCE = 50  # of ten people: fewer than the streams that one person may have


class Client:
    """One request straight to the ASGI app, without a socket: the client goes when it likes."""

    def __init__(self, app: Quart, path: str, headers: dict[str, str]) -> None:
        self.status = 0
        self.body = b""
        self._gone = asyncio.Event()
        scope = {
            "type": "http",
            "scheme": "http",
            "method": "GET",
            "path": path,
            "query_string": b"after=0",
            "headers": [
                (b"host", b"localhost"),
                *((name.lower().encode(), value.encode()) for name, value in headers.items()),
            ],
        }
        self._task = asyncio.create_task(app.asgi_app(scope, self._receive, self._send))  # type: ignore[arg-type]

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")

    async def leave(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, WITHIN)

    async def cut(self) -> None:
        """The server itself cancels the request."""
        self._task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._task


@pytest.fixture
async def app(path: Path) -> AsyncIterator[Quart]:
    """The whole application, without a server; the cast is settled."""
    app = create_app(Settings(database_url=f"sqlite:///{path}", secret_key=SECRET_KEY, demo=True))
    await app.startup()
    yield app
    await app.shutdown()


async def test_streams_leave_no_task_and_no_object(app: Quart) -> None:
    hub: Hub = app.extensions["hub"]
    database = app.extensions["database"]
    cookies = [await _signed_in(app, person) for person in (AWA.id, DIOP.id)]
    rng = Random(7)

    def notify(tx: Transaction) -> None:
        events.notify(tx, [AWA.id, DIOP.id], "notification", None, Subject("record", "thing"))

    async def visit(number: int) -> None:
        path = "/events" if number % 2 else "/api/events"
        client = Client(app, path, cookies[number % 2])
        await asyncio.sleep(rng.random() * 0.01)
        if number % 5 == 0:
            await database.write(notify)
        await (client.cut() if number % 7 == 0 else client.leave())

    async def visits(count: int) -> None:
        for first in range(0, count, 10):  # fewer than the streams that one person may have
            await asyncio.gather(*(visit(number) for number in range(first, first + 10)))
        await until(lambda: not hub._tasks)
        await hub._sweep(0)  # which forgets who has left

    await visits(20)
    tasks, sizes, streams = asyncio.all_tasks(), _sizes(hub), _streams()
    await visits(CYCLES)
    assert asyncio.all_tasks() == tasks
    assert _sizes(hub) == sizes and len(hub.streams) == 0
    assert _streams() <= streams


async def test_stopping_with_streams_open_leaves_no_task(path: Path) -> None:
    before = asyncio.all_tasks()
    app = create_app(Settings(database_url=f"sqlite:///{path}", secret_key=SECRET_KEY, demo=True))
    await app.startup()
    cookies = [await _signed_in(app, person) for person in (AWA.id, DIOP.id)]
    clients = [Client(app, path, headers) for path in ("/events", "/api/events") for headers in cookies * 5]
    hub: Hub = app.extensions["hub"]
    await until(lambda: hub.figures.opened_streams == len(clients))
    hub.restart()  # what the signal does
    await app.shutdown()
    for client in clients:
        assert client.body.endswith(b"event: bye\ndata: restarting\n\n")
        await client.leave()
    assert asyncio.all_tasks() == before


def _sizes(hub: Hub) -> dict[str, int]:
    """How much the hub holds, whatever it is called; its figures keep a bounded history of their own."""
    return {name: len(value) for name, value in vars(hub).items() if hasattr(value, "__len__")}


def _streams() -> int:
    gc.collect()
    return sum(isinstance(found, Stream) for found in gc.get_objects())


async def _signed_in(app: Quart, person: str) -> dict[str, str]:
    """The cast's sessions began on the test's Monday; here time is real."""
    sql = "UPDATE sessions SET last_active_at = :now, expires_at = :now + 3600000 WHERE user_id = :id"
    await app.extensions["database"].write(lambda tx: tx.execute(sql, {"now": tx.now, "id": person}))
    return Session(person, secret_of(person)).cookie


async def test_connections_leave_no_memory_and_no_socket(clinic: Clinic) -> None:
    people = [clinic.patient() for _ in range(10)]

    def visits(count: int) -> None:
        with Crowd(clinic.server.address) as crowd:
            for _ in range(count // AT_ONCE):
                for one in people * (AT_ONCE // len(people)):
                    crowd.ask("/events?after=0", one.session.cookie)
                crowd.read(greeted, 30)
                crowd.leave()  # reset, not politely closed

    await clinic.events(clinic.doctor(), people[0], 4)
    await asyncio.to_thread(visits, 500)
    await asyncio.sleep(0.1)
    sockets, memory = clinic.server.descriptors(), clinic.server.memory()
    await asyncio.to_thread(visits, CYCLES)
    await until(lambda: clinic.server.descriptors() <= sockets)
    grown = clinic.server.memory() - memory
    # A stream is about 10 KB; the allocator keeps a few MB more or less whatever happens.
    assert grown < 2_000 + CYCLES, f"{grown} KB more after {CYCLES} streams"
