"""Papers and pictures beside the copies: each once for all of them, because it never changes and never goes.

Where copies are sealed, so is each of these, in a folder that is named after the key: with another key all are copied
anew, so that one key opens everything of one copy.
"""

import errno
import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fadjma.keeping.sealed import seal, unseal
from fadjma.store import Unusable
from fadjma.store.contents import Contents, hash_of, make_private
from fadjma.store.sqlite.backup import give_name

log = logging.getLogger("fadjma.keeping")
_NAME = "fadjma-papers"


class Shelf:
    """Those that stand in a folder of copies."""

    def __init__(self, folder: Path, key: str | None) -> None:
        self._key = key
        self._contents = Contents(folder / (_NAME if key is None else f"{_NAME}-{_mark(key)}"))

    def add(self, source: Contents) -> None:
        """Copy what is not there yet. Raises Unusable.

        One that is damaged at its place is left out: the others, and the database, need their copy all the same.
        """
        try:
            for name in source.names():
                if self._contents.file(name).exists():
                    continue
                if source.is_sound(name):
                    self._copy(source.file(name), name)
                else:
                    log.error("the paper %s is damaged, and is not copied", name)
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else f"{error} est abîmé"
            raise Unusable(f"Les documents ne se laissent pas copier dans {self._contents.folder} : {said}.") from error

    def _copy(self, source: Path, name: str) -> None:
        if self._key is None:
            self._contents.take_over(name, lambda target: shutil.copyfile(source, target))
        else:
            target = self._contents.file(name)
            make_private(target.parent)
            unfinished = target.with_name(f"{name}.partial")
            try:
                seal(source, unfinished, self._key)
                give_name(unfinished, target)
            finally:
                unfinished.unlink(missing_ok=True)

    def bring(self, target: Contents) -> None:
        """Bring back what is not at its place, or damaged there. Raises Unusable; what was brought stays, and is whole.

        One that is damaged here is left out: whoever needs the others, and the database, has nothing else.
        """
        try:
            for name in self._contents.names():
                if not target.is_sound(name):
                    self._bring(name, target)
        except OSError as error:
            raise Unusable(
                f"Les documents de {self._contents.folder} ne se laissent pas reprendre : {error.strerror}."
            ) from error

    def _bring(self, name: str, target: Contents) -> None:
        try:
            target.take_over(name, lambda unfinished: self._open(name, unfinished))
        except (OSError, ValueError, Unusable) as error:
            if isinstance(error, OSError) and error.errno != errno.EIO:
                raise
            log.error("the paper %s is damaged beside the copies, and is not brought back", name)

    def is_sound(self, name: str, aside: Path) -> bool:
        """Whether it is there and holds what it held; what is sealed is opened `aside` for that."""
        if self._key is None:
            return self._contents.is_sound(name)
        try:
            with _removed(aside):
                self._open(name, aside)
                return hash_of(aside) == name
        except (OSError, Unusable):
            return False

    def _open(self, name: str, target: Path) -> None:
        source = self._contents.file(name)
        if self._key is None:
            shutil.copyfile(source, target)
        else:
            unseal(source, target, self._key)


def _mark(key: str) -> str:
    """By which the folders of two keys are told apart; of a key so long it gives nothing away."""
    return hashlib.sha256(b"fadjma-papers " + key.encode()).hexdigest()[:8]


@contextmanager
def _removed(file: Path) -> Iterator[None]:
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
