"""A client of the stream: a parser that follows the standard to the letter, one connection, and a careful reader.

The connection is a raw socket that reads only when it is asked to, so that a test can be a client that never reads.
"""

import asyncio
import codecs
import contextlib
import json
import re
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

WITHIN = 60.0  # seconds that anything may take here: the machine may be busy with other things
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event; `seq` is the id that came with it, None when it had none."""

    type: str
    data: str
    seq: int | None

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.data)
        return found

    @property
    def numbered(self) -> bool:
        """Whether it is one of the person's own events, not one of the stream's (hello, reset, bye)."""
        return self.type not in ("hello", "reset", "bye")


class Parser:
    """text/event-stream as WHATWG HTML 9.2.5 and 9.2.6 have it; bytes may be cut anywhere."""

    def __init__(self) -> None:
        self.retry: int | None = None
        self.last_event_id = ""
        self.comments = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._begun = False
        self._after_cr = False
        self._forget()

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that these bytes complete."""
        self._text += self._decoder.decode(chunk)
        if self._text and not self._begun:
            self._begun = True
            self._text = self._text.removeprefix("\ufeff")
        while self._text:
            if self._after_cr:
                self._after_cr = False
                self._text = self._text.removeprefix("\n")
                continue
            end = _LINE_END.search(self._text)
            if end is None:
                return
            line, self._after_cr = self._text[: end.start()], end[0] == "\r"
            self._text = self._text[end.end() :]
            if line:
                self._line(line)
            elif event := self._dispatch():
                yield event

    def _line(self, line: str) -> None:
        field, colon, value = line.partition(":")
        if colon and not field:
            self.comments += 1
            return
        value = value.removeprefix(" ")
        if field == "event":
            self._type = value
        elif field == "data":
            self._data.append(value)
        elif field == "id" and "\0" not in value:
            self.last_event_id = self._own_id = value
        elif field == "retry" and re.fullmatch("[0-9]+", value):
            self.retry = int(value)

    def _dispatch(self) -> Event | None:
        event = None
        if self._data:  # one empty `data:` line is enough: the buffer then holds its line feed
            event = Event(self._type or "message", "\n".join(self._data), int(self._own_id) if self._own_id else None)
        self._forget()
        return event

    def _forget(self) -> None:
        self._data: list[str] = []
        self._type = self._own_id = ""


class Ended(Exception):
    """The stream is over, and no more events are in it."""


class Stream:
    """One open connection. Reads only in `event`, `news`, `rest` and `silence`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.raw = b""
        self.parser = Parser()
        self.complete = False  # whether the answer was ended, not cut
        self._over = False
        self._reader, self._writer = reader, writer
        self._pending: deque[Event] = deque()
        self._reading: asyncio.Task[bytes] | None = None

    @classmethod
    async def open(cls, address: str, path: str, headers: dict[str, str], *, unwilling: bool = False) -> "Stream":
        """Connect and read the answer's head. `unwilling`: so little room on this side that the server soon waits."""
        host, _, port = address.removeprefix("http://").partition(":")
        sock = socket.socket()
        sock.setblocking(False)
        if unwilling:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # loopback's 64 KB would buffer megabytes
        try:
            await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        except BaseException:
            sock.close()
            raise
        stream = cls(*await asyncio.open_connection(sock=sock, limit=1024 if unwilling else 2**16))
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
        stream._writer.write("\r\n".join([*lines, "", ""]).encode())
        try:
            async with asyncio.timeout(WITHIN):
                await stream._head()
        except BaseException:
            await stream.close()
            raise
        return stream

    async def _head(self) -> None:
        self.status = int((await self._reader.readline()).split()[1])
        while line := (await self._reader.readline()).decode().rstrip():
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self._over = self.complete = self.headers.get("content-length") == "0"

    async def event(self, within: float = WITHIN) -> Event:
        """The next event; raises Ended when there is none, TimeoutError when none comes."""
        deadline = asyncio.get_running_loop().time() + within
        while not self._pending:
            if self._over:
                raise Ended
            await self._read(deadline - asyncio.get_running_loop().time())
        return self._pending.popleft()

    async def news(self, count: int, within: float = WITHIN) -> list[Event]:
        """The next `count` numbered events, which must come without another between them; `hello` is passed over."""
        found: list[Event] = []
        while len(found) < count:
            event = await self.event(within)
            if event.type != "hello":
                assert event.numbered, event
                found.append(event)
        return found

    async def bye(self, within: float = WITHIN) -> str:
        """The reason with which the stream ends, after which it must be over; what comes before is passed over."""
        while (event := await self.event(within)).type != "bye":
            pass
        assert [found async for found in self.rest(within)] == []
        assert self.complete
        return event.data

    async def rest(self, within: float = WITHIN) -> AsyncIterator[Event]:
        """Everything until the end."""
        with contextlib.suppress(Ended):
            while True:
                yield await self.event(within)

    async def silence(self, span: float = 0.25) -> None:
        """Nothing but `hello` and comments comes for a while."""
        deadline = asyncio.get_running_loop().time() + span
        with contextlib.suppress(TimeoutError):
            while (left := deadline - asyncio.get_running_loop().time()) > 0:
                event = await self.event(left)
                assert event.type == "hello", event

    async def _read(self, within: float) -> None:
        # The task outlives a timeout: half a chunk must not be lost.
        self._reading = self._reading or asyncio.create_task(self._chunk())
        done, _ = await asyncio.wait({self._reading}, timeout=max(within, 0))
        if not done:
            raise TimeoutError
        reading, self._reading = self._reading, None
        try:
            chunk = reading.result()
        except (asyncio.IncompleteReadError, OSError):
            self._over = True
            return
        if not chunk:
            self._over = self.complete = True
        self.raw += chunk
        self._pending.extend(self.parser.feed(chunk))

    async def _chunk(self) -> bytes:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]

    async def send(self, data: bytes) -> None:
        """What a client writes behind its request."""
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.wait({self._reading})
            if not self._reading.cancelled():
                self._reading.exception()
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class Follower:
    """A careful client: carries its cursor, drops what it has seen, notices a hole, comes back when it was cut."""

    def __init__(
        self, connect: Callable[[int], Any], catch_up: Callable[[int], Any], *, patiently: bool = False
    ) -> None:
        self.last = 0
        self.seen: list[Event] = []
        self.dropped = 0
        self.connections = 0
        self.pause = 0.1  # seconds before it comes back; where nobody serves, trying again costs more than all else
        self.connected_at = 0.0  # time.monotonic() of the last one
        self.left_at = 0.0  # and of the end of the one before
        self._patiently = patiently  # whether it waits as long as the server has said
        self._connect = connect  # connect(after) gives an open Stream
        self._catch_up = catch_up  # catch_up(after) gives the next events of the poll, as they are in JSON

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            # Nobody there, or cut in the middle of the head.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, IndexError):
                await self._follow(await self._connect(self.last))
            await asyncio.sleep(self.pause)

    async def _follow(self, stream: Stream) -> None:
        try:
            if stream.status != 200:
                return
            self.connections += 1
            self.connected_at = time.monotonic()
            async for event in stream.rest(within=3600):
                if event.type == "reset":
                    await self.fetch()
                elif event.numbered:
                    self._take(event)
        finally:
            if self._patiently and stream.parser.retry is not None:
                self.pause = stream.parser.retry / 1000
                self.left_at = time.monotonic()
            await stream.close()

    async def fetch(self) -> None:
        """Poll until nothing is new."""
        while found := await self._catch_up(self.last):
            before = self.last
            for item in found:
                self._take(Event(item["type"], json.dumps(item), item["seq"]))
            assert self.last > before, f"polling after {before} gave {found}"

    def _take(self, event: Event) -> None:
        assert event.seq is not None
        if event.seq <= self.last:
            self.dropped += 1
            return
        assert event.seq == self.last + 1, f"a hole: {event.seq} came after {self.last}"
        self.last = event.seq
        self.seen.append(event)
