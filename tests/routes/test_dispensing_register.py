"""The ordonnancier: what was handed over of medicines that are under rules, numbered for ever."""

import csv
import io
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, FALL, GOMIS, INSULIN, JAMM, NDIAYE, PARACETAMOL
from overriding import issue
from python_calamine import CalamineWorkbook
from store import Clock, Store
from told import LINE, Told

from fadjma import days
from fadjma.i18n import show_month
from fadjma.prescriptions import register

PROOF = {"identity_document": "CNI 1 751 1991 00042", "reason": "Téléphone volé"}


def _list(store: Store, medicine_id: str, schedule: str) -> None:
    store.connection.execute("UPDATE medicines SET schedule = ? WHERE id = ?", (schedule, medicine_id))


async def _register(clinic: Callers, who: Any = NDIAYE, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await clinic.program(who).get(f"/dispensing-register{query}")).json["items"]
    return items


async def _hand_over(clinic: Callers, prescription_id: str) -> None:
    assert (await clinic.program(NDIAYE).post(f"/prescriptions/{prescription_id}/delivery", PROOF)).status == 200


async def _ready(clinic: Callers, *medicines: str) -> str:
    lines = [{**LINE, "medicine_id": medicine} for medicine in medicines]
    body = {"lines": lines, "pharmacy_id": JAMM, "confirm": "1"}
    made = (await issue(clinic, "/patients/awa/prescriptions", body)).json["id"]
    for act in ("validation", "preparation", "readiness"):
        assert (await clinic.program(NDIAYE).post(f"/prescriptions/{made}/{act}")).status == 200
    return str(made)


async def test_what_is_under_rules_stands_there_in_order_and_what_is_not_does_not(
    clinic: Callers, told: Told, store: Store
) -> None:
    await _hand_over(clinic, told.ready)
    assert await _register(clinic) == []
    _list(store, INSULIN, "list_2")
    _list(store, PARACETAMOL, "narcotic")
    both = await _ready(clinic, INSULIN, PARACETAMOL)
    await _hand_over(clinic, both)
    await _hand_over(clinic, told.asked)
    first, second, third = await _register(clinic)
    assert [one["number"] for one in (first, second, third)] == [1, 2, 3]
    assert [one["schedule"] for one in (first, second, third)] == ["list_2", "narcotic", "narcotic"]
    assert (
        first.items()
        >= {
            "prescription_id": both,
            "prescriber": {"name": "Ousmane Diop", "profession": "physician", "place": "Clinique Teranga, Dakar"},
            "patient": {"id": "awa", "name": "Awa Cissé", "identifier": "FJ-7K2MQ-0XW4D", "city": "Dakar"},
            "medicine": "insuline glargine 100 UI/ml, solution injectable",
            "quantity": 10,
            "unit": "stylo",
            "pharmacist": "Khady Ndiaye",
            "undone_at": None,
        }.items()
    )
    assert third["prescription_id"] == told.asked and "L1" in first["lots"]


async def test_a_number_is_for_ever_and_so_is_what_the_rule_was(clinic: Callers, told: Told, store: Store) -> None:
    _list(store, PARACETAMOL, "list_1")
    await _hand_over(clinic, told.ready)
    _list(store, PARACETAMOL, "none")
    await _hand_over(clinic, told.asked)
    [one] = await _register(clinic)
    assert (one["number"], one["schedule"]) == (1, "list_1")
    for change in ("DELETE FROM register_entries", "UPDATE register_entries SET number = 7"):
        with pytest.raises(Exception, match="never"):
            store.connection.execute(change)


async def test_what_is_handed_over_in_parts_has_a_number_for_each(clinic: Callers, told: Told, store: Store) -> None:
    _list(store, PARACETAMOL, "list_1")
    line = (await clinic.program(NDIAYE).get(f"/prescriptions/{told.ready}")).json["lines"][0]
    part = {**PROOF, "lines": [{"line_id": line["id"], "quantity": 4}]}
    assert (await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", part)).status == 200
    assert [(one["number"], one["quantity"]) for one in await _register(clinic)] == [(1, 4)]


@pytest.mark.sqlite_only
async def test_more_entries_are_no_more_statements(clinic: Callers, told: Told, store: Store) -> None:
    _list(store, PARACETAMOL, "list_1")
    line = (await clinic.program(NDIAYE).get(f"/prescriptions/{told.ready}")).json["lines"][0]
    part = {**PROOF, "lines": [{"line_id": line["id"], "quantity": 1}]}
    counts = []
    for handed in (1, 4):
        for _ in range(handed):
            answer = await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", part)
            assert answer.status == 200, answer.text
            if answer.json["status"] != "ready":
                again = await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/rest")
                assert again.status == 200, again.text
        asked: list[str] = []
        store.connection.set_trace_callback(asked.append)
        assert [one.serial for one in store.write(register.entries, NDIAYE)][-1] == len(counts) * 4 + 1
        store.connection.set_trace_callback(None)
        counts.append(sum(statement.startswith("SELECT") for statement in asked))
    assert counts[0] == counts[1]


async def test_each_pharmacy_has_its_own_and_nobody_else_reads_it(clinic: Callers, told: Told, store: Store) -> None:
    _list(store, PARACETAMOL, "list_1")
    await _hand_over(clinic, told.ready)
    assert len(await _register(clinic, GOMIS)) == 1 and await _register(clinic, FALL) == []
    for person in (AWA, DIOP, ADMIN):
        for where in ("/dispensing-register", "/dispensing-register/export"):
            assert (await clinic.program(person).get(where)).status == 403
    seen = "SELECT count(*) FROM trace WHERE actor_id = 'gomis' AND action = 'prescription.listed' AND subject_id = ?"
    assert store.value(seen, told.ready) == 1, "whose it was, is before the reader"


async def test_it_is_shown_by_month_and_in_parts(clinic: Callers, told: Told, store: Store, clock: Clock) -> None:
    _list(store, PARACETAMOL, "list_1")
    await _hand_over(clinic, told.ready)
    month = f"{days.day(clock()):%Y-%m}"
    assert len(await _register(clinic, query=f"?month={month}")) == 1
    assert (
        await _register(clinic, query="?month=2020-01")
        == await _register(clinic, query=f"?month={month}&before=1")
        == []
    )
    for wrong in ("2026-13", "x", "9999-12"):
        assert "month" in (await clinic.program(NDIAYE).get(f"/dispensing-register?month={wrong}")).errors()
    empty = (await clinic.browser(NDIAYE).get("/dispensing-register?month=2020-01")).text
    assert "Rien de ces listes" in empty and "remise</caption>" not in empty, "none is not one"
    page = (await clinic.browser(NDIAYE).get("/dispensing-register?whole=1")).text
    assert "Une remise</caption>" in page and "data-print" in page and "Liste I" in page and "comprimés" in page
    assert f"Pharmacie Jamm</bdi> · {show_month(month, 'fr')}" in page


async def test_it_is_taken_along_as_csv_and_as_a_workbook(clinic: Callers, told: Told, store: Store) -> None:
    _list(store, PARACETAMOL, "list_1")
    store.connection.execute("UPDATE users SET given_name = '=cmd()' WHERE id = 'awa'")
    await _hand_over(clinic, told.ready)
    answer = await clinic.browser(NDIAYE).get("/dispensing-register/export")
    assert "ordonnancier-20" in answer.headers["Content-Disposition"] and answer.type.startswith("text/csv")
    heads, row = csv.reader(io.StringIO(answer.body.decode("utf-8-sig")), delimiter=";")
    assert (
        dict(zip(heads, row, strict=True)).items()
        >= {
            "Numéro": "1",
            "Prescripteur": "Dr Ousmane Diop, Clinique Teranga, Dakar",
            "Patient": "'=cmd() Cissé",
            "Tableau": "Liste I",
            "Quantité": "20",
        }.items()
    )
    answer = await clinic.browser(NDIAYE).get("/dispensing-register/export?format=xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.body)).get_sheet_by_index(0).to_python()
    assert sheet[0] == heads and sheet[1][4] == "=cmd() Cissé"


async def test_what_was_undone_keeps_its_number_and_says_so(clinic: Callers, told: Told, store: Store) -> None:
    _list(store, PARACETAMOL, "list_1")
    await _hand_over(clinic, told.ready)
    undone = await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/undoing", {"reason": "Mauvais sachet"})
    assert undone.status == 200
    await _hand_over(clinic, told.ready)
    first, second = await _register(clinic)
    assert (first["number"], second["number"]) == (1, 2)
    assert first["undone_at"] and second["undone_at"] is None
    assert "Annulée" in (await clinic.browser(NDIAYE).get("/dispensing-register")).text
