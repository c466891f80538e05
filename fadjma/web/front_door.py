"""In front of everything, streams too: a request of which two readers could think two things is refused (RFC 9112).

A proxy that looks at one Host header and a program that looks at the other would not agree on whose site is asked; nor
on what is said by bytes that are not UTF-8.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

# Of what is no page: never read as anything else, never shown inside another site.
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
BARE_GUARDS = [(name.lower().encode(), value.encode()) for name, value in GUARDS.items()]
BARE_HEADERS = [(b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"), *BARE_GUARDS]
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,255}")

Scope = Any
Call = Callable[[Any, Any, Any], Awaitable[None]]


class FrontDoor:
    """`app` behind the door. No coroutine itself: each would stay in memory for as long as a stream is open."""

    def __init__(self, app: Call) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Any, send: Any) -> Awaitable[None]:
        if scope["type"] == "http" and not _is_clear(scope):
            return _refuse(send)
        return self.app(scope, receive, send)


def _is_clear(scope: Scope) -> bool:
    if not _is_text(scope.get("query_string", b"")):
        return False
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if not hosts:
        return bool(scope.get("http_version") == "1.0")
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None


def _is_text(query: bytes) -> bool:
    """UTF-8, as everything: curl sends what is typed, with accents."""
    try:
        query.decode()
    except UnicodeDecodeError:
        return False
    return True


async def _refuse(send: Any) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store"), *BARE_HEADERS]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
