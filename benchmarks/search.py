"""Part 9: how long a search takes among 100,000 prescriptions, all of one pharmacy, and in what is as large besides."""

import contextlib
import itertools
import statistics
from pathlib import Path

from benchmarks import clinic, wire
from benchmarks.report import BUDGET, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.inventory.formulary import Facts
from fadjma.store import Transaction

_LOGINS = {"patient": "awa@demo.fadjma", "doctor": "dr.diop@demo.fadjma", "pharmacist": "pharma.ndiaye@demo.fadjma"}
_TYPED = ("d", "di", "diop", "awa ci", "zzz")  # as one types, and what nobody is called
_TIMES = 20
_WARM_UP = 2
_BUDGET = 100.0  # milliseconds, benchmarks/README.md, “Budgets”
_SUGGESTED = 50.0  # the same, of the medicines that a doctor chooses from
_MEDICINES = 5_000  # of the list
_ENTRIES = 2_000  # of the patient's file


def run(sizes: Sizes, work: Path) -> Part:
    """Each search as a browser sends it while somebody types, with the answer that it puts into the page."""
    part = Part("Searches, as one types", ["search", "median ms", "slowest ms", "bytes (gzip)"])
    if not sizes.large_scale:
        part.notes.append("Left out: there is no large database.")
        return part
    progress(f"search: filling the database ({40 * sizes.large_scale:,} patients)")
    path = work / "search.db"
    people, patient_id, counts = clinic.prepare(path, _filled, scale=sizes.large_scale)
    part.notes.append(counts)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(clinic.serve(path))
        client = stack.enter_context(contextlib.closing(wire.Client(server.port)))
        for role, address in _searches(patient_id):
            progress(f"search: {address} as {role}")
            times, size = _load(client, people[role], address)
            median = statistics.median(times)
            budget = _SUGGESTED if address.startswith("/medicines") else _BUDGET
            part.rows.append([f"{address} as {role}", show(median), show(max(times)), f"{size:,}"])
            part.ratios.append(Ratio(f"{address} as {role}", "ms", median, BUDGET, budget))
    return part


def _filled(tx: Transaction) -> tuple[dict[str, clinic.Person], str, str]:
    """Every prescription that a pharmacy has taken is Mme Ndiaye's; a patient of Dr Diop's has a file of years."""
    people = {role: clinic.known(tx, login) for role, login in _LOGINS.items()}
    values = {"pharmacist": people["pharmacist"].id, "doctor": people["doctor"].id, "now": tx.now}
    tx.execute(
        "UPDATE prescriptions SET pharmacy_id = "
        "(SELECT organization_id FROM practitioners WHERE user_id = :pharmacist) WHERE pharmacy_id IS NOT NULL",
        values,
    )
    patient_id = str(
        tx.value(
            "SELECT patient_id FROM access_requests WHERE doctor_id = :doctor AND status = 'approved' "
            "AND scope = 'full' AND expires_at > :now ORDER BY id LIMIT 1",
            values,
        )
    )
    _fill_file(tx, patient_id)
    _fill_list(tx)
    counts = ", ".join(
        f"{tx.value(f'SELECT count(*) FROM {table} WHERE {what}', values):,} {label}"
        for table, what, label in (
            ("prescriptions", "pharmacy_id IS NOT NULL", "prescriptions of one pharmacy"),
            ("prescriptions", "prescriber_id = :doctor", "of one doctor"),
            ("patients", "1 = 1", "patients"),
            ("medicines", "1 = 1", "medicines"),
        )
    )
    return people, patient_id, f"{counts}; a file of {_ENTRIES:,} entries."


def _fill_file(tx: Transaction, patient_id: str) -> None:
    """The entries of everybody, again, as one patient's."""
    tx.execute(
        "INSERT INTO records (id, patient_id, type, author_id, occurred_on, created_at, words) "
        "SELECT 'b-' || id, :patient, type, author_id, occurred_on, created_at, words FROM records "
        "WHERE status = 'current' AND version = 1 ORDER BY id LIMIT :entries",
        {"patient": patient_id, "entries": _ENTRIES},
    )
    tx.execute(
        "INSERT INTO record_versions (record_id, version, author_id, title, body, created_at) "
        "SELECT 'b-' || v.record_id, v.version, v.author_id, v.title, v.body, v.created_at FROM record_versions v "
        "WHERE v.version = 1 AND 'b-' || v.record_id IN (SELECT id FROM records WHERE patient_id = :patient)",
        {"patient": patient_id},
    )


def _fill_list(tx: Transaction) -> None:
    """Made-up medicines, up to as many as a national list has, each of two syllables or three and in two forms."""
    syllables = ("ba", "ci", "do", "fen", "gli", "lor", "mo", "nyl", "pra", "tri", "vas", "xi", "zol", "ine")
    names = ["".join(parts) for parts in itertools.product(syllables, repeat=3)]
    missing = _MEDICINES - int(tx.value("SELECT count(*) FROM medicines"))
    made = [
        Facts(dci=name, form=form, strength="250 mg", unit=form, brands=f"{name}al")
        for name in names
        for form in ("comprimé", "sirop")
    ][:missing]
    tx.execute_many(
        "INSERT INTO medicines "
        "(id, dci, form, strength, unit, atc, brands, schedule, name_key, search_key, brands_key) "
        "VALUES (:id, :dci, :form, :strength, :unit, :atc, :brands, :schedule, :name_key, :search_key, :brands_key)",
        [{"id": f"b-{number}", **facts.columns()} for number, facts in enumerate(made)],
    )


def _searches(patient_id: str) -> list[tuple[str, str]]:
    return [
        *(("pharmacist", f"/prescriptions?q={typed.replace(' ', '+')}") for typed in _TYPED),
        ("pharmacist", "/prescriptions?step=all&q=di"),
        ("pharmacist", "/prescriptions?step=all"),
        ("pharmacist", "/inventory?q=amo"),
        *(("doctor", f"/patients?mine=1&q={typed.replace(' ', '+')}") for typed in _TYPED),
        ("doctor", "/prescriptions?q=di"),
        ("doctor", f"/patients/{patient_id}/records?q=tension"),
        ("doctor", "/search?q=diop"),  # where names are traced, three letters at least are looked for
        *(
            ("doctor", f"/medicines?q={typed}")
            for typed in (
                "par",
                "amoxicilline+500",
                "amoxiciline+500",
                "paracetanol",
                "zzzz",
                "sro",
                "ains",
                "cotrimoxasole",
            )
        ),
        ("pharmacist", "/search?q=para"),
        ("patient", "/prescriptions?q=para"),
    ]


def _load(client: wire.Client, person: clinic.Person, address: str) -> tuple[list[float], int]:
    """Milliseconds of each time, and the bytes of the answer."""
    headers = "Accept: text/html\r\nAccept-Encoding: gzip\r\nHX-Request: true\r\nHX-Target: found\r\n"
    asked = wire.request("GET", address, token=person.token, headers=headers)
    times, size = [], 0
    for _ in range(_TIMES + _WARM_UP):
        began = wire.now()
        answer = client.exchange(asked)
        times.append((wire.now() - began) * 1e3)
        size = len(wire.checked(answer, 200).body)
    return times[_WARM_UP:], size
