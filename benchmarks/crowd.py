"""Several clients on kept connections, each sending its next request as soon as it has its answer."""

import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from benchmarks import wire


@dataclass(slots=True)
class _Pending:
    """One connection with its request under way."""

    connection: socket.socket
    came: bytearray = field(default_factory=bytearray)
    number: int = 0  # of the request, among those that were asked for


class Crowd:
    """`size` connections to servers on 127.0.0.1 at these ports, as many to each, open until the block ends."""

    def __init__(self, ports: Sequence[int], size: int) -> None:
        self._ports, self._size = ports, size

    def __enter__(self) -> "Crowd":
        self._clients = [wire.Client(self._ports[number % len(self._ports)]) for number in range(self._size)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.close()

    def send(self, requests: Sequence[bytes], *statuses: int) -> tuple[list[bytes], float]:
        """Send them all; returns the bodies of their answers, in order, and seconds. Each must have one of these
        statuses; unless they are named, say that it was done.
        """
        bodies, left = [b""] * len(requests), iter(range(len(requests)))
        with selectors.DefaultSelector() as selector:
            began, waiting = wire.now(), 0
            for client, number in zip(self._clients, left, strict=False):
                client.socket.sendall(requests[number])
                selector.register(client.socket, selectors.EVENT_READ, _Pending(client.socket, number=number))
                waiting += 1
            while waiting:
                ready = selector.select(wire.TIMEOUT)
                if not ready:
                    raise RuntimeError(f"no answer in {wire.TIMEOUT:.0f} s")
                for key, _ in ready:
                    if (body := _read(key.data, statuses or (200, 201))) is None:
                        continue
                    bodies[key.data.number] = body
                    number = next(left, -1)
                    if number < 0:
                        waiting -= 1
                        continue
                    key.data.number = number
                    key.data.connection.sendall(requests[number])
            return bodies, wire.now() - began


def _read(pending: _Pending, statuses: Sequence[int]) -> bytes | None:
    """Read what has come; the body of a whole answer, else None."""
    part = pending.connection.recv(65_536)
    if not part:
        raise RuntimeError("the server closed a connection")
    pending.came += part
    if (answer := wire.parse(pending.came)) is None:
        return None
    pending.came.clear()
    return wire.checked(answer, *statuses).body
