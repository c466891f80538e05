"""What the store raises. A driver's own errors never leave it: whichever database is behind it, it raises these."""

from collections.abc import Iterator
from typing import Literal

Reason = Literal["locked", "full", "read_only", "broken", "damaged", "gone", "stopping", "unknown"]
FOREIGN_KEY = "foreign key"  # the name of every reference to nothing: SQLite does not say which


class Error(Exception):
    """The database failed or refused; the driver's own error is the cause."""


class Violation(Error):
    """A constraint of the schema refused a statement; `constraint` is its name (sqlite/constraints.py)."""

    def __init__(self, message: str, constraint: str) -> None:
        super().__init__(message)
        self.constraint = constraint


class Duplicate(Violation):
    """The constraint is a unique index or a key: there is such a row already."""


class ReadOnly(Error):
    """A statement would have changed something where nothing may be changed."""


class Unavailable(Error):
    """The database cannot do it now. Of a write, nothing was kept, unless that itself is unknown; the driver's own
    error, if any, is the cause."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Unusable(Error):
    """The database cannot be worked with at all; the message is one line for whoever starts the program."""


def tried_to_write(error: BaseException) -> bool:
    """Whether this error of a reading came from writing."""
    return any(isinstance(cause, ReadOnly) for cause in causes(error))


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, and so on."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
