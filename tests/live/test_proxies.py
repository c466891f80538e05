"""Proxies that cut, and proxies that hold back: whoever follows carefully has each event once, in order."""

import asyncio
import os

import pytest
from live_people import Clinic, Person, seconds
from proxies import Buffering, Cutting

CUTS = int(os.environ.get("FADJMA_SLOW_CUTS", "2"))  # of each connection, by the proxy that cuts every 5 s
FIRST_BYTE = 1.5  # seconds; a stream says hello within milliseconds, and a page gives it ten seconds
A_POLL = 100  # bytes, all of them headers


async def test_behind_proxies_that_cut_each_event_is_seen_once_and_in_order(clinic: Clinic) -> None:
    """One cuts every 5 s, the other hardly lets a stream begin, while people work."""
    pairs = [(clinic.doctor(), clinic.patient()) for _ in range(2)]
    people = [one for pair in pairs for one in pair]
    async with Cutting(clinic.server.address, after=5) as slow, Cutting(clinic.server.address, after=0.3) as fast:
        async with Clinic(clinic.server, slow.address) as there, Clinic(clinic.server, fast.address) as elsewhere:
            followers = [(one, place.follow(one)) for one in people for place in (there, elsewhere)]
            slowly, fast_enough = CUTS * len(people), 10 * len(people)
            enough = lambda: slow.cuts >= slowly and fast.cuts >= fast_enough  # noqa: E731 - asked by three doctors
            await asyncio.gather(*(clinic.work(*pair, enough) for pair in pairs))
            for one, follower in followers:
                await clinic.has_seen_all(one, follower)


async def test_behind_a_proxy_that_holds_back_polling_brings_everything(clinic: Clinic) -> None:
    doctor, awa = clinic.doctor(), clinic.patient()
    async with Buffering(clinic.server.address) as proxy, Clinic(clinic.server, proxy.address) as behind:
        await clinic.events(doctor, awa, 4)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(behind.stream(awa, "/events", after=0), FIRST_BYTE)
        follower = behind.follower(awa)
        working = asyncio.create_task(clinic.work(doctor, awa, seconds(2)))
        while not working.done():
            await follower.fetch()
            await asyncio.sleep(0.1)
        await working
        await follower.fetch()
        await clinic.has_seen_all(awa, follower)
        nothing = await behind.poll(awa, follower.last)
        assert (nothing.status_code, nothing.content) == (204, b"")


async def test_nothing_new_costs_few_bytes_on_the_wire(clinic: Clinic) -> None:
    awa = clinic.patient()
    async with Buffering(clinic.server.address) as proxy:
        direct, behind = [await _bytes_of_a_poll(address, awa) for address in (clinic.server.address, proxy.address)]
    assert direct.startswith(b"HTTP/1.1 204 ") and len(direct) == len(behind)
    assert len(direct) <= A_POLL, (len(direct), direct)


async def _bytes_of_a_poll(address: str, who: Person) -> bytes:
    """All that an answer with nothing new puts on the wire; the connection stays open, as a browser's does."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    cookie = who.session.cookie["Cookie"]
    ask = f"GET /notifications/poll?after=0&user={who.id} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"
    writer.write(f"{ask}Accept: text/event-stream\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    with pytest.raises(TimeoutError):
        answer += await asyncio.wait_for(reader.read(1), 0.3)
    writer.close()
    await writer.wait_closed()
    return answer
