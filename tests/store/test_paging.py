"""Where a list goes on: the cursor of the last thing shown, and whatever else is put in its place."""

import pytest
from store import Store

from fadjma.store import paging


def test_a_cursor_is_read_as_what_it_was_made_of() -> None:
    assert paging.position(paging.cursor(1_772_442_000_000, "a~b")) == (1_772_442_000_000, "a~b")


@pytest.mark.parametrize("moment", ["", "x", "-1", "1.5", "٣", "²", "9" * 16, "9" * 40, "9" * 400])
def test_what_is_no_cursor_begins_with_the_newest(store: Store, moment: str) -> None:
    at, last_id = paging.position(f"{moment}~x")
    assert at > 10**15 and last_id == "x"
    assert store.read(lambda tx: tx.value("SELECT :at", {"at": at})) == at, "the database can take it"


def test_the_latest_moment_that_is_read_is_the_year_33658() -> None:
    assert paging.position("999999999999999~x") == (999_999_999_999_999, "x")
