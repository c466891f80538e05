"""Each script, as it is served, is one that a browser can read: the ends of lines and statements that are left out
(web/assets.py) are those that nothing needs.
"""

import re

import pytest
from playwright.async_api import Browser

from fadjma import i18n
from fadjma.web import assets

pytestmark = pytest.mark.asyncio(loop_scope="session")
_SOURCES = {path.name: path.read_bytes() for path in sorted(assets._STATIC.glob("*.js"))}
# What stands at the top of a module alone; all else may stand in a function, which nobody calls.
_OF_MODULES = re.compile(r"import\{[^}]*\}from ?'[^']*';|\bexport (?=const|let|function|async)|export\{\};")
_READ = """text => { try { Function('async function* all() {' + text + '\\n}'); return '' }
  catch (error) { return String(error) } }"""


async def test_every_script_is_read(browser: Browser) -> None:
    page = await (await browser.new_context()).new_page()
    wrong: dict[str, str] = {}
    for language in i18n.LANGUAGES:
        for name, script in assets._scripts(_SOURCES, language).items():
            said = await page.evaluate(_READ, _OF_MODULES.sub("", script.body.decode()))
            wrong |= {f"{name} ({language})": said} if said else {}
    assert wrong == {}
    assert await page.evaluate(_READ, "const g=()=>{a}g()"), "what is none is found"
