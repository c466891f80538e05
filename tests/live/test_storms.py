"""Everybody is cut at the same moment and comes back at once: all get in, none misses anything, pages go on.

FADJMA_STORM says how many streams.
"""

import asyncio
import os
import statistics
import time

from browsing import Browsing
from crowd import Crowd, Member, greeted
from live_people import Clinic, Person, until

STREAMS = int(os.environ.get("FADJMA_STORM", "400"))
COMING_BACK = 200
DEVICES = 5  # of each of them


async def test_all_come_back_at_once(own_clinic: Clinic) -> None:
    server, awa = own_clinic.server, own_clinic.patient()
    patient, doctor = own_clinic.patient(), own_clinic.doctor()
    pharmacists = own_clinic.pharmacists(STREAMS)
    await own_clinic.grant(doctor, patient)
    with Crowd(server.address) as crowd:
        since = time.monotonic()
        _connect(crowd, pharmacists, after=0)
        await asyncio.to_thread(crowd.read, greeted, 300)
        coming = time.monotonic() - since
        await own_clinic.prescribe(doctor, patient)
        await asyncio.to_thread(crowd.read, lambda one: _last(one) == 1, 300)
        with Browsing(server, awa) as usual:
            await asyncio.sleep(0.5)

        crowd.leave()
        await until(lambda: server.descriptors() < STREAMS / 10)
        await own_clinic.prescribe(doctor, patient)  # missed by all
        before = await own_clinic.figure("fadjma_live_reconnections")
        since = time.monotonic()
        with Browsing(server, awa) as meanwhile:
            _connect(crowd, pharmacists, after=1)
            storm = asyncio.create_task(asyncio.to_thread(crowd.read, lambda one: _last(one) >= 2, 300))
            await asyncio.sleep(0.1)
            await own_clinic.prescribe(doctor, patient)  # in the middle of it
            await storm
            took = time.monotonic() - since
            await asyncio.to_thread(crowd.read, lambda one: _last(one) >= 3, 300)

        for member in crowd.members:
            assert [event.seq for event in member.events() if event.numbered] == [2, 3]
        assert await own_clinic.figure("fadjma_live_reconnections") - before == STREAMS
    figures = f"the last of {STREAMS} was in after {took:.1f} s, the slowest page took {max(meanwhile.spent):.2f} s"
    # A twentieth of what a good day gives, or this one, and two seconds in which the machine did something else; and
    # each who comes back has its turn after somebody's page.
    page = statistics.median(usual.spent)
    assert took < max(2 + STREAMS / 100, 20 * coming, 4 * STREAMS * page), f"{figures}, a page {page:.3f} s"
    assert max(meanwhile.spent) < max(2.0, took / 2), f"{figures}, usually {max(usual.spent):.2f} s"
    print(figures)  # noqa: T201 - for the long run


def _connect(crowd: Crowd, people: list[Person], *, after: int) -> None:
    for one in people:
        crowd.ask(f"/events?after={after}", one.session.cookie)


def _last(member: Member) -> int:
    """The number of the last event that has begun to come."""
    _, found, rest = member.raw.rpartition(b"\nid: ")
    return int(rest.partition(b"\n")[0]) if found else 0


async def test_a_restart_under_load_is_followed_by_no_storm(own_clinic: Clinic) -> None:
    """Each careful client waits as long as it was told to, comes back, and has every event once."""
    patient, doctor = own_clinic.patient(), own_clinic.doctor()
    await own_clinic.grant(doctor, patient)
    pharmacists = own_clinic.pharmacists(COMING_BACK // DEVICES)
    followers = [own_clinic.follow(one, patiently=True) for one in pharmacists for _ in range(DEVICES)]
    await until(lambda: all(follower.connections for follower in followers))
    for _ in range(2):
        await own_clinic.prescribe(doctor, patient)
    await until(lambda: all(follower.last == 2 for follower in followers))

    own_clinic.server.ask_to_stop()
    assert await asyncio.to_thread(own_clinic.server.wait) == 0
    await asyncio.to_thread(own_clinic.server.start)
    for _ in range(2):
        await own_clinic.prescribe(doctor, patient)
    await until(lambda: all(follower.last == 4 for follower in followers))

    for follower in followers:
        assert [event.seq for event in follower.seen] == [1, 2, 3, 4] and follower.dropped == 0
        assert follower.connected_at - follower.left_at >= follower.pause
    pauses = sorted(follower.pause for follower in followers)
    middle_half = pauses[COMING_BACK * 3 // 4] - pauses[COMING_BACK // 4]
    assert middle_half > 1.5, f"half of them were told to come within {middle_half:.2f} s"  # of 0.5 to 5 s: 2.25
