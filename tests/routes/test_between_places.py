"""A lot that goes to another place of the house, and one that is withheld: by page and by program."""

import html

import pytest
from callers import Callers
from cast import FALL, JAMM, KADD, NDIAYE
from markupsafe import escape
from store import Store
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


@pytest.mark.parametrize(
    "why", ["Cassé à 50 % dans le frigo", "100 %(name)s", '<b hx-get="/me" hx-trigger="load">x</b>']
)
async def test_the_reason_for_which_a_lot_is_withheld_is_shown_as_it_was_typed(
    clinic: Callers, told: Told, why: str
) -> None:
    mine, theirs = clinic.program(NDIAYE), clinic.program(FALL)
    await theirs.post(f"/inventory/transfers/{told.coming}/receipt")
    await mine.post(f"/inventory/lots/{told.shared}/blocking", {"why": why})
    listed = [lot for item in (await theirs.get("/inventory")).json["items"] for lot in item["lots"]]
    [there] = [lot["id"] for lot in listed if lot["withheld_elsewhere"]]
    for who, lot in ((NDIAYE, told.shared), (FALL, there)):
        page = await clinic.browser(who).get(f"/inventory/lots/{lot}")
        assert page.status == 200 and f'<q dir="auto">{escape(why)}</q>' in page.text, who.name


async def test_a_lot_withheld_after_it_was_received_there_is_withheld_there_by_one_act(
    clinic: Callers, told: Told, store: Store
) -> None:
    mine, theirs = clinic.program(NDIAYE), clinic.program(FALL)
    await theirs.post(f"/inventory/transfers/{told.coming}/receipt")
    await mine.post(f"/inventory/lots/{told.shared}/blocking", {"why": "Rappel « AB » du fabricant"})
    inbox = (await theirs.get("/notifications")).json["items"]
    [notice] = [one for one in inbox if one["message"] == "Un autre de vos lieux bloque un lot que vous avez aussi"]
    product = f"/inventory/products/{notice['subject']['id']}"
    for place in (product, "/inventory"):
        page = html.unescape((await clinic.browser(FALL).get(place)).text)
        assert page.count("Bloqué ailleurs") == 1
    [listed] = [one for one in (await theirs.get("/inventory")).json["items"] if one["id"] == notice["subject"]["id"]]
    assert listed["lots"] == (await theirs.get(product)).json["lots"]
    [lot] = [f"/inventory/lots/{one['id']}" for one in listed["lots"] if one["withheld_elsewhere"]]
    page = (await clinic.browser(FALL).get(lot)).text
    assert "Ce lot est bloqué dans un autre de vos lieux, pas ici." in html.unescape(page)
    assert 'name="why" value="Rappel « AB » du fabricant"' in page and "Bloquer ici aussi" in page
    store.connection.execute("UPDATE lots SET expires_on = '2026-01-01' WHERE id = ?", (lot.rpartition("/")[2],))
    for place in (product, "/inventory"):
        shown = html.unescape((await clinic.browser(FALL).get(place)).text).partition("Bloqué ailleurs")[2]
        assert shown.startswith('</b><b class="off">Périmé') or shown.startswith('</b> <b class="off">Périmé'), place
    [there] = (await theirs.get(lot)).json["elsewhere"]
    assert there["place"]["id"] == JAMM and there["withheld"]["reason"] == "Rappel « AB » du fabricant"
    assert (await clinic.browser(FALL).post(f"{lot}/blocking", {"why": there["withheld"]["reason"]})).status == 303
    assert (await mine.get(f"/inventory/lots/{told.shared}")).json["elsewhere"][0]["withheld"]
    assert "Bloqué ailleurs" not in html.unescape((await clinic.browser(FALL).get("/inventory")).text)
    assert "bloqué)" in html.unescape((await clinic.browser(NDIAYE).get(f"/inventory/lots/{told.shared}")).text)


@pytest.mark.parametrize("why", ["withheld", "expired"])
async def test_what_is_withheld_or_has_expired_is_not_offered_to_be_sent_nor_taken(
    clinic: Callers, told: Told, store: Store, why: str
) -> None:
    lot = f"/inventory/lots/{told.withheld if why == 'withheld' else told.shared}"
    if why == "expired":
        store.connection.execute("UPDATE lots SET expires_on = '2020-01-31' WHERE id = ?", (told.shared,))
    assert "Envoyer" not in (await clinic.browser(NDIAYE).get(lot)).text
    before = store.content(readings=False)
    word = "bloqué" if why == "withheld" else "périmé"
    page = await clinic.browser(NDIAYE).post(f"{lot}/transfers", {"to_id": KADD, "quantity": "3"})
    assert page.status == 409 and f"Ce lot est {word}\xa0: il ne part nulle part." in html.unescape(page.text)
    refused = await clinic.program(NDIAYE).post(f"{lot}/transfers", {"to_id": KADD, "quantity": 3})
    assert refused.status == 409 and word in refused.text
    assert store.content(readings=False) == before
