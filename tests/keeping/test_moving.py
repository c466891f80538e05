"""`quart copy-database`: a whole clinic into PostgreSQL and back, or nothing and one line that says why."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from demo_database import demo_database
from moved import copy

from fadjma.store import at, copying
from fadjma.store.copying import Filling, Values
from fadjma.store.engines import whole
from fadjma.store.postgresql.address import name
from fadjma.store.postgresql.connections import connect
from fadjma.store.postgresql.whole import PostgreSQLFilling
from fadjma.store.sqlite.whole import SQLiteFilling

if TYPE_CHECKING:
    from clusters import Cluster


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a file by table, in an order of their own."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in tables
            if name != copying.OWN
        }


@pytest.fixture
def year(tmp_path: Path) -> Path:
    """The demo's year in a file."""
    path = tmp_path / "year.db"
    path.write_bytes(demo_database())
    return path


@pytest.fixture
def empty(cluster: "Cluster") -> str:
    return cluster.url(cluster.create())


def test_the_demos_year_goes_to_postgresql_and_back_and_is_the_same_row_by_row(
    year: Path, year_on_postgresql: str, cluster: "Cluster", tmp_path: Path
) -> None:
    back = tmp_path / "back.db"
    done = copy(cluster.url(year_on_postgresql), f"sqlite:///{back}")
    assert done.exit_code == 0, done.output
    found = rows(back)
    assert found == rows(year)
    assert f"Copie vérifiée : {sum(map(len, found.values()))} lignes en {len(found)} tables" in done.output


def test_so_do_those_who_go_to_another_of_the_same_kind(path: Path, filled: str, empty: str, tmp_path: Path) -> None:
    """Fewer, for whatever reads a database and whatever fills one has had the whole year above."""
    aside, back = tmp_path / "aside.db", tmp_path / "back.db"
    for source, target in (
        (f"sqlite:///{path}", f"sqlite:///{aside}"),
        (filled, empty),
        (empty, f"sqlite:///{back}"),
    ):
        done = copy(source, target)
        assert done.exit_code == 0, done.output
    assert rows(path) == rows(aside) == rows(back)


def test_a_file_that_litestream_has_sent_goes_without_what_that_keeps_in_it(path: Path, tmp_path: Path) -> None:
    """docs/second-machine.md"""
    before = rows(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
        connection.execute("CREATE TABLE _litestream_lock (id INTEGER)")
        connection.execute("INSERT INTO _litestream_seq VALUES (1, 7)")
        connection.commit()
    done = copy(f"sqlite:///{path}", f"sqlite:///{tmp_path}/aside.db")
    assert done.exit_code == 0, done.output
    assert rows(tmp_path / "aside.db") == before


@pytest.fixture(scope="module")
def copied(settled: Path, cluster: "Cluster") -> str:
    """The name of a PostgreSQL database in which the cast has settled, to which nobody is connected."""
    name = cluster.create()
    done = copy(f"sqlite:///{settled}", cluster.url(name))
    assert done.exit_code == 0, done.output
    return name


@pytest.fixture
def filled(copied: str, cluster: "Cluster") -> str:
    """The address of one more like it."""
    return cluster.url(cluster.create(template=copied))


def refused(source: str, target: str, *said: str) -> None:
    """It ends with one line that has these words, and a one."""
    done = copy(source, target)
    assert done.exit_code == 1, done.output
    assert done.output.count("Error: ") == 1 and all(words in done.output.splitlines()[-1] for words in said), (
        done.output
    )


def is_empty(cluster: "Cluster", url: str) -> bool:
    with cluster.connect(name(url)) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        return found == (0,)


class TestRefused:
    def test_a_target_in_which_anything_is(self, path: Path, filled: str, migrated: str, cluster: "Cluster") -> None:
        source = f"sqlite:///{path}"
        before = path.read_bytes()
        refused(source, filled, "n'est pas vide", "rien n'a été changé")
        assert not is_empty(cluster, filled)
        refused(source, cluster.url(cluster.create(template=migrated)), "n'est pas vide")
        refused(filled, source, "existe déjà : rien n'a été écrasé")
        refused(filled, filled, "n'est pas vide")
        assert path.read_bytes() == before

    def test_what_is_not_there_or_none_of_ours(
        self, path: Path, tmp_path: Path, empty: str, cluster: "Cluster"
    ) -> None:
        target = f"sqlite:///{tmp_path / 'new.db'}"
        refused(f"sqlite:///{tmp_path / 'absent.db'}", empty, "n'existe pas")
        with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
            connection.execute("CREATE TABLE other (id)")
        refused(f"sqlite:///{tmp_path / 'other.db'}", empty, "n'est pas une base de FADJMA")
        refused(empty, target, "n'est pas une base de FADJMA")
        other = cluster.create()
        with cluster.connect(other) as there:
            there.execute("CREATE TABLE other (id INTEGER)")
        refused(f"sqlite:///{path}", cluster.url(other), "sert à autre chose", "other")
        refused(cluster.url("nowhere"), target, "nowhere", "does not exist")
        refused(target, cluster.url("nowhere"), "n'existe pas")
        assert not (tmp_path / "new.db").exists() and not (tmp_path / "absent.db").exists()

    def test_an_address_of_which_the_password_is_not_repeated(self, path: Path) -> None:
        for typed in ("mysql://ba:secret@host/name", "postgresql://ba:secret@host", "fadjma.db", "sqlite:///"):
            done = copy(typed, f"sqlite:///{path}")
            assert done.exit_code == 2 and "secret" not in done.output and "Error: L'adresse" in done.output

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ("INSERT INTO schema_migrations (name, applied_at) VALUES ('9999_later', 1)", "plus récente"),
            ("DELETE FROM schema_migrations WHERE name > '0050'", "plus ancienne"),
        ],
    )
    def test_another_version(
        self, path: Path, filled: str, empty: str, tmp_path: Path, cluster: "Cluster", change: str, said: str
    ) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(change)
            connection.commit()
        with cluster.connect(name(filled)) as there:
            there.execute(change.encode())
        refused(f"sqlite:///{path}", empty, said)
        refused(filled, f"sqlite:///{tmp_path / 'new.db'}", said)
        assert is_empty(cluster, empty) and not (tmp_path / "new.db").exists()

    def test_one_on_which_fadjma_runs(self, path: Path, filled: str, empty: str, tmp_path: Path) -> None:
        target = f"sqlite:///{tmp_path / 'new.db'}"
        for source, to in ((f"sqlite:///{path}", empty), (filled, target)):
            owner = at(source).owner()
            assert owner.take()
            refused(source, to, "FADJMA tourne encore")
            owner.give_up()
        second = connect(filled)  # of a process that does not keep the time
        refused(filled, target, "FADJMA tourne encore")
        second.close()

    def test_one_that_is_not_sound(
        self, path: Path, filled: str, empty: str, tmp_path: Path, cluster: "Cluster"
    ) -> None:
        change = "UPDATE inboxes SET last_seq = last_seq + 1 WHERE user_id = 'awa'"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(change)
            connection.commit()
        with cluster.connect(name(filled)) as there:
            there.execute(change)
        for source, to in ((f"sqlite:///{path}", empty), (filled, f"sqlite:///{tmp_path / 'new.db'}")):
            done = copy(source, to)
            assert (done.exit_code, "numéros des notifications sans trou : non (awa)" in done.output) == (1, True)
        assert is_empty(cluster, empty) and not (tmp_path / "new.db").exists()

    def test_what_the_other_does_not_take_is_named(self, path: Path, empty: str, cluster: "Cluster") -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("INSERT INTO settings (key, value) VALUES ('odd', 'a' || char(0) || 'b')")
            connection.commit()
        refused(f"sqlite:///{path}", empty, "La table settings ne se laisse pas écrire", "NUL")
        assert is_empty(cluster, empty)


Put = Callable[[Filling, str, tuple[str, ...], Iterable[Values]], None]


class TestBrokenOff:
    """In the middle, in whichever direction: nothing is there that looks whole."""

    @pytest.fixture(params=["to PostgreSQL", "to a file"])
    def ways(self, request: pytest.FixtureRequest, path: Path, tmp_path: Path) -> tuple[str, str, type[Filling]]:
        if request.param == "to a file":
            return request.getfixturevalue("filled"), f"sqlite:///{tmp_path / 'new.db'}", SQLiteFilling
        return f"sqlite:///{path}", request.getfixturevalue("empty"), PostgreSQLFilling

    @staticmethod
    def nothing_is_there(target: str, cluster: "Cluster") -> bool:
        if target.startswith("sqlite"):
            path = Path(target.removeprefix("sqlite:///"))
            return not list(path.parent.glob(path.name + "*"))
        return is_empty(cluster, target)

    def test_by_whatever_and_done_again(
        self, ways: tuple[str, str, type[Filling]], cluster: "Cluster", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source, target, kind = ways
        put: Put = kind.put
        for error in (KeyboardInterrupt, OSError if kind is SQLiteFilling else MemoryError):

            def broken(
                self: Filling,
                table: str,
                columns: tuple[str, ...],
                rows: Iterable[Values],
                error: type[BaseException] = error,
            ) -> None:
                put(self, table, columns, rows)
                if table == "notifications":
                    raise error

            monkeypatch.setattr(kind, "put", broken)
            assert copy(source, target).exit_code == 1
            monkeypatch.undo()
            assert self.nothing_is_there(target, cluster), error
        done = copy(source, target)
        assert done.exit_code == 0, done.output

    @pytest.mark.parametrize("change", ["less", "other"])
    def test_because_a_row_did_not_arrive_as_it_was(
        self, ways: tuple[str, str, type[Filling]], cluster: "Cluster", monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        source, target, kind = ways
        put: Put = kind.put

        def changed(self: Filling, table: str, columns: tuple[str, ...], rows: Iterable[Values]) -> None:
            sent = list(rows)
            if table == "account_words":
                word = columns.index("word")
                sent = (
                    sent[1:] if change == "less" else [(*row[:word], row[word] + "x", *row[word + 1 :]) for row in sent]
                )
            put(self, table, columns, sent)

        monkeypatch.setattr(kind, "put", changed)
        refused(source, target, "account_words n'est pas arrivée comme elle était")
        assert self.nothing_is_there(target, cluster)


@pytest.mark.parametrize("source", ["path", "filled"])
def test_nobody_writes_meanwhile_what_would_not_be_copied(
    source: str, request: pytest.FixtureRequest, cluster: "Cluster", tmp_path: Path
) -> None:
    found = request.getfixturevalue(source)
    url = f"sqlite:///{found}" if source == "path" else found
    with whole(url).read():
        if source == "path":
            with (
                closing(sqlite3.connect(found, timeout=0)) as other,
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                other.execute("UPDATE users SET language = 'en'")
        else:
            with cluster.connect(name(found)) as there, pytest.raises(psycopg.errors.LockNotAvailable):
                there.execute("SET lock_timeout = 1")
                there.execute("UPDATE users SET language = 'en'")
    done = copy(url, f"sqlite:///{tmp_path / 'new.db'}")
    assert done.exit_code == 0, done.output


def test_it_says_what_lies_beside_it_and_where_the_other_looks_for_that(path: Path, empty: str) -> None:
    said = copy(f"sqlite:///{path}", empty).output
    for suffix, setting in (("secret", "SECRET_FILE"), ("seal", "SEAL_KEY_FILE"), ("papers", "PAPERS")):
        assert f"{path.with_suffix('.' + suffix)} devient {name(empty)}.{suffix} (FADJMA_{setting})" in said
