"""Whose each table is, and that nobody else's SQL names it: of another domain's only the views it offers.

Identity, not accounts/, owns the tables of people: who somebody is lies under every domain, and accounts/ changes it
through identity's own functions (enrolment.py, sessions.py). The demo fills an empty database before anybody reads it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from store import Store

import fadjma

HOUSE = Path(fadjma.__file__).parent
TABLES = {
    "store": {"schema_migrations", "settings"},
    "identity": {
        *("organizations", "users", "account_words", "patients", "practitioners", "former_practices"),
        *("sessions", "slips", "unlock_pins"),
        *("totp_keys", "totp_enrolments", "recovery_codes", "factor_removals", "passkeys", "passkey_challenges"),
        *("identity_corrections", "patient_pins", "patient_links", "proxies"),
    },
    "chain": {"chain_links", "chain_heads", "chain_keys", "chain_seals", "chain_before"},
    "events": {"audit_events", "inboxes", "notifications", "security_events", "tellings"},
    "web": {"attempts", "idempotency_keys", "drafts"},
    "keeping": {"backup_runs"},
    "imports": {"imports"},
    "access": {"access_requests", "emergency_reviews", "contests"},
    "announcements": {"announcements"},
    "records": {
        *("records", "record_versions", "allergy_facts", "consultation_facts", "problem_facts", "vaccination_facts"),
        *("result_facts", "result_values"),
        *("measurements", "measurement_errors"),
        "vaccination_calls",
    },
    "papers": {"papers", "uploads"},
    "taking": {"exports", "shares", "share_papers"},
    "inventory": {
        *("medicines", "products", "lots", "movements", "reservations"),
        *("receipts", "counts", "transfers", "gtins", "pharmacy_choices"),
    },
    "safety": {"alert_overrides", "safety_entries"},
    "prescriptions": {
        "prescriptions",
        "prescription_lines",
        "prescription_acts",
        "delivery_requests",
        "dispenses",
        "dispense_lines",
        "register_entries",
        "recall_notices",
        "unsupplied_lines",
        "ended_lines",
        "prescription_sets",
        "prescription_set_lines",
        "renewals",
        "prescriber_patients",
    },
}
VIEWS = {
    "identity": {"people", "practices_before", "patient_identities", "accounts", "places", "words_of_accounts"},
    "events": {"trace"},
    "inventory": {
        "medicine_names",
        "medicine_classes",
        "medicine_schedules",
        "words_of_medicines",
        "lot_numbers",
        "lots_put_aside",
    },
    "prescriptions": {"prescribed", "prescribed_lines", "patients_of_prescribers"},
    "records": {"recorded"},
    "safety": {"vaccine_schedule"},
    "papers": {"record_papers"},
}
FREE = {"demo"}
_ALL_TABLES = set().union(*TABLES.values())
_ALL_VIEWS = set().union(*VIEWS.values())

_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|JOIN|INTO|WHERE|VALUES)\b")
_NAME = re.compile(r"(?<![.:\w'])[a-z_]+(?![.\w'])")
_BY_THE_WAY = re.compile(r"\b([a-z_]+) (?:\([a-z_, ]+\) )?AS \(")
_AFTER = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+|\{\}|$)")


def _texts(source: str) -> Iterator[str]:
    """Every string of a module that is SQL or a part of it; « {} » stands for what is put into it."""
    tree = ast.parse(source)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if id(node) in inside | said:
            continue
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        if _SQL.search(text):
            yield text


def _foreign(room: str, source: str) -> set[str]:
    """What the SQL of a module of this room names and may not: another's table, a hole, or nothing that there is."""
    allowed = TABLES.get(room, set()) | _ALL_VIEWS
    named: set[str] = set()
    for text in _texts(source):
        # A table's name anywhere in it, for commas join too; and whatever stands where only a table can.
        after = set(_AFTER.findall(text)) - set(_BY_THE_WAY.findall(text))
        named |= set(_NAME.findall(text)) & _ALL_TABLES | after
    if room == "store":
        named &= _ALL_TABLES  # it alone may ask SQLite about the schema, and whatever a migration names
    return named - allowed


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(HOUSE.rglob("*.py")):
        room = path.relative_to(HOUSE).with_suffix("").parts[0]
        if room not in FREE:
            yield room, path


def test_every_table_and_view_has_one_owner(store: Store) -> None:
    for kind, owners, everything in (("table", TABLES, _ALL_TABLES), ("view", VIEWS, _ALL_VIEWS)):
        found = {name for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = ?", kind)}
        assert found == everything
        assert sum(len(names) for names in owners.values()) == len(everything)


def test_every_owner_is_a_room_of_the_house() -> None:
    assert {*TABLES, *VIEWS} <= {room for room, _ in _modules()}


def test_a_view_shows_only_its_owners_tables(store: Store) -> None:
    for owner, views in VIEWS.items():
        for view in views:
            sql = store.value("SELECT sql FROM sqlite_master WHERE name = ?", view)
            assert set(_AFTER.findall(sql)) <= TABLES[owner]


def test_sql_names_no_table_of_another() -> None:
    named = {path.relative_to(HOUSE).as_posix(): _foreign(room, path.read_text("utf-8")) for room, path in _modules()}
    assert {module: tables for module, tables in named.items() if tables} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('tx.all("SELECT 1 FROM records r JOIN users u ON u.id = r.author_id")', {"users"}),
        ('tx.all("SELECT 1 FROM records r, users u")', {"users"}),
        ('tx.all(f"SELECT {what} FROM records JOIN {table} x")', {"{}"}),
        ('tx.all("SELECT 1 FROM " + table)', {""}),
        ('_USERS = """\n  LEFT JOIN users u ON 1\n"""\ntx.all(f"SELECT * FROM records {_USERS}")', {"users"}),
        ('tx.execute("UPDATE users SET role = 1")', {"users"}),
        ('tx.execute("DELETE FROM lots")', {"lots"}),
        ('tx.execute_many("INSERT INTO inboxes VALUES (1)", rows)', {"inboxes"}),
        ('tx.all("SELECT (SELECT count(*) FROM sessions) FROM records")', {"sessions"}),
        ('tx.all("SELECT 1 FROM nothing_known")', {"nothing_known"}),
        ('tx.all("SELECT 1 FROM records r JOIN people p ON p.id = r.author_id")', set()),
        ("tx.all(\"SELECT r.lots, :users, 'sessions' FROM records r\")", set()),
        ('def f():\n    """It says UPDATE users."""', set()),
    ],
)
def test_it_would_be_noticed(source: str, found: set[str]) -> None:
    assert _foreign("records", source) == found
