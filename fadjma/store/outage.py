"""What keeps the database from working for now, whatever is asked of it."""

import sqlite3
from typing import Literal

Reason = Literal["locked", "full", "read_only", "broken", "damaged", "gone", "stopping"]

# By SQLite's primary result code (https://sqlite.org/rescode.html).
_REASONS: dict[int, Reason] = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "broken",
    sqlite3.SQLITE_CANTOPEN: "broken",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
}
_SAID: dict[Reason, str] = {
    "locked": "un autre programme tient la base verrouillée",
    "full": "le disque est plein",
    "read_only": "le fichier, son dossier ou le disque est en lecture seule",
    "broken": "le fichier ou son dossier ne se laisse pas lire ou écrire",
    "damaged": "ce n'est pas une base SQLite, ou elle est abîmée",
    "gone": "le fichier n'est plus à sa place",
    "stopping": "le serveur s'arrête",
}


class Unavailable(Exception):
    """The database cannot do it now. Of a write, nothing was kept; sqlite3's own error, if any, is the cause."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_SAID[reason])
        self.reason = reason


def tried_to_write(error: BaseException) -> bool:
    """Whether this error of a reading came from writing."""
    found = outage(error)
    return found is not None and found.reason == "read_only"


def outage(error: BaseException) -> Unavailable | None:
    """The outage that this error, or what caused it, comes from; None when it is about what was asked."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Unavailable):
            return cause
        reason = _REASONS.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
        if reason:
            found = Unavailable(reason)
            found.__cause__ = error
            return found
        cause = cause.__cause__
    return None
