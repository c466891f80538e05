"""static/live.js in a real browser, against a server that fails as real networks and proxies do.

Time is the page's own (`page.clock`) wherever a test would otherwise wait for it.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from fake_stream import (
    FakeStream,
    Stage,
    answer,
    event,
    greets_and_closes,
    nothing_passes,
    refusal,
    rendered,
    serving,
    toast,
)
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"
EVENTS, POLL = "/events", "/notifications/poll"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with serving() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def server(stage: Stage) -> FakeStream:
    stage.fake = FakeStream()
    return stage.fake


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser, stage: Stage, server: FakeStream) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(base_url=stage.url)
    context.set_default_timeout(5_000)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


async def until(condition: Callable[[], object], within: float = 5) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


async def shows(page: Page, state: str) -> None:
    text = {"live": "En direct", "polling": "Mode dégradé", "connecting": "Connexion…"}.get(
        state, re.compile(r"^Hors ligne depuis \d\d:\d\d$")
    )
    await expect(page.locator("#status")).to_have_attribute("data-state", state)
    await expect(page.locator("#status")).to_have_text(text)


async def open_live(page: Page, path: str = "/") -> Page:
    await page.goto(path)
    await shows(page, "live")
    return page


async def with_clock(page: Page) -> Page:
    await page.clock.install()
    return page


async def pass_time(page: Page, seconds: float, step: float = 1) -> None:
    """Lets the page's time pass, with pauses in which requests are answered."""
    while seconds > 0:
        await page.clock.run_for(int(min(step, seconds) * 1000))
        await asyncio.sleep(0.03)
        seconds -= step


async def pass_time_until(page: Page, condition: Callable[[], object], limit: float) -> float:
    passed = 0.0
    while not condition():
        assert passed < limit, f"it did not happen within {limit} s"
        await pass_time(page, 0.5)
        passed += 0.5
    return passed


# ---- Connecting


async def test_someone_not_signed_in_has_no_stream(page: Page, server: FakeStream) -> None:
    server.signed_in = False
    await page.goto("/")
    await page.wait_for_function("window.htmx")
    await asyncio.sleep(0.2)
    assert not server.to(EVENTS)


async def test_the_stream_opens_at_the_cursor_of_the_page(page: Page, server: FakeStream) -> None:
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text))
    page.on("pageerror", lambda error: violations.append(str(error)))
    await open_live(page)
    await server.push(toast())
    await expect(page.locator("#toasts a")).to_have_count(1)
    (asked,) = server.to(EVENTS)
    assert asked.after == 41
    assert "text/event-stream" in asked.headers["accept"]
    assert not violations


async def test_the_first_connect_is_retried(page: Page, server: FakeStream) -> None:
    server.next(EVENTS, refusal(503), refusal(503))
    server.always(POLL, refusal(503))
    await open_live(page)
    first, second, third = server.to(EVENTS)
    assert second.at - first.at >= 0.5
    assert third.at - second.at >= 1
    assert {first.after, second.after, third.after} == {41}


async def test_streams_that_close_at_once_end_in_polling_and_are_tried_again(page: Page, server: FakeStream) -> None:
    server.always(EVENTS, greets_and_closes)
    await with_clock(page)
    await page.goto("/")
    await pass_time_until(page, lambda: len(server.to(EVENTS)) == 5, 40)
    await shows(page, "polling")
    polls = len(server.to(POLL))
    server.store(toast())
    await pass_time(page, 61, 5)
    assert len(server.to(EVENTS)) == 5
    assert 3 <= len(server.to(POLL)) - polls <= 5
    await expect(page.locator("#toasts a")).to_have_count(1)
    server.always(EVENTS, server.stream)
    await pass_time(page, 80, 5)
    await shows(page, "live")
    assert server.to(EVENTS)[-1].after == 42


@pytest.mark.parametrize(
    "given",
    [answer(200, rendered()), refusal(204), answer(200, "{}", "application/json")],
    ids=["html", "204", "json"],
)
async def test_an_answer_that_is_no_stream_stops_it(page: Page, server: FakeStream, given: object) -> None:
    server.always(EVENTS, given)  # type: ignore[arg-type]
    await with_clock(page)
    await page.goto("/")
    await shows(page, "offline")
    await pass_time(page, 200, 20)
    assert len(server.to(EVENTS)) == 1
    assert not server.to(POLL)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", [EVENTS, POLL])
async def test_no_session_means_the_sign_in_page(page: Page, server: FakeStream, path: str, status: int) -> None:
    server.always(path, refusal(status))
    if path == POLL:
        await page.add_init_script(NO_LOCKS)
    await page.goto("/patients/7?tab=records")
    await page.wait_for_url("**/sign-in?next=%2Fpatients%2F7%3Ftab%3Drecords")
    assert len(server.to(path)) == 1


async def test_a_failure_in_mid_life_keeps_the_cursor_and_loses_nothing(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push(toast("un"))
    await expect(page.locator("#toasts a")).to_have_count(1)
    server.next(EVENTS, refusal(503))
    server.always(POLL, refusal(503))
    await server.close_streams()
    server.store(toast("deux"))
    await expect(page.locator("#toasts a")).to_have_text(["un", "deux"])
    await shows(page, "live")
    assert [asked.after for asked in server.to(EVENTS)] == [41, 42, 42]


async def test_a_proxy_that_holds_the_stream_back_means_polling(page: Page, server: FakeStream) -> None:
    server.always(EVENTS, nothing_passes)
    await with_clock(page)
    await page.goto("/")
    await shows(page, "connecting")
    server.store(toast())
    await pass_time(page, 9)
    assert not server.to(POLL)
    await pass_time(page, 2)
    await shows(page, "polling")
    await expect(page.locator("#toasts a")).to_have_count(1)
    await pass_time_until(page, lambda: len(server.to(EVENTS)) == 5, 90)
    await pass_time(page, 11)
    polls = len(server.to(POLL))
    await pass_time(page, 46, 3)
    assert len(server.to(EVENTS)) == 5
    assert len(server.to(POLL)) - polls == 3


async def test_an_open_stream_is_dead_after_a_minute_of_silence(page: Page, server: FakeStream) -> None:
    await with_clock(page)
    await open_live(page)
    await pass_time(page, 50, 5)
    await server.write(":\n\n")
    await asyncio.sleep(0.1)
    await pass_time(page, 55, 5)
    assert len(server.to(EVENTS)) == 1
    await pass_time(page, 8)
    await until(lambda: len(server.to(EVENTS)) == 2)
    await shows(page, "live")
    await until(lambda: len(server.streams) == 1)


async def test_retry_after_is_respected(page: Page, server: FakeStream) -> None:
    server.next(EVENTS, refusal(503, retry_after="40"))
    await with_clock(page)
    await page.goto("/")
    await until(lambda: server.to(EVENTS))
    await pass_time(page, 37, 2)
    await page.evaluate("dispatchEvent(new Event('online'))")
    assert len(server.to(EVENTS)) == 1
    assert not server.to(POLL)
    await pass_time(page, 4)
    await shows(page, "live")


async def test_a_retry_after_that_is_a_date_makes_no_hot_loop(page: Page, server: FakeStream) -> None:
    refused = refusal(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")
    server.always(EVENTS, refused)
    server.always(POLL, refused)
    await page.goto("/")
    await shows(page, "offline")
    await asyncio.sleep(0.4)
    assert len(server.to(EVENTS)) == 1


async def test_the_pace_of_polling_follows_retry_after_and_hidden_tabs(page: Page, server: FakeStream) -> None:
    await page.add_init_script(NO_LOCKS)
    server.next(POLL, refusal(429, retry_after="50"))
    await with_clock(page)
    await page.goto("/")
    await until(lambda: len(server.to(POLL)) == 1)
    await pass_time(page, 48, 2)
    assert len(server.to(POLL)) == 1
    await pass_time(page, 3)
    assert len(server.to(POLL)) == 2
    await shows(page, "polling")
    await pass_time(page, 15.5, 2)
    assert len(server.to(POLL)) == 3
    await page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true }); away = true"
    )
    await pass_time(page, 15.5, 2)
    assert len(server.to(POLL)) == 4
    await pass_time(page, 55, 2)
    assert len(server.to(POLL)) == 4
    await pass_time(page, 6, 2)
    assert len(server.to(POLL)) == 5
    await page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    await until(lambda: len(server.to(POLL)) == 6)


async def test_offline_and_online_again(page: Page, context: BrowserContext, server: FakeStream) -> None:
    await open_live(page)
    await context.set_offline(True)
    await shows(page, "offline")
    server.store(toast())
    await context.set_offline(False)
    await shows(page, "live")
    await expect(page.locator("#toasts a")).to_have_count(1)
    assert server.to(EVENTS)[-1].after == 41


async def test_a_jump_of_the_clock_means_that_the_machine_slept(page: Page, server: FakeStream) -> None:
    await with_clock(page)
    await open_live(page)
    await server.push(toast())
    await expect(page.locator("#toasts a")).to_have_count(1)
    await page.clock.fast_forward(25_000)
    await until(lambda: len(server.to(EVENTS)) == 2)
    await shows(page, "live")
    assert server.to(EVENTS)[1].after == 42
    await until(lambda: len(server.streams) == 1)


async def test_the_stream_closes_with_the_page_and_comes_back_with_it(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    await until(lambda: not server.streams)
    server.store(toast())
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await shows(page, "live")
    await expect(page.locator("#toasts a")).to_have_count(1)
    for number in range(3):
        await open_live(page, f"/{number}")
    await until(lambda: len(server.streams) == 1)


# ---- Events


async def test_what_was_had_is_dropped_and_what_was_missed_is_fetched_first(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push(toast("un"))
    await server.write(event("notification", toast("un"), 42) + event("notification", toast("vieux"), 12))
    server.store(toast("deux"))
    server.store(toast("trois"))
    await server.push(toast("quatre"))
    await expect(page.locator("#toasts a")).to_have_text(["deux", "trois", "quatre"])
    await expect(page.locator("#unread")).to_have_text("4")
    (poll,) = server.to(POLL)
    assert poll.after == 42


async def test_a_hole_whose_poll_fails_is_replayed_by_a_new_stream(page: Page, server: FakeStream) -> None:
    await open_live(page)
    server.always(POLL, refusal(503))
    server.store(toast("un"))
    await server.push(toast("deux"))
    await expect(page.locator("#toasts a")).to_have_text(["un", "deux"])
    assert [asked.after for asked in server.to(EVENTS)] == [41, 41]


async def test_data_of_several_lines_cut_anywhere(page: Page, server: FakeStream) -> None:
    server.main = '<pre id="text"></pre>'
    await open_live(page)
    told = event("notification", '<pre id="text">première\n\n  « é\u2028… »</pre>', server.cursor + 1).encode()
    for at in range(len(told)):
        await server.write(told[at : at + 1])
        await asyncio.sleep(0.001)
    await expect(page.locator("#text")).to_have_class("new")
    assert await page.locator("#text").text_content() == "première\n\n  « é\u2028… »"


async def test_toasts_are_three_at_most_and_close(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await expect(page.locator("#unread")).to_be_hidden()
    for word in ("un", "deux", "trois", "quatre"):
        await server.push(toast(word, f"/{word}"))
    toasts = page.locator("#toasts a")
    await expect(toasts).to_have_text(["deux", "trois", "quatre"])
    await expect(page.locator("#unread")).to_have_text("4")
    await expect(page.locator("#unread")).to_be_visible()
    await page.locator("#toasts > *", has_text="trois").get_by_role("button", name="Fermer").click()
    await expect(toasts).to_have_text(["deux", "quatre"])
    await toasts.last.click()
    await page.wait_for_url("**/quatre")


async def test_an_element_is_replaced_moved_added_removed_or_ignored(page: Page, server: FakeStream) -> None:
    server.main = '<ul id="now"><li id="a">A</li><li class="empty">rien</li></ul><ul id="flow"><li id="b">B</li></ul>'
    await open_live(page)
    await server.push(
        '<li id="a" data-into="now">A2</li>'
        '<li id="b" data-into="now">B2</li>'
        '<li id="c" data-into="flow">C</li>'
        '<li id="d" data-into="elsewhere">D</li>'
        '<li id="e">E</li>'
    )
    await expect(page.locator("#now > :not(.empty)")).to_have_text(["B2", "A2"])
    await expect(page.locator("#flow > *")).to_have_text(["C"])
    await expect(page.locator(".new")).to_have_count(3)
    await server.push('<li id="b" data-into="elsewhere">B3</li><li id="c" data-gone></li><li id="x" data-gone></li>')
    await expect(page.locator("#now > :not(.empty)")).to_have_text(["B3", "A2"])
    await expect(page.locator("#flow > *")).to_have_count(0)
    await expect(page.locator("#d, #e, #x")).to_have_count(0)


async def test_scripts_of_the_page_hear_of_each_event(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await page.evaluate("addEventListener('medical_record_updated', e => { window.told = e.detail })")
    await server.push(toast(href="/records/3"), "medical_record_updated")
    told = await (await page.wait_for_function("window.told")).json_value()
    assert told == {"seq": 42, "href": "/records/3"}


async def test_reset_fetches_the_page_and_says_what_was_missed(page: Page, server: FakeStream) -> None:
    server.main = '<p id="old">avant</p>'
    await open_live(page)
    server.main, server.unread, server.cursor = '<p id="fresh">après</p>', 70, 111
    await server.write(event("reset", "70", 111))
    await expect(page.locator("main")).to_have_text("après")
    await expect(page.locator("#toasts a")).to_have_text("70 événements manqués")
    await expect(page.locator("#toasts a")).to_have_attribute("href", re.compile("/notifications$"))
    await expect(page.locator("#unread")).to_have_text("70")
    await server.push(toast())
    await expect(page.locator("#unread")).to_have_text("71")
    assert not server.to(POLL)
    assert server.to("/")[-1].headers["x-live"] == "1"


async def test_reset_to_an_older_cursor_after_a_restored_backup(page: Page, server: FakeStream) -> None:
    await open_live(page)
    server.cursor = 7
    await server.write(event("reset", "0", 7))
    await until(lambda: len(server.to("/")) == 2)
    await server.push(toast("sept"))
    await expect(page.locator("#toasts a")).to_have_text(["sept"])


async def test_a_reset_whose_page_does_not_come_keeps_the_cursor(page: Page, server: FakeStream) -> None:
    await open_live(page)
    server.next("/", answer(502, "<h1>Bad gateway</h1>"))
    await server.write(event("reset", "70", 111))
    await until(lambda: len(server.to(EVENTS)) == 2)
    assert server.to(EVENTS)[1].after == 41


async def test_reset_does_not_eat_what_is_being_typed(page: Page, server: FakeStream) -> None:
    server.main = '<form id="f"><textarea name="t"></textarea></form><i>avant</i>'
    await open_live(page)
    await page.fill("textarea", "Fièvre depuis hier")
    server.main, server.cursor, server.unread = "<i>après</i>", 111, 70
    await server.write(event("reset", "70", 111))
    await expect(page.locator("main > .stale")).to_contain_text("Cette partie a changé.")
    await expect(page.locator("#unread")).to_have_text("70")
    await expect(page.locator("textarea")).to_have_value("Fièvre depuis hier")
    await server.push(toast("suite"))
    await expect(page.locator("#toasts a")).to_have_text(["70 événements manqués", "suite"])
    await page.get_by_role("button", name="Afficher").click()
    await expect(page.locator("main")).to_have_text("après")


# ---- Goodbyes


@pytest.mark.parametrize(
    ("reason", "goes_to"),
    [("expired", "/sign-in?next=%2Fme"), ("signed_out", "/sign-in"), ("deactivated", "/sign-in")],
)
async def test_bye_to_a_person(context: BrowserContext, server: FakeStream, reason: str, goes_to: str) -> None:
    leader = await open_live(await context.new_page(), "/me")
    follower = await open_live(await context.new_page(), "/me")
    await server.write(event("bye", reason))
    await leader.wait_for_url(f"**{goes_to}")
    await follower.wait_for_url(f"**{goes_to}")
    assert len(server.to(EVENTS)) == 1


async def test_bye_replaced_stops_every_tab(context: BrowserContext, server: FakeStream) -> None:
    pages = [await with_clock(await context.new_page()), await context.new_page()]
    for page in pages:
        await open_live(page)
    await server.write(event("bye", "replaced"))
    for page in pages:
        await shows(page, "offline")
    await until(lambda: not server.streams)
    await pass_time(pages[0], 100, 20)
    assert len(server.to(EVENTS)) == 1
    assert not server.to(POLL)


async def test_bye_restarting_comes_back_after_the_given_time(page: Page, server: FakeStream) -> None:
    await with_clock(page)
    await open_live(page)
    await server.write(event("bye", "restarting", retry=4000))
    await shows(page, "connecting")
    await pass_time(page, 3)
    assert len(server.to(EVENTS)) == 1
    await pass_time(page, 1.5)
    await shows(page, "live")
    assert not server.to(POLL)


async def test_restarts_are_not_failures(page: Page, server: FakeStream) -> None:
    server.retry = 1
    await open_live(page)
    for turn in range(2, 9):
        await server.write(event("bye", "restarting"))
        await until(lambda turn=turn: len(server.to(EVENTS)) == turn and len(server.streams) == 1)
    await shows(page, "live")
    assert not server.to(POLL)


# ---- Tabs


async def test_ten_tabs_share_one_stream_and_hand_it_over(context: BrowserContext, server: FakeStream) -> None:
    pages = [await open_live(await context.new_page(), f"/{number}") for number in range(10)]
    assert len(server.to(EVENTS)) == 1
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


async def test_a_leader_that_says_nothing_is_replaced(context: BrowserContext, server: FakeStream) -> None:
    leader, follower = [await context.new_page() for _ in range(2)]
    await with_clock(leader)
    await open_live(leader)
    await open_live(follower)
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


# ---- Forms

FORM = """<ul id="now"><li id="r1">
  <form hx-post="/answer" hx-swap="none"><input type="hidden" name="key" value="k">
    <select name="days"><option>1<option>30</select>
    <input type="checkbox" name="all"><input name="reason" value="Suivi"><button>Envoyer</button>
  </form></li><li id="r2">autre</li></ul>"""


@pytest.mark.parametrize(
    "act",
    [
        lambda page: page.focus("[name=reason]"),
        lambda page: page.fill("[name=reason]", "Urgence"),
        lambda page: page.check("[name=all]"),
        lambda page: page.select_option("select", "30"),
    ],
    ids=["focused", "typed", "checked", "chosen"],
)
@pytest.mark.parametrize("told", ['<li id="r1">nouveau</li>', '<li id="r1" data-gone></li>'], ids=["replaced", "gone"])
async def test_a_push_never_touches_a_form_in_use(
    page: Page, server: FakeStream, request: pytest.FixtureRequest, act: Callable[[Page], Awaitable[None]], told: str
) -> None:
    server.main = FORM
    await open_live(page)
    await act(page)
    if "focused" not in request.node.callspec.id:
        await page.evaluate("document.activeElement.blur()")
    await server.push('<li id="r1">entre-temps</li>')
    await server.push(told + '<li id="r2">autre 2</li>')
    await expect(page.locator("#r2")).to_have_text("autre 2")
    await expect(page.locator("#r1 form")).to_be_visible()
    await expect(page.locator("#r1 > p.stale")).to_have_count(1)
    await page.locator("#r1 .stale").get_by_role("button", name="Afficher").click()
    if "gone" in told:
        await expect(page.locator("#r1")).to_have_count(0)
    else:
        await expect(page.locator("#r1")).to_have_text("nouveau")


async def test_an_untouched_form_is_replaced(page: Page, server: FakeStream) -> None:
    server.main = FORM
    await open_live(page)
    await server.push('<li id="r1">nouveau</li>')
    await expect(page.locator("#r1")).to_have_text("nouveau")


async def test_the_newest_version_comes_when_the_form_is_reset(page: Page, server: FakeStream) -> None:
    server.main = FORM
    await open_live(page)
    await page.fill("[name=reason]", "Urgence")
    await page.evaluate("document.activeElement.blur()")
    await server.push('<li id="r1">2</li>')
    await server.push('<li id="r1">3</li>')
    await expect(page.locator("#r1 .stale")).to_have_count(1)
    await page.evaluate("document.forms[0].reset()")
    await expect(page.locator("#r1")).to_have_text("3")


async def test_the_answer_to_a_form_is_placed_like_an_event(page: Page, server: FakeStream) -> None:
    server.main = FORM + '<ul id="flow"></ul>'
    server.always("/answer", answer(201, toast("Envoyé") + '<li id="r1" data-into="flow">envoyé</li>'))
    await open_live(page)
    await page.fill("[name=reason]", "Urgence")
    await page.press("[name=reason]", "Enter")
    await expect(page.locator("#flow")).to_have_text("envoyé")
    await expect(page.locator("#toasts a")).to_have_text("Envoyé")
    await expect(page.locator("#unread")).to_have_text("0")
    assert b"reason=Urgence" in server.to("/answer")[0].body
    assert "x-live" not in server.to("/answer")[0].headers


async def test_an_answer_that_leaves_the_form_empties_it_and_shows_what_waited(page: Page, server: FakeStream) -> None:
    server.main = FORM
    server.always("/answer", answer(201, '<li id="r9" data-into="now">ajouté</li>'))
    await open_live(page)
    await page.fill("[name=reason]", "Urgence")
    await server.push('<li id="r1">nouveau</li>')
    await expect(page.locator("#r1 .stale")).to_have_count(1)
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator("#now > *").first).to_have_text("ajouté")
    await expect(page.locator("#r1")).to_have_text("nouveau")


@pytest.mark.parametrize("status", [409, 422])
async def test_a_refusal_replaces_the_form(page: Page, server: FakeStream, status: int) -> None:
    server.main = FORM
    refused = '<form id="again" hx-post="/answer" hx-swap="none"><p>Non</p><input name="reason" value="U"></form>'
    server.next("/answer", answer(status, refused), answer(201, '<li id="r1">bien</li>'))
    await open_live(page)
    await page.fill("[name=reason]", "U")
    await page.press("[name=reason]", "Enter")
    await expect(page.locator("#r1 #again p")).to_have_text("Non")
    await expect(page.locator("form")).to_have_count(1)
    await expect(page.locator("[name=reason]")).to_have_value("U")
    await page.press("[name=reason]", "Enter")
    await expect(page.locator("#r1")).to_have_text("bien")


async def test_answers_that_htmx_places_are_left_to_it(page: Page, server: FakeStream) -> None:
    form = (
        '<form action="/answer" method="post" hx-boost="true" hx-target="#item" hx-select="#item" hx-swap="outerHTML">'
    )
    server.main = f'<section id="item">{form}<button>Envoyer</button></form></section>'
    server.always("/answer", answer(422, rendered('<section id="item"><p>Non</p></section>')))
    await open_live(page)
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator("main > #item > p")).to_have_text("Non")
    await expect(page.locator("form")).to_have_count(0)


async def test_a_badge_that_says_99_and_more_goes_on_saying_it(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push('<b id="unread">99+</b>')
    await server.push(toast())
    await expect(page.locator("#toasts a")).to_have_count(1)
    await expect(page.locator("#unread")).to_have_text("99+")


REGION = """<section hx-get="/part" hx-trigger="prescription_status_changed from:body"><input name="q"></section>"""


async def test_a_region_fetches_itself_after_an_event(page: Page, server: FakeStream) -> None:
    server.main = REGION
    server.always("/part", answer(200, "<i>neuf</i>"))
    await open_live(page)
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("section")).to_have_text("neuf")
    assert server.to("/part")[0].headers["x-live"] == "1"


async def test_a_region_in_use_is_not_swapped(page: Page, server: FakeStream) -> None:
    server.main = REGION
    server.always("/part", answer(200, "<i>neuf</i>"))
    await open_live(page)
    await page.fill("section input", "para")
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("section > .stale")).to_have_count(1)
    await expect(page.locator("section input")).to_have_value("para")
    await page.get_by_role("button", name="Afficher").click()
    await expect(page.locator("section")).to_have_text("neuf")


async def test_the_newest_toast_about_a_thing_replaces_the_older_one(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push(toast("Votre ordonnance est préparée", "/prescriptions/7"))
    await server.push(toast("Votre demande d'accès est autorisée", "/access-requests/2"))
    await server.push(toast("Votre ordonnance est prête", "/prescriptions/7"))
    await expect(page.locator("#toasts a")).to_have_text(
        ["Votre demande d'accès est autorisée", "Votre ordonnance est prête"]
    )
    await expect(page.locator("#unread")).to_have_text("3")
