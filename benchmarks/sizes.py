"""How much of everything a run does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Counts, unless the name says seconds. `large_scale` times 40 patients are in the large database; 0: no such."""

    settle_seconds: float  # until opened streams are subscribed everywhere and memory has come to rest
    streams: tuple[int, ...]
    rounds: int  # of which the median is taken
    deliveries_per_round: int  # how many events that is depends on the number of streams
    acts: int
    pause_seconds: float  # between two acts, so that each finds the server idle
    requests: int
    idle_seconds: float
    visitors: tuple[str, ...]  # roles
    page_loads: int
    large_scale: int


FULL = Sizes(
    settle_seconds=1.5,
    streams=(1_000, 10_000),
    rounds=5,
    deliveries_per_round=20_000,
    acts=500,
    pause_seconds=0.02,
    requests=6_000,
    idle_seconds=60,
    visitors=("patient", "doctor", "pharmacist", "admin"),
    page_loads=200,
    large_scale=435,
)
QUICK = Sizes(
    settle_seconds=0.4,
    streams=(200,),
    rounds=3,
    deliveries_per_round=2_000,
    acts=50,
    pause_seconds=0.01,
    requests=400,
    idle_seconds=10,
    visitors=("patient",),
    page_loads=20,
    large_scale=3,
)
