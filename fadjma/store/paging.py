"""Where a list goes on: `before` is the cursor of the last thing shown, its moment and its id (1790000000000~id)."""

_NEWEST = 2**62  # later than any moment


def cursor(at: int, id: str) -> str:
    """Of one thing in a list, for the page after it."""
    return f"{at}~{id}"


def position(before: str | None) -> tuple[int, str]:
    """The moment (milliseconds UTC) and the id before which a list goes on; the newest for what is no cursor."""
    moment, _, last_id = (before or "").partition("~")
    return int(moment) if moment.isascii() and moment.isdecimal() and len(moment) < 16 else _NEWEST, last_id
