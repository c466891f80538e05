"""What we use of other people's packages that they have promised nobody: of each, in one or two files of ours.

When an upgrade moves something, a test here says what, and which file stands on it.
"""

import ast
import asyncio
import inspect
import sqlite3
import textwrap
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

import fadjma
from fadjma.live import links, wire
from fadjma.server.protocol import Protocol
from fadjma.store.sqlite.connections import Connection

SOURCES = Path(fadjma.__file__).parent
REQUEST = b"GET / HTTP/1.1\r\nhost: fadjma\r\n\r\n"
USED = {
    "live/wire.py": {
        RequestResponseCycle: "chunked_encoding disconnected flow message_event more_body send transport",
        FlowControl: "write_paused",
    },
    "server/protocol.py": {
        HttpToolsProtocol: "connection_lost connection_made connections cycle data_received flow headers loop on_body "
        "on_headers_complete on_message_begin on_message_complete parser pipeline scope send_400_response server_state "
        "transport url",
        RequestResponseCycle: "response_complete",
        FlowControl: "read_paused resume_reading write_paused",
        ServerState: "default_headers",
    },
    "server/serving.py": {uvicorn.Server: "config handle_exit servers started startup"},
    "store/sqlite/connections.py": {aiosqlite.Connection: "_conn _execute _tx"},
}


@contextmanager
def standing_on(package: str, what: str, file: str) -> Iterator[None]:
    """Whatever fails inside, it is because the package has changed."""
    try:
        yield
    except Exception as error:
        raise AssertionError(moved(package, what, file)) from error


def moved(package: str, what: str, file: str) -> str:
    return f"{package} {version(package)} has moved {what}: fadjma/{file} stands on it"


@pytest.mark.parametrize(
    ("file", "kind", "name"),
    [(file, kind, name) for file, kinds in USED.items() for kind, names in kinds.items() for name in names.split()],
)
def test_what_a_file_stands_on_is_there(file: str, kind: type, name: str) -> None:
    package = kind.__module__.partition(".")[0]
    assert name in members(kind), moved(package, f"{kind.__name__}.{name}", file)


def members(kind: type) -> set[str]:
    """What objects of a class have: what stands in it, and what its methods give them."""
    source = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    given = (node for node in ast.walk(source) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return {node.attr for node in given} | set(dir(kind))


@pytest.mark.parametrize(
    ("package", "files"),
    [("uvicorn.protocols", {"live/wire.py", "server/protocol.py"}), ("aiosqlite", {"store/sqlite/connections.py"})],
)
def test_no_other_file_stands_on_it(package: str, files: set[str]) -> None:
    assert {str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*.py") if package in imports(path)} == files


def imports(path: Path) -> str:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


# --- uvicorn ------------------------------------------------------------------------------------------------


class Transport(asyncio.Transport):
    """Takes down what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False
        self.protocol: Any = None

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def close(self) -> None:
        self.aborted = True


class Connected:
    """One request on a connection of ours, up to a response that has begun."""

    def __init__(self) -> None:
        self.transport = Transport()
        self.state = ServerState()
        self.send: Callable[[dict[str, Any]], Awaitable[None]] | None = None
        self.heard: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        self.send = send
        while not self.heard or self.heard[-1] != "http.disconnect":
            self.heard.append((await receive())["type"])


@pytest.fixture
async def connected() -> Connected:
    app = Connected()
    with standing_on("uvicorn", "how a connection is made and its requests are answered", "server/protocol.py"):
        protocol = Protocol(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"), app.state, {})
        app.transport.set_protocol(protocol)
        protocol.connection_made(app.transport)
        protocol.data_received(REQUEST)
        while app.send is None:  # noqa: ASYNC110 - the server's own task
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    return app


async def test_a_part_is_written_as_uvicorn_would_write_it(connected: Connected) -> None:
    part, written = b"event: x\n\n", connected.transport.written
    with standing_on("uvicorn", "how it writes a part of a response", "live/links.py"):
        await connected.send({"type": "http.response.body", "body": part, "more_body": True})  # type: ignore[misc]
        theirs = written[-1]
        parked = links.park(connected.send, lambda error: None)  # type: ignore[arg-type]
        assert parked, "`send` is no method of a RequestResponseCycle any more"
        assert parked.write(part) and written[-1] == theirs
        await parked.send(part, last=True)
        assert written[-1] == b"0\r\n\r\n" and connected.transport.aborted


async def test_a_parked_connection_is_not_uvicorns_any_more(connected: Connected) -> None:
    """But it is among those that are cut when the server stops, and waited for."""
    transport, state = connected.transport, connected.state
    with standing_on("uvicorn", "what it keeps of a connection", "server/protocol.py"):
        parked = links.park(connected.send, lambda error: None)  # type: ignore[arg-type]
        assert parked and transport.get_protocol() is parked
        assert state.connections == {parked} and parked.transport is transport
        wire.cycle_of(connected.send).message_event.set()  # type: ignore[arg-type, union-attr]  # its request may end
        while state.tasks:  # noqa: ASYNC110 - the server's own task
            await asyncio.sleep(0)
        assert not transport.aborted, "to uvicorn the answer was not complete: it has ended the connection"
        parked.shutdown()
        assert not transport.aborted


async def test_a_client_that_was_behind_is_waited_for_when_it_is_parked(connected: Connected) -> None:
    with standing_on("uvicorn", "how it says that the link is full", "server/protocol.py"):
        connected.transport.get_protocol().pause_writing()  # type: ignore[attr-defined]
        parked = links.park(connected.send, lambda error: None)  # type: ignore[arg-type]
        assert parked and not parked.write(b"event: x\n\n")
        parked.resume_writing()
        assert parked.write(b"event: x\n\n")


async def test_whoever_has_gone_is_not_parked(connected: Connected) -> None:
    with standing_on("uvicorn", "how a request hears that its client has gone", "live/wire.py"):
        connected.transport.get_protocol().connection_lost(None)
        assert links.park(connected.send, lambda error: None) is None  # type: ignore[arg-type]
    await asyncio.sleep(0)


async def test_a_cut_ends_the_stream_at_once(connected: Connected) -> None:
    with standing_on("uvicorn", "how a request hears that its client has gone", "live/wire.py"):
        wire.abort(connected.send)()  # type: ignore[arg-type]
        for _ in range(5):
            await asyncio.sleep(0)
        assert connected.heard[-1] == "http.disconnect"
        assert connected.transport.aborted and wire.is_gone(wire.cycle_of(connected.send))  # type: ignore[arg-type]


def test_a_head_that_is_too_large_can_be_said_so() -> None:
    with standing_on("uvicorn", "STATUS_LINE", "server/protocol.py"):
        assert STATUS_LINE[431].startswith(b"HTTP/1.1 431 ")


# --- aiosqlite ----------------------------------------------------------------------------------------------


async def test_a_whole_function_runs_on_the_thread_of_its_connection() -> None:
    done: list[str] = []
    with standing_on("aiosqlite", "how a function gets to a connection's thread", "store/sqlite/connections.py"):
        connection = await Connection(lambda: sqlite3.connect(":memory:"), iter_chunk_size=64)
        try:
            own = await connection.run(lambda raw: (raw, threading.get_ident()))
            connection.post(lambda: done.append("posted"))
            connection.post(lambda: done.append(f"on {threading.get_ident()}"))
            await connection.run(lambda raw: done.append("after"))
        finally:
            await connection.close()
        raw, thread = own
        assert isinstance(raw, sqlite3.Connection) and thread != threading.get_ident()
        assert done == ["posted", f"on {thread}", "after"]


async def test_the_connection_itself_can_be_reached() -> None:
    with standing_on("aiosqlite", "the connection under its own", "store/sqlite/connections.py"):
        connection = await Connection(lambda: sqlite3.connect(":memory:"), iter_chunk_size=64)
        try:
            assert connection.raw is await connection.run(lambda raw: raw)
        finally:
            await connection.close()


async def test_what_a_function_raises_comes_back() -> None:
    with standing_on("aiosqlite", "how a function's error comes back", "store/sqlite/connections.py"):
        connection = await Connection(lambda: sqlite3.connect(":memory:"), iter_chunk_size=64)
        try:
            with pytest.raises(ZeroDivisionError):
                await connection.run(lambda raw: 1 // 0)
        finally:
            await connection.close()


def test_a_moved_part_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_private_parts.members", lambda kind: set())
    with pytest.raises(AssertionError, match=r"aiosqlite [\d.]+ has moved Connection\._tx: fadjma/store/sqlite/conn"):
        test_what_a_file_stands_on_is_there("store/sqlite/connections.py", aiosqlite.Connection, "_tx")
