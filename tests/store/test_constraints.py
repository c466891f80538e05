"""What the schema refuses, by the constraint's name; sqlite3's own errors stay inside the store."""

import ast
import functools
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import steps
from cast import AWA, DIOP, EMAILS, MOUSSA, NDIAYE
from store import Store

import fadjma
from fadjma.access import actions as access
from fadjma.identity import enrolment
from fadjma.identity.enrolment import NewPerson
from fadjma.inventory import actions as inventory
from fadjma.refusals import Invalid, NotNow
from fadjma.store import Duplicate, Error, Transaction, Violation
from fadjma.store.sqlite import constraints

HOUSE = Path(fadjma.__file__).parent
ROOT = HOUSE.parent
_PERSON = "INSERT INTO users (id, role, status, email, password_hash, given_name, family_name, created_at, submission) "
_REQUEST = (
    "INSERT INTO access_requests (id, patient_id, doctor_id, status, reason, scope, created_at, lapses_at, decided_at, "
    "expires_at) VALUES "
)


def _violation(store: Store, *statements: str) -> Violation:
    """What comes of the last of these statements, in one transaction."""

    def run(tx: Transaction) -> None:
        for sql in statements:
            tx.execute(sql)

    with pytest.raises(Violation) as refusal:
        store.write(run)
    return refusal.value


class TestTheNameOfAConstraint:
    @pytest.mark.parametrize(
        ("name", "statements"),
        [
            ("users_staff_email", [
                f"{_PERSON} SELECT 'x', role, status, email, '', '', 'x', 1, 's' FROM users WHERE id = 'diop'"
            ]),
            ("users_pkey", [f"{_PERSON} VALUES ('awa', 'patient', 'active', 'x@x.sn', '', '', '', 1, 's')"]),
            ("users_submission_key", ["UPDATE users SET submission = 's' WHERE id IN ('awa', 'moussa')"]),
            ("medicines_dci_form_strength_key", ["UPDATE medicines SET dci = 'd', form = 'f', strength = 's'"]),
            ("notifications_pkey", [
                "INSERT INTO notifications (user_id, seq, type, subject_kind, subject_id, created_at) "
                "VALUES ('awa', 7, 'notification', 'inbox', 'awa', 1), ('awa', 7, 'notification', 'inbox', 'awa', 1)"
            ]),
            ("access_requests_one_pending", [
                f"{_REQUEST} ('a', 'awa', 'diop', 'pending', '', NULL, 1, 2, NULL, NULL), "
                "('b', 'awa', 'diop', 'pending', '', NULL, 1, 2, NULL, NULL)"
            ]),
            ("access_requests_one_grant", [
                f"{_REQUEST} ('a', 'awa', 'diop', 'approved', '', 'full', 1, 2, 1, 9), "
                "('b', 'awa', 'diop', 'approved', '', 'full', 1, 2, 1, 9)"
            ]),
        ],
    )  # fmt: skip
    def test_of_what_is_there_already(self, store: Store, name: str, statements: list[str]) -> None:
        violation = _violation(store, *statements)
        assert type(violation) is Duplicate and violation.constraint == name

    @pytest.mark.parametrize(
        ("name", "sql"),
        [
            ("foreign key", "INSERT INTO inboxes (user_id) VALUES ('nobody')"),
            ("users_given_name_not_null", "UPDATE users SET given_name = NULL"),
            ("users_role_check", "UPDATE users SET role = 'guest'"),
            ("users_names_check", "UPDATE users SET family_name = ''"),
            ("users_contact_check", "UPDATE users SET email = NULL, phone = NULL"),
            ("access_requests_are_kept", "DELETE FROM access_requests"),
            ("access_requests_parties", "UPDATE access_requests SET doctor_id = 'sarr'"),
            ("access_requests_transitions", "UPDATE access_requests SET status = 'lapsed'"),
        ],
    )
    def test_of_every_other_kind(self, store: Store, name: str, sql: str) -> None:
        steps.grant(store)
        violation = _violation(store, sql)
        assert type(violation) is Violation and violation.constraint == name

    @pytest.mark.parametrize(("text", "name"), constraints.UNNAMED_CHECKS.items())
    def test_of_a_check_that_the_schema_gives_none(self, store: Store, text: str, name: str) -> None:
        (sql,) = store.rows(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND ? LIKE name || '_%_check' "
            "ORDER BY length(name) DESC LIMIT 1",
            name,
        )[0]
        assert f"CHECK ({text})" in " ".join(sql.split())

    def test_of_a_unique_index_over_an_expression_and_of_an_integer_key(self, store: Store) -> None:
        store.connection.execute("CREATE TABLE cities (number INTEGER PRIMARY KEY, name TEXT)")
        store.connection.execute("CREATE UNIQUE INDEX cities_once ON cities (lower(name))")
        store.connection.execute("INSERT INTO cities VALUES (1, 'Dakar')")
        assert _violation(store, "INSERT INTO cities VALUES (1, 'Thiès')").constraint == "cities_pkey"
        assert _violation(store, "INSERT INTO cities VALUES (2, 'DAKAR')").constraint == "cities_once"

    @pytest.mark.parametrize("way", ["execute", "all", "first", "value"])
    def test_whichever_way_the_statement_was_run(self, store: Store, way: str) -> None:
        sql = "UPDATE users SET submission = 's' WHERE id IN ('awa', 'moussa') RETURNING id"
        with pytest.raises(Duplicate) as refusal:
            store.write(lambda tx: getattr(tx, way)(sql))
        assert refusal.value.constraint == "users_submission_key"

    def test_also_of_one_of_many(self, store: Store) -> None:
        rows = [{"id": "awa"}, {"id": "nobody"}]
        with pytest.raises(Violation) as refusal:
            store.write(lambda tx: tx.execute_many("UPDATE inboxes SET user_id = :id WHERE user_id = 'moussa'", rows))
        assert refusal.value.constraint == "inboxes_pkey"

    def test_no_two_of_the_schema_look_alike_to_sqlite(self, store: Store) -> None:
        """It names a unique index by its columns in their order, and a trigger by what it says."""
        unique = store.rows(
            "SELECT t.name, (SELECT group_concat(name) FROM pragma_index_info(i.name)) FROM sqlite_master t, "
            "pragma_index_list(t.name) i WHERE t.type = 'table' AND i.[unique]"
        )
        assert len(unique) == len(set(unique)) > 20
        triggers = store.rows("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        said = [text for (sql,) in triggers for text in constraints._RAISED.findall(sql)]
        assert len(said) == len(set(said)) == len(triggers) > 10


class TestWhatFailsOtherwise:
    @pytest.mark.parametrize("way", ["execute", "all", "first", "value"])
    def test_is_an_error_of_the_store(self, store: Store, way: str) -> None:
        with pytest.raises(Error, match="nowhere") as failure:
            store.write(lambda tx: getattr(tx, way)("SELECT * FROM nowhere"))
        assert not isinstance(failure.value, Violation)
        assert isinstance(failure.value.__cause__, sqlite3.OperationalError), "the log shows where it comes from"

    def test_in_the_midst_of_reading_too(self, store: Store) -> None:
        with pytest.raises(Error, match="overflow"):
            store.read(lambda tx: tx.all("SELECT 1 UNION ALL SELECT abs(-9223372036854775808)"))


class TestWhoeverCatchesOne:
    """Says what they know it to be; everything else goes on as it is."""

    def test_an_address_that_has_an_account(self, store: Store) -> None:
        person = NewPerson(given_name="A", family_name="B", email=EMAILS[DIOP.id], phone=None, password_hash="h")
        with pytest.raises(Invalid) as refusal:
            store.write(enrolment.add, person, "admin", "active")
        assert list(refusal.value.errors) == ["email"]

    @pytest.mark.parametrize("wrong", [{"email": None, "phone": None}, {"language": "wo"}])
    def test_a_person_who_cannot_be_written_for_another_reason(self, store: Store, wrong: dict[str, Any]) -> None:
        known = {"given_name": "A", "family_name": "B", "email": "a@b.sn", "phone": None, "password_hash": "h"}
        with pytest.raises(Violation):
            store.write(enrolment.add, NewPerson(**{**known, **wrong}), "admin", "active")

    def test_a_submission_that_made_another_account_is_no_address_in_use(self, store: Store) -> None:
        known: dict[str, Any] = {"given_name": "A", "family_name": "B", "phone": None, "password_hash": "h"}
        store.write(enrolment.add, NewPerson(email="a@b.sn", submission="s", **known), "admin", "active")
        with pytest.raises(Duplicate) as refusal:
            store.write(enrolment.add, NewPerson(email="b@b.sn", submission="s", **known), "admin", "active")
        assert refusal.value.constraint == "users_submission_key"

    def test_a_second_request_of_the_same_doctor(self, store: Store) -> None:
        steps.ask(store)
        with pytest.raises(NotNow, match="déjà une demande en attente"):
            steps.ask(store)

    def test_a_scope_that_does_not_exist_is_no_second_request(self, store: Store) -> None:
        scope: Any = " "
        with pytest.raises(Violation) as refusal:
            store.write(access.ask, DIOP, patient_id=AWA.id, reason="Suivi", scope=scope)
        assert not isinstance(refusal.value, Duplicate)
        assert not store.rows("SELECT 1 FROM access_requests")

    def test_an_id_that_comes_twice_is_no_second_request(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(access, "new_id", lambda: "the same")
        steps.ask(store, DIOP, AWA)
        with pytest.raises(Duplicate) as refusal:
            steps.ask(store, DIOP, MOUSSA)
        assert refusal.value.constraint == "access_requests_pkey"

    def test_a_count_below_what_is_reserved(self, store: Store) -> None:
        lot = steps.receive(store, 10)
        store.connection.execute("UPDATE lots SET reserved = 4")
        with pytest.raises(NotNow, match="réservent"):
            store.write(inventory.adjust, NDIAYE, lot, on_hand=3, version=1, reason="Comptage")
        store.connection.execute("UPDATE lots SET reserved = 0")

    def test_a_count_below_nothing_is_not_said_to_be_reserved(self, store: Store) -> None:
        """on_hand >= 0 is another constraint than what is reserved of it."""
        lot = steps.receive(store, 10)
        with pytest.raises(Violation) as refusal:
            store.write(inventory.adjust, NDIAYE, lot, on_hand=-1, version=1, reason="Comptage")
        assert refusal.value.constraint == "lots_on_hand_check"


@functools.cache
def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("driver", ["sqlite3", "aiosqlite", "psycopg"])
def test_nothing_outside_the_store_knows_the_driver(driver: str) -> None:
    modules = [ROOT / "app.py", *HOUSE.rglob("*.py")]
    users = {str(path.relative_to(ROOT)) for path in modules if driver in _imports(path)}
    assert users and {user for user in users if not user.startswith("fadjma/store/")} == set()
