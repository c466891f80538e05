"""What a process of pytest-xdist says of a test that has passed: that it has, once.

By itself it says of each test that it begins, is set up, has run, is taken down and has ended, in six messages of which
the process that prints makes objects again: of 8,000 empty tests in four processes, 26 s of a core instead of 21.
"""

from collections.abc import Generator

import pytest
from _pytest.runner import runtestprotocol


def suffice(config: pytest.Config) -> bool:
    """Whether nobody is shown more of a test that has passed than a dot."""
    asks = config.getoption
    more = ("durations", "maxfail", "setuponly", "setupshow", "xmlpath")
    return asks("verbose") <= 0 and not any(map(asks, more)) and not {*"pPA"} & {*asks("reportchars")}


class Reports:
    """A plugin for a process that others print for. What has not just passed is told whole and as it comes, as ever."""

    def __init__(self) -> None:
        self._kept: list[pytest.TestReport] | None = None  # of the test that runs, while all has passed

    @pytest.hookimpl
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        self._kept = []
        runtestprotocol(item, nextitem=nextitem, log=False)
        if self._kept:
            _, call, _ = self._kept
            call.keywords, call.sections = {}, []
            item.ihook.pytest_runtest_logreport(report=call)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        tell = []
        if self._kept is None:
            tell = [report]
        else:
            self._kept.append(report)
            if not report.passed or hasattr(report, "wasxfail"):
                tell, self._kept = self._kept, None
        for each in tell:
            item.ihook.pytest_runtest_logreport(report=each)
        return report
