"""A doctor keeps what they prescribe often under a name of their own: theirs alone, read over before it is signed."""

import html
import re

import pytest
from callers import FORM, Callers
from cast import AMOXICILLIN, AWA, DIOP, JAMM, NDIAYE, PARACETAMOL, SARR
from overriding import issue
from store import Store
from told import LINE, Told

from fadjma.prescriptions import sets

NEW, PRESCRIBE = "/patients/awa/prescriptions/new", "/patients/awa/prescriptions"
AMOXI = {"medicine_id": AMOXICILLIN, "dosage": "1 comprimé matin et soir", "quantity": 14, "duration_days": 7}


async def _kept(clinic: Callers, name: str = "Angine") -> str:
    issued = (await issue(clinic, PRESCRIBE, {"lines": [LINE, AMOXI], "pharmacy_id": JAMM})).location
    made = await clinic.program(DIOP).post(f"{issued}/set", {"name": name})
    assert made.status == 201, made.text
    return str(made.json["id"])


async def test_a_set_is_taken_into_a_form_beside_what_was_typed(clinic: Callers) -> None:
    set_id = await _kept(clinic)
    browser = clinic.browser(DIOP)
    assert f'name="set" value="{set_id}"' in (await browser.get(NEW)).text
    typed = {"lines-0-medicine": "parac", "lines-0-dosage": "le soir", "set": set_id}
    page = html.unescape((await browser.post(PRESCRIBE, typed, Content_Type=FORM)).text)
    assert re.findall(r'name="lines-\d-medicine_id" value="([^"]*)"', page) == ["", PARACETAMOL, AMOXICILLIN]
    assert "Modèle repris : <bdi>Angine</bdi>" in page.replace("\xa0", " ") and ">le soir</textarea>" in page
    found = (await clinic.program(DIOP).get(f"{NEW}?set={set_id}")).json["lines"]
    assert [(line["medicine_id"], line["quantity"]) for line in found] == [(PARACETAMOL, 10), (AMOXICILLIN, 14)]


async def test_a_patients_words_go_into_no_set(clinic: Callers, store: Store) -> None:
    lines = [{**LINE, "substitution_reason": "Mme Cissé est séropositive"}]
    issued = (await issue(clinic, PRESCRIBE, {"lines": lines, "pharmacy_id": JAMM})).location
    doctor = clinic.program(DIOP)
    kept = await doctor.post(f"{issued}/set", {"name": "Fièvre"})
    assert kept.json["lines"][0]["substitution_reason"] is None
    assert store.rows("SELECT * FROM prescription_set_lines WHERE substitution_reason IS NOT NULL") == []
    store.connection.execute("UPDATE prescription_set_lines SET substitution_reason = 'séropositive'")  # kept before
    assert "séropositive" not in (await doctor.get("/prescription-sets")).text


async def test_one_with_a_medicine_of_no_list_says_so_and_leaves_it_to_be_chosen(clinic: Callers, store: Store) -> None:
    set_id = await _kept(clinic)
    store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (AMOXICILLIN,))
    listed = (await clinic.browser(DIOP).get("/prescription-sets")).text
    assert listed.count("plus dans la liste") == 1
    page = (await clinic.browser(DIOP).get(f"{NEW}?set={set_id}")).text
    second = page[page.index("Médicament 2") :]
    assert "plus dans la liste : choisissez" in second.replace("\xa0", " ")
    lines = (await clinic.program(DIOP).get("/prescription-sets")).json["items"][0]["lines"]
    assert [(line["medicine_id"], line["retired"]) for line in lines] == [(PARACETAMOL, False), (None, True)]


@pytest.mark.sqlite_only
async def test_more_sets_are_no_more_statements(clinic: Callers, store: Store) -> None:
    counts = []
    for name in ("Angine", "Fièvre"):
        await _kept(clinic, name)
        asked: list[str] = []
        store.connection.set_trace_callback(asked.append)
        found = store.read(sets.own, DIOP)
        store.connection.set_trace_callback(None)
        [kept] = [one for one in found if one.name == name]
        assert [line.medicine_id for line in kept.lines] == [PARACETAMOL, AMOXICILLIN]
        counts.append(len(asked))
    assert counts[0] == counts[1]


async def test_a_name_is_one_whatever_its_capitals(clinic: Callers, told: Told) -> None:
    await _kept(clinic, "Angine")
    refused = await clinic.program(DIOP).post(f"/prescriptions/{told.issued}/set", {"name": "ANGINE"})
    assert refused.errors()["name"] == "Vous avez déjà un modèle de ce nom."
    page = await clinic.browser(DIOP).post(f"/prescriptions/{told.issued}/set", {"name": "x"})
    assert page.status == 422 and 'value="x"' in page.text and '<details class="np" open>' in page.text


async def test_fifty_are_enough(clinic: Callers, told: Told, store: Store) -> None:
    for number in range(49):
        row = (f"s{number}", f"{number}", f"{number}")
        store.connection.execute("INSERT INTO prescription_sets VALUES (?, 'diop', ?, ?, 1, NULL)", row)
    refused = await clinic.program(DIOP).post(f"/prescriptions/{told.issued}/set", {"name": "Encore"})
    assert "cinquante" in refused.errors()["name"]


async def test_it_is_its_doctors_alone(clinic: Callers, told: Told, store: Store) -> None:
    set_id = await _kept(clinic)
    assert (await clinic.program(SARR).get("/prescription-sets")).json["items"] == []
    before = store.content(readings=False)
    for person in (SARR, NDIAYE, AWA):
        assert (await clinic.program(person).post(f"/prescription-sets/{set_id}/removal", {})).status in (403, 404)
        kept = await clinic.program(person).post(f"/prescriptions/{told.issued}/set", {"name": "Palu"})
        assert kept.status in (403, 404)
    assert (await clinic.program(DIOP).get(f"/patients/moussa/prescriptions/new?set={set_id}")).status == 404
    assert store.content(readings=False) == before


@pytest.mark.parametrize("way", ["page", "json"])
async def test_it_is_taken_away_again(clinic: Callers, told: Told, way: str) -> None:
    caller = clinic.browser(DIOP) if way == "page" else clinic.program(DIOP)
    removed = await caller.post(f"/prescription-sets/{told.favourite}/removal", {})
    assert removed.status == (303 if way == "page" else 200)
    assert (await clinic.program(DIOP).get("/prescription-sets")).json["items"] == []
    again = await clinic.program(DIOP).post(f"/prescriptions/{told.issued}/set", {"name": "rhume"})
    assert again.status == 201, "its name is free"
