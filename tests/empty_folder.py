"""An empty folder, what `quart setup` is told about the clinic that comes to be in it, and the commands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
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

    def __init__(self, path: Path) -> None:
        self.path = path
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
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**self._environment, **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address at which `python app.py` serves it."""
        server = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        assert server.stdout
        try:
            line = server.stdout.readline()
            assert line.startswith("FADJMA: "), line
            yield line.removeprefix("FADJMA: ").strip()
        finally:
            server.terminate()
            server.wait(30)
            server.stdout.close()
