"""What stands around every answer: the headers that keep a browser from doing what nobody wants."""

from collections.abc import Mapping
from typing import Any

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PAGES = {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self)",
}


def guarded(headers: Any, expected: Mapping[str, str] = ALWAYS | PAGES) -> None:
    """Each of these headers is there, and begins so."""
    for name, beginning in expected.items():
        assert headers.get(name, "").startswith(beginning), name
