"""A workbook is read as its CSV would be, by a process of its own that may end without harm."""

import errno
from collections.abc import Sequence
from io import BytesIO, TextIOWrapper

import pytest
from workbooks import Formula, ods, xlsx

from fadjma import sheets, workbook
from fadjma.sheets import Columns, read

COLUMNS = Columns({"name": ("nom", "name"), "phone": ("telephone",), "duty": ("garde",)}, ("name",), ("phone",))
HEAD = ("Nom", "Téléphone", "Garde")


@pytest.mark.parametrize("made", [xlsx, ods])
def test_a_workbook_is_read_by_its_columns_and_the_lines_have_its_numbers(made: object) -> None:
    sent = made([("", "", ""), HEAD, ("Pharmacie  Jamm ", "+221 33 951 12 34", "oui")])
    sheet = read(sent, COLUMNS)
    assert sheet.errors == {}
    assert sheet.lines == {3: {"name": "Pharmacie Jamm", "phone": "+221 33 951 12 34", "duty": "oui"}}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (339511234, "339511234"),
        (339511234.0, "339511234"),
        (0.25, "0,25"),
        (True, "oui"),
        (False, "non"),
        (Formula('CONCATENATE("33 ","951")', "33 951"), "33 951"),
    ],
)
def test_a_cell_is_what_somebody_would_type(cell: object, shown: str) -> None:
    [line] = read(xlsx([HEAD, ("Jamm", cell, "")]), COLUMNS).lines.values()
    assert line["phone"] == shown


@pytest.mark.parametrize("worth", ["=1+1", "@SUM(A1)", "-3", "+cmd|' /C calc'!A0", "\uff1d1+1"])
def test_what_a_spreadsheet_would_run_is_refused_whatever_it_comes_in(worth: str) -> None:
    for cell in (worth, Formula("A1", worth)):
        assert list(read(xlsx([HEAD, (cell, "", "")]), COLUMNS).errors) == ["lines-2-name"]
    assert list(read(f"nom\n{worth}\n".encode(), COLUMNS).errors) == ["lines-2-name"]


@pytest.mark.parametrize(
    "sent",
    [
        xlsx([HEAD, ("Jamm", "", "")], at="XFD1048576"),
        xlsx([HEAD, ("Jamm", "", "")], at="XFD10000"),  # some gigabytes, which a machine may have
        xlsx([HEAD])[:300],
        b"PK\x03\x04 is no workbook",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    ],
    ids=["17 billion cells", "164 million", "cut off", "no zip", "an old one that is none"],
)
def test_what_is_none_or_cannot_be_unfolded_is_said(sent: bytes) -> None:
    assert read(sent, COLUMNS).errors == {"file": sheets._SPREADSHEET}


def test_one_that_unfolds_into_more_than_anybody_reads_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    sent = xlsx([HEAD, ("é" * 100, "", "")])
    monkeypatch.setattr(workbook, "MOST_SHOWN", 200)
    monkeypatch.setattr(workbook.resource, "setrlimit", lambda *_: None)  # this process goes on
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(sent)))
    with pytest.raises(SystemExit, match="bytes"):
        workbook.main()
    assert capsysbinary.readouterr().out == b""


def test_where_no_process_can_be_started_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(sheets.subprocess, "run", refuse)
    assert read(xlsx([HEAD, ("Jamm", "", "")]), COLUMNS).errors == {"file": sheets._SPREADSHEET}


def test_of_a_line_the_first_cell_without_a_column_is_named() -> None:
    assert list(read(b"nom\nJamm" + b";x" * 1_000 + b"\n", COLUMNS).errors) == ["lines-2-2"]


def test_faults_are_looked_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_FAULTS", 20)
    assert len(read(b"nom\n" + b"=1\n" * 1_000, COLUMNS).errors) == 21


def test_one_that_takes_too_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_PATIENCE", 0.001)
    assert read(xlsx([HEAD, ("Jamm", "", "")]), COLUMNS).errors == {"file": sheets._SPREADSHEET}


@pytest.mark.long
def test_fifty_thousand_lines_are_read_and_one_more_is_too_many() -> None:
    lines: list[Sequence[object]] = [HEAD, *((f"Pharmacie {number}", number, "non") for number in range(50_000))]
    assert len(read(xlsx(lines), COLUMNS).lines) == 50_000
    assert "50 000" in read(xlsx([*lines, lines[-1]]), COLUMNS).errors["file"]
