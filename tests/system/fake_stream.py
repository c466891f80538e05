"""A server that plays the live delivery of FADJMA to a browser, and misbehaves on request."""

import asyncio
import contextlib
import functools
import socket
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import js_lib_htmx
import uvicorn

from fadjma.web.assets import in_words

STATIC = Path(__file__).parents[2] / "static"
HTMX_JS = Path(js_lib_htmx.__path__[0]) / "static" / "htmx" / "htmx.min.js"

PAGE = """<!doctype html>
<html lang="fr">
<title>FADJMA</title>
<script src="/static/htmx.js" defer></script>
<script type="module" src="/static/live.js"></script>
<script type="module" src="/static/forms.js"></script>
<script type="module" src="/static/send.js"></script>
<script type="module" src="/static/later.js"></script>
<body {signed_in}>
<p id="status" data-state="">…</p>
<a id="bell" href="/notifications">Notifications <b id="unread"{hidden}>{unread}</b></a>
<div id="toasts" role="status" aria-live="polite" aria-atomic="false"></div>
<main id="main" tabindex="-1">{main}</main>
"""
CSP = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'"

Answer = Callable[["Exchange"], Awaitable[None]]
MODULES = [
    f"{name}.js" for name in ("page", "lock", "live", "forms", "send", "later", "answered", "found", "held", "reset")
]


@dataclass
class Exchange:
    """One request, and the means to answer it."""

    path: str
    method: str
    after: int
    headers: dict[str, str]
    body: bytes
    send: Callable[[dict[str, Any]], Awaitable[None]] = field(repr=False)
    at: float = field(default_factory=time.monotonic)
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    closed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def start(self, status: int = 200, content_type: str = "text/event-stream", **headers: str) -> None:
        pairs = {"content-type": content_type, "cache-control": "no-store"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        encoded = [(name.encode(), value.encode()) for name, value in pairs.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": encoded})

    async def write(self, text: str | bytes, more: bool = True) -> None:
        body = text.encode() if isinstance(text, str) else text
        await self.send({"type": "http.response.body", "body": body, "more_body": more})


def event(name: str, data: str = "", seq: int | None = None, retry: int | None = None) -> str:
    lines = [f"retry: {retry}"] if retry is not None else []
    lines += [f"id: {seq}"] if seq is not None else []
    return "\n".join([*lines, f"event: {name}", *(f"data: {line}" for line in data.split("\n"))]) + "\n\n"


def toast(text: str = "Une ordonnance a changé d'état", href: str | None = None) -> str:
    """A toast of its own; two about the same thing (the same href) are one."""
    return f'<a class="toast" href="{href or "/prescriptions/" + quote(text)}">{text}</a>'


def rendered(main: str = "", cursor: int | None = None, unread: int = 0, user: str = "awa", fresh: int = 86_400) -> str:
    return PAGE.format(
        signed_in="" if cursor is None else f'data-cursor="{cursor}" data-user="{user}" data-fresh="{fresh}"',
        unread=unread,
        hidden="" if unread else " hidden",
        main=main,
    )


# What a request may be answered with.


def answer(status: int, body: str = "", content_type: str = "text/html; charset=utf-8", **headers: str) -> Answer:
    async def send(exchange: Exchange) -> None:
        await exchange.start(status, content_type, **headers)
        await exchange.write(body, more=False)

    return send


def refusal(status: int, **headers: str) -> Answer:
    return answer(status, **headers)


async def nothing_passes(exchange: Exchange) -> None:
    """A proxy that keeps the answer to itself until it is complete."""
    await exchange.start()
    await exchange.ended.wait()


async def greets_and_closes(exchange: Exchange) -> None:
    await exchange.start()
    await exchange.write(event("hello", seq=exchange.after), more=False)


@functools.cache
def _scripts() -> dict[str, Answer]:
    """By their addresses; a browser keeps them, as it keeps those of the program."""
    texts = {f"/static/{name}": in_words((STATIC / name).read_bytes(), "fr").decode() for name in MODULES}
    # As it is written: the program says where it serves it.
    texts |= {"/turns.js": (STATIC / "turns.js").read_text(), "/static/htmx.js": HTMX_JS.read_text()}
    return {
        path: answer(200, text, "text/javascript", cache_control="max-age=3600, immutable")
        for path, text in texts.items()
    }


class FakeStream:
    """`next` scripts the coming answers to a path, `always` all of them; otherwise it behaves."""

    def __init__(self) -> None:
        self.cursor = 41
        self.user = "awa"
        self.unread = 0
        self.fresh = 86_400  # seconds until midnight
        self.main = ""
        self.retry = 100
        self.signed_in = True
        self.stored: dict[int, tuple[str, str]] = {}
        self.seen: list[Exchange] = []
        self.streams: list[Exchange] = []
        self.scripted: dict[str, deque[Answer]] = defaultdict(deque)
        self.behaviour: dict[str, Answer] = {
            "/events": self.stream,
            "/notifications/poll": self.poll,
            **_scripts(),
            "/favicon.ico": refusal(404),
            "/sign-in": answer(200, rendered()),
        }

    # What tests say.

    def next(self, path: str, *answers: Answer) -> None:
        self.scripted[path].extend(answers)

    def always(self, path: str, given: Answer) -> None:
        self.behaviour[path] = given

    def to(self, path: str) -> list[Exchange]:
        return [exchange for exchange in self.seen if exchange.path == path]

    def store(self, data: str, name: str = "notification") -> int:
        """Happens while nobody looks: only the next catch-up brings it."""
        self.cursor += 1
        self.stored[self.cursor] = (name, data)
        return self.cursor

    async def push(self, data: str, name: str = "notification") -> int:
        seq = self.store(data, name)
        await self.write(event(name, data, seq))
        return seq

    async def write(self, text: str | bytes) -> None:
        for stream in list(self.streams):
            await stream.write(text)

    async def close_streams(self) -> None:
        closing = list(self.streams)
        for stream in closing:
            stream.ended.set()
        await asyncio.gather(*(stream.closed.wait() for stream in closing))

    # What it does.

    async def stream(self, exchange: Exchange) -> None:
        await exchange.start()
        await exchange.write(event("hello", seq=exchange.after, retry=self.retry))
        self.streams.append(exchange)
        await exchange.write(self._since(exchange.after))
        await exchange.ended.wait()
        self.streams.remove(exchange)
        await exchange.write("", more=False)
        exchange.closed.set()

    async def poll(self, exchange: Exchange) -> None:
        missed = self._since(exchange.after)
        await exchange.start(200 if missed else 204)
        await exchange.write(missed, more=False)

    def _since(self, after: int) -> str:
        return "".join(event(*self.stored[seq], seq) for seq in sorted(self.stored) if seq > after)

    async def _page(self, exchange: Exchange) -> None:
        cursor = self.cursor if self.signed_in else None
        await answer(200, rendered(self.main, cursor, self.unread, self.user, self.fresh), content_security_policy=CSP)(
            exchange
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        exchange = Exchange(
            path=scope["path"],
            method=scope["method"],
            after=int(parse_qs(scope["query_string"].decode()).get("after", ["0"])[0]),
            headers={name.decode(): value.decode() for name, value in scope["headers"]},
            body=body,
            send=send,
        )
        self.seen.append(exchange)
        scripted = self.scripted[exchange.path]
        act = scripted.popleft() if scripted else self.behaviour.get(exchange.path, self._page)
        watch = asyncio.create_task(self._disconnect(receive, exchange))
        try:
            await act(exchange)
        finally:
            watch.cancel()

    async def _disconnect(self, receive: Any, exchange: Exchange) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        exchange.ended.set()


class Stage:
    """One address for a whole file of tests; each puts its own server behind it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.fake = FakeStream()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.fake(scope, receive, send)


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Stage]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stage = Stage(f"http://127.0.0.1:{listening.getsockname()[1]}")
        config = uvicorn.Config(stage, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serve = asyncio.create_task(server._serve([listening]))  # serve() would take the signals of pytest
        try:
            yield stage
        finally:
            server.should_exit = True
            await serve
