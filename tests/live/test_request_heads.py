"""What stands before a request's body may be neither too large nor too slow, and an answered body has an end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from live_people import Clinic
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from fadjma.server import protocol
from fadjma.server.protocol import HEAD_BYTES, Protocol

WITHIN = 10
GET = b"GET /health HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


class Line:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, *pieces: bytes, pause: float = 0.02) -> None:
        """Raises ConnectionError when the server has ended the connection."""
        for piece in pieces:
            if self.writer.transport.is_closing():  # uvloop would call it a RuntimeError
                raise ConnectionResetError
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(pause)

    async def answer(self) -> int:
        """The status of the next answer, whose body is skipped."""
        async with asyncio.timeout(WITHIN):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await self.reader.readexactly(int(length or 0))
            return int(head.split()[1])

    async def closed(self, within: float = WITHIN) -> bool:
        """Whether the server ends the connection, and says nothing more."""
        try:
            async with asyncio.timeout(within):
                return await self.reader.read() == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True


@asynccontextmanager
async def _line(address: str) -> AsyncIterator[Line]:
    host, _, port = address.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body and says how long it was; /wait answers when half a second has gone, /early without the body."""
    length, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    if scope["path"] == "/pieces":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})
        return
    if scope["path"] == "/wait":
        await asyncio.sleep(0.5)
    body = str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def quick(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of a server whose patience is a fifth of a second."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "REST_SECONDS", 1.0)
    config = uvicorn.Config(_app, log_config=None, lifespan="off", ws="none", timeout_keep_alive=60)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.close()
    for connection in list(state.connections):
        connection.transport.close()
    await asyncio.sleep(0)


class TestSize:
    @pytest.mark.parametrize(
        "head",
        [
            [GET + b"X: " + b"x" * HEAD_BYTES + b"\r\n\r\n"],
            [GET, b"X: ", *[b"x" * 5_000] * 7],
            [GET + b"X: 1\r\n" * 8_000 + b"\r\n"],
            [GET, *[b"X: 1\r\n" * 1_000] * 7],
            [b"GET /" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
            [b"GET /" + b"x" * 20_000, b"x" * 20_000],
        ],
        ids=["header", "header in pieces", "headers", "headers in pieces", "address", "address in pieces"],
    )
    async def test_a_head_over_32_kb_is_431_and_the_end(self, clinic: Clinic, head: list[bytes]) -> None:
        async with _line(clinic.address) as line:
            await line.say(*head)
            assert await line.answer() == 431
            assert await line.closed()

    async def test_behind_a_request_that_is_being_answered_it_is_the_end_only(self, quick: str) -> None:
        """Nothing is put into an answer that is under way."""
        async with _line(quick) as line:
            await line.say(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n" + GET + b"X: " + b"x" * HEAD_BYTES + b"\r\n\r\n")
            assert await line.closed()

    async def test_a_kept_connection_is_no_way_round(self, clinic: Clinic) -> None:
        async with _line(clinic.address) as line:
            for _ in range(3):
                await line.say(GET, b"\r\n")
                assert await line.answer() == 200
            await line.say(GET, *[b"X: " + b"x" * 20_000 + b"\r\n"] * 2)
            assert await line.answer() == 431
            assert await line.closed()

    async def test_what_browsers_and_proxies_send_is_taken(self, clinic: Clinic) -> None:
        async with _line(clinic.address) as line:
            for _ in range(3):
                await line.say(GET + b"Cookie: a=" + b"x" * 15_000, b"x" * 15_000 + b"\r\n\r\n")
                assert await line.answer() == 200

    async def test_a_body_is_no_head(self, quick: str) -> None:
        async with _line(quick) as line:
            piece = b"fa0\r\n" + b"x" * 4_000 + b"\r\n"
            await line.say(POST, *[piece] * 20, b"0\r\n\r\n", pause=0.001)
            assert await line.answer() == 200
            await line.say(b"POST /x HTTP/1.1\r\nContent-Length: 90000\r\n\r\n", *[b"x" * 30_000] * 3)
            assert await line.answer() == 200

    async def test_but_its_trailers_are(self, quick: str) -> None:
        async with _line(quick) as line:
            await line.say(POST, b"1\r\nx\r\n0\r\n", *[b"X: " + b"x" * 15_000 + b"\r\n"] * 3, pause=0.01)
            assert await line.closed() or line.reader.at_eof()


class TestTime:
    @pytest.mark.parametrize("said", [b"", b"G", GET, b"\r\n"], ids=["nothing", "a byte", "half", "an empty line"])
    async def test_a_new_connection_that_does_not_ask_is_closed(self, quick: str, said: bytes) -> None:
        async with _line(quick) as line:
            await line.say(said)
            assert await line.closed(2)

    async def test_a_byte_now_and_then_buys_no_time(self, quick: str) -> None:
        async with _line(quick) as line:
            with pytest.raises(ConnectionError):
                await line.say(*[b"GET /", *[b"x"] * 60], pause=0.05)

    @pytest.mark.parametrize("behind", [True, False])
    async def test_so_is_a_kept_one_that_stops_in_the_middle(self, quick: str, behind: bool) -> None:
        async with _line(quick) as line:
            await line.say(*([GET + b"\r\n" + b"GE"] if behind else [GET + b"\r\n", b"GE"]))
            assert await line.answer() == 200
            assert await line.closed(2)

    async def test_one_that_rests_between_requests_is_not(self, quick: str) -> None:
        async with _line(quick) as line:
            for _ in range(3):
                await line.say(GET + b"\r\n")
                assert await line.answer() == 200
                assert not await line.closed(0.4)

    async def test_nor_is_an_answer_or_a_body_that_takes_longer(self, quick: str) -> None:
        async with _line(quick) as line:
            await line.say(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await line.answer() == 200
            await line.say(b"POST /x HTTP/1.1\r\nContent-Length: 8\r\n\r\n", *[b"xx"] * 4, pause=0.15)
            assert await line.answer() == 200


EARLY = b"POST /early HTTP/1.1\r\nHost: x\r\n"


class TestABodyThatHasBeenAnswered:
    """413, 401, 408: the answer is there before the end of the body, which may never come."""

    @pytest.mark.parametrize(
        ("head", "piece"),
        [
            (EARLY + b"Content-Length: 9999999\r\n\r\n", b"x"),
            (EARLY + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        ],
        ids=["of a length", "in chunks"],
    )
    async def test_and_has_no_end_is_cut_however_it_trickles(self, quick: str, head: bytes, piece: bytes) -> None:
        async with _line(quick) as line:
            await line.say(head)
            assert await line.answer() == 200
            with pytest.raises(ConnectionError):
                await line.say(*[piece] * 60, pause=0.05)

    async def test_and_stops_coming_is_cut(self, quick: str) -> None:
        async with _line(quick) as line:
            await line.say(EARLY + b"Content-Length: 9\r\n\r\n", b"xx")
            assert await line.answer() == 200
            assert await line.closed()

    async def test_and_comes_to_its_end_leaves_a_connection_to_go_on_with(self, quick: str) -> None:
        async with _line(quick) as line:
            for _ in range(2):
                await line.say(EARLY + b"Content-Length: 9\r\n\r\n", b"xxxx")
                assert await line.answer() == 200
                await line.say(b"xxxxx")
            assert not await line.closed(0.5)
            await line.say(EARLY + b"Content-Length: 1\r\n\r\n", b"x" + GET + b"\r\n")
            assert [await line.answer(), await line.answer()] == [200, 200]

    @pytest.mark.parametrize("first", [b"POST /early HTTP/1.1\r\nConnection: close\r\n", b"POST /early HTTP/1.0\r\n"])
    async def test_where_the_connection_ends_with_it_ends_when_the_rest_has_come(
        self, quick: str, first: bytes
    ) -> None:
        """nginx asks so. Closed at once, the kernel would take the answer back, from whoever still sends."""
        async with _line(quick) as line:
            await line.say(first + b"Host: x\r\nContent-Length: 900000\r\n\r\n", pause=0.1)
            await line.say(*[bytes(100_000)] * 9, pause=0)
            assert await line.answer() == 200
            assert await line.closed()

    async def test_where_it_ends_with_it_nothing_is_waited_for_longer(self, quick: str) -> None:
        async with _line(quick) as line:
            await line.say(EARLY + b"Connection: close\r\nContent-Length: 9999999\r\n\r\n")
            assert await line.answer() == 200
            assert await line.closed()

    async def test_of_the_program_itself_ends_too(self, clinic: Clinic) -> None:
        async with _line(clinic.address) as line:
            await line.say(b"POST /api/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            await line.say(b"Content-Length: 70000\r\n\r\n")
            assert await line.answer() == 413
            with pytest.raises(ConnectionError):
                await line.say(*[b"x"] * 100, pause=0.1)


class TestHttp10:
    """It knows no chunks; nginx asks its upstream so unless it is told otherwise."""

    async def test_a_stream_has_no_chunk_sizes_between_its_events(self, clinic: Clinic) -> None:
        awa, diop = clinic.patient(), clinic.doctor()
        headers = "".join(f"{name}: {value}\r\n" for name, value in awa.session.bearer.items())
        async with _line(clinic.address) as line:
            await line.say(f"GET /api/events HTTP/1.0\r\n{headers}\r\n".encode())
            async with asyncio.timeout(WITHIN):
                head = await line.reader.readuntil(b"\r\n\r\n")
                assert b"chunked" not in head.lower() and b"connection: close" in head.lower()
                hello = await line.reader.readuntil(b"\n\n")
                assert hello.startswith(b"retry: ") and b"event: hello" in hello
                await clinic.ask(diop, awa)
                event = await line.reader.readuntil(b"\n\n")
                assert event.startswith(b"id: 1\nevent: new_access_request\n")

    async def test_an_answer_without_a_length_ends_with_the_connection(self, quick: str) -> None:
        async with _line(quick) as line:
            await line.say(b"GET /pieces HTTP/1.0\r\n\r\n")
            async with asyncio.timeout(WITHIN):
                head, _, body = (await line.reader.read()).partition(b"\r\n\r\n")
            assert b"chunked" not in head and body == b"onetwo"

    @pytest.mark.parametrize("method", [b"GET", b"HEAD"])
    async def test_one_with_a_length_is_as_ever(self, quick: str, method: bytes) -> None:
        async with _line(quick) as line:
            await line.say(method + b" / HTTP/1.0\r\n\r\n")
            async with asyncio.timeout(WITHIN):
                head, _, body = (await line.reader.read()).partition(b"\r\n\r\n")
            assert b"content-length: 1" in head and body == (b"0" if method == b"GET" else b"")


def test_a_connection_remembers_no_more_than_two_fields_for_this() -> None:
    assert Protocol.__basicsize__ - HttpToolsProtocol.__basicsize__ <= 16
