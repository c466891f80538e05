"""Loaded by bin/test-any-day, and for servers by tests/loaded.py: libfaketime takes `time.sleep` for a mistake.

Python sleeps until a moment of the monotonic clock (clock_nanosleep with TIMER_ABSTIME). libfaketime 0.9.10 counts from
the clock that it fakes, even when it is told to leave the other alone, and says EINVAL.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
