"""What comes in: parts of a file that is not whole yet, and whole files, looked at in a process of their own."""

import asyncio
import errno
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fadjma.i18n import N_
from fadjma.refusals import Conflict, Invalid, TryLater
from fadjma.store.contents import Contents, make_private

log = logging.getLogger("fadjma.papers")
MOST = 10 * 1024**2  # bytes of a file
PART = 64 * 1024  # bytes of a part, at most
_SPARE = 200 * 1024**2  # bytes of the disk that are the database's
_AT_ONCE = 2  # files that are looked at
_PATIENCE = 60  # seconds
_DECODER = Path(__file__).with_name("decoder.py")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL = N_("Le disque du serveur est plein : rien n'a été gardé. Prévenez l'administrateur, puis envoyez à nouveau.")
_HEAVY = N_("Ce fichier demande trop de calcul pour être ouvert sans risque : photographiez le papier à la place.")
_UNFIT = {
    "kind": N_(
        "Ce fichier n'est ni une photo JPEG ou PNG, ni un PDF : photographiez le papier, ou enregistrez en PDF."
    ),
    "damaged": N_("Ce fichier est abîmé ou coupé : ouvrez-le pour vérifier, puis envoyez-le à nouveau."),
    "points": N_(
        "Cette image est trop grande (%(a)d × %(b)d points) : 52 millions de points au plus. Réduisez-la, ou "
        "photographiez le papier."
    ),
    "runs": N_("Ce PDF contient un programme ou un fichier caché. Imprimez-le en PDF, puis envoyez le nouveau."),
    "closed": N_("Ce PDF est protégé par un mot de passe : enregistrez-le sans, puis envoyez-le."),
    "pages": N_("Ce PDF n'a pas de page, ou plus de 500 (%(a)d) : envoyez la partie qui compte."),
}
_TOO_LARGE = N_("Ce fichier dépasse 10 Mo : réduisez-le, ou photographiez le papier.")
_EMPTY = N_("Ce fichier est vide.")


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was found good, and is kept: by what its bytes and those of its thumbnail are."""

    kind: str
    sha256: str
    size: int
    width: int | None
    height: int | None
    pages: int | None
    thumbnail: str | None


class Intake:
    """Takes files in, beside the database."""

    def __init__(self, folder: Path) -> None:
        self.contents = Contents(folder)
        self._parts = folder / "uploads"
        self._looking = asyncio.Semaphore(_AT_ONCE)

    async def take(self, sent: bytes) -> Taken:
        """Look at a file and keep what is to be kept of it. Raises Invalid with what is wrong, TryLater."""
        if len(sent) > MOST:
            raise Invalid({"file": _TOO_LARGE})
        if not sent:
            raise Invalid({"file": _EMPTY})
        async with self._looking:  # the others wait; a picture takes half a second of a core, and up to 768 MB
            return await asyncio.to_thread(self._take, sent)

    def _take(self, sent: bytes) -> Taken:
        said, kept, thumbnail = _look(sent)
        with self._room(len(kept) + len(thumbnail)):
            return Taken(
                kind=said["kind"],
                sha256=self.contents.put(kept),
                size=len(kept),
                width=said.get("width"),
                height=said.get("height"),
                pages=said.get("pages"),
                thumbnail=self.contents.put(thumbnail) if thumbnail else None,
            )

    async def received(self, upload_id: str) -> int:
        """How many bytes of it are there."""
        return await asyncio.to_thread(self._received, upload_id)

    async def add(self, upload_id: str, size: int, offset: int, part: bytes) -> int:
        """Write down a part of a file of `size` bytes; returns how many are there now.

        A part that is there already changes nothing. Raises Conflict with `offset` for one that does not follow,
        Invalid beyond the end, TryLater.
        """
        if offset + len(part) > size:
            raise Invalid({"offset": N_("Cette partie va au-delà de la fin du fichier.")})
        return await asyncio.to_thread(self._add, upload_id, offset, part)

    def _add(self, upload_id: str, offset: int, part: bytes) -> int:
        there = self._received(upload_id)
        if offset + len(part) <= there:
            return there
        if offset > there:
            missing = Conflict(N_("Il manque ce qui vient avant cette partie."), current="receiving")
            missing.details["offset"] = there
            raise missing
        with self._room(len(part)):
            make_private(self._parts)
            # Two that send the same part at once write the same bytes to the same place.
            opened = os.open(self._file(upload_id), os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                written = 0
                while written < len(part):
                    written += os.pwrite(opened, part[written:], offset + written)
            finally:
                os.close(opened)
        return self._received(upload_id)

    async def whole(self, upload_id: str, sha256: str) -> bytes:
        """All of it. Raises Invalid when it is not what was promised; then it begins anew."""
        return await asyncio.to_thread(self._whole, upload_id, sha256)

    def _whole(self, upload_id: str, sha256: str) -> bytes:
        try:
            sent = self._file(upload_id).read_bytes()
        except FileNotFoundError:  # another request has finished it, or found it unfit, meanwhile
            sent = b""
        if hashlib.sha256(sent).hexdigest() != sha256:
            self.drop(upload_id)
            raise Invalid({"hash": N_("Ce qui est arrivé n'est pas ce qui a été envoyé : envoyez-le à nouveau.")})
        return sent

    def drop(self, upload_id: str) -> None:
        """Forget the parts of it."""
        with suppress(FileNotFoundError):
            self._file(upload_id).unlink()

    def _received(self, upload_id: str) -> int:
        try:
            return self._file(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    def _file(self, upload_id: str) -> Path:
        return self._parts / upload_id

    @contextmanager
    def _room(self, size: int) -> Iterator[None]:
        """Raises TryLater where the disk is, or becomes, too full: what is left is for the database."""
        folder = next(one for one in (self.contents.folder, *self.contents.folder.parents) if one.exists())
        if shutil.disk_usage(folder).free < size + _SPARE:
            raise TryLater(_FULL, retry_after=60)
        try:
            yield
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            log.error("no room for a paper: %s", error.strerror)
            raise TryLater(_FULL, retry_after=60) from error


def _look(sent: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """What the decoder says of it. Raises Invalid."""
    try:
        first, _, rest = _decode(sent).partition(b"\n")
        said: dict[str, Any] = json.loads(first)
    except (subprocess.SubprocessError, ValueError) as error:  # it ran out of memory or time, or met a hole
        log.warning("a file could not be looked at: %s", _complaint(error))
        raise Invalid({"file": _HEAVY}) from error
    if "unfit" in said:
        raise Invalid({"file": _UNFIT[said["unfit"]]}, **dict(zip("ab", said["numbers"], strict=False)))
    return said, rest[: said["kept"]], rest[said["kept"] :]


def _decode(sent: bytes) -> bytes:
    """The decoder's answer. Raises SubprocessError."""
    return subprocess.run(  # noqa: S603 - our own program, and nothing of the file among its arguments
        [sys.executable, "-I", str(_DECODER)], input=sent, capture_output=True, timeout=_PATIENCE, check=True
    ).stdout


def _complaint(error: Exception) -> str:
    """The kind of error that the decoder ended with; never its words, in which something of the file may stand."""
    said = getattr(error, "stderr", b"") or b""
    return said.decode("ascii", "replace").strip().rpartition("\n")[2].partition(":")[0] or type(error).__name__
