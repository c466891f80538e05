"""A file that only who has the key can read, and nobody can shorten or change unnoticed.

`fadjma-sealed-1` and a line end; 16 random bytes; then pieces of 64 KiB, each encrypted by AES-256-GCM (so 16 bytes
longer), the last one shorter or empty: so nobody cuts off the end between two pieces unnoticed. The key is HKDF-SHA256
of the text of the key, with the random bytes as salt and the first line as info. The nonce of a piece is its number in
12 bytes, big-endian: so pieces cannot be left out, exchanged or repeated.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fadjma.store import Unusable
from fadjma.store.sqlite.files import keep_private

_FIRST = b"fadjma-sealed-1\n"
_SALT = 16  # bytes
_PIECE = 64 * 1024
_TAG = 16


def is_sealed(path: Path) -> bool:
    """Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_FIRST)) == _FIRST


def seal(source: Path, target: Path, key: str) -> None:
    """Write `source`, encrypted, to `target`. Raises OSError."""
    salt = os.urandom(_SALT)
    cipher = _cipher(key, salt)
    keep_private(target)
    with source.open("rb") as read, target.open("rb+") as written:
        written.write(_FIRST + salt)
        for nonce, piece in _numbered(read, _PIECE):
            written.write(cipher.encrypt(nonce, piece, None))


def unseal(source: Path, target: Path, key: str) -> None:
    """Write what `source` holds to `target`. Raises OSError, and Unusable where the key or the file is another."""
    keep_private(target)
    with source.open("rb") as read, target.open("rb+") as written:
        read.seek(len(_FIRST))
        cipher = _cipher(key, read.read(_SALT))
        for nonce, piece in _numbered(read, _PIECE + _TAG):
            try:
                written.write(cipher.decrypt(nonce, piece, None))
            except (InvalidTag, ValueError) as error:
                raise Unusable(
                    f"{source} ne se laisse pas déchiffrer : ce n'est pas la bonne clé, ou le fichier est tronqué ou "
                    "abîmé."
                ) from error


def _cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, _FIRST).derive(key.encode()))


def _numbered(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The pieces of a file, each with its nonce; the last one is shorter than the others."""
    number, last = 0, False
    while not last:
        piece = file.read(size)
        last = len(piece) < size
        yield number.to_bytes(12, "big"), piece
        number += 1
