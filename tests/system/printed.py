"""What Chromium has printed: its pages, each with its size and its text. Of its own PDFs, which are simply written."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_POINTS = 72 / 25.4  # in a millimetre


@dataclass(frozen=True)
class Printed:
    """One page; millimetres."""

    width: int
    height: int
    text: str


def pages(pdf: bytes) -> list[Printed]:
    """The pages of a PDF in their order; what is written across comes after the rest of its page."""
    objects = {int(found[1]): found[2] for found in re.finditer(rb"^(\d+) 0 obj\n(.*?)\nendobj", pdf, re.M | re.S)}
    [tree] = [body for body in objects.values() if b"/Type /Pages" in body and b"/Parent" not in body]
    return [_page(objects, page) for page in _leaves(objects, tree)]


def _leaves(objects: dict[int, bytes], node: bytes) -> Iterator[bytes]:
    """The pages below a node of their tree, which has some levels where there are many."""
    if b"/Type /Pages" not in node:
        yield node
        return
    for number in re.findall(rb"(\d+) 0 R", node.partition(b"/Kids [")[2].partition(b"]")[0]):
        yield from _leaves(objects, objects[int(number)])


def _page(objects: dict[int, bytes], page: bytes) -> Printed:
    width, height = (
        round(float(side) / _POINTS) for side in re.findall(rb"[\d.]+", _after(page, rb"/MediaBox \["))[2:]
    )
    fonts = {name: _letters(objects, int(number)) for name, number in _named(_after(page, rb"/Font <<"))}
    drawn = [int(number) for _, number in _named(_after(page, rb"/XObject <<"))]
    contents = re.search(rb"/Contents (\d+)", page)
    assert contents
    for number in drawn:
        fonts |= {name: _letters(objects, int(font)) for name, font in _named(_after(objects[number], rb"/Font <<"))}
    return Printed(width, height, "\n".join(_text(objects, one, fonts) for one in [int(contents[1]), *drawn]))


def _after(body: bytes, head: bytes) -> bytes:
    found = re.search(head + rb"(.*?)(?:>>|\])", body, re.S)
    return found[1] if found else b""


def _named(body: bytes) -> list[tuple[bytes, bytes]]:
    return re.findall(rb"/(\w+) (\d+) 0 R", body)


def _letters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    """What each of its glyphs means."""
    found = re.search(rb"/ToUnicode (\d+)", objects[font])
    assert found
    table = _stream(objects[int(found[1])])
    means = {int(glyph, 16): _character(means) for glyph, means in re.findall(rb"^<(\w+)> <(\w+)>$", table, re.M)}
    for first, last, means_first in re.findall(rb"^<(\w+)> <(\w+)> <(\w+)>$", table, re.M):
        start = int(first, 16)
        for glyph in range(start, int(last, 16) + 1):
            means[glyph] = chr(int(means_first, 16) + glyph - start)
    return means


def _character(code: bytes) -> str:
    return bytes.fromhex(code.decode()).decode("utf-16-be")


def _text(objects: dict[int, bytes], number: int, fonts: dict[bytes, dict[int, str]]) -> str:
    """What a page's drawing writes; a line for each beginning further down."""
    text, letters, line = "", {}, b""
    for font, place, glyphs in re.findall(rb"/(\w+) [\d.]+ Tf|(-?[\d.]+) Tm|<(\w+)> Tj", _stream(objects[number])):
        if font:
            letters = fonts[font]
        elif place:
            text += "" if place == line else "\n"
            line = place
        else:
            text += "".join(letters[int(glyphs[i : i + 4], 16)] for i in range(0, len(glyphs), 4))
    return text.replace("\u00a0", " ").replace("\u2011", "-")


def _stream(body: bytes) -> bytes:
    return zlib.decompress(body.partition(b"stream\n")[2].rpartition(b"\nendstream")[0])
