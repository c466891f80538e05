"""What SQLite's codes mean: to the running program, and to whoever starts it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fadjma.store.errors import Reason, Unavailable, Unusable, causes

# By SQLite's primary result code (https://sqlite.org/rescode.html): what the running program makes of it, and what
# whoever starts it is told.
_LOCKED = "un autre programme la verrouille, arrêtez-le ou attendez qu'il ait fini"
_REASONS: dict[int, tuple[Reason, str]] = {
    sqlite3.SQLITE_BUSY: ("locked", _LOCKED),
    sqlite3.SQLITE_PROTOCOL: ("locked", _LOCKED),
    sqlite3.SQLITE_FULL: ("full", "le disque est plein, libérez de la place"),
    sqlite3.SQLITE_READONLY: (
        "read_only",
        "le fichier ou son dossier est en lecture seule, l'utilisateur de FADJMA doit y écrire",
    ),
    sqlite3.SQLITE_IOERR: (
        "broken",
        "le disque ne se laisse pas lire ou écrire, vérifiez qu'il n'est ni plein ni abîmé",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "broken",
        "le fichier ou son dossier ne se laisse pas ouvrir ou écrire, vérifiez les droits de l'utilisateur de FADJMA",
    ),
    sqlite3.SQLITE_CORRUPT: ("damaged", "le fichier est abîmé, restaurez une sauvegarde"),
    sqlite3.SQLITE_NOTADB: ("damaged", "ce fichier n'est pas une base SQLite, vérifiez FADJMA_DATABASE_URL"),
}


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Around what opens this file: says in one line why it cannot be. Raises Unusable."""
    try:
        yield
    except (sqlite3.Error, Unavailable, OSError) as error:
        raise Unusable(f"La base {path} ne peut pas servir : {reason(path, error)}.") from error


def reason(path: Path, error: BaseException) -> str:
    """Why this file cannot be worked with and what to do, without a full stop."""
    code = _code(error)
    if code == sqlite3.SQLITE_CANTOPEN and not path.parent.is_dir():
        return f"le dossier {path.parent} n'existe pas"
    if code == sqlite3.SQLITE_CANTOPEN and path.is_dir():
        return "c'est un dossier, vérifiez FADJMA_DATABASE_URL"
    return _REASONS[code][1] if code else str(error)


def outage(error: BaseException) -> Unavailable | None:
    """The outage that this error, or what caused it, comes from; None when it is about what was asked."""
    for cause in causes(error):
        if isinstance(cause, Unavailable):
            return cause
    code = _code(error)
    if code is None:
        return None
    found = Unavailable(_REASONS[code][0])
    found.__cause__ = error
    return found


def _code(error: BaseException) -> int | None:
    """SQLite's primary result code of what this error comes from, if it is one of those above."""
    codes = (getattr(cause, "sqlite_errorcode", 0) & 0xFF for cause in causes(error))
    return next((code for code in codes if code in _REASONS), None)
