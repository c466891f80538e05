"""A table of medicines as spreadsheets save it: read as it is, or each line that is wrong is named, with why."""

from collections.abc import Callable

import pytest
from workbooks import ods, xlsx

from fadjma import sheets
from fadjma.inventory.tables import LONGEST, read

HEAD = "dci;forme;dosage;unité;atc;marques;tableau\n"
AMOXICILLIN = "amoxicilline;gélule;500 mg;gélule;J01CA04;Clamoxyl, Amodex;liste I\n"


def _errors(text: str) -> dict[str, str]:
    found = read(text.encode())
    assert not found.errors or all(found.errors.values())
    return found.errors


@pytest.mark.parametrize(
    "sent",
    [
        (HEAD + AMOXICILLIN).encode(),
        (HEAD + AMOXICILLIN).encode("utf-8-sig"),
        (HEAD + AMOXICILLIN).encode("cp1252"),
        (HEAD + AMOXICILLIN).replace("\n", "\r\n").encode("cp1252"),
        (HEAD + AMOXICILLIN).encode("utf-16"),
        (HEAD + AMOXICILLIN).replace(", ", " / ").replace(";", ",").replace(" / ", "").replace("Amodex", "").encode(),
        (HEAD + AMOXICILLIN).replace(";", "\t").encode(),
        ("\n" + HEAD + "\n;;;;;;\n" + AMOXICILLIN).encode(),
        (HEAD + AMOXICILLIN.replace("500 mg", '"500  mg"').replace("amoxi", "  amoxi")).encode(),
        (HEAD.upper() + AMOXICILLIN).encode(),
        ("form;dci;strength;unit;schedule;brands\ngélule;amoxicilline;500 mg;gélule;list_1;Clamoxyl\n").encode(),
    ],
)
def test_as_spreadsheets_save_it(sent: bytes) -> None:
    _is_amoxicillin(sent)


@pytest.mark.parametrize("made", [xlsx, ods])
def test_as_a_workbook(made: Callable[[list[list[str]]], bytes]) -> None:
    _is_amoxicillin(made([row.split(";") for row in (HEAD + AMOXICILLIN).splitlines()]))


def _is_amoxicillin(sent: bytes) -> None:
    table = read(sent)
    assert table.errors == {}
    [facts] = table.lines.values()
    assert (facts["dci"], facts["strength"], facts["form"]) == ("amoxicilline", "500 mg", "gélule")
    assert (facts["unit"], facts["schedule"], facts["brands"][:8]) == ("gélule", "list_1", "Clamoxyl")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("", "none"), ("Non listé", "none"), ("LISTE II", "list_2"), ("liste 1", "list_1"), ("Stupéfiant", "narcotic")],
)
def test_the_schedule_as_people_write_it(written: str, meant: str) -> None:
    [facts] = read((HEAD + AMOXICILLIN.replace("liste I", written)).encode()).lines.values()
    assert facts["schedule"] == meant


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        (AMOXICILLIN.replace("gélule;500", ";500"), "form", "vide"),
        (AMOXICILLIN.replace("amoxicilline", "=1+1"), "dci", "formule"),
        (AMOXICILLIN.replace("Clamoxyl", "+cmd|' /C calc'!A0"), "brands", "formule"),
        (AMOXICILLIN.replace("500 mg", "-500 mg"), "strength", "formule"),
        (AMOXICILLIN.replace("500 mg", "@SUM(A1)"), "strength", "formule"),
        (AMOXICILLIN.replace("500 mg", "\u200b=1"), "strength", "formule"),
        (AMOXICILLIN.replace("J01CA04", "J1"), "atc", "ATC"),
        (AMOXICILLIN.replace("liste I", "liste III"), "schedule", "stupéfiant"),
        (AMOXICILLIN.replace("amoxicilline", "x" * (LONGEST["dci"] + 1)), "dci", "trop long"),
        (AMOXICILLIN.replace("amoxicilline", "amoxi\ufffdilline"), "dci", "perdu"),
        (AMOXICILLIN.strip() + ";un mot de trop\n", "8", "aucune colonne"),
        (AMOXICILLIN.replace("500 mg", '"500 mg'), "line", "guillemets"),
    ],
)
def test_a_bad_line_is_named_with_its_column_and_why(line: str, column: str, why: str) -> None:
    errors = _errors(HEAD + AMOXICILLIN.replace("500 mg", "250 mg") + line)
    assert list(errors) == [f"lines-3-{column}"]
    assert why in errors[f"lines-3-{column}"]


def test_the_same_medicine_twice_whatever_its_accents_is_named() -> None:
    assert list(_errors(HEAD + AMOXICILLIN + AMOXICILLIN.replace("gélule;500 mg", "GELULE;500  MG"))) == ["lines-3-dci"]


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (b"", "file"),
        (b"\n\n", "file"),
        (HEAD.encode(), "file"),
        (b"\x81\x8d\x8f", "file"),
        (b"dci\0;forme", "file"),
        (b"PK\x03\x04 a workbook", "file"),
        (b"dci;forme;dosage\nx;y;z\n", "lines-1-unit"),
        (HEAD.replace("atc", "prix").encode(), "lines-1-5"),
        (HEAD.replace("atc", "dci").encode(), "lines-1-5"),
    ],
)
def test_what_is_no_table_of_medicines_is_said(sent: bytes, named: str) -> None:
    table = read(sent)
    assert named in table.errors
    assert table.lines == {}


def test_more_lines_than_a_list_has_are_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sheets.MOST_LINES == 50_000
    monkeypatch.setattr(sheets, "MOST_LINES", 20)
    lines = [f"médicament {number};comprimé;1 mg;comprimé\n" for number in range(21)]
    head = "dci;forme;dosage;unité\n"
    assert len(read((head + "".join(lines[:-1])).encode()).lines) == 20
    assert list(read((head + "".join(lines)).encode()).errors) == ["file"]
