"""Servers under measurement: started on loopback, watched through /proc, ended by their own pid."""

import contextlib
import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_FILES = 25_000


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds so far (user and system) of all threads and of the event loops alone; resident memory in bytes."""

    cpu: float
    loop: float
    memory: int


class Server:
    """A server process with its children, listening on 127.0.0.1:`port`; its output goes to `log`."""

    def __init__(self, command: list[str], port: int, log: Path, environment: dict[str, str] | None = None) -> None:
        self.port = port
        self._command = command
        self._environment = {**os.environ, **(environment or {})}
        self._log = log

    def __enter__(self) -> "Server":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        try:
            self._await_port()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def usage(self) -> Usage:
        """What the process and its children have used. Node, uvicorn and nginx run their loop on the first thread."""
        return usage_of(self._process.pid)

    def settle(self) -> None:
        """Wait until what it does by itself after its start is done: until it has used 2 % of a core for two seconds.

        Raises TimeoutError when it is busy for five minutes.
        """
        deadline = time.monotonic() + 300
        used = self.usage().cpu
        while time.monotonic() < deadline:
            time.sleep(2)  # over which its use of the processor is measured: nothing is waited for that could say so
            before, used = used, self.usage().cpu
            if used - before < 0.04:
                return
        raise TimeoutError(f"the server on port {self.port} is still busy by itself")

    def _await_port(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text(errors='replace')[-2000:]}")


def usage_of(pid: int) -> Usage:
    """What a process and its children have used."""
    while True:
        try:
            found = [_usage(one) for one in _family(pid)]
            break
        except (FileNotFoundError, ProcessLookupError):
            _usage(pid)  # it was one of its children that has just ended: its time is the parent's now
    return Usage(sum(u.cpu for u in found), sum(u.loop for u in found), sum(u.memory for u in found))


def _family(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())


def _usage(pid: int) -> Usage:
    return Usage(_cpu(Path(f"/proc/{pid}/stat")), _cpu(Path(f"/proc/{pid}/task/{pid}/stat")), resident(pid))


def _cpu(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()  # from the third field on
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def raise_file_limit() -> int:
    """Allow as many open files as may be; returns how many. Servers inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((max(soft, _FILES), max(hard, _FILES)), (hard, hard)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            return limit[0]
    return soft
