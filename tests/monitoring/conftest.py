"""A hub whose clock a test sets, and the whole app, asked by HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from house import SECRET_KEY, House, Seconds, Site
from store import Clock

from fadjma import create_app
from fadjma.config import Settings
from fadjma.store import Database


@pytest.fixture
def seconds() -> Seconds:
    """The clock of the figures."""
    return Seconds()


@pytest.fixture
async def house(database: Database, seconds: Seconds) -> AsyncIterator[House]:
    house = House(database, seconds)
    yield house
    await house.hub.stop()


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test sets differently."""
    return {}


@pytest.fixture
async def site(path: Path, clock: Clock, seconds: Seconds, settings: dict[str, Any]) -> AsyncIterator[Site]:
    app = create_app(Settings(secret_key=SECRET_KEY, database_url=f"sqlite:///{path}", **settings))
    site = Site(app, seconds)
    site.database.clock = clock
    await site.database.open()
    yield site
    await site.hub.stop()
    await site.database.close()
