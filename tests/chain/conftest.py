"""A database in which people have worked, sealed with a key of its own, and `quart …` as it is typed."""

from pathlib import Path

import pytest
from attacking import Typed, work
from click.testing import CliRunner, Result
from store import Store

from fadjma import create_app
from fadjma.chain import keys
from fadjma.config import Settings


@pytest.fixture
def worked(store: Store, path: Path) -> Store:
    """A file with records, a reading and a hand-over; two seals."""
    work(store, keys.make(path.with_suffix(".seal")))
    return store


@pytest.fixture
def quart(path: Path) -> Typed:
    """`quart("verify", …)` on the database of the test."""

    def typed(*words: str, file: Path = path) -> Result:
        app = create_app(Settings(secret_key="k" * 40, database_url=f"sqlite:///{file}"))
        return CliRunner().invoke(app.cli.commands[words[0]], list(words[1:]))

    return typed
