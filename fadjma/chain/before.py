"""What was written before there was a chain, taken in some at a time: of it the chain says that it has not been changed
since then, and nothing about before."""

from fadjma.chain.covering import Kind
from fadjma.chain.linking import MOST, Item, append
from fadjma.store import Transaction


class TakeIn:
    """An act of time: `take_in(tx, limit)`, which returns how many rows it has taken."""

    __name__ = "take_in"  # what time's acts are called in the log

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self._kinds = {kind.code: kind for kind in kinds}

    def __call__(self, tx: Transaction, limit: int) -> int:
        left = limit
        while left > 0:
            taken = self._take(tx, min(left, MOST))
            left -= taken
            if not taken:
                break
        return limit - left

    def _take(self, tx: Transaction, limit: int) -> int:
        """Rows of one chain. What is not there any more, somebody has removed before the chain could hold it."""
        chain = tx.value("SELECT chain FROM chain_before LIMIT 1")
        rows = tx.all(
            "SELECT kind, key FROM chain_before WHERE chain = :chain LIMIT :limit",
            {"chain": chain, "limit": limit},
        )
        items = [Item(self._kinds[row["kind"]], row["key"]) for row in rows]
        read = {
            kind: kind.read(tx, [item.key for item in items if item.kind is kind]) for kind in {*self._kinds.values()}
        }
        there = [item for item in items if item.key in read[item.kind]]
        if there:
            append(tx, chain, there, "before")
        tx.execute_many(
            "DELETE FROM chain_before WHERE chain = ? AND kind = ? AND key = ?",
            [(chain, item.kind.code, item.key) for item in items],
        )
        return len(rows)


def waiting(tx: Transaction) -> int:
    """How many rows from before the chain are not in it yet."""
    return int(tx.value("SELECT count(*) FROM chain_before"))
