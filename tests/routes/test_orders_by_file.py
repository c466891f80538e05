"""An order over HTTP: sent as a file, looked at with each fault beside its line, taken, undone."""

import re

import pytest
from callers import Callers
from cast import GOMIS, NDIAYE
from store import Store
from told import NEXT_YEAR, Told
from workbooks import xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = [("Produit", "Lot", "Péremption", "Quantité"), ("Paracétamol 500 mg", "É-1", str(NEXT_YEAR), "1 200")]


@pytest.mark.parametrize("sent", ["xlsx", "cp1252", "utf-8-sig"])
async def test_a_file_is_looked_at_taken_and_undone(clinic: Callers, store: Store, sent: str) -> None:
    text = "\n".join(";".join(row) for row in ROWS)
    body, kind = (xlsx(ROWS), XLSX) if sent == "xlsx" else (text.encode(sent), "text/csv")
    program = clinic.program(NDIAYE)
    made = await program.post("/inventory/receipts", body, Content_Type=kind)
    assert (made.status, made.json["status"], made.json["units"]) == (201, "checked", 1200)
    assert not store.rows("SELECT 1 FROM lots WHERE number = 'É-1'")
    page = (await clinic.browser(GOMIS).get(made.location)).text
    assert (
        "paracétamol 500 mg" in page and "É-1" in page and "Rien n'est encore enregistré" in page.replace("&#39;", "'")
    )
    assert (await program.post(f"{made.location}/confirmation")).json["status"] == "received"
    assert store.value("SELECT on_hand FROM lots WHERE number = 'É-1'") == 1200
    assert (await program.post(f"{made.location}/undoing")).json["status"] == "undone"
    assert store.value("SELECT on_hand FROM lots WHERE number = 'É-1'") == 0


async def test_each_fault_stands_beside_its_line_and_what_was_put_in_comes_back(clinic: Callers) -> None:
    table = "produit;lot;péremption;quantité\nzorglub;A1;13/2027;=1+1"
    page = await clinic.browser(NDIAYE).post("/inventory/receipts", {"text": table})
    assert page.status == 422
    said = re.sub("<[^>]+>", "", page.text.replace("\xa0", " "))
    for fault in ("Ligne 2, Produit :", "Ligne 2, Date de péremption :", "Ligne 2, Quantité reçue : Commence par ="):
        assert fault in said
    assert "zorglub;A1;13/2027;=1+1" in page.text


async def test_the_faults_of_a_line_follow_its_columns_as_the_file_has_them(clinic: Callers) -> None:
    """Whoever they are found by: the cells, then the list of medicines, then the stock."""
    for head in (("quantité", "péremption", "produit", "lot"), ("lot", "produit", "péremption", "quantité")):
        cells = {"quantité": "=1+1", "péremption": "13/2027", "produit": "zorglub", "lot": "L" * 41}
        line = ";".join(cells[column] for column in head)
        page = await clinic.browser(NDIAYE).post("/inventory/receipts", {"text": f"{';'.join(head)}\n{line}\n{line}"})
        names = {"produit": "Produit", "lot": "Numéro de lot", "péremption": "Date de péremption"}
        said = re.findall(r"Ligne ([0-9]+), (.+?) *:", re.sub("<[^>]+>", "", page.text.replace("\xa0", " ")))
        assert said == [(at, names.get(column, "Quantité reçue")) for at in "23" for column in head]


async def test_what_is_wrong_with_many_lines_is_bounded(clinic: Callers) -> None:
    table = "produit;lot;péremption;quantité\n" + "zorglub;A1;13/2027;0\n" * 200
    errors = (await clinic.program(NDIAYE).post("/inventory/receipts", {"text": table})).errors()
    assert len(errors) == 101 and "file" in errors


async def test_a_receipt_leads_to_the_others(clinic: Callers, told: Told) -> None:
    page = (await clinic.browser(NDIAYE).get("/inventory/receipts")).text
    assert f"/inventory/receipts/{told.receipt}" in page and f"/inventory/receipts/{told.delivery}" in page
