"""Part 5: how long GET / takes with a nearly empty database, and with a million notifications in it."""

import contextlib
import statistics
from dataclasses import dataclass
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.report import BUDGET, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction

_LOGINS = {
    "doctor": "dr.diop@demo.fadjma",
    "patient": "awa@demo.fadjma",
    "pharmacist": "pharma.ndiaye@demo.fadjma",
}
_REQUESTS = 20  # of the new doctor, in both databases
_WARM_UP = 10  # pages that are not counted
_BUDGET = 1.2  # times the time with an empty database, benchmarks/README.md, “Budgets”


@dataclass(frozen=True, slots=True)
class _Filled:
    people: dict[str, clinic.Person]
    counts: str


@dataclass(frozen=True, slots=True)
class _Page:
    """Median milliseconds of GET /, and the bytes of its body (gzip)."""

    time: float
    size: int


def run(sizes: Sizes, work: Path) -> Part:
    """Every role with both databases, which are served at the same time and asked in turn."""
    part = Part(
        f"Page times: GET /, median of {sizes.page_loads}",
        ["role", "database", "ms", "bytes (gzip)"],
        notes=[
            "The demo's staff have more on their pages in the large database, up to the limits of the lists (see the"
            " bytes), and every pharmacist has the prescriptions that are open to any pharmacy: their ratio is of both."
            " Patient and new doctor have the same page with either."
        ],
    )
    scales = {"small": 1} | ({"large": sizes.large_scale} if sizes.large_scale else {})
    found: dict[str, dict[str, _Page]] = {}
    with contextlib.ExitStack() as stack:
        servers, clients = {}, {}
        for name, scale in scales.items():
            progress(f"pages: filling the {name} database ({40 * scale:,} patients)")
            path = work / f"pages-{name}.db"
            filled = clinic.prepare(path, _filled, scale=scale)
            part.notes.append(f"{name}: {filled.counts}.")
            server = stack.enter_context(clinic.serve(path))
            servers[name] = server, filled
        # Only now: a connection that has sent nothing for 30 s is closed, and to fill the large database takes longer.
        for name, (server, filled) in servers.items():
            clients[name] = stack.enter_context(contextlib.closing(wire.Client(server.port))), filled
        for role in filled.people:
            progress(f"pages: {role}")
            found[role] = _load({n: (c, f.people[role]) for n, (c, f) in clients.items()}, sizes.page_loads)
    for role, pages in found.items():
        part.rows += [[role, name, show(page.time), str(page.size)] for name, page in pages.items()]
        part.ratios += _ratios(role, pages)
    return part


def _filled(tx: Transaction) -> _Filled:
    tables = ("notifications", "prescriptions", "users")
    counts = ", ".join(f"{tx.value(f'SELECT count(*) FROM {table}'):,} {table}" for table in tables)
    people = {role: clinic.known(tx, login) for role, login in _LOGINS.items()}
    return _Filled(people | {"new doctor": _new_doctor(tx), "new pharmacist": clinic.pharmacists(tx, 1)[0]}, counts)


def _new_doctor(tx: Transaction) -> clinic.Person:
    """Somebody whose page is the same with either database: 20 requests that wait, and nothing else."""
    (doctor,), patients = clinic.doctors(tx, 1), clinic.patients(tx, _REQUESTS)
    tx.execute_many(
        "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, created_at, lapses_at)"
        " VALUES (:id, :id, :doctor, 'pending', 'Suivi', :now, :until)",
        [{"id": patient.id, "doctor": doctor.id, "now": tx.now, "until": tx.now + 86_400_000} for patient in patients],
    )
    return doctor


def _load(clients: dict[str, tuple[wire.Client, clinic.Person]], loads: int) -> dict[str, _Page]:
    """Ask the servers in turn, so that what else the machine does falls on both."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    sizes = {}
    for _ in range(loads + _WARM_UP):
        for name, (client, person) in clients.items():
            asked = wire.request(
                "GET", "/", token=person.token, headers="Accept: text/html\r\nAccept-Encoding: gzip, br\r\n"
            )
            began = wire.now()
            answer = wire.checked(client.exchange(asked), 200)
            times[name].append((wire.now() - began) * 1e3)
            sizes[name] = len(answer.body)
    return {name: _Page(statistics.median(times[name][_WARM_UP:]), sizes[name]) for name in clients}


def _ratios(role: str, pages: dict[str, _Page]) -> list[Ratio]:
    if "large" not in pages:
        return []
    large, small = pages["large"].time, pages["small"].time
    what = f"GET / as {role}, large database"
    return [Ratio(what, "ms", large, "small", small), Ratio(what, "ms", large, BUDGET, _BUDGET * small)]
