"""The page that checks a patient's trace, opened from a folder, without any server."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import steps
from cast import AWA
from playwright.async_api import Browser, Page, expect
from store import Store

import fadjma
from fadjma import verifying
from fadjma.access import proof
from fadjma.chain import keys
from fadjma.chain.covering import row_digest
from fadjma.chain.keys import Signer

PAGE = Path(fadjma.__file__).parent / "access" / "verification.html"
SIGNER = Signer(b"k" * 32)
pytestmark = pytest.mark.asyncio(loop_scope="session")
Trace = dict[str, Any]


@pytest.fixture
def trace(store: Store) -> Trace:
    steps.delivered(store)
    steps.write_record(store)
    store.write(keys.require, SIGNER)
    return store.read(proof.export, AWA, AWA.id, kinds=verifying.COVERED, signer=SIGNER, language="fr")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tab(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 360, "height": 740})
    return await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def page(tab: Page) -> Page:
    """Opened anew: nothing is left of the trace before."""
    await tab.goto(PAGE.as_uri())
    return tab


async def _check(page: Page, tmp_path: Path, trace: Trace | str) -> None:
    file = tmp_path / "fadjma-trace.json"
    file.write_text(trace if isinstance(trace, str) else json.dumps(trace), "utf-8")
    await page.set_input_files("#file", file)


async def test_a_whole_trace_is_said_to_be_one(page: Page, tmp_path: Path, trace: Trace) -> None:
    await _check(page, tmp_path, trace)
    verdict = page.locator("#verdict")
    await expect(verdict).to_contain_text("Cette trace est entière et signée")
    await expect(verdict).to_contain_text(keys.grouped(SIGNER.fingerprint))
    await expect(verdict).to_contain_text("Awa Cissé, FJ-7K2MQ-0XW4D")
    await expect(page.locator("#lines li").filter(has_text="a ajouté un élément à votre dossier")).to_contain_text(
        "Ousmane Diop"
    )
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it fits a phone"


async def test_it_speaks_the_language_in_which_the_trace_was_taken(page: Page, tmp_path: Path, trace: Trace) -> None:
    verdict, root = page.locator("#verdict"), page.locator("html")
    await expect(root).to_have_attribute("lang", "fr")
    await _check(page, tmp_path, {**trace, "language": "en"})
    await expect(verdict).to_contain_text("This trace is whole and signed")
    await expect(verdict).to_contain_text("Signed on")
    await expect(page.locator("h1")).to_have_text("Check a FADJMA trace")
    await expect(page.locator("body")).to_contain_text("does not prove that every line of the trace is shown")
    await expect(page).to_have_title("Check a FADJMA trace")
    await expect(root).to_have_attribute("lang", "en")
    await _check(page, tmp_path, {**trace, "language": "en", "links": trace["links"][1:]})
    await expect(verdict).to_contain_text("In the chain, link 1 is missing.")
    await _check(page, tmp_path, trace)
    await expect(verdict).to_contain_text("Cette trace est entière et signée")
    await _check(page, tmp_path, {**trace, "language": "<b>"})  # nobody's language
    await expect(verdict).to_contain_text("Cette trace est entière et signée")


async def test_what_was_changed_is_said_wherever_it_was(page: Page, tmp_path: Path, trace: Trace) -> None:
    async def said(change: Any, words: str) -> None:
        changed = deepcopy(trace)
        change(changed)
        await _check(page, tmp_path, changed)
        await expect(page.locator("#verdict.no")).to_contain_text(words)
        await _check(page, tmp_path, trace)
        await expect(page.locator("#verdict")).to_contain_text("entière et signée")

    def another_outcome(changed: Trace) -> None:
        row = next(row for link in changed["links"] for row in link["rows"] if "text" in row)
        row["text"] = row["text"].replace('"success"', '"refused"')

    def forged(changed: Trace) -> None:
        head = changed["head"]
        head["signature"] = SIGNER.sign("another")

    await said(another_outcome, "Cette trace a été changée")
    await said(lambda changed: changed["links"].pop(1), "le maillon 2 manque")
    await said(lambda changed: changed["links"][0].update(at=1), "n'est pas celui qui a été calculé")
    await said(lambda changed: changed["links"].pop(), "la fin a été coupée")
    await said(forged, "La signature n'est pas bonne")


async def test_a_line_that_is_shown_no_more_is_counted_among_those(page: Page, tmp_path: Path, trace: Trace) -> None:
    """The chain stays whole: the page does not say that every line is there."""
    rows = [row for link in trace["links"] for row in link["rows"]]
    shown = [row for row in rows if "text" in row]
    row = shown[0]
    digest = row_digest(row.pop("salt"), row.pop("text"))
    row["digest"] = digest
    await _check(page, tmp_path, trace)
    counted = f"Lignes montrées : {len(shown) - 1}, non montrées : {len(rows) - len(shown) + 1}."
    await expect(page.locator("#verdict.yes")).to_contain_text(counted)
    await expect(page.locator("body")).to_contain_text("ne prouve pas que toutes les lignes de la trace sont montrées")


async def test_what_is_no_trace_is_said_to_be_none(page: Page, tmp_path: Path) -> None:
    nameless = '{"format": "fadjma-trace/1", "links": []}'
    headless = '{"format": "fadjma-trace/1", "links": [], "patient": {}, "people": {}, "words": {}, "head": {}}'
    for text in ("", "[]", '{"format": "other"}', nameless, headless):
        await page.reload()
        await _check(page, tmp_path, text)
        await expect(page.locator("#verdict.no")).to_contain_text("n'est pas une trace de FADJMA")


async def test_a_browser_without_ed25519_checks_the_chain_and_says_so(page: Page, tmp_path: Path, trace: Trace) -> None:
    await page.evaluate(
        "() => { SubtleCrypto.prototype.importKey = async () => { throw new DOMException('', 'NotSupportedError') } }"
    )
    await _check(page, tmp_path, trace)
    await expect(page.locator("#verdict.part")).to_contain_text("ce navigateur ne sait pas vérifier la signature")


async def test_without_a_signature_the_chain_alone_is_checked(page: Page, tmp_path: Path, trace: Trace) -> None:
    await _check(page, tmp_path, {**trace, "head": None})
    await expect(page.locator("#verdict.part")).to_contain_text("elle n'est pas signée")
