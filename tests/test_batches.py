"""How the tests are given out: when one takes its process with it, and when one is to be alone."""

import os
import subprocess
import sys
from pathlib import Path

ALONE = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # it needs none but xdist
CONFTEST = """
import os, pathlib, sys
sys.path.insert(0, {tests!r})
from batches import pytest_xdist_make_scheduler
from side_by_side import pytest_addoption, pytest_configure, pytest_runtest_call, pytest_runtest_protocol

def pytest_sessionfinish(session):
    pathlib.Path("ended " + os.environ.get("PYTEST_XDIST_WORKER", "all")).touch()
"""
CRASHING = """
import os, pathlib, select, time

def test_that_takes_its_process_with_it_when_the_others_have_ended():
    if (tried := pathlib.Path("tried")).exists():
        return
    tried.touch()
    until = time.monotonic() + 20
    while not list(pathlib.Path().glob("ended gw*")) and time.monotonic() < until:
        select.select([], [], [], 0.05)  # libfaketime refuses some sleeps
    os._exit(1)
"""
ALONE_AMONG_OTHERS = """
import pathlib, select, time
import pytest

def note(what):
    with open("noted", "a") as noted:
        noted.write(what + "\\n")

@pytest.fixture
def made():
    noted, until = pathlib.Path("noted"), time.monotonic() + 20
    while not noted.exists() and time.monotonic() < until:
        select.select([], [], [], 0.01)
    assert noted.exists(), "nothing ran beside the making"

@pytest.mark.alone
def test_alone(made):
    note("alone begins")
    select.select([], [], [], 0.3)
    note("alone ends")
"""
OTHER = """
import select
import pytest
from test_alone import note

@pytest.mark.parametrize("number", range(20))
def test_other(number):
    note("other begins")
    select.select([], [], [], 0.02)
    note("other ends")
"""


def test_a_process_that_dies_when_the_others_have_ended_fails_the_run_and_ends_it(tmp_path: Path) -> None:
    """What had been given to it goes to another, which is begun for it; of the others, none has anything left to do."""
    (tmp_path / "conftest.py").write_text(CONFTEST.format(tests=str(Path(__file__).parent)))
    (tmp_path / "test_crashing.py").write_text(CRASHING)
    for number in range(3):
        (tmp_path / f"test_other_{number}.py").write_text("def test_other():\n    pass\n")
    ran = _run(tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "crashed while running 'test_crashing.py::test_that_takes" in ran.stdout


def test_nothing_runs_beside_one_that_is_alone_but_what_it_needs_is_made_beside_others(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(tests=str(Path(__file__).parent)))
    (tmp_path / "test_alone.py").write_text(ALONE_AMONG_OTHERS)
    for number in range(3):
        (tmp_path / f"test_other_{number}.py").write_text(OTHER)
    ran = _run(tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    noted = (tmp_path / "noted").read_text().split("\n")
    assert noted.index("alone ends") - noted.index("alone begins") == 1, noted
    before = noted[: noted.index("alone begins")]
    assert before.count("other begins") == before.count("other ends") > 0, noted


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--rootdir=.", "-q", "-p", "xdist"]
    command += ["-n2", "--dist", "loadgroup", "--no-loadscope-reorder"]
    return subprocess.run(command, cwd=folder, env=ALONE, capture_output=True, text=True, timeout=60)
