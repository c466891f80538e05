"""The stock is counted sheet by sheet: differences are shown first, a lot that has moved meanwhile is asked again."""

import pytest
from cast import AMOXICILLIN, AWA, DIOP, FALL, GOMIS, NDIAYE, PARACETAMOL
from steps import KEY, code, issued, receive
from store import Store

from fadjma.identity.people import Viewer
from fadjma.inventory import actions, counting, counts
from fadjma.inventory.counting import Counted
from fadjma.prescriptions import dispensing
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, NotFound
from fadjma.writing import search_key


def _counted(lot_id: str, on_hand: int, version: int = 1, place: str = "lines-0-on_hand") -> Counted:
    return Counted(place, lot_id, version, on_hand)


def _record(store: Store, *counted: Counted, reason: str = "Inventaire", confirmed: bool = True) -> str:
    return store.write(counting.record, NDIAYE, counted, reason=reason, confirmed=confirmed)


def _on_hand(store: Store) -> dict[str, int]:
    return dict(store.rows("SELECT id, on_hand FROM lots"))


def test_a_sheet_has_twenty_lots_by_name_and_the_next_one_goes_on(store: Store) -> None:
    for number in range(25):
        receive(store, number=f"L{number}", medicine_id=(PARACETAMOL, AMOXICILLIN)[number % 2])
    receive(store, pharmacist=FALL)
    empty = receive(store, number="EMPTY")
    store.write(actions.adjust, NDIAYE, empty, on_hand=0, version=1, reason="Casse")
    first = store.read(counts.sheet, NDIAYE)
    second = store.read(counts.sheet, NDIAYE, first.next)
    assert (len(first), len(second), second.next) == (counts.PER_SHEET, 5, None)
    lots = [one.lot for one in [*first, *second]]
    assert len({lot.id for lot in lots}) == 25
    names = [search_key(lot.name) for lot in lots]
    assert names == sorted(names)


def test_very_many_that_differ_are_one_question(store: Store) -> None:
    lot_id = receive(store, 100)
    with pytest.raises(Doubtful) as question:
        _record(store, _counted(lot_id, 20_000, place="a"), confirmed=False)
    assert question.value.errors == {"a": counting.MANY}


def test_what_differs_is_asked_about_before_anything_is_recorded(store: Store) -> None:
    one, other, same = receive(store, 100), receive(store, 50, number="L2"), receive(store, 7, number="L3")
    counted = [_counted(one, 97, place="a"), _counted(other, 51, place="b"), _counted(same, 7, place="c")]
    before = store.content()
    with pytest.raises(Doubtful) as question:
        _record(store, *counted, confirmed=False)
    assert question.value.errors == {"a": counting._FOUND_LESS, "b": counting._FOUND_MORE}
    with pytest.raises(Invalid) as refusal:
        _record(store, *counted, reason="")
    assert refusal.value.errors.keys() == {"reason", "a", "b"}
    assert store.content() == before
    found = store.read(counts.count, GOMIS, _record(store, *counted))
    assert (found.lots, found.changed, found.reason, found.made_by) == (3, 2, "Inventaire", NDIAYE.name)
    assert {difference.lot_id: difference.shown for difference in found.differences} == {one: "−3", other: "+1"}
    assert _on_hand(store) == {one: 97, other: 51, same: 7}
    store.check()


def test_a_sheet_without_differences_needs_no_reason_and_says_when_it_was_counted(store: Store) -> None:
    lot_id = receive(store, 100)
    _record(store, _counted(lot_id, 100), reason="", confirmed=False)
    [one] = store.read(counts.sheet, NDIAYE)
    assert (one.counted_at, one.lot.version) == (store.clock(), 1)
    assert store.value("SELECT count(*) FROM movements") == 1


@pytest.mark.parametrize("what", ["handed over", "received", "counted"])
def test_a_lot_that_has_moved_meanwhile_is_asked_again_and_nothing_is_recorded(store: Store, what: str) -> None:
    moved, other = receive(store, 100), receive(store, 50, number="L2", medicine_id=AMOXICILLIN)
    if what == "handed over":
        prescription_id = store.write(dispensing.validate, GOMIS, issued(store, 20))
        store.write(dispensing.prepare, GOMIS, prescription_id)
        store.write(dispensing.mark_ready, GOMIS, prescription_id)
        store.write(dispensing.deliver, GOMIS, prescription_id, key=KEY, code=code(store, prescription_id))
    elif what == "received":
        receive(store, 5)
    else:
        store.write(actions.adjust, GOMIS, moved, on_hand=90, version=1, reason="Casse")
    before = store.content()
    with pytest.raises(Conflict) as refusal:
        _record(store, _counted(moved, 100), _counted(other, 49))
    assert refusal.value.current == moved
    assert store.content() == before


def test_less_than_is_kept_for_prescriptions_cannot_be(store: Store) -> None:
    lot_id = receive(store, 100)
    store.write(dispensing.prepare, NDIAYE, store.write(dispensing.validate, NDIAYE, issued(store, 20)))
    with pytest.raises(Invalid) as refusal:
        _record(store, _counted(lot_id, 19, version=2))
    assert refusal.value.errors.keys() == {"lines-0-on_hand"}
    _record(store, _counted(lot_id, 20, version=2))


def test_each_lot_once_and_at_least_one(store: Store) -> None:
    lot_id = receive(store)
    for counted in ([], [_counted(lot_id, 100), _counted(lot_id, 99)]):
        with pytest.raises(Invalid):
            _record(store, *counted)


def test_the_colleagues_hear_of_a_sheet_once_and_of_what_is_low(store: Store) -> None:
    lots = [receive(store, 100, number=f"L{number}") for number in range(3)]
    store.connection.execute("UPDATE products SET threshold = 250")
    news = store.news(counting.record, NDIAYE, [_counted(lot, 80) for lot in lots], reason="Inventaire", confirmed=True)
    assert news == {NDIAYE.id: [None, "stock.low"], GOMIS.id: ["stock.counted", "stock.low"]}


@pytest.mark.parametrize("person", [AWA, DIOP], ids=lambda person: person.id)
def test_nobody_but_a_pharmacist_counts(store: Store, person: Viewer) -> None:
    lot_id = receive(store)
    with pytest.raises(Forbidden):
        store.write(counting.record, person, [_counted(lot_id, 1)], reason="Inventaire", confirmed=True)
    for function in (counts.sheet, counts.counts):
        with pytest.raises(Forbidden):
            store.read(function, person)


def test_another_pharmacy_neither_counts_nor_reads_it(store: Store) -> None:
    lot_id = receive(store)
    with pytest.raises(NotFound):
        store.write(counting.record, FALL, [_counted(lot_id, 1)], reason="Inventaire", confirmed=True)
    count_id = _record(store, _counted(lot_id, 1))
    with pytest.raises(NotFound):
        store.read(counts.count, FALL, count_id)
    assert store.read(counts.counts, FALL) == []
    assert [one.id for one in store.read(counts.counts, GOMIS)] == [count_id]
