"""What the chain covers, and the one form in which a row is read: when it is written, and whenever it is verified."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from fadjma.store import Row, Transaction

CLINIC = "clinic"  # the chain of what is about no patient and no place
FORM = 2  # the newest way to read rows; a link keeps the one that it was made with
_CHUNK = 400  # keys per statement; SQLite takes 999 parameters in its oldest builds
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

Rows = list[tuple[object, ...]]


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of what is covered, said by the domain whose table it is in.

    `selects`: by the form since which it counts, the columns that never change, up to « WHERE … IN »; a migration that
    adds a column which is to be covered adds a form. The first `width` of them are the key, the first alone is looked
    up. `every`: all of its rows, as `chain` and `key`.
    """

    code: str
    selects: Mapping[int, str]
    every: str
    width: int = 1

    def select(self, form: int) -> str:
        """How its rows were read in this form. Raises ValueError for one that is not known here."""
        if form in self.selects:
            return self.selects[form]
        known = [since for since in self.selects if since <= form <= FORM]
        if not known:
            raise ValueError(f"{self.code} has no form {form}")
        return self.selects[max(known)]

    @cached_property
    def columns(self) -> str:
        """What an INSERT of such a row is to return, for `text`."""
        return self.select(FORM).removeprefix("SELECT ").partition(" FROM")[0]

    def text(self, rows: Sequence[Row]) -> str | None:
        """What the rows of one key say, in their canonical text; None where there is none."""
        return self._text([tuple(row) for row in rows]) if rows else None

    def read_one(self, tx: Transaction, key: str) -> str | None:
        """What a row says now, in its canonical text; None for one that is not there."""
        if self.width > 1:
            return self.read(tx, [key]).get(key)
        return self.text(tx.all(self.select(FORM) + " (?)", (key,)))

    def read(self, tx: Transaction, keys: Iterable[str], form: int = FORM) -> dict[str, str]:
        """What these rows say, each in its canonical text, by their keys; who is not there is left out.

        Several rows with one key are one, in the order of all their columns.
        """
        firsts = list(dict.fromkeys(key.split("/")[0] for key in keys) if self.width > 1 else keys)
        found: dict[str, Rows] = {}
        for start in range(0, len(firsts), _CHUNK):
            chunk = firsts[start : start + _CHUNK]
            for row in tx.all(f"{self.select(form)} ({', '.join('?' * len(chunk))})", chunk):
                values = tuple(row)
                key = values[0] if self.width == 1 else "/".join(map(str, values[: self.width]))
                found.setdefault(str(key), []).append(values)
        return {key: self._text(rows) for key, rows in found.items()}

    def _text(self, rows: Rows) -> str:
        """JSON: its kind, and its columns in order. What is text, number and nothing stays told apart."""
        if len(rows) > 1:
            rows.sort(key=repr)
        return _encode([self.code, *rows])


def row_salt(salt: str, position: int) -> str:
    """What is digested before a row: whoever is shown one row of a link cannot guess at the others."""
    return hashlib.sha256(f"{salt}:{position}".encode()).hexdigest()


def row_digest(salt: str, text: str) -> str:
    """SHA-256 of a row in its canonical text, behind its own salt, in hexadecimal."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


class Link(NamedTuple):
    """A link, but for its salt and what it covers. `seal`: the number of the first seal that holds it."""

    chain: str
    number: int
    made: str
    at: int
    seal: int
    form: int

    def digest(self, previous: str, rows: list[str]) -> str:
        """SHA-256 over the link, the digest of the one before (empty for the first), and the digests of its rows.

        It is JSON, put together by hand: ids and digests need no escape, and every act pays for it.
        """
        listed = ",".join([f'"{row}"' for row in rows])
        said = (
            f'["fadjma-link/1","{self.chain}",{self.number},"{self.made}",{self.at},{self.seal},{self.form},'
            f'"{previous}",[{listed}]]'
        )
        return hashlib.sha256(said.encode()).hexdigest()


def text_of(said: list[object]) -> str:
    """JSON in the one form in which it is digested and signed."""
    return _encode(said)
