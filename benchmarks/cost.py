"""`python -m benchmarks.cost CHECKOUT …`: what an act costs here, beside other checkouts of this program.

The servers of all run side by side, each from its own checkout with a database of its own making, and do the same acts
in turn: the processor's time of one server's threads (/proc/PID/task/*/schedstat) over some acts, then the next one's,
in changing order, as many times as `--rounds` says. In the tables stand medians of the rounds, and medians of each
round's own ratios: whatever else the machine does, it does to both of a pair.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import wire
from benchmarks.crowd import Crowd
from benchmarks.report import environment, progress, show, table

_HERE = Path(__file__).parents[1]
_CLIENTS = 16
_PAGE = "Accept: text/html\r\n"
_WARM_UP = 2  # rounds that are not counted
# Run in each checkout, with its own modules: fills a database, serves it, says who is in it, and waits for the end.
_SERVE = """
import dataclasses, json, sys
from pathlib import Path
from benchmarks import clinic

def fill(tx):
    count = int(sys.argv[2])
    pharmacist = clinic.known(tx, "pharma.ndiaye@demo.fadjma")
    pharmacy = tx.value("SELECT organization_id FROM practitioners WHERE user_id = :id", {"id": pharmacist.id})
    lot = tx.first(
        "SELECT l.id, m.id AS medicine FROM lots l JOIN products p ON p.id = l.product_id "
        "JOIN medicines m ON m.id = p.medicine_id "
        "WHERE p.pharmacy_id = :pharmacy AND m.search_key LIKE 'paracetamol%' ORDER BY l.expires_on DESC LIMIT 1",
        {"pharmacy": pharmacy},
    )
    tx.execute("UPDATE lots SET on_hand = 100000 WHERE id = :id", {"id": lot["id"]})
    return {
        "doctors": [dataclasses.asdict(one) for one in clinic.doctors(tx, count)],
        "patients": [dataclasses.asdict(one) for one in clinic.patients(tx, count)],
        "pharmacist": dataclasses.asdict(pharmacist),
        "pharmacy": pharmacy,
        "medicine": lot["medicine"],
    }

path = Path(sys.argv[1])
people = clinic.prepare(path, fill)
with clinic.serve(path) as server:
    print(json.dumps({**people, "port": server.port, "pid": server._process.pid}), flush=True)
    sys.stdin.read()
"""


Person = dict[str, str]  # id and token


@dataclass(slots=True)
class Checkout:
    """One of the programs, with who is in its database; `spent` and `seconds` of each kind of act, by round."""

    name: str
    people: dict[str, Any]
    spent: dict[str, list[float]] = field(default_factory=dict)  # milliseconds of processor for one act
    seconds: dict[str, list[float]] = field(default_factory=dict)  # by the clock, for one act

    def post(self, kind: str, people: list[Person], paths: list[str], body: Any, status: int = 200) -> list[str]:
        """Each person's act, with the same body, or each their own; returns the ids of what they made or changed."""
        bodies = body if isinstance(body, list) else [body] * len(people)
        sent = [
            wire.request("POST", path, token=person["token"], body=one)
            for person, path, one in zip(people, paths, bodies, strict=True)
        ]
        return [json.loads(answer)["id"] for answer in self._send(kind, sent, status)]

    def read(self, kind: str, people: list[Person], paths: list[str]) -> None:
        """Each person's page."""
        both = zip(people, paths, strict=True)
        sent = [wire.request("GET", path, token=person["token"], headers=_PAGE) for person, path in both]
        self._send(kind, sent, 200)

    def _send(self, kind: str, requests: list[bytes], status: int) -> list[bytes]:
        # Connected anew each time: a server ends what has been idle for some seconds, while the others have their turn.
        with Crowd([self.people["port"]], _CLIENTS) as crowd:
            before = _processor(self.people["pid"])
            bodies, seconds = crowd.send(requests, status)
            spent = _processor(self.people["pid"]) - before
        self.spent.setdefault(kind, []).append(spent * 1e3 / len(requests))
        self.seconds.setdefault(kind, []).append(seconds / len(requests))
        return bodies


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=__doc__)
    parser.add_argument("others", nargs="+", type=Path, metavar="checkout", help="with its .venv")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--acts", type=int, default=64, help="of each kind in a round")
    parser.add_argument("--asking", action="store_true", help="only the first act, as `bin/bench durable` does it")
    parser.add_argument("--work", default=Path(__file__).parent, type=Path, help="where the databases are made")
    arguments = parser.parse_args()
    head, rounds = environment()[:2], arguments.rounds + _WARM_UP
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".work-", dir=arguments.work)))
        checkouts = []
        for where in [*arguments.others, _HERE]:
            progress(f"starting {where}")
            path = work.resolve() / f"{len(checkouts)}.db"
            checkouts.append(stack.enter_context(_serving(where.resolve(), path, rounds * arguments.acts)))
        for number in range(rounds):
            progress(f"round {number + 1} of {rounds}")
            which = slice(number * arguments.acts, (number + 1) * arguments.acts)
            _round(checkouts[:: -1 if number % 2 else 1], which, only_asking=arguments.asking)
    print("\n".join([*(f"- {line}" for line in head), "", *_report(checkouts)]))


@contextlib.contextmanager
def _serving(where: Path, path: Path, count: int) -> Iterator[Checkout]:
    command = [str(where / ".venv/bin/python"), "-c", _SERVE, str(path), str(count)]
    with subprocess.Popen(command, cwd=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        try:
            said = process.stdout.readline()
            if not said:
                raise RuntimeError(f"{where} could not be served")
            yield Checkout(where.name, json.loads(said))
        finally:
            process.stdin.close()


def _processor(pid: int) -> float:
    """Seconds that the threads of a process have run so far."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def _round(checkouts: list[Checkout], which: slice, *, only_asking: bool) -> None:
    """The story of as many doctors and patients as `which` has: each act in all checkouts before the next one."""
    for _ in zip(*(_story(checkout, which) for checkout in checkouts), strict=True):
        if only_asking:
            break


def _story(checkout: Checkout, which: slice) -> Iterator[None]:
    """Goes on after each kind of act, which then all of them have done."""
    doctors, patients = checkout.people["doctors"][which], checkout.people["patients"][which]
    pharmacists, home = [checkout.people["pharmacist"]] * len(doctors), ["/"] * len(doctors)
    files = [f"/patients/{patient['id']}" for patient in patients]

    asked = [{"patient_id": patient["id"], "reason": "Consultation de suivi", "scope": "full"} for patient in patients]
    ids = checkout.post("access asked", doctors, ["/access-requests"] * len(doctors), asked, 201)
    yield
    access = [f"/access-requests/{id}" for id in ids]
    granted = {"scope": "full", "duration": "7d"}
    checkout.post("access granted", patients, [f"{path}/approval" for path in access], granted)
    yield
    written = {"type": "consultation", "title": "Visite de contrôle", "body": "Va bien."}
    checkout.post("record written", doctors, [f"{file}/records" for file in files], written, 201)
    yield
    line = {
        "medicine_id": checkout.people["medicine"],
        "dosage": "à jeun",
        "quantity": 1,
        "duration_days": 7,
    }
    issued = {"lines": [line], "pharmacy_id": checkout.people["pharmacy"]}
    ids = checkout.post("prescription issued", doctors, [f"{file}/prescriptions" for file in files], issued, 201)
    yield
    prescriptions = [f"/prescriptions/{id}" for id in ids]
    for act in ("validation", "preparation", "readiness"):
        checkout.post(f"prescription: {act}", pharmacists, [f"{path}/{act}" for path in prescriptions], {})
        yield
    checkout.read("page: a doctor's first", doctors, home)
    yield
    checkout.read("page: a patient's first", patients, home)
    yield
    checkout.read("page: a patient's prescription", patients, prescriptions)
    yield
    checkout.read("page: a file, by its doctor", doctors, [f"{file}/records" for file in files])
    yield
    checkout.post("access revoked", patients, [f"{path}/revocation" for path in access], {})
    yield


def _report(checkouts: list[Checkout]) -> list[str]:
    """One table: what each act costs in each checkout, and the ratios of the last one to the others."""
    *others, ours = checkouts
    header = ["what", *(f"{checkout.name}, CPU ms" for checkout in checkouts)]
    header += [f"{ours.name} / {other.name}" for other in others]
    header += [f"acts/s, {ours.name} / {other.name}" for other in others]
    kinds = {kind: [kind] for kind in ours.spent}
    sums = _together(list(kinds)) if len(kinds) > 1 else {}
    rows = [_row(name, which, ours, others) for name, which in {**kinds, **sums}.items()]
    return table(header, rows)


def _together(kinds: list[str]) -> dict[str, list[str]]:
    """All acts, and all pages, by what they are called."""
    pages = [kind for kind in kinds if kind.startswith("page")]
    return {"all acts": [kind for kind in kinds if kind not in pages], "all pages": pages}


def _row(name: str, kinds: list[str], ours: Checkout, others: list[Checkout]) -> list[str]:
    spent = [_by_round(checkout.spent, kinds) for checkout in [*others, ours]]
    seconds = [_by_round(checkout.seconds, kinds) for checkout in [*others, ours]]
    medians = [show(statistics.median(rounds)) for rounds in spent]
    ratios = [_ratio(spent[-1], other) for other in spent[:-1]] + [_ratio(other, seconds[-1]) for other in seconds[:-1]]
    return [name, *medians, *(f"{ratio:.2f}" for ratio in ratios)]


def _by_round(found: dict[str, list[float]], kinds: list[str]) -> list[float]:
    """What one of each of these kinds took together, for each round that counts."""
    return [sum(one) for one in zip(*(found[kind][_WARM_UP:] for kind in kinds), strict=True)]


def _ratio(ones: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


if __name__ == "__main__":
    main()
