"""Identifiers made by the program, so that no database needs to hand them out."""

import secrets
import time
from base64 import b64encode
from threading import Lock

# 64 characters in ASCII order, safe in URLs and in HTML ids: ids made later sort later, which keeps index pages warm.
_ALPHABET = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_FROM_BASE64 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", _ALPHABET)
_BITS = 114  # of 19 characters
_BYTES = 15  # which hold 20 of them; the first six bits are none of an id's
_TIME_BITS = 42  # of milliseconds last until the year 2109
_MARK_BITS = 12  # two characters
_STEP_BITS = 40  # of chance between two of one millisecond


class Ids:
    """Makes ids, each greater than the one before.

    `mark`: two characters by chance before the time, so that several processes that write to one database at once each
    fill an index page of their own (docs/decisions/29-postgresql.md); None: nobody else writes there.
    """

    def __init__(self, mark: int | None = None) -> None:
        self.is_marked = mark is not None
        self._chance_bits = _BITS - _TIME_BITS - (_MARK_BITS if self.is_marked else 0)
        self._mark = (mark or 0) << _TIME_BITS
        self._lock = Lock()
        self._last = 0

    def make(self) -> str:
        now = self._mark | time.time_ns() // 1_000_000
        with self._lock:
            if now > self._last >> self._chance_bits:
                self._last = now << self._chance_bits | secrets.randbits(self._chance_bits)
            else:
                self._last += 1 + secrets.randbits(_STEP_BITS)
            number = self._last
        return b64encode(number.to_bytes(_BYTES, "big")).translate(_FROM_BASE64).decode()[1:]


_ids = Ids()


def new_id() -> str:
    """A new id: the time in milliseconds and 72 random bits, as 19 characters that sort by time.

    Of one process each is greater than the one before, also within a millisecond and when the clock is set back: what
    was done at the same moment is read in the order in which it was done. After `stand_apart` the process' mark comes
    first, and 60 random bits are left.
    """
    return _ids.make()


def stand_apart() -> None:
    """From now on the ids of this process begin with its mark, because others write to the same database at once."""
    global _ids
    if not _ids.is_marked:
        _ids = Ids(secrets.randbits(_MARK_BITS))
