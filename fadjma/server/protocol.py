"""uvicorn's HTTP, with an end to how large a request's head may be and how long it may take, and its body too.

uvicorn keeps whatever header it is sent, 100 MB too, and waits for the rest of a head for ever. It goes on reading a
body that was answered before it had come to its end, and sends chunks to HTTP/1.0.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES = 32 * 1024  # request line and headers, as nginx takes them
HEAD_SECONDS = 30.0
REST_SECONDS = 2.0  # for the rest of a body that has been answered: who reads the answer only then is to find it


class HeadTooLarge(Exception):
    """Ends the parser's work on what has come."""


class Lingering(RequestResponseCycle):
    """A response with which the connection ends: not while there is more of the request's body to come.

    Of a connection that is closed with something unread the kernel takes the answer back: nginx, which asks so, would
    say 502 in its place, and ask this process nothing more for ten seconds.
    """

    ends = False

    async def send(self, message: Any) -> None:
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if is_last and self.more_body and not self.keep_alive:
            self.ends = self.keep_alive = True  # its protocol closes it: when the rest has come, or too late
        await super().send(message)


class UntilClosed(Lingering):
    """A response to HTTP/1.0, which knows no chunks: without a length, it ends with the connection (RFC 9112, 6.3)."""

    delimited = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body" and self.delimited:
            self.expected_content_length = len(message.get("body", b""))
        elif message["type"] == "http.response.start":
            self.delimited = not any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
            if self.delimited:
                self.chunked_encoding = False
        await super().send(message)


class Protocol(HttpToolsProtocol):
    """One connection. Of 10,000 open streams, each has no more than two fields for this."""

    __slots__ = ("_deadline", "_head")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0  # bytes that have come since anything but a head (or the trailers of a body) did
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._limit_time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_time()
        if isinstance(exc, TimeoutError) and self.scope:  # the kernel has given its peer up
            self.scope["state"]["timed_out"] = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head += len(data)  # what ends a head sets it to nothing below
        super().data_received(data)
        if self.transport.is_closing() or self._answered_early:
            return
        if self._head > HEAD_BYTES:
            self._refuse()
        elif not self._head:
            self._forget_time()
        elif self._deadline is None:
            self._limit_time()

    # What the parser finds ------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._head = self._head or 1  # it may follow another request in the same read
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES:
            self._head = HEAD_BYTES + 1
            raise HeadTooLarge
        self._head = 0
        super().on_headers_complete()
        if not self.cycle.keep_alive:  # uvicorn has made it, and nothing has been sent yet
            self.cycle.__class__ = UntilClosed if self.parser.get_http_version() == "1.0" else Lingering

    def on_body(self, body: bytes) -> None:
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()
        if self._answered_early:
            self.cycle.more_body = False
            self._forget_time()
            if isinstance(self.cycle, Lingering) and self.cycle.ends:
                self.transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._answered_early and not self.transport.is_closing():
            self._forget_time()
            self._deadline = self.loop.call_later(REST_SECONDS, self.transport.close)

    @property
    def _answered_early(self) -> bool:
        """Whether the answer is complete and the request's body is not: it may never be."""
        return self.cycle is not None and self.cycle.response_complete and self.cycle.more_body

    # A stream -------------------------------------------------------------------------------------------------

    def give_to(self, other: asyncio.Protocol) -> bool:
        """Let another protocol have this connection until it ends (live/links.py); whether its client is behind.

        Nothing stays of the request, nor of what was sent behind it: the answer has said that the connection ends.
        """
        self._forget_time()
        self.flow.resume_reading()
        self.pipeline.clear()
        self.connections.discard(self)
        self.transport.set_protocol(other)
        self.parser = None  # type: ignore[assignment]  # it knows this, as this knows it
        return self.flow.write_paused

    # Refusing -------------------------------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        if self._head > HEAD_BYTES:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _refuse(self) -> None:
        if self.cycle is None or self.cycle.response_complete:  # else there is an answer under way
            lines = [STATUS_LINE[431], b"content-length: 0\r\n", b"connection: close\r\n"]
            lines += [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
            self.transport.write(b"".join([*lines, b"\r\n"]))
        self.transport.close()

    def _limit_time(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _forget_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self.flow.read_paused:  # the rest may have come: it is we who do not read it yet
            self._limit_time()
        else:
            self.transport.close()
