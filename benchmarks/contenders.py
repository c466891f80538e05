"""What is compared: how each is started, how a stream of it is opened, and how one event is published to all."""

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks import wire
from benchmarks.processes import Server, free_port
from benchmarks.report import PEERS

_HERE = Path(__file__).parent
_NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_NGINX = "/usr/sbin/nginx"
_WORKER_FILES = 24_000

# As FADJMA's own event about a prescription: 177 bytes, which the framing of each server brings to about 220.
PAYLOAD = json.dumps(
    {
        "seq": 12345,
        "type": "prescription_status_changed",
        "message": "Nouvelle ordonnance à valider",
        "subject": {"kind": "prescription", "id": "KQ3XmNf0aB7cD1eF2gH"},
        "created_at": "2026-01-01T12:00:00.000Z",
    },
    ensure_ascii=False,
    separators=(",", ":"),
).encode()


class Contender(Protocol):
    """A running server that delivers events to open streams."""

    server: Server
    marker: bytes  # occurs once in each event

    def steps(self, count: int) -> list[wire.Steps]:
        """How to open this many streams."""
        ...

    def publish(self) -> None:
        """Send the request that makes one event; `published` reads its answer."""
        ...

    def published(self) -> None: ...


Start = AbstractContextManager[Contender]


@dataclass(slots=True)
class Peer:
    """A server that sends what is posted to /publish to every stream."""

    server: Server
    one: wire.Steps
    marker: bytes
    client: wire.Kept

    def steps(self, count: int) -> list[wire.Steps]:
        return [self.one] * count

    def publish(self) -> None:
        self.client.send(wire.request("POST", "/publish", body=PAYLOAD))

    def published(self) -> None:
        answer = self.client.answer()
        if answer.status >= 300:
            raise RuntimeError(f"publishing: {answer.status}")


@contextmanager
def socket_io(work: Path) -> Iterator[Peer]:
    """Socket.IO on Node with its defaults, to WebSocket clients."""
    port = free_port()
    environment = {"NODE_PATH": str(PEERS / "node_modules")}
    server = Server(["node", str(_HERE / "peers/socketio.js"), str(port)], port, work / "socketio.log", environment)
    with _peer(server, wire.socket_io(), b'42["prescription_status_changed"') as peer:
        yield peer


@contextmanager
def sse_starlette(work: Path) -> Iterator[Peer]:
    """sse-starlette with a queue per stream, on uvicorn as FADJMA is."""
    port = free_port()
    command = [str(PEERS / "venv/bin/python"), "-m", "uvicorn", "--app-dir", str(_HERE / "peers"), "--no-access-log"]
    command += ["--log-level", "warning", "--port", str(port), "sse_starlette_app:app"]
    with _peer(Server(command, port, work / "starlette.log"), wire.event_stream("/events"), b"data: {") as peer:
        yield peer


@contextmanager
def nchan(work: Path) -> Iterator[Peer]:
    """Nchan in one nginx worker, to EventSource clients."""
    port = free_port()
    home = work / "nginx"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    home.chmod(0o755)
    configuration = home / "nginx.conf"
    configuration.write_text(_nginx(port, home))
    server = Server([_NGINX, "-p", str(home), "-c", str(configuration)], port, work / "nginx.log")
    with _peer(server, wire.event_stream("/events"), b"data: {") as peer:
        yield peer


def bare_quart(work: Path) -> Server:
    """Quart with one route and no database, on uvicorn as FADJMA is, from FADJMA's own environment."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(_HERE / "peers"), "--no-access-log"]
    command += ["--log-level", "warning", "--port", str(port), "quart_app:app"]
    return Server(command, port, work / "quart.log")


@contextmanager
def _peer(server: Server, one: wire.Steps, marker: bytes) -> Iterator[Peer]:
    with server, contextlib.closing(wire.Kept(server.port)) as client:
        yield Peer(server, one, marker, client)


def _nginx(port: int, home: Path) -> str:
    temporary = "\n".join(
        f"  {name}_temp_path {home}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
load_module {_NCHAN};
daemon off;
pid {home}/pid;
error_log stderr warn;
worker_processes 1;
worker_rlimit_nofile {_WORKER_FILES};
events {{ worker_connections {_WORKER_FILES - 1_000}; }}
http {{
  access_log off;
  keepalive_requests 1000000;
{temporary}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /publish {{ nchan_publisher http; nchan_channel_id all; }}
    location = /events {{ nchan_subscriber eventsource; nchan_channel_id all; nchan_subscriber_first_message newest; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A peer by name; `missing` says why it is not in this run, or is empty."""

    name: str
    start: "PeerStart"
    missing: str


class PeerStart(Protocol):
    """Starts a peer, with a directory for its files."""

    def __call__(self, work: Path) -> Start: ...


def peers() -> list[Choice]:
    """All peers, installed or not."""
    return [
        Choice("Nchan", nchan, "" if _NCHAN.exists() and Path(_NGINX).exists() else "not installed (apt)"),
        Choice("Socket.IO", socket_io, "" if _has_socket_io() else "not installed (npm)"),
        Choice("sse-starlette", sse_starlette, "" if (PEERS / "installed").exists() else "not installed (PyPI)"),
    ]


def _has_socket_io() -> bool:
    return bool(shutil.which("node")) and (PEERS / "node_modules/socket.io").is_dir()
