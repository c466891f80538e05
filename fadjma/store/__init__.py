"""The store: one place behind which the tables are.

Domain code takes a `Transaction` and gives it SQL; the edges call `Database.read` and `Database.write`.
"""

from fadjma.store.database import READERS, WAL_LIMIT, Clock, Database, Said, milliseconds
from fadjma.store.engines import at
from fadjma.store.errors import Duplicate, Error, Unavailable, Unusable, Violation, tried_to_write
from fadjma.store.kept import keep, kept
from fadjma.store.listing import given, given_in_parts, listed, one_of
from fadjma.store.paging import Page
from fadjma.store.transaction import Announced, Answer, Row, Transaction

__all__ = [
    "READERS",
    "WAL_LIMIT",
    "Announced",
    "Answer",
    "Clock",
    "Database",
    "Duplicate",
    "Error",
    "Page",
    "Row",
    "Said",
    "Transaction",
    "Unavailable",
    "Unusable",
    "Violation",
    "at",
    "given",
    "given_in_parts",
    "keep",
    "kept",
    "listed",
    "milliseconds",
    "one_of",
    "tried_to_write",
]
