"""Receiving a lot without JavaScript: a medicine is looked for and picked, and nothing that was typed is lost."""

import re

from callers import Callers
from cast import NDIAYE, PARACETAMOL
from store import Store
from told import LOT

from fadjma.inventory import queries


async def test_a_medicine_is_looked_for_picked_and_received(clinic: Callers, store: Store) -> None:
    browser = clinic.browser(NDIAYE)
    page = (await browser.get("/inventory/lots/new")).text
    assert PARACETAMOL not in page, "the list is not in the page, however long it is"
    assert 'name="medicine"' in page
    found = (await browser.get("/inventory/lots/new?medicine=500+mg+para")).text
    [picked] = re.findall(r'name="pick" value="([^"]+)"', found)
    chosen = (await browser.get(f"/inventory/lots/new?medicine=para&pick={picked}")).text
    assert f'name="medicine_id" value="{PARACETAMOL}"' in chosen
    assert (await browser.post("/inventory/lots", {**LOT, "medicine_id": PARACETAMOL})).status == 303
    assert store.value("SELECT count(*) FROM lots WHERE number = 'L77'") == 1


async def test_what_was_typed_is_kept_while_another_is_looked_for(clinic: Callers) -> None:
    browser = clinic.browser(NDIAYE)
    page = await browser.post("/inventory/lots", {**LOT, "medicine_id": "unknown"})
    assert page.status == 422
    assert '<a href="#medicine">' in page.text
    assert 'type="hidden" name="number" value="L77"' in page.text
    again = (await browser.get(f"/inventory/lots/new?number=L77&quantity=x&pick=0:{PARACETAMOL}")).text
    assert 'value="L77"' in again and 'value="x"' in again
    refused = await browser.post("/inventory/lots", {**LOT, "quantity": "x"})
    assert (refused.status, f'value="{PARACETAMOL}"' in refused.text) == (422, True)


async def test_among_5000_the_page_is_as_short(clinic: Callers, store: Store) -> None:
    browser = clinic.browser(NDIAYE)
    short = len((await browser.get("/inventory/lots/new?medicine=para")).body)
    store.connection.executemany(
        "INSERT INTO medicines (id, dci, form, strength, unit, search_key) VALUES (?, ?, 'g', '1 mg', 'g', ?)",
        [(f"m{n}", f"parasol {n}", f"parasol {n} 1 mg gelule") for n in range(5_000)],
    )
    long = len((await browser.get("/inventory/lots/new?medicine=para")).body)
    assert long - short < 300 * (queries.SUGGESTIONS + 1)
    for page in ("/formulary?q=parasol", "/medicines?q=parasol+49"):
        assert (await browser.get(page)).status == 200
