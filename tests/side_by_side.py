"""Which tests run in which order, and which beside others. Its hooks are conftest.py's.

`bin/test` runs two tests at once for each core. A test has its own database or its own people, so it does
not notice the others; only what measures the machine would, and is marked `alone`.
"""

import fcntl
import functools
import gc
import os
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from random import Random

import pytest
import reports

_HERE = Path(__file__).parent
# Tests in front of a browser and those of live/ mostly wait, and each file of them is one process's. Where all
# processes had some at once, the cores stood half idle; they are spread among the others, from one part of these to
# another: not to the end, where one process would wait alone, and not from the beginning, where those which are to be
# alone would wait for them.
_WAITING = ("system", "live")
_FROM, _TO = 0.12, 0.75
# What goes through every route, role, state or instant, or starts programs. `bin/check` leaves it to `bin/test`, and
# single tests of that kind, which are marked so: together these are two thirds of what the tests outside live/ and
# system/ take, and mostly red together with others.
_LONG = {
    "access/test_access_machine.py",
    "chain/test_attacks.py",
    "demo/test_history.py",
    "fhir_r4/test_bundles.py",
    "keeping/test_drilled_chains.py",
    "keeping/test_restoring.py",
    "prescriptions/test_acts.py",
    "prescriptions/test_prescription_machine.py",
    "routes/test_answers.py",
    "routes/test_as_typed.py",
    "routes/test_bad_hand_overs.py",
    "routes/test_bad_input.py",
    "routes/test_bounds_of_one_person.py",
    "routes/test_crawl.py",
    "routes/test_cross_site.py",
    "routes/test_demo_pages.py",
    "routes/test_formulary.py",
    "routes/test_hostile.py",
    "routes/test_lists.py",
    "routes/test_privacy.py",
    "routes/test_same_key_twice.py",
    "routes/test_strangers.py",
    "routes/test_typed_words.py",
    "routes/test_understood.py",
    "store/test_growing.py",
    "store/test_migrating.py",
    "store/test_ownership.py",
    "store/test_starting.py",
    "test_batches.py",
    "test_setup.py",
}

# With --store=postgresql these are not there at all, rather than skipped: they say nothing of it.
_SQLITE_ONLY = (
    "asks SQLite itself: which way a query goes (EXPLAIN QUERY PLAN), how many statements a reading takes (the same "
    "function sends the same ones to both), or begins again from a copy of the file hundreds of times"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", type=int, metavar="SEED", help="run the tests in another order, the same for a seed")
    parser.addoption("--every-way", action="store_true", help="try by no turns: every value and way everywhere")
    parser.addoption(
        *("--store",), choices=("sqlite", "postgresql"), default="sqlite", help="the database behind the actions"
    )
    parser.addoption("--first-and-last", action="store_true", help="of each test with many cases run these two")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: measures the machine; no other test runs meanwhile")
    config.addinivalue_line("markers", "long: is left to bin/test")
    config.addinivalue_line("markers", f"sqlite_only: {_SQLITE_ONLY}")
    config.addinivalue_line("markers", "last: waits for something that began with the first test; goes to the end")
    if hasattr(config, "workerinput") and reports.suffice(config):
        config.pluginmanager.register(reports.Reports())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Ten thousand tests stay to the end: looking for cycles among them again and again is a tenth of reading them.

    Afterwards it is looked for as rarely as the server does: a thirtieth of what the tests of routes take.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    if _within(item.path) in _LONG:
        item.add_marker("long")
    if "cluster" in getattr(item, "fixturenames", ()):  # about PostgreSQL, whatever the run is on
        item.add_marker("long")
        item.add_marker(pytest.mark.xdist_group("postgresql"))  # one server for all of them


@functools.cache
def _within(path: Path) -> str:
    """Where a file of tests is, from here; each of the ten thousand asks, and there are three hundred."""
    return path.relative_to(_HERE).as_posix()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("store") == "postgresql":
        _leave_out(config, items, [item for item in items if item.get_closest_marker("sqlite_only")])
    if config.getoption("first_and_last"):
        _keep_first_and_last(config, items)
    seed = config.getoption("shuffle")
    if seed is not None:
        _shuffle(items, Random(seed))
    items.sort(key=_turn)
    items[:] = _spread(items)
    if config.getoption("loadgroup", False):
        _require_groups(items)


def _spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """The files of tests that wait one by one among those that come before the last; a file is not broken up."""
    waiting: dict[str, list[list[pytest.Item]]] = {}
    others: list[list[pytest.Item]] = []
    for (turn, kind), tests in groupby(items, lambda item: (_turn(item), _kind(item))):
        if turn == _MIDST:
            files = [[*file] for _, file in groupby(tests, lambda item: item.path)]
            (waiting.setdefault(kind, []) if kind in _WAITING else others).extend(files)
    many = sum(map(len, others))
    placed = [
        (many * (_FROM + (_TO - _FROM) * place / len(files)), file)
        for files in waiting.values()
        for place, file in enumerate(files)
    ]
    placed.sort(key=lambda found: found[0], reverse=True)
    mixed: list[pytest.Item] = []
    passed = 0
    for file in others:
        while placed and passed >= placed[-1][0]:
            mixed += placed.pop()[1]
        mixed += file
        passed += len(file)
    for _, file in reversed(placed):
        mixed += file
    first, last = ([item for item in items if _turn(item) == turn] for turn in (_MIDST - 1, _MIDST + 1))
    return [*first, *mixed, *last]


def _keep_first_and_last(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every test is there, and a mistake in it or in what it tries mostly turns each of its cases red."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {item for found in cases.values() for item in (found[0], found[-1])}
    _leave_out(config, items, [item for item in items if item not in kept])


def _leave_out(config: pytest.Config, items: list[pytest.Item], away: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=away)
    gone = {*away}
    items[:] = [item for item in items if item not in gone]


def _require_groups(items: list[pytest.Item]) -> None:
    """pytest-xdist writes the group behind the id of a test, by which it is given out; pytest 9.2 does not let it.

    Then every process made every server, browser and demo for itself, and nobody noticed but the clock.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid.rpartition("]")[2]:
            raise pytest.UsageError(f"pytest-xdist does not keep groups together with this pytest: {item.nodeid}")


def _shuffle(items: list[pytest.Item], rng: Random) -> None:
    """Files in another order, and the tests of each; one file after the other, because tests of one share servers."""
    chance = {path: rng.random() for path in sorted({item.path for item in items})}
    items.sort(key=lambda item: (chance[item.path], rng.random()))


_MIDST = 1  # turn of what may run beside others, at any time


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("last"):
        return _MIDST + 1
    return _MIDST - 1 if item.get_closest_marker("alone") else _MIDST


def _kind(item: pytest.Item) -> str:
    """The folder of a test, in that of all tests."""
    return _within(item.path).partition("/")[0]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:  # nothing runs beside this
        return (yield)
    _enter(run, fcntl.LOCK_SH)
    try:
        return (yield)
    finally:
        fcntl.flock(_inside(run), fcntl.LOCK_UN)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What a test needs that measures the machine is made beside others, and taken down beside them."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None or not item.get_closest_marker("alone"):
        return (yield)
    fcntl.flock(_inside(run), fcntl.LOCK_UN)
    _enter(run, fcntl.LOCK_EX)
    try:
        return (yield)
    finally:
        fcntl.flock(_inside(run), fcntl.LOCK_SH)


def _enter(run: str, how: int) -> None:
    """Inside are many, or one who is alone. They come in one by one: who waits to be alone holds the others up."""
    gate = _opened(f"fadjma-tests-{run}.gate")
    fcntl.flock(gate, fcntl.LOCK_EX)
    fcntl.flock(_inside(run), how)
    fcntl.flock(gate, fcntl.LOCK_UN)


def _inside(run: str) -> int:
    return _opened(f"fadjma-tests-{run}")


@functools.cache
def _opened(name: str) -> int:
    """A file that all processes of this run have open to their end."""
    return os.open(Path(tempfile.gettempdir()) / name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
