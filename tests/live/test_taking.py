"""Who does not take what was written before gets nothing more on that connection, and is not waited for for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart, Response
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from fadjma.live import wire
from fadjma.server import requests


class Transport:
    """Knows whether it was cut."""

    cut = False

    def abort(self) -> None:
        self.cut = True

    def is_closing(self) -> bool:
        return self.cut


@pytest.fixture
def cycle() -> Any:
    made: Any = object.__new__(RequestResponseCycle)  # as uvicorn makes one for each request
    made.transport = Transport()
    made.flow = FlowControl(made.transport)
    made.disconnected = False
    made.message_event = asyncio.Event()
    return made


async def test_whoever_has_taken_all_is_not_waited_for(cycle: Any) -> None:
    assert await wire.has_taken_all(cycle.send, 0)
    assert not cycle.transport.cut


async def test_another_server_looks_after_that_itself() -> None:
    async def send(_message: object) -> None: ...

    assert await wire.has_taken_all(send, 0)


async def test_whoever_takes_it_in_time_goes_on(cycle: Any) -> None:
    cycle.flow.pause_writing()
    waiting = asyncio.create_task(wire.has_taken_all(cycle.send, 60))
    await asyncio.sleep(0)
    assert not waiting.done()
    cycle.flow.resume_writing()
    assert await waiting
    assert not cycle.transport.cut


async def test_whoever_does_not_is_cut(cycle: Any) -> None:
    cycle.flow.pause_writing()
    assert not await wire.has_taken_all(cycle.send, 0.01)
    assert cycle.transport.cut and cycle.disconnected


@pytest.mark.parametrize("why", ["gone", "stalled"])
async def test_a_long_answer_is_not_read_on_for_whoever_has_gone_or_takes_nothing(
    cycle: Any, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """It has no time as a whole: a slow link takes as long as it takes."""
    monkeypatch.setattr(requests, "_PIECE", 0.01)
    read: list[int] = []

    async def send(self: object, message: object) -> None:
        if len(read) == 2:
            cycle.transport.abort() if why == "gone" else cycle.flow.pause_writing()

    async def pieces() -> AsyncIterator[str]:
        for number in range(1, 100):
            read.append(number)
            yield "piece"

    monkeypatch.setattr(RequestResponseCycle, "send", send)
    answer = Response(pieces())
    answer.timeout = None
    scope: Any = {"type": "http", "headers": []}
    with pytest.raises(TimeoutError):  # Quart ends the answer with it
        await requests.Connection(Quart("x"), scope)._send_response(cycle.send, answer)
    assert read == [1, 2, 3]
    assert cycle.transport.cut


class Written(Transport):
    """Takes down what is written, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.pieces.append(b"closed")


def _answering(transport: Transport, *, keep_alive: bool = True, method: str = "GET") -> RequestResponseCycle:
    """As uvicorn makes one for each request; `on_response` writes that it was called."""
    return RequestResponseCycle(
        scope={"method": method},  # type: ignore[arg-type, typeddict-item]
        transport=transport,  # type: ignore[arg-type]
        flow=FlowControl(transport),  # type: ignore[arg-type]
        logger=None,  # type: ignore[arg-type]
        access_logger=None,  # type: ignore[arg-type]
        access_log=False,
        default_headers=[],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_head_and_body_of_a_short_answer_leave_together(*, keep_alive: bool) -> None:
    transport = Written()
    cycle = _answering(transport, keep_alive=keep_alive)
    answer = Response("corps", headers={"x-a": "b"})
    answer.timeout = None
    scope: Any = {"type": "http", "headers": []}
    await requests.Connection(Quart("x"), scope)._send_response(cycle.send, answer)
    head, _, body = transport.pieces[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\nx-a: b" in head and body == b"corps"
    assert transport.pieces[1:] == ([] if keep_alive else [b"closed"])
    assert cycle.response_complete and cycle.transport is transport


async def test_an_answer_that_cannot_be_sent_whole_is_not_begun() -> None:
    transport = Written()
    cycle = _answering(transport)
    answer = Response("corps")
    answer.headers["content-length"] = "9"
    answer.timeout = None
    scope: Any = {"type": "http", "headers": []}
    with pytest.raises(RuntimeError, match="shorter"):
        await requests.Connection(Quart("x"), scope)._send_response(cycle.send, answer)
    assert not transport.pieces and cycle.transport is transport
