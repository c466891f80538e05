"""The people at the other end: one process, one epoll, plain sockets, the same for every server.

It counts events by a marker that occurs once in each, so that it spends next to nothing of what is measured.
"""

import multiprocessing
import select
import socket
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

from benchmarks import wire

_AT_ONCE = 100  # connections being opened
_REST = 0.5  # seconds between two looks at what comes while other servers have their turn
_PING = b"\x81\x012"  # Engine.IO's, as a WebSocket frame
_PONG = wire.text_frame("3")


class Reader:
    """Holds many open streams in another process."""

    def __enter__(self) -> "Reader":
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()

    def open(self, port: int, streams: list[wire.Steps], marker: bytes) -> None:
        """Open these streams, and wait until each has gone through its steps."""
        self._pipe.send(("open", port, streams, marker))
        self._answer()

    def expect(self, events: int) -> None:
        """Start counting up to `events`; `last` returns when the last of them was read."""
        self._pipe.send(("expect", events))

    def last(self) -> float:
        """When the last expected event was read, on `wire.now`'s clock. RuntimeError when they do not all come."""
        moment: float = self._answer()
        return moment

    def surplus(self) -> int:
        """How many events came that nobody expected."""
        self._pipe.send(("surplus",))
        count: int = self._answer()
        return count

    def close(self) -> None:
        """Close all streams."""
        self._pipe.send(("close",))
        self._answer()

    def _answer(self) -> Any:
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


class _Streams:
    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._epoll = select.epoll()
        self._marker = b""
        self._ahead = 0

    def open(self, port: int, streams: list[wire.Steps], marker: bytes) -> None:
        self._marker = marker
        for start in range(0, len(streams), _AT_ONCE):
            batch = streams[start : start + _AT_ONCE]
            # Four addresses of loopback, so that ports do not run out.
            opened = [
                socket.create_connection(("127.0.0.1", port), wire.TIMEOUT, (f"127.0.0.{1 + start // _AT_ONCE % 4}", 0))
                for _ in batch
            ]
            for step in range(len(batch[0])):
                for stream, steps in zip(opened, batch, strict=True):
                    stream.sendall(steps[step][0])
                for stream, steps in zip(opened, batch, strict=True):
                    wire.await_bytes(stream, steps[step][1])
            for stream in opened:
                stream.setblocking(False)
                self._sockets[stream.fileno()] = stream
                self._epoll.register(stream.fileno(), select.EPOLLIN)

    def expect(self, events: int) -> float:
        count, self._ahead = self._ahead, 0
        deadline = wire.now() + wire.TIMEOUT
        while count < events:
            ready = self._epoll.poll(1.0, 4_096)
            count += self._read(ready)
            if wire.now() > deadline:
                raise RuntimeError(f"{count} of {events} events came in {wire.TIMEOUT:.0f} s")
        self._ahead = count - events
        return wire.now()

    def rest(self) -> None:
        """Take what comes while nothing is expected: who pings is answered, and an event too many is counted."""
        while ready := self._epoll.poll(0, 4_096):
            self._ahead += self._read(ready)

    def surplus(self) -> int:
        count, self._ahead = self._ahead, 0
        while ready := self._epoll.poll(0.2, 4_096):
            count += self._read(ready)
        return count

    def _read(self, ready: list[tuple[int, int]]) -> int:
        count = 0
        for number, _ in ready:
            data = self._sockets[number].recv(65_536)
            if not data:
                raise RuntimeError("the server ended a stream")
            count += data.count(self._marker)
            if _PING in data:
                self._sockets[number].send(_PONG)
        return count

    def close(self) -> None:
        for stream in self._sockets.values():
            stream.close()  # which takes it out of the epoll, too
        self._sockets.clear()


def _serve(pipe: Connection) -> None:
    streams = _Streams()
    while True:
        try:
            while not pipe.poll(_REST):
                streams.rest()
            name, *arguments = pipe.recv()
        except (EOFError, OSError, KeyboardInterrupt):
            return
        try:
            pipe.send(getattr(streams, name)(*arguments))
        except Exception as error:
            pipe.send(RuntimeError(f"reader: {error}"))
