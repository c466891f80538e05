"""Files as people send them, good and bad; made when a test asks, none is kept in the repository."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from pypdf import PdfWriter

DAKAR = b"14.69"  # degrees north, of which nothing may stay


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **how: Any) -> bytes:
    """The left half dark, the right half white, so that one sees how it was turned."""
    drawn = Image.new(mode, size, "white" if mode != "1" else 1)
    drawn.paste(Image.new(mode, (size[0] // 2, size[1])), (0, 0))
    sent = BytesIO()
    drawn.save(sent, kind, **how)
    return sent.getvalue()


def bomb(side: int = 40_000) -> bytes:
    """A black PNG of that many points each way, in few bytes: Pillow takes ten seconds to make one."""
    packer = zlib.compressobj(1)
    row = bytes(1 + side // 8)
    packed = b"".join(packer.compress(row * 1_000) for _ in range(side // 1_000)) + packer.flush()
    chunks = {b"IHDR": struct.pack(">2I5B", side, side, 1, 0, 0, 0, 0), b"IDAT": packed, b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )


def pdf_bomb(size: int = 100 * 1024**2) -> bytes:
    """A PDF in whose stream of objects so many bytes are packed, all alike."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1024**2)) for _ in range(size // 1024**2)) + packer.flush()
    stream = b"<< %s /Length %d >>\nstream\n%s\nendstream"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>",
        stream % (b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", len(packed), packed),
    ]
    made, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    rows = [(0, 0)] + [(1, place) for place in places] + [(2, 4), (1, len(made))]  # 5 is in 4; 6 is this table itself
    table = b"".join(struct.pack(">BIH", kind, place, 0) for kind, place in rows)
    said = stream % (b"/Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R", len(table), table)
    return made + b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (said, len(made))


def photograph() -> bytes:
    """From a phone that was held upright, with where and by what it was made, and a film behind it."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F] = "Tecno"
    exif.get_ifd(0x8825).update({1: "N", 2: (14.0, 41.0, 24.0)})
    exif[0x010E] = DAKAR.decode()
    return picture(exif=exif, comment=b"Awa") + b"a film"


def pdf(pages: int = 1, **more: Any) -> bytes:
    """`letters`: how many more it has; `script`, `attached`, `password`: what makes it unfit."""
    writer, sent = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if "letters" in more:
        writer.add_metadata({"/Title": "x" * more["letters"]})
    if "attached" in more:
        writer.add_attachment("x.exe", b"MZ")
    if "password" in more:
        writer.encrypt(more["password"], "of its owner", algorithm="AES-256")
    writer.write(sent)
    whole = sent.getvalue()
    if script := more.get("script"):
        return whole.replace(
            b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S /JavaScript /JS (" + script + b") >>"
        )
    return whole
