"""Identifiers made by the program, so that no database needs to hand them out."""

import secrets
import time

# 64 characters in ASCII order, safe in URLs and in HTML ids: ids made later sort later, which keeps index pages warm.
_ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_RANDOM_BITS = 72
_LENGTH = 19  # 42 bits of milliseconds last until the year 2109


def new_id() -> str:
    """A new id: the time in milliseconds and 72 random bits, as 19 characters that sort by time."""
    number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[number >> 6 * place & 63] for place in reversed(range(_LENGTH)))
