"""What is kept so that the database alone does not show it: sealed with a key of the program, and bound to its place.

AES-GCM. Whatever is put in the place of something else does not open, nor does anything with another key.
"""

import secrets
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12  # bytes, as NIST SP 800-38D wants


def seal(plain: bytes, bound: bytes, key: bytes) -> str:
    """Sealed, for a column of text; `bound` says what it belongs to."""
    nonce = secrets.token_bytes(_NONCE)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, plain, bound)).decode()


def unseal(sealed: str, bound: bytes, key: bytes) -> bytes | None:
    """What was sealed; None when it belongs elsewhere, or was sealed with another key."""
    found = b64decode(sealed)
    try:
        return AESGCM(key).decrypt(found[:_NONCE], found[_NONCE:], bound)
    except InvalidTag:
        return None
