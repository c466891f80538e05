"""Just enough HTTP/1.1 and WebSocket over plain sockets that the client costs next to nothing."""

import base64
import json
import socket
import time
from dataclasses import dataclass
from typing import Any

TIMEOUT = 60.0  # seconds
_KEPT = 3.0  # seconds that an idle connection is trusted: Node and uvicorn close it after 5
_MASK = b"\0\0\0\0"  # clients must mask; a mask of zeros changes nothing

# A stream is opened in steps: what is sent, and the bytes that must have come before the next step.
Steps = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `size` is all its bytes, headers and framing included."""

    status: int
    head: bytes
    body: bytes
    size: int


def request(method: str, path: str, *, token: str = "", body: Any = None, headers: str = "") -> bytes:
    """A request; `body` is sent as JSON unless it is bytes. `headers` are whole lines ending in CRLF."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}"
    if "Accept:" not in headers:
        lines += "Accept: */*\r\n"
    if token:
        lines += f"Authorization: Bearer {token}\r\n"
    if content:
        lines += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return lines.encode() + b"\r\n" + content


class Client:
    """One keep-alive connection, one request at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, sent: bytes) -> Answer:
        """Send a request and return its answer, whatever its status."""
        self.socket.sendall(sent)
        return self.answer()

    def expect(self, status: int, sent: bytes) -> Any:
        """Send a request and return the JSON of its answer, which must have this status."""
        return json.loads(checked(self.exchange(sent), status).body or b"null")

    def answer(self) -> Answer:
        """Read one answer."""
        data = bytearray()
        while (found := parse(data)) is None:
            part = self.socket.recv(262_144)
            if not part:
                raise RuntimeError(f"the server closed the connection after {bytes(data[:200])!r}")
            data += part
        return found

    def close(self) -> None:
        self.socket.close()


class Kept:
    """One request at a time on a kept connection, which is made anew when it has been idle: the server may close it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._client: Client | None = None
        self._used = 0.0

    def send(self, sent: bytes) -> None:
        """Send a request, whose answer is to be read before the next."""
        if now() - self._used > _KEPT:
            self.close()
        self._client = self._client or Client(self._port)
        self._client.socket.sendall(sent)

    def answer(self) -> Answer:
        """Read the answer to what was sent."""
        assert self._client
        answer = self._client.answer()
        self._used = now()
        return answer

    def close(self) -> None:
        if self._client:
            self._client.close()
            self._client = None


def checked(answer: Answer, *statuses: int) -> Answer:
    """The answer, if it has one of these statuses; otherwise the run is not what it claims to be."""
    if answer.status not in statuses:
        raise RuntimeError(f"{answer.status} instead of {statuses}: {answer.body[:300]!r}")
    return answer


def parse(data: bytearray | bytes) -> Answer | None:
    """The answer in `data`, or None while it is not whole. Nothing may follow it."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, body = bytes(data[:end]), bytes(data[end + 4 :])
    status = int(head[9:12])
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        whole = body.endswith(b"0\r\n\r\n")
        return Answer(status, head, _unchunked(body), len(data)) if whole else None
    length = 0 if status == 204 else int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    return Answer(status, head, body, len(data)) if len(body) >= length else None


def _unchunked(body: bytes) -> bytes:
    content = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        content += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return content


def open_stream(port: int, steps: Steps, source: str = "127.0.0.1") -> socket.socket:
    """A connection from `source` on which the steps have been gone through."""
    stream = socket.create_connection(("127.0.0.1", port), TIMEOUT, (source, 0))
    for sent, awaited in steps:
        stream.sendall(sent)
        await_bytes(stream, awaited)
    return stream


def await_bytes(stream: socket.socket, awaited: bytes) -> bytes:
    """Read until `awaited` has come; returns all that came. Raises RuntimeError when the stream ends before."""
    data = b""
    while awaited not in data:
        part = stream.recv(65_536)
        if not part:
            raise RuntimeError(f"the stream ended after {data[:300]!r}")
        data += part
    return data


def drain(stream: socket.socket, quiet: float = 0.3) -> bytes:
    """Everything that comes until `quiet` seconds have brought nothing more."""
    data = b""
    stream.settimeout(quiet)
    try:
        while part := stream.recv(65_536):
            data += part
    except TimeoutError:
        pass
    stream.settimeout(TIMEOUT)
    return data


def event_stream(path: str, token: str = "") -> Steps:
    """The steps of an EventSource."""
    headers = "Accept: text/event-stream\r\nCache-Control: no-cache\r\n"
    return [(request("GET", path, token=token, headers=headers), b" 200 ")]


def text_frame(text: str) -> bytes:
    """A WebSocket frame from a client, under 126 bytes."""
    content = text.encode()
    return bytes((0x81, 0x80 | len(content))) + _MASK + content


def socket_io() -> Steps:
    """The steps of a Socket.IO client that uses WebSocket only: upgrade, then join the main namespace."""
    key = base64.b64encode(b"fadjma benchmark").decode()
    headers = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
    upgrade = request("GET", "/socket.io/?EIO=4&transport=websocket", headers=headers)
    return [(upgrade, b'0{"sid"'), (text_frame("40"), b'40{"sid"')]


def now() -> float:
    """Seconds on a clock that all processes of the machine share."""
    return time.monotonic()
