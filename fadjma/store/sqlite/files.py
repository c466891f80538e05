"""The files of a database (itself, its -wal and its -shm): who may read them, and whether they are still in place."""

import errno
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

from fadjma.store import owned

log = logging.getLogger("fadjma")
_PRIVATE = 0o600


def of(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


def keep_private(path: Path) -> None:
    """Make the file if there is none, and let nobody else read it or what SQLite keeps beside it, whatever the umask.

    SQLite gives -wal and -shm the mode of the database. A file that is there is never opened here: to close it again
    would end this process's own locks on it (https://sqlite.org/howtocorrupt.html).
    """
    with suppress(OSError):  # it is there, or SQLite says why it cannot be
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))
        owned.hand_over(path)
    for file in of(path):
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & ~_PRIVATE:
                file.chmod(mode & _PRIVATE)  # nobody gets a right that was taken from them
        except FileNotFoundError:
            pass
        except OSError as error:  # a file system without modes, or somebody else's file
            if error.errno != errno.EROFS:  # whoever writes finds that out
                log.warning("%s stays readable by others: %s", file, error)


class Place:
    """Whether what is open is what lies at the path: nobody finds again what a deleted or replaced file takes.

    Asked before each commit; it takes a few microseconds.
    """

    def __init__(self, path: Path) -> None:
        self._files = [str(file) for file in of(path)]
        self._known: list[tuple[int, int]] = []
        self.log_size = 0  # bytes of the -wal, when it was last looked at

    def remember(self) -> None:
        """What is there now is what has just been opened."""
        self._known = self._look()

    def is_kept(self) -> bool:
        try:
            return self._look() == self._known
        except OSError:
            return False

    def _look(self) -> list[tuple[int, int]]:
        found = [os.stat(file) for file in self._files]  # noqa: PTH116 - a third of the time of Path.stat
        self.log_size = found[1].st_size
        return [(one.st_dev, one.st_ino) for one in found]
