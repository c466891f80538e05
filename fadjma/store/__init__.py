"""The store: one place behind which the tables are.

Domain code takes a `Transaction` and gives it SQL; the edges call `Database.read` and `Database.write`.
"""

from fadjma.store.database import READERS, Clock, Database, milliseconds
from fadjma.store.errors import Duplicate, Error, Unusable, Violation
from fadjma.store.listing import listed
from fadjma.store.transaction import Announced, Row, Transaction

__all__ = [
    "READERS",
    "Announced",
    "Clock",
    "Database",
    "Duplicate",
    "Error",
    "Row",
    "Transaction",
    "Unusable",
    "Violation",
    "listed",
    "milliseconds",
]
