"""The store: one place behind which the tables are.

Domain code takes a `Transaction` and gives it SQL; the edges call `Database.read` and `Database.write`.
"""

from fadjma.store.database import READERS, WAL_LIMIT, Clock, Database, milliseconds
from fadjma.store.outage import Unavailable, tried_to_write
from fadjma.store.transaction import Announced, Row, Transaction

__all__ = [
    "READERS",
    "WAL_LIMIT",
    "Announced",
    "Clock",
    "Database",
    "Row",
    "Transaction",
    "Unavailable",
    "milliseconds",
    "tried_to_write",
]
