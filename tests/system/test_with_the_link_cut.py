"""Every kind of form of every page of every role, with the network cut: the page stays, with what was typed, and says
so; what may go by itself goes when the link is back, once and as it was (docs/decisions/24).
"""

import re
from collections.abc import AsyncIterator
from contextlib import closing
from io import BytesIO
from typing import Any

import pytest
import pytest_asyncio
from clinic import ADMIN, AWA, DIOP, NDIAYE, PASSWORD, PHONE, Clinic, Person, Programs, come, open_clinic, sign_in
from demo_database import demo_database
from live_server import SECRET_KEY
from PIL import Image
from playwright.async_api import Browser, Page, Request, Route, expect

from benchmarks.seen.furnishing import furnish
from benchmarks.seen.sights import SIGHTS, Guest
from fadjma.store import milliseconds
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.transaction import SQLiteTransaction

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = "Votre envoi est gardé dans cette page"
PRESS_AGAIN = "Appuyez de nouveau"
GOES_ON = "l'envoi reprendra là où il en était"  # of a paper (papers.js)
STAYS = "Pas de connexion avec le serveur"
IN_USE = {"/lock": "hides the page first: test_locked_screens.py"}
# Of each of these addresses, as it comes, or of the page that is open: its buttons that send or ask something, by the
# place of their form.
BUTTONS = """addresses => {
  const of = page => [...page.forms].flatMap((form, at) => {
    const pressed = [...form.elements].filter(({ type }) => type == 'submit');
    const own = form.getAttribute('action'), where = pressed.map(one => one.getAttribute('formaction') || own);
    const all = new Set(pressed.length ? where : [own]), method = form.method.toUpperCase();
    return [...all].filter(Boolean).map(address => ({ at, address, method }));
  });
  const parsed = html => new DOMParser().parseFromString(html, 'text/html');
  const come = where => fetch(where).then(answer => answer.text()).then(html => of(parsed(html)));
  return addresses ? Promise.all(addresses.map(come)) : of(document);
}"""
# Fills in a form as somebody would, and so that nothing is done with it: it has a field that nobody knows, too. Returns
# what was typed by the name of its field, and the fields that the browser itself would not let go.
PRESS = """([at, address]) => {
  const form = document.forms[at], fields = [...form.elements], typed = {};
  const by_type = { date: new Date().toISOString().slice(0, 10), time: '10:00', number: '1', email: 'a@exemple.sn' };
  for (let fold = form; fold; fold = fold.parentElement) if (fold.matches('details')) fold.open = true;
  for (const field of fields) {
    const { type, name, options, maxLength, inputMode } = field;
    if (field.disabled || field.readOnly || /hidden|submit|button|fieldset|output|checkbox/.test(type)) continue;
    if (type == 'radio') {
      field.checked = form.elements[name].value ? field.checked : true;
    } else if (type == 'file') {
      const chosen = new DataTransfer();
      chosen.items.add(new File(['%PDF-1.4'], 'x.pdf', { type: 'application/pdf' }));
      field.files = chosen.files;
      field.dispatchEvent(new Event('change'));
    } else {
      const text = by_type[type] || (inputMode == 'numeric' ? '123456' : 'Hors ligne');
      field.value = options ? [...options].pop().value : maxLength > 0 ? text.slice(0, maxLength) : text;
      if (name && type != 'password') typed[name] = field.value;
    }
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'nobody_knows', value: 'this' }));
  document.body.dataset.same = 'page';
  const to = one => one.getAttribute('formaction') || form.getAttribute('action');
  const pressed = fields.find(one => one.type == 'submit' && to(one) == address);
  pressed ? pressed.click() : form.requestSubmit();
  return { typed, stopped: form.noValidate ? [] : fields.filter(one => !one.checkValidity()).map(({ name }) => name) };
}"""
CUT = """async () => {
  while (await fetch('/health').then(() => true, () => false)) await new Promise(done => setTimeout(done, 10));
}"""
# Puts the part of the page at this address where that of the page that is open is, as an answer is put (answered.js).
# Returns whether that is the same as to open it: both are the same person's and bring the same scripts.
PLACE = """async where => {
  const get = () => fetch(where).then(answer => answer.text(), get); // the link may be back a little later than is said
  const page = new DOMParser().parseFromString(await get(), 'text/html');
  const [part, old] = [page, document].map(one => one.getElementById('main'));
  const brings = one => [one.body.dataset.user, ...[...one.scripts].map(script => script.getAttribute('src')).sort()];
  const own = page.querySelector('#paper'); // for it page.js asks for papers.js, once
  if (!part || !old || own || brings(page).join() != brings(document).join()) return false;
  history.replaceState(null, '', where);
  (await import(document.querySelector('script[type=module]').src)).swap(old, part);
  return true;
}"""
# What stands in the fields of these names of the form with this address.
STANDS = """([address, names]) => {
  const leads = one => [one.getAttribute('action'), one.getAttribute('formaction')].includes(address);
  const form = [...document.forms].find(form => [form, ...form.elements].some(leads));
  return form && Object.fromEntries(names.map(name => [name, (form.elements[name] || {}).value]));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Clinic, Programs, dict[str, str]]]:
    """The demo's, with what its year leaves out, and the ids that the addresses of sights.py name."""
    folder = tmp_path_factory.mktemp("cut")
    path = folder / "fadjma.db"
    path.write_bytes(demo_database())
    with closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        ids = dict(furnish(SQLiteTransaction(connection, milliseconds()), SECRET_KEY))
        connection.execute("COMMIT")
    async with open_clinic(folder) as clinic, Programs(clinic) as others:
        yield clinic, others, ids


async def test_every_form_of_every_page_is_kept_and_goes_once_when_the_link_is_back(
    clinic: tuple[Clinic, Programs, dict[str, str]], browser: Browser
) -> None:
    house, _, ids = clinic
    person = await come(browser, viewport=PHONE)
    walk = Walk(person)
    for guest in dict.fromkeys(sight.guest for sight in SIGHTS):
        await _takes_the_browser(person, house, guest, ids)
        sights = [sight for sight in SIGHTS if sight.guest == guest and not sight.sent]
        await walk.try_all([house.address + sight.at(ids) for sight in sights])
    assert not [said for said in person.complaints if not re.match("Failed to load resource|htmx:", said)]
    await person.page.context.close()
    faults = [f"{what}: {fault}" for what, fault in walk.tried.items() if fault]
    assert not faults, "\n".join(faults)
    assert len(walk.tried) > 120


@pytest_asyncio.fixture(loop_scope="session")
async def ndiaye(clinic: tuple[Clinic, Programs, dict[str, str]], browser: Browser) -> AsyncIterator[Person]:
    person = await sign_in(browser, clinic[0], NDIAYE, by_page=True)
    yield person
    await person.page.context.close()


async def test_an_act_in_a_row_and_one_with_a_reason_below_a_fold(
    clinic: tuple[Clinic, Programs, dict[str, str]], ndiaye: Person
) -> None:
    """Their answers are parts of the page: rows, and what #item shows."""
    _, others, _ = clinic
    prescription_id = await others.issued(AWA)
    await ndiaye.go(f"/prescriptions/{prescription_id}")
    await _press_without_a_link(ndiaye, "Prendre et valider")
    await expect(ndiaye.page.locator("main")).to_contain_text("Validée")
    await ndiaye.page.locator("summary", has_text="Refuser").click()
    await ndiaye.page.select_option("#refusal-code", "dose")
    await ndiaye.page.fill("#refusal-text", "Deux fois la dose ?")
    await _press_without_a_link(ndiaye, "Refuser et prévenir le médecin")
    await expect(ndiaye.page.locator("main")).to_contain_text("Deux fois la dose ?")
    assert (await others.ask(DIOP, "GET", f"/prescriptions/{prescription_id}"))["status"] == "refused"


async def test_a_form_whose_answer_is_lost_is_sent_again_and_done_once(
    clinic: tuple[Clinic, Programs, dict[str, str]], browser: Browser
) -> None:
    """The link goes when the server has done it, and is about to say so."""
    house, others, _ = clinic
    admin = await sign_in(browser, house, ADMIN, by_page=True)
    page, lost = admin.page, []
    await admin.go("/organizations/new")
    await page.get_by_label("Pharmacie", exact=True).check()
    for name, text in {
        "name": "Pharmacie Teranga",
        "address": "Rue 10",
        "city": "Thiès",
        "phone": "33 951 00 11",
    }.items():
        await page.fill(f"#{name}", text)

    async def lose_the_answer(route: Route) -> None:
        if lost:
            await route.continue_()
        else:
            lost.append((await route.fetch(max_redirects=0)).status)
            await route.abort()

    await page.route(re.compile("/organizations$"), lose_the_answer)
    await admin.button("Ajouter ce lieu").click()
    await expect(page.locator("main")).to_contain_text("Pharmacie Teranga")
    places = (await others.ask(ADMIN, "GET", "/organizations"))["items"]
    assert [place["name"] for place in places].count("Pharmacie Teranga") == len(lost) == 1
    await page.context.close()


async def test_a_paper_that_was_chosen_without_a_link_goes_when_it_is_back(
    clinic: tuple[Clinic, Programs, dict[str, str]], browser: Browser
) -> None:
    house, _, ids = clinic
    awa = await sign_in(browser, house, AWA, by_page=True)
    await awa.go(f"/patients/{ids['awa']}/papers/new")
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    await _cut(awa.page)
    chosen: Any = {"name": "IMG_2.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    await awa.page.set_input_files("#file", chosen)
    await awa.page.fill("#title", "Radiographie du genou")
    await awa.button("Ajouter à mon dossier").click()
    await expect(awa.page.locator("#paper")).to_contain_text(GOES_ON)
    await awa.page.context.set_offline(False)
    await expect(awa.page.locator("h1")).to_contain_text("Radiographie du genou")
    await awa.page.context.close()


async def _press_without_a_link(person: Person, button: str) -> None:
    """The page stays and says so; what was pressed goes when the link is back."""
    page, where = person.page, person.page.url
    await person.is_settled()
    await _cut(page)
    await person.button(button).first.click()
    await expect(page.get_by_role("alert")).to_contain_text(KEPT)
    assert page.url == where
    await page.context.set_offline(False)


async def _takes_the_browser(person: Person, house: Clinic, guest: Guest, ids: dict[str, str]) -> None:
    """After whoever was there before."""
    context = person.page.context
    await context.clear_cookies()
    acts: list[tuple[str, dict[str, Any]]] = (
        [("/sign-in", {"login": guest.login, "password": PASSWORD})] if guest.login else []
    )
    acts += [(guest.then.path, guest.then.body(ids))] if guest.then else []
    for path, fields in acts:
        done = await context.request.post(
            house.address + path, form=fields, headers={"Origin": house.address}, max_redirects=0
        )
        assert done.status == 303, await done.text()


class Walk:
    """One page that goes from guest to guest, and to each address that has a form of a kind that nobody has tried yet.

    `tried`: what was wrong, by kind.
    """

    def __init__(self, person: Person) -> None:
        self.page = person.page
        self.tried: dict[str, str] = {}
        self._sent: list[Request] = []
        self.page.on("request", lambda request: self._sent.append(request))

    async def try_all(self, addresses: list[str]) -> None:
        """All the pages of whoever has come, who opens the first: it brings what sends a form without a link."""
        await self.page.goto(addresses[0])
        come = await self.page.evaluate(BUTTONS, addresses)
        for where, buttons in zip(addresses, come, strict=True):
            while untried := self._untried(buttons):
                await self._try_one(where, f"only without scripts: {untried}")

    def _untried(self, buttons: list[dict[str, Any]]) -> dict[str, Any] | None:
        return next((one for one in buttons if _kind(one) not in self.tried and one["address"] not in IN_USE), None)

    async def _try_one(self, where: str, otherwise: str) -> None:
        button = await self._found(where)
        assert button, otherwise
        kind = _kind(button)
        self.tried[kind] = ""
        self._sent.clear()
        try:
            await _cut(self.page)
            await self._press(button, where)
        except AssertionError as fault:
            self.tried[kind] = f"{where}: {str(fault).splitlines()[0]}"
        finally:
            await self.page.context.set_offline(False)

    async def _found(self, where: str) -> dict[str, Any] | None:
        """One that is to be tried in the page at this address, where it is still open, or as soon as it is."""
        if self.page.url == where and (button := await self._in_the_page()):
            return button
        if await self.page.evaluate(PLACE, where) and (button := await self._in_the_page()):
            return button
        await self.page.goto(where)
        return await self._in_the_page()

    async def _in_the_page(self) -> dict[str, Any] | None:
        return self._untried(await self.page.evaluate(BUTTONS))

    async def _press(self, button: dict[str, Any], where: str) -> None:
        page, address = self.page, button["address"]
        pressed = await page.evaluate(PRESS, [button["at"], address])
        assert not pressed["stopped"], f"the browser wants {pressed['stopped']}"
        said = page.locator("form").nth(button["at"]).locator(".unsent, [role=status]:not(.draft)").last
        if button["method"] == "GET":
            said = page.locator("#toasts")
        await expect(said).to_contain_text(re.compile("|".join((KEPT, PRESS_AGAIN, GOES_ON, STAYS))))
        assert await page.evaluate("document.body.dataset.same") == "page" and page.url == where
        await self._has(address, pressed["typed"])
        if KEPT not in await said.inner_text():
            return  # it goes when somebody presses: test_forms_in_use.py
        async with page.expect_event("requestfinished", lambda one: one.method == "POST" and address in one.url):
            await page.context.set_offline(False)
        await expect(page.locator("form[aria-busy]")).to_have_count(0)
        first, *again = self._sent_to(address)  # on a slow machine it may have tried once more before the link was back
        assert again
        answers = [answer.status for answer in [await one.response() for one in (first, *again)] if answer]
        assert answers == [422], answers
        if "multipart" not in (first.headers["content-type"]):
            assert {one.post_data for one in again} == {first.post_data} and "key=" in str(first.post_data)
        await self._has(address, pressed["typed"])

    def _sent_to(self, address: str) -> list[Request]:
        return [one for one in self._sent if one.method == "POST" and address in one.url]

    async def _has(self, address: str, typed: dict[str, str]) -> None:
        stands = await self.page.evaluate(STANDS, [address, list(typed)]) if typed else typed
        assert stands == typed, f"{stands}, not {typed}"


async def _cut(page: Page) -> None:
    """What the page asks for from now on fails; it is told so a little before that is true."""
    await page.context.set_offline(True)
    await page.evaluate(CUT)


def _kind(button: dict[str, Any]) -> str:
    """What is sent where, whichever thing it is about."""
    return f"{button['method']} {re.sub('/[^/]*[0-9][^/]*', '/…', button['address'].partition('?')[0])}"
