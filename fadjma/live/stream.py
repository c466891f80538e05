"""GET /events and /api/events: a thin ASGI endpoint in front of Quart, so that the hub writes straight to `send`.

Half the CPU per event, and half the memory per stream, of a Quart generator with a queue
(docs/decisions/01-one-process.md). Authentication is the pages'.
"""

import json
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from quart import Quart

from fadjma.events import inbox
from fadjma.identity import credentials, proxies, sessions
from fadjma.identity.people import Viewer
from fadjma.live import encode, links, wire
from fadjma.live.hub import WRITE_DEADLINE, Hub
from fadjma.live.links import Asgi, Send
from fadjma.live.streams import Encoding, Stream
from fadjma.refusals import EnrolmentNeeded, FactorNeeded, Refusal, SignInNeeded
from fadjma.store import Database, Transaction, Unavailable
from fadjma.web.front_door import BARE_GUARDS, BARE_HEADERS
from fadjma.web.security import READ_BY_OTHERS

log = logging.getLogger("fadjma.live")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

_PATHS: dict[str, Encoding] = {"/events": "html", "/api/events": "json"}
_HEADERS = [
    (b"content-type", b"text/event-stream"),  # always UTF-8
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"connection", b"close"),  # it ends with the stream
    *BARE_GUARDS,
]
ALLOWED = "GET, OPTIONS"
_TAKEN = {"after", "user"}  # after the `?`; anything else would be a stream from now, and what was missed lost
_DETAILS = {  # in English: who is asked, and so the language, is not known of all of them
    400: "`after` and `Last-Event-ID` are the number of the last event received; nothing else is asked for.",
    401: "Sign in to go on.",
    403: "Somebody else has signed in meanwhile.",
    405: "A stream is asked for by GET.",
    409: "The session acts for another person now.",
    423: "The screen of this session is locked.",
    503: "Try again after Retry-After.",
}


class StreamEndpoint:
    """Answers the two stream addresses; everything else goes on to the Quart app."""

    def __init__(self, app: Quart, database: Database, hub: Hub) -> None:
        self._quart = app
        self._next: AsgiApp = app.asgi_app
        self._database = database
        self._hub = hub

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine itself, here and below: each would stay in memory for as long as the stream is open.
        if scope["type"] != "http" or scope["path"] not in _PATHS or scope["method"] == "OPTIONS":
            return self._next(scope, receive, send)
        if scope["method"] != "GET":
            return self._refuse(send, scope, 405, [(b"allow", ALLOWED.encode())])
        return self._answer(scope, receive, send)

    def _answer(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._hub.restarting:
            return self._unavailable(send, scope)
        headers = credentials.plain(scope["headers"])
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        after = _cursor(asked, headers)
        misspelt = _PATHS[scope["path"]] == "json" and not asked.keys() <= _TAKEN
        if misspelt or (after is not None and after < 0):
            return self._refuse(send, scope, 400)
        secret = credentials.secret_from(self._quart, headers, scope["scheme"])
        if secret is None:
            return self._refuse(send, scope, 401)
        user = asked.get("user", [""])[0] or None
        try:
            viewer, level, is_other = self._database.glance(_open, secret, user)
        except Unavailable as outage:
            log.warning("unavailable: GET %s: %s", scope["path"], outage.reason)
            return self._unavailable(send, scope)
        if viewer is not None and user not in (None, viewer.id):
            return self._refuse(send, scope, 409 if is_other else 403)
        if viewer is not None and viewer.locked:
            return self._refuse(send, scope, 423)
        if viewer is None or viewer.half:
            return self._refuse(send, scope, 401, kind=_missing(viewer).type)
        cursor = level if after is None else after
        stream = Stream(viewer, Asgi(send, wire.abort(send)), _PATHS[scope["path"]], cursor)
        return self._serve(stream, self._response_headers(headers), receive, send, scope.get("state", {}))

    async def _serve(
        self, stream: Stream, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send, state: dict[str, Any]
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        retry = random.randint(1_000, 5_000)  # noqa: S311 - against a herd
        first = encode.event("hello", id=stream.after, retry=retry)
        await stream.link.send(first)
        wire.give_up_after(wire.cycle_of(send), WRITE_DEADLINE)
        parked = links.park(send, partial(self._left, stream))
        stream.link = parked or stream.link
        self._hub.add(stream)
        self._hub.figures.written(stream.viewer.id, len(first))
        try:
            # Read again after subscribing: what was committed in between is announced to us, or part of this level.
            self._hub.catch_up(stream, self._database.glance(inbox.cursor, stream.viewer.id))
        except BaseException:
            self._hub.remove(stream)
            stream.link.cut()
            raise
        if parked:
            return  # the connection goes on without this request
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._left(stream, TimeoutError() if "timed_out" in state else None)

    def _left(self, stream: Stream, error: Exception | None) -> None:
        """The client has gone, or the kernel has given it up (wire.give_up_after)."""
        self._hub.remove(stream, "too_slow" if isinstance(error, TimeoutError) else "gone")

    def _response_headers(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        others = self._for_other_origins(headers)
        return [*_HEADERS, *others] if others else _HEADERS

    def _for_other_origins(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """What a browser wants to see before it lets a page of another origin read the answer."""
        origin = headers.get("origin", "")
        if origin not in self._quart.extensions["settings"].cors_origins:
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", READ_BY_OTHERS.encode()),
            (b"vary", b"Origin"),
        ]

    def _unavailable(self, send: Send, scope: Scope) -> Awaitable[None]:
        """The server stops, or cannot read."""
        return self._refuse(send, scope, 503, [(b"retry-after", b"%d" % random.randint(2, 10))])  # noqa: S311

    async def _refuse(
        self,
        send: Send,
        scope: Scope,
        status: int,
        headers: Iterable[tuple[bytes, bytes]] = (),
        kind: str = Refusal.type,
    ) -> None:
        """To a program as a problem document (RFC 9457), to a page in a few bytes."""
        body, said = b"", [*BARE_HEADERS, *self._for_other_origins(credentials.plain(scope["headers"])), *headers]
        if _PATHS[scope["path"]] == "json":
            title = HTTPStatus(status).phrase
            body = json.dumps({"type": kind, "title": title, "status": status, "detail": _DETAILS[status]}).encode()
            said.append((b"content-type", b"application/problem+json"))
            if status == 401:
                said.append((b"www-authenticate", b"Bearer"))
        said += [(b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _open(tx: Transaction, secret: str | None, user: str | None) -> tuple[Viewer | None, int, bool]:
    """Who asks, their cursor, and whether the page is of another person for whom they may act.

    A page says whose it is: on a shared computer, an old tab must not follow whoever signed in after.
    """
    viewer = sessions.viewer(tx, secret)
    if viewer is None:
        return None, 0, False
    return viewer, inbox.cursor(tx, viewer.id), bool(user and proxies.may_be(tx, viewer.own_id, user))


def _missing(viewer: Viewer | None) -> type[Refusal]:
    """What whoever asks has not done yet, as other addresses say it (fadjma/web/asking.py)."""
    if viewer is None:
        return SignInNeeded
    return FactorNeeded if viewer.half == "factor" else EnrolmentNeeded


def _cursor(asked: Mapping[str, list[str]], headers: dict[str, str]) -> int | None:
    """The greater of `?after=` and Last-Event-ID; None when neither is there, -1 when one is not a number."""
    given = [*asked.get("after", []), headers.get("last-event-id", "")]
    given = [text for text in given if text]
    if not all(text.isdecimal() and text.isascii() and len(text) < 16 for text in given):
        return -1
    return max(map(int, given), default=None)
