"""The connection of an open stream: as ASGI has it under any server, and its bare transport under ours.

For a request that is answered for hours uvicorn would keep all that it took to read it and to write its head: a parser
with its callbacks, the scope, three queues, a task with its coroutines, most of what a stream took
(benchmarks/README.md). So once a stream has begun, its connection is taken from uvicorn's protocol and given to an
object of six fields. It ends with the stream, as the head has said.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, runtime_checkable

from fadjma.live import wire

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
Left = Callable[[Exception | None], None]


class Link(ABC):
    """What the hub writes a stream to."""

    __slots__ = ()

    @abstractmethod
    def write(self, body: bytes) -> bool:
        """Write without waiting; False where it has to be left to `send`."""

    @abstractmethod
    async def send(self, body: bytes, *, last: bool = False) -> None:
        """Write as soon as the client has taken enough of what was written before."""

    @abstractmethod
    def cut(self) -> None:
        """End the connection at once, whatever is still to be written."""

    @property
    @abstractmethod
    def is_closed(self) -> bool:
        """Whether it is known to be closed: then it is no wonder that nothing can be written."""


class Asgi(Link):
    """A connection of whatever server."""

    __slots__ = ("_abort", "_send")

    def __init__(self, send: Send, abort: Callable[[], None]) -> None:
        self._send = send
        self._abort = abort

    def write(self, body: bytes) -> bool:
        return False

    async def send(self, body: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    def cut(self) -> None:
        self._abort()

    @property
    def is_closed(self) -> bool:
        return False


class Parked(Link, asyncio.Protocol):
    """A connection on which nothing but a stream is written any more, to its end. What comes on it is not looked at."""

    __slots__ = ("_among", "_chunked", "_full", "_left", "is_gone", "transport")

    def __init__(self, transport: asyncio.Transport, among: set[Any], left: Left, *, chunked: bool) -> None:
        """Is `among` the server's connections until it ends; then `left` is called, with what it broke of, if anything.

        Without `chunked` the answer has no other end than the connection's (HTTP/1.0).
        """
        self.transport = transport  # uvicorn's server cuts it by this name when it stops
        self._among = among
        among.add(self)
        self.is_gone = False
        self._left: Left | None = left
        self._chunked = chunked
        self._full: asyncio.Event | None = None  # while the client does not take what is written: until it has room

    # What the hub does ----------------------------------------------------------------------------------------

    def write(self, body: bytes) -> bool:
        if self._full or self.is_gone:
            return False
        self.transport.write(b"%x\r\n%b\r\n" % (len(body), body) if self._chunked else body)
        return True

    async def send(self, body: bytes, *, last: bool = False) -> None:
        while self._full and not self.is_gone:
            await self._full.wait()
        if self.is_gone:
            return
        self.write(body)
        if last:
            if self._chunked:
                self.transport.write(b"0\r\n\r\n")
            self.transport.close()

    def cut(self) -> None:
        self.transport.abort()

    @property
    def is_closed(self) -> bool:
        """uvloop refuses what is written then with a RuntimeError."""
        return self.transport.is_closing()

    # What the transport says ----------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        self._full = asyncio.Event()

    def resume_writing(self) -> None:
        if self._full:
            self._full.set()
            self._full = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_gone = True
        self._among.discard(self)
        self.resume_writing()
        if self._left:
            self._left(exc)
            self._left = None  # it knows the stream, and that knows this

    def shutdown(self) -> None:
        """uvicorn's server is about to stop: what the stream says last is the hub's matter, and then it ends anyway."""


@runtime_checkable
class _Giving(Protocol):
    connections: set[Any]

    def give_to(self, other: asyncio.Protocol) -> bool: ...


def park(send: Send, left: Left) -> Parked | None:
    """Take the connection under this `send`, on which an answer has begun, from our server; None: it cannot be taken.

    The request that it answers may end with this.
    """
    cycle = wire.cycle_of(send)
    if cycle is None or cycle.disconnected:
        return None
    before = cycle.transport.get_protocol()
    if not isinstance(before, _Giving):
        return None
    parked = Parked(cycle.transport, before.connections, left, chunked=bool(cycle.chunked_encoding))
    if before.give_to(parked):
        parked.pause_writing()
    cycle.disconnected = True  # to uvicorn: nobody is left who would have to be told that the answer is not complete
    return parked
