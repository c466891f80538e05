"""The program, there at once: a process has loaded it, and each server and each command is a fork of that.

Loading takes a second of a core, and the tests start a hundred and fifty: a sixth of all that they took.
What else each would do for itself at its first page, tests/loaded.py has done.
Some tests of live/test_failed_starts.py, store/test_starting.py and test_setup.py start it as people do.
"""

import multiprocessing
import os
import resource
import runpy
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
# For a program that is to keep it also where bin/test-any-day fakes the clock.
REAL_TIME = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
USUAL_LIMIT = 1_024  # open files of a process, where nobody has raised it

loaded = multiprocessing.get_context("forkserver")
loaded.set_forkserver_preload(["tests.loaded"])  # found from where pytest is started, the root


class Forked:
    """`python …` in a fork; what subprocess.Popen has of it, which cannot fork here."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], out: Path, err: Path) -> None:
        """Standard output goes to `out` from its beginning, errors to the end of `err`."""
        os.umask(mask := os.umask(0))  # what we have a child has, too: it is a fork of another process
        # Like a child that is begun anew, it does not outlive the tests.
        self._process = loaded.Process(target=_run, args=(arguments, environment, out, err, mask), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("app.py", timeout)
        return code

    def terminate(self) -> None:
        self._process.terminate()


def _run(arguments: Sequence[str], environment: dict[str, str], out: Path, err: Path, mask: int) -> None:
    os.umask(mask)
    for path, flags, descriptor in ((out, os.O_TRUNC, 1), (err, os.O_APPEND, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o644)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(ROOT)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(USUAL_LIMIT, hard), hard))
    sys.path.insert(0, str(ROOT))
    if arguments[0] == "-m":
        sys.argv = list(arguments[1:])
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(arguments)
        runpy.run_path(arguments[0], run_name="__main__")
