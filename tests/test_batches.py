"""How the tests are given out, when one of them takes its process with it."""

import os
import subprocess
import sys
from pathlib import Path

ALONE = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # it needs none but xdist
CONFTEST = """
import os, pathlib, sys
sys.path.insert(0, {tests!r})
from batches import pytest_xdist_make_scheduler
from side_by_side import pytest_addoption, pytest_configure

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


def test_a_process_that_dies_when_the_others_have_ended_fails_the_run_and_ends_it(tmp_path: Path) -> None:
    """What had been given to it goes to another, which is begun for it; of the others, none has anything left to do."""
    (tmp_path / "conftest.py").write_text(CONFTEST.format(tests=str(Path(__file__).parent)))
    (tmp_path / "test_crashing.py").write_text(CRASHING)
    for number in range(3):
        (tmp_path / f"test_other_{number}.py").write_text("def test_other():\n    pass\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "xdist",
        "-n2",
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",
    ]
    ran = subprocess.run(command, cwd=tmp_path, env=ALONE, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "crashed while running 'test_crashing.py::test_that_takes" in ran.stdout
