"""News between processes: one connection that listens, and a wake-up after each commit that somebody is told of, or
that whoever keeps the time has something to do about.

It carries no news, only whose there are: the table stays the queue, and where a wake-up is lost the sweep finds them.
What is in no table, who has what open now (live/colleagues.py), goes the same way, as JSON.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from uuid import uuid4

import psycopg

from fadjma.store.database import Said

log = logging.getLogger("fadjma")
LISTENS = "fadjma listens"  # by which the connections that listen are told from others: one of each process
_CHANNEL = "fadjma"
_MOST = 7_900  # bytes of a wake-up; PostgreSQL takes 8,000
_LOOKED_AFTER = 20.0  # seconds of silence, then the connection is tried
_ANSWER = 5.0  # seconds for which it is waited for to answer
_AGAIN = 1.0  # seconds before another one is tried
_EVERYBODY, _KEEPER = "*", "!"  # in the place of people: it is not known who; whoever keeps the time


class Listening:
    """`heard` is called on the event loop with the people who have news; None: it is not known who. `due`: when whoever
    keeps the time has something to do. `told`: with what another process says; None: some of it may have been missed.
    """

    def __init__(
        self,
        url: str,
        heard: Callable[[set[str] | None], None],
        due: Callable[[], None],
        told: Callable[[Said | None], None],
    ) -> None:
        self._url = url
        self._heard = heard
        self._due = due
        self._told = told
        self._own = uuid4().hex[:12]  # what this process says itself it need not hear
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake_up(self, people: Iterable[str]) -> tuple[str, tuple[str, str]]:
        """The statement that tells the others, with its values."""
        said = " ".join([self._own, *people])
        return "SELECT pg_notify(%s, %s)", (_CHANNEL, said if len(said) <= _MOST else f"{self._own} {_EVERYBODY}")

    def call_keeper(self) -> tuple[str, tuple[str, str]]:
        """The statement that has whoever keeps the time look, with its values."""
        return "SELECT pg_notify(%s, %s)", (_CHANNEL, f"{self._own} {_KEEPER}")

    def tell(self, said: Said) -> tuple[str, tuple[str, str]]:
        """The statement that says this to the others, with its values."""
        return "SELECT pg_notify(%s, %s)", (_CHANNEL, f"{self._own} {json.dumps(said)}")

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:  # TimeoutError is one
                log.warning("news of other processes come by the sweep until the database listens again: %s", error)
            await asyncio.sleep(_AGAIN)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=int(_ANSWER), application_name=LISTENS
        )
        async with connection:
            async with asyncio.timeout(_ANSWER):
                await connection.execute(f"LISTEN {_CHANNEL}")
            self._heard(None)  # what was said before
            self._due()
            self._told(None)
            while True:
                async for notice in connection.notifies(timeout=_LOOKED_AFTER):
                    self._hear(notice.payload)
                async with asyncio.timeout(_ANSWER):
                    await connection.execute("SELECT 1")

    def _hear(self, said: str) -> None:
        who, _, what = said.partition(" ")
        if who == self._own:
            return
        people = what.split(" ")
        if what == _KEEPER:
            self._due()
        elif what.startswith("{"):
            try:
                self._told(json.loads(what))
            except Exception as error:  # of another version, or none of ours: it must not keep the news from coming
                log.warning("what another process said was not understood: %r", error)
        else:
            self._heard(None if people == [_EVERYBODY] else set(people))
