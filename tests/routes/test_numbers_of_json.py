"""A number in a JSON body is taken as it is written."""

from typing import Any

import pytest
from callers import Callers
from cast import NDIAYE
from store import Store
from told import Told

LOT = b'{"medicine_id": "paracetamol-500", "number": %s, "expires_on": "2031-09", "quantity": 5}'


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b"12.50", "12.50"),
        (b"12345678901234567890.5", "12345678901234567890.5"),
        (b"1e-05", "0.00001"),
        (b"25E2", "2500"),
        (b"1e9999999", "1e9999999"),
        (b"1e99999999999999999999", "1e99999999999999999999"),
    ],
    ids=str,
)
async def test_and_no_float_is_made_of_it(clinic: Callers, told: Told, store: Store, written: bytes, kept: str) -> None:
    program = clinic.program(NDIAYE)
    answer = await program.post("/inventory/lots", LOT % written, Content_Type="application/json")
    assert answer.status == 201, answer.text
    assert answer.json["number"] == kept


@pytest.mark.parametrize(("name", "value"), [("confirm", "non"), ("confirm", "nein"), ("confirm", "null")])
async def test_nothing_is_confirmed_by_a_word_that_is_not_known(
    clinic: Callers, told: Told, store: Store, name: str, value: Any
) -> None:
    before = store.content()
    lot = {"medicine_id": "paracetamol-500", "number": "Z9", "expires_on": "2020-01", "quantity": 5}
    program = clinic.program(NDIAYE)
    assert "expires_on" in (await program.post("/inventory/lots", lot)).errors()
    assert name in (await program.post("/inventory/lots", {**lot, name: value})).errors()
    said = await program.post("/inventory/lots", {**lot, name: "False"})
    assert said.problem(422)["confirm"] == ["expires_on"]
    assert store.content() == before
