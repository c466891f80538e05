"""A push never touches what somebody is typing or has in hand (static/page.js)."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from fake_stream import Answer, Exchange, FakeStream, answer, event, refusal, rendered, toast
from live_page import OF_ITS_OWN, PATIENCE, TIME_STANDS_STILL, open_live, pass_time, pass_time_until, until
from playwright.async_api import Locator, Page, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


FORM = """<ul id="now"><li id="r1">
  <form method="post" action="/answer" data-row><input type="hidden" name="key" value="k">
    <select name="days"><option>1<option>30</select>
    <input type="checkbox" name="all"><input name="reason" value="Suivi"><input type="file" name="scan">
    <button>Envoyer</button>
  </form></li><li id="r2">autre</li></ul>"""


# A form in a row for each way of using it, in the order in which the rows are used.
WAYS: dict[str, Callable[[Locator], Awaitable[object]]] = {
    "typed": lambda row: row.locator("[name=reason]").fill("Urgence"),
    "checked": lambda row: row.locator("[name=all]").check(),
    "chosen": lambda row: row.locator("select").select_option("30"),
    "attached": lambda row: row.locator("[name=scan]").set_input_files(__file__),
    "focused": lambda row: row.locator("[name=reason]").focus(),
}


@pytest.mark.parametrize("told", ["nouveau</li>", None], ids=["replaced", "gone"])
async def test_a_push_never_touches_a_form_in_use(page: Page, server: FakeStream, told: str | None) -> None:
    [first] = re.findall(r'<li id="r1">.*?</li>', FORM, re.DOTALL)
    server.main = f'<ul id="now">{"".join(first.replace("r1", way) for way in WAYS)}<li id="r2">autre</li></ul>'
    await open_live(page)
    for way, use in WAYS.items():
        await use(page.locator(f"#{way}"))
    focused = page.locator("#focused [name=reason]")
    await expect(focused).to_be_focused()
    for way in WAYS:
        await server.push(f'<li id="{way}">entre-temps</li>')
        await server.push(f'<li id="{way}">{told}' if told else f'<li id="{way}" data-gone></li>')
    await server.push('<li id="r2">autre 2</li>')
    await expect(page.locator("#r2")).to_have_text("autre 2")
    await expect(focused).to_be_focused()
    for way in reversed(WAYS):  # a form that is focused is in use as long as it is
        row = page.locator(f"#{way}")
        await expect(row.locator("form")).to_be_visible()
        await expect(page.locator(f"#{way} > p.stale")).to_have_count(1)
        await expect(row.locator(".stale").get_by_role("status")).to_contain_text("Cette partie vient de changer.")
        await row.locator(".stale").get_by_role("button", name="Voir la nouvelle version").click()
        if told:
            await expect(row).to_have_text("nouveau")
        else:
            await expect(row).to_have_count(0)


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
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await expect(page.locator("#now > *").first).to_have_text("ajouté")
    await expect(page.locator("#r1")).to_have_text("nouveau")


@pytest.mark.parametrize("status", [409, 422])
async def test_a_refusal_replaces_the_form(page: Page, server: FakeStream, status: int) -> None:
    server.main = FORM
    act = 'method="post" action="/answer" data-row'
    refused = f'<form id="again" {act}><p>Non</p><input name="reason" value="U"></form>'
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
    server.main = f'<section id="item">{BOOSTED}<button>Envoyer</button></form></section>'
    server.always("/answer", answer(422, rendered('<section id="item"><p>Non</p></section>')))
    await open_live(page)
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await expect(page.locator("main > #item > p")).to_have_text("Non")
    await expect(page.locator("form")).to_have_count(0)


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
    await page.get_by_role("button", name="Voir la nouvelle version").click()
    await expect(page.locator("section")).to_have_text("neuf")


@TIME_STANDS_STILL
async def test_a_region_that_could_not_be_fetched_is_fetched_again(page: Page, server: FakeStream) -> None:
    server.main = REGION
    server.next("/part", refusal(503), refusal(503))
    server.always("/part", answer(200, "<i>neuf</i>"))
    await open_live(page)
    await server.push(toast(), "prescription_status_changed")
    await until(lambda: len(server.to("/part")) == 1)
    await pass_time_until(page, lambda: len(server.to("/part")) == 3, 22)
    await expect(page.locator("section")).to_have_text("neuf")
    assert server.to("/part")[-1].headers["x-live"] == "1"
    await pass_time(page, 12, 3)
    assert len(server.to("/part")) == 3


FOLLOWS = 'hx-get="/part" hx-trigger="prescription_status_changed from:body"'
PLACING = 'hx-target="#item" hx-select="#item" hx-swap="outerHTML"'
BOOSTED = '<form action="/answer" method="post" hx-target="#item">'


def item(content: str, **attributes: str) -> str:
    """A part that follows an event and has a form of its own, as the pages of the program have."""
    return f'<div id="item" {FOLLOWS} {PLACING}>{BOOSTED}<button>Valider</button></form>{content}</div>'


def slow(answering: asyncio.Event, given: Answer) -> Answer:
    """An answer on its way for as long as the link takes."""

    async def act(exchange: Exchange) -> None:
        await answering.wait()
        await given(exchange)

    return act


async def test_a_newer_state_that_came_during_an_act_is_shown_after_its_answer(page: Page, server: FakeStream) -> None:
    server.main = item("Émise")
    server.always("/part", answer(200, item("Annulée")))
    answering = asyncio.Event()
    server.always("/answer", slow(answering, answer(200, rendered(item("Validée")))))
    await open_live(page)
    await page.get_by_role("button", name="Valider").click()
    await until(lambda: server.to("/answer"))
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("#item > .stale")).to_have_count(1)
    await expect(page.locator("#item")).to_contain_text("Émise")
    answering.set()
    await expect(page.locator("#item")).to_contain_text("Annulée")
    assert len(server.to("/part")) == 2, "fetched anew, once"


async def test_an_event_right_after_a_part_was_placed_is_heard_by_it(page: Page, server: FakeStream) -> None:
    """htmx listens for what it has placed itself when it settles; by itself that is 20 ms later, or more."""
    server.main = item("Émise")
    server.always("/answer", answer(200, rendered(item("Validée"))))
    server.always("/part", answer(200, item("Annulée")))
    await open_live(page)
    await page.evaluate(
        """addEventListener('placed', () => setTimeout(
             () => document.body.dispatchEvent(new CustomEvent('prescription_status_changed'))), { once: true })"""
    )
    await page.get_by_role("button", name="Valider").click()
    await expect(page.locator("#item")).to_contain_text("Annulée")


async def test_what_was_offered_before_an_act_is_not_offered_after_its_answer(page: Page, server: FakeStream) -> None:
    """The answer was made after it, and shows it: here a form that comes back, above which it would stand again."""
    server.main = item('<input name="reason">')
    returned = f'<div id="item" {FOLLOWS} {PLACING}>{BOOSTED}<input name="reason" data-draft></form>Annulée</div>'
    server.always("/answer", answer(409, rendered(returned)))
    server.always("/part", answer(200, item("Annulée")))
    await open_live(page)
    await page.fill("[name=reason]", "Rupture")
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("#item > .stale")).to_have_count(1)
    await page.get_by_role("button", name="Valider").click()
    await expect(page.locator("#item")).to_contain_text("Annulée")
    await asyncio.sleep(0.2)
    await expect(page.locator("#item > .stale")).to_have_count(0)


async def test_a_newer_row_that_came_during_an_act_is_shown_after_its_answer(page: Page, server: FakeStream) -> None:
    server.main = FORM
    answering = asyncio.Event()
    server.always("/answer", slow(answering, answer(200, '<li id="r1">validée</li>')))
    await open_live(page)
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await until(lambda: server.to("/answer"))
    await server.push('<li id="r1">annulée</li>')
    await expect(page.locator("#r1 > .stale")).to_have_count(1)
    answering.set()
    await expect(page.locator("#r1")).to_have_text("annulée")


ROW = """<ul id="now"><li id="r1"><form method="post" action="/answer" data-row>
  <input type="hidden" name="key" value="k"><button>Valider</button></form></li></ul>"""
REFUSED = '<div class="errs" role="alert"><p>Rien n\'a été modifié.</p></div>'


@pytest.mark.parametrize("first", ["event", "answer"])
async def test_a_row_of_which_a_colleague_was_faster_shows_what_it_has_become(
    page: Page, server: FakeStream, first: str
) -> None:
    """Nothing was typed that could be lost; that nothing was done is said all the same."""
    server.main = ROW
    answering = asyncio.Event()
    server.always("/answer", slow(answering, answer(409, REFUSED)))
    await open_live(page)
    await page.get_by_role("button", name="Valider").click()
    await until(lambda: server.to("/answer"))
    if first == "answer":
        answering.set()
        await expect(page.locator("form[aria-busy]")).to_have_count(0)
    await server.push('<li id="r1">validée par une collègue</li>')
    if first == "event":
        await expect(page.locator("#r1 > .stale")).to_have_count(1)
        answering.set()
    await expect(page.locator("#r1")).to_have_text("validée par une collègue")
    await expect(page.locator("#toasts > *")).to_have_count(1)
    await expect(page.locator("#toasts > * > span")).to_have_text("Rien n'a été modifié.")


@OF_ITS_OWN
async def test_it_does_so_too_where_what_holds_it_back_comes_after_the_answer(page: Page, server: FakeStream) -> None:
    """held.js is fetched when it is needed; here over a slow link."""
    server.main = ROW
    answering, asked, held = asyncio.Event(), asyncio.Event(), asyncio.Event()
    server.always("/answer", slow(answering, answer(409, REFUSED)))

    async def late(route: Route) -> None:
        asked.set()
        await held.wait()
        await route.continue_()

    await page.route("**/held.js", late)
    await open_live(page)
    await page.get_by_role("button", name="Valider").click()
    await until(lambda: server.to("/answer"))
    await server.push('<li id="r1">validée par une collègue</li>')
    await asyncio.wait_for(asked.wait(), PATIENCE)
    answering.set()
    await expect(page.locator("#toasts > * > span")).to_have_text("Rien n'a été modifié.")
    held.set()
    await expect(page.locator("#r1")).to_have_text("validée par une collègue")


async def test_what_was_held_back_comes_when_an_act_is_taken_back(page: Page, server: FakeStream) -> None:
    server.main = ROW
    server.always("/answer", refusal(503))
    await open_live(page)
    await page.get_by_role("button", name="Valider").click()
    await expect(page.get_by_role("button", name="Ne plus envoyer")).to_be_visible()
    await server.push('<li id="r1">validée par une collègue</li>')
    await expect(page.locator("#r1 > .stale")).to_have_count(1)
    await page.get_by_role("button", name="Ne plus envoyer").click()
    await expect(page.locator("#r1")).to_have_text("validée par une collègue")


@pytest.mark.parametrize("mark", ['aria-invalid="true"', "data-draft"])
async def test_a_form_that_came_back_is_unsaved_text_too(page: Page, server: FakeStream, mark: str) -> None:
    """What was sent and refused is the default of its fields now; it is nowhere else."""
    returned = f'<div id="item" {FOLLOWS} {PLACING}>{BOOSTED}<input name="reason" value="Rupture" {mark}></form></div>'
    server.main = item("")
    server.always("/answer", answer(422, rendered(returned)))
    server.always("/part", answer(200, item("Annulée")))
    await open_live(page)
    await page.get_by_role("button", name="Valider").click()
    await expect(page.locator("[name=reason]")).to_have_value("Rupture")
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("#item > .stale")).to_have_count(1)
    await expect(page.locator("[name=reason]")).to_have_value("Rupture")
    await page.get_by_role("button", name="Voir la nouvelle version").click()
    await expect(page.locator("#item")).to_contain_text("Annulée")


async def test_what_was_wrong_is_brought_before_the_eyes(page: Page, server: FakeStream) -> None:
    errors = '<div class="errs" id="errors" role="alert" tabindex="-1">Une réponse à corriger</div>'
    server.main = item("<br>" * 100)
    server.always("/answer", answer(422, rendered(f'<div id="item">{errors}{"<br>" * 100}{BOOSTED}</form></div>')))
    await open_live(page)
    await page.get_by_role("button", name="Valider").click()
    await expect(page.locator("#errors")).to_be_focused()
    await expect(page.locator("#errors")).to_be_in_viewport()


async def test_the_keyboard_stays_in_the_part_that_an_act_has_changed(page: Page, server: FakeStream) -> None:
    server.main = item("Émise")
    server.always("/answer", answer(200, rendered('<div id="item"><p>Validée</p></div>')))
    await open_live(page)
    await page.get_by_role("button", name="Valider").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#item")).to_have_text("Validée")
    await expect(page.locator("#item")).to_be_focused()


# ---- No answer (static/send.js)

PLAIN = """<form id="f" method="post" action="/answer"><input type="hidden" name="key" value="k">
  <input name="reason" aria-label="Motif"><input type="file" name="scan" aria-label="Fichier"><button>Envoyer</button>
  </form>"""
MULTIPART = PLAIN.replace("<form ", '<form enctype="multipart/form-data" ')
KEYLESS = PLAIN.replace('name="key"', 'name="other"')
SECRET = PLAIN.replace("<button>", '<input type="password" name="pin" aria-label="PIN"><button>')


def _without_boundary(exchange: Exchange) -> bytes:
    """What a browser puts between the parts is another every time; the server takes no notice of it."""
    boundary = exchange.headers["content-type"].partition("boundary=")[2].encode()
    return exchange.body.replace(boundary, b"") if boundary else exchange.body


async def _send(page: Page, reason: str = "Rupture") -> None:
    await page.fill("[name=reason]", reason)
    await page.get_by_role("button", name="Envoyer", exact=True).click()


@TIME_STANDS_STILL
@pytest.mark.parametrize(
    ("main", "done"),
    [
        (item("").replace("<button", '<input type="hidden" name="key" value="k"><button'), '<div id="item">bien</div>'),
        (FORM, '<li id="r1">bien</li>'),
        (MULTIPART, '<main id="main">bien</main>'),
    ],
    ids=["part", "row", "page"],
)
async def test_an_act_that_did_not_arrive_is_kept_and_sent_again_as_it_was(
    page: Page, server: FakeStream, main: str, done: str
) -> None:
    server.main = main
    server.next("/answer", refusal(503), refusal(502), answer(200, done))
    await open_live(page)
    if await page.locator("[type=file]").count():
        await page.set_input_files("[name=scan]", __file__)
    await page.locator("form button").first.click()
    for tries in (1, 2):
        await expect(page.get_by_role("alert")).to_contain_text("Pas de réponse du serveur. Votre envoi est gardé")
        assert len(server.to("/answer")) == tries
        assert await page.locator("form :enabled:not(button)").count() == 0  # what was sent is what is seen
        await pass_time_until(page, lambda tries=tries: len(server.to("/answer")) > tries, 7)
    await expect(page.locator("#item, #r1, #main").last).to_contain_text("bien")
    await expect(page.get_by_role("alert")).to_have_count(0)
    sent = [_without_boundary(exchange) for exchange in server.to("/answer")]
    assert len(sent) == 3 and len(set(sent)) == 1


@TIME_STANDS_STILL
async def test_what_waits_goes_at_once_when_the_link_is_back_or_the_button_is_pressed(
    page: Page, server: FakeStream
) -> None:
    server.main = PLAIN
    server.next("/answer", refusal(503), refusal(503), answer(200, "", HX_Redirect="/done"))
    await open_live(page)
    await _send(page)
    await expect(page.locator(".unsent")).to_have_count(1)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await until(lambda: len(server.to("/answer")) == 2)
    await expect(page.get_by_label("Motif")).to_be_disabled()
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await page.wait_for_url("**/done")


@TIME_STANDS_STILL
async def test_a_first_act_before_the_page_has_what_sends_it_is_kept_too(page: Page, server: FakeStream) -> None:
    """later.js comes when somebody comes to the form; here the link goes before it is there."""
    server.main = FORM
    server.always("/answer", answer(200, '<li id="r1">bien</li>'))
    await page.route("**/later.js", lambda route: route.abort())
    await open_live(page)
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await expect(page.locator("#r1 form")).to_have_attribute("aria-busy", "true")
    await pass_time(page, 7, 3)
    await expect(page.locator("#toasts")).to_contain_text("Toujours en cours…")
    assert not server.to("/answer")
    await page.unroute("**/later.js")
    await pass_time_until(page, lambda: bool(server.to("/answer")), 7)
    await expect(page.locator("#r1")).to_have_text("bien")
    assert len(server.to("/answer")) == 1


@TIME_STANDS_STILL
async def test_what_waits_can_be_taken_back(page: Page, server: FakeStream) -> None:
    server.main = PLAIN
    server.always("/answer", refusal(503))
    await open_live(page)
    await _send(page)
    await page.get_by_role("button", name="Ne plus envoyer").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_label("Motif")).to_be_enabled()
    await expect(page.get_by_label("Motif")).to_have_value("Rupture")
    await pass_time(page, 40, 10)
    assert len(server.to("/answer")) == 1


@TIME_STANDS_STILL
async def test_what_waits_takes_the_keyboard_from_nobody_and_gives_it_back(page: Page, server: FakeStream) -> None:
    """Each try takes the fields out of reach for as long as it waits; who is at one has it again, who went on stays."""
    server.main = PLAIN + '<a href="/next">Suivant</a>'
    server.always("/answer", refusal(503))
    await open_live(page)
    field, out = page.get_by_label("Motif"), page.get_by_role("button", name="Ne plus envoyer")
    await page.fill("[name=reason]", "Rupture")
    await page.press("[name=reason]", "Enter")
    for element, tries in ((None, 2), (out, 3), (page.get_by_role("link", name="Suivant"), 4)):
        await expect(out).to_be_visible()
        if element:
            await element.focus()
        await pass_time_until(page, lambda tries=tries: len(server.to("/answer")) == tries, 31)
        await expect(field).to_be_disabled()
        if element:
            await expect(element).to_be_focused()
    await out.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_role("button", name="Envoyer", exact=True)).to_be_focused()


@TIME_STANDS_STILL
@pytest.mark.parametrize("form", [KEYLESS, SECRET], ids=["without a key", "with a password"])
async def test_a_password_is_not_sent_again_by_itself(page: Page, server: FakeStream, form: str) -> None:
    """Whoever typed it may have gone."""
    server.main = form
    server.next("/answer", refusal(503), refusal(503), answer(200, "", HX_Redirect="/done"))
    await open_live(page)
    for tries in (1, 2):
        await _send(page)
        await expect(page.get_by_role("alert")).to_contain_text("Appuyez de nouveau")
        await pass_time(page, 40, 10)
        assert len(server.to("/answer")) == tries
    await _send(page)
    await page.wait_for_url("**/done")


async def test_a_plain_form_comes_back_with_what_is_wrong(page: Page, server: FakeStream) -> None:
    errors = '<div id="errors" tabindex="-1">Une réponse à corriger</div>'
    came_back = PLAIN.replace("<input name", f'{errors}<input aria-invalid="true" value="Rupture" name')
    server.main = PLAIN
    server.next("/answer", answer(422, rendered(came_back)), answer(200, "", HX_Redirect="/done"))
    await open_live(page)
    await _send(page)
    await expect(page.locator("#errors")).to_be_focused()
    await expect(page.get_by_label("Motif")).to_have_value("Rupture")
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await page.wait_for_url("**/done")
    sent = server.to("/answer")[0].headers
    assert (sent["hx-target"], sent["x-for"]) == ("main", "awa")


async def test_a_refusal_leaves_what_was_typed(page: Page, server: FakeStream) -> None:
    server.main = PLAIN
    server.always("/answer", answer(403, rendered('<h1>Non</h1><p role="alert">Pas permis.</p>')))
    await open_live(page)
    for _ in range(2):
        await _send(page)
        await expect(page.get_by_role("alert")).to_have_text("Pas permis.")
        await expect(page.get_by_label("Motif")).to_have_value("Rupture")
        await expect(page.locator("form[aria-busy]")).to_have_count(0)


@TIME_STANDS_STILL
async def test_that_it_works_is_seen_and_how_long_it_takes(page: Page, server: FakeStream) -> None:
    server.main = PLAIN + '<a href="/next">Suivant</a>'
    answering = asyncio.Event()
    server.always("/answer", slow(answering, answer(200, rendered(server.main))))
    await open_live(page)
    button = page.get_by_role("button", name="Envoyer", exact=True)
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    await page.clock.run_for(1_900)
    await expect(page.locator("#toasts")).to_have_text("")
    await page.clock.run_for(200)
    await expect(page.locator("#toasts")).to_contain_text("La dernière réponse a pris")
    await button.click()  # impatience sends nothing
    answering.set()
    await expect(page.locator("[aria-busy]")).to_have_count(0)
    await expect(page.locator("#toasts")).to_have_text("")
    assert len(server.to("/answer")) == 1
    busy = "link => { link.click(); return link.getAttribute('aria-busy'); }"
    assert await page.get_by_role("link", name="Suivant").evaluate(busy) == "true"
    await page.wait_for_url("**/next")


@pytest.mark.parametrize("press", ["link", "search"])
async def test_without_a_link_the_page_stays(page: Page, server: FakeStream, press: str) -> None:
    server.main = '<a href="/next">Suivant</a><form action="/next"><input name="q"><button>Chercher</button></form>'
    await open_live(page)
    await page.context.set_offline(True)
    await page.get_by_text("Suivant" if press == "link" else "Chercher").click()
    await expect(page.locator("#toasts span")).to_contain_text("Pas de connexion avec le serveur")
    await expect(page.locator("[aria-busy]")).to_have_count(0)
    assert not server.to("/next")
    await page.context.set_offline(False)
    await page.get_by_text("Suivant" if press == "link" else "Chercher").click()
    await page.wait_for_url("**/next*")


# ---- What somebody has in hand

ROWS = """<div>{above}</div><ul id="now"><li id="r1" data-into="now"><a href="/p/1">Une</a>
  <details><summary>Refuser…</summary><p>Vraiment ?</p></details><button>Valider</button></li>
  <li id="r2"><a href="/p/2">Deux</a></li></ul><ul id="rest"></ul><div>{above}</div>"""
FRESH = """<li id="r1" data-into="{list}"><a href="/p/1">Une, validée</a>
  <details><summary>Refuser…</summary></details><button>Préparer</button></li>"""


@pytest.mark.parametrize("into", ["now", "rest"])
async def test_a_row_that_changes_keeps_its_opened_part_the_keyboard_and_what_is_in_sight(
    page: Page, server: FakeStream, into: str
) -> None:
    server.main = ROWS.format(above="<br>" * 100)
    await open_live(page)
    await page.locator("summary").click()
    await page.locator("#r1 a").focus()
    await page.evaluate("scrollTo(0, 0)")
    await server.push(FRESH.format(list=into))
    await expect(page.locator(f"#{into} > #r1 > a")).to_have_text("Une, validée")
    await expect(page.locator("#r1 a")).to_be_focused()
    await expect(page.locator("details")).to_have_attribute("open", "")
    assert await page.evaluate("scrollY") == 0


async def test_the_keyboard_is_never_put_on_another_act(page: Page, server: FakeStream) -> None:
    server.main = ROWS.format(above="")
    await open_live(page)
    await page.locator("#r1 button").focus()
    await server.push(FRESH.format(list="now"))
    await expect(page.locator("#r1")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("#r1 a")).to_be_focused()
    await server.push('<li id="r1" data-gone></li>')
    await expect(page.locator("#now")).to_be_focused()


async def test_a_region_that_fetches_itself_keeps_them_too(page: Page, server: FakeStream) -> None:
    parts = "<details{open}><summary>Refuser</summary></details><a href='/p/1'>{word}</a>"
    follows = 'hx-get="/part" hx-trigger="prescription_status_changed from:body" hx-target="#item" hx-swap="outerHTML"'
    server.main = f'<div id="item" {follows}>{parts.format(open=" open", word="avant")}</div>'
    server.always("/part", answer(200, f'<div id="item">{parts.format(open="", word="après")}</div>'))
    await open_live(page)
    await page.locator("#item a").focus()
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("#item a")).to_have_text("après")
    await expect(page.locator("#item a")).to_be_focused()
    await expect(page.locator("details")).to_have_attribute("open", "")


async def test_the_keyboard_stays_in_its_row_when_a_whole_list_fetches_itself(page: Page, server: FakeStream) -> None:
    """Where every row has the same button: on that of another, the next key would act on somebody else."""
    follows = 'hx-get="/part" hx-trigger="prescription_status_changed from:body" hx-target="#found" hx-swap="outerHTML"'

    def list_of(act: str) -> str:
        rows = [
            f'<li id="r{n}"><details><summary>Refuser…</summary><p>Vraiment ?</p></details>'
            f"<form><button>{act if n == 3 else 'Valider'}</button></form></li>"
            for n in (1, 2, 3, 4)
        ]
        return f'<section id="found" {follows}><ul id="list">{"".join(rows)}</ul></section>'

    server.main = list_of("Valider")
    server.next("/part", answer(200, list_of("Valider")), answer(200, list_of("Préparer")))
    await open_live(page)
    await page.locator("#r2 summary").click()
    await page.locator("#r3 button").focus()
    await page.evaluate("document.getElementById('found').dataset.before = 1")
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("[data-before]")).to_have_count(0)
    await expect(page.locator("#r3 button")).to_be_focused()
    await expect(page.locator("[open]")).to_have_count(1)
    await expect(page.locator("#r2 details")).to_have_attribute("open", "")
    await server.push(toast(), "prescription_status_changed")
    await expect(page.locator("#r3 button")).to_have_text("Préparer")
    await expect(page.locator("#r3")).to_be_focused()  # what it was on is not there any more


async def test_a_page_that_is_fetched_anew_keeps_the_keyboard(page: Page, server: FakeStream) -> None:
    server.main = ROWS.format(above="")
    await open_live(page)
    await page.locator("#r2 a").focus()
    server.cursor = 111
    await server.write(event("reset", "70", 111))
    await expect(page.locator("#toasts a")).to_have_count(1)
    await expect(page.locator("#r2 a")).to_be_focused()
