"""Every kind of form of every page of every role, with the network cut: the page stays, with what was typed, and says
so; what may go by itself goes when the link is back, once and as it was (docs/decisions/24).
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import httpx
import pytest
import pytest_asyncio
from clinic import ADMIN, AWA, DIOP, NDIAYE, PASSWORD, PHONE, Clinic, Person, Programs, come, open_clinic, sign_in
from demo_database import demo_database
from live_page import PATIENCE, UNTIL
from live_server import SECRET_KEY
from PIL import Image
from playwright.async_api import Browser, Error, Page, Request, Response, Route, expect

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
# The part of the page at this address is put where that of the page that is open is, as an answer is put (answered.js),
# if it is not there yet: that is the same as to open it where both are the same person's and bring the same scripts.
# Returns the buttons of that page that send or ask something, by the place of their form; none if it has to be opened.
PLACE = """async where => {
  const get = () => fetch(where).then(answer => answer.text(), get); // the link may be back a little later than is said
  const brings = one => [one.body.dataset.user, ...[...one.scripts].map(script => script.getAttribute('src')).sort()];
  if (location.href != where) {
    const page = new DOMParser().parseFromString(await get(), 'text/html');
    const [part, old] = [page, document].map(one => one.getElementById('main'));
    const own = page.querySelector('#paper'); // for it page.js asks for papers.js, once
    if (!part || !old || own || brings(page).join() != brings(document).join()) return [];
    history.replaceState(null, '', where);
    (await import(document.querySelector('script[type=module]').src)).swap(old, part);
  }
  return [...document.forms].flatMap((form, at) => {
    const pressed = [...form.elements].filter(({ type }) => type == 'submit');
    const own = form.getAttribute('action'), where = pressed.map(one => one.getAttribute('formaction') || own);
    const all = new Set(pressed.length ? where : [own]), method = form.method.toUpperCase();
    return [...all].filter(Boolean).map(address => ({ at, address, method }));
  });
}"""
# `cut`: what the page asks for fails from now on; it is told so a little before that is true. `stands`: what is in the
# fields of these names of the form with this address.
TOOLS = (
    UNTIL
    + """
const cut = async () => {
  while (await fetch('/health').then(() => true, () => false)) await new Promise(done => setTimeout(done, 10));
};
const stands = (address, names) => {
  const leads = one => [one.getAttribute('action'), one.getAttribute('formaction')].includes(address);
  const form = [...document.forms].find(form => [form, ...form.elements].some(leads));
  return form && Object.fromEntries(names.map(name => [name, (form.elements[name] || {}).value]));
};
"""
)
# Without a link, fills in a form as somebody would, and so that nothing is done with it: it has a field that nobody
# knows, too. Presses its button, until the page says one of these words. Returns what was typed by the name of its
# field, the fields that the browser itself would not let go, and what there is then.
PRESS = """async ([at, address, words]) => {
  await cut();
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
  const stopped = form.noValidate ? [] : fields.filter(one => !one.checkValidity()).map(({ name }) => name);
  const says = () => {
    const by_it = document.forms[at]?.querySelectorAll('.unsent, [role=status]:not(.draft *)') || [];
    return (form.method == 'get' ? document.querySelector('#toasts') : [...by_it].pop())?.textContent || '';
  };
  if (!stopped.length) await until(() => words.some(one => says().includes(one)));
  const { same } = document.body.dataset;
  return { typed, stopped, said: says(), same, where: location.href, stands: stands(address, Object.keys(typed)) };
}"""
# When no form is on its way any more.
STANDS = """async ([address, names]) => {
  await until(() => !document.querySelector('form[aria-busy]'));
  return stands(address, names);
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


class Forms(HTMLParser):
    """Those of a page: `kinds` of what their buttons send or ask, as PLACE finds them in a page that is open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.kinds: list[str] = []
        self._form: dict[str, str | None] = {}
        self._pressed: list[str] = []  # where the buttons of this form lead
        for form in re.findall("<form.*?</form>", html, re.DOTALL):  # most of a page is none
            self.feed(form)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self._form, self._pressed = has, []
        elif (tag, has.get("type")) in (("button", None), ("button", "submit"), ("input", "submit")):
            self._pressed.append(has.get("formaction") or self._form.get("action") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            method = (self._form.get("method") or "get").upper()
            leads = self._pressed or [self._form.get("action") or ""]
            self.kinds += [_kind(method, address) for address in leads if address]


class Walk:
    """One page that goes from guest to guest, and to each address that has a form of a kind that nobody has tried yet.

    `tried`: what was wrong, by kind.
    """

    def __init__(self, person: Person) -> None:
        self.page = person.page
        self.tried: dict[str, str] = {}
        self._sent: list[Request] = []
        self._answers: list[Response] = []
        self._came = asyncio.Event()  # another answer, to its end
        self.page.on("request", lambda request: self._sent.append(request))
        self.page.on("response", lambda answer: self._answers.append(answer))
        self.page.on("requestfinished", lambda _: self._came.set())

    async def try_all(self, addresses: list[str]) -> None:
        """All the pages of whoever has come, who opens the first: it brings what sends a form without a link."""
        await self.page.goto(addresses[0])
        pages = await self._fetched(addresses)
        for where, kinds in zip(addresses, map(_kinds, pages), strict=True):
            while untried := [kind for kind in kinds if kind not in self.tried]:
                await self._try_one(where, f"only without scripts: {untried}")

    async def _fetched(self, addresses: list[str]) -> list[str]:
        """As this person has them; nobody looks at them yet."""
        cookies = {one["name"]: one["value"] for one in await self.page.context.cookies()}
        async with httpx.AsyncClient(cookies=cookies, trust_env=False, follow_redirects=True) as http:
            return [(await http.get(where)).text for where in addresses]

    async def _try_one(self, where: str, otherwise: str) -> None:
        button = await self._found(where)
        assert button, otherwise
        kind = _kind(button["method"], button["address"])
        self.tried[kind] = ""
        self._sent.clear()
        self._answers.clear()
        try:
            if typed := await self._is_kept(button, where):
                await self._goes(button["address"], *typed)
        except (AssertionError, TimeoutError, Error) as fault:
            self.tried[kind] = f"{where}: {str(fault).splitlines()[0] if str(fault) else 'it did not happen'}"

    async def _found(self, where: str) -> dict[str, Any] | None:
        """One that is to be tried in the page at this address, where it is still open, or as soon as it is."""
        if button := self._untried(await self.page.evaluate(PLACE, where)):
            return button
        await self.page.goto(where)
        return self._untried(await self.page.evaluate(PLACE, self.page.url))

    def _untried(self, buttons: list[dict[str, Any]]) -> dict[str, Any] | None:
        return next(
            (
                one
                for one in buttons
                if _kind(one["method"], one["address"]) not in self.tried and one["address"] not in IN_USE
            ),
            None,
        )

    async def _is_kept(self, button: dict[str, Any], where: str) -> list[dict[str, str]]:
        """Without a link. Returns what was typed, if that is to go by itself; else when somebody presses, which
        test_forms_in_use.py does."""
        address, words = button["address"], (KEPT, PRESS_AGAIN, GOES_ON, STAYS)
        await self.page.context.set_offline(True)
        try:
            pressed = await self._does(PRESS, button["at"], address, words)
        finally:
            await self.page.context.set_offline(False)
        assert not pressed["stopped"], f"the browser wants {pressed['stopped']}"
        assert pressed["same"] == "page" and pressed["where"] == where
        _same(pressed["stands"], pressed["typed"])
        return [pressed["typed"]] if KEPT in pressed["said"] else []

    async def _goes(self, address: str, typed: dict[str, str]) -> None:
        """With the link that is back, once and as it was."""
        async with asyncio.timeout(PATIENCE):
            while not (answers := [one.status for one in self._answers if _is_to(address, one.request)]):
                self._came.clear()
                await self._came.wait()
        _same(await self._does(STANDS, address, list(typed)), typed)
        first, *again = sent = [one for one in self._sent if _is_to(address, one)]
        assert again  # on a slow machine it may have tried once more before the link was back
        assert answers == [422], answers
        if "multipart" not in first.headers["content-type"]:
            assert len({one.post_data for one in sent}) == 1 and "key=" in str(first.post_data)

    async def _does(self, script: str, *given: Any) -> Any:
        return await asyncio.wait_for(self.page.evaluate(TOOLS + script, given), PATIENCE)


def _is_to(address: str, request: Request) -> bool:
    return request.method == "POST" and address in request.url


async def _cut(page: Page) -> None:
    await page.context.set_offline(True)
    await page.evaluate(TOOLS + "cut")


def _same(stands: dict[str, str] | None, typed: dict[str, str]) -> None:
    """Where nothing can be typed, the form may have gone."""
    assert not typed or stands == typed, f"{stands}, not {typed}"


def _kinds(html: str) -> list[str]:
    return [kind for kind in Forms(html).kinds if kind not in map(partial(_kind, "POST"), IN_USE)]


def _kind(method: str, address: str) -> str:
    """What is sent where, whichever thing it is about."""
    return f"{method} {re.sub('/[^/]*[0-9][^/]*', '/…', address.partition('?')[0])}"
