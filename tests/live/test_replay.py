"""What a person has missed, read from the table: whole, in order, or not at all."""

import pytest
from cast import AWA
from store import Store

from fadjma import events
from fadjma.events import Subject
from fadjma.live import poll, replay
from fadjma.store import Transaction


def tell(tx: Transaction, times: int) -> None:
    for _ in range(times):
        events.notify(tx, [AWA.id], "notification", "record.read", Subject("patient", AWA.id))


def with_a_hole(tx: Transaction, before: int, width: int, after: int) -> None:
    """As if a copy had been put back: Awa's numbers jump over some."""
    tell(tx, before)
    tx.execute("UPDATE inboxes SET last_seq = last_seq + :width WHERE user_id = :id", {"width": width, "id": AWA.id})
    tell(tx, after)


def seqs(store: Store, after: int, *, before: int = 0, width: int = 0, later: int = 0) -> tuple[list[int] | None, int]:
    """The numbers that are replayed after this one, and Awa's own cursor; nothing of it stays."""

    def look(tx: Transaction) -> tuple[list[int] | None, int]:
        with_a_hole(tx, before, width, later)
        missed, level = replay.missed(tx, AWA, after, "json")
        return None if missed is None else [item.seq for item, _ in missed], level

    return store.read(look)


def test_what_follows_is_replayed(store: Store) -> None:
    assert seqs(store, 1, before=4) == ([2, 3, 4], 4)


def test_nothing_missed_is_nothing_replayed(store: Store) -> None:
    assert seqs(store, 4, before=4) == ([], 4)


@pytest.mark.parametrize("width", [1, 2, 1_000_000])
def test_not_even_one_number_may_be_missing_after_the_cursor(store: Store, width: int) -> None:
    assert seqs(store, 2, before=2, width=width, later=2) == (None, 4 + width)


def test_whoever_has_nothing_yet_takes_whatever_is_first(store: Store) -> None:
    """A page of somebody who was never told anything: their first number is where their history begins."""
    assert seqs(store, 0, width=7, later=1) == ([8], 8)


def test_fifty_are_replayed_and_one_more_is_too_many(store: Store) -> None:
    assert seqs(store, 1, before=51) == (list(range(2, 52)), 51)
    assert seqs(store, 0, before=51) == (None, 51)


@pytest.mark.parametrize(("width", "reset"), [(0, False), (1, True)])
def test_a_program_that_polls_is_told_of_a_hole(store: Store, width: int, reset: bool) -> None:
    def look(tx: Transaction) -> object:
        with_a_hole(tx, 2, width, 1)
        return poll._as_json(tx, AWA, 2, None)

    answer = store.read(look)
    assert isinstance(answer, dict) and answer.get("reset", False) is reset
    assert [event["seq"] for event in answer["events"]] == [3 + width]


def test_a_reset_says_how_much_was_missed_where_that_is_known(store: Store) -> None:
    assert b"\ndata: 60\n" in replay.reset(10, 70)
    for last, level in ((70, 10), (10, 10), (10, 1_000_010)):
        assert b"\ndata: 0\n" in replay.reset(last, level)
    assert b"\ndata: 999999\n" in replay.reset(10, 1_000_009)
