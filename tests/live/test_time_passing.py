"""Nothing happens for a long time: a comment every 25 s, so that no proxy and no watchdog gives the stream up."""

import asyncio
import time
from types import SimpleNamespace

from event_stream import Parser


async def test_a_comment_comes_every_25_seconds_and_nothing_else(idle: SimpleNamespace) -> None:
    open_for = time.monotonic() - idle.opened_at
    await asyncio.sleep(max(0, 26.5 - open_for))
    open_for = time.monotonic() - idle.opened_at
    idle.socket.setblocking(False)
    head, _, body = idle.socket.recv(2**20).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    parser = Parser()
    assert [event.type for event in parser.feed(b"".join(body.split(b"\r\n")[1::2]))] == ["hello"]
    # A second of the server is a little more than a second: 26 is what it may be late by.
    assert open_for // 26 <= parser.comments <= open_for // 25 + 1
