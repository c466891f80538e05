"""One chain, to be taken along: whoever has it can count it again, and is shown of the rows only what is theirs."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from fadjma.chain import seals
from fadjma.chain.covering import Kind, row_digest, row_salt
from fadjma.chain.keys import Signer
from fadjma.store import Row, Transaction

_AT_ONCE = 1_000  # links
Shown = Callable[[str, list[Any]], bool]


def chain_of(tx: Transaction, chain: str, kinds: Sequence[Kind], shown: Shown, signer: Signer | None) -> dict[str, Any]:
    """Its links, the rows that are `shown(kind, columns)` with their text and salt and the others as their digests,
    and the head, signed now. Without a signer the head is null.
    """
    by_code = {kind.code: kind for kind in kinds}
    links: list[dict[str, Any]] = []
    while True:
        rows = tx.all(
            "SELECT number, made, at, seal, form, salt, covered, digest FROM chain_links "
            "WHERE chain = :chain AND number > :number ORDER BY number LIMIT :limit",
            {"chain": chain, "number": links[-1]["number"] if links else 0, "limit": _AT_ONCE},
        )
        links += _links(tx, rows, by_code, shown)
        if len(rows) < _AT_ONCE:
            break
    head = seals.sign_head(tx, signer, chain) if signer else None
    return {"chain": chain, "links": links, "head": head.json() if head else None}


def _links(tx: Transaction, rows: Sequence[Row], kinds: dict[str, Kind], shown: Shown) -> list[dict[str, Any]]:
    wanted: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        for item in row["covered"].split(" "):
            code, _, key = item.partition(":")
            wanted.setdefault((code, row["form"]), []).append(key)
    texts = {(code, form): kinds[code].read(tx, keys, form) for (code, form), keys in wanted.items()}
    found = []
    for row in rows:
        said = {name: row[name] for name in ("number", "made", "at", "seal", "form", "digest")}
        covered = enumerate(item.partition(":") for item in row["covered"].split(" "))
        said["rows"] = [
            _row(code, texts[code, row["form"]].get(key), row_salt(row["salt"], position), shown)
            for position, (code, _, key) in covered
        ]
        found.append(said)
    return found


def _row(code: str, text: str | None, salt: str, shown: Shown) -> dict[str, str]:
    """A row that is not there any more has no digest: whoever counts again sees it."""
    if text is None:
        return {"digest": ""}
    if shown(code, json.loads(text)[1]):
        return {"salt": salt, "text": text}
    return {"digest": row_digest(salt, text)}
