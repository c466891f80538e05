"""static/live.js in a real browser: one stream, against a server that fails as real networks and proxies do.

Time is the page's own (`page.clock`) wherever a test would otherwise wait for it.
"""

import asyncio
from datetime import datetime

import pytest
from fake_stream import FakeStream, answer, event, greets_and_closes, nothing_passes, refusal, rendered, toast
from live_page import (
    EVENTS,
    NO_LOCKS,
    OF_ITS_OWN,
    POLL,
    TIME_STANDS_STILL,
    has_read,
    hide,
    look_at,
    open_live,
    pass_time,
    pass_time_until,
    shows,
    until,
    with_clock,
)
from playwright.async_api import BrowserContext, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_someone_not_signed_in_has_no_stream(page: Page, server: FakeStream) -> None:
    server.signed_in = False
    await page.goto("/")
    await page.wait_for_function("window.htmx")
    await asyncio.sleep(0.2)
    assert not server.to(EVENTS)


async def test_where_htmx_did_not_arrive_it_says_that_the_page_stands_still(page: Page, server: FakeStream) -> None:
    """What is pushed is placed; but what fetches itself after an event does not."""
    server.main = '<ul id="now"></ul>'
    await page.route("**/htmx.js", lambda route: route.abort())
    await page.goto("/")
    await expect(page.locator("#status")).to_have_attribute("data-state", "live")
    await server.push('<li id="r1" data-into="now">bien</li>')
    await expect(page.locator("#r1")).to_have_text("bien")
    await expect(page.locator("#status")).to_have_text("…")  # as it came


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


@pytest.mark.parametrize(("luck", "most"), [(0, 1), (0.99, 1.99)], ids=["soon", "late"])
async def test_each_retry_waits_twice_as_long_and_up_to_double_by_chance(
    tab: Page, server: FakeStream, luck: float, most: float
) -> None:
    server.always(EVENTS, refusal(503))
    server.always(POLL, refusal(503))
    await tab.add_init_script(
        f"""Math.random = () => {luck}; window.pauses = []; const wait = setTimeout;
        window.setTimeout = (act, ms) => {{ pauses.push(ms); return wait(act, ms / 50) }}"""
    )
    await tab.goto("/")
    await until(lambda: len(server.to(EVENTS)) == 5)
    pauses = await tab.evaluate(
        "pauses.filter(ms => ms >= 500 && ms < 1e4 && ms != 3e3)"
    )  # the others limit an attempt, or fetch a script
    assert pauses == [most * pause for pause in (500, 1_000, 2_000, 4_000)]


@TIME_STANDS_STILL
async def test_streams_that_close_at_once_end_in_polling_and_are_tried_again(page: Page, server: FakeStream) -> None:
    server.always(EVENTS, greets_and_closes)
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


async def test_only_that_there_is_no_link_and_that_it_is_back_are_read_aloud(
    page: Page, context: BrowserContext, server: FakeStream
) -> None:
    """Not that each page connects, nor what a proxy does that cuts streams every minute."""
    await open_live(page)
    await page.evaluate("""self.heard = [];
      new MutationObserver(([{ target: one }]) => one.getAttribute("aria-live") == "off" || heard.push(one.innerText))
        .observe(document.getElementById('status'), { childList: true });""")
    await expect(page.locator("#status")).to_have_attribute("aria-live", "off")
    for streams in (2, 3):
        await server.close_streams()
        await until(lambda streams=streams: len(server.to(EVENTS)) == streams)
        await shows(page, "live")
    assert await page.evaluate("heard") == []
    await context.set_offline(True)
    await shows(page, "offline")
    await context.set_offline(False)
    await shows(page, "live")
    first, *_, last = await page.evaluate("heard")
    assert first.startswith("Hors ligne depuis") and last == "En direct"


@TIME_STANDS_STILL
async def test_the_stream_is_tried_at_once_when_the_link_is_back(page: Page, server: FakeStream) -> None:
    server.always(EVENTS, refusal(503))
    await page.goto("/")
    await pass_time_until(page, lambda: len(server.to(EVENTS)) == 5, 40)
    await shows(page, "polling")
    await pass_time(page, 40, 5)
    assert len(server.to(EVENTS)) == 5
    server.always(EVENTS, server.stream)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await pass_time(page, 2)
    await shows(page, "live")


@TIME_STANDS_STILL
@pytest.mark.parametrize(
    "given",
    [answer(200, rendered()), refusal(204), answer(200, "{}", "application/json")],
    ids=["html", "204", "json"],
)
async def test_an_answer_that_is_no_stream_stops_it(page: Page, server: FakeStream, given: object) -> None:
    server.always(EVENTS, given)  # type: ignore[arg-type]
    await page.goto("/")
    await shows(page, "offline")
    await pass_time(page, 200, 20)
    assert len(server.to(EVENTS)) == 1
    assert not server.to(POLL)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", [EVENTS, POLL])
async def test_no_session_means_the_sign_in_page(tab: Page, server: FakeStream, path: str, status: int) -> None:
    server.always(path, refusal(status))
    if path == POLL:
        await tab.add_init_script(NO_LOCKS)
    await tab.goto("/patients/7?tab=records")
    await tab.wait_for_url("**/sign-in?next=%2Fpatients%2F7%3Ftab%3Drecords")
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


@TIME_STANDS_STILL
async def test_a_proxy_that_holds_the_stream_back_means_polling(page: Page, server: FakeStream) -> None:
    server.always(EVENTS, nothing_passes)
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


@TIME_STANDS_STILL
async def test_an_open_stream_is_dead_after_a_minute_of_silence(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await pass_time(page, 50, 5)
    await has_read(page, server.write(":\n\n"))
    await pass_time(page, 55, 5)
    assert len(server.to(EVENTS)) == 1
    await pass_time(page, 8)
    await until(lambda: len(server.to(EVENTS)) == 2)
    await shows(page, "live")
    await until(lambda: len(server.streams) == 1)


@OF_ITS_OWN
async def test_a_server_that_is_gone_without_a_word_is_said_to_be_gone(page: Page, server: FakeStream) -> None:
    await with_clock(page, datetime(2026, 11, 24, 10, 42, 10))
    await open_live(page)
    server.always(EVENTS, nothing_passes)
    server.always(POLL, nothing_passes)
    await pass_time(page, 62, 5)
    await shows(page, "connecting")
    await pass_time(page, 35, 5)
    await expect(page.locator("#status")).to_have_text("Hors ligne depuis 10:42")


@OF_ITS_OWN
async def test_a_clock_that_is_put_back_stops_nothing(page: Page, server: FakeStream) -> None:
    await with_clock(page, datetime(2026, 11, 24, 10, 42))
    await open_live(page)
    await page.clock.set_system_time(datetime(2025, 11, 24, 10, 42))
    await pass_time_until(page, lambda: len(server.to(EVENTS)) == 2, 12)
    await shows(page, "live")
    await server.close_streams()
    await pass_time_until(page, lambda: len(server.to(EVENTS)) == 3, 12)
    await shows(page, "live")


@OF_ITS_OWN
async def test_a_clock_that_is_put_back_behind_other_tabs_stops_nothing(page: Page, server: FakeStream) -> None:
    await with_clock(page, datetime(2026, 11, 24, 10, 42))
    await open_live(page)
    await hide(page)
    await page.clock.set_system_time(datetime(2026, 11, 24, 8, 42))
    await pass_time(page, 12)
    await server.close_streams()
    await pass_time_until(page, lambda: len(server.to(EVENTS)) == 2, 12)
    await look_at(page)
    await shows(page, "live")


@OF_ITS_OWN
async def test_a_tab_that_is_looked_at_again_keeps_its_stream(page: Page, server: FakeStream) -> None:
    """A hidden tab's timers come once a minute; that is no sleep."""
    await with_clock(page)
    await open_live(page)
    await hide(page)
    await page.clock.set_system_time(await page.evaluate("Date.now() / 1000 + 50"))
    await has_read(page, server.write(":\n\n"))
    await look_at(page)
    await pass_time(page, 7)
    await shows(page, "live")
    assert len(server.to(EVENTS)) == 1


@TIME_STANDS_STILL
async def test_an_hour_is_the_longest_that_a_server_may_ask_to_wait(page: Page, server: FakeStream) -> None:
    server.next(EVENTS, refusal(503, retry_after="99999999"))
    await page.goto("/")
    await until(lambda: server.to(EVENTS))
    await pass_time(page, 3_590, 100)
    assert len(server.to(EVENTS)) == 1
    await pass_time(page, 15)  # by seconds: more at once would be an answer that is late
    await shows(page, "live")


@TIME_STANDS_STILL
async def test_retry_after_is_respected(page: Page, server: FakeStream) -> None:
    server.next(EVENTS, refusal(503, retry_after="40"))
    await page.goto("/")
    await until(lambda: server.to(EVENTS))
    await pass_time(page, 37, 2)
    await page.evaluate("dispatchEvent(new Event('online'))")
    assert len(server.to(EVENTS)) == 1
    assert not server.to(POLL)
    await pass_time(page, 4)
    await shows(page, "live")


@TIME_STANDS_STILL
async def test_a_retry_after_that_is_a_date_makes_no_hot_loop(page: Page, server: FakeStream) -> None:
    refused = refusal(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")
    server.always(EVENTS, refused)
    server.always(POLL, refused)
    await page.goto("/")
    await shows(page, "offline")
    await pass_time(page, 0.4)
    assert len(server.to(EVENTS)) == 1


@TIME_STANDS_STILL
async def test_the_pace_of_polling_follows_retry_after_and_hidden_tabs(tab: Page, server: FakeStream) -> None:
    await tab.add_init_script(NO_LOCKS)
    server.next(POLL, refusal(429, retry_after="50"))
    await tab.goto("/")
    await until(lambda: len(server.to(POLL)) == 1)
    await pass_time(tab, 48, 2)
    assert len(server.to(POLL)) == 1
    await pass_time(tab, 3)
    assert len(server.to(POLL)) == 2
    await shows(tab, "polling")
    await pass_time(tab, 15.5, 2)
    assert len(server.to(POLL)) == 3
    await hide(tab)
    await pass_time(tab, 15.5, 2)
    assert len(server.to(POLL)) == 4
    await pass_time(tab, 55, 2)
    assert len(server.to(POLL)) == 4
    await pass_time(tab, 6, 2)
    assert len(server.to(POLL)) == 5
    await look_at(tab)
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


@OF_ITS_OWN
async def test_a_jump_of_the_clock_means_that_the_machine_slept(page: Page, server: FakeStream) -> None:
    await with_clock(page)
    await open_live(page)
    await server.push(toast())
    await expect(page.locator("#toasts a")).to_have_count(1)
    await page.clock.fast_forward(25_000)
    await pass_time_until(page, lambda: len(server.to(EVENTS)) == 2, 12)
    await shows(page, "live")
    assert server.to(EVENTS)[1].after == 42
    await until(lambda: len(server.streams) == 1)


@OF_ITS_OWN
@pytest.mark.parametrize("live", [True, False], ids=["a stream", "polling"])
async def test_after_midnight_a_page_is_fetched_anew_whose_times_have_no_day(
    page: Page, server: FakeStream, live: bool
) -> None:
    await with_clock(page)
    server.main, server.fresh = "<p>14:32</p>", 900
    if not live:
        server.always(EVENTS, refusal(404))
    await page.goto("/")
    await pass_time_until(page, lambda: bool(server.to(EVENTS if live else POLL)), 60)
    server.main, server.fresh = "<p>27 nov., 14:32</p>", 86_400
    await pass_time(page, 800, 25)
    assert len(server.to("/")) == 1
    server.next("/", answer(502, "<h1>Bad gateway</h1>"))
    await pass_time_until(page, lambda: len(server.to("/")) == 3, 300)
    await expect(page.locator("main")).to_have_text("27 nov., 14:32")
    assert "x-live" in server.to("/")[-1].headers
    await pass_time(page, 300, 25)
    assert len(server.to("/")) == 3


@OF_ITS_OWN
async def test_after_midnight_the_answer_to_a_form_stays_and_so_does_what_is_refused_for_a_while(
    page: Page, server: FakeStream
) -> None:
    await with_clock(page)
    server.main, server.fresh = "<p>Une raison est nécessaire.</p>", 60
    await open_live(page)
    refused = rendered("<h1>Trop de demandes</h1>", cursor=41), rendered("<h1>Pas ainsi</h1>", cursor=42, unread=3)
    server.next("/", answer(429, refused[0]), answer(405, refused[1]))
    await pass_time_until(page, lambda: len(server.to("/")) == 3, 300)
    await expect(page.locator("#unread")).to_contain_text("3")
    await expect(page.locator("main")).to_have_text("Une raison est nécessaire.")
    await pass_time(page, 300, 25)
    assert len(server.to("/")) == 3


@OF_ITS_OWN
async def test_after_midnight_nobody_loses_what_they_are_typing(page: Page, server: FakeStream) -> None:
    await with_clock(page)
    server.main, server.fresh = '<form><textarea name="t"></textarea></form>14:32', 60
    await open_live(page)
    await page.fill("textarea", "Fièvre depuis hier")
    server.main, server.fresh = "27 nov., 14:32", 86_400
    await pass_time_until(page, lambda: len(server.to("/")) == 2, 120)
    await expect(page.locator("main > .stale")).to_have_count(1)
    await pass_time(page, 1)  # only then is it said, to be read aloud
    await expect(page.locator("main > .stale")).to_contain_text("Votre saisie est encore là")
    await expect(page.locator("textarea")).to_have_value("Fièvre depuis hier")


@OF_ITS_OWN
async def test_a_page_that_nobody_looks_at_is_fetched_anew_when_somebody_does(page: Page, server: FakeStream) -> None:
    await with_clock(page)
    server.main, server.fresh = "14:32", 60
    await open_live(page)
    await hide(page)
    server.main, server.fresh = "27 nov., 14:32", 86_400
    await pass_time(page, 300, 25)
    assert len(server.to("/")) == 1
    await look_at(page)
    await pass_time_until(page, lambda: len(server.to("/")) == 2, 60)
    await expect(page.locator("main")).to_have_text("27 nov., 14:32")


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


@TIME_STANDS_STILL
async def test_bye_restarting_comes_back_after_the_given_time(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.write(event("bye", "restarting", retry=4000))
    await shows(page, "connecting")
    await pass_time(page, 3)
    assert len(server.to(EVENTS)) == 1
    await pass_time(page, 1.5)
    await shows(page, "live")
    assert not server.to(POLL)


@TIME_STANDS_STILL
async def test_bye_renewed_goes_on_in_the_new_session_and_leaves_the_page_as_it_is(
    page: Page, server: FakeStream
) -> None:
    await open_live(page)
    await server.write(event("bye", "renewed", retry=1000))
    await shows(page, "connecting")
    await pass_time(page, 3)  # the answer that brings the cookie may be slower than the stream
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
