"""More patients with the same year under other names, for benchmarks: rows copied in bulk, for acting would take hours.

A copy has the ids of the original with a number behind them. What pharmacies hand to copies comes out of lots of their
own, so that nothing is missing for them, and nothing more is there.
"""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from fadjma.days import day
from fadjma.demo.people import FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, mobile
from fadjma.identity import enrolment
from fadjma.identity.identifiers import new_identifier
from fadjma.ids import new_id
from fadjma.store import Transaction
from fadjma.verifying import COVERED

_OF_PATIENTS = "(SELECT user_id FROM patients)"
_LOT = "(SELECT product_id || '-copies' FROM lots WHERE lots.id = lot_id)"
_LOT_LASTS = 400  # days
# What is copied, and which of its columns name something that is copied.
_ORIGINALS: dict[str, tuple[str, str]] = {
    "users": (f"SELECT * FROM users WHERE id IN {_OF_PATIENTS}", "id"),
    "patients": ("SELECT * FROM patients", "user_id"),
    "inboxes": (f"SELECT * FROM inboxes WHERE user_id IN {_OF_PATIENTS}", "user_id"),
    "access_requests": ("SELECT * FROM access_requests", "id patient_id"),
    "records": ("SELECT * FROM records", "id patient_id"),
    "record_versions": ("SELECT * FROM record_versions", "record_id"),
    "allergy_facts": ("SELECT * FROM allergy_facts", "record_id"),
    "vaccination_facts": ("SELECT * FROM vaccination_facts", "record_id"),
    "vaccination_calls": ("SELECT * FROM vaccination_calls", "patient_id"),
    "measurements": ("SELECT * FROM measurements", "id patient_id"),
    "prescriptions": ("SELECT * FROM prescriptions", "id patient_id replaces_id"),
    "prescription_lines": ("SELECT * FROM prescription_lines", "id prescription_id"),
    "prescription_acts": ("SELECT * FROM prescription_acts", "id prescription_id"),
    "ended_lines": ("SELECT * FROM ended_lines", "line_id replaced_by"),
    "dispenses": ("SELECT * FROM dispenses", "id prescription_id"),
    "dispense_lines": (
        f"SELECT dispense_id, line_id, {_LOT} AS lot_id, sum(quantity) AS quantity FROM dispense_lines"
        " GROUP BY 1, 2, 3",
        "dispense_id line_id",
    ),
    "unsupplied_lines": ("SELECT * FROM unsupplied_lines", "id line_id"),
    "register_entries": ("SELECT * FROM register_entries", "dispense_id line_id"),
    "delivery_requests": ("SELECT * FROM delivery_requests", "prescription_id"),
    "audit_events": (
        f"SELECT * FROM audit_events WHERE patient_id IS NOT NULL OR actor_id IN {_OF_PATIENTS}",
        "id subject_id patient_id ground",
    ),
    "notifications": (f"SELECT * FROM notifications WHERE user_id IN {_OF_PATIENTS}", "user_id subject_id"),
    "movements": ("SELECT * FROM movements WHERE kind = 'delivered'", "id prescription_id"),
    "reservations": (
        f"SELECT prescription_id, line_id, {_LOT} AS lot_id, sum(quantity) AS quantity FROM reservations"
        " GROUP BY 1, 2, 3",
        "prescription_id line_id",
    ),
}
_PERSON = "(SELECT {column} FROM demo_people WHERE original = {id})"
# What is not as in the original all the same.
_OTHERWISE: dict[str, dict[str, str]] = {
    "users": {
        **{name: _PERSON.format(column=name, id="id") for name in ("given_name", "family_name", "phone")},
        "email": "'copie' || :copy || '.' || email",
    },
    "patients": {"identifier": _PERSON.format(column="identifier", id="user_id")},
    "audit_events": {
        "actor_id": "CASE WHEN actor_id IN (SELECT id FROM demo_users) THEN actor_id || :copy ELSE actor_id END"
    },
    "prescriptions": {"short_code": "short_code || :copy"},
    "movements": {"lot_id": _LOT},
    "register_entries": {  # each copy's numbers follow those of the one before
        "number": "number + :number * (SELECT max(o.number) FROM demo_register_entries o"
        " WHERE o.pharmacy_id = demo_register_entries.pharmacy_id)"
    },
}
# What the staff are told of patients is about as many more; what they are told of stock and accounts is not.
_STAFF_NEWS = (
    "INSERT INTO demo_news SELECT user_id, seq, :number, type, message, subject_kind, subject_id || :copy, created_at,"
    " read_at, folded, times FROM demo_staff"
    " WHERE subject_kind IN ('patient', 'access_request', 'record', 'measurement', 'prescription')"
)


def add(tx: Transaction, rng: Random, times: int, progress: Callable[[int], None]) -> None:
    """Copy every patient so many times. `progress` is told the number of patients that there are."""
    people = tx.all("SELECT user_id, sex FROM patients ORDER BY user_id")
    _set_aside(tx)
    _add_lots(tx, times)
    inserts = [_insert(tx, table, renamed.split()) for table, (_, renamed) in _ORIGINALS.items()]
    for number in range(1, times + 1):
        tx.execute("DELETE FROM demo_people")
        tx.execute_many(
            "INSERT INTO demo_people VALUES (?, ?, ?, ?, ?)", [_somebody(rng, *person) for person in people]
        )
        for insert in (*inserts, _STAFF_NEWS):
            tx.execute(insert, {"copy": f"-{number}", "number": number})
        _make_findable(tx, f"-{number}")
        progress(len(people) * (number + 1))
    _tell_staff(tx)
    _leave_to_the_chain(tx)
    for table in (*_ORIGINALS, "people", "staff", "news"):
        tx.execute(f"DROP TABLE demo_{table}")


def _set_aside(tx: Transaction) -> None:
    """The originals, so that copies are not copied."""
    for table, (originals, _) in _ORIGINALS.items():
        tx.execute(f"CREATE TEMPORARY TABLE demo_{table} AS {originals}")
    tx.execute(f"CREATE TEMPORARY TABLE demo_staff AS SELECT * FROM notifications WHERE user_id NOT IN {_OF_PATIENTS}")
    tx.execute(
        "CREATE TEMPORARY TABLE demo_news AS SELECT user_id, seq, 0 AS copy, type, message, subject_kind, subject_id,"
        " created_at, read_at, folded, times FROM demo_staff"
    )
    tx.execute(
        "CREATE TEMPORARY TABLE demo_people"
        " (original TEXT PRIMARY KEY, given_name TEXT, family_name TEXT, phone TEXT, identifier TEXT)"
    )


def _add_lots(tx: Transaction, times: int) -> None:
    """For each product that was handed over or is kept, a lot with what all the copies take; it came with the first."""
    needs = tx.all(
        "SELECT l.product_id, min(m.at) AS at, min(m.actor_id) AS actor_id, :times * (SELECT coalesce(sum(reserved), 0)"
        " FROM lots k WHERE k.product_id = l.product_id) AS kept,"
        " -:times * sum(CASE WHEN m.kind = 'delivered' THEN m.quantity ELSE 0 END) AS handed_over"
        " FROM lots l JOIN movements m ON m.lot_id = l.id GROUP BY l.product_id",
        {"times": times},
    )
    expires_on = (day(tx.now) + timedelta(days=_LOT_LASTS)).isoformat()
    rows = [{**dict(need), "movement": new_id(), "expires_on": expires_on} for need in needs]
    rows = [row for row in rows if row["kept"] or row["handed_over"]]
    tx.execute_many(
        "INSERT INTO lots (id, product_id, number, number_key, expires_on, on_hand, reserved)"
        " VALUES (:product_id || '-copies', :product_id, 'COPIES', 'COPIES', :expires_on, :kept, :kept)",
        rows,
    )
    tx.execute_many(
        "INSERT INTO movements (id, lot_id, kind, quantity, actor_id, at)"
        " VALUES (:movement, :product_id || '-copies', 'received', :kept + :handed_over, :actor_id, :at)",
        rows,
    )


def _insert(tx: Transaction, table: str, renamed: list[str]) -> str:
    """The statement that copies a table: every column as it is, but for those that name something or somebody else."""
    first = tx.first(f"SELECT * FROM demo_{table}")
    assert first is not None, f"the story has no {table}"
    columns = first.keys()
    values = {column: column for column in columns}
    values |= {column: f"{column} || :copy" for column in renamed} | _OTHERWISE.get(table, {})
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values.values())} FROM demo_{table}"


def _make_findable(tx: Transaction, copy: str) -> None:
    people = tx.all(
        "SELECT id, given_name, family_name, email, phone FROM users WHERE id IN (SELECT id || :copy FROM demo_users)",
        {"copy": copy},
    )
    for person in people:
        enrolment.make_findable(tx, *person)


def _somebody(rng: Random, original: str, sex: str) -> tuple[str, ...]:
    given_name = rng.choice(FEMALE_NAMES if sex == "female" else MALE_NAMES)
    return original, given_name, rng.choice(FAMILY_NAMES), mobile(rng), new_identifier()


def _leave_to_the_chain(tx: Transaction) -> None:
    """What no act has written is taken into the chains as what was there before them is."""
    covered = {item for row in tx.all("SELECT covered FROM chain_links") for item in row["covered"].split(" ")}
    for kind in COVERED:
        tx.execute_many(
            "INSERT INTO chain_before (chain, kind, key) VALUES (?, ?, ?)",
            (
                (row["chain"], kind.code, row["key"])
                for row in tx.all(kind.every)
                if f"{kind.code}:{row['key']}" not in covered
            ),
        )


def _tell_staff(tx: Transaction) -> None:
    """Number the inboxes of the staff again, with what they were told of the copies, without gaps in order of time."""
    tx.execute(f"DELETE FROM notifications WHERE user_id NOT IN {_OF_PATIENTS}")
    tx.execute(
        "INSERT INTO notifications (user_id, seq, type, message, subject_kind, subject_id, created_at, read_at,"
        " folded, times)"
        " SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY seq, copy), type, message, subject_kind,"
        " subject_id, created_at, read_at, folded, times FROM demo_news"
    )
    tx.execute(
        "UPDATE inboxes SET last_seq = (SELECT count(*) FROM demo_news n WHERE n.user_id = inboxes.user_id)"
        " WHERE user_id IN (SELECT user_id FROM demo_news)"
    )
