"""Looking for something in the stock: by name, brand or lot, and what is low, expires, or is not there."""

import pytest
import steps
from cast import AMOXICILLIN, FALL, INSULIN, NDIAYE, PARACETAMOL
from store import Clock, Store

from fadjma.identity.people import Viewer
from fadjma.inventory import actions, products
from fadjma.inventory.products import Only


@pytest.fixture
def stock(store: Store) -> Store:
    """Plenty of paracetamol, the last tablet of amoxicillin, insulin that expires in ten days."""
    steps.receive(store, 100, number="PA-771")
    steps.receive(store, 1, number="AM 12", medicine_id=AMOXICILLIN)
    steps.receive(store, 9, number="IN-5", medicine_id=INSULIN, expires_on=steps.in_days(store, 10))
    store.connection.execute("UPDATE products SET threshold = 1")
    store.connection.execute("UPDATE medicines SET brands = 'Lantus', brands_key = 'lantus' WHERE id = ?", (INSULIN,))
    return store


def _found(store: Store, q: str = "", only: Only | None = None, person: Viewer = NDIAYE) -> list[str]:
    return [product.medicine.id for product in store.read(products.stock, person, q, only)]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("para", [PARACETAMOL]),
        ("500 PARACÉTAMOL", [PARACETAMOL]),
        ("lantus", [INSULIN]),
        ("pa771", [PARACETAMOL]),
        ("am-1", [AMOXICILLIN]),
        ("12", []),
        ("morphine", []),
        ("%", []),
        ("", [AMOXICILLIN, INSULIN, PARACETAMOL]),
    ],
)
def test_by_name_brand_or_number_of_a_lot(stock: Store, q: str, found: list[str]) -> None:
    assert _found(stock, q) == found


def test_what_is_low_expires_or_is_not_there(stock: Store, clock: Clock) -> None:
    assert _found(stock, only="low") == [AMOXICILLIN]
    assert _found(stock, only="expiring") == [INSULIN]
    assert _found(stock, only="out") == []
    assert stock.read(products.count_products, NDIAYE) == products.Kept(all=3, low=1, expiring=1, out=0)
    clock.advance(days=11)
    assert _found(stock, only="out") == [INSULIN], "what has expired is not there any more"
    assert _found(stock, only="low") == [INSULIN, AMOXICILLIN], "what there is none of is low, and comes first"
    assert _found(stock, only="expiring") == [INSULIN], "and is still to be taken away"
    assert _found(stock, "insuline", "low") == [INSULIN] and _found(stock, "para", "low") == []


def test_another_pharmacy_has_its_own(stock: Store) -> None:
    assert _found(stock, "para", person=FALL) == _found(stock, "pa771", person=FALL) == []
    assert stock.read(products.count_products, FALL) == products.Kept(all=0, low=0, expiring=0, out=0)


def test_what_was_retired_is_not_lacking_once_nothing_of_it_is_left(stock: Store) -> None:
    stock.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (AMOXICILLIN,))
    assert AMOXICILLIN in _found(stock) and _found(stock, only="low") == [AMOXICILLIN], "the last tablet is there"
    lot = stock.read(products.stock, NDIAYE, "am12")[0].lots[0]
    stock.write(actions.adjust, NDIAYE, lot.id, on_hand=0, version=lot.version, reason="Casse")
    assert _found(stock, only="low") == _found(stock, only="out") == [] and AMOXICILLIN not in _found(stock)
    assert stock.read(products.low_stock, NDIAYE, 3) == []
    assert stock.read(products.count_products, NDIAYE) == products.Kept(all=2, low=0, expiring=1, out=0)
