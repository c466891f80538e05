"""What has the focus is seen: it has its ring, whatever it is, and stands under nothing that stays on the screen."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from clinic import AWA, DIOP, PHONE, Clinic, Programs, open_clinic, sign_in
from drawn import drawing
from keyboard import Keyboard
from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL = {"width": 320, "height": 256}  # a desk of 1280 × 1024 at 400 %


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Programs]:
    """In a clinic where Awa's file is open to Dr Diop."""
    async with open_clinic(tmp_path_factory.mktemp("reached")) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        yield others


@pytest.fixture(scope="module")
def clinic(others: Programs) -> Clinic:
    return others.clinic


@pytest.mark.parametrize("size", [PHONE, SMALL], ids=["phone", "400 %"])
async def test_every_stop_of_a_file_is_seen_forwards_and_backwards(
    browser: Browser, clinic: Clinic, others: Programs, size: dict[str, int]
) -> None:
    """Where whom it is about takes a third of the screen."""
    file = f"/patients/{await others.id_of(AWA)}/records"
    diop = await sign_in(browser, clinic, DIOP, viewport=size)
    keys = Keyboard(diop.page)
    for view in ("", "?view=history"):
        await diop.go(file + view)
        await diop.page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        await diop.page.locator("#main").focus()
        stops = 0
        for key in ("Tab", "Shift+Tab"):
            while True:
                await keys.press(key)
                if not await diop.page.evaluate("document.activeElement.matches('main *')"):
                    break
                await keys.shows_where()
                stops += 1
        assert stops > 20
    await diop.page.context.close()


async def test_choices_that_are_unfolded_make_no_page_wider(browser: Browser, clinic: Clinic, others: Programs) -> None:
    """Where somebody answers a doctor."""
    patient = await others.newcomer()
    await others.ask(DIOP, "POST", "/access-requests", patient_id=await others.id_of(patient), reason="Suivi du foie")
    async with drawing(browser, clinic) as drawn:
        await drawn.come(patient, ["/"])
        choices = "() => [document.querySelectorAll('.picks input').length > 3, document.documentElement.scrollWidth]"
        assert await drawn.measure(choices, size=SMALL) == [[True, SMALL["width"]]]
