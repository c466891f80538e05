"""Counting by bounds, and reading percentiles back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadjma.histogram import BYTES, SECONDS, Histogram, quantile

BOUNDS = (1.0, 2.0, 4.0)


def test_a_value_belongs_to_the_first_bound_that_it_does_not_exceed() -> None:
    histogram = Histogram(BOUNDS)
    for value in (0.5, 1.0, 1.1, 4.0, 9.0):
        histogram.observe(value)
    assert histogram.counts == [2, 1, 1, 1]
    assert histogram.sum == 15.6


@pytest.mark.parametrize(
    ("counts", "q", "value"),
    [
        ([0, 0, 0, 0], 0.5, None),
        ([2, 0, 0, 0], 0.5, 0.5),
        ([0, 10, 0, 0], 0.5, 1.5),
        ([5, 5, 0, 0], 0.5, 1.0),
        ([98, 0, 2, 0], 0.99, 3.0),
        ([0, 0, 0, 3], 0.5, 4.0),  # above the bounds: at least the highest
    ],
)
def test_percentiles_lie_between_the_bounds(counts: list[int], q: float, value: float | None) -> None:
    assert quantile(BOUNDS, counts, q) == value


@given(st.lists(st.floats(0, 29), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_in_the_bucket_of_the_true_one(values: list[float], q: float) -> None:
    histogram = Histogram(SECONDS)
    for value in values:
        histogram.observe(value)
    true = sorted(values)[-int(-len(values) * q // 1) - 1]
    found = quantile(SECONDS, histogram.counts, q)
    assert found is not None
    above = next(bound for bound in SECONDS if bound >= true)
    below = max((bound for bound in SECONDS if bound < true), default=0.0)
    assert below <= found <= above


@pytest.mark.parametrize("bounds", [SECONDS, BYTES])
def test_bounds_rise(bounds: tuple[float, ...]) -> None:
    assert list(bounds) == sorted(set(bounds))
