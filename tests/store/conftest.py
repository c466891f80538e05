"""Connections and files are what is tried here: each test has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from store import Clock, Store


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[Store]:
    """The database for synchronous tests. Afterwards it must add up, whatever the test did."""
    store = Store(path, clock)
    yield store
    store.check()
    store.close()
