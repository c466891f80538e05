"""Very many clients for little: plain sockets, one epoll, one thread. Until it is asked to read, only the kernel does.

A test runs its methods in a thread (`asyncio.to_thread`) when something else must go on meanwhile.
"""

import select
import socket
import struct
import time
from collections.abc import Callable, Iterable

from event_stream import Event, Parser

_NO_FAREWELL = struct.pack("ii", 1, 0)  # SO_LINGER: closing is a reset, as from a link that breaks
_AT_ONCE = 4_096  # sockets looked at together


class Member:
    """One connection: what came on it, and when the answer to its request began."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.raw = bytearray()
        self.asked_at = self.answered_at = 0.0
        self.ended = False  # by the server, whichever way
        self.socket = socket.socket()
        self.socket.setblocking(False)

    @property
    def status(self) -> int:
        return int(self.raw[9:12] or 0)

    @property
    def complete(self) -> bool:
        """Whether the answer was ended, not cut."""
        return self.raw.endswith(b"0\r\n\r\n")

    @property
    def retry(self) -> int | None:
        parser = Parser()
        list(parser.feed(self._body()))
        return parser.retry

    def events(self) -> list[Event]:
        """Everything that came so far; half an event is not one."""
        return list(Parser().feed(self._body()))

    def _body(self) -> bytes:
        body, rest = b"", bytes(self.raw).partition(b"\r\n\r\n")[2]
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        return body


class Crowd:
    """Connections that are opened, read and closed together."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self._address = (host, int(port))
        self._epoll = select.epoll()
        self._by_number: dict[int, Member] = {}
        self.members: list[Member] = []

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *error: object) -> None:
        for member in self.members:
            member.socket.close()
        self._epoll.close()

    def ask(self, path: str, headers: dict[str, str], *, unwilling: bool = False) -> Member:
        """Connect and send a request, without waiting for anything.

        `unwilling`: so little room on this side that the server soon waits.
        """
        lines = [f"GET {path} HTTP/1.1", f"Host: {self._address[0]}", *(f"{n}: {v}" for n, v in headers.items())]
        member = Member("\r\n".join([*lines, "", ""]).encode())
        self.members.append(member)
        self._by_number[member.socket.fileno()] = member
        if unwilling:
            member.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            member.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # loopback's 64 KB would buffer much
        member.asked_at = time.monotonic()
        member.socket.connect_ex(self._address)
        self._epoll.register(member.socket.fileno(), select.EPOLLOUT)
        return member

    def read(self, enough: Callable[[Member], bool], within: float, members: Iterable[Member] | None = None) -> None:
        """Send what is to be sent and read what comes until it is `enough` for each member."""
        waiting = {id(member) for member in (self.members if members is None else members) if not enough(member)}
        deadline = time.monotonic() + within
        while waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{len(waiting)} of {len(self.members)} still wait for something")
            for number, _ in self._epoll.poll(left, _AT_ONCE):
                member = self._by_number[number]
                self._go_on(member)
                if id(member) in waiting and enough(member):
                    waiting.discard(id(member))

    def _go_on(self, member: Member) -> None:
        number = member.socket.fileno()
        if member.request:
            member.socket.send(member.request)
            member.request = b""
            self._epoll.modify(number, select.EPOLLIN)
            return
        try:
            chunk = member.socket.recv(262_144)
        except OSError:
            chunk = b""
        if not member.raw:
            member.answered_at = time.monotonic()
        member.raw += chunk
        if not chunk:
            member.ended = True
            self._epoll.unregister(number)

    def leave(self, members: Iterable[Member] | None = None) -> None:
        """Break these connections, or all, at the same moment."""
        for member in list(self.members if members is None else members):
            if self._by_number.pop(member.socket.fileno(), None):
                member.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
                member.socket.close()
        gone = set(map(id, self.members if members is None else members))
        self.members = [member for member in self.members if id(member) not in gone]


def greeted(member: Member) -> bool:
    """Whether the stream has said hello."""
    return b"event: hello" in member.raw


def over(member: Member) -> bool:
    """Whether the server has ended it."""
    return member.ended
