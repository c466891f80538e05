"""The open streams of this process, by person and by session."""

import asyncio
import random
from collections.abc import Iterator
from itertools import chain
from typing import Literal

from fadjma.identity.people import Viewer
from fadjma.live.links import Link

Encoding = Literal["html", "json"]
COMMENT_EVERY = 25  # seconds


class Stream:
    """One open stream of one person."""

    __slots__ = (
        "after",
        "catching_up",
        "closed",
        "encoding",
        "last",
        "level",
        "link",
        "slot",
        "viewer",
        "wanted",
        "writing",
    )

    def __init__(self, viewer: Viewer, link: Link, encoding: Encoding, after: int) -> None:
        self.viewer = viewer
        self.link = link
        self.encoding = encoding
        self.after = after  # the cursor it came with
        self.last = after  # the last seq written
        self.wanted = after  # the last seq announced
        self.level: int | None = None  # the person's cursor when it opened: what is older, it missed while away
        self.catching_up = False
        self.writing: asyncio.Task[None] | None = None  # a send that the link has not taken yet
        self.closed = False
        self.slot = random.randrange(COMMENT_EVERY)  # noqa: S311 - spreads comments, not secrets

    def is_over(self) -> bool:
        """Whether it has ended; a method, because it may have while something else was awaited."""
        return self.closed

    @property
    def behind(self) -> bool:
        return self.catching_up or self.last < self.wanted


class Streams:
    """Every open stream. A notice to a whole role is a notice to each of its people, so there is no index by role."""

    def __init__(self) -> None:
        # Tuples: most people have one stream, for which a set or a dictionary would be four times its size.
        self._by_user: dict[str, tuple[Stream, ...]] = {}  # the oldest first
        self._by_session: dict[str, tuple[Stream, ...]] = {}

    def add(self, stream: Stream) -> None:
        viewer = stream.viewer
        self._by_user[viewer.id] = (*self.of_user(viewer.id), stream)
        self._by_session[viewer.session_id] = (*self.of_session(viewer.session_id), stream)

    def remove(self, stream: Stream) -> None:
        _discard(self._by_user, stream.viewer.id, stream)
        _discard(self._by_session, stream.viewer.session_id, stream)

    def of_user(self, user_id: str) -> tuple[Stream, ...]:
        """A person's streams, the oldest first; they may come and go while one goes through them."""
        return self._by_user.get(user_id, ())

    def of_session(self, session_id: str) -> tuple[Stream, ...]:
        return self._by_session.get(session_id, ())

    def among(self, people: dict[str, int]) -> list[tuple[int, tuple[Stream, ...]]]:
        """Those of these people who are here, each with what is noted of them: of 10,000 told there are usually few."""
        by_user = self._by_user
        if len(people) < len(by_user):
            return [(seq, by_user[user_id]) for user_id, seq in people.items() if user_id in by_user]
        # In the order in which they came, as they lie in memory.
        return [(people[user_id], own) for user_id, own in by_user.items() if user_id in people]

    def user_ids(self) -> list[str]:
        return list(self._by_user)

    def session_ids(self) -> list[str]:
        return list(self._by_session)

    def __iter__(self) -> Iterator[Stream]:
        """Every stream; nothing may open or close one meanwhile."""
        return chain.from_iterable(self._by_user.values())

    def __len__(self) -> int:
        return sum(map(len, self._by_user.values()))


def _discard(index: dict[str, tuple[Stream, ...]], key: str, stream: Stream) -> None:
    left = tuple(other for other in index.get(key, ()) if other is not stream)
    if left:
        index[key] = left
    else:
        index.pop(key, None)
