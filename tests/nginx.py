"""nginx as a process of its own: its own folder, configuration, pid and log; the system's nginx is never touched."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

README = Path(__file__).parents[1] / "README.md"
SCALING = Path(__file__).parents[1] / "docs" / "scaling.md"
_WHERE = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def as_it_is(server: str) -> str:
    """The least that passes requests on to `server`: everything else is nginx's default."""
    return f"location / {{ proxy_pass {server}; }}"


def as_the_readme_says(server: str) -> str:
    """The README's own settings, for `server` instead of the address that stands there."""
    block = re.search(r"^```nginx\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    assert block, "the README has no nginx settings"
    assert "http://127.0.0.1:8000;" in block[1]
    return block[1].replace("http://127.0.0.1:8000;", f"{server};")


def as_scaling_says(servers: list[str]) -> str:
    """What docs/scaling.md has beside the server, for these two."""
    block = re.search(r"^```nginx\n(upstream.*?)^```$", SCALING.read_text(), re.DOTALL | re.MULTILINE)
    assert block, "docs/scaling.md has no nginx settings"
    said = block[1]
    for port, server in zip((8001, 8002), servers, strict=True):
        assert f"127.0.0.1:{port} " in said
        said = said.replace(f"127.0.0.1:{port} ", f"{server.removeprefix('http://')} ")
    return said


class Nginx:
    """`locations` is what stands in its one server, which listens at `address` (http) and `secure_address` (https);
    `beside` is what stands beside that."""

    def __init__(self, folder: Path, locations: str, beside: str = "") -> None:
        self._port, self._tls_port = _free_ports(2)
        self.address = f"http://127.0.0.1:{self._port}"
        self.secure_address = f"https://127.0.0.1:{self._tls_port}"
        self._folder = folder
        self._log = folder / "error.log"
        self._locations = locations
        self._beside = beside
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        _make_certificate(self._folder)
        (self._folder / "nginx.conf").write_text(self._configuration())
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        assert not re.search(r"\[(emerg|crit)\]", self.log), self.log  # [alert] is also what it says of open streams

    @property
    def log(self) -> str:
        return self._log.read_text()

    def start(self) -> None:
        binary = shutil.which("nginx", path=_WHERE)
        assert binary, "nginx is needed for these tests: apt install nginx"
        command = [binary, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf"), "-e", str(self._log)]
        self._process = subprocess.Popen(command)
        _wait(self._listens, lambda: f"nginx did not start:\n{self.log}")

    def reload(self) -> None:
        """Read the configuration again; what is open stays with the worker that had it."""
        assert self._process
        before = self.workers()
        self._process.send_signal(signal.SIGHUP)
        _wait(lambda: self.workers() - before, lambda: f"nginx did not reload:\n{self.log}")

    def stop(self) -> None:
        """End at once, whatever is open."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.wait(10)
        self._process = None

    def workers(self) -> set[str]:
        """The pids of its workers, those that only end what they have begun included."""
        assert self._process
        pid = self._process.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def _listens(self) -> bool:
        assert self._process and self._process.poll() is None, f"nginx did not start:\n{self.log}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return True
        return False

    def _configuration(self) -> str:
        # Debian's nginx.conf has gzip on. A worker must be able to write into the folder of the test.
        ways = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"  {way}_temp_path {way};" for way in ways)
        return f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
error_log error.log warn;
pid nginx.pid;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  gzip on;
{temporary}
{self._beside}
  server {{
    listen 127.0.0.1:{self._port};
    listen 127.0.0.1:{self._tls_port} ssl http2;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
{self._locations}
  }}
}}
"""


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as listening:
        sockets = [listening.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def _make_certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _wait(true: object, otherwise: object, within: float = 60) -> None:
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.02)
