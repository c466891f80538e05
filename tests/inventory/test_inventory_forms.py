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
        *(("expires_on", text) for text in ("31/13/2027", "31/2/2027", "2027", "0/2027", "demain", "9/27/2", "٢٠٢٧")),
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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2028-02-29", "2028-02-29"),
        ("9/2027", "2027-09-30"),
        ("02-2028", "2028-02-29"),
        ("2027-09", "2027-09-30"),
        ("09/27", "2027-09-30"),
        ("30/9/27", "2027-09-30"),
        ("31.12.2027", "2027-12-31"),
        ("٠٩/٢٠٢٧", "2027-09-30"),
    ],
)
def test_an_expiry_is_typed_as_its_box_says_it_and_a_month_keeps_its_last_day(typed: str, meant: str) -> None:
    form = LotForm(MultiDict({**LOT, "expires_on": typed}))
    assert form.validate() or form.messages == form.doubts
    assert form.expires_on.data.isoformat() == meant


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
    assert set(form.data) == {*LOT, "threshold", "gtin", "since", "confirm"}
