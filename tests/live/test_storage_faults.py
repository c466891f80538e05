"""What the disk, other programs and people do to the database while the server runs: an answer and the store agree."""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from disks import Disk, small_disk
from live_people import Clinic, Person
from live_server import Server

MINUTES_AGO = "UPDATE sessions SET last_active_at = last_active_at - 120000"


def _settled(settled: Path, folder: Path) -> Server:
    """A server whose database has only the cast: there is no year to make up."""
    shutil.copy(settled, folder / "fadjma.db")
    server = Server(folder)
    server.start()
    return server


@pytest.fixture(scope="module")
def long_suffering(settled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all who put right what they have done to it."""
    server = _settled(settled, tmp_path_factory.mktemp("suffering"))
    yield server
    server.close()
    assert "Traceback" not in server.log, server.log


@pytest.fixture
async def clinic(long_suffering: Server) -> AsyncIterator[Clinic]:
    async with Clinic(long_suffering) as clinic:
        yield clinic


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def problem(response: httpx.Response) -> dict[str, Any]:
    """The 503 that says that nothing was done and when to try again."""
    assert response.status_code == 503, (response.status_code, response.text)
    assert response.headers["Content-Type"] == "application/problem+json"
    answer: dict[str, Any] = response.json()
    assert answer["status"] == 503 and answer["title"] and answer["detail"]
    return answer


def refused(response: httpx.Response) -> None:
    assert "enregistré" in problem(response)["detail"]
    assert int(response.headers["Retry-After"]) > 0


def requests(clinic: Clinic) -> int:
    return int(clinic.store.value("SELECT count(*) FROM access_requests"))


async def ask(clinic: Clinic, doctor: Person, patient: Person, key: str = "") -> httpx.Response:
    return await clinic.post(doctor, "/access-requests", key=key, patient_id=patient.id, reason="Suivi")


async def health(clinic: Clinic) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await client.get(clinic.server.address + "/health")


async def failing(clinic: Clinic) -> list[str]:
    response = await health(clinic)
    return [] if response.status_code == 200 else list(problem(response)["failing"])


class TestBehindSomebodyElsesLock:
    async def test_all_who_wait_are_refused_together_and_nothing_is_kept(self, clinic: Clinic) -> None:
        pairs = [(clinic.doctor(), clinic.patient()) for _ in range(8)]
        before = requests(clinic)
        with locked(clinic.server.database):
            since = time.monotonic()
            answers = await asyncio.gather(*(ask(clinic, *pair, key=f"k{n}") for n, pair in enumerate(pairs)))
            assert time.monotonic() - since < 9, "each after the other it would be forty seconds"
            for answer in answers:
                refused(answer)
            assert await failing(clinic) == ["write"]
        assert requests(clinic) == before
        again = await asyncio.gather(*(ask(clinic, *pair, key=f"k{n}") for n, pair in enumerate(pairs)))
        assert {answer.status_code for answer in again} == {201}
        assert requests(clinic) == before + len(pairs)
        assert await failing(clinic) == []

    async def test_people_read_and_sign_out(self, clinic: Clinic) -> None:
        awa, diop = clinic.patient(), clinic.doctor()
        clinic.store.write(lambda tx: tx.execute(MINUTES_AGO))  # the next page is activity to be written down
        with locked(clinic.server.database):
            since = time.monotonic()
            for who, path in ((awa, f"/patients/{awa.id}/records"), (diop, "/prescriptions"), (diop, "/patients")):
                assert (await clinic.get(who, path)).status_code == 200
            assert (await clinic.poll(awa, 0)).status_code in (200, 204)
            assert await failing(clinic) == [], "that somebody waits is no failure yet"
            assert time.monotonic() - since < 4
            async with httpx.AsyncClient(base_url=clinic.address, trust_env=False, timeout=60) as browser:
                leaving = browser.post("/sign-out", headers=awa.session.cookie | {"Origin": clinic.address})
                left, program = await asyncio.gather(leaving, clinic.post(diop, "/sign-out"))
            assert left.status_code == 303 and "fadjma=;" in left.headers["Set-Cookie"].replace('""', "")
            refused(program)


@pytest.fixture
async def own(settled: Path, tmp_path: Path) -> AsyncIterator[Clinic]:
    server = _settled(settled, tmp_path)
    async with Clinic(server) as clinic:
        yield clinic
    server.close()


async def test_the_signal_to_stop_behind_a_lock_leaves_no_doubt(own: Clinic) -> None:
    """What is answered is stored, what is not stored is not answered, and the service manager need not kill."""
    pairs = [(own.doctor(), own.patient()) for _ in range(6)]
    before = requests(own)
    with locked(own.server.database):
        acting = [asyncio.create_task(ask(own, *pair)) for pair in pairs]
        await asyncio.sleep(0.5)
        own.server.ask_to_stop()
        since = time.monotonic()
        assert await asyncio.to_thread(own.server.wait) == 0
        assert time.monotonic() - since < 4, "README: TimeoutStopSec=5"
    for answer in await asyncio.gather(*acting):
        refused(answer)
    assert requests(own) == before
    assert "Cancel" not in own.server.log


@asynccontextmanager
async def on_a_small_disk(settled: Path, folder: Path) -> AsyncIterator[tuple[Clinic, Disk]]:
    with small_disk(folder / "disk") as disk:
        server = _settled(settled, disk.folder)
        try:
            async with Clinic(server) as clinic:
                yield clinic, disk
        finally:
            server.close()
        assert "Traceback" not in server.log, server.log


async def test_a_full_disk_is_said_and_what_is_acknowledged_is_kept(settled: Path, tmp_path: Path) -> None:
    async with on_a_small_disk(settled, tmp_path) as (clinic, disk):
        diop = clinic.doctor()
        patients = [clinic.patient() for _ in range(80)]
        assert await failing(clinic) == []
        before = requests(clinic)
        await asyncio.to_thread(disk.fill, clinic.server)
        answers = [await ask(clinic, diop, patient) for patient in patients]
        kept = [answer for answer in answers if answer.status_code == 201]
        for answer in answers:
            if answer not in kept:
                refused(answer)
        assert len(kept) < len(answers), "the log may have had some room left, but not for all"
        assert await failing(clinic), "what is written to ask may find room in the log; the disk is full all the same"
        assert (await clinic.get(diop, "/prescriptions")).status_code == 200
        disk.free(clinic.server)
        assert await failing(clinic) == []
        assert requests(clinic) == before + len(kept)
        assert (await ask(clinic, diop, clinic.patient())).status_code == 201


@contextmanager
def moved(path: Path, *, in_its_place: Path | None = None) -> Iterator[None]:
    """Taken away, as good as deleted, and perhaps another put in its place; brought back in the end."""
    aside = path.with_name("aside")
    path.rename(aside)
    try:
        if in_its_place:
            shutil.copy(in_its_place, path)
        yield
    finally:
        aside.rename(path)


async def test_a_file_that_is_no_longer_there_takes_no_act_and_is_said(clinic: Clinic, settled: Path) -> None:
    diop, database = clinic.doctor(), clinic.server.database
    for lost in (
        moved(database),
        moved(database, in_its_place=settled),  # as a backup is restored while the program runs
        moved(database.with_name(database.name + "-wal")),
        moved(database.parent),
    ):
        awa = clinic.patient()
        with lost:
            refused(await ask(clinic, diop, awa))
            assert await failing(clinic) == ["file"]
            assert (await clinic.get(awa, "/prescriptions")).status_code == 200
        assert (await ask(clinic, diop, awa)).status_code == 201, "it is in its place again"
        assert await failing(clinic) == []


async def test_damaged_pages_are_said(own: Clinic) -> None:
    path = own.server.database
    own.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    keep = path.read_bytes()
    try:
        with path.open("r+b") as file:
            for page in range(20, 60):
                os.pwrite(file.fileno(), os.urandom(4096), page * 4096)
        assert await failing(own) == ["pages"]
    finally:
        with path.open("r+b") as file:
            os.pwrite(file.fileno(), keep, 0)
