"""`quart backup`, `quart restore` and `quart verify` as they are typed."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from store import Clock, Store

from fadjma import create_app, verifying
from fadjma.config import Settings

if TYPE_CHECKING:
    from clusters import Cluster
    from settled import Settled

CHECKS = verifying.checks(lambda name: True)
KEY = "the key of these copies, long enough for anybody"


def _run(path: Path, *typed: str, key: str | None = None) -> Result:
    app = create_app(Settings(secret_key="k" * 40, database_url=f"sqlite:///{path}", backup_key=key))
    return CliRunner().invoke(app.cli.commands[typed[0]], list(typed[1:]))


@pytest.mark.parametrize("key", [None, KEY])
def test_what_was_backed_up_is_restored(path: Path, tmp_path: Path, key: str | None) -> None:
    copy = tmp_path / "copy.db"
    assert _run(path, "backup", str(copy), key=key).exit_code == 0
    done = _run(path, "restore", str(copy), key=key)
    assert (done.exit_code, "est gardée" in done.output) == (0, True), done.output
    assert _run(path, "verify").exit_code == 0


def test_what_cannot_be_is_one_line_and_a_one(path: Path, tmp_path: Path) -> None:
    for typed in (["restore", str(tmp_path / "absent.db")], ["backup", str(tmp_path / "nowhere" / "copy.db")]):
        done = _run(path, *typed)
        assert (done.exit_code, done.output.count("\n")) == (1, 1), done.output


# What no code of ours does, but a disk, a program of somebody else's or a fault of ours might.
HARM = {
    "aucun renvoi dans le vide": "UPDATE practitioners SET organization_id = 'nowhere' WHERE user_id = 'diop'",
    "numéros des notifications sans trou": "UPDATE inboxes SET last_seq = last_seq + 1 WHERE user_id = 'awa'",
    "tout ce qui reste à annoncer peut l'être": "INSERT INTO tellings "
    "(number, at, role, type, message, subject_kind, subject_id, is_new, but) "
    "VALUES (1, 1, 'pharmacist', 'notification', 'not.in_the_catalogue', 'prescription', 'p', 1, '[]')",
    "stock égal à ses mouvements": "INSERT INTO lots (id, product_id, number, expires_on, on_hand) "
    "SELECT 'l', 'p', '1', '2027-01-01', 5",
    "transferts égaux à leurs mouvements": "INSERT INTO transfers "
    "(id, from_id, to_id, lot_id, quantity, sent_by, sent_at) VALUES ('t', 'here', 'there', 'l', 5, 'ndiaye', 1)",
    "stock réservé égal à ses réservations": "INSERT INTO lots (id, product_id, number, expires_on, on_hand, reserved) "
    "SELECT 'k', 'p', '2', '2027-01-01', 5, 5",
    "état de chaque ordonnance issu d'un acte": "INSERT INTO prescriptions "
    "(id, patient_id, prescriber_id, status, issued_at, valid_until, updated_at) "
    "VALUES ('x', 'awa', 'diop', 'issued', 1, 2, 1)",
    "quantités remises égales à leurs remises": "INSERT INTO prescription_lines "
    "(id, prescription_id, position, medicine_id, dosage, quantity, duration_days, delivered) "
    "VALUES ('l', 'p', 0, 'm', '1', 5, 5, 5)",
    "toutes les versions de chaque élément du dossier": "INSERT INTO records "
    "(id, patient_id, type, author_id, occurred_on, created_at) "
    "VALUES ('r', 'awa', 'allergy', 'diop', '2026-03-02', 1)",
    "une seule dose signée pour chaque âge": "INSERT INTO safety_entries "
    "(id, kind, dci, dci_key, other, other_key, effect, from_months, to_months, mg_per_kg_day, source, source_on, "
    "added_by, added_at, signed_by, signed_at) VALUES "
    "('a', 'dose', 'x', 'x', '', '', '', 0, 12, 1, 's', '2010', 'diop', 1, 'diop', 1), "
    "('b', 'dose', 'x', 'x', '', '', '', 6, 24, 1, 's', '2010', 'diop', 1, 'diop', 1)",
    "documents et photos intacts": "INSERT INTO papers "
    "(id, record_id, patient_id, kind, sha256, size, pages, author_id, created_at) "
    "VALUES ('p', 'r', 'awa', 'application/pdf', '" + 64 * "0" + "', 1, 1, 'diop', 1)",
    "pages et index intacts": "UPDATE sqlite_master SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') "
    "WHERE name = 'users_phone'",
}  # fmt: skip


def test_so_it_is_on_postgresql_all_at_once(
    cluster: "Cluster", settled_on_postgresql: "Settled", tmp_path: Path
) -> None:
    labels = [check.label for check in CHECKS if check.label != "pages et index intacts"]  # which it sees to by itself
    settled_on_postgresql.begin_again()
    with cluster.connect(settled_on_postgresql.name) as connection:
        connection.execute("SET session_replication_role = replica")
        for label in labels:
            connection.execute(HARM[label].encode())
    settings = Settings(secret_key="k" * 40, database_url=settled_on_postgresql.url, papers=tmp_path)
    done = CliRunner().invoke(create_app(settings).cli.commands["verify"], [])
    named = re.findall(r"^(.+) : non \(", done.output, re.M)
    assert (done.exit_code, named) == (1, labels), done.output
    settled_on_postgresql.begin_again()


@pytest.mark.parametrize("label", [check.label for check in CHECKS])
def test_what_is_not_true_any_more_is_named(path: Path, label: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(HARM[label])
        connection.commit()
    done = _run(path, "verify")
    assert done.exit_code == 1 and f"{label} : non (" in done.output, done.output


def test_a_sound_database_is_said_to_be_one(path: Path) -> None:
    done = _run(path, "verify")
    assert (done.exit_code, f"Tout va bien : {len(CHECKS)}" in done.output) == (0, True), done.output
    assert f"Base {path}" in done.output.splitlines()[0], "what the bar is of"
    Store(path, Clock()).close()
