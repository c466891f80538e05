"""An empty folder, what `quart setup` is told about the clinic that comes to be in it, and the commands."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from forked import ROOT, Forked

PASSWORD = "le baobab chante le soir"
ANSWERS = f"""
medicines = "{{medicines}}"

[admin]
email = "aminata.ba@clinique.sn"
given_name = "Aminata"
family_name = "Ba"
password = "{PASSWORD}"

[[organizations]]
kind = "clinic"
name = "Clinique Teranga"
address = "avenue Caen"
city = "Thiès"
phone = "33 951 12 34"
"""


class Folder:
    """An empty folder in which a clinic comes to be; commands and the server find everything in it."""

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        """`anew`: the program is loaded for each command, as people start it; else a fork of one that is runs it."""
        self.path = path
        self._anew = anew
        self._out, self._err = path / "out.txt", path / "err.txt"
        self.database = path / "fadjma.db"
        self.secret = path / "fadjma.secret"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FADJMA_")}
        self._environment = {
            **kept,
            "FADJMA_DATABASE_URL": f"sqlite:///{self.database}",
            "FADJMA_PORT": "0",
            "QUART_APP": "app:app",
            "PYTHONIOENCODING": "utf-8",
        }

    def set_up(self, answers: str, **environment: str) -> subprocess.CompletedProcess[str]:
        file = self.path / "clinic.toml"
        file.write_text(answers, "utf-8")
        return self.run("-m", "quart", "setup", f"--answers={file}", **environment)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with self._begun(arguments, environment) as process:
            code = process.wait(120)
        return subprocess.CompletedProcess(arguments, code, self._out.read_text("utf-8"), self._err.read_text("utf-8"))

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address at which `python app.py` serves it."""
        with self._begun(["app.py"], {}) as server:
            while not (line := self._out.read_text("utf-8")).endswith("\n"):
                assert server.poll() is None, self._err.read_text("utf-8")
                time.sleep(0.01)
            assert line.startswith("FADJMA: "), line
            yield line.removeprefix("FADJMA: ").strip()

    @contextmanager
    def _begun(
        self, arguments: Sequence[str], environment: dict[str, str]
    ) -> Iterator[Forked | subprocess.Popen[bytes]]:
        environment = {**self._environment, **environment}
        self._out.write_bytes(b"")
        self._err.write_bytes(b"")
        if self._anew:
            with self._out.open("wb") as out, self._err.open("wb") as err:
                command = [sys.executable, *arguments]
                process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=err)
        else:
            process = Forked(arguments, environment, self._out, self._err)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)
