"""Any number of tabs, one stream: who leads, who follows, who takes over (static/live.js)."""

import asyncio
import time

import pytest
from fake_stream import FakeStream, Stage, answer, event, refusal, toast
from live_page import (
    EVENTS,
    NO_LOCKS,
    POLL,
    hide,
    look_at,
    open_live,
    pass_time,
    pass_time_until,
    shows,
    until,
    with_clock,
)
from playwright.async_api import BrowserContext, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


# To browsers 127.0.0.1 is as good as https; over plain http to another host they know no locks.
AS_HTTPS, PLAIN = "127.0.0.1", "clinique.test"


# Browsers open no more than six connections to a server.
@pytest.mark.parametrize(("host", "tabs"), [(AS_HTTPS, 7), (PLAIN, 4)])
async def test_tabs_share_one_stream_and_hand_it_over(
    context: BrowserContext, server: FakeStream, stage: Stage, host: str, tabs: int
) -> None:
    base = stage.url.replace(AS_HTTPS, host)
    pages = [await context.new_page() for _ in range(tabs)]
    await asyncio.gather(*(page.goto(f"{base}/{number}") for number, page in enumerate(pages)))
    for page in pages:
        await shows(page, "live")
    assert await pages[0].evaluate("!!navigator.locks") == (host == AS_HTTPS)
    (leading,) = server.to(EVENTS)
    leader = next(page for page in pages if page.url == leading.headers["referer"])
    pages.sort(key=lambda page: page != leader)
    await server.push(toast("un"))
    for page in pages:
        await expect(page.locator("#toasts a")).to_have_text(["un"])
        await expect(page.locator("#unread")).to_have_text("1")

    server.store(toast("deux"))  # the leader goes before it hears of it
    closed = time.monotonic()
    await pages.pop(0).close()
    await until(lambda: len(server.to(EVENTS)) == 2, 2)
    assert server.to(EVENTS)[1].at - closed < 2
    await server.push(toast("trois"))
    for page in pages:
        await expect(page.locator("#toasts a")).to_have_text(["un", "deux", "trois"])
        await shows(page, "live")

    await server.push('<b id="unread">0</b>')
    for page in pages:
        await expect(page.locator("#unread")).to_have_text("0")
        await expect(page.locator("#unread")).to_be_hidden()
    assert len(server.streams) == 1
    assert not server.to(POLL)


async def test_a_tab_that_is_behind_its_leader_catches_up_by_itself(
    context: BrowserContext, server: FakeStream
) -> None:
    await open_live(await context.new_page())
    await server.push(toast("un"))
    server.cursor = 41  # the next page was rendered before that
    follower = await open_live(await context.new_page())
    await expect(follower.locator("#toasts a")).to_have_text(["un"])
    assert [poll.after for poll in server.to(POLL)] == [41]
    assert len(server.to(EVENTS)) == 1


async def test_a_reset_reaches_every_tab(context: BrowserContext, server: FakeStream) -> None:
    pages = [await open_live(await context.new_page()) for _ in range(2)]
    server.main, server.cursor = "<p>après</p>", 7  # older: no tab can tell from its own cursor
    server.next(POLL, answer(200, event("reset", "0", 7), "text/event-stream"))
    await server.write(event("reset", "0", 7))
    for page in pages:
        await expect(page.locator("main")).to_have_text("après")
    await server.push(toast())
    for page in pages:
        await expect(page.locator("#toasts a")).to_have_count(1)


async def test_tabs_show_the_state_of_the_one_that_leads(context: BrowserContext, server: FakeStream) -> None:
    pages = [await open_live(await context.new_page()) for _ in range(2)]
    server.always(EVENTS, refusal(503))
    await server.close_streams()
    for page in pages:
        await shows(page, "polling")
    server.always(POLL, refusal(503))
    for page in pages:
        await shows(page, "offline")
    server.always(EVENTS, server.stream)
    for page in pages:
        await shows(page, "live")


@pytest.mark.parametrize("host", [AS_HTTPS, PLAIN])
async def test_a_leader_that_says_nothing_is_replaced(
    context: BrowserContext, server: FakeStream, stage: Stage, host: str
) -> None:
    leader, follower = [await context.new_page() for _ in range(2)]
    await with_clock(leader)
    for page in (leader, follower):
        await open_live(page, stage.url.replace(AS_HTTPS, host))
    await leader.evaluate("BroadcastChannel.prototype.postMessage = () => {}")
    await pass_time(follower, 38, 2)
    assert len(server.to(EVENTS)) == 1
    await server.push(toast("un"))
    await pass_time(follower, 8, 2)
    await until(lambda: len(server.to(EVENTS)) == 2 and len(server.streams) == 1)
    assert server.to(EVENTS)[1].after == 41
    await expect(follower.locator("#toasts a")).to_have_text(["un"])
    await server.push(toast("deux"))
    await expect(leader.locator("#toasts a")).to_have_text(["un", "deux"])
    await follower.close()
    await until(lambda: len(server.to(EVENTS)) == 3 and len(server.streams) == 1)


async def test_without_locks_every_tab_polls(context: BrowserContext, server: FakeStream) -> None:
    await context.add_init_script(NO_LOCKS)
    pages = [await context.new_page() for _ in range(2)]
    for page in pages:
        await page.goto("/")
        await shows(page, "polling")
    assert len(server.to(POLL)) == 2
    assert not server.to(EVENTS)


async def test_a_tab_that_is_shown_again_replaces_a_leader_that_does_not_answer(
    context: BrowserContext, server: FakeStream
) -> None:
    leader, follower = await context.new_page(), await with_clock(await context.new_page())
    await open_live(leader)
    await open_live(follower)
    await leader.evaluate("BroadcastChannel.prototype.postMessage = () => {}")
    await hide(follower)
    for _ in range(3):
        await pass_time(follower, 30, 5)  # the leader's time passes, too
        await server.write(":\n\n")
    assert len(server.to(EVENTS)) == 1
    await look_at(follower)
    await pass_time(follower, 16, 2)
    await until(lambda: len(server.to(EVENTS)) == 2 and len(server.streams) == 1)
    await shows(follower, "live")


async def test_a_tab_that_wakes_up_has_its_hidden_leader_look_again(
    context: BrowserContext, server: FakeStream
) -> None:
    leader, follower = await context.new_page(), await with_clock(await context.new_page())
    await open_live(leader)
    await open_live(follower)
    await hide(leader)
    await follower.clock.fast_forward(25_000)
    await pass_time_until(follower, lambda: len(server.to(EVENTS)) == 2 and len(server.streams) == 1, 12)
    await shows(follower, "live")


async def test_polling_is_led_by_a_tab_that_somebody_looks_at(context: BrowserContext, server: FakeStream) -> None:
    leader, follower = await with_clock(await context.new_page()), await context.new_page()
    server.always(EVENTS, refusal(503))
    await leader.goto("/")
    await shows(leader, "polling")
    await follower.goto("/")
    await pass_time_until(leader, lambda: len(server.to(EVENTS)) == 5, 40)
    await shows(follower, "polling")
    await hide(leader)
    await pass_time(leader, 6)
    await until(lambda: len(server.to(EVENTS)) == 6)  # the one who leads now tries it once
    await pass_time(follower, 1)
    polls = len(server.to(POLL))
    server.store(toast())
    await pass_time(follower, 16, 4)
    await until(lambda: len(server.to(POLL)) == polls + 1)
    for page in (leader, follower):
        await expect(page.locator("#toasts a")).to_have_count(1)
    await pass_time(leader, 60, 5)
    assert len(server.to(EVENTS)) == 6  # and nobody takes it back


async def test_a_tab_whose_reset_failed_has_it_again(context: BrowserContext, server: FakeStream) -> None:
    leader, follower = [await open_live(await context.new_page()) for _ in range(2)]
    server.main, server.cursor = "<p>après</p>", 7
    reset = answer(200, event("reset", "0", 7), "text/event-stream")
    server.next(POLL, refusal(503), reset)
    await server.write(event("reset", "0", 7))
    for page in (leader, follower):
        await expect(page.locator("main")).to_have_text("après")
    assert len(server.to(POLL)) == 2
    await server.push(toast())
    await expect(follower.locator("#toasts a")).to_have_count(1)


async def test_two_people_in_one_browser_share_nothing(context: BrowserContext, server: FakeStream) -> None:
    awa = await open_live(await context.new_page())
    server.user = "moussa"
    moussa = await open_live(await context.new_page())
    assert len(server.streams) == 2
    await server.streams[1].write(event("notification", toast("Pour Moussa"), 42))
    await expect(moussa.locator("#toasts a")).to_have_text("Pour Moussa")
    await server.streams[0].write(event("notification", toast("Pour Awa"), 42))
    await expect(awa.locator("#toasts a")).to_have_text("Pour Awa")
    await expect(moussa.locator("#toasts a")).to_have_text("Pour Moussa")
