"""How long, or how large, things were: a few counters whatever number of them there was (OpenMetrics' histogram)."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

# Upper bounds in seconds: fine where a local network and one durable commit are, coarse where something is wrong.
SECONDS = (
    *(0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
# The same of what people do in front of a form.
WRITING = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1800.0)
BYTES = tuple(float(256 * 2**power) for power in range(15))  # 256 B to 4 MiB


class Histogram:
    """Counts of values by upper bound; the last count is of what is above every bound."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times


def quantile(bounds: Sequence[float], counts: Sequence[int], q: float) -> float | None:
    """The value below which the share `q` of what was counted lies, straight between two bounds.

    None when nothing was counted. Above the highest bound nothing is known: then it is that bound.
    """
    rank = q * sum(counts)
    if not rank:
        return None
    up_to = list(accumulate(counts))
    index = bisect_left(up_to, rank)
    if index == len(bounds):
        return bounds[-1]
    below = bounds[index - 1] if index else 0.0
    return below + (bounds[index] - below) * (1 - (up_to[index] - rank) / counts[index])
