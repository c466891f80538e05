"""A box is received by its code: read, asked back where it is not sure, and learned with the first of its kind."""

import html
import re
from urllib.parse import quote

from callers import Callers
from cast import DIOP, FALL, INSULIN, NDIAYE, PARACETAMOL
from store import Store
from told import NEXT_YEAR

from fadjma.i18n import unbroken
from fadjma.inventory.codes import LOST

GTIN = "03400930000014"
DAY = NEXT_YEAR[2:].replace("-", "")
WHOLE = f"01{GTIN}10AB-X9%1D17{DAY}"


def _value(page: str, name: str) -> str:
    found = re.search(f'<input [^>]*name="{name}"[^>]* value="([^"]*)"', page)
    return found[1] if found else ""


async def test_the_first_box_is_looked_for_and_the_next_one_is_known(clinic: Callers, store: Store) -> None:
    browser = clinic.browser(NDIAYE)
    first = (await browser.get(f"/inventory/lots/new?code={WHOLE}")).text
    assert "pas encore connu ici" in first
    kept = {name: _value(first, name) for name in ("number", "expires_on", "gtin")}
    assert kept == {"number": "AB-X9", "expires_on": str(NEXT_YEAR), "gtin": GTIN}
    address = "&".join(f"{name}={value}" for name, value in kept.items())
    picked = (await browser.get(f"/inventory/lots/new?{address}&medicine=&pick=0:{PARACETAMOL}")).text
    assert {name: _value(picked, name) for name in kept} == kept
    received = await browser.post("/inventory/lots", {**kept, "medicine_id": PARACETAMOL, "quantity": "30"})
    assert received.location.startswith("/inventory/lots/new?after=")
    again = (await browser.get(received.location)).text
    assert "AB-X9" in again and "En stock\xa0: 30." in again and 'id="code"' in again
    second = (await browser.get(f"/inventory/lots/new?code={WHOLE}")).text
    assert _value(second, "medicine_id") == PARACETAMOL and _value(second, "number") == "AB-X9"
    assert "pas encore connu ici" in (await clinic.browser(FALL).get(f"/inventory/lots/new?code={WHOLE}")).text


async def test_a_scan_that_lost_its_separators_is_asked_back(clinic: Callers) -> None:
    lost = f"01{GTIN}10AB1217{DAY}"
    assert (await clinic.program(NDIAYE).get(f"/inventory/lots/new?code={lost}")).json == {
        "gtin": GTIN,
        "number": "",
        "expires_on": "",
        "asked": dict.fromkeys(("number", "expires_on"), unbroken(LOST)),
        "medicine": None,
    }
    line = {"medicine_id": PARACETAMOL, "number": "AB-X9", "expires_on": NEXT_YEAR, "quantity": 30, "gtin": GTIN}
    assert (await clinic.program(NDIAYE).post("/inventory/lots", line)).status == 201
    page = (await clinic.browser(NDIAYE).get(f"/inventory/lots/new?code={lost}")).text
    assert page.count("recopiez-le de la boîte") == 2
    assert all(f'aria-describedby="{name}-asked"' in page for name in ("number", "expires_on"))
    assert (_value(page, "number"), _value(page, "expires_on"), _value(page, "gtin")) == ("", "", GTIN)


async def test_what_is_no_code_is_said_to(clinic: Callers) -> None:
    where = "/inventory/lots/new?code="
    page = await clinic.browser(NDIAYE).get(f"{where}à&à\"'ààç\"àààà&'".replace("&", "%26"))
    assert (page.status, "autre clavier" in page.text) == (200, True), "the digits of a French keyboard without Shift"
    page = await clinic.browser(NDIAYE).get(f"{where}acide folique")
    assert "cherchez le médicament par son nom" in page.text and "autre clavier" not in page.text, (
        "it was typed by hand"
    )
    program = clinic.program(NDIAYE)
    assert (await program.get("/inventory/lots/new?code=12345")).errors().keys() == {"code"}
    line = {
        "medicine_id": PARACETAMOL,
        "number": "L9",
        "expires_on": NEXT_YEAR,
        "quantity": 30,
        "gtin": "3400930000015",
    }
    assert (await program.post("/inventory/lots", line)).errors().keys() == {"gtin"}


async def test_a_code_that_has_meant_another_medicine_is_asked_about_and_put_right(
    clinic: Callers, store: Store
) -> None:
    program = clinic.program(NDIAYE)
    line = {"medicine_id": INSULIN, "number": "L9", "expires_on": NEXT_YEAR, "quantity": 30, "gtin": GTIN}
    for _ in range(2):
        assert (await program.post("/inventory/lots", line)).status == 201, "the same again is no question"
    other, before = {**line, "medicine_id": PARACETAMOL}, store.content()
    asked = await program.post("/inventory/lots", other)
    assert asked.errors().keys() == {"gtin"} and asked.json["confirm"] == ["gtin"]
    assert "insuline glargine 100 UI/ml" in asked.errors()["gtin"] and store.content() == before
    page = await clinic.browser(NDIAYE).post("/inventory/lots", other)
    assert page.status == 422 and 'name="confirm"' in page.text and "Code-barres" in page.text
    assert (await program.post("/inventory/lots", {**other, "confirm": True})).status == 201
    assert store.rows("SELECT medicine_id FROM gtins") == [(PARACETAMOL,)]


async def test_a_box_that_is_scanned_into_a_search_is_found_in_the_stock(clinic: Callers) -> None:
    program, browser = clinic.program(NDIAYE), clinic.browser(NDIAYE)
    line = {"medicine_id": PARACETAMOL, "number": "L9", "expires_on": NEXT_YEAR, "quantity": 30, "gtin": GTIN}
    assert (await program.post("/inventory/lots", line)).status == 201
    for code in (WHOLE, GTIN, GTIN[1:], f"(01){GTIN}(10)X", f"]d201{GTIN}10X"):
        found = (await program.get(f"/inventory?q={quote(code)}")).json["items"]
        assert [one["medicine"]["id"] for one in found] == [PARACETAMOL], code
    assert (await program.get(f"/search?q={WHOLE}")).json["products"]["items"]
    for page in ("/prescriptions?step=all&", "/prescriptions?"):  # where the first page leads, and the list
        led = await browser.get(f"{page}q={GTIN}")
        assert (led.status, led.location) == (303, f"/inventory?q={GTIN}")
    assert "paracétamol" in (await browser.get(f"/inventory?q={GTIN}")).text


async def test_a_box_that_nobody_here_knows_leads_to_its_receipt(clinic: Callers) -> None:
    browser = clinic.browser(NDIAYE)
    receive = f'href="/inventory/lots/new?code={GTIN}"'
    assert receive in (await browser.get(f"/search?q={GTIN}")).text
    line = {"medicine_id": INSULIN, "number": "L9", "expires_on": NEXT_YEAR, "quantity": 30, "gtin": "3400930000021"}
    assert (await clinic.program(NDIAYE).post("/inventory/lots", line)).status == 201
    assert receive in (await browser.get(f"/inventory?q={GTIN}")).text
    assert receive not in (await browser.get(f"/inventory?q={GTIN}&only=low")).text, "it may be there, and not low"
    htmx = clinic.htmx(NDIAYE)
    htmx.headers["HX-Target"] = "found"
    typed = await htmx.get(f"/prescriptions?q={GTIN}")
    assert f'href="/inventory?q={GTIN}"' in typed.text, "while it is typed nothing leads away by itself"
    assert "/inventory?q=" not in (await browser.get("/prescriptions?q=221771234567")).text


async def test_who_has_no_stock_is_led_nowhere(clinic: Callers) -> None:
    assert (await clinic.browser(DIOP).get(f"/prescriptions?q={GTIN}")).status == 200
    assert "/inventory" not in (await clinic.browser(DIOP).get(f"/search?q={GTIN}")).text


async def test_another_medicine_is_chosen_for_a_code_that_is_known(clinic: Callers, store: Store) -> None:
    program, browser = clinic.program(NDIAYE), clinic.browser(NDIAYE)
    line = {"medicine_id": INSULIN, "number": "L9", "expires_on": NEXT_YEAR, "quantity": 30, "gtin": GTIN}
    assert (await program.post("/inventory/lots", line)).status == 201
    page = (await browser.get(f"/inventory/lots/new?code={WHOLE}")).text
    assert _value(page, "medicine_id") == INSULIN
    link = re.search(r'href="(/inventory/lots/new\?pick=[^"]*)">Choisir un autre', page)
    assert link
    again = (await browser.get(html.unescape(link[1]))).text
    kept = {name: _value(again, name) for name in ("number", "expires_on", "gtin")}
    assert kept == {"number": "AB-X9", "expires_on": str(NEXT_YEAR), "gtin": GTIN}
    assert "pas encore connu" not in again and "de cette boîte" in again
    address = "&".join(f"{name}={value}" for name, value in kept.items())
    looked = (await browser.get(f"/inventory/lots/new?{address}&medicine=parac")).text
    assert f'value="0:{PARACETAMOL}"' in looked, "without JavaScript, too"
    picked = (await browser.get(f"/inventory/lots/new?{address}&medicine=parac&pick=0:{PARACETAMOL}")).text
    assert (_value(picked, "medicine_id"), _value(picked, "gtin")) == (PARACETAMOL, GTIN)
    sent = {**kept, "medicine_id": PARACETAMOL, "quantity": "30", "confirm": "1"}
    assert (await browser.post("/inventory/lots", sent)).status == 303
    assert store.rows("SELECT medicine_id FROM gtins") == [(PARACETAMOL,)]


async def test_whom_nobody_is_found_by_the_telephone_of_is_not_looked_for_in_the_stock(clinic: Callers) -> None:
    number = "221771234504"  # its last digit checks the others, as that of a box does
    browser = clinic.browser(NDIAYE)
    found = await browser.get(f"/prescriptions?q={number}")
    assert found.status == 200 and "boîte" not in found.text
    assert "boîte n" not in (await browser.get(f"/search?q={number}")).text
