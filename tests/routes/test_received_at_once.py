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
    assert "vient de recevoir 40 unités de ce lot\xa0: est-ce une autre livraison" in html.unescape(asked.text)
    assert f'name="since" value="{second["since"]}"' in asked.text, "asked again, it is the same page"
    on_hand = "SELECT on_hand FROM lots WHERE number = 'ENSEMBLE'"
    assert store.value(on_hand) == 40
    assert (await clinic.browser(GOMIS).post("/inventory/lots", {**second, "confirm": "1"})).status == 303
    assert store.value(on_hand) == 80
