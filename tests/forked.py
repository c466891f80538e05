"""A server that is there at once: a process has loaded the program, and each server is a fork of it.

Loading takes more than a second of a core, and the tests start a hundred servers: a sixth of all that they took.
tests/live/test_failed_starts.py starts the program as people do.
"""

import multiprocessing
import os
import resource
import runpy
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

_loaded = multiprocessing.get_context("forkserver")
_loaded.set_forkserver_preload(["fadjma.server.serving"])  # and what that imports: all of it


class Forked:
    """`python app.py` in a fork; what subprocess.Popen has of it, which cannot fork here."""

    def __init__(self, environment: dict[str, str], out: Path, err: Path, files: int) -> None:
        """Standard output goes to `out` from its beginning, errors to the end of `err`; `files` may be open."""
        # Like a child that is begun anew, it does not outlive the tests.
        self._process = _loaded.Process(target=_serve, args=(environment, out, err, files), daemon=True)
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


def _serve(environment: dict[str, str], out: Path, err: Path, files: int) -> None:
    for path, flags, descriptor in ((out, os.O_TRUNC, 1), (err, os.O_APPEND, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o644)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(ROOT)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    runpy.run_path("app.py", run_name="__main__")
