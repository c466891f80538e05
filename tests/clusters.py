"""PostgreSQL as processes of its own: a folder, a socket in it and no port; the system's server is never touched.

It refuses to run as root, so that root's tests give it to an ordinary user. Its databases compare words as French does
unless they are told otherwise: where the schema forgets to say `COLLATE "C"`, the order differs from SQLite's.
"""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from forked import REAL_TIME
from psycopg import sql

_DEBIAN = Path("/usr/lib/postgresql")
_USER = "fadjma"
_USERS = ("postgres", "nobody")  # whom root's server runs as: the first that there is
_UNPLUGGED = {  # nobody unplugs the machine of these tests, nobody follows it, and whoever makes a heap clears it away
    **{"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"},
    **{"wal_level": "minimal", "max_wal_senders": "0", "wal_writer_delay": "10s", "checkpoint_timeout": "1d"},
    **{"autovacuum": "off", "track_counts": "off", "bgwriter_delay": "10s", "bgwriter_lru_maxpages": "0"},
    **{"max_logical_replication_workers": "0", "max_parallel_workers": "0"},
    **{"jit": "off", "plan_cache_mode": "force_generic_plan"},  # a plan is made once, not for each value of its own
}
_LIGHT = {"shared_buffers": "32MB", "max_connections": "100", "listen_addresses": "", "timezone": "UTC"}
_START_SECONDS = 30.0


class Cluster:
    """One server with its databases: `with Cluster() as cluster`. `durable`: it waits for the disk, as a clinic's does;
    `settings` are what postgresql.conf would say beside that."""

    def __init__(self, *, durable: bool = False, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fadjma-pg-"))  # a socket's path has 107 bytes, pytest's are longer
        self._settings = _LIGHT | ({} if durable else _UNPLUGGED) | settings
        self._owner = _owner()
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)
        if self._owner:
            shutil.chown(self.folder, self._owner, self._group)
        self._make()
        self.start()
        return self

    def _make(self) -> None:
        self.run(
            *("initdb", "--no-sync", "--auth=trust", f"--username={_USER}", f"--pgdata={self._data}"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=fr"),
        )

    def __exit__(self, *error: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    @property
    def pid(self) -> int:
        """Of the server, which ends its children when it ends."""
        assert self._process
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Have it serve, also after it was stopped or killed; returns when it takes connections."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", self._data, "-k", self.folder, *settings],
                **self._as_owner(),
                stdout=log,
                stderr=log,
            )
        self.await_it()

    def await_it(self) -> None:
        """Returns when it takes connections, as it does again when it has recovered."""
        assert self._process
        end = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                self.connect("postgres").close()
                return
            assert self._process.poll() is None and time.monotonic() < end, f"it did not start:\n{self.log}"
            time.sleep(0.01)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it. SIGINT: open connections are ended, what was committed is written; SIGQUIT: as when it crashes."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(_START_SECONDS)
        self._process = None

    def kill(self, backend: int | None = None) -> None:
        """Kill one of its processes without warning, this or any: it ends all the others and recovers. Returns when it
        has begun to.
        """
        with self.connect("postgres") as any_of_them, self.connect("postgres") as watching:
            os.kill(backend or any_of_them.info.backend_pid, signal.SIGKILL)
            with contextlib.suppress(
                psycopg.OperationalError
            ):  # not the one that is killed: it ends before that is known
                while True:
                    watching.execute("SELECT 1")

    def start_again(self) -> None:
        """Serve again, after whichever end."""
        if self._process is None:
            self.start()
        self.await_it()

    def url(self, database: str) -> str:
        """What FADJMA_DATABASE_URL would be for this database."""
        return f"postgresql://{_USER}@/{database}?host={quote(str(self.folder), safe='')}"

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A connection in which every statement is its own transaction."""
        return psycopg.connect(self.url(database), autocommit=True)

    def create(self, template: str = "template1", name: str | None = None) -> str:
        """A new database like this one, to which nobody is connected meanwhile; returns its name. Some 20 to 50 ms."""
        name = name or f"db{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._manage(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Away with a database, and with the connections that are left to it."""
        self._manage(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @staticmethod
    def clear(connection: psycopg.Connection[Any]) -> None:
        """Away with every row of a migrated database in some 10 ms, where another one takes 100 and more: neither
        triggers nor references look."""
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'"
        )
        every = [sql.SQL("DELETE FROM {};").format(sql.Identifier(table)) for (table,) in tables]
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(sql.SQL("").join(every))

    def _manage(self, statement: sql.Composed) -> None:
        with self.connect("postgres") as connection:
            connection.execute(statement)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _group(self) -> str:
        return "nogroup" if self._owner == "nobody" else self._owner

    def _as_owner(self) -> dict[str, Any]:
        """How a program of its is started: whoever we are, not with the time that a test makes up."""
        who = {"user": self._owner, "group": self._group, "extra_groups": []} if self._owner else {}
        return {"env": REAL_TIME, "cwd": self.folder, **who}

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs as whoever the server runs as."""
        done = subprocess.run(
            [_program(program), *arguments], **self._as_owner(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


class Standby(Cluster):
    """Another one that has all of the first, and follows it until it is promoted."""

    def __init__(self, first: Cluster, **settings: str) -> None:
        followed = {"wal_level": "replica", "max_wal_senders": "10"}  # no less than the first one's
        super().__init__(**(followed | settings))
        self._first = first

    def _make(self) -> None:
        """docs/scaling.md says the same for two machines."""
        where = ("--host", str(self._first.folder), "--username", _USER)
        self.run("pg_basebackup", *where, "--pgdata", str(self._data), "--write-recovery-conf", "--checkpoint=fast")

    def promote(self) -> None:
        """From now on it is the one that is written to."""
        with self.connect("postgres") as connection:
            connection.execute("SELECT pg_promote()")


def _program(name: str) -> str:
    """Debian keeps those of each version in a folder of its own, the newest wins."""
    folders = sorted(_DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    assert found, "PostgreSQL is needed for these tests: apt install postgresql"
    return found


def _owner() -> str:
    """Whose the processes are; empty: ours, for we are not root."""
    if os.geteuid() != 0:
        return ""
    people = {line.partition(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    return next(user for user in _USERS if user in people)
