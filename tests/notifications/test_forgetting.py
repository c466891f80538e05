"""The inbox is kept for twelve months; whoever has not heard of what is gone is told to begin anew."""

import pytest
from cast import AWA, DIOP
from store import Clock, Store

from fadjma import events
from fadjma.events import Subject, inbox, soundness
from fadjma.live import poll, replay
from fadjma.store import Transaction


def _tell(store: Store, times: int, person: str = AWA.id) -> None:
    def tell(tx: Transaction) -> None:
        for number in range(times):
            events.notify(tx, [person], "notification", "record.read", Subject("patient", str(number)))

    store.write(tell)


def _kept(store: Store, person: str = AWA.id) -> list[int]:
    return [seq for (seq,) in store.rows("SELECT seq FROM notifications WHERE user_id = ? ORDER BY seq", person)]


def _heard(store: Store, after: int) -> tuple[list[int] | None, bool]:
    """What a stream replays after this number (None: reset), and whether a program that polls is told to begin anew."""
    missed, _ = store.read(replay.missed, AWA, after, "json")
    polled = store.read(poll._as_json, AWA, after, None)
    return None if missed is None else [item.seq for item, _ in missed], bool(polled and polled.get("reset"))


@pytest.fixture
def year(store: Store, clock: Clock) -> Store:
    """Awa was told six things a year and a day ago, and three a month ago; Dr Diop two, a year ago."""
    _tell(store, 6)
    _tell(store, 2, DIOP.id)
    clock.advance(days=336)
    _tell(store, 3)
    clock.advance(days=31)
    return store


def test_what_is_older_goes_in_steps_and_the_rest_stays(year: Store) -> None:
    assert year.write(inbox.forget, 4) == 4, "there may be more"
    while year.write(inbox.forget, 4) == 4:
        pass
    assert year.write(inbox.forget, 4) == 0
    assert _kept(year) == [7, 8, 9] and _kept(year, DIOP.id) == []
    assert [item.seq for item in year.read(inbox.browse, AWA).items] == [9, 8, 7]
    assert year.read(inbox.unread, AWA.id) == 3
    assert year.read(lambda tx: list(soundness.gaps(tx))) == []


def test_until_then_nothing_goes(store: Store, clock: Clock) -> None:
    _tell(store, 3)
    clock.advance(days=365, hours=23)
    assert store.write(inbox.forget, 9) == 0 and _kept(store) == [1, 2, 3]


@pytest.mark.parametrize(
    ("after", "replayed", "anew"),
    [(0, None, True), (3, None, True), (5, None, True), (6, [7, 8, 9], False), (8, [9], False), (9, [], False)],
)
def test_a_cursor_from_before_what_is_kept_gets_reset(
    year: Store, after: int, replayed: list[int] | None, anew: bool
) -> None:
    year.write(inbox.forget, 99)
    assert _heard(year, after) == (replayed, anew)


def test_also_when_nothing_at_all_is_kept(year: Store, clock: Clock) -> None:
    clock.advance(days=366)
    year.write(inbox.forget, 99)
    assert _kept(year) == []
    assert _heard(year, 4) == (None, True) and _heard(year, 9) == ([], False)
    _tell(year, 1)
    assert _kept(year) == [10], "the numbers go on"
    assert _heard(year, 9) == ([10], False)
    assert year.read(lambda tx: list(soundness.gaps(tx))) == []


def test_news_that_a_wrong_clock_dates_back_waits_for_what_is_before_it(store: Store, clock: Clock) -> None:
    _tell(store, 2)
    right = clock.now
    clock.advance(days=-800)
    _tell(store, 2)
    clock.now = right
    _tell(store, 1)
    assert store.write(inbox.forget, 9) == 0 and _kept(store) == [1, 2, 3, 4, 5]
    clock.advance(days=367)
    assert store.write(inbox.forget, 9) == 5


def test_a_number_that_is_missing_is_still_found(year: Store) -> None:
    year.write(inbox.forget, 99)

    def look(tx: Transaction) -> list[str]:
        tx.execute("DELETE FROM notifications WHERE user_id = 'awa' AND seq = 8")
        return list(soundness.gaps(tx))

    assert year.read(look) == [AWA.id]
