"""`quart verify`, `quart seal` and `quart seal-key` on PostgreSQL: the same functions, and the same words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import steps
from attacking import HARM, Typed, work
from click.testing import CliRunner, Result
from store import Clock, Store

from fadjma import create_app
from fadjma.chain import keys, walking
from fadjma.config import Settings
from fadjma.store import Transaction

if TYPE_CHECKING:
    from clusters import Cluster
    from postgresql_store import PostgreSQLStore
    from settled import Settled

# Of those that a file is tried with, one for each thing that the walk asks the database.
ASKED = (
    *("changed", "moved more", "undone in silence", "removed", "inserted", "a link removed", "a whole chain"),
    *("said to be sealed", "a head", "a seal", "a signature", "seal without heads"),
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the key that has signed."""
    return tmp_path_factory.mktemp("sealed") / "fadjma.seal"


@pytest.fixture(scope="module")
def sealed(settled_on_postgresql: "Settled", key: Path) -> "Settled":
    """The database in which people have worked is kept as « sealed »."""
    from postgresql_store import PostgreSQLStore

    settled_on_postgresql.begin_again()
    store = PostgreSQLStore(settled_on_postgresql.url, Clock())
    work(store, keys.make(key))
    store.close()
    settled_on_postgresql.keep("sealed")
    return settled_on_postgresql


@pytest.fixture
def worked(sealed: "Settled") -> "Iterator[PostgreSQLStore]":
    """As it was then; its clock goes on."""
    from postgresql_store import PostgreSQLStore

    sealed.begin_again("sealed")
    clock = Clock()
    clock.advance(hours=1)
    store = PostgreSQLStore(sealed.url, clock)
    yield store
    store.close()
    sealed.begin_again()


@pytest.fixture(scope="module")
def quart(sealed: "Settled", key: Path) -> Typed:
    """`quart("verify", …)` on it."""
    app = create_app(
        Settings(secret_key="k" * 40, database_url=sealed.url, seal_key_file=key, papers=key.with_name("papers"))
    )

    def typed(*words: str) -> Result:
        return CliRunner().invoke(app.cli.commands[words[0]], list(words[1:]))

    return typed


def tamper(store: Store, *statements: str) -> None:
    """As a superuser may: neither triggers nor references look."""
    store.connection.execute("SET session_replication_role = replica")
    for statement in statements:
        store.connection.execute(statement)
    store.connection.execute("SET session_replication_role = origin")


@pytest.mark.parametrize("harm", ASKED)
def test_it_is_named(worked: Store, quart: Typed, harm: str) -> None:
    statements, said = HARM[harm]
    tamper(worked, *statements)
    done = quart("verify")
    assert done.exit_code == 1 and said in done.output, done.output


def test_a_sound_one_is_said_to_be_one_as_it_was_at_one_moment(
    worked: Store, quart: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody works meanwhile: between the checks and the chains, and in the middle of these."""
    there = worked.value("SELECT count(*) FROM chain_links")
    count, written = walking.count, []

    def counted(tx: Transaction) -> int:
        written.append(steps.write_record(worked))
        return count(tx)

    monkeypatch.setattr("fadjma.chain.walking.count", counted)
    done = quart("verify")
    assert done.exit_code == 0 and written, done.output
    assert f"{there} maillons et 2 sceaux" in done.output and "Clé 1, depuis le" in done.output
    assert quart("verify").output.count(f"{there + 1} maillons") == 1


class TestTheKey:
    @pytest.fixture(autouse=True)
    def put_back(self, key: Path) -> Iterator[None]:
        before = key.read_bytes()
        yield
        key.write_bytes(before)

    def test_a_seal_that_was_kept_shows_an_older_database(
        self, worked: Store, sealed: "Settled", quart: Typed, tmp_path: Path
    ) -> None:
        kept = str(tmp_path / "kept.json")
        assert quart("seal", kept).output == f"Sceau écrit : {kept}\n"
        assert json.loads(Path(kept).read_text())["statement"].startswith('["fadjma-seal/1",3,')
        done = quart("verify", "--against", kept)
        assert done.exit_code == 0 and "et 3 sceaux" in done.output, done.output
        sealed.begin_again("sealed")
        done = quart("verify", "--against", kept)
        assert done.exit_code == 1 and "cette base est plus ancienne (du sceau 2" in done.output, done.output

    def test_another_one_is_made_while_nobody_serves_and_the_former_one_stays_known(
        self, worked: "PostgreSQLStore", quart: Typed, key: Path
    ) -> None:
        former, file = worked.read(keys.newest), key.read_bytes()
        done = quart("seal-key", "--new")
        assert done.exit_code == 1 and f"FADJMA tourne encore sur {worked.database.path}" in done.output, done.output
        assert key.read_bytes() == file
        worked.close()
        done = quart("seal-key", "--new")
        assert done.exit_code == 0 and done.output.count("Clé ") == 2, done.output
        assert former and former.grouped in done.output and key.read_bytes() != file
        assert not list(key.parent.glob("*.seal.*"))
        done = quart("verify")
        assert done.exit_code == 0 and "et 3 sceaux" in done.output, "the former key has sealed what was open"

    def test_that_is_lost_is_said(self, worked: Store, quart: Typed, key: Path) -> None:
        key.write_bytes(b"")
        assert "est abîmée" in quart("seal").output
        done = quart("verify")
        assert done.exit_code == 0 and "on ne sait pas si les clés de la base sont les vraies" in done.output


@pytest.mark.parametrize("command", ["verify", "seal", "seal-key"])
def test_where_there_is_none_it_is_one_line(cluster: "Cluster", command: str) -> None:
    for url, said in (
        (cluster.url("nowhere"), "La base nowhere ne se laisse pas lire : connection failed"),
        (cluster.url(cluster.create()), "n'est pas une base de FADJMA."),
        ("postgresql://ba:secret@127.0.0.1:1/gone", "La base gone ne se laisse pas lire"),
    ):
        app = create_app(Settings(secret_key="k" * 40, database_url=url))
        done = CliRunner().invoke(app.cli.commands[command], [])
        assert done.exit_code == 1 and said in done.output and "secret" not in done.output, done.output
        assert done.output.count("\n") == 1
