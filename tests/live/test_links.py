"""A connection that is taken from uvicorn once its stream has begun."""

import asyncio
from typing import Any

import pytest

from fadjma.live.links import Parked


class Transport:
    """Takes down what is written, and how it ended."""

    def __init__(self) -> None:
        self.written = b""
        self.end = ""

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"

    def is_closing(self) -> bool:
        return bool(self.end)


class Line:
    """A parked connection, its transport, and what it said when it ended."""

    def __init__(self, *, chunked: bool = True) -> None:
        self.transport: Any = Transport()
        self.said: list[Exception | None] = []
        self.connections: set[Any] = set()
        self.parked = Parked(self.transport, self.connections, self.said.append, chunked=chunked)


@pytest.fixture
def line() -> Line:
    return Line()


async def _wait_a_turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_what_is_written_is_a_chunk(line: Line) -> None:
    assert line.parked.write(b"event: x\n\n")
    assert line.transport.written == b"a\r\nevent: x\n\n\r\n"


async def test_http_1_0_knows_no_chunks() -> None:
    line = Line(chunked=False)
    line.parked.write(b"event: x\n\n")
    await line.parked.send(b"event: bye\n\n", last=True)
    assert (line.transport.written, line.transport.end) == (b"event: x\n\nevent: bye\n\n", "closed")


async def test_the_last_of_a_stream_is_the_last_of_its_connection(line: Line) -> None:
    await line.parked.send(b"bye", last=True)
    assert (line.transport.written, line.transport.end) == (b"3\r\nbye\r\n0\r\n\r\n", "closed")


async def test_a_client_that_is_behind_is_waited_for(line: Line) -> None:
    line.parked.pause_writing()
    assert not line.parked.write(b"a")
    sending = [asyncio.create_task(line.parked.send(body)) for body in (b"a", b"b")]
    await _wait_a_turn()
    assert not line.transport.written
    line.parked.resume_writing()
    await asyncio.gather(*sending)
    assert line.transport.written == b"1\r\na\r\n1\r\nb\r\n"
    assert line.parked.write(b"c")


async def test_whoever_gives_up_waiting_leaves_the_others_waiting(line: Line) -> None:
    line.parked.pause_writing()
    first, second = (asyncio.create_task(line.parked.send(body)) for body in (b"a", b"b"))
    await _wait_a_turn()
    first.cancel()
    await _wait_a_turn()
    assert not second.done()
    line.parked.resume_writing()
    await second
    assert line.transport.written == b"1\r\nb\r\n"


@pytest.mark.parametrize("error", [None, TimeoutError()])
async def test_whoever_has_gone_is_said_to_have_gone_once(line: Line, error: Exception | None) -> None:
    """And nobody waits for them; with a TimeoutError it is the kernel that gave them up."""
    line.parked.pause_writing()
    sending = asyncio.create_task(line.parked.send(b"a"))
    await _wait_a_turn()
    line.parked.connection_lost(error)
    await sending
    assert line.said == [error] and not line.transport.written
    assert not line.connections, "the server would wait for it when it stops"
    assert not line.parked.write(b"b")
    line.parked.connection_lost(None)
    assert line.said == [error]


def test_what_is_cut_is_not_written_to_its_end(line: Line) -> None:
    assert not line.parked.is_closed
    line.parked.cut()
    assert line.transport.end == "aborted" and line.parked.is_closed
