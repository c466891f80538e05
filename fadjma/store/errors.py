"""What the store raises. sqlite3's own errors never leave it: another database behind it would raise these too."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# By SQLite's primary result code (https://sqlite.org/rescode.html).
_REASONS = {
    sqlite3.SQLITE_READONLY: "le fichier ou son dossier est en lecture seule, l'utilisateur de FADJMA doit y écrire",
    sqlite3.SQLITE_NOTADB: "ce fichier n'est pas une base SQLite, vérifiez FADJMA_DATABASE_URL",
    sqlite3.SQLITE_CORRUPT: "le fichier est abîmé, restaurez une sauvegarde",
    sqlite3.SQLITE_FULL: "le disque est plein, libérez de la place",
    sqlite3.SQLITE_BUSY: "un autre programme la verrouille, arrêtez-le ou attendez qu'il ait fini",
    sqlite3.SQLITE_IOERR: "le disque ne se laisse pas lire ou écrire, vérifiez qu'il n'est ni plein ni abîmé",
}


class Error(Exception):
    """The database failed or refused; sqlite3's own error is the cause."""


class Violation(Error):
    """A constraint of the schema refused a statement; `constraint` is its name (constraints.py)."""

    def __init__(self, message: str, constraint: str) -> None:
        super().__init__(message)
        self.constraint = constraint


class Duplicate(Violation):
    """The constraint is a unique index or a key: there is such a row already."""


class Unusable(Error):
    """The database cannot be worked with at all; the message is one line for whoever starts the program."""


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Around what opens this file: says in one line why it cannot be. Raises Unusable."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise Unusable(f"La base {path} ne peut pas servir : {reason(path, error)}.") from error


def reason(path: Path, error: BaseException) -> str:
    """Why this file cannot be worked with and what to do, without a full stop."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code != sqlite3.SQLITE_CANTOPEN:
        return _REASONS.get(code, str(error))
    if not path.parent.is_dir():
        return f"le dossier {path.parent} n'existe pas"
    if path.is_dir():
        return "c'est un dossier, vérifiez FADJMA_DATABASE_URL"
    return "le fichier ou son dossier ne peut pas être ouvert, vérifiez les droits de l'utilisateur de FADJMA"
