"""Files beside the database, each under the SHA-256 of what it holds: written once, never changed, never removed.

What the database says of a file it says by that name, so that what is damaged or exchanged is noticed.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from fadjma.store import owned
from fadjma.store.sqlite.backup import give_name

_NAME = re.compile(r"[0-9a-f]{64}")
_PRIVATE_FOLDER = 0o700
_PRIVATE = 0o600
_READ = 1024 * 1024  # bytes at once


class Contents:
    """A folder of them, which is made when something comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep it, durable, and return its name; what is there already, and sound, stays.

        Raises OSError; then nothing is left.
        """
        name = hashlib.sha256(content).hexdigest()
        target = self.file(name)
        if not self.is_sound(name):
            unfinished = self._unfinished()
            try:
                unfinished.touch(_PRIVATE, exist_ok=False)
                unfinished.write_bytes(content)
                _place(unfinished, target)
            finally:
                unfinished.unlink(missing_ok=True)
        return name

    def take_over(self, name: str, write: Callable[[Path], object]) -> None:
        """Keep what `write` writes to a file as `name`. Raises OSError, and ValueError where that is not its name."""
        unfinished = self._unfinished()
        try:
            unfinished.touch(_PRIVATE, exist_ok=False)
            write(unfinished)
            if hash_of(unfinished) != name:
                raise ValueError(name)
            _place(unfinished, self.file(name))
        finally:
            unfinished.unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        """What it holds. Raises OSError, and ValueError where that is not what it held when it was kept."""
        content = self.file(name).read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise ValueError(name)
        return content

    def is_sound(self, name: str) -> bool:
        """Whether it is there and holds what it held."""
        try:
            return hash_of(self.file(name)) == name
        except OSError:
            return False

    def file(self, name: str) -> Path:
        """Where it is: 256 folders, so that none has more files than a tool can list."""
        return self.folder / name[:2] / name

    def names(self) -> Iterator[str]:
        """All that are there."""
        return (file.name for file in self.folder.glob("??/*") if _NAME.fullmatch(file.name))

    def _unfinished(self) -> Path:
        make_private(self.folder)
        return self.folder / f"{uuid4().hex}.partial"


def make_private(folder: Path) -> None:
    """Make a folder that nobody else reads, if there is none. Raises OSError."""
    if not folder.is_dir():
        folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
        owned.hand_over(folder)


def hash_of(file: Path) -> str:
    """The SHA-256 of what a file holds. Raises OSError."""
    found = hashlib.sha256()
    with file.open("rb") as read:
        while piece := read.read(_READ):
            found.update(piece)
    return found.hexdigest()


def _place(unfinished: Path, target: Path) -> None:
    make_private(target.parent)
    give_name(unfinished, target)
