"""A push does not move what a finger is about to press; what moves all the same takes no press for a moment."""

import pytest
from fake_stream import FakeStream
from live_page import open_live
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRESSED = "addEventListener('click', ({ target }) => (self.pressed = self.pressed || []).push(target.textContent))"


def _row(name: str, into: str = "", button: str = "") -> str:
    """As pages have it, and of the height of a finger: this server has no sheet."""
    space = f' data-into="{into}"' if into else ""
    return f'<li id="{name}"{space}><button type="button">{button or name}</button><br><br><br></li>'


async def _open(page: Page, server: FakeStream, main: str) -> None:
    server.main = main + "<p><br></p>" * 60  # it can be scrolled
    await open_live(page)
    await page.evaluate(PRESSED)


async def _top(page: Page, name: str) -> float:
    top: float = await page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", name)
    return top


async def _point_at(page: Page, name: str) -> tuple[float, float]:
    box = await page.locator(f"#{name} button").bounding_box()
    assert box
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(*at)
    return at


async def _pressed(page: Page) -> list[str]:
    pressed: list[str] = await page.evaluate("self.pressed || []")
    return pressed


async def test_a_row_that_is_to_be_done_comes_last_and_moves_no_other(page: Page, server: FakeStream) -> None:
    await _open(page, server, f'<ul id="now" data-last>{_row("awa")}{_row("moussa")}</ul>')
    tops = [await _top(page, name) for name in ("awa", "moussa")]
    await server.push(_row("fatou", into="now"))
    await expect(page.locator("#now li")).to_have_text(["awa", "moussa", "fatou"])
    await server.push(_row("awa", into="now", button="awa, validée"))
    await expect(page.locator("#now li")).to_have_text(["awa, validée", "moussa", "fatou"])
    assert [await _top(page, name) for name in ("awa", "moussa")] == tops


@pytest.mark.parametrize(
    "pushed", [_row("fatou", into="flow"), _row("awa", into="flow"), '<li id="awa" data-gone></li>']
)
async def test_what_is_pointed_at_stays_where_it_is(page: Page, server: FakeStream, pushed: str) -> None:
    await _open(page, server, f'<ul id="now">{_row("awa")}</ul><ul id="flow">{_row("moussa")}{_row("ousmane")}</ul>')
    await page.evaluate("scrollTo(0, 120)")
    at = await _point_at(page, "ousmane")
    top = await _top(page, "ousmane")
    await server.push(pushed + '<b id="unread">9</b>')
    await expect(page.locator("#unread")).to_have_text("9")
    assert await _top(page, "ousmane") == pytest.approx(top, abs=1)
    await page.mouse.click(*at)
    assert await _pressed(page) == ["ousmane"]


async def test_what_comes_under_the_finger_takes_no_press_for_a_moment(page: Page, server: FakeStream) -> None:
    await _open(page, server, f'<ul id="now" data-last>{_row("awa")}{_row("moussa")}</ul>')
    at = await _point_at(page, "awa")
    # The press comes in the same moment as the page changes: by mouse.click() there would be a while between.
    press = "at => addEventListener('notification', () => self.hit = document.elementFromPoint(...at).tagName)"
    await page.evaluate(press, at)
    await server.push('<li id="awa" data-gone></li>')
    await expect(page.locator("#awa")).to_have_count(0)
    assert await page.evaluate("self.hit") != "BUTTON"
    await page.get_by_role("button", name="moussa").click()  # waits until it can be pressed
    assert await _pressed(page) == ["moussa"]


async def test_an_act_that_is_called_the_same_in_the_row_that_comes_under_the_finger_takes_none_either(
    page: Page, server: FakeStream
) -> None:
    """All rows of a pharmacy's list have the same buttons, and the same height."""
    rows = "".join(_row(name, button="Valider") for name in ("awa", "moussa", "fatou"))
    await _open(page, server, f'<ul id="now">{rows}</ul>')
    still = "one => one.getAnimations().map(({ effect }) => effect.getKeyframes()[0].pointerEvents)"
    top = await _top(page, "awa")
    await server.push('<li id="awa" data-gone></li>')
    await expect(page.locator("#awa")).to_have_count(0)
    assert await _top(page, "moussa") == top
    assert await page.locator("#moussa button").evaluate(still) == ["none"]


async def test_another_act_in_the_place_of_the_one_that_was_aimed_at_takes_no_press_for_a_moment(
    page: Page, server: FakeStream
) -> None:
    await _open(page, server, f'<ul id="now" data-last>{_row("awa", button="Valider")}</ul>')
    await page.evaluate("""self.still = [];
        const hears = ({ effect }) => effect.getKeyframes()[0].pointerEvents;
        const all = () => document.querySelector('#awa button').getAnimations().map(hears);
        addEventListener('notification', () => still.push(all()))""")
    await server.push(_row("awa", into="now", button="Valider"))
    await server.push(_row("awa", into="now", button="Préparée"))
    await page.get_by_role("button", name="Préparée").click()
    assert await page.evaluate("still") == [[], ["none"]]
    assert await _pressed(page) == ["Préparée"]
