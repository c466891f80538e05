"""How an old database becomes a new one: every step whole or not at all, each once, and none against what is known."""

import functools
import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from forked import Forked, loaded
from store import MONDAY

from fadjma.keeping.restoring import restore
from fadjma.store import Unusable, at
from fadjma.store.sqlite import migrating as module
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.migrating import migrate

STEPS = [script.stem for script in sorted(module._MIGRATIONS.glob("*.sql"))]


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def _schema(path: Path) -> list[tuple[Any, ...]]:
    return _rows(path, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")


def _names(path: Path) -> set[str]:
    return {name for _, name, *_ in _schema(path)}


@functools.cache
def _aged(step: str) -> bytes:
    """The file of a database that has taken the steps up to this one; each age is made once, of the one before."""
    index = next(index for index, name in enumerate(STEPS) if name.startswith(step))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "old.db"
        if index:
            path.write_bytes(_aged(STEPS[index - 1]))
        assert migrate(path, MONDAY, up_to=STEPS[index][:4], keep=False) == [STEPS[index]]
        return path.read_bytes()


@functools.cache
def _fresh() -> bytes:
    """The file of a database that has taken all of them at once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        assert migrate(path, MONDAY) == STEPS, "every step, in order"
        return path.read_bytes()


def _everything(path: Path) -> list[str]:
    """The whole database, schema and rows, as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the program's own migrations."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    monkeypatch.setattr(module, "_MIGRATIONS", folder)
    return folder


class TestTheProgramsOwn:
    def test_a_fresh_database_takes_every_step_in_order(self) -> None:
        assert _fresh()
        assert [name[:4] for name in STEPS] == [f"{number:04d}" for number in range(1, len(STEPS) + 1)]

    def test_the_second_time_nothing_is_applied(self, tmp_path: Path) -> None:
        path = tmp_path / "new.db"
        path.write_bytes(_fresh())
        before = _everything(path)
        assert migrate(path, MONDAY + 1) == []
        assert _everything(path) == before

    @pytest.mark.parametrize("step", STEPS[::3])
    def test_four_steps_at_once_lead_from_every_third_age_where_they_lead_one_by_one(
        self, tmp_path: Path, step: str
    ) -> None:
        """So that each step comes behind the one before it in the same run, too."""
        old, later = tmp_path / "old.db", tmp_path / "later.db"
        old.write_bytes(_aged(step))
        steps = STEPS[STEPS.index(step) + 1 :][:4]
        last = [step, *steps][-1]
        assert migrate(old, MONDAY, up_to=last[:4]) == steps
        later.write_bytes(_aged(last))
        assert _schema(old) == _schema(later)

    @pytest.mark.parametrize("step", [STEPS[0], STEPS[len(STEPS) // 2], STEPS[-1]])
    def test_an_old_database_becomes_like_a_fresh_one(self, tmp_path: Path, step: str) -> None:
        old, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
        old.write_bytes(_aged(step))
        assert migrate(old, MONDAY) == STEPS[STEPS.index(step) + 1 :]
        fresh.write_bytes(_fresh())
        assert _schema(old) == _schema(fresh)

    def test_when_each_step_was_taken_is_written_down(self, tmp_path: Path) -> None:
        path = tmp_path / "new.db"
        path.write_bytes(_fresh())
        taken = _rows(path, "SELECT name, applied_at, length(checksum) FROM schema_migrations ORDER BY name")
        assert taken == [(step, MONDAY, 64) for step in STEPS]


def test_a_weight_without_a_date_becomes_one_of_the_day_of_the_account(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(_aged("0024"))
    days = ["1970-01-01", "2024-02-29", "2024-03-01", "2025-12-31", "2026-01-01", "2026-10-09", "2100-02-28"]
    days.append("2100-03-01")
    last = {day: int(datetime.fromisoformat(f"{day}T23:59:59+00:00").timestamp()) * 1000 + 999 for day in days}
    with closing(connect(path)) as connection:
        for name, day, weight in [*((day, day, 63) for day in days), ("moussa", days[-1], None)]:
            connection.execute(
                "INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) "
                "VALUES (?, 'patient', 'active', '+221771234567', '', ?, 'Cissé', ?)",
                (name, name, last[day]),
            )
            connection.execute(
                "INSERT INTO patients (user_id, identifier, birth_date, sex, weight_kg) "
                "VALUES (?, ?, '1960', 'male', ?)",
                (name, name, weight),
            )
    migrate(path, MONDAY)
    sql = "SELECT patient_id, code, value, measured_on, author_id, created_at FROM measurements ORDER BY 1"
    assert _rows(path, sql) == [(day, "body_weight", 63_000, day, None, last[day]) for day in days]
    born = [(name, "1960") for name in (*days, "moussa")]
    assert _rows(path, "SELECT user_id, birth_date FROM patients ORDER BY 1") == born


def test_a_file_that_was_read_can_be_taken_after_files_of_all_kinds_have_one_table(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(_aged("0046"))
    columns = "id, made_by, made_at, content, added, changed, unchanged, applied_at, version"
    with closing(connect(path)) as connection:
        connection.execute(
            "INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) "
            "VALUES ('admin', 'admin', 'active', '+221771234567', '', 'A', 'B', 1)"
        )
        for kind in ("medicine", "place", "safety"):
            values = (kind, "admin", MONDAY, "[1]", 3, 2, 1, 7 if kind == "place" else None, 2)
            connection.execute(f"INSERT INTO {kind}_imports ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    migrate(path, MONDAY)
    assert _rows(path, f"SELECT kind, {columns} FROM imports ORDER BY id") == [
        ("medicine", "medicine", "admin", MONDAY, "[1]", 3, 2, 1, None, 2),
        ("place", "place", "admin", MONDAY, "[1]", 3, 2, 1, 7, 2),
        ("safety", "safety", "admin", MONDAY, "[1]", 3, 2, 1, None, 2),
    ]


def test_what_was_unread_before_there_were_lines_becomes_lines(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(_aged("0009"))
    news = [  # seq, message, subject, read
        (1, "record.read", "a", 5),
        (2, "record.read", "a", None),
        (3, "record.read", "b", None),
        (4, None, "a", None),
        (5, "record.read", "a", None),
        (6, "record.read", "a", None),
    ]
    with closing(connect(path)) as connection:
        connection.execute(
            "INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) "
            "VALUES ('awa', 'patient', 'active', '+221771234567', '', 'Awa', 'Cissé', 0)"
        )
        connection.executemany(
            "INSERT INTO notifications (user_id, seq, type, message, subject_kind, subject_id, created_at, read_at) "
            "VALUES ('awa', ?, 'notification', ?, 'record', ?, 0, ?)",
            news,
        )
    migrate(path, MONDAY)
    assert _rows(path, "SELECT seq, folded, times FROM notifications ORDER BY seq") == [
        (1, 0, 1), (2, 1, 1), (3, 0, 1), (4, 0, 1), (5, 1, 1), (6, 0, 3),
    ]  # fmt: skip


def test_what_was_prescribed_and_delivered_before_hand_overs_were_kept(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(_aged("0026"))
    with closing(connect(path)) as connection:
        connection.executescript("""
            INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) VALUES
                ('awa', 'patient', 'active', '+221771234567', '', 'Awa', 'Cissé', 0),
                ('diop', 'doctor', 'active', '+221771234568', '', 'Ousmane', 'Diop', 0),
                ('ndiaye', 'pharmacist', 'active', '+221771234569', '', 'Fatou', 'Ndiaye', 0);
            INSERT INTO organizations (id, kind, name, city, address, phone)
                VALUES ('jamm', 'pharmacy', 'Jamm', 'Dakar', '', '');
            INSERT INTO medicines (id, dci, form, strength, unit, search_key) VALUES
                ('m1', 'paracétamol', 'comprimé', '500 mg', 'comprimé', 'm1'),
                ('m2', 'ibuprofène', 'comprimé', '400 mg', 'comprimé', 'm2');
            INSERT INTO products (id, pharmacy_id, medicine_id) VALUES ('q1', 'jamm', 'm1'), ('q2', 'jamm', 'm2');
            INSERT INTO lots (id, product_id, number, expires_on, on_hand) VALUES
                ('k1', 'q1', 'L1', '2027-01-01', 5), ('k2', 'q1', 'L2', '2027-02-01', 5),
                ('k3', 'q2', 'L3', '2027-02-01', 5);
            INSERT INTO prescriptions (id, patient_id, prescriber_id, pharmacy_id, status, status_reason, issued_at,
                valid_until, updated_at) VALUES ('p', 'awa', 'diop', 'jamm', 'delivered', '', 1, 9, 5),
                ('ready', 'awa', 'diop', 'jamm', 'ready', '', 1, 9, 6),
                ('lost', 'ndiaye', 'diop', NULL, 'expired', '', 1, 9, 7),
                ('error', 'awa', 'diop', NULL, 'entered_in_error', 'Autre', 1, 9, 8),
                ('wrong', 'diop', 'diop', NULL, 'entered_in_error', 'Autre', 1, 9, 8);
            INSERT INTO prescription_lines (id, prescription_id, position, medicine_id, dosage, quantity,
                duration_days, delivered) VALUES ('l1', 'p', 0, 'm1', '1', 20, 5, 20),
                ('l2', 'p', 1, 'm2', '1', 6, 5, 6), ('l3', 'p', 2, 'm2', '1', 4, 5, 4),
                ('l4', 'ready', 0, 'm1', '1', 4, 5, 0);
            INSERT INTO prescription_acts (id, prescription_id, at, actor_id, from_status, to_status, reason) VALUES
                ('a1', 'p', 4, 'ndiaye', 'prepared', 'ready', ''),
                ('a2', 'p', 5, 'ndiaye', 'ready', 'delivered', 'Sans code, pièce d''identité CNI 1 : perdu');
            INSERT INTO movements (id, lot_id, kind, quantity, actor_id, prescription_id, at) VALUES
                ('v1', 'k1', 'delivered', -15, 'ndiaye', 'p', 5), ('v2', 'k2', 'delivered', -5, 'ndiaye', 'p', 5),
                ('v3', 'k3', 'delivered', -10, 'ndiaye', 'p', 5);
        """)
    migrate(path, MONDAY)
    reason = "Sans code, pièce d'identité CNI 1 : perdu"
    sql = "SELECT prescription_id, pharmacy_id, actor_id, at, proof, reason FROM dispenses"
    assert _rows(path, sql) == [("p", "jamm", "ndiaye", 5, "identity", reason)]
    assert _rows(path, "SELECT line_id, lot_id, quantity FROM dispense_lines ORDER BY 1, 2") == [
        ("l1", "k1", 15), ("l1", "k2", 5), ("l2", None, 6), ("l3", None, 4),
    ]  # fmt: skip
    # 0050: nobody is the patient of a doctor by what was entered in error.
    sql = "SELECT prescriber_id, patient_id, at FROM prescriber_patients ORDER BY 2"
    assert _rows(path, sql) == [("diop", "awa", 6), ("diop", "ndiaye", 7)]


def test_what_could_not_be_supplied_before_is_known_after(tmp_path: Path) -> None:
    """0055: of whatever a pharmacy has said so, its prescriber is shown what waits."""
    path = tmp_path / "old.db"
    path.write_bytes(_aged("0054"))
    with closing(connect(path)) as connection:
        connection.executescript("""
            INSERT INTO users (id, role, status, phone, password_hash, given_name, family_name, created_at) VALUES
                ('awa', 'patient', 'active', '+221771234567', '', 'Awa', 'Cissé', 0),
                ('diop', 'doctor', 'active', '+221771234568', '', 'Ousmane', 'Diop', 0),
                ('ndiaye', 'pharmacist', 'active', '+221771234569', '', 'Fatou', 'Ndiaye', 0);
            INSERT INTO organizations (id, kind, name, city, address, phone)
                VALUES ('jamm', 'pharmacy', 'Jamm', 'Dakar', '', '');
            INSERT INTO medicines (id, dci, form, strength, unit, search_key)
                VALUES ('m', 'paracétamol', 'comprimé', '500 mg', 'comprimé', 'm');
            INSERT INTO prescriptions (id, patient_id, prescriber_id, status, status_reason, issued_at, valid_until,
                updated_at) VALUES ('lacking', 'awa', 'diop', 'issued', '', 1, 9, 1),
                ('other', 'awa', 'diop', 'issued', '', 1, 9, 1);
            INSERT INTO prescription_lines (id, prescription_id, position, medicine_id, dosage, quantity, duration_days)
                VALUES ('l1', 'lacking', 0, 'm', '1', 20, 10), ('l2', 'other', 0, 'm', '1', 20, 10);
            INSERT INTO unsupplied_lines (id, line_id, pharmacy_id, actor_id, at, code, text)
                VALUES ('u1', 'l1', 'jamm', 'ndiaye', 2, 'other', '');
        """)
    migrate(path, MONDAY)
    assert _rows(path, "SELECT id, was_unsupplied FROM prescriptions ORDER BY id") == [("lacking", 1), ("other", 0)]


class TestBeforeAnUpdate:
    def test_the_database_is_copied_and_the_log_says_where(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = tmp_path / "old.db"
        path.write_bytes(_aged("0008"))
        before = _everything(path)
        migrate(path, MONDAY)
        [copy] = tmp_path.glob("old.db-before-*")
        assert copy.name == "old.db-before-0009_search_keys" and _everything(copy) == before
        assert str(copy) in caplog.text and "quart restore" in caplog.text
        assert copy.stat().st_mode & 0o077 == 0

    def test_what_has_not_changed_is_not_copied(self, tmp_path: Path) -> None:
        (tmp_path / "new.db").write_bytes(_fresh())
        migrate(tmp_path / "new.db", MONDAY)
        assert not list(tmp_path.glob("*-before-*"))

    def test_without_room_for_the_copy_nothing_is_migrated(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "old.db"
        path.write_bytes(_aged("0008"))
        before = _everything(path)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, limits[1]))
        try:
            with pytest.raises(Unusable, match=r"Pas de copie dans .*-before-0009"):
                migrate(path, MONDAY)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert _everything(path) == before and not list(tmp_path.glob("*-before-*"))

    def test_the_older_version_says_how_to_go_back_and_that_works(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "old.db"
        path.write_bytes(_aged("0008"))
        before = _rows(path, "SELECT * FROM schema_migrations")
        migrate(path, MONDAY)
        older = tmp_path / "older"
        older.mkdir()
        for step in STEPS[:8]:
            shutil.copy(module._MIGRATIONS / f"{step}.sql", older)
        monkeypatch.setattr(module, "_MIGRATIONS", older)
        with pytest.raises(Unusable, match=r"quart restore --replace-newer (\S+)") as refusal:
            migrate(path, MONDAY)
        copy = Path(str(refusal.value).rpartition(" ")[2])
        restore(path, copy, None, MONDAY, replace_newer=True)
        assert migrate(path, MONDAY) == []
        assert _rows(path, "SELECT * FROM schema_migrations") == before


class TestTwoAtOnce:
    def test_a_step_that_another_process_took_meanwhile_is_not_taken_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, apply, others = tmp_path / "new.db", module._apply, list[str]()

        def late(*args: Any) -> bool:
            if not others:
                others.append("the other process")
                others.extend(migrate(path, MONDAY))
            return apply(*args)

        monkeypatch.setattr(module, "_apply", late)
        assert migrate(path, MONDAY) == []
        assert others[1:] == STEPS

    def test_two_processes_take_each_step_once_between_them(self, tmp_path: Path) -> None:
        path = tmp_path / "new.db"
        with ProcessPoolExecutor(2, mp_context=loaded) as processes:
            first, second = processes.map(migrate, [path, path], [MONDAY, MONDAY])
        assert sorted(first + second) == STEPS


class TestAFailingStep:
    @pytest.fixture
    def migrations(self, migrations: Path) -> Path:
        """The second step fails half-way."""
        (migrations / "0001_one.sql").write_text("CREATE TABLE one (a INTEGER);\n")
        (migrations / "0002_two.sql").write_text(
            "CREATE TABLE two (a INTEGER);\nINSERT INTO one VALUES (7);\nINSERT INTO nowhere VALUES (1);\n"
        )
        return migrations

    def test_leaves_nothing_behind_and_keeps_what_was_before(self, migrations: Path, tmp_path: Path) -> None:
        path = tmp_path / "new.db"
        with pytest.raises(Unusable, match=r"0002_two .* la base est restée comme avant .*nowhere"):
            migrate(path, MONDAY)
        assert _names(path) >= {"schema_migrations", "one"} and "two" not in _names(path)
        assert _rows(path, "SELECT count(*) FROM one") == [(0,)]

    def test_is_taken_again_when_it_has_been_repaired(self, migrations: Path, tmp_path: Path) -> None:
        path = tmp_path / "new.db"
        with pytest.raises(Unusable):
            migrate(path, MONDAY)
        (migrations / "0002_two.sql").write_text("CREATE TABLE two (a INTEGER);\n")
        assert migrate(path, MONDAY) == ["0002_two"]

    def test_a_statement_without_an_end_is_not_half_a_step(self, migrations: Path, tmp_path: Path) -> None:
        (migrations / "0002_two.sql").write_text("CREATE TABLE two (a INTEGER);\nCREATE TABLE three (a INTEGER)\n")
        with pytest.raises(ValueError, match="unfinished"):
            migrate(tmp_path / "new.db", MONDAY)
        assert "two" not in _names(tmp_path / "new.db")

    async def test_keeps_the_database_from_opening(self, migrations: Path, tmp_path: Path) -> None:
        database = at(f"sqlite:///{tmp_path / 'new.db'}")
        with pytest.raises(Unusable):
            await database.open()


class TestWhatIsKnownOfADatabase:
    @pytest.fixture
    def path(self, migrations: Path, tmp_path: Path) -> Path:
        """A database that has taken both steps that there are."""
        (migrations / "0001_one.sql").write_text("CREATE TABLE one (a INTEGER);\n")
        (migrations / "0002_two.sql").write_text("CREATE TABLE two (a INTEGER);\n")
        migrate(tmp_path / "known.db", MONDAY)
        return tmp_path / "known.db"

    def test_a_newer_one_is_refused_with_one_line_that_names_both_versions(self, path: Path, migrations: Path) -> None:
        (migrations / "0002_two.sql").unlink()
        (migrations / "0003_three.sql").write_text("CREATE TABLE three (a INTEGER);\n")
        before = _everything(path)
        with pytest.raises(Unusable) as refusal:
            migrate(path, MONDAY)
        assert str(refusal.value).count("\n") == 0
        assert "plus récente de FADJMA (0002_two ; celle-ci va jusqu'à 0003_three)" in str(refusal.value)
        assert _everything(path) == before, "nothing was written into it"

    @pytest.mark.parametrize("text", ["CREATE TABLE one (a INTEGER, b TEXT);\n", "CREATE TABLE one (a INTEGER); -- \n"])
    def test_an_edited_step_is_noticed(self, path: Path, migrations: Path, text: str) -> None:
        (migrations / "0001_one.sql").write_text(text)
        (migrations / "0003_three.sql").write_text("CREATE TABLE three (a INTEGER);\n")
        before = _everything(path)
        with pytest.raises(Unusable, match="un autre texte de 0001_one : une migration appliquée ne change plus"):
            migrate(path, MONDAY)
        assert _everything(path) == before

    def test_line_ends_of_another_system_are_no_edit(self, path: Path, migrations: Path) -> None:
        (migrations / "0001_one.sql").write_bytes(b"CREATE TABLE one (a INTEGER);\r\n")
        assert migrate(path, MONDAY) == []

    def test_one_from_before_checksums_gets_them_and_is_guarded_from_then_on(
        self, path: Path, migrations: Path
    ) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE schema_migrations DROP COLUMN checksum")
        assert migrate(path, MONDAY) == []
        assert [row for (row,) in _rows(path, "SELECT length(checksum) FROM schema_migrations")] == [64, 64]
        (migrations / "0002_two.sql").write_text("CREATE TABLE two (b INTEGER);\n")
        with pytest.raises(Unusable, match="0002_two"):
            migrate(path, MONDAY)

    def test_one_from_before_checksums_that_is_newer_is_left_as_it_is(self, path: Path, migrations: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE schema_migrations DROP COLUMN checksum")
        (migrations / "0002_two.sql").unlink()
        before = _everything(path)
        with pytest.raises(Unusable, match="0002_two"):
            migrate(path, MONDAY)
        assert _everything(path) == before


BEFORE = """CREATE TABLE clinics (id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('clinic')));
CREATE TABLE doctors (id TEXT PRIMARY KEY, clinic_id TEXT NOT NULL REFERENCES clinics (id), chief_id TEXT
    REFERENCES doctors (id));
CREATE INDEX clinics_kind ON clinics (kind);
CREATE TRIGGER clinics_are_kept BEFORE DELETE ON clinics BEGIN SELECT RAISE(ABORT, 'clinics are kept'); END;
CREATE VIEW addresses AS SELECT d.id, c.kind FROM doctors d JOIN clinics c ON c.id = d.clinic_id;
INSERT INTO clinics VALUES ('fann', 'clinic'), ('touba', 'clinic');
INSERT INTO doctors VALUES ('diop', 'fann', NULL), ('sy', 'touba', 'diop');
"""
COPY = "INSERT INTO clinics_new SELECT id, kind FROM clinics"
AGAIN = """CREATE INDEX clinics_kind ON clinics (kind);
CREATE TRIGGER clinics_are_kept BEFORE DELETE ON clinics BEGIN SELECT RAISE(ABORT, 'clinics are kept'); END;
"""


def _rebuild(*, copy: str = COPY, again: str = AGAIN, first: str = "-- rebuild: clinics\n") -> str:
    """A second kind of clinic: a CHECK cannot be altered, so that the table is made anew."""
    return f"""{first}CREATE TABLE clinics_new (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL CONSTRAINT clinics_kind_check CHECK (kind IN ('clinic', 'hospital')));
{copy};
DROP TABLE clinics;
ALTER TABLE clinics_new RENAME TO clinics;
{again}"""


class TestRebuildingATable:
    @pytest.fixture
    def path(self, migrations: Path, tmp_path: Path) -> Path:
        (migrations / "0001_one.sql").write_text(BEFORE)
        migrate(tmp_path / "old.db", MONDAY)
        return tmp_path / "old.db"

    @pytest.fixture
    def unchanged(self, path: Path) -> Iterator[None]:
        before = _everything(path)
        yield
        assert _everything(path) == before
        with closing(connect(path)) as connection:
            assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1

    def test_works_with_rows_that_refer_to_it(self, path: Path, migrations: Path) -> None:
        (migrations / "0002_two.sql").write_text(_rebuild())
        doctors = _rows(path, "SELECT * FROM doctors")
        assert migrate(path, MONDAY) == ["0002_two"]
        assert _rows(path, "SELECT * FROM doctors") == doctors
        assert _names(path) >= {"clinics_kind", "clinics_are_kept", "addresses"}
        assert _rows(path, "SELECT * FROM addresses") == [("diop", "clinic"), ("sy", "clinic")]
        with closing(connect(path)) as connection:
            connection.execute("INSERT INTO clinics VALUES ('dantec', 'hospital')")
            for refused in ("INSERT INTO doctors VALUES ('fall', 'nowhere', NULL)", "DELETE FROM clinics"):
                with pytest.raises(sqlite3.IntegrityError):
                    connection.execute(refused)

    @pytest.mark.usefixtures("unchanged")
    def test_one_that_leaves_an_orphan_is_refused_whole(self, path: Path, migrations: Path) -> None:
        (migrations / "0002_two.sql").write_text(_rebuild(copy=f"{COPY} WHERE id <> 'touba'"))
        with pytest.raises(Unusable, match=r"0002_two .*doctors, ligne 2, renverrait à rien dans clinics"):
            migrate(path, MONDAY)

    @pytest.mark.usefixtures("unchanged")
    @pytest.mark.parametrize("left_out", ["clinics_kind", "clinics_are_kept"])
    def test_one_that_forgets_an_index_or_a_trigger_is_refused(
        self, path: Path, migrations: Path, left_out: str
    ) -> None:
        again = "".join(line for line in AGAIN.splitlines(keepends=True) if left_out not in line)
        (migrations / "0002_two.sql").write_text(_rebuild(again=again))
        with pytest.raises(Unusable, match=f"0002_two .*elle perdrait {left_out}"):
            migrate(path, MONDAY)

    def test_one_that_drops_an_index_on_purpose_is_not(self, path: Path, migrations: Path) -> None:
        again = AGAIN.partition("\n")[2]
        (migrations / "0002_two.sql").write_text(_rebuild(copy=f"DROP INDEX clinics_kind;\n{COPY}", again=again))
        assert migrate(path, MONDAY) == ["0002_two"]
        assert "clinics_kind" not in _names(path)

    @pytest.mark.usefixtures("unchanged")
    def test_one_that_breaks_a_view_is_refused(self, path: Path, migrations: Path) -> None:
        (migrations / "0002_two.sql").write_text(
            _rebuild(again=AGAIN.replace("ON clinics (kind)", "ON clinics (sort)"))
            .replace("kind TEXT", "sort TEXT")
            .replace("CHECK (kind", "CHECK (sort")
        )
        with pytest.raises(Unusable, match=r"0002_two .*no such column: c\.kind"):
            migrate(path, MONDAY)

    @pytest.mark.usefixtures("unchanged")
    def test_without_the_first_line_that_says_so_the_rows_that_refer_to_it_are_guarded(
        self, path: Path, migrations: Path
    ) -> None:
        (migrations / "0002_two.sql").write_text(_rebuild(first=""))
        with pytest.raises(Unusable, match="0002_two"):
            migrate(path, MONDAY)

    @pytest.mark.usefixtures("unchanged")
    def test_one_that_fails_half_way_leaves_the_table_as_it_was(self, path: Path, migrations: Path) -> None:
        (migrations / "0002_two.sql").write_text(_rebuild(again="INSERT INTO nowhere VALUES (1);\n"))
        with pytest.raises(Unusable, match="nowhere"):
            migrate(path, MONDAY)

    def test_foreign_keys_guard_the_next_step_again(self, path: Path, migrations: Path) -> None:
        (migrations / "0002_two.sql").write_text(_rebuild())
        (migrations / "0003_three.sql").write_text("INSERT INTO doctors VALUES ('fall', 'nowhere', NULL);\n")
        with pytest.raises(Unusable, match=r"0003_three .*FOREIGN KEY"):
            migrate(path, MONDAY)

    @pytest.mark.usefixtures("unchanged")
    def test_a_process_that_is_killed_half_way_leaves_the_table_as_it_was(
        self, path: Path, migrations: Path, tmp_path: Path
    ) -> None:
        """Killed when the old table is gone and the new one has not its name yet."""
        (migrations / "0002_two.sql").write_text(_rebuild())
        child = tmp_path / "child.py"
        child.write_text(f"""
import os, signal
from pathlib import Path
from fadjma.store.sqlite import migrating
split = migrating._statements
def half(script):
    for statement in split(script):
        if "ALTER TABLE" in statement:
            os.kill(os.getpid(), signal.SIGKILL)
        yield statement
migrating._statements, migrating._MIGRATIONS = half, Path({str(migrations)!r})
migrating.migrate(Path({str(path)!r}), 1)
""")
        ended = Forked([str(child)], dict(os.environ), tmp_path / "out", tmp_path / "err").wait(60)
        assert ended == -signal.SIGKILL, (tmp_path / "err").read_text()
