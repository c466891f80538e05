"""A doctor writes for a patient: what the page shows of the patient follows, what is typed stays, once is once."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing

import pytest
import pytest_asyncio
from clinic import DIOP, NDIAYE, PASSWORD, PHONE, Person, Programs, come, open_clinic, sign_in, sit_down
from live_page import until
from playwright.async_api import Browser, BrowserContext, Request, Route, expect
from test_scenarios import choose_medicine

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    async with open_clinic(tmp_path_factory.mktemp("writing")) as clinic, Programs(clinic) as others:
        yield others


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(others: Programs, browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser in which Dr Diop is signed in."""
    diop = await sign_in(browser, others.clinic, DIOP)
    yield diop.page.context
    await diop.page.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def diop(desk: BrowserContext, others: Programs) -> AsyncIterator[Person]:
    """Dr Diop, in a tab of this test's own."""
    diop = await sit_down(desk, others.clinic)
    yield diop
    await desk.set_offline(False)
    await diop.page.close()
    assert diop.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def awa(others: Programs) -> str:
    """How she signs in, a patient of this test's own, whose file is open to Dr Diop."""
    awa = await others.newcomer()
    await others.grant(awa)
    return awa


async def _open_form(diop: Person, others: Programs, awa: str, form: str) -> None:
    await diop.go(f"/patients/{await others.id_of(awa)}/{form}")


async def _end(others: Programs, awa: str) -> None:
    """She ends the one access that there is to her file."""
    [granted] = (await others.ask(awa, "GET", "/access-requests"))["items"]
    await others.ask(awa, "POST", f"/access-requests/{granted['id']}/revocation")


async def test_a_signed_prescription_has_its_own_address(diop: Person, others: Programs, awa: str) -> None:
    await _open_form(diop, others, awa, "prescriptions/new")
    page, form = diop.page, re.compile("/prescriptions/new$")
    await choose_medicine(diop, 0, "paracétamol 500", "paracétamol 500 mg")
    await diop.press("Ajouter un médicament")
    await expect(page.locator("fieldset.card")).to_have_count(2)
    await diop.button("Retirer ce médicament").last.click()
    await expect(page.locator("fieldset.card")).to_have_count(1)
    await diop.press("Signer et émettre l'ordonnance")
    await expect(page.locator(".errs")).to_contain_text("Posologie")
    await expect(page).to_have_url(form)
    await page.fill("#lines-0-dosage", "1x3/j 4j")
    await expect(page.locator("#lines-0-quantity")).to_have_value("12")  # proposed, like the duration
    await page.fill("#lines-0-quantity", "16")
    await page.fill("#lines-0-dosage", "1x3/j 5j")
    await expect(page.locator("#lines-0-duration_days")).to_have_value("5")
    await expect(page.locator("#lines-0-quantity")).to_have_value("16")  # as somebody has typed it
    await diop.press("Signer et émettre l'ordonnance")
    await expect(page.locator("h1")).to_contain_text("Ordonnance du")
    await expect(page.locator("td", has_text="1 comprimé 3 fois par jour")).to_be_visible()
    prescription_id = await page.locator("#item").get_attribute("data-id")
    await expect(page).to_have_url(re.compile(f"/prescriptions/{prescription_id}$"))
    await page.reload()
    await expect(page.locator("h1")).to_contain_text("Ordonnance du")


async def test_a_new_allergy_is_seen_and_what_was_typed_stays(diop: Person, others: Programs, awa: str) -> None:
    await _open_form(diop, others, awa, "prescriptions/new")
    await diop.page.fill("#lines-0-dosage", "1 comprimé matin et soir")
    await diop.press("Ajouter un médicament")  # what comes back looks untouched
    await expect(diop.page.locator("fieldset.card")).to_have_count(2)
    path = f"/patients/{await others.id_of(awa)}/records"
    await others.ask(DIOP, "POST", path, type="allergy", title="Amoxicilline", body="Urticaire")
    await diop.sees("#about", "Amoxicilline")
    await expect(diop.page.locator("#lines-0-dosage")).to_have_value("1 comprimé matin et soir")


async def test_what_was_typed_before_the_script_that_keeps_it_came_is_kept_when_the_page_is_left(
    diop: Person, others: Programs, awa: str
) -> None:
    await _open_form(diop, others, awa, "records/new")
    page = diop.page
    # Playwright's own routes would take hold of what is sent while the page is left, and drop it with the page.
    network = await page.context.new_cdp_session(page)
    await network.send("Network.enable")
    await network.send("Network.setBlockedURLs", {"urls": ["*/saving.js"]})
    async with page.expect_request(lambda one: one.method == "PUT" and "/drafts/" in one.url):
        async with page.expect_event("requestfailed", lambda one: one.url.endswith("/saving.js")):
            await page.fill("#body", "Tapé sur un lien lent")
        await diop.go("/")
    await network.detach()
    await diop.go(f"/patients/{await others.id_of(awa)}/records/new")
    await expect(page.locator("#body")).to_have_value("Tapé sur un lien lent")
    async with page.expect_response(lambda one: one.request.method == "DELETE"):
        await diop.press("Effacer ce texte")


async def test_what_was_begun_is_said_above_its_fields_until_it_is_sent_or_erased(
    diop: Person, others: Programs, awa: str
) -> None:
    """Whoever writes about another person must not find the first one's words below the button."""
    await _open_form(diop, others, awa, "prescriptions/new")
    page, begun = diop.page, diop.page.locator("form > .begun:first-child")
    await diop.press("Ajouter un médicament")
    await page.fill("#lines-0-dosage", "1 comprimé le matin")
    async with page.expect_response(lambda one: one.request.method == "PUT" and "le soir" in one.request.post_data):
        await page.fill("#lines-1-dosage", "1 comprimé le soir")
    await diop.go("/")
    async with page.expect_response(lambda one: one.request.method == "PUT"):
        await _open_form(diop, others, awa, "prescriptions/new")
    await expect(page.locator("#lines-1-dosage")).to_have_value("1 comprimé le soir")
    await expect(begun).to_contain_text("Vous aviez commencé à écrire.")
    async with page.expect_response(lambda one: one.request.method == "PUT"):
        await page.locator("#lines-0-dosage").press_sequentially(" ou à midi")
    await expect(begun).to_be_visible()
    async with page.expect_response(lambda one: one.request.method == "DELETE"):
        await diop.press("Effacer ce texte")
    await expect(begun).to_have_count(0)
    await expect(page.locator("#lines-0-dosage")).to_have_value("")
    assert await page.evaluate("document.activeElement.form == document.querySelector('main form[method=post]')")


async def test_the_last_second_before_signing_out_in_another_tab_is_kept(
    browser: Browser, others: Programs, awa: str
) -> None:
    patient = await others.id_of(awa)
    where = f"/patients/{patient}/records/new"
    diop = await sign_in(browser, others.clinic, DIOP, at=where)
    other = await sit_down(diop.page.context, others.clinic)
    await other.go("/account")
    await diop.page.fill("#body", "Va mieux depuis lundi")
    await other.page.locator("form[action='/sign-out']").evaluate("form => form.submit()")
    await expect(diop.page).to_have_url(re.compile("/sign-in"))
    # A page that is closed ends what it sends.
    with closing(sqlite3.connect(others.clinic.database, timeout=60)) as database:
        kept = "SELECT 1 FROM drafts WHERE form = 'patients-records' AND subject = ?"
        await until(lambda: database.execute(kept, [patient]).fetchall())
    await diop.page.context.close()
    diop = await sign_in(browser, others.clinic, DIOP, at=where)
    await expect(diop.page.locator("#body")).to_have_value("Va mieux depuis lundi")
    await diop.page.context.close()


@pytest.mark.parametrize(
    ("form", "field"),
    [("prescriptions/new", "#lines-0-dosage"), ("records/new", "#body")],
    ids=["prescription", "file"],
)
async def test_the_end_of_the_access_takes_the_patient_away_and_leaves_what_was_typed(
    diop: Person, others: Programs, awa: str, form: str, field: str
) -> None:
    await _open_form(diop, others, awa, form)
    await expect(diop.page.locator(".who")).to_have_count(2)
    await diop.page.fill(field, "Deux fois par jour")
    await _end(others, awa)
    await diop.sees("#about", "a mis fin à votre accès")
    await expect(diop.page.locator(".who")).to_have_count(0)
    await expect(diop.page.locator("#main")).not_to_contain_text(re.compile("Awa.*(ans|FJ-|kg)"))
    await expect(diop.page.locator(field)).to_have_value("Deux fois par jour")


async def test_what_comes_by_itself_after_an_act_leaves_what_was_typed_since(
    browser: Browser, others: Programs, awa: str
) -> None:
    """The event of one's own act comes before its answer, is held back for it, and fetched after it: slowly, here."""
    prescription_id = await others.validated(awa)
    ndiaye = await sign_in(browser, others.clinic, NDIAYE, at=f"/prescriptions/{prescription_id}")
    page, late = ndiaye.page, asyncio.Event()
    fetched: list[str] = []

    async def answer_slowly(route: Route) -> None:
        answer = await route.fetch(max_redirects=0)
        await expect(page.locator(".stale")).to_have_count(1)  # the event came first
        await route.fulfill(response=answer)

    async def bring_slowly(route: Route) -> None:
        if route.request.headers.get("x-live"):
            fetched.append(route.request.url)
        if len(fetched) == 2:
            await late.wait()
        await route.continue_()

    await page.route(re.compile("/hold$"), answer_slowly)
    await page.route(re.compile(f"/prescriptions/{prescription_id}$"), bring_slowly)
    await page.get_by_text("Mettre en attente").first.click()
    await page.locator("[action$=hold] textarea").fill("Rupture de stock")
    await page.locator("[action$=hold] button").click()
    await expect(page.locator("#item")).to_contain_text("Reprendre")
    await page.get_by_text("Refuser l'ordonnance").first.click()
    await page.locator("[action$=refusal] textarea").fill("Dose trop forte")
    late.set()
    await expect(page.locator(".stale")).to_have_count(1)
    await expect(page.locator("[action$=refusal] textarea")).to_have_value("Dose trop forte")
    assert len(fetched) == 2
    await page.context.close()


async def _count(others: Programs, what: str) -> int:
    def ask() -> int:
        with closing(sqlite3.connect(others.clinic.database, timeout=60)) as database:
            return int(database.execute(f"SELECT count(*) FROM {what}").fetchone()[0])

    return await asyncio.to_thread(ask)


async def test_what_is_sent_without_a_link_is_kept_and_written_once(diop: Person, others: Programs, awa: str) -> None:
    """The link goes while somebody types, and just when the server has done it and is about to say so."""
    await _open_form(diop, others, awa, "records/new")
    page, answers = diop.page, 0
    await page.fill("#title", "Contrôle")

    async def lose_the_answer(route: Route) -> None:
        nonlocal answers
        answers += 1
        if answers == 1:
            await route.fetch(max_redirects=0)
            await route.abort()
        else:
            await route.continue_()

    before = await _count(others, "records")
    await page.route(re.compile("/records$"), lose_the_answer)
    await page.context.set_offline(True)
    await page.fill("#body", "Va mieux depuis lundi")
    await diop.press("Ajouter au dossier")
    await expect(page.get_by_role("alert")).to_contain_text("Votre envoi est gardé dans cette page")
    await page.get_by_role("link", name="Patients").click()
    await expect(page.locator("#toasts")).to_contain_text("cette page reste ouverte")
    await expect(page.locator("#body")).to_have_value("Va mieux depuis lundi")
    await page.context.set_offline(False)
    await expect(page.locator("h1")).to_have_text("Dossier")
    await expect(page.locator("#main")).to_contain_text("Contrôle")
    assert answers > 1
    assert await _count(others, "records") == before + 1
    assert await _count(others, f"drafts WHERE subject = '{await others.id_of(awa)}'") == 0
    diop.complaints.clear()  # of the network


async def test_after_the_end_of_a_session_the_same_page_has_what_was_typed(
    browser: Browser, others: Programs, awa: str
) -> None:
    """Typed without a link, sent, and the session is over when the link is back."""
    where = f"/patients/{await others.id_of(awa)}/records/new"
    diop = await sign_in(browser, others.clinic, DIOP, at=where)
    page = diop.page
    await page.fill("#title", "Contrôle")
    await page.context.set_offline(True)
    await page.fill("#body", "Tousse encore")
    await diop.press("Ajouter au dossier")
    await expect(page.get_by_role("alert")).to_contain_text("Votre envoi est gardé")

    def end() -> None:
        newest = "SELECT id FROM sessions ORDER BY created_at DESC LIMIT 1"
        with closing(sqlite3.connect(others.clinic.database, timeout=60)) as database, database:
            database.execute(f"UPDATE sessions SET expires_at = 0 WHERE id = ({newest})")

    await asyncio.to_thread(end)
    before = await _count(others, "records")
    await page.context.set_offline(False)
    await page.wait_for_url(re.compile("/sign-in"))
    await page.fill("#login", DIOP)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url(re.compile(f"{where}$"))
    await expect(page.locator("#title")).to_have_value("Contrôle")
    await expect(page.locator("#body")).to_have_value("Tousse encore")
    assert await _count(others, "records") == before
    await page.context.close()


async def test_without_a_link_and_without_a_page_there_is_one_of_ours(browser: Browser, others: Programs) -> None:
    """static/worker.js, which 127.0.0.1 may have as https may: the clinic's number, drawn with its sheets."""
    anybody = await come(browser, viewport=PHONE)
    page, base = anybody.page, others.clinic.address
    await page.goto(f"{base}/sign-in")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")  # active, so what it keeps is kept
    await page.reload()
    assert await page.evaluate("!!navigator.serviceWorker.controller")
    await page.context.set_offline(True)
    await page.goto(f"{base}/patients")
    await expect(page.locator("h1")).to_have_text("Pas de connexion")
    await expect(page.locator("main a[href^='tel:+221']").first).to_be_visible()
    assert await page.evaluate("document.styleSheets[0].cssRules.length") > 50
    await page.context.set_offline(False)
    await page.reload()
    await page.wait_for_url(re.compile("/sign-in"))
    await page.context.close()


async def test_a_draft_that_comes_late_leaves_what_was_typed_since_and_is_not_written_over(
    diop: Person, others: Programs, awa: str
) -> None:
    patient = await others.id_of(awa)
    draft, page, late = f"/drafts/patients-prescriptions/{patient}", diop.page, asyncio.Event()
    earlier = {"lines-0-dosage": "1 comprimé le soir", "lines-0-quantity": "7", "lines-1-dosage": "2 le matin"}
    await others.ask(DIOP, "PUT", draft, **earlier)
    written: list[str] = []

    async def bring_late(route: Route) -> None:
        if route.request.method == "PUT":
            written.append(str(route.request.post_data))
        await late.wait()
        await route.continue_()

    await page.route(re.compile("/drafts(/|$)"), bring_late)
    await diop.go(f"/patients/{patient}/prescriptions/new")
    await page.fill("#lines-0-dosage", "Deux fois par jour")
    await page.wait_for_timeout(1_500)  # longer than drafts.js waits before it sends what is typed
    assert written == []
    late.set()
    await expect(page.locator("#lines-1-dosage")).to_have_value("2 le matin")
    await expect(page.locator("#lines-0-quantity")).to_have_value("7")
    await expect(page.locator("#lines-0-dosage")).to_have_value("Deux fois par jour")
    await page.unroute_all(behavior="wait")
    # Not the one that was about to bring what had been typed before.
    async with page.expect_response(lambda answer: '"14"' in (answer.request.post_data or "")):
        await page.fill("#lines-1-quantity", "14")
    await page.reload()
    await expect(page.locator("#lines-1-quantity")).to_have_value("14")
    await expect(page.locator("#lines-1-dosage")).to_have_value("2 le matin")
    await expect(page.locator("#lines-0-dosage")).to_have_value("Deux fois par jour")


async def _fail(route: Route) -> None:
    await route.abort()


async def _answer_for_it(route: Route) -> None:
    """As a proxy does whose server is being started again."""
    await route.fulfill(status=502, content_type="text/html", body="<h1>502 Bad Gateway</h1>")


@pytest.mark.parametrize("answer", [_fail, _answer_for_it], ids=["fails", "is answered by a proxy"])
async def test_a_link_that_fails_while_a_draft_is_looked_for_loses_neither_it_nor_what_was_typed_since(
    diop: Person, others: Programs, awa: str, answer: Callable[[Route], Awaitable[None]]
) -> None:
    patient = await others.id_of(awa)
    await others.ask(
        DIOP, "PUT", f"/drafts/patients-records/{patient}", title="Consultation", body="Toux depuis trois jours"
    )
    page = diop.page
    written: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            written.append(request.url)

    page.on("request", note)
    await page.route("**/drafts", answer)
    async with page.expect_request("**/drafts"):
        await diop.go(f"/patients/{patient}/records/new")
    await page.fill("#body", "Fièvre")
    await page.wait_for_timeout(1_500)  # longer than saving.js waits before it sends what is typed
    assert written == []
    await page.unroute("**/drafts")
    await expect(page.locator("#title")).to_have_value("Consultation")
    await expect(page.locator("#body")).to_have_value("Fièvre")
    assert all("ERR_FAILED" in line or "502" in line for line in diop.complaints)  # of the console
    diop.complaints.clear()
    async with page.expect_response(lambda one: one.request.method == "PUT"):
        await page.fill("#body", "Fièvre, toux")
    await page.reload()
    await expect(page.locator("#title")).to_have_value("Consultation")
    await expect(page.locator("#body")).to_have_value("Fièvre, toux")


async def test_after_a_copy_was_restored_what_is_being_typed_is_kept_anew(
    diop: Person, others: Programs, awa: str
) -> None:
    """The copy is older: of what was typed it has an earlier draft, or none. The page is told that its cursor is of
    another history; opened anew it is told at once, while what was typed is still looked for.
    """
    patient, page = await others.id_of(awa), diop.page
    back = asyncio.Event()

    async def wait_for_it(route: Route) -> None:
        await back.wait()
        await route.continue_()

    await page.route(re.compile("/(events|notifications/poll)"), wait_for_it)
    await page.add_init_script(
        "new MutationObserver(() => { if (document.body) document.body.dataset.cursor = 999_999 })"
        ".observe(document, { childList: true, subtree: true })"
    )
    await diop.go(f"/patients/{patient}/records/new")
    async with page.expect_response(lambda one: one.request.method == "PUT"):
        await page.fill("#body", "Écrit après la copie")
    with closing(sqlite3.connect(others.clinic.database, timeout=60)) as database, database:
        database.execute("DELETE FROM drafts")
    async with page.expect_response(lambda one: one.request.method == "PUT"):
        back.set()
    await page.unroute_all(behavior="wait")
    await expect(page.locator("#body")).to_have_value("Écrit après la copie")
    await page.reload()
    await expect(page.locator("#body")).to_have_value("Écrit après la copie")
