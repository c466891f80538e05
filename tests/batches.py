"""How pytest-xdist gives tests out: short ones by the dozen. Its hook is conftest.py's.

By itself it gives out one test after the other, and for each it looks for its place among all of them and counts again
what its process has ever had: of 8,000 empty tests in four processes, 24 s of a core instead of 19. What the tests of a
file share for as long as that file lasts, each process then made for itself, for the few tests that it was given.
"""

from functools import cached_property
from itertools import groupby
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

SIZE = 16
# Files that one process runs: each has a server of its own, which every process that had a test of it would begin.
WHOLE = "tests/live/"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "Batches | None":
    return Batches(config, log) if config.getoption("dist") == "loadgroup" else None


class Batches(LoadGroupScheduling):
    """Groups as pytest-xdist has them, and neighbours of one file together, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        return self._batches[nodeid]

    @cached_property
    def _batches(self) -> dict[str, str]:
        """In which batch each test is; asked for when all processes have read the tests."""
        batches = {}
        groups = map(super()._split_scope, self._in_order)
        together = groupby(zip(self._in_order, groups, strict=True), key=lambda test: test[0].partition("::")[0])
        for run, (file, tests) in enumerate(together):  # a file can have several: some of its tests may go to the end
            for number, (nodeid, group) in enumerate(tests):
                part = 0 if file.startswith(WHOLE) else number // SIZE
                batches[nodeid] = group if group != nodeid else f"{run} {part} of {file}"
        return batches

    @cached_property
    def _in_order(self) -> list[str]:
        return next(iter(self.registered_collections.values()))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {nodeid: place for place, nodeid in enumerate(self._in_order)}

    def _reschedule(self, node: Any) -> None:
        super()._reschedule(node)
        if (
            self._pending_of(self.assigned_work[node]) == 1
        ):  # begun only when what follows is known: for ever after a crash
            super()._reschedule(node)

    def _assign_work_unit(self, node: Any) -> None:
        batch, tests = self.workqueue.popitem(last=False)
        self.assigned_work.setdefault(node, {})[batch] = tests
        node.send_runtest_some([self._places[nodeid] for nodeid, done in tests.items() if not done])

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        batches = self.assigned_work[node]
        batch = self._split_scope(self._in_order[item_index])
        super().mark_test_complete(node, item_index, duration)
        if all(batches[batch].values()):
            del batches[batch]
