"""A label for each medicine that was prepared, with its lot, and no more of whose it is than a bag should say."""

import re

from callers import Callers
from cast import AWA, DIOP, FALL, GASSAMA, NDIAYE, PARACETAMOL
from store import Store
from told import Told


async def test_one_has_what_is_taken_and_out_of_which_lot(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(NDIAYE).get(f"/prescriptions/{told.prepared}/labels")).text
    [label] = re.findall('<article class="label">(.*?)</article>', page, re.DOTALL)
    text = " ".join(re.sub("<[^>]*>", " ", label).replace("\u00a0", " ").split())
    for part in (
        "Awa C.",
        "paracétamol 500 mg, comprimé",
        "1 comprimé matin et soir , pendant 10 jours",
        "20 comprimés",
    ):
        assert part in text, text
    assert "lot L1" in text and "jusqu'au " in text
    assert "Pharmacie Jamm" in text and "+221 33 821 00 00" in text
    assert "Cissé" not in page.partition("<main")[2] and "FJ-" not in page.partition("<main")[2]


async def test_without_a_printer_the_page_says_it_too_and_to_that_pharmacy_alone(clinic: Callers, told: Told) -> None:
    address = f"/prescriptions/{told.prepared}"
    page = (await clinic.browser(NDIAYE).get(address)).text.replace("\u00a0", " ")
    assert "<b>Mis de côté :</b> 20 du lot <bdi>L1</bdi>" in page
    [line] = (await clinic.program(NDIAYE).get(address)).json["lines"]
    assert [(lot["number"], lot["quantity"]) for lot in line["put_aside"]] == [("L1", 20)]
    for other in (AWA, DIOP):
        assert "Mis de côté" not in (await clinic.browser(other).get(address)).text
        assert "put_aside" not in (await clinic.program(other).get(address)).json["lines"][0]
    owed = (await clinic.program(NDIAYE).get(f"/prescriptions/{told.owed}")).json["lines"]
    assert all("put_aside" not in line for line in owed)


async def test_after_the_hand_over_they_have_its_lots(clinic: Callers, told: Told) -> None:
    before = (await clinic.program(NDIAYE).get(f"/prescriptions/{told.ready}/labels")).json["items"]
    proof = {"identity_document": "CNI 1", "reason": "Téléphone volé"}
    assert (await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", proof)).status == 200
    after = (await clinic.program(NDIAYE).get(f"/prescriptions/{told.ready}/labels")).json["items"]
    assert before == after and after[0]["lots"][0]["number"] == "L1"


async def test_of_a_lot_that_must_not_leave_there_is_none_until_it_is_prepared_anew(
    clinic: Callers, told: Told, store: Store
) -> None:
    address, program = f"/prescriptions/{told.prepared}", clinic.program(NDIAYE)
    [(lot_id,)] = store.rows("SELECT lot_id FROM reservations WHERE prescription_id = ?", told.prepared)
    assert (await program.post(f"/inventory/lots/{lot_id}/blocking", {"why": "Rappel"})).status == 200
    assert "bloqué ou périmé" in (await program.get(f"{address}/labels")).problem(409)["detail"]
    assert "/labels" not in (await clinic.browser(NDIAYE).get(address)).text
    other = {"medicine_id": PARACETAMOL, "number": "L2", "expires_on": "2031-12-31", "quantity": 100}
    assert (await program.post("/inventory/lots", {**other, "confirm": True})).status == 201
    assert (await program.post(f"{address}/preparation", {"confirm": True})).status == 200
    [label] = (await program.get(f"{address}/labels")).json["items"]
    assert [lot["number"] for lot in label["lots"]] == ["L2"]
    assert f'href="{address}/labels"' in (await clinic.browser(NDIAYE).get(address)).text


async def test_there_are_none_before_it_is_prepared_and_none_for_others(clinic: Callers, told: Told) -> None:
    refused = await clinic.program(NDIAYE).get(f"/prescriptions/{told.validated}/labels")
    assert refused.problem(409)["current"] == "validated"
    for person, status in ((AWA, 403), (DIOP, 403), (GASSAMA, 403), (FALL, 404)):
        assert (await clinic.program(person).get(f"/prescriptions/{told.prepared}/labels")).status == status
    page = (await clinic.browser(NDIAYE).get(f"/prescriptions/{told.prepared}")).text
    assert f'href="/prescriptions/{told.prepared}/labels"' in page
    assert "/labels" not in (await clinic.browser(NDIAYE).get(f"/prescriptions/{told.validated}")).text
