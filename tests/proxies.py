"""Proxies between people and the server: one passes all on, one cuts every connection, one keeps answers to itself.

Each is opened with `async with`, passes on to a server of this machine and has an address of its own.
"""

import asyncio
import contextlib
import re
from typing import Self


class Proxy:
    """Passes on what comes, both ways, as it comes."""

    def __init__(self, server: str) -> None:
        self.address = ""
        self.connections = 0
        self._host, _, self._port = server.removeprefix("http://").partition(":")
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        self._listening.close()
        for connection in self._open:
            connection.cancel()
        if self._open:
            await asyncio.wait(self._open)
        for connection in self._open:
            if not connection.cancelled():
                connection.result()  # what went wrong in the proxy itself is the test's failure

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(asyncio.create_task(self._connection(reader, writer)))

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._pass(reader, writer)
        finally:
            if not writer.is_closing():
                writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(self._host, int(self._port))
        except OSError:  # the server is away
            writer.close()
            return
        try:
            ways = {
                asyncio.create_task(self.requests(reader, server_writer)),
                asyncio.create_task(self.answers(server_reader, writer)),
            }
            try:
                if await self.lasts(ways):
                    writer.close()  # what the server said at the end still goes out
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)
        finally:
            server_writer.transport.abort()
            with contextlib.suppress(OSError):
                await server_writer.wait_closed()  # else the loop may end before it, and another test is blamed for it
        for way in ways:
            if not way.cancelled():
                way.result()

    async def lasts(self, ways: set[asyncio.Task[None]]) -> bool:
        """Wait as long as a connection lasts, until one side ends it; returns whether it did."""
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        return True

    async def requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _pass_on(reader, writer)

    async def answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _pass_on(reader, writer)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the sender ends, or either side has gone."""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()


class Cutting(Proxy):
    """Ends every connection `after` so many seconds, whatever is on its way."""

    def __init__(self, server: str, after: float) -> None:
        super().__init__(server)
        self.cuts = 0
        self._after = after

    async def lasts(self, ways: set[asyncio.Task[None]]) -> bool:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED, timeout=self._after)
        self.cuts += not done
        return bool(done)


class Buffering(Proxy):
    """Passes an answer on when it is complete: the first byte of a stream never comes. It knows no HEAD requests."""

    async def answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # half an answer is not passed on
            while True:
                writer.write(await _whole_answer(reader))
                await writer.drain()


async def _whole_answer(reader: asyncio.StreamReader) -> bytes:
    """One answer (RFC 9112, section 6.3). Raises IncompleteReadError when the server ends before it does."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = head.lower()
    if re.match(rb"http/1\.1 (1..|204|304) ", fields):
        return head
    if b"\r\ntransfer-encoding: chunked\r\n" in fields:
        return head + await _all_chunks(reader)
    length = re.search(rb"\r\ncontent-length: *([0-9]+)\r\n", fields)
    return head + (await reader.readexactly(int(length[1])) if length else await reader.read())


async def _all_chunks(reader: asyncio.StreamReader) -> bytes:
    body, size = b"", b"1"
    while int(size, 16):
        size = await reader.readuntil(b"\r\n")
        body += size + await reader.readexactly(int(size, 16) + 2)
    return body
