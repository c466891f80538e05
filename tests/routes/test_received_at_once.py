"""Two pharmacists type the same delivery, each on their own page."""

import html
import re

from callers import Callers
from cast import GOMIS, NDIAYE, PARACETAMOL
from store import Store
from told import Told


async def test_the_second_is_asked_whether_it_is_another_delivery(clinic: Callers, told: Told, store: Store) -> None:
    where = f"/inventory/lots/new?pick=0:{PARACETAMOL}"
    pages = [(await clinic.browser(who).get(where)).text for who in (NDIAYE, GOMIS)]
    lot = {"medicine_id": PARACETAMOL, "number": "ENSEMBLE", "expires_on": "31/12/2031", "quantity": "40", "gtin": ""}
    first, second = ({**lot, "since": re.findall('name="since" value="(.+?)"', page)[0]} for page in pages)
    assert (await clinic.browser(NDIAYE).post("/inventory/lots", first)).status == 303
    asked = await clinic.browser(GOMIS).post("/inventory/lots", second)
    assert asked.status == 422
    assert "a reçu 40 unités de ce lot il y a moins de 24 heures\xa0: est-ce" in html.unescape(asked.text)
    assert f'name="since" value="{second["since"]}"' in asked.text, "asked again, it is the same page"
    on_hand = "SELECT on_hand FROM lots WHERE number = 'ENSEMBLE'"
    assert store.value(on_hand) == 40
    assert (await clinic.browser(GOMIS).post("/inventory/lots", {**second, "confirm": "1"})).status == 303
    assert store.value(on_hand) == 80


async def test_so_is_whoever_has_read_the_same_file(clinic: Callers, told: Told, store: Store) -> None:
    table = {"text": "produit;lot;péremption;quantité\nparacétamol 500 mg, comprimé;FICHIER;12/2031;40\n"}
    read = [await clinic.browser(who).post("/inventory/receipts", table) for who in (NDIAYE, GOMIS)]
    first, second = (answer.location or "" for answer in read)
    assert (await clinic.browser(NDIAYE).post(f"{first}/confirmation")).status == 303
    asked = await clinic.browser(GOMIS).post(f"{second}/confirmation")  # whose page is from before
    assert asked.status == 422
    assert f"{NDIAYE.name} a déjà reçu exactement ces lots" in html.unescape(asked.text)
    assert asked.text.count('name="confirm"') == 1
    page = html.unescape((await clinic.browser(GOMIS).get(second)).text)
    assert f'href="{first}"' in page and page.count('name="confirm"') == 1
    on_hand = "SELECT on_hand FROM lots WHERE number = 'FICHIER'"
    assert store.value(on_hand) == 40
    problem = (await clinic.program(GOMIS).post(f"{second}/confirmation")).problem(422)
    assert problem["confirm"] == ["items"]
    assert (await clinic.program(GOMIS).get(second)).json["received_before"]["id"] == first.rpartition("/")[2]
    assert (await clinic.browser(GOMIS).post(f"{second}/confirmation", {"confirm": "1"})).status == 303
    assert store.value(on_hand) == 80
