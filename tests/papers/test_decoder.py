"""What is kept of a file, and what is refused of it, in the process that looks at it."""

import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
import sent_files
from PIL import Image

from fadjma.papers import decoder, intake
from fadjma.refusals import Invalid


def _shown(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def test_a_photograph_stands_upright_and_says_nothing_of_where_it_was_made() -> None:
    sent = sent_files.photograph()
    said, kept, thumbnail = decoder.look(sent)
    assert sent_files.DAKAR in sent and b"Tecno" in sent
    for content in (kept, thumbnail):
        assert not any(word in content for word in (sent_files.DAKAR, b"Tecno", b"Exif", b"Awa", b"film"))
        shown = _shown(content)
        assert shown.size == (40, 60) and not shown.getexif()
        assert shown.getpixel((20, 5)) < (40, 40, 40) < (200, 200, 200) < shown.getpixel((20, 55))
    assert said == {"kind": "image/jpeg", "width": 40, "height": 60}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_stays_one_on_white_in_grey_or_colours(mode: str) -> None:
    said, kept, thumbnail = decoder.look(sent_files.picture("PNG", mode=mode))
    assert said["kind"] == "image/png"
    assert (_shown(kept).format, _shown(thumbnail).format) == ("PNG", "JPEG")
    assert _shown(kept).mode in ("L", "RGB")


@pytest.mark.parametrize("size", [(4, 1), (4_400, 2)], ids=["small", "made smaller"])
@pytest.mark.parametrize("how", [{}, {"transparency": 0}], ids=["whole", "let through"])
def test_a_radiograph_of_16_bits_keeps_its_greys(size: tuple[int, int], how: dict[str, int]) -> None:
    row = b"".join(grey.to_bytes(2, "little") * (size[0] // 4) for grey in (0, 16_384, 32_768, 65_535))
    sent = BytesIO()
    Image.frombytes("I;16", size, row * size[1]).save(sent, "PNG", **how)
    shown = _shown(decoder.look(sent.getvalue())[1])
    assert [shown.getpixel((shown.width * eighth // 8, 0)) for eighth in (1, 3, 5, 7)] == [0, 64, 128, 255]


def test_what_a_printer_s_colours_are_is_what_a_screen_shows() -> None:
    assert _shown(decoder.look(sent_files.picture(mode="CMYK"))[1]).mode == "RGB"


def test_a_large_picture_is_kept_as_large_as_paper_is_read() -> None:
    said, kept, thumbnail = decoder.look(sent_files.picture(size=(5_000, 1_000), mode="L"))
    assert (said["width"], said["height"]) == _shown(kept).size == (4_000, 800)
    assert _shown(thumbnail).size == (400, 80)


@pytest.mark.parametrize("password", [None, ""], ids=["open", "closed to changes only"])
def test_a_pdf_is_kept_as_it_came(password: str | None) -> None:
    sent = sent_files.pdf(3, **({} if password is None else {"password": password}))
    assert decoder.look(sent) == ({"kind": "application/pdf", "pages": 3}, sent, b"")


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "a drawing with a script": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "kind"),
    "a page": (lambda: b"<!doctype html><script>alert(1)</script>", "kind"),
    "another picture": (lambda: sent_files.picture("GIF", mode="P"), "kind"),
    "a page that begins like a picture": (lambda: b"\xff\xd8\xff<script>alert(1)</script>", "damaged"),
    "a photograph cut in half": (lambda: sent_files.picture(size=(600, 400))[:700], "damaged"),
    "9,000 by 9,000": (lambda: sent_files.picture("PNG", (9_000, 9_000), "1"), "points"),
    "a bomb": (sent_files.bomb, "points"),
    "a zip": (lambda: b"PK\x03\x04" + bytes(99), "kind"),
    "a PDF that unfolds": (sent_files.pdf_bomb, "damaged"),
    "a PDF cut at 90 %": (lambda: (whole := sent_files.pdf())[: len(whole) * 9 // 10], "damaged"),
    "a PDF of nothing": (lambda: b"%PDF-1.7\nstartxref\n0\n%%EOF", "damaged"),
    "a PDF with a script": (lambda: sent_files.pdf(script=b"app.alert(1)"), "runs"),
    "a PDF with a program in it": (lambda: sent_files.pdf(attached=True), "runs"),
    "a PDF behind a password": (lambda: sent_files.pdf(password="sesame"), "closed"),
    "a PDF without a page": (lambda: sent_files.pdf(0), "pages"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_fit_is_refused_and_says_why(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, why = BAD[name]
    monkeypatch.setattr(intake, "_decode", decoder.answer)
    with pytest.raises(Invalid) as refusal:
        intake._look(make())
    assert refusal.value.errors == {"file": intake._UNFIT[why]}
    refusal.value.errors["file"] % refusal.value.values


def test_a_program_deep_inside_is_found() -> None:
    """In an object that no page leads to, inside a compressed stream of objects."""
    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

    writer, sent = PdfWriter(), BytesIO()
    writer.add_blank_page(10, 10)
    action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")})
    writer._add_object(ArrayObject([DictionaryObject({NameObject("/Next"): action})]))
    writer.write(sent)
    with pytest.raises(decoder.Unfit, match="runs"):
        decoder.look(sent.getvalue())


@pytest.mark.parametrize(
    "action",
    [{"/S": "/Launch", "/F": "x.exe"}, {"/S": "/SubmitForm", "/F": "https://example.org"}],
    ids=lambda action: action["/S"],
)
def test_an_action_that_is_named_elsewhere_is_found(action: dict[str, str]) -> None:
    """By an object of its own, to which the action only points."""
    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, TextStringObject

    writer, sent = PdfWriter(), BytesIO()
    writer.add_blank_page(10, 10)
    kind = writer._add_object(NameObject(action["/S"]))
    said = DictionaryObject({NameObject("/S"): kind, NameObject("/F"): TextStringObject(action["/F"])})
    writer._root_object[NameObject("/OpenAction")] = said
    writer.write(sent)
    with pytest.raises(decoder.Unfit, match="runs"):
        decoder.look(sent.getvalue())


def _run(program: str, sent: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-I", "-c", program], input=sent, capture_output=True, check=False)


def test_it_has_a_process_of_its_own_with_so_much_memory_and_no_file_to_write(tmp_path: Any) -> None:
    """Broken open, it gets no further than that."""
    folder = str(intake._DECODER.parent)
    hole = f"import sys; sys.path.insert(0, {folder!r}); import decoder\ndef answer(sent):\n {{}}\n"
    run = hole + "decoder.answer = answer; decoder.main()"
    assert b"MemoryError" in _run(run.format("bytearray(2 * 1024**3)")).stderr
    file = tmp_path / "out"
    assert _run(run.format(f"open({str(file)!r}, 'w', buffering=1).write('x' * 9)")).returncode != 0
    assert not file.exists() or not file.stat().st_size


def test_who_ends_before_an_answer_is_said_to_be_too_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    for failure in (
        subprocess.TimeoutExpired("x", 1),
        subprocess.CalledProcessError(-9, "x", b"", b"MemoryError: Awa"),
    ):
        monkeypatch.setattr(intake, "_decode", lambda sent, failure=failure: (_ for _ in ()).throw(failure))
        with pytest.raises(Invalid) as refusal:
            intake._look(b"x")
        assert refusal.value.errors == {"file": intake._HEAVY}


def test_the_real_one_answers_as_this_one() -> None:
    sent = sent_files.photograph()
    assert intake._decode(sent) == decoder.answer(sent)
