"""A sheet of lots over HTTP: what was typed comes back with every question, and what moved is marked."""

import re

from callers import Callers
from cast import GOMIS, NDIAYE
from store import Store
from told import Told


def _fields(page: str) -> dict[str, str]:
    """The sheet's hidden fields."""
    return dict(re.findall(r'<input type="hidden" form="sheet" name="([^"]+)" value="([^"]+)">', page))


def _field_of(fields: dict[str, str], lot_id: str) -> str:
    [name] = [name for name, value in fields.items() if value == lot_id]
    return name.replace("lot_id", "on_hand")


async def test_differences_are_shown_and_recorded_once_they_are_confirmed(
    clinic: Callers, told: Told, store: Store
) -> None:
    browser = clinic.browser(NDIAYE)
    page = (await browser.get("/inventory/counts/new")).text
    assert 'class="paper"><b><bdi>Pharmacie Jamm</bdi></b> · ' in page, (
        "a sheet of paper says where and when it is from"
    )
    assert "499" not in page and "500" not in re.sub(r"500(?=\smg)", "", page)  # what there should be is not said
    fields = _fields(page)
    name = _field_of(fields, told.lot)
    typed = {**fields, name: "497", "reason": "Casse"}
    asked = await browser.post("/inventory/counts", typed)
    assert asked.status == 422
    assert "En stock\xa0: 500." in asked.text and 'value="497"' in asked.text and 'name="confirm"' in asked.text
    done = await browser.post("/inventory/counts?next=a~b", {**_fields(asked.text), **typed, "confirm": "1"})
    assert done.status == 303
    assert done.location.endswith("?next=a~b")
    assert "−3" in (await browser.get(done.location)).text
    assert store.value("SELECT on_hand FROM lots WHERE id = ?", told.lot) == 497


async def test_a_lot_that_moved_is_marked_and_nothing_that_was_typed_is_lost(
    clinic: Callers, told: Told, store: Store
) -> None:
    browser = clinic.browser(NDIAYE)
    fields = _fields((await browser.get("/inventory/counts/new")).text)
    name = _field_of(fields, told.lot)
    other = next(field.replace("lot_id", "on_hand") for field in fields if "lot_id" in field and name[:7] != field[:7])
    adjusted = {"version": 1, "on_hand": 480, "reason": "Casse"}
    assert (await clinic.program(GOMIS).post(f"/inventory/lots/{told.lot}/adjustments", adjusted)).status == 200
    page = await browser.post("/inventory/counts", {**fields, name: "497", other: "59", "reason": "Inventaire"})
    assert page.status == 409
    assert "En stock maintenant\xa0: 480." in page.text
    for kept in ('value="497"', 'value="59"', 'value="Inventaire"'):
        assert kept in page.text
    again = _fields(page.text)
    assert again[name.replace("on_hand", "version")] == "2"
    assert (await browser.post("/inventory/counts", {**again, name: "480"})).status == 303


async def test_a_program_counts_too(clinic: Callers, told: Told) -> None:
    program = clinic.program(NDIAYE)
    items = (await program.get("/inventory/counts/new")).json["items"]
    [lot] = [item for item in items if item["id"] == told.lot]
    line = {"lot_id": lot["id"], "version": lot["version"], "on_hand": lot["on_hand"] - 1}
    body = {"lines": [line], "reason": "Casse"}
    assert (await program.post("/inventory/counts", body)).errors().keys() == {"lines-0-on_hand"}
    made = (await program.post("/inventory/counts", {**body, "confirm": True})).json
    assert (made["lots"], made["changed"], made["items"][0]["difference"]) == (1, 1, -1)
    problem = (await program.post("/inventory/counts", {**body, "confirm": True})).problem(409)
    assert problem["current"] == told.lot
