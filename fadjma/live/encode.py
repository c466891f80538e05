"""Events as text/event-stream (WHATWG HTML, section 9.2): LF only, one `data:` for each line."""

import json

from fadjma.events.inbox import Notification

COMMENT = b":\n\n"


def event(name: str, data: str = "", *, id: int | None = None, retry: int | None = None) -> bytes:
    """One event. `id` is the person's seq, `retry` is in milliseconds."""
    head = f"retry: {retry}\n" if retry is not None else ""
    if id is not None:
        head += f"id: {id}\n"
    return f"{head}event: {name}\n{_data(data)}\n\n".encode()


class Encoded:
    """A notification without its number: encoded once for all who see the same, numbered for each person."""

    __slots__ = ("_numbered_data", "_text")

    def __init__(self, name: str, data: str, *, numbered_data: bool = False) -> None:
        """`numbered_data`: the data is JSON whose first member, the seq, is still to be written."""
        self._text = f"\nevent: {name}\n{_data(data)}\n\n".encode()
        self._numbered_data = numbered_data

    def numbered(self, seq: int) -> bytes:
        """The whole event for the person whose next number this is."""
        return b"id: %d%b" % (seq, self._text % seq if self._numbered_data else self._text)


def html(notification: Notification, fragment: str) -> Encoded:
    """As browsers get it."""
    return Encoded(notification.type, fragment)


def program(notification: Notification, language: str) -> Encoded:
    """As programs get it: JSON in one line (docs/http.md)."""
    shown = notification.json(language)
    del shown["seq"]
    rest = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).replace("%", "%%")
    return Encoded(notification.type, '{"seq":%d,' + rest.removeprefix("{"), numbered_data=True)


def _data(data: str) -> str:
    # The parser ends a line at CR, LF or CRLF; str.splitlines would also split at characters that it does not.
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join([f"data: {line}" for line in lines])
