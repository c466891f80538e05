"""The clinic's days: where it is decides when one begins; the server decides which one it is when a form comes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from cast import AWA, DIOP
from steps import DAY, HOUR, grant
from store import Store

from fadjma import days
from fadjma.inventory import queries as inventory
from fadjma.records import actions as records


def _at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clinic is where the test says."""
    monkeypatch.setattr(days, "_zone", ZoneInfo(request.param))


def test_without_a_setting_it_is_where_there_is_utc_all_year() -> None:
    assert days.day(_at(2026, 3, 2, 23, 59)) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Africa/Dakar", _at(2026, 3, 2, 0, 0), date(2026, 3, 2)),
        ("Pacific/Kiritimati", _at(2026, 3, 2, 10, 0), date(2026, 3, 3)),
        ("Pacific/Niue", _at(2026, 3, 2, 10, 59), date(2026, 3, 1)),
    ],
    indirect=["zone"],
)
def test_the_day_is_that_of_the_clinics_calendar(zone: None, at: int, day: date) -> None:
    assert days.day(at) == day


@pytest.mark.parametrize(
    ("zone", "at", "began"),
    [
        ("Africa/Dakar", _at(2026, 3, 2, 12), _at(2026, 3, 2)),
        ("Africa/Libreville", _at(2026, 3, 2, 23, 30), _at(2026, 3, 2, 23)),
        # the day on which summer time begins has 23 hours, and the one on which it ends 25
        ("Europe/Paris", _at(2026, 3, 29, 12), _at(2026, 3, 28, 23)),
        ("Europe/Paris", _at(2026, 10, 25, 22, 59), _at(2026, 10, 24, 22)),
    ],
    indirect=["zone"],
)
def test_a_day_begins_at_the_clinics_midnight(zone: None, at: int, began: int) -> None:
    assert days.beginning(at) == began


@pytest.mark.parametrize(
    ("zone", "at", "left"),
    [
        ("Africa/Dakar", _at(2026, 3, 2, 23, 59), 61),
        ("Africa/Libreville", _at(2026, 3, 2, 23), 24 * 3_600 + 1),
        ("Europe/Paris", _at(2026, 3, 28, 23), 23 * 3_600 + 1),
    ],
    indirect=["zone"],
)
def test_what_is_left_of_the_clinics_day_is_over_only_when_the_next_one_is_there(
    zone: None, at: int, left: int
) -> None:
    assert days.left(at) == left
    assert days.day(at + 1_000 * left) > days.day(at) == days.day(at + 1_000 * (left - 1) - 1)


@pytest.mark.parametrize("zone", ["Africa/Libreville"], indirect=True)
def test_the_first_reading_of_the_clinics_day_is_told(zone: None, store: Store) -> None:
    grant(store)
    store.clock.now = days.beginning(store.clock.now + DAY) - HOUR // 2
    for pause, times in ((0, 1), (HOUR // 4, 1), (HOUR // 2, 2), (HOUR, 2)):
        store.clock.now += pause
        store.write(records.open_file, DIOP, AWA.id)
        assert store.told(AWA).count("record.read") == times


@pytest.mark.parametrize(
    ("zone", "today"), [("Pacific/Kiritimati", 1), ("Pacific/Niue", -1), ("Africa/Dakar", 0)], indirect=["zone"]
)
def test_stock_expires_by_the_clinics_day(zone: None, today: int, store: Store) -> None:
    hour = 12 if today > 0 else 3
    store.clock.now = _at(2026, 3, 2, hour)
    assert store.read(inventory.today) == date(2026, 3, 2 + today).isoformat()
