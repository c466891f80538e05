"""What cannot be at the counter and in its stock, by page and by JSON: a clear answer, and nothing half done."""

import html
from dataclasses import asdict
from typing import Any

import pytest
from callers import Callers
from cast import AMOXICILLIN, AWA, DIOP, FALL, NDIAYE
from store import Store
from told import DOCUMENT, LINE, NEXT_YEAR, Told

INSTEAD = {"identity_document": DOCUMENT, "reason": "Téléphone volé"}
ANOTHERS = [  # what Mme Fall of another pharmacy has the address of
    ("/inventory/lots/{lot}/adjustments", {"on_hand": 3, "version": 1, "reason": "Casse"}),
    ("/inventory/counts", {"lines": [{"lot_id": "{lot}", "version": 1, "on_hand": 3}], "reason": "Casse"}),
    ("/inventory/products/{product}/threshold", {"threshold": 3}),
    ("/prescriptions/{ready}/delivery", {**INSTEAD}),
    ("/prescriptions/{ready}/delivery", {"code": "123456"}),
    ("/prescriptions/{owed}/undoing", {"reason": "Mauvais sac"}),
]


def _told(of: Any, told: Told) -> Any:
    """The same with the ids of the story in the place of their names."""
    if isinstance(of, dict):
        return {name: _told(value, told) for name, value in of.items()}
    if isinstance(of, list):
        return [_told(value, told) for value in of]
    return of.format_map(asdict(told)) if isinstance(of, str) else of


@pytest.mark.parametrize(("where", "sent"), ANOTHERS, ids=[where for where, _ in ANOTHERS])
async def test_another_pharmacys_lot_or_prescription_does_not_exist(
    clinic: Callers, told: Told, store: Store, where: str, sent: dict[str, Any]
) -> None:
    before = store.content(readings=False)
    answer = await clinic.program(FALL).post(_told(where, told), _told(sent, told))
    assert answer.status == 404
    assert store.content(readings=False) == before


async def test_a_code_that_is_tried_ten_times_is_tried_five_times(clinic: Callers, told: Told, store: Store) -> None:
    address = f"/prescriptions/{told.ready}"
    right = (await clinic.program(AWA).get(address)).json["handover_code"]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    said = [(await clinic.program(NDIAYE).post(f"{address}/delivery", {"code": wrong})).errors() for _ in range(10)]
    for left, one in zip((4, 3, 2, 1), said, strict=False):
        assert f"Essais restants : {left}" in one["code"].replace("\xa0", " ")
    assert all("faites-en créer un nouveau" in one["code"] for one in said[4:])
    assert store.value("SELECT code_failures FROM prescriptions WHERE id = ?", told.ready) == 5
    page = await clinic.browser(NDIAYE).post(f"{address}/delivery", {"code": right})
    assert page.status == 422 and "Trop de mauvais codes" in html.unescape(page.text)
    assert store.value("SELECT status FROM prescriptions WHERE id = ?", told.ready) == "ready"


@pytest.mark.parametrize("more", [1, 10_000])
async def test_a_part_of_more_than_is_owed_is_refused_beside_its_line(
    clinic: Callers, told: Told, store: Store, more: int
) -> None:
    address = f"/prescriptions/{told.owed}"
    [line] = (await clinic.program(NDIAYE).get(address)).json["lines"]
    asked = line["quantity"] - line["delivered"] + more
    before = store.content(readings=False)
    sent = {**INSTEAD, "lines": [{"line_id": line["id"], "quantity": asked}]}
    assert "lines-0-quantity" in (await clinic.program(NDIAYE).post(f"{address}/delivery", sent)).errors()
    typed = {**INSTEAD, "lines-0-line_id": line["id"], "lines-0-quantity": str(asked)}
    page = await clinic.browser(NDIAYE).post(f"{address}/delivery", typed)
    assert page.status == 422 and f'value="{asked}"' in page.text
    assert f'value="{INSTEAD["reason"]}"' in page.text
    assert store.content(readings=False) == before


async def test_a_medicine_that_is_retired_since_is_not_prescribed_out_of_a_set(
    clinic: Callers, told: Told, store: Store
) -> None:
    store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (AMOXICILLIN,))
    before = store.content(readings=False)
    retired = {**LINE, "medicine_id": AMOXICILLIN}
    refused = await clinic.program(DIOP).post("/patients/awa/prescriptions", {"lines": [LINE, retired]})
    assert "lines-1-medicine" in refused.errors()
    assert store.content(readings=False) == before


async def test_an_order_in_windows_1252_with_a_formula_is_refused_whole(
    clinic: Callers, told: Told, store: Store
) -> None:
    rows = ["Produit;Lot;Péremption;Quantité", f"Paracétamol 500 mg;É-1;{NEXT_YEAR};10"]
    rows.append(f"Paracétamol 500 mg;=HYPERLINK(A1);{NEXT_YEAR};5")
    before = store.content(readings=False)
    sent = "\r\n".join(rows).encode("cp1252")
    errors = (await clinic.program(NDIAYE).post("/inventory/receipts", sent, Content_Type="text/csv")).errors()
    assert any("=" in message for message in errors.values()), errors
    page = await clinic.browser(NDIAYE).post("/inventory/receipts", {"text": "\n".join(rows)})
    assert page.status == 422 and "HYPERLINK" in page.text
    assert store.content(readings=False) == before
