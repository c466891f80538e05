"""Caddy as a process of its own, with its own authority in a folder of the test; the system's is never touched."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Self

from forked import REAL_TIME
from nginx import _free_ports, _wait

DOCUMENT = Path(__file__).parents[1] / "docs" / "local-tls.md"
_HOME = "/var/lib/caddy/.local/share/caddy"


class Caddy:
    """Set up as docs/local-tls.md says, for `server`; only ports and folders are the test's."""

    def __init__(self, folder: Path, server: str) -> None:
        self.http_port, self.port = _free_ports(2)
        self._folder = folder
        self._log = folder / "caddy.log"
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """The authority's certificate."""
        return self._folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def __enter__(self) -> Self:
        binary = shutil.which("caddy")
        assert binary, "caddy is needed for these tests: apt install caddy"
        (self._folder / "Caddyfile").write_text(self._configuration())
        environment = {**os.environ, "XDG_DATA_HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder)}
        command = [binary, "run", "--config", str(self._folder / "Caddyfile"), "--adapter", "caddyfile"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        _wait(self._serves, lambda: f"caddy did not start:\n{self._log.read_text()}")
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(10)

    def curl(self, path: str, *options: str, scheme: str = "https") -> subprocess.CompletedProcess[str]:
        """Ask it by its name, which this machine does not know."""
        port = self.port if scheme == "https" else self.http_port
        command = ["curl", "-sS", "--max-time", "20", "--resolve", f"fadjma.local:{port}:127.0.0.1", *options]
        command.append(f"{scheme}://fadjma.local:{port}{path}")
        # A Go program keeps the real time, and so does who judges the certificates that it issues.
        return subprocess.run(command, env=REAL_TIME, capture_output=True, text=True)

    def _serves(self) -> bool:
        assert self._process and self._process.poll() is None, self._log.read_text()
        return self.root.exists() and self.curl("/health", "-k").returncode == 0

    def _configuration(self) -> str:
        block = re.search(r"^```caddy\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
        assert block, "docs/local-tls.md has no Caddyfile"
        said = block[1].replace("reverse_proxy 127.0.0.1:8000", f"reverse_proxy {self._server.removeprefix('http://')}")
        said = said.replace(_HOME, str(self._folder / "caddy"))
        ports = f"admin off\n\thttp_port {self.http_port}\n\thttps_port {self.port}\n"
        return said.replace("{\n", f"{{\n\t{ports}", 1)
