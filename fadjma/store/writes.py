"""One write: a function to run in a transaction, and what came of it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fadjma.store.transaction import Announced, Transaction

log = logging.getLogger("fadjma")

Work = Callable[[Transaction], Any]


@dataclass(slots=True)
class Write:
    """One function to run in a transaction, and what came of it."""

    work: Work
    future: asyncio.Future[Any] | None = None  # None: nobody waits for it
    result: Any = None
    error: BaseException | None = None
    announced: Announced | None = None
    has_run: bool = False  # what it does outside of a transaction is done

    def run(self, tx: Transaction) -> None:
        """Call the function; its error is kept, and raised again for whoever asked."""
        self.error = self.announced = None  # of an earlier try nothing was kept
        try:
            self.result = self.work(tx)
            tx.finish()
        except StopIteration as error:  # a future takes any other
            self.error = RuntimeError("the work stopped as an iterator does")
            self.error.__cause__ = error
        except BaseException as error:
            self.error = error
        else:
            self.announced = tx.announced

    def fail(self, error: BaseException) -> None:
        """Forget what came of it: nothing of it was kept."""
        self.result, self.error, self.announced = None, error, None


def settle(group: Sequence[Write], tell: Callable[[Announced], object]) -> None:
    """On the event loop: tell what was announced, in commit order, then answer whoever still waits."""
    for write in group:
        if write.announced:
            try:
                tell(write.announced)
            except Exception:  # whoever waits has their answer all the same: it is committed
                log.exception("the listener failed; the next sweep makes up for it")
    for write in group:
        if write.future is None or write.future.done():
            continue  # whoever asked was cancelled meanwhile; what it wrote is written
        if write.error is not None:
            write.future.set_exception(write.error)
        else:
            write.future.set_result(write.result)
