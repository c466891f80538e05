"""What an event does to the page it comes to, once and in order (static/live.js and page.js)."""

import asyncio
import re

import pytest
from fake_stream import FakeStream, answer, event, refusal, rendered, toast
from live_page import EVENTS, POLL, open_live, until
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
    await expect(page.locator("#toasts a")).to_have_text("Changements pendant votre absence : 70")
    await expect(page.locator("#toasts a")).to_have_attribute("href", re.compile("/notifications$"))
    await expect(page.locator("#unread")).to_have_text("70")
    await server.push(toast())
    await expect(page.locator("#unread")).to_have_text("71")
    assert not server.to(POLL)
    assert server.to("/")[-1].headers["x-live"] == "1"


async def test_a_reset_to_the_page_of_somebody_else_changes_nothing(page: Page, server: FakeStream) -> None:
    server.main = "<p>d'Awa</p>"
    await open_live(page)
    server.next("/", answer(200, rendered("<p>de Moussa</p>", 3, user="moussa")))
    await server.write(event("reset", "70", 111))
    await until(lambda: len(server.to(EVENTS)) == 2)
    assert server.to(EVENTS)[1].after == 41
    await expect(page.locator("main")).to_have_text("d'Awa")


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


async def test_a_reset_whose_page_fails_is_no_page(page: Page, server: FakeStream) -> None:
    server.main = "<p>le dossier</p>"
    await open_live(page)
    server.next("/", answer(500, rendered("<h1>Une erreur est survenue</h1>", 111)))
    await server.write(event("reset", "70", 111))
    await until(lambda: len(server.to("/")) == 2)
    await server.close_streams()
    await until(lambda: len(server.to(EVENTS)) == 2)
    assert server.to(EVENTS)[-1].after == 41
    await expect(page.locator("#main")).to_have_text("le dossier")


async def test_reset_does_not_eat_what_is_being_typed(page: Page, server: FakeStream) -> None:
    server.main = '<form id="f"><textarea name="t"></textarea></form><i>avant</i>'
    await open_live(page)
    await page.fill("textarea", "Fièvre depuis hier")
    server.main, server.cursor, server.unread = "<i>après</i>", 111, 70
    await server.write(event("reset", "70", 111))
    await expect(page.locator("main > .stale")).to_contain_text("Cette partie vient de changer.")
    await expect(page.locator("#unread")).to_have_text("70")
    await expect(page.locator("textarea")).to_have_value("Fièvre depuis hier")
    await server.push(toast("suite"))
    await expect(page.locator("#toasts a")).to_have_text(["Changements pendant votre absence : 70", "suite"])
    await page.get_by_role("button", name="Voir la nouvelle version").click()
    await expect(page.locator("main")).to_have_text("après")


async def test_a_badge_that_says_99_and_more_goes_on_saying_it(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push('<b id="unread">98</b>')
    for text, unread in (("un", "99"), ("deux", "99+"), ("trois", "99+")):
        await server.push(toast(text))
        await expect(page.locator("#toasts a").last).to_have_text(text)
        await expect(page.locator("#unread")).to_have_text(unread)


async def test_news_that_is_folded_into_an_unread_line_is_not_counted_again(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push(toast("Votre ordonnance est préparée", "/prescriptions/7"))
    await server.push(toast("Votre ordonnance est prête", "/prescriptions/7").replace(" href", " data-again href"))
    await expect(page.locator("#toasts a")).to_have_text(["Votre ordonnance est prête"])
    await expect(page.locator("#unread")).to_have_text("1")


async def test_a_badge_that_came_counted_is_added_to_only_by_what_is_later(page: Page, server: FakeStream) -> None:
    await open_live(page)
    seq = await server.push('<b id="unread">7</b>')
    await server.push(f'<b id="unread" data-counted="{seq + 2}">7</b>')
    for text, unread in (("comptée", "7"), ("plus tard", "8")):
        await server.push(toast(text, f"/{text}"))
        await expect(page.locator("#toasts a").last).to_have_text(text)
        await expect(page.locator("#unread")).to_have_text(unread)


async def test_the_newest_toast_about_a_thing_replaces_the_older_one(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push(toast("Votre ordonnance est préparée", "/prescriptions/7"))
    await server.push(toast("Votre demande d'accès est autorisée", "/access-requests/2"))
    await server.push(toast("Votre ordonnance est prête", "/prescriptions/7"))
    await expect(page.locator("#toasts a")).to_have_text(
        ["Votre demande d'accès est autorisée", "Votre ordonnance est prête"]
    )
    await expect(page.locator("#unread")).to_have_text("3")


async def test_only_what_is_new_is_read_aloud(page: Page, server: FakeStream) -> None:
    await open_live(page)
    assert await page.locator("#toasts").get_attribute("aria-live") == "polite"
    assert await page.locator("#toasts").get_attribute("aria-atomic") == "false"
    await page.evaluate(
        """read = []; new MutationObserver(changes => { for (const { addedNodes } of changes)
        for (const node of addedNodes) read.push(node.firstChild.textContent) }).observe(toasts, { childList: true })"""
    )
    for word, href in (("préparée", "/p/7"), ("autorisée", "/a/2"), ("prête", "/p/7")):
        await server.push(toast(word, href))
    await expect(page.locator("#toasts a")).to_have_text(["autorisée", "prête"])
    assert await page.evaluate("read") == ["préparée", "autorisée", "prête"]


async def test_a_toast_that_is_closed_hands_the_keyboard_on(page: Page, server: FakeStream) -> None:
    await open_live(page)
    for word in ("un", "deux", "trois"):
        await server.push(toast(word))
    close = page.locator("#toasts button")
    await expect(close).to_have_count(3)
    await close.nth(1).focus()
    await page.keyboard.press("Enter")
    await expect(close.nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(close).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


async def test_a_toast_under_the_keyboard_neither_goes_nor_loses_it(page: Page, server: FakeStream) -> None:
    await open_live(page)
    await server.push(toast("préparée", "/p/7"))
    await page.locator("#toasts a").focus()
    for word in ("un", "deux", "trois"):
        await server.push(toast(word))
    await expect(page.locator("#toasts a")).to_have_text(["préparée", "deux", "trois"])
    await expect(page.locator("#toasts a").first).to_be_focused()
    await server.push(toast("prête", "/p/7"))
    await expect(page.locator("#toasts a")).to_have_text(["deux", "trois", "prête"])
    await expect(page.locator("#toasts a").last).to_be_focused()


async def test_a_page_that_is_open_all_day_does_not_grow(page: Page, server: FakeStream) -> None:
    server.main = '<ul id="flow"></ul>'
    await open_live(page)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")

    async def after_events(count: int) -> dict[str, float]:
        for number in range(count):
            form = "<form data-row><button>Envoyer</button></form>"
            await server.push(toast(f"{number}") + f'<li id="r{number % 9}" data-into="flow">{number}{form}</li>')
        await expect(page.locator("#toasts a").last).to_have_text(f"{count - 1}")
        await devtools.send("HeapProfiler.collectGarbage")
        return {line["name"]: line["value"] for line in (await devtools.send("Performance.getMetrics"))["metrics"]}

    before, then = await after_events(100), await after_events(400)
    for _ in range(20):  # on a busy machine the browser needs more than one turn to let go of what it removed
        if then["Nodes"] <= before["Nodes"] + 20:
            break
        then = await after_events(1)
    assert then["Nodes"] <= before["Nodes"] + 20
    assert then["JSEventListeners"] <= before["JSEventListeners"] + 5
    assert then["JSHeapUsedSize"] <= before["JSHeapUsedSize"] + 200_000
