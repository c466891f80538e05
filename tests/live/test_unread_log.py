"""Where nobody takes the log, people work on: its disk is full, its reader gone or asleep, its file closed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from forked import ROOT
from live_server import SECRET_KEY

WITHIN = 60  # seconds; the machine may be busy


class Program:
    """`python app.py` as a shell starts it, with `redirected` behind it."""

    def __init__(self, folder: Path, redirected: str = "", before: str = "") -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FADJMA_")} | {
            "FADJMA_PORT": str(self._port),
            "FADJMA_DATABASE_URL": f"sqlite:///{folder}/fadjma.db",
            "FADJMA_SECRET_KEY": SECRET_KEY,
        }
        typed = ["sh", "-c", f'{before} exec "$@" {redirected}', "sh", sys.executable, "app.py"]
        out = None if redirected else subprocess.PIPE
        self.process = subprocess.Popen(typed, cwd=ROOT, env=environment, stdout=out, stderr=out)

    def answers(self, times: int = 1) -> bool:
        """Whether a page is shown so many times, from when it is served."""
        deadline = time.monotonic() + WITHIN
        while True:
            try:
                return all(self._ask() == 200 for _ in range(times))
            except ConnectionRefusedError:
                assert self.process.poll() is None, f"it has ended with {self.process.returncode}"
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def _ask(self) -> int:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=WITHIN)
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sig)
        return self.process.wait(WITHIN)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(WITHIN)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Program]]:
    programs: list[Program] = []
    yield programs
    for program in programs:
        program.close()


@pytest.mark.parametrize(
    "redirected",
    [">/dev/full 2>&1", ">&- 2>&-", "<&- >&- 2>&-", "2>&-"],
    ids=["full disk", "closed", "all closed", "errors closed"],
)
def test_it_is_served_whatever_becomes_of_the_log(started: list[Program], tmp_path: Path, redirected: str) -> None:
    started.append(program := Program(tmp_path, redirected))
    assert program.answers(times=3)
    assert program.stop() == 0


def test_a_reader_that_has_gone_or_sleeps_keeps_nobody_from_working(started: list[Program], tmp_path: Path) -> None:
    started.append(program := Program(tmp_path))
    assert program.answers()
    assert program.process.stdout and program.process.stderr
    program.process.stdout.close()
    assert program.answers(times=1_000), "more lines than a pipe holds"
    program.process.stderr.close()
    assert program.answers(times=3)
    assert program.stop() == 0


def test_what_turns_a_log_ends_it_as_it_should_be(started: list[Program], tmp_path: Path) -> None:
    started.append(program := Program(tmp_path))
    assert program.answers()
    assert program.stop(signal.SIGHUP) == 0


def test_and_nothing_where_whoever_starts_it_wants_that(started: list[Program], tmp_path: Path) -> None:
    started.append(program := Program(tmp_path, before="trap '' HUP;"))
    assert program.answers()
    program.process.send_signal(signal.SIGHUP)
    assert program.answers(times=3)
    assert program.stop() == 0
