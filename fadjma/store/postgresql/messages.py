"""Statements of one connection, several in one message, and what PostgreSQL answers to each.

psycopg's own cursor asks for each statement by itself, and most of what one costs us is that machinery
(docs/decisions/29-postgresql.md). This is libpq's pipeline, as `psycopg.pq` has it:
https://www.postgresql.org/docs/current/libpq-pipeline-mode.html. How values are written and read stays psycopg's.
"""

import select
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

R = TypeVar("R")
_PREPARED_AFTER = 2  # a statement is prepared when it comes for the third time
_PREPARED = 500  # at the most, and more than there are in this program
_names = count(1)


class Statement(NamedTuple):
    """A statement with its values as they are sent, and their types."""

    text: bytes
    values: Sequence[Any]
    types: tuple[int, ...]
    formats: Sequence[Any]


class Messages:
    """What is said on a connection, and what is answered; between two of these it is psycopg's as ever."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._pg = connection.pgconn
        self._transformer = Transformer(connection)
        self._poll = select.poll()
        self._poll.register(self._pg.socket, select.POLLIN)
        self._times: dict[tuple[bytes, tuple[int, ...]], int] = {}  # for which statements came that are not prepared
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}

    def written(self, text: bytes, values: Sequence[Any] = ()) -> Statement:
        """A statement with $1, $2…, and what stands for them. Raises psycopg's error, or UnicodeError, for a value that
        cannot be sent."""
        if not values:
            return Statement(text, (), (), ())
        written = self._transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        return Statement(text, written, tuple(self._transformer.types or ()), self._transformer.formats or ())

    def ask(self, said: Sequence[Statement], patience: float | None) -> list[PGresult]:
        """Have these done in their order; returns what is answered to each.

        `patience`: seconds for which an answer is waited for, then the connection is closed; None: for ever. Raises
        psycopg's error of the first that fails; nothing of those after it is done.
        """
        answers: list[PGresult] = []
        self._pg.enter_pipeline_mode()
        try:
            prepared = [self._send(one) for one in said]
            self._pg.pipeline_sync()
            self._hear(answers, patience)
        except psycopg.OperationalError:
            _raise_failure(answers)  # the server's last word says more than that the connection is lost
            raise
        finally:
            if self._pg.status == ConnStatus.OK:
                self._pg.exit_pipeline_mode()
        heard = iter(answers)
        kept = []
        for one, name in zip(said, prepared, strict=True):
            if name and next(heard).status == ExecStatus.COMMAND_OK:
                self._prepared[one.text, one.types] = name
            kept.append(next(heard))
        _raise_failure(answers)
        return kept

    def rows(self, answer: PGresult, make: Callable[[Sequence[Any]], R]) -> list[R]:
        """The rows of an answer, each made of its columns."""
        self._transformer.set_pgresult(answer)
        return self._transformer.load_rows(0, answer.ntuples, make)

    def _send(self, said: Statement) -> bytes | None:
        """Returns under which name it is prepared now, if it is."""
        key = said.text, said.types
        name, new = self._prepared.get(key), None
        if name is None and len(self._prepared) < _PREPARED:
            times = self._times.get(key, 0)
            if len(self._times) >= 2 * _PREPARED:
                self._times.clear()
            self._times[key] = times + 1
            if times >= _PREPARED_AFTER:
                del self._times[key]
                name = new = b"fadjma%d" % next(_names)
                self._pg.send_prepare(new, said.text, said.types)
        if name is None:
            self._pg.send_query_params(said.text, said.values, said.types, said.formats)
        else:
            self._pg.send_query_prepared(name, said.values, said.formats)
        return new

    def _hear(self, answers: list[PGresult], patience: float | None) -> None:
        """Send what is not yet sent, and collect the answers until that to the end of the message."""
        while self._pg.flush():
            self._wait(select.POLLIN | select.POLLOUT, patience)
        while True:
            while self._pg.is_busy():
                self._wait(select.POLLIN, patience)
            answer = self._pg.get_result()
            if answer is None:  # between two statements
                if self._pg.status != ConnStatus.OK:
                    raise psycopg.OperationalError(self._pg.get_error_message())
            elif answer.status == ExecStatus.PIPELINE_SYNC:
                return
            else:
                answers.append(answer)

    def _wait(self, what: int, patience: float | None) -> None:
        self._poll.modify(self._pg.socket, what)
        if not self._poll.poll(None if patience is None else patience * 1_000):
            self._pg.finish()  # whatever it answers later, nobody reads it
            raise psycopg.OperationalError("no answer in time")
        self._pg.consume_input()


def _raise_failure(answers: Sequence[PGresult]) -> None:
    for answer in answers:
        if answer.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(answer)
