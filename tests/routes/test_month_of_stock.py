"""A month of the stock: what has come and gone, on a page, as CSV and as a workbook."""

import html
from io import BytesIO

import pytest
from callers import Callers
from cast import DIOP, FALL, NDIAYE
from python_calamine import CalamineWorkbook
from told import Told

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def test_what_has_come_and_gone_of_each_product(clinic: Callers, told: Told) -> None:
    """The story was told in the last hour, which may have been in the month before."""
    program = clinic.program(NDIAYE)
    before = {one["product_id"]: one for one in (await program.get("/inventory/consumption")).json["items"]}
    count = {"version": 1, "on_hand": 493, "reason": "Casse"}
    assert (await program.post(f"/inventory/lots/{told.lot}/adjustments", count)).status == 200
    after = {one["product_id"]: one for one in (await program.get("/inventory/consumption")).json["items"]}
    counted = before[told.product]["counted"] if told.product in before else 0
    assert (after[told.product]["counted"], after[told.product]["on_hand"]) == (counted - 7, 502)
    assert all(one["received"] >= 0 and one["handed_over"] >= 0 for one in after.values())
    assert (await clinic.program(FALL).get("/inventory/consumption")).json["items"] == []
    assert (await program.get("/inventory/consumption?month=2001-01")).json == {"month": "2001-01", "items": []}
    page = html.unescape((await clinic.browser(NDIAYE).get("/inventory/consumption?month=2026-08")).text)
    assert '<p class="paper"><bdi>Pharmacie Jamm</bdi> · août 2026 · imprimé' in page, (
        "whose it is, of when, and as of when, on paper"
    )
    page = (await clinic.browser(NDIAYE).get("/inventory/consumption")).text
    assert f'href="/inventory/products/{told.product}"' in page and "data-print" in page
    shown = '<td class="n" data-l="Comptage">%s</td>'
    assert shown % f"\u2212{7 - counted}" in page, "with a minus sign, not a hyphen"


@pytest.mark.parametrize("what", ["consumption", "movements"])
async def test_it_is_taken_along_in_two_forms_that_say_the_same(clinic: Callers, told: Told, what: str) -> None:
    program = clinic.program(NDIAYE)
    count = {"version": 1, "on_hand": 493, "reason": "=1+1"}
    assert (await program.post(f"/inventory/lots/{told.lot}/adjustments", count)).status == 200
    where = f"/inventory/{what}/export"
    csv, book = await program.get(where), await program.get(f"{where}?format=xlsx")
    assert (csv.type, book.type) == ("text/csv; charset=utf-8", XLSX)
    text = csv.body.decode("utf-8-sig")
    rows = [line.split(";") for line in text.splitlines()]
    sheet = CalamineWorkbook.from_filelike(BytesIO(book.body)).get_sheet_by_index(0).to_python()
    shown = [[str(int(cell)) if isinstance(cell, float) else str(cell) for cell in row] for row in sheet]
    plain = [[cell.removeprefix("'") for cell in row] for row in rows]
    assert len(rows) >= 2 and shown == plain
    assert ("'=1+1" in text) == (what == "movements"), "no spreadsheet runs it"
    assert (";-7;" in text) >= (what == "movements") and "'-7" not in text, "a number is added up"
    numbers = [cell for cell in sheet[-1] if isinstance(cell, float)]
    assert numbers, "numbers are numbers"


@pytest.mark.parametrize("said", ["2026-13", "2026", "0000-01", "9999-12", "novembre", "2026-11-01"])
async def test_a_month_that_there_is_not_is_said_to_be_none(clinic: Callers, said: str) -> None:
    for where in ("consumption", "consumption/export", "movements/export"):
        answer = await clinic.program(NDIAYE).get(f"/inventory/{where}?month={said}")
        assert answer.errors().keys() == {"month"}


async def test_the_level_of_one_product_is_drawn_and_said_week_by_week(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(NDIAYE).get(f"/inventory/products/{told.product}")).text
    drawn = page.partition('<svg role="img"')[2].partition("</svg>")[0]
    assert drawn.count("<path") >= 3 and "Le niveau, semaine par semaine" in page
    shown = (await clinic.program(NDIAYE).get(f"/inventory/products/{told.product}")).json
    assert len(shown["levels"]) == 91
    on_hand = sum(lot["on_hand"] for lot in shown["lots"])
    assert shown["levels"][-1]["on_hand"] == on_hand and f'<td class="n" data-l="En stock">{on_hand}</td>' in page


async def test_it_is_for_pharmacists(clinic: Callers) -> None:
    for where in ("consumption", "consumption/export", "movements/export"):
        assert (await clinic.program(DIOP).get(f"/inventory/{where}?month=2026-11")).status == 403
        assert (await clinic.nobody(json=True).get(f"/inventory/{where}")).status == 401
