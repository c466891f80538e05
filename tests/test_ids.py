"""Ids sort in the order in which they were made."""

import time

import pytest

from fadjma.ids import new_id


def test_those_of_one_millisecond_sort_in_the_order_in_which_they_were_made() -> None:
    made = [new_id() for _ in range(2_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_also_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 3_600 * 10**9)
    assert before < new_id()
