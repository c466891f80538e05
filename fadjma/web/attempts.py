"""What is counted against guesses, where several processes serve one database: in it, so that each counts for all.

On a file there is one process, and throttle.py counts in its memory: no guess costs a durable write there.
"""

from hashlib import sha256

from limits.aio.storage import Storage

from fadjma.store import Database, Transaction


class Attempts(Storage):
    """Windows that begin with the first attempt in them, as those of the library's own memory do."""

    STORAGE_SCHEME = None  # nobody makes it from an address
    base_exceptions = ()  # what the database raises is the answer's: 503

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """`expiry`: seconds of a window. Returns how many there are in the one that is open."""
        return await self._database.write(_count, _digest(key), expiry * 1_000, amount)

    async def get(self, key: str) -> int:
        found = await self._database.read(_open, _digest(key))
        return found[0] if found else 0

    async def get_expiry(self, key: str) -> float:
        """When the open window ends, in seconds since 1970; now, when there is none."""
        found = await self._database.read(_open, _digest(key))
        return (found[1] if found else self._database.clock()) / 1_000

    async def check(self) -> bool:
        return True

    async def reset(self) -> int | None:
        return await self._database.write(lambda tx: tx.execute("DELETE FROM attempts"))

    async def clear(self, key: str) -> None:
        await self._database.write(
            lambda tx: tx.execute("DELETE FROM attempts WHERE key = :key", {"key": _digest(key)})
        )


def forget(tx: Transaction, limit: int) -> int:
    """Time: delete windows that are over; returns how many."""
    return tx.execute(
        "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE ends_at <= :now LIMIT :limit)",
        {"now": tx.now, "limit": limit},
    )


def _count(tx: Transaction, key: str, window: int, amount: int) -> int:
    hits: int = tx.value(
        "INSERT INTO attempts (key, hits, ends_at) VALUES (:key, :amount, :ends_at) ON CONFLICT (key) DO UPDATE SET "
        "hits = CASE WHEN attempts.ends_at <= :now THEN excluded.hits ELSE attempts.hits + excluded.hits END, "
        "ends_at = CASE WHEN attempts.ends_at <= :now THEN excluded.ends_at ELSE attempts.ends_at END RETURNING hits",
        {"key": key, "amount": amount, "ends_at": tx.now + window, "now": tx.now},
    )
    return hits


def _open(tx: Transaction, key: str) -> tuple[int, int] | None:
    row = tx.first(
        "SELECT hits, ends_at FROM attempts WHERE key = :key AND ends_at > :now", {"key": key, "now": tx.now}
    )
    return (row["hits"], row["ends_at"]) if row else None


def _digest(key: str) -> str:
    """An e-mail or an address is in it, as it was typed."""
    return sha256(key.encode()).hexdigest()
