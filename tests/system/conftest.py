"""Pages of a browser in front of a server that plays the live delivery, one of each for all files of a process."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import ARGUMENTS, CHROMIUM
from fake_stream import FakeStream, Stage, serving
from live_page import COUNTING, PATIENCE, SHARED, with_clock
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

expect.set_options(timeout=PATIENCE * 1000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def gone_after_the_test(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """So has whoever has come in a test, also where it failed, and where what it did stands still: else the next one
    would find their streams, and what they go on doing."""
    if "chromium" not in request.fixturenames:
        yield
        return
    chromium: Browser = request.getfixturevalue("chromium")
    before = {*chromium.contexts}  # of whole files
    yield
    for context in {*chromium.contexts} - before - SHARED:
        await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """Everybody who has come in a file of tests has gone after it: an open page would ask for its server for ever."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    async with serving() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def server(stage: Stage) -> FakeStream:
    stage.fake = FakeStream()
    return stage.fake


async def _opened(browser: Browser, stage: Stage) -> BrowserContext:
    context = await browser.new_context(base_url=stage.url)
    context.set_default_timeout(PATIENCE * 1000)
    await context.add_init_script(COUNTING)
    return context


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, stage: Stage, server: FakeStream) -> AsyncIterator[BrowserContext]:
    """A browser of this test's own: for several tabs, one without a link, or one whose time stands still."""
    context = await _opened(browser, stage)
    yield context
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(browser: Browser, stage: Stage) -> AsyncIterator[BrowserContext]:
    """The browser of all other tests of a file, with its tab and the scripts it has."""
    context = await _opened(browser, stage)
    await context.new_page()
    SHARED.add(context)
    yield context
    SHARED.remove(context)
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stilled(browser: Browser, stage: Stage) -> AsyncIterator[BrowserContext]:
    """The same for tests in which time passes when they say so: each page begins when the first one was opened."""
    context = await _opened(browser, stage)
    await with_clock(await context.new_page())
    SHARED.add(context)
    yield context
    SHARED.remove(context)
    await context.close()


@pytest.fixture
def whose(request: pytest.FixtureRequest) -> BrowserContext:
    """In which the page of a test is opened."""
    named = next((name for name in ("context", "stilled") if name in request.fixturenames), "kept")
    found: BrowserContext = request.getfixturevalue(named)
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def page(whose: BrowserContext, server: FakeStream) -> AsyncIterator[Page]:
    """A tab that shows nothing: the one of a browser that was there, since a new one takes as much as a page."""
    if whose not in SHARED:
        yield await whose.new_page()
        return
    (page,) = whose.pages
    yield page
    others = [one for one in whose.pages if one != page]
    for one in others:
        await one.close()
    await whose.set_offline(False)
    await page.unroute_all(behavior="ignoreErrors")
    await page.goto("about:blank")
    assert not others, "a tab would have been left to the next test"


@pytest_asyncio.fixture(loop_scope="session")
async def tab(whose: BrowserContext, server: FakeStream) -> AsyncIterator[Page]:
    """One of this test's own, for what is put into each page that it opens."""
    tab = await whose.new_page()
    yield tab
    await tab.close()


def pytest_itemcollected(item: pytest.Item) -> None:
    """A file of tests shares a browser and servers, so one process runs it."""
    item.add_marker(pytest.mark.xdist_group(item.path.stem))
