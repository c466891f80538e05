"""What the chain costs an act, and how fast it is verified: `python -m benchmarks.chain`, a minute or two.

The store alone, without HTTP: the same acts (a doctor asks a patient for access) with and without the chain, by turns,
in one transaction of 16, as the writer commits them; processor time of the thread that writes. Then the patients of the
demo, copied, with a link for every two rows, as acts leave them.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from unittest import mock

from benchmarks import clinic
from benchmarks.writes import Pair, _pairs
from fadjma import verifying
from fadjma.access import actions
from fadjma.chain import linking, seals
from fadjma.chain.before import TakeIn
from fadjma.chain.keys import Signer
from fadjma.chain.walking import Walk
from fadjma.store import milliseconds
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.transaction import SQLiteTransaction

_GROUP = 16
_ROWS = 2  # of a link, as most acts have


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=6_000)
    parser.add_argument("--scale", type=int, default=40, help="40 patients, times N, are verified")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _cost(Path(folder) / "cost.db", said.acts)
        _verify(Path(folder) / "verify.db", said.scale)


def _cost(path: Path, acts: int) -> None:
    pairs = clinic.prepare(path, lambda tx: _pairs(tx, acts))
    taken: dict[bool, list[float]] = {True: [], False: []}
    with closing(connect(path)) as connection:
        for number, start in enumerate(range(0, acts, _GROUP)):
            chained = number % 2 == 0
            group = pairs[start : start + _GROUP]
            taken[chained].append(_group(lambda: connection, group, chained) / len(group))
    with_chain, without = (statistics.median(taken[chained]) * 1e6 for chained in (True, False))
    print(
        f"an access request: {without:.0f} µs without the chain, {with_chain:.0f} with it: {with_chain - without:+.0f}"
    )


def _group(connection: Callable[[], object], pairs: list[Pair], chained: bool) -> float:
    open_one = connection()
    with mock.patch("fadjma.chain.cover", linking.cover if chained else lambda *row: None):
        begun = time.thread_time()
        open_one.execute("BEGIN IMMEDIATE")  # type: ignore[attr-defined]
        for doctor, patient in pairs:
            tx = SQLiteTransaction(open_one, milliseconds())  # type: ignore[arg-type]
            actions.ask(tx, doctor, patient_id=patient, reason="Consultation")
            tx.finish()
        took = time.thread_time() - begun
        open_one.execute("COMMIT")  # type: ignore[attr-defined]
    return took


def _verify(path: Path, scale: int) -> None:
    clinic.prepare(path, lambda tx: None, scale=scale)
    signer = Signer(b"s" * 32)
    with closing(connect(path)) as connection, mock.patch("fadjma.chain.before.MOST", _ROWS):
        connection.execute("PRAGMA synchronous = OFF")
        take_in, rows, begun = TakeIn(verifying.COVERED), 0, time.monotonic()
        while True:
            connection.execute("BEGIN IMMEDIATE")
            tx = SQLiteTransaction(connection, milliseconds())
            taken = take_in(tx, 2_000)
            seals.make(tx, signer)
            connection.execute("COMMIT")
            rows += taken
            if taken < 2_000:
                break
        print(f"{rows:,} rows from before taken in, in {time.monotonic() - begun:.0f} s")
        walk = Walk(verifying.COVERED)
        begun, clock = time.process_time(), time.monotonic()
        broken = list(walk.breaks(SQLiteTransaction(connection, 0)))
        cpu, took = time.process_time() - begun, time.monotonic() - clock
    per_minute = walk.links / took * 60
    print(
        f"{walk.links:,} links and {walk.seals} seals in {took:.1f} s ({cpu:.1f} of a core): {per_minute:,.0f} a minute"
    )
    assert not broken, broken[0]


if __name__ == "__main__":
    main()
