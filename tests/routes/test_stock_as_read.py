"""What the pages of the stock say: in which unit, for whom it is put aside, where to begin, where there is more."""

import re

import pytest
from callers import Callers
from cast import FALL, NDIAYE
from steps import in_days, receive
from store import Store

from fadjma import dashboards


async def test_the_list_says_in_which_unit_it_counts(clinic: Callers, store: Store) -> None:
    receive(store, 5_000, number="MUCH")
    page = (await clinic.browser(NDIAYE).get("/inventory")).text
    row = page[page.index("paracétamol 500 mg") :].partition("</tr>")[0]
    assert "<small><bdi>comprimé</bdi></small>" in row
    assert re.search(r'data-l="Utilisable">5\s\d{3}<', row) and re.search(r"MUCH</bdi></a>[^<]*5\s000,", row)


async def test_a_lot_leads_to_what_it_is_put_aside_for(clinic: Callers, store: Store) -> None:
    sql = (
        "SELECT r.lot_id, r.prescription_id FROM reservations r JOIN lots l ON l.id = r.lot_id "
        "JOIN products p ON p.id = l.product_id WHERE p.pharmacy_id = 'pharmacy-jamm' AND l.withheld_at IS NULL "
        "AND l.expires_on >= ?"
    )
    lot_id, prescription_id = store.rows(sql, in_days(store, 0))[0]
    where, browser = f"/inventory/lots/{lot_id}", clinic.browser(NDIAYE)
    page = (await browser.get(where)).text
    assert "Réservé pour\xa0:" in page and f'<a href="/prescriptions/{prescription_id}">ordonnance ' in page
    store.connection.execute("UPDATE lots SET expires_on = ? WHERE id = ?", (in_days(store, -1), lot_id))
    page = (await browser.get(where)).text
    assert "À préparer de nouveau, avec un autre lot" in page and f'"/prescriptions/{prescription_id}"' in page


async def test_an_empty_stock_says_how_to_begin(clinic: Callers) -> None:
    browser = clinic.browser(FALL)
    for where in ("/", "/inventory"):
        assert 'href="/inventory/receipts/new">Ou importer tout le stock' in (await browser.get(where)).text
    page = (await browser.get("/inventory/counts/new")).text
    assert "Aucun lot à compter." in page and 'id="sheet"' not in page, "there is nothing to record"


async def test_the_first_page_leads_to_what_else_is_low(
    clinic: Callers, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = 'href="/inventory?only=low"'
    monkeypatch.setattr(dashboards, "_LOW", 1)
    receive(store, 5, pharmacist=FALL)
    store.connection.execute("UPDATE products SET threshold = 100000")
    assert more in (await clinic.browser(NDIAYE).get("/")).text
    monkeypatch.setattr(dashboards, "_LOW", 9)
    assert more not in (await clinic.browser(FALL).get("/")).text, "the page has them all"
