"""The hub with wires that a test can block and break, and the app around one."""

import asyncio
from typing import Any

from cast import secret_of
from quart import Quart
from werkzeug.datastructures import Headers

from fadjma import events
from fadjma.events import Announcement, Subject
from fadjma.identity import credentials
from fadjma.identity.people import Viewer
from fadjma.live.figures import Figures
from fadjma.live.hub import Hub
from fadjma.live.links import Asgi
from fadjma.live.streams import Stream
from fadjma.monitoring.history import History
from fadjma.monitoring.metrics import registry
from fadjma.store import Announced, Database, Transaction

SECRET_KEY = "the secret key of these tests, long enough"
TOLD = Subject("record", "thing")


class Seconds:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Wire:
    """The server's end of a connection: waits while the link is full, raises once it is broken."""

    def __init__(self) -> None:
        self.sent = b""
        self.broken: Exception | None = None
        self.aborted = False
        self.flows = asyncio.Event()
        self.flows.set()

    async def send(self, message: dict[str, Any]) -> None:
        if not self.flows.is_set():
            await self.flows.wait()
        if self.broken:
            raise self.broken
        self.sent += message.get("body", b"")

    def abort(self) -> None:
        self.aborted = True
        self.flows.set()


class House:
    """The hub with a clock to set, its database, and who listens."""

    def __init__(self, database: Database, seconds: Seconds) -> None:
        self.database = database
        self.seconds = seconds
        self.hub = Hub(database)
        self.hub.figures = Figures(seconds)
        database.listener = self.hub.tell

    @property
    def figures(self) -> Figures:
        return self.hub.figures

    def listen(
        self, viewer: Viewer, encoding: Any = "json", *, after: int = 0, level: int | None = None
    ) -> tuple[Stream, Wire]:
        """A stream as the endpoint opens it; without `level` it is level already."""
        wire = Wire()
        stream = Stream(viewer, Asgi(wire.send, wire.abort), encoding, after)
        self.hub.add(stream)
        self.hub.catch_up(stream, after if level is None else level)
        return stream, wire

    def announce(self, people: dict[str, int], *, committed_at: float) -> None:
        """What the database tells after a commit at that time: each person with the seq of their event."""
        announced = Announced([Announcement("notification", None, TOLD, self.database.clock(), people)])
        announced.committed_at = committed_at
        self.hub.tell(announced)

    async def notify(self, *people: Viewer, times: int = 1) -> None:
        """Transactions that tell these people."""

        def notify(tx: Transaction) -> None:
            events.notify(tx, [person.id for person in people], "notification", None, TOLD)

        for _ in range(times):
            await self.database.write(notify)
            await asyncio.sleep(0)

    async def quiet(self) -> None:
        """Wait until the hub has nothing left to do."""
        async with asyncio.timeout(20):
            while self.hub._tasks or self.hub.delivering:  # noqa: ASYNC110
                await asyncio.sleep(0.001)


class Site(House):
    """The app around a hub of which the clock is set; its background tasks are not started."""

    def __init__(self, app: Quart, seconds: Seconds) -> None:
        super().__init__(app.extensions["database"], seconds)
        self.app = app
        app.asgi_app.app._hub = self.hub  # type: ignore[attr-defined]
        self.history = History(self.hub, self.database)
        app.extensions.update(
            hub=self.hub,
            history=self.history,
            metrics=registry(self.hub, self.database, app.extensions["keeper"], app.extensions["prescribing"]),
        )

    async def get(
        self, path: str, person: Viewer | None = None, *, address: str = "10.0.0.1", http: str = "1.1", **headers: str
    ) -> Any:
        """One request; header names are given with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if person:
            sent["Cookie"] = self.cookie(person)
        response = await self.app.test_client().get(
            path, headers=Headers(sent), scope_base={"client": (address, 40_000), "http_version": http}
        )
        response.body = (await response.get_data(as_text=False)).decode()
        return response

    def cookie(self, person: Viewer) -> str:
        return f"{credentials.COOKIE}={credentials.cookies.dump_token(secret_of(person.id), self.app)}"

    async def stream(self, person: Viewer, *, path: str = "/events") -> tuple[Wire, asyncio.Event, asyncio.Task[None]]:
        """A stream by HTTP, as far as uvicorn: its wire, what ends it from the other side, and its task."""
        wire, left = Wire(), asyncio.Event()

        async def receive() -> dict[str, str]:
            await left.wait()
            return {"type": "http.disconnect"}

        headers = [(b"cookie", self.cookie(person).encode())]
        scope = {
            "type": "http",
            "scheme": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"host", b"localhost"), *headers],
        }
        task = asyncio.create_task(self.app(scope, receive, wire.send))  # type: ignore[arg-type]
        async with asyncio.timeout(20):
            while not self.hub.streams.of_user(person.id):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        return wire, left, task
