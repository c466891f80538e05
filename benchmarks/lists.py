"""Part 8: how long pages with lists take when everything has become a hundred times as much, and shows the same.

The large database is a copy of the small one in which every row of what grows has been put again, older and over, with
the same people: their first pages are the same in both, and what is behind them is not.
"""

import contextlib
import shutil
import statistics
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.report import BUDGET, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction
from fadjma.store.sqlite.connections import connect

_SCALE = 5  # times 40 patients, in both
_LOOK_UPS = 12  # of a doctor, who may make 30 in five minutes
_WARM_UP = 3
_BUDGET = 1.2  # times the small database's time, benchmarks/README.md, “Budgets”
_SLOWEST = 10
_OLDER = 400  # days, each time that everything is put again
# News is kept for twelve months (events/inbox.py) and put again within them, so many milliseconds apart: what was older
# was deleted while the pages were measured, and the doctor's inbox seemed to take 4 times as long.
_NEWS_OLDER = 4 * 3_600_000
_LOGINS = {
    "patient": "awa@demo.fadjma",
    "doctor": "dr.diop@demo.fadjma",
    "pharmacist": "pharma.ndiaye@demo.fadjma",
    "admin": "admin@demo.fadjma",
}
# Of each table: the columns that are not as they were. :n is which time it is, :ms so many milliseconds before.
_AGAIN = {
    "users": {"id": "id || '+' || :n", "email": "email || :n", "created_at": "created_at - :ms", "submission": "NULL"},
    "access_requests": {
        "id": "id || '+' || :n",
        "status": "CASE WHEN status IN ('approved', 'emergency') THEN 'expired'"
        " WHEN status = 'pending' THEN 'withdrawn' ELSE status END",
        "created_at": "created_at - :ms",
    },
    "prescriptions": {
        "id": "id || '+' || :n",
        "status": "CASE WHEN status IN ('delivered', 'cancelled', 'entered_in_error') THEN status ELSE 'expired' END",
        "updated_at": "updated_at - :ms",
        "replaces_id": "NULL",
        "short_code": "NULL",
    },
    "records": {"id": "id || '+' || :n", "occurred_on": "date(occurred_on, :days)", "created_at": "created_at - :ms"},
    "record_versions": {"record_id": "record_id || '+' || :n"},
    "audit_events": {"id": "id || '+' || :n", "at": "at - :ms"},
    "movements": {"id": "id || '+' || :n", "at": "at - :ms"},
    "lots": {"id": "id || '+' || :n", "number": "number || :n", "number_key": "NULL", "on_hand": "0", "reserved": "0"},
    "sessions": {
        "id": "id || '+' || :n",
        "created_at": "created_at - :ms",
        "last_active_at": "last_active_at - :ms",
        "expires_at": "expires_at - :ms",
    },
    "notifications": {
        "seq": "seq - :n * (SELECT last_seq FROM inboxes i WHERE i.user_id = notifications.user_id)",
        "created_at": f"created_at - :n * {_NEWS_OLDER}",
        "read_at": "created_at",
    },
}

_EACH = {"notifications": 3, "audit_events": 3}  # put again this often only: there are many already


def run(sizes: Sizes, work: Path) -> Part:
    """Every page with both databases, which are served at the same time and asked in turn."""
    times = -(-sizes.large_scale // _SCALE)
    part = Part("Pages with lists, small and large database", ["page", "small ms", "large ms", "bytes (gzip) of both"])
    if not times:
        part.notes.append("Left out: there is no large database.")
        return part
    progress(f"lists: filling the small database ({40 * _SCALE:,} patients)")
    small, large = work / "lists-small.db", work / "lists-large.db"
    people = clinic.prepare(small, _people, scale=_SCALE)
    progress(f"lists: everything {times} times more")
    shutil.copyfile(small, large)
    part.notes.append(_grow(large, times))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(clinic.serve(path)) for path in (small, large)]
        for server in servers:
            server.settle()  # what the demo left to be chained is chained first (chain/linking.py)
        clients = [stack.enter_context(contextlib.closing(wire.Client(server.port))) for server in servers]
        found = {
            (role, path): _load(clients, people[role], path, _LOOK_UPS if "q=FJ" in path else sizes.page_loads // 4)
            for role, path in _pages(small, people)
        }
    _report(part, found)
    return part


def _people(tx: Transaction) -> dict[str, clinic.Person]:
    return {role: clinic.known(tx, login) for role, login in _LOGINS.items()}


def _grow(path: Path, times: int) -> str:
    """Put everything again, so many times; returns how much there is then."""
    connection = connect(path)
    for pragma in ("foreign_keys = OFF", "journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        connection.execute(f"PRAGMA {pragma}")  # nobody else has the copy, and a broken one is made again
    connection.execute("BEGIN")
    for table in _AGAIN:
        connection.execute(f"CREATE TEMPORARY TABLE again_{table} AS SELECT * FROM {table}")
    for number in range(1, times + 1):
        days = _OLDER * number
        values = {"n": number, "ms": days * 86_400_000, "days": f"-{days} days"}
        for table, otherwise in _AGAIN.items():
            if number % _EACH.get(table, 1):
                continue
            columns = [row["name"] for row in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")]
            select = ", ".join(otherwise.get(column, column) for column in columns)
            source = f"again_{table} AS {table}"
            connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {select} FROM {source}", values)
    connection.execute("COMMIT")
    counts = ", ".join(
        f"{connection.execute(f'SELECT count(*) FROM {table}').fetchone()[0]:,} {table}"
        for table in ("notifications", "prescriptions", "access_requests", "audit_events", "users")
    )
    connection.close()
    return f"Large: {counts}."


def _pages(path: Path, people: dict[str, clinic.Person]) -> list[tuple[str, str]]:
    connection = connect(path, read_only=True)
    awa = people["patient"].id
    identifier = connection.execute("SELECT identifier FROM patients WHERE user_id = ?", (awa,)).fetchone()[0]
    lot = connection.execute("SELECT lot_id FROM movements GROUP BY lot_id ORDER BY count(*) DESC").fetchone()[0]
    connection.close()
    return [
        *((role, address) for role in _LOGINS for address in ("/", "/notifications", "/sessions")),
        *((role, address) for role in ("patient", "doctor") for address in ("/access-requests", "/prescriptions")),
        ("patient", f"/patients/{awa}/records"),
        ("patient", f"/patients/{awa}/accesses"),
        ("doctor", "/patients"),
        ("doctor", "/patients?mine=1"),
        ("doctor", f"/patients?q={identifier}"),
        ("pharmacist", "/prescriptions"),
        ("pharmacist", "/inventory"),
        ("pharmacist", f"/inventory/lots/{lot}"),
        ("admin", "/accounts"),
        ("admin", "/security-events"),
    ]


def _load(clients: list[wire.Client], person: clinic.Person, path: str, loads: int) -> list[tuple[float, int]]:
    """Milliseconds and bytes with each server, asked in turn.

    Of all times the lower quartile: what else the machine does makes some longer, and none shorter.
    """
    asked = wire.request("GET", path, token=person.token, headers="Accept: text/html\r\nAccept-Encoding: gzip\r\n")
    times: list[list[float]] = [[] for _ in clients]
    sizes = [0 for _ in clients]
    for _ in range(loads + _WARM_UP):
        for number, client in enumerate(clients):
            began = wire.now()
            answer = client.exchange(asked)
            times[number].append((wire.now() - began) * 1e3)
            sizes[number] = len(wire.checked(answer, 200).body)
    quickest = [statistics.quantiles(taken[_WARM_UP:], n=4)[0] for taken in times]
    return list(zip(quickest, sizes, strict=True))


def _report(part: Part, found: dict[tuple[str, str], list[tuple[float, int]]]) -> None:
    for (role, path), [(small, size), (large, larger)] in sorted(found.items(), key=lambda item: -item[1][1][0]):
        what = f"{path.partition('=')[0]} as {role}"
        part.rows.append([what, show(small), show(large), f"{size:,} · {larger:,}"])
        if len(part.rows) <= _SLOWEST:
            part.ratios.append(Ratio(f"{what}, large database", "ms", large, "small", small))
            part.ratios.append(Ratio(f"{what}, large database", "ms", large, BUDGET, _BUDGET * small))
