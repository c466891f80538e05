"""The docstring of a module that says which tests do what: that each of them is there."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
_NAMED = re.compile(r"^    ([\w/]+\.py)::(\w+)$", re.MULTILINE)


def missing(docstring: str | None, *, least: int) -> list[str]:
    """Of the tests that it names, one a line as `test_file.py::test_name` of tests/routes or `folder/test_file.py::…`
    of tests, those that there are not. At least so many are named.
    """
    named = _NAMED.findall(docstring or "")
    assert len(named) >= least, "the docstring does not name its tests as it should"
    return [f"{file}::{name}" for file, name in named if not _is_there(file, name)]


def _is_there(file: str, name: str) -> bool:
    path = TESTS / file if "/" in file else TESTS / "routes" / file
    return path.is_file() and f"def {name}(" in path.read_text("utf-8")
