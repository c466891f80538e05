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
    seal = open_seal(tx)
    for chain, items in by_chain.items():
        append(tx, chain, list(items), "act", seal)


def open_seal(tx: Transaction) -> int:
    """The number of the seal that comes next."""
    return int(tx.value("SELECT max(number) FROM chain_seals") or 0) + 1


def append(tx: Transaction, chain: str, items: Sequence[Item], made: Literal["act", "before"], seal: int) -> None:
    """Add to a chain what covers these rows: one link, unless they are very many."""
    head = tx.first("SELECT number, digest FROM chain_heads WHERE chain = :chain", {"chain": chain})
    number, digest = (head["number"], head["digest"]) if head else (0, "")
    first = number + 1
    for start in range(0, len(items), MOST):
        part = items[start : start + MOST]
        number += 1
        link = Link(chain, number, made, tx.now, seal, FORM)
        salt = secrets.token_hex(16)
        digest = link.digest(digest, _digests(tx, part, salt))
        tx.execute(
            "INSERT INTO chain_links (chain, number, made, at, seal, form, salt, covered, digest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(chain, number, made, tx.now, seal, FORM, salt),
                " ".join([f"{kind.code}:{key}" for kind, key in part]),
                digest,
            ),
        )
    tx.execute(
        "INSERT INTO chain_heads (chain, number, digest, seal, since) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (chain) DO UPDATE SET number = excluded.number, digest = excluded.digest, since = CASE "
        "WHEN chain_heads.seal = excluded.seal THEN chain_heads.since ELSE excluded.since END, seal = excluded.seal",
        (chain, number, digest, seal, first),
    )


def _digests(tx: Transaction, items: Sequence[Item], salt: str) -> list[str]:
    keys: dict[Kind, list[str]] = {}
    for kind, key in items:
        keys.setdefault(kind, []).append(key)
    read = {kind: kind.read(tx, of_kind) for kind, of_kind in keys.items()}
    return [row_digest(row_salt(salt, at), read[kind][key]) for at, (kind, key) in enumerate(items)]
