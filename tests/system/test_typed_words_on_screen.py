"""What people have typed, as a browser draws it: from right to left, in long words, in several lines."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from clinic import ADMIN, AWA, DESK, DIOP, NDIAYE, PHONE, Clinic, Programs, open_clinic
from drawn import drawing
from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="session")

RIGHT_TO_LEFT, LATIN = ("محمد", "לוי"), ("Awa", "Cissé")  # Arabic beside Hebrew: what holds for both holds for each
# For each name on the page, what stands after it and before it in its line: how many were looked at, and which are on
# the wrong side.
MISPLACED = """() => {
  const lines = 'a,small,span,p,h1,td,th,label'; // what is beside it elsewhere may have a place of its own
  const at = (node, place) => {
    const range = document.createRange();
    range.setStart(node, place);
    range.setEnd(node, place + 1);
    return range.getBoundingClientRect();
  };
  let seen = 0;
  const wrong = [];
  for (const name of document.querySelectorAll('bdi')) {
    const block = name.closest(lines), boxes = [...name.getClientRects()];
    if (!boxes.length || !block) continue;
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    for (let node; node = walker.nextNode();) {
      if (name.contains(node) || !node.data.trim()) continue;
      const after = name.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING;
      const box = after ? at(node, node.data.search(/\\S/)) : at(node, node.data.trimEnd().length - 1);
      const beside = after ? boxes[boxes.length - 1] : boxes[0];
      if (!box.width || box.bottom <= beside.top + 3 || box.top >= beside.bottom - 3) continue;
      seen++;
      const right = after ? box.left >= beside.right - 1 : box.right <= beside.left + 1;
      if (!right) wrong.push(name.textContent + '|' + node.data);
    }
  }
  return { seen, wrong };
}"""
OVERFLOWING = """() => {
  const { scrollWidth, clientWidth } = document.scrollingElement;
  const wide = [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > clientWidth + 1);
  return scrollWidth > clientWidth ? wide.map(e => e.outerHTML.slice(0, 80)).slice(0, 5) : [];
}"""
# Of each of these parts: what white space does where it has the text of three lines, and how many are seen of it.
LINES = """parts => parts.map(part => [...document.querySelectorAll(part)]
  .filter(one => one.textContent.includes('Trois'))
  .map(one => {
    const range = document.createRange();
    range.selectNodeContents(one);
    const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
    return [getComputedStyle(one).whiteSpace, lines.size];
  })
)"""

TABLET, SMALLEST = {"width": 704, "height": 900}, {"width": 320, "height": 640}


class Story:
    """A file that is open to Dr Diop and that everybody has written in, and the pages that show it."""

    def __init__(self, clinic: Clinic, others: Programs) -> None:
        self.clinic = clinic
        self.others = others
        self.pages: dict[str, list[str]] = {}

    def rename(self, given_name: str, family_name: str, *, everybody: bool = False) -> None:
        """Awa, or everybody; there is no page for it."""
        whom = "1 = 1" if everybody else f"email = '{AWA}'"
        with closing(sqlite3.connect(self.clinic.database, timeout=60)) as database, database:
            database.execute(
                f"UPDATE users SET given_name = ?, family_name = ? WHERE {whom}", (given_name, family_name)
            )

    async def write(self, *, line: str, word: str) -> None:
        """A record and its correction, two prescriptions, a lot: texts are `line`, short ones `word`."""
        ask = self.others.ask
        patient = await self.others.id_of(AWA)
        identifier = (await ask(AWA, "GET", "/me"))["identifier"]
        await self.others.grant(AWA)
        request = (await ask(DIOP, "GET", "/access-requests"))["items"][0]["id"]
        file = f"/patients/{patient}/records"
        record = (await ask(DIOP, "POST", file, type="consultation", title=word, body=line))["id"]
        await ask(DIOP, "POST", file, type="allergy", title=word, body=line)
        amended: dict[str, Any] = {"version": 1, "title": word, "body": line, "reason": line}
        await ask(DIOP, "POST", f"/records/{record}/versions", **amended)
        medicine = (await ask(DIOP, "GET", "/medicines?q=parac%C3%A9tamol%20500"))["items"][0]["id"]
        prescribed = {"medicine_id": medicine, "dosage": line[:300], "quantity": 5, "duration_days": 5}
        lines = [{**prescribed, "substitution_reason": word}]
        held, refused = [
            (await ask(DIOP, "POST", f"/patients/{patient}/prescriptions", lines=lines))["id"] for _ in range(2)
        ]
        await ask(AWA, "POST", f"/prescriptions/{held}/delivery-request", address=line[:300], phone="77 123 45 67")
        for prescription in (held, refused):
            await ask(NDIAYE, "POST", f"/prescriptions/{prescription}/validation")
        await ask(NDIAYE, "POST", f"/prescriptions/{held}/hold", reason=line)
        await ask(NDIAYE, "POST", f"/prescriptions/{refused}/refusal", code="dose", text=line)
        expires_on = (datetime.now(UTC) + timedelta(days=500)).date().isoformat()
        got = {"medicine_id": medicine, "number": word[:40], "quantity": 30, "expires_on": expires_on}
        lot = (await ask(NDIAYE, "POST", "/inventory/lots", **got))["id"]
        await ask(NDIAYE, "POST", f"/inventory/lots/{lot}/adjustments", on_hand=29, version=1, reason=line[:300])
        both = [f"/prescriptions/{held}", f"/prescriptions/{refused}"]
        self.pages = {
            AWA: ["/", "/people", "/access-requests", f"/access-requests/{request}", file, f"/records/{record}", *both],
            DIOP: ["/", "/patients", f"/patients?q={identifier}", f"/access-requests/{request}", "/access-requests"],
            NDIAYE: ["/", "/prescriptions", *both, "/inventory", f"/inventory/lots/{lot}"],
            ADMIN: ["/", "/accounts"],
        }
        new = f"/patients/{patient}/prescriptions/new"
        self.pages[DIOP] += [file, f"{file}/new", new, f"{new}?replaces={refused}", f"/records/{record}", *both]
        self.pages[DIOP] += [f"/prescriptions/{refused}/paper", f"/access-requests/new?patient={patient}"]
        self.record, self.refused, self.request = f"/records/{record}", both[1], f"/access-requests/{request}"
        self.held = both[0]


@pytest_asyncio.fixture(loop_scope="session")
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        yield Story(clinic, others)


@pytest.mark.parametrize("name", [RIGHT_TO_LEFT, LATIN], ids=["arabic and hebrew", "latin"])
async def test_what_stands_beside_a_name_is_drawn_on_its_side(
    browser: Browser, story: Story, name: tuple[str, str]
) -> None:
    await story.write(line=name[0], word=name[1])
    story.rename(*name, everybody=name != LATIN)
    async with drawing(browser, story.clinic) as drawn:
        for login, pages in story.pages.items():
            await drawn.come(login, pages)
            found = await drawn.measure(MISPLACED, size=DESK)
            assert not [(where, one["wrong"]) for where, one in zip(pages, found, strict=True) if one["wrong"]], login
            assert sum(one["seen"] for one in found) > 5, login


async def test_long_words_wrap(browser: Browser, story: Story) -> None:
    """A name of 34 letters twice, an address that was pasted, a lot's number, a posology without a space."""
    await story.write(line="https://exemple.sn/" + "W" * 280, word="Wolofndiayecisséguèyembengue" * 5)
    story.rename("Ndèyefatoubintoumarièmeaïssatoukhady", "W" * 34, everybody=True)
    async with drawing(browser, story.clinic) as drawn:
        for login, pages in story.pages.items():
            await drawn.come(login, pages)
            for size in (DESK, TABLET, PHONE, SMALLEST):
                found = zip(pages, await drawn.measure(OVERFLOWING, size=size), strict=True)
                assert not [(where, wide) for where, wide in found if wide], (login, size)


async def test_line_breaks_are_shown_as_they_were_typed(browser: Browser, story: Story) -> None:
    await story.write(line="Un\nDeux\nTrois", word="Tension")
    async with drawing(browser, story.clinic) as drawn:
        for where, parts in (
            (story.record, ("p.text", "div.text", "q")),
            (story.refused, ("#item > p > q", ".acts q", "td bdi")),
            (story.held, (".note bdi", "#item > p > q")),
        ):
            await drawn.come(AWA, [where])
            [found] = await drawn.measure(LINES, [*parts], size=PHONE)
            for part, shown in zip(parts, found, strict=True):
                assert shown and all(one == ["pre-line", 3] for one in shown), (where, part, shown)
