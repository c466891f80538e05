"""The demo's plan, at instants of every kind: whenever it is made, it is the same story, and it is possible."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest

from fadjma import demo
from fadjma.demo.calendar import DAY, HOUR, MINUTE, WORKDAY, Calendar, When
from fadjma.demo.plan import Plan

_YEARS = range(2026, 2041)


def _instants() -> Iterator[datetime]:
    """Three hundred and more: the edges of days, weeks, months and years, changes of the hour elsewhere, and chance."""
    rng = Random(7)
    for year in _YEARS:
        yield datetime(year, 12, 31, 23, 59, 59, 999_000)
        yield datetime(year, 1, 1)
        yield datetime(year, 3, 31, 1)  # about when Europe changes its hour, and when it changes back
        yield datetime(year, 10, 31, 1)
        yield datetime(year, 3, 8, 7)  # and North America
        if year % 4 == 0:
            yield datetime(year, 2, 29, 3, 10)
            yield datetime(year, 2, 29, 12)
        for month in rng.sample(range(1, 12), 3):
            yield datetime(year, month + 1, 1) - timedelta(milliseconds=1)
        a_day = date(year, 6, rng.randint(1, 28))
        sunday = a_day + timedelta(days=6 - a_day.weekday())
        yield datetime.combine(sunday, time(3, 10))
        for at in ((0, 1), (7, 59, 59), (8,), (8, 0, 1), (12,), (16, 29), (16, 30), (16, 31)):
            yield datetime.combine(sunday + timedelta(days=rng.choice((1, 5, 6))), time(*at))
    for _ in range(60):
        yield datetime(2026, 1, 1) + timedelta(milliseconds=rng.randrange(15 * 365 * DAY))


INSTANTS = [int(instant.replace(tzinfo=UTC).timestamp() * 1000) for instant in _instants()]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return demo.plan()


def test_there_are_three_hundred_instants() -> None:
    assert len(set(INSTANTS)) >= 300


def test_the_plan_is_the_same_each_time(plan: Plan) -> None:
    again = demo.plan()
    assert [act.when for act in again.acts] == [act.when for act in plan.acts]
    assert (again.spans, again.needs) == (plan.spans, plan.needs)


def test_everything_happens_before_now_in_working_hours(plan: Plan) -> None:
    now = [act.when for act in plan.acts if not act.when.ago]
    assert now and all(-HOUR < when.after < 0 for when in now), "only the emergency is of now, whatever the hour"
    for calendar, moments in _some_at_each_instant({act.when for act in plan.acts if act.when.ago}):
        for when in moments:
            at = calendar.time(when)
            if not (
                at < calendar.now
                and 8 * HOUR <= at % DAY < 17.5 * HOUR
                and datetime.fromtimestamp(at / 1000, UTC).weekday() != 6
            ):
                raise AssertionError(f"{when} is at {at} when the demo is made at {calendar.now}")


def test_what_was_planned_later_happens_later(plan: Plan) -> None:
    for calendar, moments in _some_at_each_instant({When(act.when.ago) for act in plan.acts if act.when.ago}):
        times = [calendar.time(when) for when in moments]
        assert times == sorted(set(times), reverse=True)


def _some_at_each_instant(moments: set[When]) -> Iterator[tuple[Calendar, list[When]]]:
    """Every tenth, the latest first, others at each instant: all of them at thirty instants."""
    ordered = sorted(moments, key=lambda when: (when.ago, -when.after))
    for number, now in enumerate(INSTANTS):
        yield Calendar(now), ordered[number % 10 :: 10]


def test_working_time_is_never_longer_than_the_clock() -> None:
    """So what goes on for some minutes is over before whatever was planned after those minutes."""
    for now in INSTANTS:
        calendar = Calendar(now)
        for work in (WORKDAY, 3 * HOUR, MINUTE):
            for days in (1, 2, 5, 100):
                start = When(days * WORKDAY + work)
                assert calendar.time(start.later(work)) - calendar.time(start) >= work


def test_rights_requests_and_prescriptions_last_as_long_as_the_story_needs(plan: Plan) -> None:
    assert len(plan.spans) > 500
    for now in INSTANTS:
        calendar = Calendar(now)
        for span in plan.spans:
            lasts = calendar.time(span.end) - calendar.time(span.start)
            assert span.most is None or lasts < span.most, (now, span)
            assert span.least is None or lasts > span.least, (now, span)


def test_nobody_reads_their_news_during_a_consultation(plan: Plan) -> None:
    """Whoever has read something has read it at every instant: readings have a quarter of an hour of their own."""
    going_on = {act.when for act in plan.acts if act.when.after and act.when.ago}
    assert going_on
    for when in going_on:
        assert when.ago % WORKDAY - when.after > 15 * MINUTE, when


def test_working_time_is_counted_back_over_nights_and_sundays() -> None:
    calendar = Calendar(int(datetime(2026, 8, 26, 11, 30, tzinfo=UTC).timestamp() * 1000))  # a Wednesday
    for work, then in (
        (2 * HOUR, datetime(2026, 8, 26, 9, 30)),
        (4 * HOUR, datetime(2026, 8, 25, 16, 0)),
        (WORKDAY, datetime(2026, 8, 25, 11, 30)),
        (3 * WORKDAY, datetime(2026, 8, 22, 11, 30)),  # Saturday
        (6 * WORKDAY, datetime(2026, 8, 19, 11, 30)),
    ):
        assert calendar.time(When(work)) == then.replace(tzinfo=UTC).timestamp() * 1000


def test_and_from_a_night_or_a_sunday_from_when_work_ended() -> None:
    for now in (datetime(2026, 8, 30, 3, 10), datetime(2026, 8, 29, 20), datetime(2026, 8, 31, 0, 1)):
        calendar = Calendar(int(now.replace(tzinfo=UTC).timestamp() * 1000))
        assert calendar.time(When(HOUR)) == datetime(2026, 8, 29, 15, 30, tzinfo=UTC).timestamp() * 1000
        assert calendar.time(When(0, -HOUR)) == calendar.now - HOUR
