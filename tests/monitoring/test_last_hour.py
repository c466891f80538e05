"""The ring of samples, its windows and periods, and the plots drawn from them."""

import asyncio
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from cast import AWA, DIOP
from house import House
from store import Clock

from fadjma.drawing import HEIGHT, WIDTH, round_up
from fadjma.monitoring import history as module
from fadjma.monitoring.history import EVERY, HOUR, History
from fadjma.monitoring.plots import plots
from fadjma.monitoring.report import report
from fadjma.monitoring.wording import END_REASONS, Words


@pytest.fixture
def history(house: House) -> History:
    return History(house.hub, house.database)


def _pass(house: House, clock: Clock, history: History, samples: int = 1) -> None:
    for _ in range(samples):
        house.seconds.now += EVERY
        clock.advance(seconds=EVERY)
        history.take()


async def test_the_ring_keeps_one_hour_and_no_more(house: House, clock: Clock, history: History) -> None:
    _pass(house, clock, history, 1_000)
    assert len(history.samples) == HOUR // EVERY + 1
    assert history.samples[-1].clock - history.samples[0].clock == HOUR
    assert len(history.periods(60)) in (60, 61)


async def test_a_window_has_what_happened_in_it(house: House, clock: Clock, history: History) -> None:
    house.listen(AWA)
    house.announce({AWA.id: 1}, committed_at=house.seconds.now - 8)
    await house.quiet()
    _pass(house, clock, history, 60)
    house.announce({AWA.id: 2, DIOP.id: 1}, committed_at=house.seconds.now - 0.0018)
    await house.quiet()
    _pass(house, clock, history, 6)
    made = report(history, house.figures)
    assert (made.recent.seconds, made.hour.seconds) == (300, 660)
    assert (made.recent.count("notifications"), made.hour.count("notifications")) == (2, 3)
    assert made.recent.per_minute("notifications") == pytest.approx(0.4)
    assert (made.recent.percentiles("latency").count, made.hour.percentiles("latency").count) == (1, 2)
    assert 0.0015 < (made.recent.percentiles("latency").p99 or 0) <= 0.002
    assert 5 < (made.hour.percentiles("latency").p99 or 0) <= 10


async def test_right_after_the_start_nothing_is_divided_by_nothing(house: House, history: History) -> None:
    made = report(history, house.figures)
    assert made.recent.per_minute("notifications") == 0
    assert made.recent.percentiles("latency").median is None
    assert (made.minutes, made.rows) == ([], [])
    assert made.json()["last_hour"]["reconnection_share"] is None
    assert [line.path for plot in plots(made.minutes) for line in plot.lines] == [""] * 12


async def test_periods_follow_the_clock_and_lose_nothing(house: House, clock: Clock, history: History) -> None:
    stream, _ = house.listen(AWA)
    for seq in range(1, 31):
        house.announce({AWA.id: seq}, committed_at=house.seconds.now)
        await house.quiet()
        _pass(house, clock, history)
    periods = history.periods(60)
    assert sum(span.count("delivered") for span in periods) == 30
    assert all(before.last is after.first for before, after in pairwise(periods))
    house.hub.remove(stream)
    _pass(house, clock, history)
    assert history.periods(60)[0].peak("streams") == 1
    assert history.periods(60)[-1].peak("streams") in (0, 1)


async def test_the_clock_on_the_wall_may_jump(house: House, clock: Clock, history: History) -> None:
    _pass(house, clock, history, 10)
    clock.advance(hours=-3)
    _pass(house, clock, history, 10)
    assert sum(span.seconds for span in history.periods(60)) == 20 * EVERY
    assert all(line.path for plot in plots(history.periods(60)) for line in plot.lines if plot.unit == "number")


async def test_bytes_by_user_are_a_distribution(house: House, history: History) -> None:
    for number in range(1, 201):
        house.figures.written(f"user {number}", number)
    spread = report(history, house.figures).bytes_by_user
    assert (spread.count, spread.median, spread.p95, spread.p99) == (200, 100, 190, 198)


async def test_samples_are_taken_by_themselves(
    house: House, history: History, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "EVERY", 0.001)
    broken = iter([ZeroDivisionError()])
    monkeypatch.setattr(house.figures, "pass_time", lambda: (_ for _ in ()).throw(next(broken, KeyError())))
    history.start()
    async with asyncio.timeout(20):
        while len(history.samples) < 4:  # noqa: ASYNC110 - they are taken by themselves
            await asyncio.sleep(0.001)
    await history.stop()
    assert "a sample failed; the next one is tried" in caplog.text


async def test_plots_stay_inside_their_box(house: House, clock: Clock, history: History) -> None:
    house.listen(AWA)
    for seq in range(1, 80):
        house.announce({AWA.id: seq}, committed_at=house.seconds.now - seq / 100)
        await house.quiet()
        _pass(house, clock, history, 5)
    drawn = plots(history.periods(60))
    assert all(line.path for plot in drawn for line in plot.lines if plot.name != "writes")
    for plot in drawn:
        for line in plot.lines:
            for point in line.path.replace("h1", "").replace("L", "M").split("M")[1:]:
                x, y = map(float, point.split())
                assert 0 <= x <= WIDTH
                assert 0 <= y <= HEIGHT
            ElementTree.fromstring(f'<path d="{line.path}"/>')


async def test_a_line_breaks_where_nothing_was_measured(house: House, clock: Clock, history: History) -> None:
    house.listen(AWA)
    for seq in (1, 2, 3):
        house.announce({AWA.id: seq}, committed_at=house.seconds.now)
        await house.quiet()
        _pass(house, clock, history, 18)
    latency = next(plot for plot in plots(history.periods(60)) if plot.name == "latency")
    assert latency.lines[0].path.count("M") == 3


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.0018, 0.002), (0.05, 0.05), (1, 1), (1.1, 2), (3, 5), (60, 100), (1000, 1000)]
)
def test_a_scale_ends_at_a_round_number(value: float, top: float) -> None:
    assert round_up(value) == pytest.approx(top)


def test_figures_in_words() -> None:
    french, english = Words("fr"), Words("en")
    assert french.duration(0.0018) == "1,8\xa0ms"
    assert english.duration(0.0018) == "1.8\xa0ms"
    assert (french.duration(12.3), french.duration(None)) == ("12\xa0s", "–")
    assert [french.size(size) for size in (0, 999, 1234, 5_600_000)] == ["0\xa0o", "999\xa0o", "1,2\xa0Ko", "5,6\xa0Mo"]
    assert (french.size(12_300_000_000), english.size(1_500_000_000)) == ("12\xa0Go", "1.5\xa0GB")
    assert (english.size(1234), french.number(1234), english.number(1234)) == ("1.2\xa0kB", "1\u202f234", "1,234")
    assert (english.share(1, 4), english.share(0, 0)) == ("25%", "–")


def test_every_end_has_its_words(house: House) -> None:
    assert END_REASONS.keys() == house.figures.ended_streams.keys()
