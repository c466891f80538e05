"""Doctors who work without end at a fleet, whatever becomes of it; at the end all that was answered must be there."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from random import Random

from event_stream import Follower
from fleet import Fleet, FleetClinic
from live_people import until
from loads import Load, acts, check_acknowledged

SEED = int(os.environ.get("FADJMA_SEED", "0")) or time.time_ns() % 10**6


@contextlib.asynccontextmanager
async def working(
    fleet: Fleet, doctors: int, thinking: float
) -> AsyncIterator[tuple[FleetClinic, list[Load], Callable[[], Awaitable[None]]]]:
    """So many doctors, who think for so many seconds at most between two acts, and what waits until they have gone on.

    At the end every act is there once, numbers have no gaps, and each person's stream has had each event once.
    """
    rng = Random(SEED)
    async with FleetClinic(fleet) as clinic:
        # Patients only listen, which is not activity: their browsers' sessions would end after half an hour.
        patients = [
            replace(one, session=clinic.session(one.id, "token")) for one in (clinic.patient() for _ in range(doctors))
        ]
        loads = [Load(clinic, clinic.doctor(), patient, outages=True, pause=thinking) for patient in patients]
        followers = {one.id: clinic.follow(one) for load in loads for one in (load.doctor, load.patient)}
        tasks = [asyncio.create_task(load.run(rng)) for load in loads]

        async def go_on() -> None:
            so_far = acts(loads)
            await until(lambda: acts(loads) > so_far + doctors or any(task.done() for task in tasks))
            ended = [task.exception() for task in tasks if task.done()]
            assert not ended, (SEED, ended)

        try:
            await go_on()
            yield clinic, loads, go_on
            await go_on()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await _come_to_rest(fleet)
        clinic.look_again()
        clinic.store.check()
        check_acknowledged(clinic, loads, SEED)
        await _has_heard_all(clinic, followers)
        for load in loads:  # each act once, although it was sent again: one event per change for each side
            changes = clinic.store.value("SELECT sum(version) FROM access_requests WHERE doctor_id = ?", load.doctor.id)
            assert followers[load.doctor.id].last == followers[load.patient.id].last == changes
        assert all(load.refused for load in loads)


async def _come_to_rest(fleet: Fleet) -> None:
    """What was sent and not waited for has been done, or never will be."""
    sql = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'fadjma' AND state <> 'idle'"
    quiet = 0
    while quiet < 5:
        quiet = 0 if fleet.ask(sql) else quiet + 1
        await asyncio.sleep(0.1)


async def _has_heard_all(clinic: FleetClinic, followers: dict[str, Follower]) -> None:
    """Each of them, each event once, in the order of their numbers; and nothing was sent twice on a stream."""
    for user_id, follower in followers.items():
        sql = "SELECT seq, type, subject_id FROM notifications WHERE user_id = ? ORDER BY seq"
        stored = clinic.store.rows(sql, user_id)
        await until(lambda follower=follower, stored=stored: follower.last >= len(stored))
        seen = [(event.seq, event.type, event.json["subject"]["id"]) for event in follower.seen]
        assert seen == stored, f"FADJMA_SEED={SEED}"
        assert follower.dropped == 0, "the server sent what this client said it had"
