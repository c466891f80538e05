"""Every text of ours can be read on every ground that it stands on, in both schemes: computed from static/app.css."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHEET = (ROOT / "static" / "app.css").read_text(encoding="utf-8")
COLOURED = re.compile(r"""=["']?(?:#(?:[0-9a-f]{3}){1,2}\b|rgba?\()""")  # an attribute
TEXTS = [
    *(("ink", ground) for ground in ("bg", "card", "tint", "sand", "pink")),
    *(("dim", ground) for ground in ("bg", "card")),
    *(("deep", ground) for ground in ("bg", "card", "tint")),
    *(("red", ground) for ground in ("bg", "card", "pink")),
    ("amber", "sand"),
    ("on", "deep"),
]
SHAPES = [(shape, ground) for shape in ("leaf", "edge") for ground in ("bg", "card")]


def tokens(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)[:2]
    found = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})\b", light))
    return {**found, **dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})\b", dark))} if scheme == "dark" else found


# What names a colour beside the tokens, the same in both schemes; docs/design.md says what each is for.
FIXED = {
    ":focus",
    ".new",
    ".qr svg",
    ".sos",
    "#toasts > *",
    ".toast",
    ".toast::after",
    "#toasts button",
    "#whose.other",
}
FIXED |= {".door img", "html, body", ".card, table"}  # under a drawing; on paper


def test_nothing_else_names_a_colour() -> None:
    sheets = [path.read_text(encoding="utf-8") for path in (ROOT / "static").glob("*.css")]
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", "".join(sheets), flags=re.DOTALL))
    named = {where.strip() for where, says in rules if re.search(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsl", says)}
    assert named == FIXED | {":root"}
    named = {path.name for path in (ROOT / "templates").rglob("*.html") if COLOURED.search(path.read_text("utf-8"))}
    assert named == {"layout.html"}  # theme-color


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(scheme: str) -> None:
    colours = tokens(scheme)
    found = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in TEXTS}
    assert not {pair: value for pair, value in found.items() if value < 7}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_shape_can_be_seen(scheme: str) -> None:
    colours = tokens(scheme)
    found = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in SHAPES}
    assert not {pair: value for pair, value in found.items() if value < 3}


def test_what_is_measured_is_measured_right() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
