"""A list in pages, the newest first: each goes on from the cursor of the last thing shown, its moment and its id
(1790000000000~id).

Ids only part what has the same moment. That they also sort by time, nothing relies on; what it takes is that a database
orders them always alike, and compares as it orders (docs/decisions/17-lists.md).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

_NEWEST = 2**62  # later than any moment
# What a cursor looks like, by what its list goes by.
MOMENT = re.compile(r"[0-9]{1,15}~.+")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}~.+")
NAME = re.compile(r".*~.+", re.DOTALL)
NUMBER = re.compile(r"[0-9]{1,15}")


class Page(list[T]):
    """Part of a list. `next` is the cursor to go on from; None when this is its end."""

    next: str | None = None

    def json(self, shown: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        """As every list is answered (docs/http.md)."""
        items = {"items": [shown(item) for item in self]}
        return {**items, "next": self.next} if self.next else items


def page(found: Sequence[T], size: int, cursor_of: Callable[[T], str]) -> Page[T]:
    """The first `size` of what was found; one more was asked for, to know whether there is more."""
    made = Page(found[:size])
    if len(found) > size:
        made.next = cursor_of(made[-1])
    return made


def cursor(at: int, id: str) -> str:
    """Of one thing in a list, for the page after it."""
    return f"{at}~{id}"


def position(before: str | None, otherwise: int = _NEWEST) -> tuple[int, str]:
    """The moment (milliseconds UTC) and the id from which a list goes on; `otherwise` for what is no cursor."""
    moment, _, last_id = (before or "").partition("~")
    return int(moment) if moment.isascii() and moment.isdecimal() and len(moment) < 16 else otherwise, last_id


def newest(selects: Iterable[str], at: str, id: str) -> str:
    """The ids of the newest `:limit` of all that these statements find before `:before_at` and `:before_id`.

    Each statement selects the columns `at` and `id`, by these names, and ends with conditions that an index serves
    which goes on in this order: then each reads no more than the limit.
    """
    return _first(selects, at, id, "<", "DESC")


def oldest(selects: Iterable[str], at: str, id: str) -> str:
    """The same the other way round: those that come after, the oldest first."""
    return _first(selects, at, id, ">", "ASC")


def _first(selects: Iterable[str], at: str, id: str, beyond: str, way: str) -> str:
    order = f"{_name(at)} {way}, {_name(id)} {way}"
    return f"SELECT {_name(id)} FROM ({_each(selects, at, id, beyond, way)}) AS parts ORDER BY {order} LIMIT :limit"


def counted(selects: Iterable[str], at: str, id: str) -> str:
    """How many these statements find, `:limit` at most."""
    return (
        f"SELECT count(*) FROM (SELECT 1 FROM ({_each(selects, at, id, '<', 'DESC')}) AS parts LIMIT :limit) AS counted"
    )


def _each(selects: Iterable[str], at: str, id: str, beyond: str, way: str) -> str:
    return " UNION ALL ".join(
        f"SELECT * FROM ({select} AND ({at}, {id}) {beyond} (:before_at, :before_id) "
        f"ORDER BY {at} {way}, {id} {way} LIMIT :limit) AS part"
        for select in selects
    )


def _name(column: str) -> str:
    return column.rpartition(".")[2]
