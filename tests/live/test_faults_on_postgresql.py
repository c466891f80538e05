"""Three processes on one PostgreSQL, and what breaks: nothing that was answered is lost, each event is heard once.

Each round has every fault of FAULTS once, under load, in an order of its own. `bin/faults-postgresql --times 60` makes
sixty rounds; FADJMA_FAULTS says how many, FADJMA_SEED repeats their order and moments. Of one round half as many work,
and think between their acts: what is answered is the same, and every act costs a twentieth of a second of a core.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest
from clusters import Cluster, Standby
from event_stream import WITHIN
from fleet import Fleet, FleetClinic
from live_people import until
from live_server import Server
from loads import acts, check_acknowledged
from workday import SEED, working

from fadjma.store.postgresql.connections import Connection, connect
from fadjma.store.postgresql.database import PostgreSQL
from fadjma.store.postgresql.transaction import PostgreSQLTransaction
from fadjma.store.postgresql.writing import _SERIALIZABLE

ROUNDS = int(os.environ.get("FADJMA_FAULTS", "1"))
PROCESSES = 3
DOCTORS, THINKING = (8, 0.01) if ROUNDS > 1 else (4, 0.4)  # how long each thinks between two acts, at most, in seconds

log = logging.getLogger("faults")
Fault = Callable[[FleetClinic, Random], Awaitable[None]]


pytestmark = [pytest.mark.long, pytest.mark.xdist_group("faults")]  # `quiet` is made once


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A server of this test's own, which it may leave in any state; it waits for the disk, as a clinic's does."""
    with Cluster(durable=True) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def quiet() -> Iterator[Cluster]:
    """A server that writes nothing down by itself, only what it has committed: so a test knows what a crash takes."""
    with Cluster(synchronous_commit="on") as cluster:
        yield cluster


@pytest.fixture
def serving(quiet: Cluster) -> Iterator[Cluster]:
    """The same, and it serves, whatever the test before has done to it."""
    quiet.start_again()
    yield quiet


@pytest.fixture
def fleet(own: Cluster, tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(own, tmp_path, PROCESSES) as fleet:
        yield fleet


def _any(clinic: FleetClinic, rng: Random) -> Server:
    return rng.choice(clinic.fleet.servers)


async def a_process_is_killed(clinic: FleetClinic, rng: Random) -> None:
    server = _any(clinic, rng)
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(rng.random() * 0.3)
    await asyncio.to_thread(server.start_again)


async def whoever_keeps_the_time_is_killed(clinic: FleetClinic, rng: Random) -> None:
    fleet = clinic.fleet
    keeper = await _keeper(fleet, but=None)
    await asyncio.to_thread(keeper.kill)
    await _keeper(fleet, but=keeper)
    await asyncio.to_thread(keeper.start_again)


async def _keeper(fleet: Fleet, *, but: Server | None) -> Server:
    """Who keeps the time, once it is somebody else. Asked ten times a second: PostgreSQL forks for each question."""
    async with asyncio.timeout(WITHIN):
        while True:
            keeper = await asyncio.to_thread(fleet.keeper)
            if keeper not in (None, but):
                return keeper
            await asyncio.sleep(0.1)


async def the_database_crashes(clinic: FleetClinic, rng: Random) -> None:
    """SIGQUIT: nothing is written down, nobody is told good-bye."""
    await asyncio.to_thread(clinic.fleet.crash)


async def one_of_its_processes_is_killed(clinic: FleetClinic, rng: Random) -> None:
    """Then PostgreSQL ends all the others, and recovers."""
    await asyncio.to_thread(clinic.fleet.kill_backend)


async def those_who_listen_are_cut_off(clinic: FleetClinic, rng: Random) -> None:
    await asyncio.to_thread(clinic.fleet.cut, "fadjma listens")


async def everybody_is_cut_off(clinic: FleetClinic, rng: Random) -> None:
    await asyncio.to_thread(clinic.fleet.cut)


async def a_process_hangs(clinic: FleetClinic, rng: Random) -> None:
    """Without dying; if it keeps the time, another has it before it wakes."""
    fleet, server = clinic.fleet, _any(clinic, rng)
    kept_it = await asyncio.to_thread(fleet.keeper) is server
    os.kill(server.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(rng.random() * 2)
        if kept_it:
            await _keeper(fleet, but=server)
    finally:
        os.kill(server.pid, signal.SIGCONT)


async def all_are_started_again_one_by_one(clinic: FleetClinic, rng: Random) -> None:
    """As for a new version: a signal, its end, the next."""
    for server in clinic.fleet.servers:
        server.ask_to_stop()
        assert await asyncio.to_thread(server.wait) == 0
        await asyncio.to_thread(server.start_again)


FAULTS: list[Fault] = [
    a_process_is_killed,
    whoever_keeps_the_time_is_killed,
    the_database_crashes,
    one_of_its_processes_is_killed,
    those_who_listen_are_cut_off,
    everybody_is_cut_off,
    a_process_hangs,
    all_are_started_again_one_by_one,
]


async def test_whatever_breaks_nothing_acknowledged_is_lost_and_each_event_comes_once(fleet: Fleet) -> None:
    rng = Random(SEED)
    async with working(fleet, DOCTORS, THINKING) as (clinic, loads, go_on):
        for number in range(ROUNDS):
            for fault in rng.sample(FAULTS, len(FAULTS)):
                await go_on()
                await asyncio.sleep(rng.random() * 0.3)
                began = time.monotonic()
                await fault(clinic, rng)
                clinic.look_again()
                check_acknowledged(clinic, loads, SEED)
                lasted = time.monotonic() - began
                log.info("round %d: %s (%.1f s), %d acts so far", number + 1, fault.__name__, lasted, acts(loads))


@pytest.mark.parametrize("crash", [Cluster.kill, lambda cluster: cluster.stop(signal.SIGQUIT)])
async def test_a_lost_acts_number_that_is_given_to_another_does_not_say_that_it_was_kept(
    serving: Cluster, crash: Callable[[Cluster], None]
) -> None:
    """PostgreSQL gives a number again that is in nothing which it had written down when it crashed."""
    name = serving.create()
    with serving.connect(name) as connection:
        connection.execute("CREATE TABLE acts (id TEXT)")
    database = PostgreSQL(serving.url(name))

    def begin() -> tuple[Connection, str]:
        connection = closing.enter_context(contextlib.closing(connect(serving.url(name))))
        tx = PostgreSQLTransaction(connection, 0, begin=[_SERIALIZABLE])
        tx.execute("INSERT INTO acts VALUES ('one')")
        tx.flush()
        return connection, tx.number

    with contextlib.ExitStack() as closing:
        lost, number = begin()
        await asyncio.to_thread(crash, serving)
        await asyncio.to_thread(serving.start_again)
        again, other = begin()
        again.execute("COMMIT")
        assert other == number, "else this shows nothing"
        assert database._writes.was_kept(number, lost.history) is None
        assert database._writes.was_kept(number, again.history) is True


async def test_of_a_server_that_was_stopped_properly_it_is_known(serving: Cluster) -> None:
    database = PostgreSQL(serving.url("postgres"))
    with contextlib.closing(connect(serving.url("postgres"))) as lost:
        tx = PostgreSQLTransaction(lost, 0, begin=[_SERIALIZABLE])
        tx.value("SELECT 1")
        await asyncio.to_thread(serving.stop)
        await asyncio.to_thread(serving.start)
        assert database._writes.was_kept(tx.number, lost.history) is False


async def test_a_standby_takes_over_and_nothing_acknowledged_is_lost(own: Cluster, tmp_path: Path) -> None:
    """It has what it has confirmed, and nothing is acknowledged before (docs/scaling.md)."""
    name = own.create()
    with Standby(own) as standby:
        both = own.url(name) + quote(f",{standby.folder}", safe="") + "&target_session_attrs=read-write"
        with Fleet(own, tmp_path, 2, url=both) as fleet:
            with own.connect("postgres") as there:
                there.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                there.execute("SELECT pg_reload_conf()")
            async with working(fleet, DOCTORS, THINKING) as (clinic, loads, go_on):
                await until(lambda: fleet.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))
                await go_on()
                await asyncio.to_thread(own.stop, signal.SIGQUIT)
                fleet.cluster = standby
                await asyncio.to_thread(standby.promote)
                clinic.look_again()
                check_acknowledged(clinic, loads, SEED)
