"""Ids sort in the order in which they were made, those of several processes stand apart in an index."""

import subprocess
import sys
import time

import pytest

from fadjma.ids import Ids, new_id

_MARKED = (None, 0, 2**12 - 1)


@pytest.mark.parametrize("mark", _MARKED)
def test_those_of_one_millisecond_sort_in_the_order_in_which_they_were_made(mark: int | None) -> None:
    ids = Ids(mark)
    made = [ids.make() for _ in range(2_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {19} == {len(new_id())}


@pytest.mark.parametrize("mark", _MARKED)
def test_also_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch, mark: int | None) -> None:
    ids = Ids(mark)
    before = ids.make()
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 3_600 * 10**9)
    assert before < ids.make()


def test_those_of_two_processes_that_share_a_database_are_not_between_each_other() -> None:
    one, other = Ids(5), Ids(2_005)
    made = [(one if number % 2 else other).make() for number in range(2_000)]
    assert sorted(made) == [*made[1::2], *made[::2]]
    assert len(set(made)) == len(made)


def test_their_mark_lasts_as_long_as_the_process_and_only_postgresql_asks_for_one() -> None:
    program = """
from fadjma.ids import new_id
from fadjma.store import at
plain = new_id()
at("sqlite:///none.db")
assert new_id()[:2] == plain[:2], "nobody else writes to a file: its ids begin with the time"
at("postgresql:///none")
marked = new_id()
at("postgresql:///none")
print(plain[:2], marked[:2], new_id()[:2])
"""
    said = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in "123"]
    marks = [one.stdout.split() for one in said]
    assert all(marked == again for _, marked, again in marks)
    assert len({plain for plain, _, _ in marks}) == 1
    assert len({marked for _, marked, _ in marks}) > 1  # but once in 16 million times
