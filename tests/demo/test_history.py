"""The demo's year of history, once acted out: consistent in every table, ready for the scenarios, on any day."""

import functools
import os
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import demo_database
import phonenumbers
import pytest

from fadjma import demo
from fadjma.access.states import OPENS
from fadjma.demo.notes import ALLERGIES
from fadjma.demo.plan import Plan
from fadjma.events import subjects
from fadjma.events.catalogue import MESSAGES
from fadjma.prescriptions.queries import OPEN
from fadjma.prescriptions.states import REFUSALS
from fadjma.records import recalling, schedule
from fadjma.store import Transaction
from fadjma.store.sqlite import database
from fadjma.store.sqlite.transaction import SQLiteTransaction

DAY = 86_400_000
# When the demo is made, and the zone of the machine.
INSTANTS = {
    "a Monday as it begins": (datetime(2026, 3, 2, 0, 1), "UTC"),
    "a Sunday before dawn": (datetime(2026, 8, 30, 3, 10), "Africa/Dakar"),
    "a Saturday evening": (datetime(2026, 11, 28, 20), "UTC"),
    "a Tuesday as work begins": (datetime(2027, 1, 5, 8, 0, 20), "Europe/Paris"),
    "as Europe changes its hour": (datetime(2027, 3, 28, 1), "Europe/Paris"),
    "the end of a month": (datetime(2027, 4, 30, 23, 59, 59), "Pacific/Kiritimati"),
    "the end of a year": (datetime(2027, 12, 31, 23, 59, 59, 999_000), "Pacific/Pago_Pago"),
    "the beginning of one": (datetime(2028, 1, 1), "Asia/Kolkata"),
    "29 February": (datetime(2028, 2, 29, 22, 30), "UTC"),
    "a Friday at noon": (datetime(2028, 6, 30, 12), "America/St_Johns"),
    "midnight to the millisecond": (datetime(2030, 11, 1), "Africa/Dakar"),
    "in many years": (datetime(2040, 2, 29, 9, 45), "Australia/Lord_Howe"),
}


USUAL = "a Friday at noon"  # with whose story those of the others are compared


def milliseconds(instant: datetime) -> int:
    return round(instant.replace(tzinfo=UTC).timestamp() * 1000)


# The story is the same each time (test_plan.py), and whoever only acts it out leaves it as it was.
_planned = functools.cache(demo.plan)


def filled(path: Path, now: int, story: Callable[[], Plan] = _planned, **how: Any) -> sqlite3.Connection:
    """The database in this file, once this story has been acted out in it."""
    connection = database.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "plan", story)
        demo.fill(SQLiteTransaction(connection, now), password_hash="hash", **how)
    connection.execute("COMMIT")
    return connection


@contextmanager
def in_zone(zone: str) -> Iterator[None]:
    """The machine is in this zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", zone)
        time.tzset()
        yield
    time.tzset()


def made(name: str) -> bytes:
    """What the file of the demo holds that is made at this instant."""
    instant, zone = INSTANTS[name]
    with in_zone(zone), TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        path.write_bytes(demo_database.empty_database())
        filled(path, milliseconds(instant)).close()
        return path.read_bytes()


@functools.cache
def made_usually() -> bytes:
    return demo_database.once("usual", functools.partial(made, USUAL))


@contextmanager
def opened(name: str, path: Path) -> Iterator[Transaction]:
    """The demo as it is made at this instant; the usual one is made once."""
    path.write_bytes(made_usually() if name == USUAL else made(name))
    with closing(database.connect(path)) as connection:
        yield SQLiteTransaction(connection, milliseconds(INSTANTS[name][0]))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transaction]:
    """The demo, made on a working day."""
    with opened(USUAL, tmp_path_factory.mktemp("demo") / "demo.db") as tx:
        yield tx


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"the demo made on {name}")) for name in INSTANTS],
)
def tx(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transaction]:
    """The demo, made at any of the instants."""
    name: str = request.param
    with opened(name, tmp_path_factory.mktemp("demo") / "demo.db") as tx, in_zone(INSTANTS[name][1]):
        yield tx


def counts(tx: Transaction, sql: str, **parameters: Any) -> dict[Any, int]:
    """A query's two columns as {value: how many}."""
    return {row[0]: row[1] for row in tx.all(sql, parameters)}


def user(tx: Transaction, key: str) -> str:
    return str(tx.value("SELECT id FROM users WHERE email = :email", {"email": f"{key}@demo.fadjma"}))


STATES = {
    "issued", "validated", "prepared", "ready", "in_delivery", "part_delivered", "delivered", "on_hold", "refused",
    "cancelled", "expired", "entered_in_error",
}  # fmt: skip


# Who is there


def test_people(tx: Transaction) -> None:
    assert counts(tx, "SELECT role || ' ' || status, COUNT(*) FROM users GROUP BY 1") == {
        "patient active": 40,
        "doctor active": 8,
        "doctor pending": 1,
        "pharmacist active": 6,
        "pharmacist pending": 1,
        "receptionist active": 1,
        "nurse active": 1,
        "admin active": 1,
    }
    assert counts(tx, "SELECT kind, COUNT(*) FROM organizations GROUP BY 1") == {"clinic": 4, "pharmacy": 4}
    assert tx.value("SELECT COUNT(*) FROM patients") == 40
    assert not tx.all(
        "SELECT 1 FROM users WHERE (status = 'pending') <> (verified_at IS NULL) AND role IN ('doctor', 'pharmacist')"
    )


def test_accounts_of_the_sign_in_page_exist(tx: Transaction) -> None:
    for account in demo.ACCOUNTS:
        row = tx.first("SELECT * FROM users WHERE email = :email", {"email": account.email})
        assert row is not None and row["role"] == account.role and row["status"] == "active"
        assert account.name.removeprefix("Dr ") == f"{row['given_name']} {row['family_name']}"


def test_every_telephone_number_is_valid(tx: Transaction) -> None:
    for row in tx.all("SELECT phone FROM users UNION SELECT phone FROM organizations"):
        assert phonenumbers.is_valid_number(phonenumbers.parse(row["phone"])), row["phone"]


def test_twins_share_their_mothers_telephone_and_two_people_nearly_a_name(tx: Transaction) -> None:
    twins = tx.all(
        "SELECT p.birth_date, u.phone FROM users u JOIN patients p ON p.user_id = u.id"
        " WHERE u.given_name IN ('Assane', 'Ousseynou') AND u.family_name = 'Niang'"
    )
    assert len(twins) == 2 and tuple(twins[0]) == tuple(twins[1])
    assert tx.value("SELECT phone FROM users WHERE email = 'khady@demo.fadjma'") == twins[0]["phone"]
    assert tx.value("SELECT COUNT(*) FROM users WHERE given_name = 'Mamadou Lamine'") == 2


# Whole and in order


def test_foreign_keys_hold(tx: Transaction) -> None:
    assert not tx.all("PRAGMA foreign_key_check")
    assert not tx.all(
        "SELECT 1 FROM movements WHERE prescription_id IS NOT NULL"
        " AND prescription_id NOT IN (SELECT id FROM prescriptions)"
    )


def test_no_id_is_used_twice(tx: Transaction) -> None:
    tables = (
        "organizations", "users", "access_requests", "records", "medicines", "products", "lots", "movements",
        "prescriptions", "prescription_lines", "prescription_acts", "audit_events",
    )  # fmt: skip
    ids = [row[0] for table in tables for row in tx.all(f"SELECT id FROM {table}")]
    assert len(ids) == len(set(ids)) > 5_000


def test_inboxes_are_numbered_without_gaps_in_order_of_time(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT i.user_id FROM inboxes i LEFT JOIN notifications n ON n.user_id = i.user_id"
        " GROUP BY i.user_id, i.last_seq"
        " HAVING i.last_seq <> COUNT(n.seq) OR i.last_seq <> COALESCE(MAX(n.seq), 0)"
        " OR COALESCE(MIN(n.seq), 1) <> 1"
    )
    assert tx.value("SELECT COUNT(*) FROM inboxes") == tx.value("SELECT COUNT(*) FROM users")
    assert not tx.all(
        "SELECT 1 FROM notifications a JOIN notifications b ON b.user_id = a.user_id AND b.seq = a.seq + 1"
        " WHERE b.created_at < a.created_at"
    )


def test_notifications_are_of_the_catalogue_and_mostly_read(tx: Transaction) -> None:
    messages = counts(tx, "SELECT message, COUNT(*) FROM notifications WHERE message IS NOT NULL GROUP BY 1")
    assert messages.keys() <= MESSAGES.keys()
    assert {"access.requested", "record.created", "prescription.ready", "stock.low", "stock.expiring"} <= (
        messages.keys()
    )
    for row in tx.all("SELECT DISTINCT subject_kind FROM notifications"):
        subjects.link(row["subject_kind"], "x")
    read = counts(tx, "SELECT read_at IS NOT NULL, COUNT(*) FROM notifications WHERE message IS NOT NULL GROUP BY 1")
    assert 20 < read[False] < read[True] / 20
    assert not tx.all("SELECT 1 FROM notifications WHERE read_at NOT BETWEEN created_at AND :now", {"now": tx.now})


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("users", "created_at"),
        ("access_requests", "created_at"),
        ("access_requests", "ended_at"),
        ("records", "created_at"),
        ("record_versions", "created_at"),
        ("prescriptions", "updated_at"),
        ("prescription_acts", "at"),
        ("movements", "at"),
        ("audit_events", "at"),
        ("notifications", "created_at"),
    ],
)
def test_nothing_happens_after_now_or_long_before_the_year(tx: Transaction, table: str, column: str) -> None:
    assert tx.value(f"SELECT MAX({column}) FROM {table}") <= tx.now
    assert tx.value(f"SELECT MIN({column}) FROM {table}") >= tx.now - 430 * DAY


def test_nothing_happens_to_patients_before_they_join(tx: Transaction) -> None:
    assert not tx.all("SELECT 1 FROM audit_events e JOIN users u ON u.id = e.patient_id WHERE e.at < u.created_at")


# Access


def test_access_requests_in_every_state(tx: Transaction) -> None:
    states = counts(tx, "SELECT status, COUNT(*) FROM access_requests GROUP BY 1")
    assert states.keys() == {
        "pending", "approved", "rejected", "withdrawn", "lapsed", "expired", "revoked", "emergency"
    }  # fmt: skip
    assert states["pending"] >= 3
    assert tx.value("SELECT COUNT(*) FROM access_requests WHERE emergency_code IS NOT NULL") >= 2


def test_requests_are_in_the_state_that_their_times_say(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT * FROM access_requests WHERE"
        " (status = 'pending' AND (lapses_at <= :now OR decided_at IS NOT NULL OR ended_at IS NOT NULL))"
        " OR (status IN ('approved', 'emergency') AND (expires_at <= :now OR ended_at IS NOT NULL))"
        " OR (status = 'expired' AND (expires_at > :now OR ended_at <> expires_at))"
        " OR (status = 'revoked' AND ended_at NOT BETWEEN decided_at AND expires_at)"
        " OR (status = 'rejected' AND decided_at IS NULL)"
        " OR (status IN ('withdrawn', 'lapsed') AND ended_at IS NULL)"
        " OR decided_at < created_at OR decided_at > lapses_at"
        " OR (version > 1) <> (decided_at IS NOT NULL OR ended_at IS NOT NULL)",
        {"now": tx.now},
    )


def test_a_doctor_holds_one_right_at_a_time_to_a_file(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT 1 FROM access_requests a JOIN access_requests b"
        " ON b.patient_id = a.patient_id AND b.doctor_id = a.doctor_id AND b.id <> a.id"
        " WHERE b.decided_at >= a.decided_at AND b.decided_at < COALESCE(a.ended_at, a.expires_at)"
    )


_HELD = (
    "EXISTS (SELECT 1 FROM access_requests a WHERE a.patient_id = {patient} AND a.doctor_id = {doctor}"
    " AND {at} >= COALESCE(a.decided_at, a.created_at) AND {at} < COALESCE(a.ended_at, a.expires_at)"
    " AND a.scope = 'full')"
)


def test_whoever_wrote_or_prescribed_had_the_right_to(tx: Transaction) -> None:
    assert "full" in OPENS["records"]
    wrote = _HELD.format(patient="r.patient_id", doctor="v.author_id", at="v.created_at")
    prescribed = _HELD.format(patient="p.patient_id", doctor="p.prescriber_id", at="p.issued_at")
    assert not tx.all(f"SELECT 1 FROM record_versions v JOIN records r ON r.id = v.record_id WHERE NOT {wrote}")
    assert not tx.all(f"SELECT 1 FROM prescriptions p WHERE NOT {prescribed}")


def test_readings_are_traced_with_their_ground(tx: Transaction) -> None:
    held = _HELD.format(patient="e.patient_id", doctor="e.actor_id", at="e.at")
    assert not tx.all(
        f"SELECT 1 FROM audit_events e WHERE action IN ('file.read', 'record.read') AND outcome = 'success'"
        f" AND NOT {held}"
    )
    assert not tx.all(
        "SELECT 1 FROM audit_events e WHERE action IN ('file.read', 'record.read') AND outcome = 'success'"
        " AND NOT EXISTS (SELECT 1 FROM access_requests a"
        " WHERE a.id = e.ground AND a.doctor_id = e.actor_id)"
    )
    assert tx.value("SELECT COUNT(*) FROM audit_events WHERE outcome = 'refused'") >= 2
    actions = counts(tx, "SELECT action, COUNT(*) FROM audit_events GROUP BY 1")
    assert actions.keys() >= {
        *(f"access_request.{act}" for act in ("created", "approved", "rejected", "withdrawn", "emergency")),
        *(f"access_request.{act}" for act in ("lapsed", "expired", "revoked")),
        *("file.read", "record.read", "prescription.read", "record.created", "record.amended"),
        *(f"prescription.{status}" for status in STATES),
    }


# Records


def test_records_of_every_kind_some_corrected_or_misplaced(tx: Transaction) -> None:
    kinds = counts(tx, "SELECT type, COUNT(*) FROM records GROUP BY 1")
    assert kinds.keys() == {"consultation", "test_result", "vaccination", "allergy"}
    assert kinds["consultation"] >= 5 * 40
    assert min(kinds.values()) >= 5
    assert tx.value("SELECT COUNT(*) FROM records WHERE version > 1 AND status = 'current'") >= 5
    assert tx.value("SELECT COUNT(*) FROM records WHERE status = 'entered_in_error'") >= 1
    assert not tx.all("SELECT 1 FROM record_versions WHERE body LIKE '%{%' OR title = ''")
    assert tx.value("SELECT COUNT(*) FROM record_versions WHERE length(body) < 10") == 1, "that Moussa has no allergy"


def test_versions_count_from_one_to_the_records_version(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT r.id FROM records r LEFT JOIN record_versions v ON v.record_id = r.id"
        " GROUP BY r.id, r.version"
        " HAVING COUNT(v.version) <> r.version OR MAX(v.version) <> r.version OR MIN(v.version) <> 1"
    )


def test_nobody_is_prescribed_what_they_are_allergic_to(tx: Transaction) -> None:
    allergic = tx.all(
        "SELECT r.patient_id, v.title FROM records r JOIN record_versions v ON v.record_id = r.id"
        " JOIN allergy_facts f ON f.record_id = r.id WHERE f.kind <> 'none_known'"
    )
    assert len(allergic) >= 5
    avoid = {allergy.facts.title: allergy.avoid for allergy in ALLERGIES}
    for row in allergic:
        codes = tx.all(
            "SELECT m.atc FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id"
            " JOIN medicines m ON m.id = l.medicine_id WHERE p.patient_id = :patient",
            {"patient": row["patient_id"]},
        )
        assert not [code["atc"] for code in codes if code["atc"].startswith(avoid[row["title"]])], row["title"]


# Prescriptions and stock


def test_prescriptions_in_every_state(tx: Transaction) -> None:
    states = counts(tx, "SELECT status, COUNT(*) FROM prescriptions GROUP BY 1")
    assert states.keys() == STATES
    assert tx.value("SELECT COUNT(*) FROM prescriptions WHERE addressed_to IS NULL") >= 5
    assert tx.value("SELECT COUNT(*) FROM prescriptions WHERE replaces_id IS NOT NULL") >= 1
    refused = tx.all("SELECT status_reason FROM prescriptions WHERE status = 'refused'")
    assert {row["status_reason"].partition(": ")[0] for row in refused} <= REFUSALS.keys()
    lines = tx.value("SELECT COUNT(*) FROM prescription_lines")
    assert lines > 1.8 * tx.value("SELECT COUNT(*) FROM prescriptions")


def test_acts_lead_step_by_step_to_the_state(tx: Transaction) -> None:
    said = "SELECT l.prescription_id, COUNT(*) FROM {} e JOIN prescription_lines l ON l.id = e.line_id GROUP BY 1"
    lines = [Counter(counts(tx, said.format(table))) for table in ("ended_lines", "unsupplied_lines")]
    deliveries = "SELECT prescription_id, COUNT(*) FROM delivery_requests GROUP BY 1"  # asked once each, in the story
    beside = sum(lines, Counter(counts(tx, deliveries)))
    for row in tx.all("SELECT * FROM prescriptions"):
        acts = tx.all("SELECT * FROM prescription_acts WHERE prescription_id = :id ORDER BY at, id", {"id": row["id"]})
        steps = [(act["from_status"], act["to_status"]) for act in acts]
        assert [before for before, _ in steps] == [None, *(after for _, after in steps[:-1])]
        assert steps[-1][1] == row["status"] and len(acts) + beside[row["id"]] == row["version"]
        assert (acts[0]["at"], acts[-1]["at"]) == (row["issued_at"], row["updated_at"])
        assert acts[-1]["reason"] == row["status_reason"]


def test_what_is_not_usual_happened_too(tx: Transaction) -> None:
    """A rest that is owed, a line that cannot be supplied, and a register with every schedule and no hole in it."""
    owed = tx.all(
        "SELECT l.quantity - l.delivered AS rest FROM prescriptions p JOIN prescription_lines l"
        " ON l.prescription_id = p.id WHERE p.status = 'part_delivered' AND l.delivered < l.quantity"
    )
    assert [row["rest"] for row in owed] == [6]
    assert counts(tx, "SELECT code, COUNT(*) FROM unsupplied_lines GROUP BY 1") == {"out_of_stock": 2}
    assert tx.value("SELECT COUNT(*) FROM ended_lines") == 1
    entered = counts(tx, "SELECT schedule, COUNT(*) FROM register_entries GROUP BY 1")
    assert entered.keys() == {"list_1", "list_2", "narcotic"}
    assert not tx.all("SELECT 1 FROM register_entries GROUP BY pharmacy_id HAVING MAX(number) <> COUNT(*)")
    assert tx.value(
        "SELECT COUNT(*) FROM register_entries e JOIN dispense_lines h"
        " ON h.dispense_id = e.dispense_id AND h.line_id = e.line_id"
    ) >= sum(entered.values())
    kinds = counts(tx, "SELECT kind, COUNT(*) FROM allergy_facts GROUP BY 1")
    assert kinds.keys() == {"class", "food", "other", "none_known"}


def test_a_replaced_prescription_had_been_refused(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT 1 FROM prescriptions n JOIN prescriptions o ON o.id = n.replaces_id"
        " WHERE o.status <> 'refused' OR o.patient_id <> n.patient_id OR o.prescriber_id <> n.prescriber_id"
        " OR n.issued_at < o.updated_at"
    )


def test_what_is_brought_was_asked_for(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT 1 FROM prescription_acts a LEFT JOIN delivery_requests d"
        " ON d.prescription_id = a.prescription_id AND d.created_at < a.at"
        " WHERE a.to_status = 'in_delivery' AND d.prescription_id IS NULL"
    )
    assert tx.value("SELECT COUNT(*) FROM delivery_requests") >= 2


def test_pharmacists_act_for_the_pharmacy_that_claimed(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT 1 FROM prescription_acts a JOIN prescriptions p ON p.id = a.prescription_id"
        " JOIN practitioners w ON w.user_id = a.actor_id JOIN users u ON u.id = a.actor_id"
        " WHERE u.role = 'pharmacist' AND (p.pharmacy_id IS NULL OR w.organization_id <> p.pharmacy_id)"
    )
    assert not tx.all("SELECT 1 FROM prescriptions WHERE addressed_to IS NOT NULL AND pharmacy_id <> addressed_to")


def test_open_prescriptions_are_still_valid(tx: Transaction) -> None:
    assert not tx.all(
        f"SELECT 1 FROM prescriptions WHERE valid_until <= :now AND status IN {OPEN}",
        {"now": tx.now},
    )


def test_what_was_delivered_left_the_stock(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT p.id FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id"
        " GROUP BY p.id, p.status HAVING (p.status = 'delivered') <> (SUM(l.delivered) = SUM(l.quantity))"
        " OR (p.status IN ('delivered', 'part_delivered')) <> (SUM(l.delivered) > 0)"
    )
    gone = counts(tx, "SELECT prescription_id, -SUM(quantity) FROM movements WHERE kind = 'delivered' GROUP BY 1")
    lines = counts(
        tx,
        "SELECT prescription_id, SUM(delivered) FROM prescription_lines GROUP BY 1 HAVING SUM(delivered) > 0",
    )
    assert gone == lines


def test_stock_is_what_its_movements_say_and_never_below_zero(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT l.id FROM lots l LEFT JOIN movements m ON m.lot_id = l.id GROUP BY l.id, l.on_hand"
        " HAVING l.on_hand <> COALESCE(SUM(m.quantity), 0)"
    )
    assert not tx.all(
        "SELECT 1 FROM (SELECT SUM(quantity) OVER (PARTITION BY lot_id ORDER BY at, quantity DESC) AS held"
        " FROM movements) AS running WHERE held < 0"
    )
    assert not tx.all(
        "SELECT 1 FROM movements m JOIN lots l ON l.id = m.lot_id WHERE m.kind = 'delivered'"
        " AND date(m.at / 1000, 'unixepoch') > l.expires_on"
    ), "an expired lot was handed over"


def test_movements_are_made_by_the_pharmacys_own_pharmacists(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT 1 FROM movements m JOIN lots l ON l.id = m.lot_id JOIN products p ON p.id = l.product_id"
        " LEFT JOIN practitioners w ON w.user_id = m.actor_id AND w.organization_id = p.pharmacy_id"
        " WHERE w.user_id IS NULL"
    )


def test_reservations_are_those_of_what_is_prepared(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT l.id FROM lots l LEFT JOIN reservations r ON r.lot_id = l.id GROUP BY l.id, l.reserved"
        " HAVING l.reserved <> COALESCE(SUM(r.quantity), 0)"
    )
    assert not tx.all(
        "SELECT n.id FROM prescription_lines n JOIN prescriptions p ON p.id = n.prescription_id"
        " LEFT JOIN reservations r ON r.line_id = n.id GROUP BY n.id, n.quantity, p.status"
        " HAVING COALESCE(SUM(r.quantity), 0)"
        " <> CASE WHEN p.status IN ('prepared', 'ready', 'in_delivery') THEN n.quantity ELSE 0 END"
    )
    assert not tx.all(
        "SELECT 1 FROM reservations r JOIN prescriptions p ON p.id = r.prescription_id"
        " JOIN lots l ON l.id = r.lot_id JOIN products o ON o.id = l.product_id"
        " JOIN prescription_lines n ON n.id = r.line_id"
        " WHERE o.pharmacy_id <> p.pharmacy_id OR o.medicine_id <> n.medicine_id OR n.prescription_id <> p.id"
    )


def test_every_pharmacy_has_something_low_missing_expiring_and_expired(tx: Transaction) -> None:
    today = tx.value("SELECT date(:now / 1000, 'unixepoch')", {"now": tx.now})
    rows = tx.all(
        "SELECT p.pharmacy_id, p.threshold,"
        " COALESCE(SUM(CASE WHEN l.expires_on >= :today THEN l.on_hand - l.reserved END), 0) AS usable,"
        " COALESCE(SUM(CASE WHEN l.expires_on < :today THEN l.on_hand END), 0) AS expired,"
        " COALESCE(SUM(CASE WHEN l.expires_on BETWEEN :today AND date(:today, '+30 days')"
        " THEN l.on_hand END), 0) AS expiring"
        " FROM products p LEFT JOIN lots l ON l.product_id = p.id GROUP BY p.id, p.pharmacy_id",
        {"today": today},
    )
    for pharmacy in {row["pharmacy_id"] for row in rows}:
        own = [row for row in rows if row["pharmacy_id"] == pharmacy]
        assert len(own) > 90
        assert any(0 < row["usable"] < row["threshold"] for row in own)
        assert any(row["usable"] == 0 and row["expired"] == 0 for row in own)
        assert any(row["usable"] == 0 and row["expired"] > 0 for row in own), "only expired stock left"
        assert any(row["expiring"] > 0 for row in own)
        assert sum(row["usable"] >= row["threshold"] for row in own) > len(own) * 0.7


# Ready for the scenarios


def test_dr_diop_must_ask_awa_first(tx: Transaction) -> None:
    asked = tx.all(
        "SELECT status FROM access_requests WHERE patient_id = :awa AND doctor_id = :diop",
        {"awa": user(tx, "awa"), "diop": user(tx, "dr.diop")},
    )
    assert [row["status"] for row in asked] == ["expired"]
    assert not tx.all(
        "SELECT 1 FROM access_requests WHERE patient_id = :awa AND (status = 'pending' OR doctor_id = :sarr)",
        {"awa": user(tx, "awa"), "sarr": user(tx, "dr.sarr")},
    )


def test_who_may_read_whom(tx: Transaction) -> None:
    granted = "SELECT patient_id, 1 FROM access_requests WHERE doctor_id = :doctor AND status = 'approved'"
    diop = counts(tx, granted, doctor=user(tx, "dr.diop"))
    assert user(tx, "moussa") in diop and 8 <= len(diop) <= 16
    sarr = counts(tx, granted, doctor=user(tx, "dr.sarr"))
    assert len(sarr) >= 3 and user(tx, "awa") not in sarr
    others = tx.all(
        "SELECT doctor_id FROM access_requests WHERE patient_id = :awa AND status = 'approved'",
        {"awa": user(tx, "awa")},
    )
    assert [row["doctor_id"] for row in others] == [user(tx, "dr.badji")]


def test_awas_file_was_written_by_others(tx: Transaction) -> None:
    authors = counts(
        tx, "SELECT author_id, COUNT(*) FROM records WHERE patient_id = :awa GROUP BY 1", awa=user(tx, "awa")
    )
    assert len(authors) >= 3 and sum(authors.values()) >= 8
    assert not authors.keys() & {user(tx, "dr.diop"), user(tx, "dr.sarr")}


def test_mme_ndiaye_has_awas_prescriptions_and_what_they_need(tx: Transaction) -> None:
    pharmacy = tx.value(
        "SELECT organization_id FROM practitioners WHERE user_id = :id", {"id": user(tx, "pharma.ndiaye")}
    )
    awa = {"awa": user(tx, "awa"), "pharmacy": pharmacy}
    assert tx.value("SELECT pharmacy_id FROM patients WHERE user_id = :awa", awa) == pharmacy
    assert counts(
        tx,
        "SELECT status, COUNT(*) FROM prescriptions WHERE patient_id = :awa AND addressed_to = :pharmacy"
        " AND status NOT IN ('delivered', 'cancelled') GROUP BY 1",
        **awa,
    ) == {"issued": 1, "prepared": 1}
    assert not tx.all(
        "SELECT n.id FROM prescriptions p JOIN prescription_lines n ON n.prescription_id = p.id"
        " LEFT JOIN products o ON o.pharmacy_id = :pharmacy AND o.medicine_id = n.medicine_id"
        " LEFT JOIN lots l ON l.product_id = o.id AND l.expires_on >= date(:now / 1000, 'unixepoch')"
        " WHERE p.patient_id = :awa AND p.status = 'issued' GROUP BY n.id, n.quantity"
        " HAVING COALESCE(SUM(l.on_hand - l.reserved), 0) < n.quantity",
        {**awa, "now": tx.now},
    )
    assert (
        tx.value(
            "SELECT COUNT(*) FROM practitioners w JOIN users u ON u.id = w.user_id"
            " WHERE w.organization_id = :pharmacy AND u.role = 'pharmacist'",
            awa,
        )
        == 2
    )
    assert pharmacy != tx.value(
        "SELECT organization_id FROM practitioners WHERE user_id = :id", {"id": user(tx, "pharma.fall")}
    )


# Larger, again, at another time


def test_scale_3_is_the_same_three_times(usual: Transaction, tmp_path: Path) -> None:
    """The year is there already, and nothing is left to be acted out before it is copied."""
    done: list[int] = []
    (path := tmp_path / "three.db").write_bytes(made_usually())
    connection = filled(path, usual.now, functools.partial(Plan, 3), scale=3, progress=done.append)
    larger = SQLiteTransaction(connection, usual.now)
    assert done == [40, 80, 120]
    for sql in (
        "SELECT role, 2 * (role = 'patient') + 1, COUNT(*) FROM users GROUP BY 1",
        "SELECT status, 3, COUNT(*) FROM access_requests GROUP BY 1",
        "SELECT type || status || version, 3, COUNT(*) FROM records GROUP BY 1",
        "SELECT 'versions', 3, COUNT(*) FROM record_versions",
        "SELECT status || issued_at, 3, COUNT(*) FROM prescriptions GROUP BY 1",
        "SELECT medicine_id IS NULL, 3, SUM(quantity) FROM prescription_lines GROUP BY 1",
        "SELECT from_status || to_status, 3, COUNT(*) FROM prescription_acts GROUP BY 1",
        "SELECT 'brought', 3, COUNT(*) FROM delivery_requests",
        "SELECT schedule, 3, COUNT(*) FROM register_entries GROUP BY 1",
        "SELECT kind || substance, 3, COUNT(*) FROM allergy_facts GROUP BY 1",
        "SELECT code, 3, COUNT(*) FROM unsupplied_lines GROUP BY 1",
        "SELECT 'kept', 3, SUM(quantity) FROM reservations",
        "SELECT 'reserved', 3, SUM(reserved) FROM lots",
        "SELECT 'usable', 1, SUM(on_hand - reserved) FROM lots",
        "SELECT 'delivered', 3, SUM(quantity) FROM movements WHERE kind = 'delivered'",
        "SELECT action, 3, COUNT(*) FROM audit_events WHERE patient_id IS NOT NULL GROUP BY 1",
        "SELECT COALESCE(message, '') || (read_at IS NULL), 3, COUNT(*) FROM notifications"
        " WHERE subject_kind IN ('patient', 'access_request', 'record', 'prescription') GROUP BY 1",
        "SELECT message, 1, COUNT(*) FROM notifications WHERE subject_kind IN ('product', 'account') GROUP BY 1",
    ):
        ours, theirs = counts_by(usual, sql), counts_by(larger, sql)
        assert theirs == {key: (times, times * count) for key, (times, count) in ours.items()}, sql
    test_foreign_keys_hold(larger)
    test_no_id_is_used_twice(larger)
    test_every_telephone_number_is_valid(larger)
    test_stock_is_what_its_movements_say_and_never_below_zero(larger)
    test_reservations_are_those_of_what_is_prepared(larger)
    test_inboxes_are_numbered_without_gaps_in_order_of_time(larger)
    test_whoever_wrote_or_prescribed_had_the_right_to(larger)
    test_what_was_delivered_left_the_stock(larger)
    assert not larger.all("SELECT 1 FROM register_entries GROUP BY pharmacy_id HAVING MAX(number) <> COUNT(*)")
    test_every_pharmacy_has_something_low_missing_expiring_and_expired(larger)
    assert larger.value("SELECT COUNT(*) FROM users WHERE given_name = 'Awa' AND family_name = 'Cissé'") < 3
    assert not larger.all("SELECT name FROM temp.sqlite_master")
    connection.close()


def counts_by(tx: Transaction, sql: str) -> dict[Any, tuple[int, int]]:
    return {row[0]: (row[1], row[2]) for row in tx.all(sql)}


_STORY = (
    "SELECT u.given_name, u.family_name, u.role, u.status, u.phone, p.sex, p.city, m.value FROM users u"
    " LEFT JOIN patients p ON p.user_id = u.id LEFT JOIN measurements m ON m.patient_id = u.id",
    "SELECT u.given_name, u.family_name, d.email, a.status, a.scope, a.reason, a.decision_reason, a.version"
    " FROM access_requests a JOIN users u ON u.id = a.patient_id JOIN users d ON d.id = a.doctor_id",
    "SELECT u.given_name, u.family_name, d.email, r.type, r.status, v.title, v.body, v.reason FROM record_versions v"
    " JOIN records r ON r.id = v.record_id JOIN users u ON u.id = r.patient_id JOIN users d ON d.id = v.author_id",
    "SELECT u.given_name, u.family_name, d.email, p.status, p.status_reason, m.dci, m.strength, l.quantity, l.delivered"
    " FROM prescriptions p JOIN users u ON u.id = p.patient_id JOIN users d ON d.id = p.prescriber_id"
    " JOIN prescription_lines l ON l.prescription_id = p.id JOIN medicines m ON m.id = l.medicine_id",
    "SELECT u.given_name, u.family_name, w.email, a.from_status, a.to_status, a.reason FROM prescription_acts a"
    " JOIN prescriptions p ON p.id = a.prescription_id JOIN users u ON u.id = p.patient_id"
    " LEFT JOIN users w ON w.id = a.actor_id",
    "SELECT o.name, m.dci, m.strength, p.threshold, l.number, l.on_hand, l.reserved, l.expiry_told_at IS NULL"
    " FROM lots l JOIN products p ON p.id = l.product_id JOIN medicines m ON m.id = p.medicine_id"
    " JOIN organizations o ON o.id = p.pharmacy_id",
    "SELECT u.given_name, u.family_name, u.role, n.type, n.message, n.read_at IS NULL FROM notifications n"
    " JOIN users u ON u.id = n.user_id WHERE n.message IS NOT NULL",
    "SELECT u.given_name, u.family_name, w.email, e.action, e.outcome FROM audit_events e"
    " LEFT JOIN users u ON u.id = e.patient_id LEFT JOIN users w ON w.id = e.actor_id",
)


@pytest.mark.parametrize("sql", _STORY, ids=lambda sql: sql.partition(" FROM ")[2].split()[0])
def test_the_story_is_the_same_as_on_any_other_day(tx: Transaction, usual: Transaction, sql: str) -> None:
    assert _told(tx, sql) == _told_usually(usual, sql)


def _told(tx: Transaction, sql: str) -> Counter[tuple[Any, ...]]:
    return Counter(map(tuple, tx.all(sql)))


_told_usually = functools.cache(_told)  # of one database, which nobody changes


def test_everybody_is_as_old_as_on_any_other_day(tx: Transaction, usual: Transaction) -> None:
    days = "SELECT julianday(date(:now / 1000, 'unixepoch')) - julianday(birth_date) FROM patients ORDER BY 1"
    assert [row[0] for row in tx.all(days, {"now": tx.now})] == [row[0] for row in usual.all(days, {"now": usual.now})]


def test_people_act_by_day_and_never_on_a_sunday(tx: Transaction) -> None:
    """But for the emergency that is open, whenever that is, and for time itself."""
    acted = [
        datetime.fromtimestamp(row["at"] / 1000, UTC)
        for row in tx.all(
            "SELECT at FROM audit_events WHERE actor_id IS NOT NULL AND at < :an_hour_ago"
            " UNION SELECT at FROM prescription_acts WHERE actor_id IS NOT NULL UNION SELECT at FROM movements",
            {"an_hour_ago": tx.now - DAY // 24},
        )
    ]
    assert len(acted) > 1_000
    assert not [at for at in acted if not 8 <= at.hour <= 17 or at.weekday() == 6]


def test_ibrahima_is_open_to_dr_sarr_in_an_emergency(tx: Transaction) -> None:
    (opened,) = tx.all(
        "SELECT a.expires_at, u.given_name FROM access_requests a JOIN users u ON u.id = a.patient_id"
        " WHERE a.status = 'emergency' AND a.doctor_id = :sarr",
        {"sarr": user(tx, "dr.sarr")},
    )
    assert opened["given_name"] == "Ibrahima" and tx.now + 2 * DAY // 24 < opened["expires_at"]


def test_the_front_desk_has_whom_to_call_for_a_vaccine_by_a_schedule_that_is_signed_for_show(
    tx: Transaction, usual: Transaction
) -> None:
    rows = schedule.signed(tx)
    assert len(rows) == 17 and {(row.source, row.signer) for row in rows} == {
        ("Signature de démonstration, sans valeur : à remplacer par la source officielle", "Ousmane Diop")
    }
    overdue = [(one.name, one.noted) for one in recalling.listed(tx)]
    unnoted = [(one.name, one.noted) for one in recalling.listed(tx, only="unnoted")]
    assert ("Serigne Saliou Mbengue", "fields") in overdue
    assert {"words", "nothing"} == {noted for _, noted in unnoted}
    assert {"Assane Niang", "Ousseynou Niang"} <= {name for name, _ in unnoted}, "one card was copied, one not shown"
    lists: tuple[tuple[recalling.Only | None, list[tuple[str, Any]]], ...] = ((None, overdue), ("unnoted", unnoted))
    for only, found in lists:
        assert sorted(one.name for one in recalling.listed(usual, only=only)) == sorted(name for name, _ in found)
    assert recalling.follow(tx, 9) == 0, "nothing waits to be worked out"


def test_moussa_has_a_request_to_answer(tx: Transaction) -> None:
    pending = "SELECT COUNT(*) FROM access_requests WHERE status = 'pending' AND lapses_at > :now AND patient_id = :id"
    assert tx.value(pending, {"now": tx.now, "id": user(tx, "moussa")}) == 1


def test_mme_ndiaye_has_work_of_every_kind(tx: Transaction) -> None:
    queue = counts(
        tx,
        "SELECT p.status, COUNT(*) FROM prescriptions p JOIN practitioners w"
        " ON w.organization_id = COALESCE(p.pharmacy_id, p.addressed_to) WHERE w.user_id = :ndiaye GROUP BY 1",
        ndiaye=user(tx, "pharma.ndiaye"),
    )
    for status, least in {"issued": 2, "validated": 2, "prepared": 2, "ready": 1, "on_hold": 1, "refused": 1}.items():
        assert queue.get(status, 0) >= least, status


def test_those_who_sign_in_first_have_news(tx: Transaction) -> None:
    unread = counts(
        tx,
        "SELECT u.email, COUNT(*) FROM notifications n JOIN users u ON u.id = n.user_id"
        " WHERE n.read_at IS NULL AND n.message IS NOT NULL GROUP BY 1",
    )
    assert {f"{who}@demo.fadjma" for who in ("awa", "moussa", "dr.diop", "pharma.ndiaye", "admin")} <= unread.keys()


WOMAN = r"\b(Patiente|inconsciente|amenée|[Aa]ccidentée|[Aa]dressée|seule|allaitée|grossesse en cours)\b"
MAN = r"\b(Patient|inconscient|amené|[Aa]ccidenté|[Aa]dressé|seul|allaité)\b"


@pytest.mark.parametrize(("sex", "others"), [("male", WOMAN), ("female", MAN)])
def test_nothing_is_said_of_a_patient_as_of_the_other_sex(usual: Transaction, sex: str, others: str) -> None:
    rows = usual.all(
        "SELECT a.patient_id, a.reason AS text FROM access_requests a UNION ALL "
        "SELECT r.patient_id, v.body FROM records r JOIN record_versions v ON v.record_id = r.id"
    )
    of = {row["id"]: row["sex"] for row in usual.all("SELECT id, sex FROM patient_identities")}
    texts = [row["text"] for row in rows if of[row["patient_id"]] == sex]
    assert len(texts) > 50
    assert [text for text in texts if re.search(others, text)] == []
    own = WOMAN if sex == "female" else MAN
    assert any(re.search(own, text) for text in texts)
