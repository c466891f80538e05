"""How much room there is for the database, and how much there must be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fadjma.store import Database

LEAST = 500_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Disk:
    """Both in bytes."""

    free: int
    needed: int

    @property
    def is_short(self) -> bool:
        return self.free < self.needed

    def json(self) -> dict[str, Any]:
        return {"free_bytes": self.free, "needed_bytes": self.needed}


def disk(database: Database) -> Disk:
    """Of a database that is served, as /health looks at it."""
    return Disk(database.free_space(), needed(database.path))


def needed(database: Path) -> int:
    """Twice the database, so that a copy of it has room, and never less than what some weeks bring."""
    size = database.stat().st_size if database.exists() else 0
    return max(LEAST, 2 * size)
