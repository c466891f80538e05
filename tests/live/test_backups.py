"""The whole way of a backup with the real programs: made while people work, the machine dies, it is put in place."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cast import EMAILS, NDIAYE, PASSWORD
from forked import Forked
from live_server import SECRET_KEY, Server

WITHIN = 60  # seconds; the machine may be busy


@pytest.fixture
def server(path: Path, tmp_path: Path) -> Iterator[Server]:
    """A clinic with the cast in it and a folder for copies."""
    folder = tmp_path / "server"
    (folder / "copies").mkdir(parents=True)
    shutil.move(path, folder / "fadjma.db")
    with closing(sqlite3.connect(folder / "fadjma.db")) as connection:
        connection.execute("UPDATE users SET email = replace(email, '@demo.fadjma', '@clinique.sn')")
        connection.commit()
    server = Server(folder, FADJMA_DEMO="0", FADJMA_BACKUP_FOLDER=str(folder / "copies"))
    yield server
    server.close()


def _quart(server: Server, *command: str) -> str:
    environment = os.environ | {
        "FADJMA_DATABASE_URL": f"sqlite:///{server.database}",
        "FADJMA_SECRET_KEY": SECRET_KEY,
        "QUART_APP": "app:app",
    }
    out, err = server.database.with_name("command.out"), server.database.with_name("command.err")
    err.write_bytes(b"")
    code = Forked(["-m", "quart", *command], environment, out, err).wait(WITHIN)
    return f"{code} {out.read_text()}{err.read_text()}"


def _sign_in(server: Server) -> int:
    body = {"email": EMAILS[NDIAYE.id].replace("@demo.fadjma", "@clinique.sn"), "password": PASSWORD}
    return httpx.post(f"{server.address}/api/token", json=body, trust_env=False, timeout=60).status_code


def _copies(server: Server) -> list[Path]:
    return sorted((server.database.parent / "copies").glob("fadjma-*.db"))


def test_from_the_copy_to_the_clinic_that_goes_on(server: Server) -> None:
    server.start()
    assert _sign_in(server) == 200
    until = time.monotonic() + WITHIN
    while not _copies(server):
        assert time.monotonic() < until, server.log
        time.sleep(0.05)
    [copy] = _copies(server)
    assert "tourne encore" in _quart(server, "restore", str(copy))
    server.kill()
    server.database.write_bytes(server.database.read_bytes()[:100_000])  # and its disk has lost the half of it
    server.database.with_name("fadjma.db-wal").unlink(missing_ok=True)
    assert _quart(server, "verify").startswith("1 ")
    assert "--replace-newer" in _quart(server, "restore", str(copy))
    restored = _quart(server, "restore", "--replace-newer", str(copy))
    assert restored.startswith("0 ") and "est gardée" in restored, restored
    assert _quart(server, "verify").startswith("0 ")
    server.start()
    assert _sign_in(server) == 200
