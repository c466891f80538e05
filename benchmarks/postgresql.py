"""A PostgreSQL of a part's own, on this machine, which waits for the disk."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).parents[1] / "tests"  # whose server it is
MISSING = "PostgreSQL is not installed here (Debian's postgresql), so its rows are missing."


def is_here() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres")) or bool(shutil.which("postgres"))


@contextmanager
def cluster() -> Iterator[Any]:
    sys.path.insert(0, str(_TESTS))
    make: Callable[..., Any] = import_module("clusters").Cluster
    with make(durable=True) as cluster:
        yield cluster
