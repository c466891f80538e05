"""The real server, `app.py`, as a process of its own."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from demo_database import demo_database
from forked import ROOT, USUAL_LIMIT, Forked

SECRET_KEY = "a secret key that is only for these tests"
STARTING = 120  # seconds; it takes two, but the machine may be busy with other things
ORIGIN = "https://lab.example.sn"  # another site whose programs may read the stream


class Server:
    """One database, and the process that serves it; it can be stopped, killed and started again at the same address.

    `settings` are FADJMA_* variables. `anew`: the program is loaded for it, as people start it; else it is a fork of
    one that is loaded. `root`: where another version of the program stands, which is loaded for it in any case.
    """

    def __init__(self, folder: Path, *, anew: bool = False, root: Path = ROOT, **settings: str) -> None:
        self.database = folder / "fadjma.db"
        self.address = ""
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        self._settings = settings
        self.anew = anew
        self.root = root
        self._process: subprocess.Popen[bytes] | Forked | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """Everything that was ever written to stderr."""
        return self._err.read_text() if self._err.exists() else ""

    @property
    def said(self) -> str:
        """What the latest process has written to stdout."""
        return self._out.read_text()

    def start(self) -> None:
        if not self.database.exists():
            self.database.write_bytes(demo_database())
        self.start_again()

    def start_again(self) -> None:
        """At the same address, on whatever database it was told."""
        self.launch()
        self.await_address()

    def launch(self) -> None:
        """Start the process, and wait for nothing."""
        self._out.write_bytes(b"")
        port = self.address.rpartition(":")[2] or "0"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FADJMA_")} | {
            "FADJMA_DEMO": "1",
            "FADJMA_ACTS_PER_HOUR": "0",  # tests act faster than people
            "FADJMA_PORT": port,
            "FADJMA_DATABASE_URL": f"sqlite:///{self.database}",
            "FADJMA_SECRET_KEY": SECRET_KEY,
            "FADJMA_CORS_ORIGINS": ORIGIN,
            **self._settings,
        }
        if not self.anew and self.root == ROOT:
            self._process = Forked(["app.py"], environment, self._out, self._err)
            return
        with self._out.open("wb") as out, self._err.open("ab") as err:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=self.root, env=environment, stdout=out, stderr=err
            )
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (min(USUAL_LIMIT, hard), hard))  # Python is still starting

    def await_address(self) -> None:
        try:
            self.address = self._says_where_it_is()
        except BaseException:
            self.close()
            raise

    def _says_where_it_is(self) -> str:
        deadline = time.monotonic() + STARTING
        while "FADJMA: http" not in (said := self.said) or not said.endswith("\n"):
            assert self._process and self._process.poll() is None, f"the server did not start:\n{self.log[-4000:]}"
            assert time.monotonic() < deadline, "the server does not come up"
            time.sleep(0.01)
        return said.rpartition("FADJMA: ")[2].strip()

    def ask_to_stop(self) -> None:
        assert self._process
        self._process.terminate()

    def wait(self, within: float = 10) -> int:
        """Wait for the process to end; returns its exit code."""
        assert self._process
        code = self._process.wait(within)
        self._process = None
        return code

    def kill(self) -> None:
        """As if the power went: no warning, nothing flushed by the process."""
        assert self._process
        os.kill(self._process.pid, signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL

    def close(self) -> None:
        """End the process, whatever state the test left it in."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()

    def memory(self) -> int:
        """Resident memory in KB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def descriptors(self) -> int:
        """How many files and sockets are open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
