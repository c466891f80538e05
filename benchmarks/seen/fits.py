"""Whether every page fits the screen, with names of more than forty letters, at text of 100 and of 200 %."""

from pathlib import Path

from benchmarks.report import progress, table
from benchmarks.seen.browsing import DESK, PHONE, house
from benchmarks.seen.screenshots import file_name
from benchmarks.seen.sights import Sight

# What is seen, is not meant to be scrolled, and has something that is cut off or stands out of the screen.
_CUT = """() => {
  for (const one of document.querySelectorAll('details')) one.open = true;
  const name = one => one.tagName.toLowerCase() + (one.id ? '#' + one.id : '') +
    (one.getAttribute('class') ? '.' + one.getAttribute('class').trim().replace(/ +/g, '.') : '');
  const scrolled = one => one && one !== document.body.parentElement &&
    (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolled(one.parentElement));
  const found = [];
  for (const one of document.body.querySelectorAll('*')) {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    if (box.width < 2 || box.height < 2 || style.visibility !== 'visible' || one.matches('svg *')) continue;
    if (style.opacity === '0' || style.clip !== 'auto') continue; // only read aloud
    if (one.matches('.me summary *')) continue; // their own name gives way; it is whole in the menu that it opens
    if (scrolled(one)) continue;
    const text = one.textContent.trim().slice(0, 40), out = Math.round(Math.max(box.right - innerWidth, -box.left));
    if (out > 1) found.push([`stands out by ${out} px`, name(one), text]);
    else if (style.overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1 && text &&
      !one.matches('select, input, textarea')) found.push(['is cut', name(one), text]);
  }
  for (const menu of document.querySelectorAll('.me')) menu.open = false; // of the picture it would cover much
  return found.slice(0, 3);
}"""


def run(sights: list[Sight], work: Path, into: Path) -> int:
    """Print what does not fit; gives 1 if anything. Pictures go `into` a folder."""
    into.mkdir(parents=True, exist_ok=True)
    rows: list[list[str]] = []
    for percent in (100, 200):
        with house(work / f"{percent}", long_names=True, text=percent) as walked:
            for page, sight in walked.walk(sights):
                progress(f"fits: {percent} %, {sight.name}")
                for device, viewport in (("phone", PHONE), ("desktop", DESK)):
                    page.set_viewport_size(viewport)
                    found: list[list[str]] = page.evaluate(_CUT)
                    rows += [[sight.name, f"{viewport['width']} px", f"{percent} %", *one] for one in found]
                    page.screenshot(path=into / f"{file_name(sight)}-{percent}-{device}.png", full_page=True)
    print("\n".join(table(["page", "width", "text", "what", "element", "text of it"], rows) if rows else ["All fits."]))
    return 1 if rows else 0
