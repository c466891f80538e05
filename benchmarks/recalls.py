"""Part 10: the front desk's lists of whom to call for a vaccine, with 20,000 children of whom all are in one of them.

Every second has one vaccination in its fields; of the others nothing is noted (docs/decisions/31-nothing-noted.md).
"""

import asyncio
import contextlib
import statistics
from datetime import timedelta
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.report import BUDGET, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.days import day
from fadjma.records import recalling
from fadjma.store import Transaction, at, milliseconds

_CHILDREN = 20_000
_TIMES = 20
_WARM_UP = 2
_BUDGET = 100.0  # milliseconds, as a search
_AT_ONCE = 200  # children that the timekeeper works out in one transaction (timekeeping.py)
_LISTS = ("/vaccination-recalls", "/vaccination-recalls?only=unnoted")

_BCG = (
    "INSERT INTO records (id, patient_id, type, author_id, occurred_on, created_at, words) "
    "VALUES ('b-' || :id, :id, 'vaccination', :author, :on, :now, 'bcg')",
    "INSERT INTO record_versions (record_id, version, author_id, title, body, created_at) "
    "VALUES ('b-' || :id, 1, :author, 'BCG', 'Dose : 1', :now)",
    "INSERT INTO vaccination_facts (record_id, version, vaccine, vaccine_key, dose, lot, site, next_due, note) "
    "VALUES ('b-' || :id, 1, 'BCG', 'bcg', 1, '', '', '', '')",
)


def run(sizes: Sizes, work: Path) -> Part:
    """What it takes to work all of them out when the schedule has changed, and each list's first and middle page."""
    children = _CHILDREN if sizes.large_scale else _AT_ONCE
    part = Part(f"Whom to call for a vaccine, of {children:,} children", ["what", "median ms", "slowest ms"])
    progress(f"recalls: {children:,} children")
    path = work / "recalls.db"
    desk = clinic.prepare(path, lambda tx: _fill(tx, children))
    batches = asyncio.run(_work_out(path))
    said = f"{sum(batches) / 1e3:.1f} s for all, in {len(batches)} transactions"
    part.rows.append([f"{_AT_ONCE} children worked out", show(statistics.median(batches)), show(max(batches))])
    part.notes.append(f"Worked out when the schedule changes: {said}.")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(clinic.serve(path))
        server.settle()
        client = stack.enter_context(contextlib.closing(wire.Client(server.port)))
        for address in _LISTS:
            join = "&" if "?" in address else "?"
            middle = (day(milliseconds()) - timedelta(days=400)).isoformat()
            for which, asked in (("first", address), ("middle", f"{address}{join}before={middle}~")):
                times = _load(client, desk, asked)
                median = statistics.median(times)
                part.rows.append([f"{address}, {which} page", show(median), show(max(times))])
                part.ratios.append(Ratio(f"{address}, {which} page", "ms", median, BUDGET, _BUDGET))
    return part


def _fill(tx: Transaction, children: int) -> clinic.Person:
    """Born on the days of about two years, from six weeks ago on."""
    author = clinic.known(tx, "dr.diop@demo.fadjma").id
    today = day(tx.now)
    for number, child in enumerate(clinic.patients(tx, children)):
        birth_date = (today - timedelta(days=45 + number % 640)).isoformat()
        values = {"id": child.id, "on": birth_date, "author": author, "now": tx.now}
        tx.execute("UPDATE patients SET birth_date = :on WHERE user_id = :id", values)
        tx.execute(
            "INSERT INTO vaccination_calls (patient_id, due_on, check_on, listed, schedule, noted) "
            "VALUES (:id, '', '', 0, -1, 'nothing')",
            values,
        )
        if number % 2:
            for statement in _BCG:
                tx.execute(statement, values)
    return clinic.known(tx, "accueil.diallo@demo.fadjma")


async def _work_out(path: Path) -> list[float]:
    """Milliseconds of each transaction, as the timekeeper does them one after the other."""
    database, times = at(f"sqlite:///{path}"), []
    await database.open()
    try:
        done = _AT_ONCE
        while done == _AT_ONCE:
            began = wire.now()
            done = await database.write(recalling.follow, _AT_ONCE)
            times.append((wire.now() - began) * 1e3)
    finally:
        await database.close()
    return times


def _load(client: wire.Client, desk: clinic.Person, address: str) -> list[float]:
    asked = wire.request("GET", address, token=desk.token, headers="Accept: text/html\r\nAccept-Encoding: gzip\r\n")
    times = []
    for _ in range(_TIMES + _WARM_UP):
        began = wire.now()
        wire.checked(client.exchange(asked), 200)
        times.append((wire.now() - began) * 1e3)
    return times[_WARM_UP:]
