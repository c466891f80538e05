"""What is shown of a run in several processes is what one process shows: each has its word to say of a test."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import reports

ALONE = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
OURS = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from side_by_side import pytest_addoption, pytest_configure
"""
TELLING = """
def pytest_runtest_logreport(report):
    if hasattr(report, "node"):  # it has come from another process
        return
    with open("told", "a") as told:
        print(report.nodeid.partition("::test_")[2], report.when, file=told)
"""
EVERY_END = """
import warnings

import pytest

@pytest.fixture
def not_set_up():
    assert 0, "not set up"

@pytest.fixture
def not_taken_down():
    print("said before")
    yield
    assert 0, "not taken down"

def test_passes():
    print("said in vain")

def test_fails():
    print("said for a reason")
    assert 0, "fails"

def test_is_not_set_up(not_set_up):
    pass

def test_is_not_taken_down(not_taken_down):
    print("said meanwhile")

def test_fails_and_is_not_taken_down(not_taken_down):
    assert 0, "fails"

def test_is_skipped():
    pytest.skip("not here")

@pytest.mark.skip(reason="not at all")
def test_is_never_begun():
    pass

@pytest.mark.xfail(reason="known")
def test_fails_as_known():
    assert 0

@pytest.mark.xfail(reason="known")
def test_passes_against_all_hope():
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_passes_and_should_not():
    pass

def test_warns():
    warnings.warn("beware")

@pytest.mark.parametrize("number", range(3))
def test_passes_again(number):
    pass
"""


OPTIONS = {
    "": True,
    "-q": True,
    "-rfEsxX": True,
    "-v": False,
    "-rp": False,
    "-rA": False,
    "-x": False,
    "--maxfail=2": False,
    "--durations=5": False,
    "--junitxml=tests.xml": False,
    "--setup-show": False,
}


def run(folder: Path, conftest: str) -> tuple[str, list[str]]:
    """What is printed, and what the process of the tests has said to the one that prints."""
    folder.mkdir()
    (folder / "conftest.py").write_text(conftest + TELLING)
    (folder / "test_every_end.py").write_text(EVERY_END)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--rootdir=.",
        "-q",
        "-p",
        "xdist",
        "-n1",
        "-rfEsxX",
        "--dist",
        "loadgroup",
    ]
    ran = subprocess.run(command, cwd=folder, env=ALONE, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    printed = re.sub(r" in [\d.]+s", "", ran.stdout).replace(str(folder), "")
    return printed, (folder / "told").read_text().splitlines()


def test_of_what_has_passed_that_is_said_and_everything_of_the_others(tmp_path: Path) -> None:
    shown, said = run(tmp_path / "once", OURS)
    shown_by_all, said_by_all = run(tmp_path / "whole", "")
    assert shown == shown_by_all
    passed = ("passes", "warns", "passes_again[0]", "passes_again[1]", "passes_again[2]")
    not_said = [f"{name} {when}" for name in passed for when in ("setup", "teardown")]
    assert said == [each for each in said_by_all if each not in not_said]
    assert len(said_by_all) == len(said) + len(not_said)


@pytest.mark.parametrize("option", OPTIONS)
def test_who_asks_for_more_is_told_everything(pytestconfig: pytest.Config, option: str) -> None:
    asked = pytestconfig._parser.parse(option.split())
    assert reports.suffice(SimpleNamespace(getoption=partial(getattr, asked))) == OPTIONS[option]
