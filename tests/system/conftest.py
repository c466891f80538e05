"""Pages of a browser in front of a server that plays the live delivery, one of each for all files of a process."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import ARGUMENTS, CHROMIUM
from fake_stream import FakeStream, Stage, serving
from live_page import COUNTING, PATIENCE
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

expect.set_options(timeout=PATIENCE * 1000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


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


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, stage: Stage, server: FakeStream) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(base_url=stage.url)
    context.set_default_timeout(PATIENCE * 1000)
    await context.add_init_script(COUNTING)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


def pytest_itemcollected(item: pytest.Item) -> None:
    """A file of tests shares a browser and servers, so one process runs it."""
    item.add_marker(pytest.mark.xdist_group(item.path.stem))
