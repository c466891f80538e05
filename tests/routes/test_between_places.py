"""A lot that goes to another place of the house, and one that is withheld: by page and by program."""

import html

import pytest
from callers import Callers
from cast import FALL, JAMM, KADD, NDIAYE
from told import Told


async def test_it_is_sent_from_the_page_of_the_lot_and_received_on_the_other_side(clinic: Callers, told: Told) -> None:
    browser, lot = clinic.browser(NDIAYE), f"/inventory/lots/{told.shared}"
    assert "Envoyer à un autre de nos lieux" in html.unescape((await browser.get(lot)).text)
    sent = await browser.post(f"{lot}/transfers", {"to_id": KADD, "quantity": "7"})
    assert sent.status == 303
    page = html.unescape((await clinic.browser(FALL).get(sent.location)).text)
    assert "ajouter au stock" in page and "Annuler l'envoi" not in page
    assert "À recevoir" in html.unescape((await clinic.browser(FALL).get("/inventory/transfers")).text)
    mine = html.unescape((await browser.get(sent.location)).text)
    assert "Annuler l'envoi" in mine and "ajouter au stock" not in mine
    assert (await clinic.program(FALL).post(f"{sent.location}/receipt")).json["status"] == "received"
    [found] = [
        one for one in (await clinic.program(FALL).get("/inventory/transfers")).json["items"] if one["quantity"] == 7
    ]
    assert (found["status"], found["from"]["id"], found["to"]["id"], found["number"]) == ("received", JAMM, KADD, "T1")


@pytest.mark.parametrize("quantity", ["0", "-3", "1000000000", "12,5", "", "cent", "41"])
async def test_what_is_no_quantity_comes_back_as_it_was_typed(clinic: Callers, told: Told, quantity: str) -> None:
    address = f"/inventory/lots/{told.shared}/transfers"
    page = await clinic.browser(NDIAYE).post(address, {"to_id": KADD, "quantity": quantity})
    assert page.status == 422 and f'value="{quantity}"' in page.text and "<details" in page.text
    body = {"to_id": KADD, "quantity": quantity}
    assert (await clinic.program(NDIAYE).post(address, body)).errors().keys() == {"quantity"}
    assert (await clinic.program(NDIAYE).post(address, {**body, "reason": "x"})).errors().keys() >= {"reason"}


async def test_a_lot_is_withheld_with_a_reason_and_given_back(clinic: Callers, told: Told) -> None:
    browser, program, lot = clinic.browser(NDIAYE), clinic.program(NDIAYE), f"/inventory/lots/{told.lot}"
    assert (await browser.post(f"{lot}/blocking", {"why": "x"})).status == 422
    assert (await program.post(f"{lot}/blocking", {})).errors().keys() == {"why"}
    assert (await program.post(f"{lot}/blocking", {"why": "Rappel du fabricant"})).json["status"] == "withheld"
    page = html.unescape((await browser.get(lot)).text)
    assert "Bloqué" in page and "Rappel du fabricant" in page and "Débloquer le lot" in page
    assert "Bloqué" in html.unescape((await browser.get("/inventory")).text)
    assert (await program.get(lot)).json["kept_for"] == []
    assert (await program.post(f"{lot}/unblocking")).json["withheld"] is None
