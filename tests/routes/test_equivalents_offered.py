"""What a pharmacy has too little of, and an equivalent of: one click beside « Préparée », the same for programs."""

import html
from typing import Any

import pytest
from callers import Callers
from cast import AMOXICILLIN, AWA, DIOP, JAMM, NDIAYE, PARACETAMOL
from steps import receive
from store import Store
from told import OF_VALIDATED, Told

from fadjma.inventory import actions as inventory
from fadjma.writing import name_key

CAPSULE = "paracetamol-capsule"


@pytest.fixture(autouse=True)
def capsule(store: Store) -> None:
    """A hundred capsules, and of the tablets that are prescribed three that nobody waits for."""
    store.connection.execute(
        "INSERT INTO medicines (id, dci, form, strength, unit, name_key, search_key) "
        "VALUES (?, 'paracétamol', 'gélule', '500 mg', 'gélule', ?, 'paracetamol 500 mg gelule')",
        (CAPSULE, name_key("paracétamol", "gélule", "500 mg")),
    )
    receive(store, 100, medicine_id=CAPSULE, number="G1")
    sql = (
        "SELECT l.id, l.reserved, l.version FROM lots l JOIN products p ON p.id = l.product_id "
        "WHERE p.medicine_id = ? AND p.pharmacy_id = ? ORDER BY l.reserved DESC"
    )
    for number, (lot_id, reserved, version) in enumerate(store.rows(sql, PARACETAMOL, JAMM)):
        left = {"on_hand": reserved + (0 if number else 3), "version": version, "reason": "Casse"}
        store.write(inventory.adjust, NDIAYE, lot_id, **left)


def _at(told: Told, what: str = "") -> str:
    return f"/prescriptions/{told.validated}{what}"


def _text(answer: Any) -> str:
    plain = html.unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")
    return plain.replace("<bdi>", "").replace("</bdi>", "")


async def test_one_click_on_the_page_and_everybody_reads_it(clinic: Callers, told: Told, store: Store) -> None:
    pharmacist = clinic.browser(NDIAYE)
    page = _text(await pharmacist.get(_at(told)))
    assert "Préparer paracétamol 500 mg, gélule" in page and f'value="{CAPSULE}"' in page
    ticked = {"substitutes-0-line_id": OF_VALIDATED, "substitutes-0-medicine_id": CAPSULE}
    assert (await pharmacist.post(_at(told, "/preparation"), ticked)).status == 303
    for person in (AWA, DIOP, NDIAYE):
        assert "paracétamol 500 mg, gélule, un équivalent" in _text(await clinic.browser(person).get(_at(told)))
    labels = (await clinic.program(NDIAYE).get(_at(told, "/labels"))).json["items"]
    assert [(one["medicine"], one["prescribed"]) for one in labels] == [
        ("paracétamol 500 mg, gélule", "paracétamol 500 mg, comprimé")
    ]
    assert "équivalent de paracétamol 500 mg, comprimé" in _text(await pharmacist.get(_at(told, "/labels")))


async def test_unticked_it_is_what_was_prescribed_and_there_is_too_little(clinic: Callers, told: Told) -> None:
    answer = await clinic.browser(NDIAYE).post(_at(told, "/preparation"), {"substitutes-0-line_id": OF_VALIDATED})
    assert answer.status == 409 and "il manque 17 sur 20" in _text(answer)


async def test_a_program_reads_what_there_is_and_says_it(clinic: Callers, told: Told, store: Store) -> None:
    program = clinic.program(NDIAYE)
    [line] = (await program.get(_at(told))).json["lines"]
    assert line["equivalent"] == {"medicine_id": CAPSULE, "name": "paracétamol 500 mg, gélule"}
    substitutes = [{"line_id": OF_VALIDATED, "medicine_id": CAPSULE}]
    assert (await program.post(_at(told, "/preparation"), {"substitutes": substitutes})).json["status"] == "prepared"
    assert (await program.post(_at(told, "/readiness"))).status == 200
    sent = {"identity_document": "CNI 1", "reason": "Téléphone volé"}
    assert (await program.post(_at(told, "/delivery"), sent)).json["status"] == "delivered"
    for person in (AWA, DIOP):
        [dispense] = (await clinic.program(person).get(_at(told))).json["dispenses"]
        [one] = dispense["lines"]
        assert one["substitution"] == {"was_substituted": True}
        assert one["given_as"] == {"medicine_id": CAPSULE, "name": "paracétamol 500 mg, gélule"}
    assert "équivalent de paracétamol 500 mg" in _text(await clinic.browser(AWA).get(_at(told)))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"line_id": OF_VALIDATED, "medicine_id": AMOXICILLIN}, "substitutes-0-medicine_id"),
        ({"line_id": OF_VALIDATED, "medicine_id": "unknown"}, "substitutes-0-medicine_id"),
        ({"line_id": "unknown", "medicine_id": CAPSULE}, "substitutes-0-line_id"),
        ({"medicine_id": CAPSULE}, "substitutes-0-line_id"),
        ({"line_id": OF_VALIDATED, "lot_id": "of another pharmacy"}, "substitutes-0-lot_id"),
    ],
)
async def test_what_is_no_equivalent_is_refused_and_said_beside_it(
    clinic: Callers, told: Told, store: Store, sent: dict[str, str], field: str
) -> None:
    before = store.content(readings=False)
    program = clinic.program(NDIAYE)
    assert field in (await program.post(_at(told, "/preparation"), {"substitutes": [sent]})).errors()
    typed = {f"substitutes-0-{name}": value for name, value in sent.items()}
    page = await clinic.browser(NDIAYE).post(_at(told, "/preparation"), typed)
    assert (page.status, 'id="errors"' in page.text) == (422, True)
    assert store.content(readings=False) == before
