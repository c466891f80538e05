"""Group commit: whoever writes at the same moment shares one transaction and one flush of the disk.

Each keeps its own success or failure: a savepoint stands around every function, so that one which raises takes only its
own changes with it. Nobody is answered before the commit is durable. Measured in benchmarks/README.md (« writes »).
"""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable

from fadjma.store.errors import Error
from fadjma.store.sqlite.constraints import translated
from fadjma.store.sqlite.outages import outage
from fadjma.store.sqlite.transaction import SQLiteTransaction
from fadjma.store.writes import Write

log = logging.getLogger("fadjma")
GROUP = 64  # functions in one commit at the most
_GROUP_SECONDS = 0.02  # after which no further function is let into a group: whoever waits for it waits for them all


def begin(connection: sqlite3.Connection) -> None:
    """Begin a transaction that will write."""
    connection.execute("BEGIN IMMEDIATE")


def commit(
    connection: sqlite3.Connection,
    now: Callable[[], int],
    waiting: deque[Write],
    begin: Callable[[sqlite3.Connection], None] = begin,
) -> list[Write]:
    """Take what waits, run it in one durable transaction, and return it with what came of each.

    An error that ends the whole transaction (the disk is full) is everybody's in it. One that keeps it from beginning
    (the file is locked by another process) is that of all who wait: each waiting anew, the tenth would wait ten times.
    """
    group: list[Write] = []
    begun = False
    try:
        begin(connection)
        begun = True
        _run(connection, now, waiting, group)
        connection.execute("COMMIT")
    except BaseException as error:
        failure = outage(error) or error
        if isinstance(failure, sqlite3.Error):
            failure = translated(connection, failure)
            failure.__cause__ = error
        _roll_back(connection)
        while waiting and not (begun and group):
            group.append(waiting.popleft())
        for write in group:
            if write.error is None:
                write.fail(failure)
        return group
    committed_at = time.monotonic()
    for write in group:
        if write.announced:
            write.announced.committed_at = committed_at
    return group


def _roll_back(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        return
    try:
        connection.execute("ROLLBACK")
    except sqlite3.Error:  # the disk is gone: those who wait are to hear of the first error, and the next tries again
        log.exception("a transaction could not be rolled back")


def _run(connection: sqlite3.Connection, now: Callable[[], int], waiting: deque[Write], group: list[Write]) -> None:
    until = time.monotonic() + _GROUP_SECONDS
    alone = len(waiting) == 1
    # The first is always taken: its turn was asked for once, and the thread may have stood still before this line.
    while waiting and len(group) < (1 if alone else GROUP) and (not group or time.monotonic() < until):
        write = waiting.popleft()
        group.append(write)
        if alone:
            _call(write, connection, now())
            if write.error is not None:
                raise write.error
            return
        connection.execute("SAVEPOINT one")
        _call(write, connection, now())
        if not connection.in_transaction:
            raise write.error or Error("the transaction was ended from within")
        if write.error is not None:
            connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")


def _call(write: Write, connection: sqlite3.Connection, now: int) -> None:
    write.run(SQLiteTransaction(connection, now))
    if write.error is not None:
        write.error = outage(write.error) or write.error
