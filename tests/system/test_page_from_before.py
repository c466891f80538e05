"""A page that was open while the program was updated: the scripts that it fetches later are of the new one."""

import re
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import MOUSSA, NDIAYE, Clinic, Programs, open_clinic, sign_in
from playwright.async_api import Browser, Request, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")
BEFORE = "0a1b2c3d"  # the version that the page has


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("before")) as clinic:
        yield clinic


async def _as_before(route: Route) -> None:
    """The page as the version before had it: its scripts are at other addresses."""
    answer = await route.fetch()
    body = re.sub(r"/static/\w+/(?=[a-z]+\.js)", f"/static/{BEFORE}/", await answer.text())
    await route.fulfill(response=answer, body=body)


async def test_each_script_is_there_once_and_does_once_what_it_does(browser: Browser, clinic: Clinic) -> None:
    """Asked for by its new address, all of them came a second time: a form was sent twice, an event counted twice."""
    async with Programs(clinic) as others:
        pharmacist = await sign_in(browser, clinic, NDIAYE)
        page = pharmacist.page
        await page.route("**/", _as_before)
        await page.reload()
        await pharmacist.is_live()
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request))
        issued = await others.issued(MOUSSA)
        row = page.locator(f'li[id="p{issued}"]')
        await row.get_by_role("button").click()
        await expect(row).to_contain_text("Validée")
        unread = int(await page.locator("#unread").text_content() or 0)
        await others.issued(MOUSSA)
        await pharmacist.is_told("Nouvelle ordonnance à valider")
        await expect(page.locator("#unread")).to_have_text(str(unread + 1))
        sent = Counter(request.url.rpartition("/")[2] for request in asked if request.method == "POST")
        assert sent["validation"] == 1, sent
        scripts = [request.url for request in asked if ".js" in request.url]
        assert any("later.js" in address for address in scripts)
        assert {re.findall(r"/static/(\w+)/", address)[0] for address in scripts} == {BEFORE}
        assert not pharmacist.complaints
        await page.context.close()
