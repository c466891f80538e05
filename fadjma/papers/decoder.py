"""`python decoder.py`: a file on stdin; on stdout a line of JSON, what is to be kept of it, and its thumbnail.

A process of its own, and nothing of ours in it: a small file can unfold into gigabytes, and whoever made it may know a
hole of the library that reads it. Then it is this process that ends, not the clinic's.

A picture is drawn anew from its points, so that nothing else of the file survives: no place, no device, no comment, no
second file behind it. A PDF is kept as it came, because a laboratory may have signed it: it is read through, and
refused where it holds anything that runs or carries another file.
"""

import json
import os
import sys
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

if sys.platform != "win32":
    import resource

MOST_POINTS = 52_000_000  # phones with 50 megapixels send 8,160 x 6,120
LONGEST = 4_000  # points of the long side that are kept: A4 at 340 dots per inch
THUMBNAIL = 400  # points of its long side
MOST_PAGES = 500
_QUALITY = 90
_MEMORY = 768 * 1024**2  # bytes
_SECONDS = 20
_TAIL = 2_048  # bytes at the end of a PDF, in which it says where its table is
_MOST_OBJECTS = 200_000
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"%PDF-": "application/pdf"}
# What makes a viewer do something, or hides a file in it; a link to a page or an address is none of these.
_RUNNING = {"/JS", "/XFA", "/EmbeddedFiles", "/EF", "/RichMediaContent"}
_ACTIONS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition", "/RichMediaExecute"}


class Unfit(Exception):
    """It is not kept; the first argument is the code that says why, the others are its numbers."""


def main() -> None:
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file at all
        os.nice(5)  # those who only read and write go first
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


def answer(sent: bytes) -> bytes:
    """What is said of a file: a line of JSON, then what is to be kept of it and its thumbnail, if it is fit."""
    try:
        said, kept, thumbnail = look(sent)
    except Unfit as unfit:
        said, kept, thumbnail = {"unfit": unfit.args[0], "numbers": unfit.args[1:]}, b"", b""
    return json.dumps({**said, "kept": len(kept)}).encode() + b"\n" + kept + thumbnail


def look(sent: bytes) -> tuple[dict[str, object], bytes, bytes]:
    """What it is, what is to be kept of it, and a small picture of it (of a PDF none). Raises Unfit.

    By how it begins: what it is called, and what whoever sends it says of it, is nobody's word.
    """
    kind = next((kind for magic, kind in _KINDS.items() if sent.startswith(magic)), "")
    if kind == "application/pdf":
        return {"kind": kind, "pages": _pages(sent)}, sent, b""
    if not kind:
        raise Unfit("kind")
    picture = _upright(sent)
    width, height = picture.size
    return {"kind": kind, "width": width, "height": height}, _drawn(picture, kind), _small(picture)


def _upright(sent: bytes) -> Image.Image:
    """The points of a picture, as its camera was held, and nothing else of it. Raises Unfit."""
    Image.MAX_IMAGE_PIXELS = None  # it is looked at here, before a point is read
    try:
        with Image.open(BytesIO(sent), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > MOST_POINTS:
                raise Unfit("points", opened.width, opened.height)
            opened.draft("RGB", (LONGEST, LONGEST))
            turned = ImageOps.exif_transpose(opened)
            turned.thumbnail((LONGEST, LONGEST))
            return _plain(turned)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unfit("damaged") from error


def _plain(picture: Image.Image) -> Image.Image:
    """Grey or colours, on white where it let something through."""
    if picture.mode.startswith("I"):  # greys of 16 bits, as of a radiograph: what is brighter than 255 would be white
        picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
        picture.info.clear()
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    plain = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    plain.info.clear()
    return plain


def _drawn(picture: Image.Image, kind: str) -> bytes:
    drawn = BytesIO()
    if kind == "image/png":
        picture.save(drawn, "PNG")
    else:
        picture.save(drawn, "JPEG", quality=_QUALITY)
    return drawn.getvalue()


def _small(picture: Image.Image) -> bytes:
    small, drawn = picture.copy(), BytesIO()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(drawn, "JPEG", quality=70)
    return drawn.getvalue()


def _pages(sent: bytes) -> int:
    """How many pages it has. Raises Unfit for one that is cut, closed, or does more than show them."""
    if b"startxref" not in sent[-_TAIL:]:
        raise Unfit("damaged")
    try:
        reader = PdfReader(BytesIO(sent))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unfit("closed")
        pages = len(reader.pages)
        for one in _everything(reader):
            if _runs(one):
                raise Unfit("runs")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise Unfit("damaged") from error
    if not 0 < pages <= MOST_PAGES:
        raise Unfit("pages", pages)
    return pages


def _everything(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary that its tables name, whether or not a page leads to it, and those inside."""
    numbers = {(number, generation) for generation, known in reader.xref.items() for number in known}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > _MOST_OBJECTS:
        raise Unfit("damaged")
    waiting: list[object] = [reader.trailer]
    waiting += [reader.get_object(IndirectObject(number, generation, reader)) for number, generation in sorted(numbers)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, DictionaryObject):
            yield one
            waiting += one.values()
        elif isinstance(one, ArrayObject):
            waiting += one


def _runs(one: DictionaryObject) -> bool:
    if _RUNNING & {str(name) for name in one}:
        return True
    action = one.raw_get("/S").get_object() if "/S" in one else None  # it may stand in an object of its own
    return isinstance(action, NameObject) and str(action) in _ACTIONS


if __name__ == "__main__":
    main()
