"""A start that cannot be says why in one line and ends; a signal to stop is obeyed whenever it comes."""

import os
import shutil
import signal
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from demo_database import demo_database
from disks import read_only, small_disk
from forked import Forked
from live_server import Server

from fadjma.store import at
from fadjma.store.sqlite.connections import BUSY_SECONDS

ELSEWHERE = "UPDATE users SET email = replace(email, '@demo.fadjma', '@clinique.sn')"
WITHIN = 30  # seconds; the machine may be busy
SLOW = 10  # seconds that a busy machine takes for what is done at once


@pytest.fixture
def server(path: Path, tmp_path: Path) -> Iterator[Server]:
    """One that has not been started, with the cast in its database: there is nothing to fill."""
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.move(path, folder / "fadjma.db")
    server = Server(folder)
    yield server
    server.close()


@pytest.fixture
def anew(server: Server) -> None:
    """The program is loaded for it, as people start it: what comes before the program, and after it, is there, too."""
    server.anew = True


def refused(server: Server) -> str:
    """The one line with which a start ends."""
    server.launch()
    assert server.wait(WITHIN) == 1
    [line] = server.log.splitlines()
    assert line.startswith("FADJMA ne démarre pas"), line
    assert str(server.database) in line
    assert "http://" not in server.said
    return line


class TestAStartThatCannotBe:
    def test_of_a_file_that_cannot_be_written(self, server: Server) -> None:
        with read_only(server.database):
            assert "lecture seule" in refused(server)

    def test_in_a_folder_that_cannot_be_written(self, tmp_path: Path, path: Path) -> None:
        with small_disk(tmp_path / "disk") as disk:
            shutil.copy(path, disk.folder / "fadjma.db")
            disk.make_read_only()
            server = Server(tmp_path, FADJMA_DATABASE_URL=f"sqlite:///{disk.folder}/fadjma.db")
            server.database = disk.folder / "fadjma.db"
            assert "ouvrir ou écrire" in refused(server) or "lecture seule" in server.log

    def test_where_there_is_no_room_for_the_demo(self, tmp_path: Path) -> None:
        """The writer is open by then, and a thread of its own would keep the process."""
        with small_disk(tmp_path / "disk", megabytes=1) as disk:
            server = Server(tmp_path, anew=True, FADJMA_DATABASE_URL=f"sqlite:///{disk.folder}/fadjma.db")
            server.database = disk.folder / "fadjma.db"
            if not disk.mounted:
                server.launch()
                disk.fill(server)
            assert "plein" in refused(server)

    def test_of_a_file_that_is_something_else(self, server: Server) -> None:
        server.database.write_bytes(b"Ordonnances de mars\n" * 1_000)
        assert "pas une base SQLite" in refused(server)

    def test_of_the_demos_people_outside_the_demo(self, server: Server) -> None:
        """Everybody knows their password."""
        server.database.write_bytes(demo_database())
        with closing(sqlite3.connect(server.database)) as connection:
            connection.execute(ELSEWHERE)  # whoever is called what now
            connection.commit()
        earnest = Server(server.database.parent, FADJMA_DEMO="0")
        assert "remplie par la démonstration" in refused(earnest)

    def test_of_the_demos_people_from_before_that_was_written_down(self, server: Server) -> None:
        """Awa is there, but no word of who filled the database."""
        with closing(sqlite3.connect(server.database)) as connection:
            assert connection.execute("SELECT count(*) FROM settings WHERE key = 'demo'").fetchone() == (0,)
        earnest = Server(server.database.parent, FADJMA_DEMO="0")
        assert "remplie par la démonstration" in refused(earnest)

    def test_of_real_people_as_a_demo(self, server: Server) -> None:
        with closing(sqlite3.connect(server.database)) as connection:
            connection.execute(ELSEWHERE)
            connection.commit()
        assert "pas ceux de la démonstration" in refused(server)
        earnest = Server(server.database.parent, FADJMA_DEMO="0")
        earnest.start()
        earnest.close()

    def test_leaves_a_database_that_the_next_start_can_open(self, server: Server) -> None:
        with read_only(server.database):
            refused(server)
        server.start()
        server.ask_to_stop()
        assert server.wait() == 0


class TestAnAddressThatCannotBe:
    """It is looked at before the database is: a start that cannot be migrates nothing."""

    def _refused(self, server: Server) -> str:
        before = server.database.read_bytes()
        server.launch()
        assert server.wait(WITHIN) == 1
        [line] = server.log.splitlines()
        assert line.startswith("FADJMA ne démarre pas"), line
        assert [file.name for file in server.database.parent.glob("fadjma.db*")] == ["fadjma.db"]
        assert server.database.read_bytes() == before
        return line

    def test_which_another_program_has(self, server: Server) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            server.address = f"http://127.0.0.1:{port}"
            assert f"grep :{port}" in self._refused(server)

    @pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
    def test_which_is_of_another_machine_or_none(self, server: Server, host: str) -> None:
        earnest = Server(server.database.parent, FADJMA_DEMO="0", FADJMA_HOST=host)
        line = self._refused(earnest)
        assert f"{host}:0" in line and "FADJMA_HOST" in line


def _catches(server: Server, sig: signal.Signals) -> bool:
    """Whether the process has said what is to happen on this signal; before, it would simply end."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (sig - 1) & 1)


def _await_catching(server: Server, sig: signal.Signals) -> None:
    deadline = time.monotonic() + WITHIN
    while not _catches(server, sig):
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("milliseconds", [0, 20, 50, 100])
class TestASignalDuringTheStart:
    def test_of_the_process(self, server: Server, anew: None, milliseconds: int) -> None:
        server.launch()
        time.sleep(milliseconds / 1000)
        server.ask_to_stop()
        assert server.wait(WITHIN) == -signal.SIGTERM
        assert not server.log

    def test_of_the_serving(self, server: Server, milliseconds: int) -> None:
        """From when the program decides itself what the signal means."""
        server.launch()
        _await_catching(server, signal.SIGTERM)
        time.sleep(milliseconds / 1000)
        server.ask_to_stop()
        since = time.monotonic()
        assert server.wait(WITHIN) == 0
        assert time.monotonic() - since < SLOW
        assert not server.log


def test_a_start_behind_somebody_elses_lock_can_be_stopped(server: Server) -> None:
    with closing(sqlite3.connect(server.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        server.launch()
        _await_catching(server, signal.SIGTERM)
        time.sleep(1)
        server.ask_to_stop()
        since = time.monotonic()
        assert server.wait(WITHIN) == 0
        assert time.monotonic() - since < BUSY_SECONDS + SLOW
        other.execute("ROLLBACK")


def _modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob("fadjma.db*")}


class TestNobodyElseReads:
    @pytest.fixture(autouse=True)
    def open_to_all(self) -> Iterator[None]:
        before = os.umask(0)
        yield
        os.umask(before)

    async def test_what_the_server_keeps(self, server: Server) -> None:
        server.database.chmod(0o644)  # as an earlier version left it
        server.start()
        assert set(_modes(server.database.parent).values()) == {0o600}
        assert _modes(server.database.parent).keys() > {"fadjma.db", "fadjma.db-wal", "fadjma.db-shm"}

    def test_a_backup(self, server: Server) -> None:
        target = server.database.with_name("fadjma.db.copy")
        environment = os.environ | {"FADJMA_DEMO": "1", "FADJMA_DATABASE_URL": f"sqlite:///{server.database}"}
        out, err = target.with_suffix(".out"), target.with_suffix(".err")
        assert Forked(["-m", "quart", "backup", str(target)], environment, out, err).wait(WITHIN) == 0, err.read_text()
        assert _modes(server.database.parent)["fadjma.db.copy"] == 0o600

    async def test_a_new_database(self, tmp_path: Path) -> None:
        database = at(f"sqlite:///{tmp_path}/fadjma.db")
        await database.open()
        assert set(_modes(tmp_path).values()) == {0o600} and len(_modes(tmp_path)) == 3
        await database.close()


def test_a_second_server_on_one_database_says_so(server: Server) -> None:
    server.start()
    second = Server(server.database.parent)
    try:
        second.launch()
        second.await_address()
        [line] = [line for line in second.log.splitlines() if "déjà servie" in line]
        assert f"({server.pid})" in line and "deux secondes" in line
        server.ask_to_stop()
        server.wait()
    finally:
        second.close()
    server.start()
    assert server.log.count("déjà servie") == 1, "whoever comes after both is the only one"
