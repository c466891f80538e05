"""A client that takes nothing: the others notice nothing, memory stays bounded, and it comes back without a hole."""

import asyncio
import contextlib
import itertools
import os
import statistics
import time

import pytest
from crowd import Crowd, greeted
from event_stream import WITHIN, Ended, Stream
from live_people import Clinic, Person

from fadjma.live.hub import SWEEP_EVERY

SILENT = int(os.environ.get("FADJMA_SILENT", "400"))
PAUSE = 0.05  # seconds between two acts that all of them hear of
DEVICES = 10  # of each of them
EVENT = 8  # KB, of which the name of a patient is nearly all
PIPE = 64  # KB that uvicorn takes for a connection before it makes its caller wait
LONG = "Fatou" * 8_000  # 40 KB in each event about her: enough to fill a small window soon
BLOCKED = 6


async def _latency(clinic: Clinic, doctor: Person, patient: Person, stream: Stream) -> float:
    """Seconds from the beginning of an act to its event on somebody else's stream."""
    since = time.monotonic()
    request_id = await clinic.ask(doctor, patient)
    await stream.news(1)
    spent = time.monotonic() - since
    await clinic.withdraw(doctor, request_id)
    await stream.news(1)
    return spent


async def test_the_others_notice_nothing(clinic: Clinic) -> None:
    fatou, diop = clinic.patient(LONG), clinic.doctor()
    awa, sarr = clinic.patient(), clinic.doctor("Sarr")
    reading = await clinic.listening(awa)
    before = statistics.median([await _latency(clinic, sarr, awa, reading) for _ in range(15)])
    memory = clinic.server.memory()
    silent = [await clinic.stream(diop, "/events", after=0, unwilling=True) for _ in range(BLOCKED)]

    async def fill() -> None:
        await clinic.events(diop, fatou, 40)

    filling = asyncio.create_task(fill())
    during = []
    while not filling.done():
        during.append(await _latency(clinic, sarr, awa, reading))
    await filling
    after = statistics.median([await _latency(clinic, sarr, awa, reading) for _ in range(15)])
    # Generous, because the machine is shared; a blocked writer would hold the others up for its 30 s.
    assert max(during) < 2 and after < max(4 * before, 0.1), (before, during, after)
    assert clinic.server.memory() - memory < 25_000, "40 events of 40 KB, six times, must not wait in memory"
    for stream in silent:
        await _comes_back(stream)


@pytest.mark.alone
async def test_hundreds_who_never_read_slow_nobody_down(own_clinic: Clinic) -> None:
    """Others' latency is within twice the usual, and no silent client takes more than a full pipe of memory.

    That they are cut after 30 s is in test_hub.py, where time is short.
    """
    clinic, lo = own_clinic, own_clinic.admin()
    fatou = clinic.patient("Fatou" * (EVENT * 200))
    admins = clinic.admins(SILENT // DEVICES)
    awa, sarr = clinic.patient(), clinic.doctor("Sarr")
    reading = await clinic.listening(awa)
    turn = itertools.cycle(("deactivation", "reactivation"))

    async def tell() -> None:
        """Every admin's page follows an account, and shows the name of whose it is."""
        answer = await clinic.post(lo, f"/accounts/{fatou.id}/{next(turn)}")
        assert answer.status_code in (200, 409), "409: the one before was never sent"

    async def latencies(count: int) -> list[float]:
        """While one admin goes on with the account, as in every part of this test."""

        async def go_on() -> None:
            while True:
                await tell()
                await asyncio.sleep(PAUSE)

        going_on = asyncio.create_task(go_on())
        found = [await _latency(clinic, sarr, awa, reading) for _ in range(count)]
        going_on.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await going_on
        return found

    before = await latencies(60)
    with Crowd(clinic.server.address) as crowd:
        for one in admins * DEVICES:
            crowd.ask("/events", one.session.cookie, unwilling=True)
        await asyncio.to_thread(crowd.read, greeted, 30)
        memory = clinic.server.memory()
        for _ in range(3 * PIPE // EVENT):
            await tell()
        assert await clinic.figure("fadjma_live_streams_behind") >= SILENT, "they are not silent enough"
        during = [await latencies(20) for _ in range(3)]
        grown = (clinic.server.memory() - memory) / SILENT
    after = await latencies(60)
    # Whatever else the machine does holds up one of the three; what silent clients do, all of them.
    for name, middle in (("median", statistics.median), ("90th percentile", _high)):
        usual, now = max(middle(before), middle(after)), min(map(middle, during))
        assert now < 2 * usual + 0.002, f"{name}: {now * 1000:.1f} ms, usually {usual * 1000:.1f} ms"
    # Once for all: what was rendered since the last sweep, with what it was rendered from.
    kept = 2 * SWEEP_EVERY / PAUSE * EVENT / SILENT
    assert grown < PIPE + 4 * EVENT + kept, f"{grown:.0f} KB for each silent client"


def _high(values: list[float]) -> float:
    return statistics.quantiles(values, n=10)[-1]


async def _comes_back(stream: Stream) -> None:
    """What was in the pipe, in order and without a hole, until the rest: replayed, or too much and a `reset`."""
    last, kinds = 0, set()
    while last < 40:
        event = await stream.event(within=WITHIN)
        kinds.add(event.type)
        if event.numbered:
            assert event.seq == last + 1
        last = event.seq or 0
    assert kinds >= {"hello", "access_request_status_changed"}
    await stream.silence(0.05)


async def test_whoever_is_far_behind_is_told_so_and_not_sent_everything(clinic: Clinic) -> None:
    fatou, diop = clinic.patient(LONG), clinic.doctor()
    stream = await clinic.stream(diop, "/events", after=0, unwilling=True)
    await clinic.events(diop, fatou, 70)
    last, reset = 0, None
    while last < 70:
        event = await stream.event(within=WITHIN)
        if event.type == "reset":
            reset = event
            assert event.data == str(70 - last)
        elif event.numbered:
            assert event.seq == last + 1
        last = event.seq or 0
    assert reset, "70 events of 40 KB went into a pipe of a few KB: this client was never behind"
    await clinic.events(diop, clinic.patient(), 1)
    assert [event.seq for event in await stream.news(1)] == [71]


async def test_it_may_still_be_signed_out(clinic: Clinic) -> None:
    """The reason waits behind what was written before; whoever reads at last finds it at the end."""
    fatou, diop = clinic.patient(LONG), clinic.doctor()
    stream = await clinic.stream(diop, "/events", after=0, unwilling=True)
    await clinic.events(diop, fatou, 20)
    await clinic.post(diop, "/sign-out")
    last = 0
    try:
        while (event := await stream.event(within=WITHIN)).type != "bye":
            if event.numbered:
                assert event.seq == last + 1
            last = event.seq or 0
        assert event.data == "signed_out"
    except Ended:
        raise AssertionError("the stream ended without saying why") from None
