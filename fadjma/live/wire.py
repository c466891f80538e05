"""The connection under an ASGI `send`, where uvicorn is the server: ASGI has no word for what we need of it.

To cut a connection at once, and to know whether its client takes what is written. Under another server there is nothing
to be known, and little to be done.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle as Cycle

__all__ = ["Cycle", "abort", "cycle_of", "give_up_after", "has_come_whole", "has_taken_all", "is_gone", "together"]


def cycle_of(send: Callable[..., Any]) -> Cycle | None:
    """uvicorn's own object behind this `send`, if it is uvicorn's."""
    owner = getattr(send, "__self__", None)
    return owner if isinstance(owner, Cycle) else None


def has_come_whole(send: Callable[..., Any]) -> bool:
    """Whether the body of the request that is answered with this `send` is there, to its end."""
    cycle = cycle_of(send)
    return cycle is not None and not cycle.more_body and not cycle.disconnected


async def has_taken_all(send: Callable[..., Any], seconds: float) -> bool:
    """Whether the client takes what was written before on this connection, now or in so many seconds; else it is cut.

    What has room in the connection's buffer (64 KB) is never waited for.
    """
    cycle = cycle_of(send)
    if cycle is None or not cycle.flow.write_paused:
        return True
    try:
        await asyncio.wait_for(cycle.flow.drain(), seconds)
    except TimeoutError:
        abort(send)()
        return False
    return True


class _Together:
    """Stands for a connection's transport, and keeps what is written to it."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self._kept: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._kept.append(data)

    def is_closing(self) -> bool:
        return bool(self.transport.is_closing())

    def close(self) -> None:
        self.flush()
        self.transport.close()

    def flush(self) -> None:
        kept, self._kept = self._kept, []
        if kept:
            self.transport.write(b"".join(kept))


@contextmanager
def together(cycle: Cycle) -> Iterator[None]:
    """Have what is sent inside leave in one piece: uvloop makes a system call and a packet of each that it is given.

    Inside nothing is waited for. What an error keeps from being complete is not sent at all.
    """
    kept = _Together(cycle.transport)
    cycle.transport = kept  # type: ignore[assignment]  # as much of a transport as a response asks for
    try:
        yield
        kept.flush()
    finally:
        cycle.transport = kept.transport


def give_up_after(cycle: Cycle | None, seconds: float) -> None:
    """Have the kernel end the connection when its peer takes nothing for so long (Linux: TCP_USER_TIMEOUT, RFC 5482).

    What was written may fit into the buffers of the server and of the kernel: then nobody waits, and nobody would
    notice that it never leaves.
    """
    connection = cycle and cycle.transport.get_extra_info("socket")
    if connection and hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def is_gone(cycle: Cycle | None) -> bool:
    """Whether the connection is closed: uvloop refuses what is written then with a RuntimeError."""
    return cycle is not None and cycle.transport.is_closing()


def abort(send: Callable[..., Any]) -> Callable[[], None]:
    """How to cut this connection at once, whatever is still to be written."""
    cycle = cycle_of(send)
    if cycle is not None:
        return partial(_cut, cycle)
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    return transport.abort if transport is not None else lambda: None


def _cut(cycle: Cycle) -> None:
    # Of requests sent one behind the other, uvicorn tells only the newest that the client has gone; a stream among the
    # others would wait for ever.
    cycle.disconnected = True
    cycle.message_event.set()
    cycle.transport.abort()
