"""A database that cannot be worked with: one line that says why and what to do, a code, and nothing left running."""

import asyncio
import ctypes
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from demo_database import empty_database
from forked import Forked

import fadjma
from fadjma import create_app
from fadjma.config import Settings
from fadjma.store import Unusable, Violation, at
from fadjma.store.sqlite import connections
from fadjma.store.sqlite.migrating import migrate

ROOT = Path(fadjma.__file__).parent.parent
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1 << 1, 1 << 2


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A migrated database in a folder of its own, whose rights are given back afterwards."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "fadjma.db").write_bytes(empty_database())
    yield folder / "fadjma.db"
    folder.chmod(0o700)


@contextmanager
def _like_anybody() -> Iterator[None]:
    """Root, too, heeds the rights of files: this thread lays its two capabilities down that say otherwise."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice 32 bits of each
    assert libc.capget(header, held) == 0
    fewer = (ctypes.c_uint32 * 6)(*held)
    fewer[0] &= ~_CAP_DAC_OVERRIDE & ~_CAP_DAC_READ_SEARCH
    assert libc.capset(header, fewer) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


def _new(path: Path) -> Path:
    return path.parent / "new.db"


def _missing_folder(path: Path) -> Path:
    return path.parent / "nowhere" / "fadjma.db"


def _a_folder(path: Path) -> Path:
    return path.parent


def _no_database(path: Path) -> Path:
    path.write_text("Chère Awa,\n" * 500)
    return path


def _read_only_file(path: Path) -> Path:
    path.chmod(0o400)
    return path


def _read_only_folder(path: Path) -> Path:
    path.parent.chmod(0o500)
    return path


def _unreadable_file(path: Path) -> Path:
    path.chmod(0)
    return path


def _newer(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9000_from_tomorrow', 1, 'x')")
        connection.commit()
    return path


def _edited(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE name LIKE '0003%'")
        connection.commit()
    return path


FAULTS = {
    "missing folder": (_missing_folder, "nowhere n'existe pas"),
    "a folder": (_a_folder, "c'est un dossier"),
    "no database": (_no_database, "n'est pas une base SQLite"),
    "read-only file": (_read_only_file, "en lecture seule"),
    "read-only folder": (_read_only_folder, "vérifiez les droits|en lecture seule"),
    "unreadable file": (_unreadable_file, "vérifiez les droits"),
    "newer": (_newer, "plus récente de FADJMA .9000_from_tomorrow ; "),
    "edited": (_edited, "un autre texte de 0003_access"),
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_one_line_says_what_is_wrong(path: Path, fault: Callable[[Path], Path], said: str) -> None:
    broken = fault(path)
    with _like_anybody(), pytest.raises(Unusable, match=said) as refusal:
        migrate(broken, 1)
    assert str(broken) in str(refusal.value) and "\n" not in str(refusal.value)


SERVER = ("app.py",)
COMMAND = ("-m", "quart", "create-admin", "--email=a@b.sn", "--given-name=A", "--family-name=B")
COMMAND += ("--password=un mot de passe long",)


def _on_a_full_disk() -> None:
    """In the child: no file grows beyond what the schema takes, which is what a full disk does to it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, 16_384))


@pytest.mark.parametrize(
    ("command", "fault", "said"),
    [(SERVER, _newer, "plus récente"), (COMMAND, _missing_folder, "nowhere")],
    ids=["newer, the server", "missing folder, a command"],
)
def test_the_program_ends_with_that_line_and_a_code(
    path: Path, tmp_path: Path, command: tuple[str, ...], fault: Callable[[Path], Path], said: str
) -> None:
    out, err = tmp_path / "out.txt", tmp_path / "err.txt"
    code = Forked(command, _environment(fault(path)), out, err).wait(120)
    _ended_with_one_line(code, out.read_text(), err.read_text(), said)


def test_so_it_does_on_a_full_disk_where_it_is_begun_anew(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *SERVER],
        cwd=ROOT,
        env=_environment(_new(path)),
        preexec_fn=_on_a_full_disk,
        capture_output=True,
        text=True,
        timeout=120,
    )
    _ended_with_one_line(done.returncode, done.stdout, done.stderr, "plein")


def _environment(path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("FADJMA_")},  # of these tests
        "FADJMA_DATABASE_URL": f"sqlite:///{path}",
        "FADJMA_SECRET_KEY": "x" * 40,
        "FADJMA_PORT": "0",
        "QUART_APP": "app:app",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _ended_with_one_line(code: int, out: str, err: str, said: str) -> None:
    assert code == 1 and out == ""
    (line,) = err.splitlines()
    assert said in line


async def test_and_another_program_that_locks_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unusable, match="un autre programme la verrouille"):
            await at(f"sqlite:///{path}").open()


@pytest.mark.parametrize("opened", [0, 1, 2, 3])
async def test_what_was_opened_before_it_failed_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch, opened: int
) -> None:
    """A thread of a connection that stays open would keep the process from ending."""
    connect, left = connections.connect, [opened]

    def fail_in_time(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        if not left[0]:
            raise sqlite3.OperationalError("disk I/O error")
        left[0] -= 1
        return connect(*args, **kwargs)

    monkeypatch.setattr("fadjma.store.sqlite.database.connect", fail_in_time)
    database = at(f"sqlite:///{path}")
    with pytest.raises(Unusable, match="disk I/O error"):
        await database.open()
    assert await _running() == set() and left == [0]


async def test_so_is_everything_when_what_follows_the_opening_fails(path: Path) -> None:
    """Demo mode keeps its key in the database before anybody is served."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON settings BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    app = create_app(Settings(database_url=f"sqlite:///{path}", demo=True))
    with pytest.raises(Violation, match="disk full"):
        await app.startup()
    assert await _running() == set()


_OTHERS: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    """Tests beside these, in the same process, keep an app open."""
    _OTHERS.update(threading.enumerate())
    yield
    _OTHERS.clear()


async def _running() -> set[threading.Thread]:
    """The threads of connections that do not end by themselves, each has one; but those of other tests' apps."""
    threads = {thread for thread in threading.enumerate() if "connection_worker" in thread.name} - _OTHERS
    for thread in threads:
        await asyncio.to_thread(thread.join, 5)
    return {thread for thread in threads if thread.is_alive()}
