"""A folder for copies, and processes that are killed at a given step."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fadjma.keeping.copies import Plan

KEY = "the key of these copies, long enough for anybody"


@pytest.fixture(params=[None, KEY], ids=["open", "sealed"])
def plan(request: pytest.FixtureRequest, path: Path, tmp_path: Path) -> Plan:
    (tmp_path / "copies").mkdir()
    return Plan(path, tmp_path / "copies", every=6 * 3_600_000, keep=3, key=request.param)


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Call a function in a process of its own that is killed (SIGKILL) when it comes to `owner.name`."""

    def run(owner: Any, name: str, function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        child = os.fork()
        if not child:
            monkeypatch.setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
            try:
                function(*args, **kwargs)
            finally:
                os._exit(1)  # it did not come there
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"it never came to {name}"

    return run
