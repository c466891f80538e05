"""A clinic with a story in it, asked by HTTP: people in browsers, with and without htmx, and programs with a token.

The app is the real one; only its background tasks (streams, time) are not started. Hashing is made cheap.
"""

import functools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import story as story_told
from callers import Answer, Callers, PageOf
from ending import KeptStore
from quart import Quart
from store import Clock, Store
from story import Story
from told import SECRET_KEY, Route, Told

from fadjma import rules
from fadjma.config import Settings
from fadjma.identity.people import Viewer
from fadjma.rules import Rules
from fadjma.store import database
from fadjma.taking.maker import Maker
from fadjma.web.bounds import Bounds
from fadjma.web.throttle import Throttle


@pytest.fixture(scope="session", autouse=True)
def cheap_hashing() -> Iterator[None]:
    with story_told.cheap_hashing(), story_told.codes_drawn_once():
        yield


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page notes on its way is there when the page is, however busy the machine; a clinic waits for a moment."""
    monkeypatch.setattr(database, "_NOTE_SECONDS", 60)


@pytest.fixture(autouse=True)
def made_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No copy of a file is made behind a test's back: test_taken_away.py has them made, and waits."""
    monkeypatch.setattr(Maker, "begin", lambda maker, export_id: None)


@pytest.fixture
def every_way(pytestconfig: pytest.Config) -> bool:
    """Whether what is tried by turns, a value here and another there, is tried everywhere."""
    return bool(pytestconfig.getoption("every_way"))


@pytest.fixture(scope="session")
def story(
    tmp_path_factory: pytest.TempPathFactory,
    cheap_hashing: None,
    on_postgresql: bool,
    request: pytest.FixtureRequest,
) -> Iterator[Story]:
    """The cast and a story that ends now; told once."""
    path = tmp_path_factory.mktemp("routes") / "fadjma.db"
    if on_postgresql:
        cluster, migrated = request.getfixturevalue("cluster"), request.getfixturevalue("migrated")
        story: Story = story_told.StoryOnPostgreSQL(cluster, migrated, path)
    else:
        story = story_told.tell_story(path)
    yield story
    story.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_app(story: Story) -> AsyncIterator[Quart]:
    """One app for all these tests: opening one takes longer than most of them."""
    async with story_told.open_app(story) as app:
        yield app


@pytest.fixture
def clock(story: Story) -> Clock:
    """The database's clock; it begins where the story ends."""
    clock = Clock()
    clock.now = story.now
    return clock


@pytest.fixture
def database_url(story: Story) -> str:
    """The database of the app, as the story has left it."""
    story.begin_again()
    return story.url


@pytest.fixture
def path(story: Story, database_url: str) -> Path:
    """Its file."""
    return story.path


@pytest.fixture
def store(story: Story, database_url: str, clock: Clock, on_postgresql: bool) -> Iterator[Store]:
    """The same database for what a test does and looks at without asking. Afterwards it must add up."""
    if on_postgresql:
        from settled import KeptPostgreSQLStore

        assert isinstance(story, story_told.StoryOnPostgreSQL)
        store: Store = KeptPostgreSQLStore(story.settled, clock)
    else:
        store = KeptStore(story, clock)
    yield store
    store.check()
    store.close()


@pytest.fixture
def begin_again(story: Story, database_url: str) -> Callable[[], None]:
    """Bring the story back to where it ended, in the middle of a test that tries many things."""
    return story.begin_again


@pytest.fixture
def told(story: Story) -> Told:
    """The ids of what the story has left behind."""
    return story.told


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test sets differently."""
    return {}


@pytest.fixture
def app(shared_app: Quart, database_url: str, clock: Clock, settings: dict[str, Any]) -> Quart:
    """The app, with nothing left of the tests before."""
    shared_app.extensions["database"].clock = clock
    shared_app.extensions["throttle"] = Throttle()
    shared_app.extensions["bounds"] = Bounds(1_200, shared_app.extensions["database"].clock)
    said = {"public_url": "https://clinique.example.org", **settings}
    shared_app.extensions["settings"] = Settings(secret_key=SECRET_KEY, **said)
    rules.settle(replace(Rules(), **shared_app.extensions["settings"].fixed))
    return shared_app


@pytest.fixture
def clinic(app: Quart) -> Callers:
    """Who may ask: `clinic.browser(AWA)`, `clinic.htmx(AWA)`, `clinic.program(AWA)`, `clinic.stranger()`."""
    return Callers(app)


@pytest.fixture(scope="session")
def opened() -> dict[tuple[str, str], Answer]:
    return {}


@pytest.fixture
def page_of(clinic: Callers, told: Told, opened: dict[tuple[str, str], Answer]) -> PageOf:
    """What a browser of somebody gets of a route where the story ends: asked for once, however many look at it."""

    async def page_of(person: Viewer, route: Route) -> Answer:
        key = person.id, route.at(told)
        if key not in opened:
            opened[key] = await clinic.browser(person).get(key[1])
        return opened[key]

    return page_of


def pytest_itemcollected(item: pytest.Item) -> None:
    if "page_of" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("pages"))  # in one process, which has opened them


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    """Readable ids for the people and acts of the tables."""
    name = getattr(val, "id", None) or getattr(val, "name", None)
    if isinstance(name, str):
        return name
    if isinstance(val, dict | list):
        return json.dumps(val, default=str)[:40]  # those of other folders ask, too, where both are named
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all these tests, because they share one app."""
    for item in items:
        if not _is_here(item.path):
            continue
        if "path" in getattr(getattr(item, "callspec", None), "params", {}):
            raise pytest.UsageError(
                f"{item.nodeid}: its « path » would take the place of the fixture that begins again"
            )
        if pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@functools.cache
def _is_here(path: Path) -> bool:
    return Path(__file__).parent in path.parents
