"""axe-core on every page, at both widths, in both languages and schemes, with whatever is folded unfolded.

The account's menu, which covers others, is unfolded on the pages of the first address only.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from benchmarks.report import PEERS, progress, table
from benchmarks.seen.browsing import DESK, PHONE, house
from benchmarks.seen.sights import Sight

_PROGRAM = PEERS / "seen/node_modules/axe-core/axe.min.js"
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_UNFOLD = "which => document.querySelectorAll(which).forEach(one => { one.open = true })"
# Two rules that axe leaves out unless they are asked for: contrast for sunlight (AAA), and targets for thumbs.
_RUN = """async () => (await axe.run(document, {
  resultTypes: ['violations'], rules: {'color-contrast-enhanced': {enabled: true}, 'target-size': {enabled: true}},
})).violations"""


@dataclass(frozen=True, slots=True)
class _Found:
    """One rule that a page breaks somewhere. `how`: width, language, scheme."""

    rule: str
    impact: str
    sight: str
    target: str
    how: str


def run(sights: list[Sight], work: Path) -> int:
    """Print what is found, rule by rule; gives 1 if anything is."""
    found: list[_Found] = []
    with house(work) as walked:
        for language in ("fr", "en"):
            walked.speak(language)
            for page, sight in walked.walk(sights):
                here = list(_judge(page, sight, language))
                progress(f"axe: {language}, {sight.name}: {len(here) or 'nothing'}")
                found += here
    print("\n".join(_report(found, len(sights))))
    return 1 if found else 0


def _judge(page: Page, sight: Sight, language: str) -> Iterator[_Found]:
    page.evaluate(_PROGRAM.read_text())
    page.evaluate(_UNFOLD, "details" if sight.path == "/" else "details:not(.me)")
    for size, scheme in product((PHONE, DESK), _SCHEMES):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        for broken in page.evaluate(_RUN):
            yield from _each(broken, sight.name, f"{size['width']} px, {language}, {scheme}")


def _each(broken: dict[str, Any], name: str, how: str) -> Iterator[_Found]:
    for node in broken["nodes"]:
        yield _Found(broken["id"], str(node["impact"]), name, " ".join(map(str, node["target"])), how)


def _report(found: list[_Found], pages: int) -> list[str]:
    lines = [f"axe-core: {pages} pages × 360 and 1280 px × fr, en × light, dark.", ""]
    if not found:
        return [*lines, "Nothing found."]
    ways: defaultdict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for one in found:
        ways[one.rule, one.impact, one.sight, one.target].append(one.how)
    rows = [[*where, str(len(hows)), hows[0]] for where, hows in sorted(ways.items())]
    return lines + table(["rule", "impact", "page", "element", "of 8", "for instance"], rows)
