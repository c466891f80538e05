"""The server stops, is started again, is killed: nobody is left hanging, nothing is lost."""

import asyncio
import os
import time
from random import Random

from crowd import Crowd, greeted, over
from event_stream import Follower
from live_people import Clinic, until
from loads import Load, acts, check_acknowledged

STREAMS = 500
PER_PERSON = 10
KILLS = int(os.environ.get("FADJMA_KILLS", "8"))
DOCTORS = 16  # whose acts are committed together, if several are
THINKING = 0.1  # seconds at most between two of an act: without, every core is busy and nothing more is shown
SEED = int(os.environ.get("FADJMA_SEED", "0")) or time.time_ns() % 10**6


class TestASignalToStop:
    async def test_says_bye_on_every_stream_and_is_gone_in_two_seconds(self, own_clinic: Clinic) -> None:
        people = [own_clinic.patient() for _ in range(STREAMS // PER_PERSON)]
        with Crowd(own_clinic.server.address) as crowd:
            for one in people * PER_PERSON:
                crowd.ask("/events", one.session.cookie)
            await asyncio.to_thread(crowd.read, greeted, 30)
            since = time.monotonic()
            own_clinic.server.ask_to_stop()
            code = await asyncio.to_thread(own_clinic.server.wait)
            assert time.monotonic() - since < 2
            assert code == 0, "anything else is a failure to systemd and Docker"
            await asyncio.to_thread(crowd.read, over, 30)
        ends = [member.events()[-1] for member in crowd.members]
        assert {(end.type, end.data) for end in ends} == {("bye", "restarting")} and len(ends) == STREAMS
        assert all(member.complete for member in crowd.members), "it was cut in the middle of its answer"
        retries = sorted(member.retry or 0 for member in crowd.members)
        assert retries[STREAMS * 3 // 4] - retries[STREAMS // 4] > 1_500, "half of them would come back at once"
        # What asyncio says of a task that was left behind: « Task was destroyed », « exception was never retrieved ».
        for word in ("Traceback", "Cancel", "Task", "never retrieved", " ERROR "):
            assert word not in own_clinic.server.log

    async def test_does_not_wait_for_a_client_that_never_reads(self, own_clinic: Clinic) -> None:
        fatou, diop = own_clinic.patient("Fatou" * 8_000), own_clinic.doctor()
        for _ in range(3):
            await own_clinic.stream(diop, "/events", after=0, unwilling=True)
        await own_clinic.events(diop, fatou, 12)
        since = time.monotonic()
        own_clinic.server.ask_to_stop()
        await asyncio.to_thread(own_clinic.server.wait)
        assert time.monotonic() - since < 2
        assert "Cancel" not in own_clinic.server.log

    async def test_leaves_no_task_of_streams_with_a_request_behind_them(self, own_clinic: Clinic) -> None:
        """Of requests that follow each other on a connection, uvicorn tells only the last that the client has gone."""
        awa, diop = own_clinic.patient(), own_clinic.doctor()
        for _ in range(3):
            stream = await own_clinic.listening(awa, "/events")
            await stream.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.1)  # it must be read before the end of the connection
            await stream.close()
        left = await own_clinic.listening(awa)
        await own_clinic.events(diop, awa, 6)  # only writing shows that nobody is there
        await left.news(6)
        assert await own_clinic.figure("fadjma_live_streams") == 1
        own_clinic.server.ask_to_stop()
        await asyncio.to_thread(own_clinic.server.wait)
        for word in ("Traceback", "Cancel", " ERROR "):
            assert word not in own_clinic.server.log


class TestARestart:
    async def test_everybody_comes_back_and_misses_nothing(self, own_clinic: Clinic) -> None:
        pairs = [(own_clinic.doctor(), own_clinic.patient()) for _ in range(3)]
        followers = {one.id: own_clinic.follow(one) for pair in pairs for one in pair}
        await until(lambda: all(follower.connections for follower in followers.values()))
        for doctor, patient in pairs:
            await own_clinic.events(doctor, patient, 6)
        own_clinic.server.ask_to_stop()
        await asyncio.to_thread(own_clinic.server.wait)
        await asyncio.to_thread(own_clinic.server.start)
        await asyncio.gather(*(own_clinic.events(doctor, patient, 6) for doctor, patient in reversed(pairs)))
        await until(lambda: all(follower.last == 12 for follower in followers.values()))
        for follower in followers.values():
            assert [event.seq for event in follower.seen] == list(range(1, 13))
            assert follower.dropped == 0 and follower.connections >= 2, "nobody was signed out"


async def test_killed_at_any_moment_nothing_acknowledged_is_lost(own_clinic: Clinic) -> None:
    """kill -9 while 16 doctors act at once: what was answered is there, everybody sees each event once, in order.

    FADJMA_KILLS says how often, FADJMA_SEED repeats the moments.
    """
    rng = Random(SEED)
    loads = [Load(own_clinic, own_clinic.doctor(), own_clinic.patient(), pause=THINKING) for _ in range(DOCTORS)]
    followers: dict[str, Follower] = {
        one.id: own_clinic.follow(one) for load in loads for one in (load.doctor, load.patient)
    }
    working = [asyncio.create_task(load.run(rng)) for load in loads]
    try:
        for _ in range(KILLS):
            so_far = acts(loads)
            await until(lambda so_far=so_far: acts(loads) > so_far)  # killed while nobody works, it proves nothing
            await asyncio.sleep(rng.random() * 0.4)
            own_clinic.server.kill()
            check_acknowledged(own_clinic, loads, SEED)
            await asyncio.to_thread(own_clinic.server.start)
            assert not any(task.done() for task in working), [task.exception() for task in working if task.done()]
        await asyncio.sleep(0.2)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    own_clinic.store.check()
    check_acknowledged(own_clinic, loads, SEED)
    sql = "SELECT seq, type, subject_id FROM notifications WHERE user_id = ? ORDER BY seq"
    for user_id, follower in followers.items():
        stored = own_clinic.store.rows(sql, user_id)
        await until(lambda follower=follower, stored=stored: follower.last >= len(stored))
        seen = [(event.seq, event.type, event.json["subject"]["id"]) for event in follower.seen]
        assert seen == stored, f"FADJMA_SEED={SEED}"
        assert follower.dropped == 0, "the server sent what this client said it had"
        assert follower.connections > KILLS / 2, "it came back between one kill and the next"
    assert all(load.refused for load in loads)
    for load in loads:  # each act once, although it was sent again after a kill: one event per change for each side
        await until(lambda load=load: _all_heard(own_clinic, load, followers))  # the last was asked as the work ended


def _all_heard(clinic: Clinic, load: Load, followers: dict[str, Follower]) -> bool:
    changes = clinic.store.value("SELECT sum(version) FROM access_requests WHERE doctor_id = ?", load.doctor.id)
    return bool(followers[load.doctor.id].last == followers[load.patient.id].last == changes)
