"""The demo's year of history, once filled in: consistent in every table, and ready for the scenarios."""

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from fadjma import demo
from fadjma.access.queries import OPENS
from fadjma.demo.dispensing import PATHS
from fadjma.demo.notes import ALLERGIES
from fadjma.events import subjects
from fadjma.events.catalogue import MESSAGES
from fadjma.prescriptions.queries import OPEN, REFUSALS
from fadjma.store import Transaction, database

NOW = 1_790_000_000_000  # a Monday afternoon in 2026
DAY = 86_400_000


def filled(path: Path, *, scale: int = 1, now: int = NOW, progress: Any = None) -> sqlite3.Connection:
    database.migrate(path, now)
    connection = database.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    number = itertools.count(1)
    demo.fill(
        Transaction(connection, now),
        password_hash="hash",
        identifiers=lambda: f"FJ-{next(number):05d}",
        scale=scale,
        progress=progress,
    )
    connection.execute("COMMIT")
    return connection


@pytest.fixture(scope="module")
def tx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transaction]:
    connection = filled(tmp_path_factory.mktemp("demo") / "demo.db")
    yield Transaction(connection, NOW)
    connection.close()


def counts(tx: Transaction, sql: str, **parameters: Any) -> dict[Any, int]:
    """A query's two columns as {value: how many}."""
    return {row[0]: row[1] for row in tx.all(sql, parameters)}


def user(tx: Transaction, key: str) -> str:
    return str(tx.value("SELECT id FROM users WHERE email = :email", {"email": f"{key}@demo.fadjma"}))


# Who is there


def test_people(tx: Transaction) -> None:
    assert counts(tx, "SELECT role || ' ' || status, COUNT(*) FROM users GROUP BY 1") == {
        "patient active": 40,
        "doctor active": 8,
        "doctor pending": 1,
        "pharmacist active": 6,
        "pharmacist pending": 1,
        "admin active": 1,
    }
    assert counts(tx, "SELECT kind, COUNT(*) FROM organizations GROUP BY 1") == {"clinic": 4, "pharmacy": 4}
    assert tx.value("SELECT COUNT(*) FROM patients") == 40
    assert not tx.all("SELECT 1 FROM users WHERE (status = 'pending') <> (verified_at IS NULL) AND role <> 'patient'")


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
    unread = tx.value("SELECT COUNT(*) FROM notifications WHERE read_at IS NULL")
    assert 0 < unread < tx.value("SELECT COUNT(*) FROM notifications") / 20
    assert not tx.all("SELECT 1 FROM notifications WHERE read_at NOT BETWEEN created_at AND :now", {"now": NOW})


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
    assert tx.value(f"SELECT MAX({column}) FROM {table}") <= NOW
    assert tx.value(f"SELECT MIN({column}) FROM {table}") >= NOW - 430 * DAY


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
        {"now": NOW},
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


def test_readings_are_traced_with_place_and_ground(tx: Transaction) -> None:
    held = _HELD.format(patient="e.patient_id", doctor="e.actor_id", at="e.at")
    assert not tx.all(
        f"SELECT 1 FROM audit_events e WHERE action IN ('file.read', 'record.read') AND outcome = 'success'"
        f" AND NOT {held}"
    )
    assert not tx.all(
        "SELECT 1 FROM audit_events e WHERE action IN ('file.read', 'record.read') AND outcome = 'success'"
        " AND (json_extract(detail, '$.place') IS NULL OR NOT EXISTS (SELECT 1 FROM access_requests a"
        " WHERE a.id = e.ground AND a.doctor_id = e.actor_id))"
    )
    assert tx.value("SELECT COUNT(*) FROM audit_events WHERE outcome = 'refused'") >= 2
    actions = counts(tx, "SELECT action, COUNT(*) FROM audit_events GROUP BY 1")
    assert actions.keys() == {
        *(f"access_request.{act}" for act in ("created", "approved", "rejected", "withdrawn")),
        *(f"access_request.{act}" for act in ("lapsed", "expired", "revoked")),
        *("file.read", "record.read", "prescription.read", "record.created", "record.amended"),
        *(f"prescription.{status}" for status in ("issued", *itertools.chain(*PATHS.values()))),
    }


# Records


def test_records_of_every_kind_some_corrected_or_misplaced(tx: Transaction) -> None:
    kinds = counts(tx, "SELECT type, COUNT(*) FROM records GROUP BY 1")
    assert kinds.keys() == {"consultation", "test_result", "vaccination", "allergy"}
    assert kinds["consultation"] >= 5 * 40
    assert min(kinds.values()) >= 5
    assert tx.value("SELECT COUNT(*) FROM records WHERE version > 1 AND status = 'current'") >= 5
    assert tx.value("SELECT COUNT(*) FROM records WHERE status = 'entered_in_error'") >= 1
    assert not tx.all("SELECT 1 FROM record_versions WHERE body LIKE '%{%' OR title = '' OR length(body) < 10")


def test_versions_count_from_one_to_the_records_version(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT r.id FROM records r LEFT JOIN record_versions v ON v.record_id = r.id"
        " GROUP BY r.id, r.version"
        " HAVING COUNT(v.version) <> r.version OR MAX(v.version) <> r.version OR MIN(v.version) <> 1"
    )


def test_nobody_is_prescribed_what_they_are_allergic_to(tx: Transaction) -> None:
    allergic = tx.all(
        "SELECT r.patient_id, v.title FROM records r JOIN record_versions v ON v.record_id = r.id"
        " WHERE r.type = 'allergy'"
    )
    assert len(allergic) >= 5
    avoid = {allergy.title: allergy.avoid for allergy in ALLERGIES}
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
    assert states.keys() == {path[-1] if path else "issued" for path in PATHS.values()}
    assert tx.value("SELECT COUNT(*) FROM prescriptions WHERE addressed_to IS NULL") >= 5
    assert tx.value("SELECT COUNT(*) FROM prescriptions WHERE replaces_id IS NOT NULL") >= 1
    refused = tx.all("SELECT status_reason FROM prescriptions WHERE status = 'refused'")
    assert {row["status_reason"].partition(": ")[0] for row in refused} <= REFUSALS.keys()
    lines = tx.value("SELECT COUNT(*) FROM prescription_lines")
    assert lines > 1.8 * tx.value("SELECT COUNT(*) FROM prescriptions")


def test_acts_lead_step_by_step_to_the_state(tx: Transaction) -> None:
    allowed = {(None, "issued")}
    allowed |= {step for path in PATHS.values() for step in itertools.pairwise(("issued", *path))}
    for row in tx.all("SELECT * FROM prescriptions"):
        acts = tx.all("SELECT * FROM prescription_acts WHERE prescription_id = :id ORDER BY at, id", {"id": row["id"]})
        steps = [(act["from_status"], act["to_status"]) for act in acts]
        assert set(steps) <= allowed
        assert [before for before, _ in steps] == [None, *(after for _, after in steps[:-1])]
        assert steps[-1][1] == row["status"] and len(acts) == row["version"]
        assert (acts[0]["at"], acts[-1]["at"]) == (row["issued_at"], row["updated_at"])
        assert acts[-1]["reason"] == row["status_reason"]


def test_the_schema_allows_every_step(tx: Transaction) -> None:
    """Rows are inserted in their last state, which no trigger sees: here each step that was told is tried."""
    tx.execute("SAVEPOINT steps")
    steps = tx.all("SELECT DISTINCT from_status, to_status FROM prescription_acts WHERE from_status IS NOT NULL")
    for step in steps:
        changed = tx.execute(
            "UPDATE prescriptions SET status = :after, status_reason = 'essai',"
            " pharmacy_id = COALESCE(pharmacy_id, (SELECT id FROM organizations WHERE kind = 'pharmacy'))"
            " WHERE id = (SELECT id FROM prescriptions WHERE status = :before)",
            {"before": step["from_status"], "after": step["to_status"]},
        )
        assert changed == 1
        tx.execute("ROLLBACK TO steps")
    tx.execute("RELEASE steps")
    assert len(steps) >= 12


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
        {"now": NOW},
    )


def test_what_was_delivered_left_the_stock(tx: Transaction) -> None:
    assert not tx.all(
        "SELECT p.id FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id"
        " GROUP BY p.id, p.status HAVING (p.status = 'delivered') <> (SUM(l.delivered) = SUM(l.quantity))"
        " OR (p.status = 'part_delivered') <> (SUM(l.delivered) > 0 AND SUM(l.delivered) < SUM(l.quantity))"
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
    today = tx.value("SELECT date(:now / 1000, 'unixepoch')", {"now": NOW})
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
        {**awa, "now": NOW},
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


def test_scale_3_is_three_times_as_much(tx: Transaction, tmp_path: Path) -> None:
    done: list[int] = []
    connection = filled(tmp_path / "three.db", scale=3, progress=done.append)
    larger = Transaction(connection, NOW)
    assert larger.value("SELECT COUNT(*) FROM patients") == 120
    assert done == [40, 80, 120]
    for table in ("records", "prescriptions", "notifications", "audit_events"):
        ratio = larger.value(f"SELECT COUNT(*) FROM {table}") / tx.value(f"SELECT COUNT(*) FROM {table}")
        assert 2.3 < ratio < 3.7, (table, ratio)
    test_stock_is_what_its_movements_say_and_never_below_zero(larger)
    test_inboxes_are_numbered_without_gaps_in_order_of_time(larger)
    test_whoever_wrote_or_prescribed_had_the_right_to(larger)
    connection.close()


def test_the_same_story_is_told_every_time(tx: Transaction, tmp_path: Path) -> None:
    connection = filled(tmp_path / "again.db")
    again = Transaction(connection, NOW)
    for sql in (
        "SELECT v.title, v.body, v.created_at FROM record_versions v ORDER BY v.created_at, v.title, v.body",
        "SELECT given_name, family_name, phone, email FROM users ORDER BY created_at, given_name, phone",
        "SELECT status, issued_at, updated_at FROM prescriptions ORDER BY issued_at, updated_at, status",
        "SELECT number, expires_on, on_hand, reserved FROM lots ORDER BY number, expires_on, on_hand",
    ):
        assert [tuple(row) for row in tx.all(sql)] == [tuple(row) for row in again.all(sql)]
    connection.close()


@pytest.mark.parametrize("now", [NOW + DAY * 6 + hour * 3_600_000 for hour in (3, 11, 22)])
def test_it_can_be_filled_at_any_hour_of_any_day(tmp_path: Path, now: int) -> None:
    connection = filled(tmp_path / "sunday.db", now=now)
    again = Transaction(connection, now)
    assert again.value("SELECT MAX(at) FROM audit_events") <= now
    assert again.value("SELECT COUNT(DISTINCT status) FROM prescriptions") == 12
    test_whoever_wrote_or_prescribed_had_the_right_to(again)
    test_what_was_delivered_left_the_stock(again)
    connection.close()
