"""Part by part by page and by JSON: what is typed, what comes back, what is read afterwards."""

import html
import re

from callers import Callers
from cast import AWA, DIOP, GOMIS, NDIAYE
from steps import in_days
from store import Store
from told import DOCUMENT, Told

INSTEAD = {"identity_document": DOCUMENT, "reason": "Téléphone volé"}


async def test_by_page_what_is_typed_beside_each_line(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.ready}"
    page = (await clinic.browser(NDIAYE).get(address)).text
    [line_id] = re.findall('name="lines-0-line_id" value="(.*?)"', page)
    assert re.search('name="lines-0-quantity" inputmode="numeric" autocomplete="off" value="[0-9]+"', page)
    typed = {**INSTEAD, "lines-0-line_id": line_id, "lines-0-quantity": "12,5"}
    again = await clinic.browser(NDIAYE).post(f"{address}/delivery", typed)
    assert again.status == 422 and 'value="12,5"' in again.text and f'value="{line_id}"' in again.text
    assert " open><summary>N'en remettre" in html.unescape(again.text)
    done = await clinic.browser(NDIAYE).post(f"{address}/delivery", {**typed, "lines-0-quantity": "5"})
    assert done.status == 303
    for person in (NDIAYE, AWA, DIOP):
        shown = html.unescape((await clinic.browser(person).get(address)).text)
        assert "<b>Reste dû\xa0:</b>" in shown and "<h2>Remises</h2>" in shown and "lot <bdi>L1</bdi>" in shown


async def test_by_page_nothing_typed_is_nothing_handed_over(clinic: Callers, told: Told) -> None:
    line_id = (await clinic.program(NDIAYE).get(f"/prescriptions/{told.ready}")).json["lines"][0]["id"]
    typed = {**INSTEAD, "lines-0-line_id": line_id, "lines-0-quantity": ""}
    page = await clinic.browser(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", typed)
    assert page.status == 422 and "Dites ce qui est remis" in page.text
    assert (await clinic.program(NDIAYE).get(f"/prescriptions/{told.ready}")).json["status"] == "ready"


async def test_two_colleagues_on_one_page_hand_a_part_over_once(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.ready}"
    page = (await clinic.browser(NDIAYE).get(address)).text
    [line_id] = re.findall('name="lines-0-line_id" value="(.*?)"', page)
    [version] = re.findall('name="version" value="(.*?)"', page)
    typed = {**INSTEAD, "lines-0-line_id": line_id, "lines-0-quantity": "5", "version": version}
    again = await clinic.browser(GOMIS).post(f"{address}/delivery", {**typed, "lines-0-quantity": "5,5"})
    assert again.status == 422 and f'name="version" value="{version}"' in again.text
    assert (await clinic.browser(NDIAYE).post(f"{address}/delivery", typed)).status == 303
    assert (await clinic.browser(GOMIS).post(f"{address}/delivery", typed)).status == 409
    assert (await clinic.htmx(GOMIS).post(f"{address}/delivery", typed)).status == 409
    sent = {**INSTEAD, "lines": [{"line_id": line_id, "quantity": 5}]}
    stale = await clinic.program(GOMIS).post(f"{address}/delivery", {**sent, "version": int(version)})
    assert stale.problem(409)["current"] == "part_delivered"
    assert (await clinic.program(NDIAYE).get(address)).json["lines"][0]["delivered"] == 5
    assert (await clinic.program(GOMIS).post(f"{address}/delivery", sent)).status == 200


async def test_given_back_at_once_it_is_asked_whether_the_hand_over_was_right(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.owed}"
    assert (await clinic.program(NDIAYE).get(address)).json["status"] == "part_delivered"
    asked = await clinic.browser(NDIAYE).post(f"{address}/release", {"reason": "Rupture"})
    page = html.unescape(asked.text)
    assert asked.status == 422 and "La remise était juste" in page and ">Rupture</textarea>" in page
    done = await clinic.browser(NDIAYE).post(f"{address}/release", {"reason": "Rupture", "confirm": "1"})
    assert done.status == 303


async def test_a_rest_out_of_a_lot_that_expires_too_soon_is_asked_about(
    clinic: Callers, told: Told, store: Store
) -> None:
    address = f"/prescriptions/{told.owed}/delivery"
    store.connection.execute("UPDATE lots SET expires_on = ?", (in_days(store, 1),))
    asked = html.unescape((await clinic.browser(NDIAYE).post(address, INSTEAD)).text)
    assert "périme avant la fin du traitement" in asked and "Remettre quand même ce lot" in asked
    assert (await clinic.browser(NDIAYE).post(address, {**INSTEAD, "confirm": "1"})).status == 303


async def test_by_json_the_lines_say_what_is_owed_and_the_dispenses_what_was_given(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.ready}"
    before = (await clinic.program(NDIAYE).get(address)).json
    [line] = before["lines"]
    assert line["owed"] == line["at_hand"] == line["prescribed"] and before["dispenses"] == []
    sent = {**INSTEAD, "lines": [{"line_id": line["id"], "quantity": 5}]}
    answer = await clinic.program(NDIAYE).post(f"{address}/delivery", sent)
    assert (answer.status, answer.json["status"], answer.json["step"]) == (200, "part_delivered", "owed")
    after = (await clinic.program(AWA).get(address)).json
    assert after["lines"][0]["owed"] == line["prescribed"] - 5 and "at_hand" not in after["lines"][0]
    [dispense] = after["dispenses"]
    assert (dispense["status"], dispense["proof"], dispense["by"]) == ("completed", "identity", NDIAYE.name)
    assert [(one["line_id"], one["quantity"], one["lot"]) for one in dispense["lines"]] == [(line["id"], 5, "L1")]
    assert re.fullmatch("[0-9]{6}", after["handover_code"])
    nothing: dict[str, object] = {**INSTEAD, "lines": []}
    assert (await clinic.program(NDIAYE).post(f"{address}/delivery", nothing)).errors().keys() == {"lines"}
    too_much = {**INSTEAD, "lines": [{"line_id": line["id"], "quantity": line["prescribed"]}]}
    assert (await clinic.program(NDIAYE).post(f"{address}/delivery", too_much)).errors().keys() == {"lines-0-quantity"}


async def test_what_is_missing_is_said_and_what_there_is_can_be_prepared(
    clinic: Callers, told: Told, store: Store
) -> None:
    prescribed = {"medicine_id": "amoxicillin-1g", "dosage": "1 comprimé matin et soir", "quantity": 1000}
    body = {"lines": [{**prescribed, "duration_days": 365}], "pharmacy_id": "pharmacy-jamm", "confirm": True}
    address = (await clinic.program(DIOP).post("/patients/awa/prescriptions", body)).location
    expires_on = in_days(store, 400)
    lot = {"medicine_id": "amoxicillin-1g", "number": "A1", "expires_on": expires_on, "quantity": 6}
    assert (await clinic.program(NDIAYE).post("/inventory/lots", lot)).status == 201
    assert (await clinic.program(NDIAYE).post(f"{address}/validation")).status == 200
    (await clinic.program(NDIAYE).post(f"{address}/preparation")).problem(409)
    assert "Préparer ce que nous avons" in (await clinic.browser(NDIAYE).get(address)).text
    done = await clinic.browser(NDIAYE).post(f"{address}/preparation", {"partial": "1"})
    assert done.status == 303
    (await clinic.program(NDIAYE).post(f"{address}/preparation", {"some": True})).problem(422)
    assert (await clinic.program(NDIAYE).post(f"{address}/readiness")).json["status"] == "ready"
    there = (await clinic.program(NDIAYE).get(address)).json["lines"][0]["at_hand"]
    assert there in range(6, 1000)
    page = (await clinic.browser(NDIAYE).get(address)).text
    assert f"<b>Préparé\xa0:</b> {there} sur 1000" in page, "whoever puts the bag together sees what is not in it"
    assert (
        "Préparé" not in (await clinic.browser(AWA).get(address)).text.partition("</thead>")[2].partition("</table>")[0]
    )


async def test_a_step_that_is_the_next_one_stands_out_and_what_is_not_checked_is_said_once(
    clinic: Callers, told: Told, store: Store
) -> None:
    prescribed = {"medicine_id": "amoxicillin-1g", "dosage": "1 comprimé matin et soir", "quantity": 1000}
    body = {"lines": [{**prescribed, "duration_days": 365}], "pharmacy_id": "pharmacy-jamm", "confirm": True}
    address = (await clinic.program(DIOP).post("/patients/awa/prescriptions", body)).location
    lot = {"medicine_id": "amoxicillin-1g", "number": "A1", "expires_on": in_days(store, 400), "quantity": 6}
    await clinic.program(NDIAYE).post("/inventory/lots", lot)
    await clinic.program(NDIAYE).post(f"{address}/validation")
    await clinic.browser(NDIAYE).post(f"{address}/preparation", {"partial": "1"})
    page = (await clinic.browser(NDIAYE).get(address)).text
    assert re.search('<button data-key="[a-z]">Marquer « Prête »', page.replace("\xa0", " "))
    assert re.search('<button class="alt"[^>]*>Préparer à nouveau', page)
    assert page.count("Ce qui n'a pas pu être vérifié") == 1


async def test_clicked_twice_a_part_is_handed_over_once_and_its_code_was_right(
    clinic: Callers, told: Told, store: Store
) -> None:
    """After the first click there is another code: the second is the same submission, not a guess."""
    address = f"/prescriptions/{told.ready}"
    line_id = (await clinic.program(NDIAYE).get(address)).json["lines"][0]["id"]
    code = (await clinic.program(AWA).get(address)).json["handover_code"]
    sent = {"code": code, "lines": [{"line_id": line_id, "quantity": 5}]}
    for _ in range(2):
        answer = await clinic.program(NDIAYE).post(f"{address}/delivery", sent, Idempotency_Key="one click")
        assert (answer.status, answer.json["status"]) == (200, "part_delivered")
    assert store.value("SELECT code_failures FROM prescriptions WHERE id = ?", told.ready) == 0
    changed = {**sent, "code": "000000"}
    guess = await clinic.program(NDIAYE).post(f"{address}/delivery", changed, Idempotency_Key="one click")
    assert "key" in guess.errors()
