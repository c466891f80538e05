"""A folder for copies, processes that are killed at a given step, and the demo's year on PostgreSQL."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from demo_database import demo_database
from moved import copy

from fadjma.keeping.copies import Plan

if TYPE_CHECKING:
    from clusters import Cluster

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


@pytest.fixture(scope="session")
def year_on_postgresql(cluster: "Cluster", tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database into which the demo's year was copied, and in which nobody changes anything."""
    path = tmp_path_factory.mktemp("year") / "year.db"
    path.write_bytes(demo_database())
    name = cluster.create()
    done = copy(f"sqlite:///{path}", cluster.url(name))
    assert done.exit_code == 0, done.output
    return name
