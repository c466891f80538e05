"""Events as text/event-stream (WHATWG HTML, section 9.2): LF only, one `data:` for each line."""

COMMENT = b":\n\n"


def event(name: str, data: str = "", *, id: int | None = None, retry: int | None = None) -> bytes:
    """One event. `id` is the person's seq, `retry` is in milliseconds."""
    lines = []
    if retry is not None:
        lines.append(f"retry: {retry}")
    if id is not None:
        lines.append(f"id: {id}")
    lines.append(f"event: {name}")
    # The parser ends a line at CR, LF or CRLF; str.splitlines would also split at characters that it does not.
    lines.extend(f"data: {line}" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return ("\n".join(lines) + "\n\n").encode()
