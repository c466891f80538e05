"""Takes the pictures in docs/design.md, README.md: PYTHONPATH=.:tests .venv/bin/python tests/system/screenshots.py"""

import asyncio
import tempfile
from pathlib import Path

from clinic import ARGUMENTS, CHROMIUM, DESK, PHONE, open_clinic, sign_in
from forked import ROOT
from playwright.async_api import async_playwright

PEOPLE = {
    "patient": "awa@demo.fadjma",
    "doctor": "dr.diop@demo.fadjma",
    "pharmacist": "pharma.ndiaye@demo.fadjma",
    "admin": "admin@demo.fadjma",
}


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_clinic(Path(folder)) as clinic, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for role, login in PEOPLE.items():
                for device, viewport in (("phone", PHONE), ("desktop", DESK)):
                    person = await sign_in(browser, clinic, login, viewport=viewport)
                    await person.page.screenshot(path=ROOT / "docs" / "screenshots" / f"{role}-{device}.png")
            await browser.close()


if __name__ == "__main__":  # the server is forked from a process that reads this file, too
    asyncio.run(main())
