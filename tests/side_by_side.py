"""Which tests run in which order, and which beside others. Its hooks are conftest.py's.

`bin/test` runs one test more at once than there are cores. A test has its own database or its own people, so it does
not notice the others; only what measures the machine would, and is marked `alone`.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

_HERE = Path(__file__).parent
# What takes long comes first, files that one process runs before tests that any may: at the end no core stands idle.
_FIRST = ("alone", "system", "live")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", type=int, metavar="SEED", help="run the tests in another order, the same for a seed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: measures the machine; no other test runs meanwhile")
    config.addinivalue_line("markers", "last: waits for something that began with the first test; goes to the end")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("shuffle")
    if seed is not None:
        _shuffle(items, Random(seed))
    items.sort(key=_turn)


def _shuffle(items: list[pytest.Item], rng: Random) -> None:
    """Files in another order, and the tests of each; one file after the other, because tests of one share servers."""
    chance = {path: rng.random() for path in sorted({item.path for item in items})}
    items.sort(key=lambda item: (chance[item.path], rng.random()))


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("last"):
        return len(_FIRST) + 1
    kind = "alone" if item.get_closest_marker("alone") else item.path.relative_to(_HERE).parts[0]
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:  # nothing runs beside this
        return (yield)
    with _turnstile(Path(tempfile.gettempdir()) / f"fadjma-tests-{run}", alone=bool(item.get_closest_marker("alone"))):
        return (yield)


@contextmanager
def _turnstile(path: Path, *, alone: bool) -> Iterator[None]:
    """Inside are many, or one who is alone. They come in one by one: who waits to be alone holds the others up."""
    with path.open("ab") as inside, path.with_suffix(".gate").open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(inside, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield
