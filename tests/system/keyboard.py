"""People who use the keyboard alone."""

from playwright.async_api import Page

# What has the focus shows it, and is where it can be seen: nothing that stays on the screen stands over its half.
_SHOWS = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const labels = [...at.labels || []], steps = [1, 2, 3, 4, 5].map(step => step / 6);
  const isSeen = (x, y) => {
    const found = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return found && (at.contains(found) || found.contains(at) || labels.some(label => label.contains(found)));
  };
  const seen = steps.flatMap(x => steps.map(y => isSeen(x, y))).filter(Boolean).length;
  const hasRing = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 1;
  return (hasRing || !at.matches(':focus')) && box.width > 0 && seen > 12; // a date's calendar has its own
}"""


class Keyboard:
    """Presses and counts keys, each held for `delay` milliseconds; nothing else touches the page."""

    def __init__(self, page: Page, delay: int = 0) -> None:
        self._page = page
        self._delay = delay
        self.pressed = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self._page.keyboard.press(key, delay=self._delay)
            self.pressed += 1

    async def until(self, words: str) -> None:
        """Tab as often as it takes to what begins with these words."""
        while await self._page.evaluate("words => !document.activeElement.textContent.trim().startsWith(words)", words):
            await self.press("Tab")

    async def shows_where(self) -> None:
        """What the next key goes to can be seen."""
        assert await self._page.evaluate(_SHOWS), await self._page.evaluate("document.activeElement.outerHTML")
