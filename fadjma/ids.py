"""Identifiers made by the program, so that no database needs to hand them out."""

import secrets
import time
from base64 import b64encode
from threading import Lock

# 64 characters in ASCII order, safe in URLs and in HTML ids: ids made later sort later, which keeps index pages warm.
_ALPHABET = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_FROM_BASE64 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", _ALPHABET)
_RANDOM_BITS = 72
_BYTES = 15  # 42 bits of milliseconds last until the year 2109; the first six bits are none of them
_STEP_BITS = 40  # of chance between two of one millisecond

_lock = Lock()
_last = 0


def new_id() -> str:
    """A new id: the time in milliseconds and 72 random bits, as 19 characters that sort by time.

    Of one process each is greater than the one before, also within a millisecond and when the clock is set back: what
    was done at the same moment is read in the order in which it was done.
    """
    global _last
    now = time.time_ns() // 1_000_000
    with _lock:
        if now > _last >> _RANDOM_BITS:
            _last = now << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        else:
            _last += 1 + secrets.randbits(_STEP_BITS)
        number = _last
    return b64encode(number.to_bytes(_BYTES, "big")).translate(_FROM_BASE64).decode()[1:]
