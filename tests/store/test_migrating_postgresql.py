"""A PostgreSQL database gets its schema, once, also when several processes start; what cannot serve is said."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from fadjma.store.errors import Unusable
from fadjma.store.postgresql import migrating
from fadjma.store.postgresql.migrating import migrate

if TYPE_CHECKING:
    from clusters import Cluster

FIRST = migrating.steps()[0].name
NOW = 1_700_000_000_000
_TAKEN = "SELECT name FROM schema_migrations ORDER BY name"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the migrations are, in the place of the program's own."""
    monkeypatch.setattr(migrating, "_MIGRATIONS", tmp_path)
    return tmp_path


@pytest.fixture
def connection(cluster: "Cluster", migrated: str, folder: Path) -> Iterator[psycopg.Connection[Any]]:
    """To a database that has the schema."""
    name = cluster.create(migrated)
    with cluster.connect(name) as connection:
        connection.execute("DELETE FROM schema_migrations WHERE name <> %s", (FIRST,))
        yield connection
    cluster.drop(name)


def _refused(connection: psycopg.Connection[Any]) -> str:
    with pytest.raises(Unusable) as refusal:
        migrate(connection, NOW)
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    message = str(refusal.value)
    assert "\n" not in message and message.endswith(".")
    return message


def test_an_empty_one_gets_all_of_it_once_however_many_start(cluster: "Cluster") -> None:
    name = cluster.create()

    def start(_: int) -> list[str]:
        with cluster.connect(name) as connection:
            return migrate(connection, NOW)

    with ThreadPoolExecutor(4) as processes:
        taken = [step for steps in processes.map(start, range(4)) for step in steps]
    assert taken == [step.name for step in migrating.steps()]
    cluster.drop(name)


def test_who_starts_second_waits_for_the_first_however_long(cluster: "Cluster", migrated: str) -> None:
    """Its connections wait for others' rows a moment only; of a long step of another process that is not enough."""
    with cluster.connect(migrated) as first, cluster.connect(migrated) as second, ThreadPoolExecutor(1) as thread:
        second.execute("SET lock_timeout = 1")
        with first.transaction():
            first.execute("SELECT pg_advisory_xact_lock(%s)", (migrating._ONE_AT_A_TIME,))
            starting = thread.submit(migrate, second, NOW)
            with pytest.raises(TimeoutError):
                starting.result(0.1)
        assert starting.result(10) == []


def test_one_that_has_the_schema_gets_what_came_later(connection: psycopg.Connection[Any], folder: Path) -> None:
    assert migrate(connection, NOW) == []
    (folder / "0098_one.sql").write_text(
        "CREATE TABLE one (id TEXT COLLATE \"C\");\nINSERT INTO one VALUES ('100 %');\n"
    )
    (folder / "0099_two.sql").write_text("ALTER TABLE one ADD COLUMN two INTEGER;\n")
    assert migrate(connection, NOW) == ["0098_one", "0099_two"]
    assert connection.execute("SELECT id, two FROM one").fetchall() == [("100 %", None)]
    assert connection.execute(_TAKEN).fetchall() == [(FIRST,), ("0098_one",), ("0099_two",)]
    assert migrate(connection, NOW) == []


def test_a_step_that_fails_leaves_nothing_and_is_named(connection: psycopg.Connection[Any], folder: Path) -> None:
    (folder / "0098_one.sql").write_text("CREATE TABLE one (id INTEGER);\n")
    (folder / "0099_two.sql").write_text("CREATE TABLE two (id INTEGER);\nALTER TABLE nowhere ADD COLUMN x INTEGER;\n")
    message = _refused(connection)
    assert "0099_two" in message and 'relation "nowhere" does not exist' in message
    assert connection.execute("SELECT to_regclass('one'), to_regclass('two')").fetchone() == (None, None)
    assert connection.execute(_TAKEN).fetchall() == [(FIRST,)]


def test_a_step_does_not_wait_for_ever_for_others(
    cluster: "Cluster", connection: psycopg.Connection[Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_LOCK_SECONDS", 0.05)
    (folder / "0098_one.sql").write_text("ALTER TABLE users ADD COLUMN one INTEGER;\n")
    with cluster.connect(connection.info.dbname) as other, other.transaction():
        other.execute("SELECT 1 FROM users")
        assert "lock timeout" in _refused(connection)
    assert migrate(connection, NOW) == ["0098_one"]


def test_one_of_a_newer_program_is_left_alone(connection: psycopg.Connection[Any]) -> None:
    connection.execute("INSERT INTO schema_migrations VALUES ('9000_from_tomorrow', 1, 'x')")
    assert re.search(r"plus récente de FADJMA \(9000_from_tomorrow ; celle-ci va jusqu'à \d{4}_", _refused(connection))


def test_an_edited_step_is_refused(connection: psycopg.Connection[Any]) -> None:
    connection.execute("UPDATE schema_migrations SET checksum = 'x'")
    assert f"un autre texte de {FIRST}" in _refused(connection)


def test_somebody_elses_database_is_left_alone(cluster: "Cluster") -> None:
    name = cluster.create()
    with cluster.connect(name) as connection:
        connection.execute("CREATE TABLE invoices (id INTEGER)")
        assert "sert à autre chose (il y a une table invoices)" in _refused(connection)
        assert connection.execute("SELECT to_regclass('users')").fetchone() == (None,)
    cluster.drop(name)


def test_one_that_cannot_hold_every_letter_is_refused(cluster: "Cluster") -> None:
    with cluster.connect("postgres") as connection:
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
    with cluster.connect("latin") as connection:
        assert "est en LATIN1" in _refused(connection)
    cluster.drop("latin")


def test_a_postgresql_that_is_too_old_is_refused(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_OLDEST", 99)
    assert "il faut la version 99 ou une plus récente" in _refused(connection)
