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
