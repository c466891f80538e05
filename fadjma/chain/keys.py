"""The key that signs: a file outside the database and its copies; and the public keys of all that have signed."""

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fadjma.store import Transaction, owned
from fadjma.store.sqlite.backup import give_name

_BYTES = 32  # of an Ed25519 key, private or public (RFC 8032)


class KeyFault(Exception):
    """The key cannot be used; the message, in French, is for whoever keeps the machine."""


@dataclass(frozen=True, slots=True)
class Known:
    """A public key as the database has it. `since`: milliseconds UTC."""

    fingerprint: str
    public_key: str
    position: int
    since: int

    @property
    def grouped(self) -> str:
        return grouped(self.fingerprint)


class Signer:
    """The private key, and what it is known by."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public_key = self._key.public_key().public_bytes_raw().hex()
        self.fingerprint = fingerprint(self.public_key)

    def sign(self, statement: str) -> str:
        """The signature of a text, in hexadecimal."""
        return self._key.sign(statement.encode()).hex()


def fingerprint(public_key: str) -> str:
    """What is compared with paper: the first 128 bits of SHA-256 over the public key."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]


def grouped(signs: str) -> str:
    """In fours, as they are read aloud."""
    return " ".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def is_signed(statement: str, signature: str, public_key: str) -> bool:
    """Whether this key has signed this text; false too for what is no key or signature at all."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature), statement.encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def load(file: Path) -> Signer:
    """The key of a file, which nobody but its owner may read. Raises KeyFault."""
    try:
        mode = file.stat().st_mode
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise KeyFault(
                f"La clé des sceaux {file} peut être lue par d'autres : lancez « chmod 600 {quote(str(file))} »."
            )
        secret = bytes.fromhex(file.read_text("ascii").strip())
    except FileNotFoundError as error:
        raise KeyFault(
            f"La clé des sceaux {file} n'est pas là. Remettez-la à sa place ; si elle est perdue : "
            "« quart seal-key --new »."
        ) from error
    except (OSError, ValueError) as error:
        raise KeyFault(f"La clé des sceaux {file} ne se laisse pas lire : {error}.") from error
    if len(secret) != _BYTES:
        raise KeyFault(f"La clé des sceaux {file} est abîmée : {len(secret)} octets au lieu de {_BYTES}.")
    return Signer(secret)


def make(file: Path, *, replacing: bool = False) -> Signer:
    """A new key, whole or not at all, for its owner alone; one that is there is kept, unless `replacing`.

    Raises KeyFault.
    """
    unnamed = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        if replacing or not file.exists():
            _write(unnamed)
            try:
                if replacing or not _is_taken(unnamed, file):
                    give_name(unnamed, file)
            finally:
                unnamed.unlink(missing_ok=True)
    except OSError as error:
        raise KeyFault(f"La clé des sceaux {file} ne se laisse pas écrire : {error.strerror or error}.") from error
    return load(file)


def _write(file: Path) -> None:
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as written:
        written.write(secrets.token_hex(_BYTES) + "\n")
    owned.hand_over(file)


def _is_taken(unnamed: Path, file: Path) -> bool:
    """Of two processes that make the first key at once, one has the name, and the other takes that key: one that has
    signed must not be written over. Where a file system has no second names, whoever comes last has it.
    """
    try:
        os.link(unnamed, file)
    except FileExistsError:
        return True
    except OSError:
        return file.exists()
    return False


def all_known(tx: Transaction) -> list[Known]:
    """Every key that has signed, the first of them first."""
    rows = tx.all("SELECT fingerprint, public_key, position, since FROM chain_keys ORDER BY position")
    return [Known(**row.as_dict()) for row in rows]


def newest(tx: Transaction) -> Known | None:
    row = tx.first("SELECT fingerprint, public_key, position, since FROM chain_keys ORDER BY position DESC LIMIT 1")
    return Known(**row.as_dict()) if row else None


def enter(tx: Transaction, signer: Signer) -> None:
    """From now on this key signs."""
    last = newest(tx)
    tx.execute(
        "INSERT INTO chain_keys (fingerprint, public_key, position, since) "
        "VALUES (:fingerprint, :key, :position, :now)",
        {
            "fingerprint": signer.fingerprint,
            "key": signer.public_key,
            "position": last.position + 1 if last else 1,
            "now": tx.now,
        },
    )


def require(tx: Transaction, signer: Signer) -> None:
    """That this is the key with which the last seal was made; the first one is entered. Raises KeyFault."""
    known = newest(tx)
    if known is None:
        enter(tx, signer)
    elif known.fingerprint != signer.fingerprint:
        raise KeyFault(
            f"La clé des sceaux n'est pas celle de cette base : {grouped(signer.fingerprint)} au lieu de "
            f"{known.grouped}. Remettez la bonne ; si elle est perdue : « quart seal-key --new »."
        )
