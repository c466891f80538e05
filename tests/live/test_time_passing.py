"""Nothing happens for a long time: a comment every 25 s, so that no proxy and no watchdog gives the stream up."""

import asyncio
import time

import pytest
from event_stream import Parser
from live_people import READ_TIMEOUT, Clinic, Idle

from fadjma.live import hub

pytestmark = pytest.mark.last


async def test_a_comment_comes_every_25_seconds_and_nothing_else(idle: Idle) -> None:
    open_for = time.monotonic() - idle.opened_at
    await asyncio.sleep(max(0, 26.5 - open_for))
    open_for = time.monotonic() - idle.opened_at
    idle.socket.setblocking(False)
    head, _, body = idle.socket.recv(2**20).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    parser = Parser()
    assert [event.type for event in parser.feed(b"".join(body.split(b"\r\n")[1::2]))] == ["hello"]
    # A second of the server is a little more than a second, and more on a busy machine; who gives up after 30 is kept.
    assert open_for // 30 <= parser.comments <= open_for // 25 + 1


async def test_a_stream_on_which_nothing_happens_outlives_the_patience_of_nginx(
    clinic: Clinic, idle_behind_nginx: Idle
) -> None:
    idle = idle_behind_nginx
    await asyncio.sleep(max(0, idle.opened_at + READ_TIMEOUT + 3 - time.monotonic()))
    await clinic.events(clinic.doctor(), idle.person, 1)
    idle.socket.setblocking(False)
    received = b""
    async with asyncio.timeout(10):
        while b"event: new_access_request" not in received:
            chunk = await asyncio.get_running_loop().sock_recv(idle.socket, 2**16)
            assert chunk, f"it was ended after {received!r}"
            received += chunk
    assert b"\n:\n\n" in received, "no comment kept it alive"


async def test_a_client_that_takes_nothing_is_cut_after_30_seconds(idle_silent: Idle, clinic: Clinic) -> None:
    """All that was written fits into the kernel's buffers: no write ever waits, and nobody would notice."""
    assert hub.WRITE_DEADLINE == 30
    await asyncio.sleep(max(0, idle_silent.opened_at + 20 - time.monotonic()))
    async with asyncio.timeout(10):  # that those of a test before have gone, the server may still have to notice
        while await clinic.figure("fadjma_live_streams_behind"):  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.1)
    if time.monotonic() < idle_silent.opened_at + 25:
        assert not await _cut(clinic)
    while not await _cut(clinic):
        assert time.monotonic() < idle_silent.opened_at + 75, "retransmissions are up to half a minute apart"
        await asyncio.sleep(0.5)


async def _cut(clinic: Clinic) -> bool:
    return await clinic.figure("fadjma_live_streams_ended", reason="too_slow") > 0
