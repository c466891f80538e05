"""Writing links: one for each chain that a transaction has added to, just before it ends."""

import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple

from fadjma.chain.covering import CLINIC, FORM, Kind, Link, row_digest, row_salt
from fadjma.store import Transaction

MOST = 400  # rows in one link


class Item(NamedTuple):
    """A row that is covered: of which kind, under which key."""

    kind: Kind
    key: str


def cover(tx: Transaction, chain: str | None, kind: Kind, key: str) -> None:
    """Say that the transaction has written this row; before it ends, a link covers it as it then stands.

    `chain`: the patient's or the place's id; None: the clinic's.
    """
    tx.before_end(_link, (chain or CLINIC, Item(kind, key)))


def _link(tx: Transaction, said: Sequence[tuple[str, Item]]) -> None:
    by_chain: dict[str, dict[Item, None]] = {}
    for chain, item in said:
        by_chain.setdefault(chain, {})[item] = None
    for chain, items in by_chain.items():
        append(tx, chain, list(items), "act")


def open_seal(tx: Transaction) -> int:
    """The number of the seal that comes next."""
    return int(tx.value("SELECT max(number) FROM chain_seals") or 0) + 1


def append(tx: Transaction, chain: str, items: Sequence[Item], made: Literal["act", "before"]) -> None:
    """Add to a chain what covers these rows: one link, unless they are very many."""
    head = tx.first(_HEAD, (chain,))
    seal, number, digest = tuple(head) if head else (open_seal(tx), 0, "")
    first = number + 1
    for start in range(0, len(items), MOST):
        part = items[start : start + MOST]
        number += 1
        salt = secrets.token_hex(16)
        digest = Link(chain, number, made, tx.now, seal, FORM).digest(digest, _digests(tx, part, salt))
        covered = " ".join([f"{kind.code}:{key}" for kind, key in part])
        tx.send(_ADD, (chain, number, made, tx.now, seal, FORM, salt, covered, digest))
    tx.send(_SET_HEAD, (chain, number, digest, seal, first))


_HEAD = (
    "SELECT (SELECT coalesce(max(number), 0) FROM chain_seals) + 1 AS seal, number, digest FROM chain_heads "
    "WHERE chain = ?"
)
_ADD = (
    "INSERT INTO chain_links (chain, number, made, at, seal, form, salt, covered, digest) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SET_HEAD = (
    "INSERT INTO chain_heads (chain, number, digest, seal, since) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (chain) DO UPDATE SET number = excluded.number, digest = excluded.digest, since = CASE "
    "WHEN chain_heads.seal = excluded.seal THEN chain_heads.since ELSE excluded.since END, seal = excluded.seal"
)


def _digests(tx: Transaction, items: Sequence[Item], salt: str) -> list[str]:
    """Raises ValueError where one is not there: it was said to be written, and was not."""
    if len(items) == 1:
        [(kind, key)] = items
        text = kind.read_one(tx, key)
        if text is None:
            raise ValueError(f"{kind.code}:{key} was not written")
        return [row_digest(row_salt(salt, 0), text)]
    keys: dict[Kind, list[str]] = {}
    for kind, key in items:
        keys.setdefault(kind, []).append(key)
    read = {kind: kind.read(tx, of_kind) for kind, of_kind in keys.items()}
    return [row_digest(row_salt(salt, at), read[kind][key]) for at, (kind, key) in enumerate(items)]
