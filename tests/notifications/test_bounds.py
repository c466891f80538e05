"""The inbox where one more or one less would be seen."""

import pytest
from cast import AWA
from store import Store

from fadjma import events
from fadjma.events import Subject, inbox
from fadjma.store import Transaction


def _tell(store: Store, number: int) -> None:
    """Awa is told of so many things."""

    def tell(tx: Transaction) -> None:
        for index in range(number):
            events.notify(tx, [AWA.id], "notification", "record.read", Subject("record", f"r{index}"))

    store.write(tell)


@pytest.mark.parametrize("unread", [0, 1, 99, 100, 101])
def test_a_hundred_lines_are_counted_and_no_more(store: Store, unread: int) -> None:
    _tell(store, unread)
    assert store.read(inbox.unread, AWA.id) == min(unread, 100)


@pytest.mark.parametrize("more", [0, 1])
def test_a_full_page_goes_on_only_when_there_is_more(store: Store, more: int) -> None:
    _tell(store, inbox.PAGE + more)
    page = store.read(inbox.browse, AWA)
    assert len(page.items) == inbox.PAGE
    assert page.next == (more + 1 if more else None)
    if page.next:
        assert [item.seq for item in store.read(inbox.browse, AWA, page.next).items] == [1]


def test_of_however_many_people_each_ones_number_is_found(store: Store) -> None:
    """More than a statement takes at once; some of them have no inbox."""
    _tell(store, 2)
    nobody = [f"nobody{index}" for index in range(1_200)]
    assert store.read(inbox.cursors, [*nobody, AWA.id]) == {AWA.id: 2}
    assert store.read(inbox.cursors, [AWA.id, *nobody]) == {AWA.id: 2}
