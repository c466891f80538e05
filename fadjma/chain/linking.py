"""Writing links: one for each chain that a transaction has added to, just before it ends."""

import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple

from fadjma.chain.covering import CLINIC, FORM, Kind, Link, row_digest, row_salt
from fadjma.store import Answer, Transaction

MOST = 400  # rows in one link


class Item(NamedTuple):
    """A row that is covered: of which kind, under which key."""

    kind: Kind
    key: str


class _Open(NamedTuple):
    """A chain that a transaction adds to: its head as it was found; its rows, with what their INSERTs returned."""

    head: Answer
    items: dict[Item, Answer | None]


def cover(tx: Transaction, chain: str | None, kind: Kind, key: str, written: Answer | None = None) -> None:
    """Say that the transaction has written this row; before it ends, a link covers it as it then stands.

    `chain`: the patient's or the place's id; None: the clinic's. `written`: what the row's own INSERT returned of
    `kind.columns`, where it was asked and nothing has changed it since; else it is read back. On PostgreSQL whoever
    reads the newest rows of a table is in the way of whoever adds to them (docs/decisions/26-the-chain.md).
    """
    chain = chain or CLINIC
    chains: dict[str, _Open] = tx.before_end(_link)
    if chain not in chains:
        chains[chain] = _Open(tx.ask(_HEAD, (chain,)), {})
    chains[chain].items[Item(kind, key)] = written


def _link(tx: Transaction, chains: dict[str, _Open]) -> None:
    for chain, (head, items) in chains.items():
        _append(tx, chain, head, list(items.items()), "act")


def append(tx: Transaction, chain: str, items: Sequence[Item], made: Literal["act", "before"]) -> None:
    """Add to a chain what covers these rows: one link, unless they are very many."""
    _append(tx, chain, tx.ask(_HEAD, (chain,)), [(item, None) for item in items], made)


def open_seal(tx: Transaction) -> int:
    """The number of the seal that comes next."""
    return int(tx.value("SELECT max(number) FROM chain_seals") or 0) + 1


def _append(
    tx: Transaction,
    chain: str,
    head: Answer,
    items: Sequence[tuple[Item, Answer | None]],
    made: Literal["act", "before"],
) -> None:
    [(seal, number, digest)] = head()
    first = number + 1
    for start in range(0, len(items), MOST):
        part = items[start : start + MOST]
        number += 1
        salt = secrets.token_hex(16)
        digest = Link(chain, number, made, tx.now, seal, FORM).digest(digest, _digests(tx, part, salt))
        covered = " ".join([f"{kind.code}:{key}" for (kind, key), _ in part])
        tx.send(_ADD, (chain, number, made, tx.now, seal, FORM, salt, covered, digest))
    tx.send(_SET_HEAD, (chain, number, digest, seal, first))


_HEAD = (  # of a chain that is not begun, too
    "SELECT s.seal, coalesce(h.number, 0) AS number, coalesce(h.digest, '') AS digest "
    "FROM (SELECT coalesce(max(number), 0) + 1 AS seal FROM chain_seals) AS s "
    "LEFT JOIN chain_heads h ON h.chain = ?"
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


def _digests(tx: Transaction, items: Sequence[tuple[Item, Answer | None]], salt: str) -> list[str]:
    """Raises ValueError where one is not there: it was said to be written, and was not."""
    texts: dict[Item, str | None] = {}
    keys: dict[Kind, list[str]] = {}
    for item, written in items:
        if written is not None:
            texts[item] = item.kind.text(written())
        elif len(items) == 1:
            texts[item] = item.kind.read_one(tx, item.key)
        else:
            keys.setdefault(item.kind, []).append(item.key)
    for kind, of_kind in keys.items():
        texts.update((Item(kind, key), text) for key, text in kind.read(tx, of_kind).items())
    digests = []
    for at, (item, _) in enumerate(items):
        if (text := texts.get(item)) is None:
            raise ValueError(f"{item.kind.code}:{item.key} was not written")
        digests.append(row_digest(row_salt(salt, at), text))
    return digests
