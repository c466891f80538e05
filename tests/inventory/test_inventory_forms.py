"""Receiving and counting, as typed."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from fadjma.inventory.forms import CountForm, LotForm

NEXT_YEAR = (datetime.now(UTC) + timedelta(days=365)).date().isoformat()
LOT = {"medicine_id": "m", "number": "L1", "expires_on": NEXT_YEAR, "quantity": "10"}
COUNT = {"on_hand": "10", "version": "1", "reason": "Casse"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("medicine_id", ""),
        ("number", " "),
        ("number", "x" * 41),
        ("expires_on", "31/12/2027"),
        ("quantity", "0"),
        ("quantity", "-5"),
        ("quantity", "1.5"),
        ("quantity", "100001"),
        ("quantity", "9" * 30),
    ],
)
def test_a_lot_is_told_what_cannot_be(field: str, value: str) -> None:
    assert LotForm(MultiDict(LOT)).validate()
    form = LotForm(MultiDict({**LOT, field: value}))
    assert not form.validate()
    assert set(form.messages) == {field}


@pytest.mark.parametrize(("field", "value"), [("on_hand", "-1"), ("on_hand", ""), ("version", "0"), ("reason", "ab")])
def test_a_count_is_told_what_cannot_be(field: str, value: str) -> None:
    assert CountForm(MultiDict(COUNT)).validate()
    form = CountForm(MultiDict({**COUNT, field: value}))
    assert not form.validate()
    assert set(form.messages) == {field}


def test_nobody_counts_zero_away() -> None:
    assert CountForm(MultiDict({**COUNT, "on_hand": "0"})).validate()


def test_a_request_sets_neither_pharmacy_nor_what_is_reserved() -> None:
    form = LotForm(MultiDict({**LOT, "pharmacy_id": "other", "reserved": "0", "on_hand": "5"}))
    assert set(form.data) == {*LOT, "confirm"}
