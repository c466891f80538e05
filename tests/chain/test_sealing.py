"""The key that signs, the seal that comes every minute, and what was there before the chain."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import steps
from attacking import Typed, tamper
from demo_database import demo_database
from store import Clock, Store

from fadjma import events, verifying
from fadjma.chain import Kind, before, cover, keys, seals
from fadjma.chain.before import TakeIn
from fadjma.chain.keys import KeyFault, Signer
from fadjma.chain.sealer import Sealer
from fadjma.chain.walking import Walk
from fadjma.events import Subject
from fadjma.events.recording import AUDIT
from fadjma.store import Database, Transaction, Unusable, at
from fadjma.store.owner import FileOwner
from fadjma.store.sqlite.backup import look_into
from fadjma.store.sqlite.migrating import migrate

TAKE_IN = TakeIn(verifying.COVERED)


def _broken(store: Store) -> list[str]:
    return store.read(lambda tx: [one.what for one in Walk(verifying.COVERED).breaks(tx)])


def _act(tx: Transaction) -> None:
    events.record(tx, "session.started", Subject("account", "awa"), actor_id="awa")


class TestTheKey:
    def test_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        made = keys.make(tmp_path / "key")
        assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
        assert keys.make(tmp_path / "key").fingerprint == made.fingerprint, "one that is there is kept"
        assert keys.make(tmp_path / "key", replacing=True).fingerprint != made.fingerprint
        assert [file.name for file in tmp_path.iterdir()] == ["key"]

    def test_that_cannot_be_used_says_why(self, tmp_path: Path) -> None:
        file = tmp_path / "key"
        with pytest.raises(KeyFault, match="n'est pas là"):
            keys.load(file)
        keys.make(file)
        file.chmod(0o640)
        with pytest.raises(KeyFault, match="chmod 600"):
            keys.load(file)
        file.chmod(0o600)
        for content, said in (("00", "abîmée"), ("what?", "ne se laisse pas lire"), ("é", "ne se laisse pas lire")):
            file.write_text(content)
            with pytest.raises(KeyFault, match=said):
                keys.load(file)
        with pytest.raises(KeyFault, match="ne se laisse pas écrire"):
            keys.make(tmp_path / "nowhere" / "key")

    def test_made_by_two_at_once_is_one_key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The other process has looked, and found none, before the first one's had its name."""
        first = keys.make(tmp_path / "key")
        exists = Path.exists
        monkeypatch.setattr(Path, "exists", lambda file: file.name != "key" and exists(file))
        assert keys.make(tmp_path / "key").fingerprint == first.fingerprint
        assert [file.name for file in tmp_path.iterdir()] == ["key"]

    def test_is_made_where_a_file_has_one_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr("os.link", refuse)
        assert keys.make(tmp_path / "key").fingerprint == keys.load(tmp_path / "key").fingerprint

    def test_signs_what_nobody_else_can(self) -> None:
        signer = Signer(b"s" * 32)
        signature = signer.sign("é")
        assert keys.is_signed("é", signature, signer.public_key)
        assert not keys.is_signed("e", signature, signer.public_key)
        assert not keys.is_signed("é", "zz", signer.public_key) and not keys.is_signed("é", signature, "00")


@pytest_asyncio.fixture
async def open_database(path: Path, clock: Clock) -> AsyncIterator[Database]:
    database = at(f"sqlite:///{path}", clock=clock)
    await database.open()
    yield database
    await database.close()


class TestTheSealer:
    async def test_makes_the_first_key_and_seals_what_has_grown(self, open_database: Database, path: Path) -> None:
        sealer = Sealer(open_database, path.with_suffix(".seal"), FileOwner(path))
        await sealer.open()
        assert sealer.signer and sealer.fault is None and path.with_suffix(".seal").exists()
        await open_database.write(_act)
        await sealer.seal()
        await sealer.seal()
        found = await open_database.read(lambda tx: list(seals.each(tx)))
        assert len(found) == 1, "nothing has come since"
        assert found[0].fingerprint == sealer.signer.fingerprint

    async def test_says_that_its_key_is_gone_or_another_and_goes_on_when_it_is_back(
        self, open_database: Database, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = path.with_suffix(".seal")
        sealer = Sealer(open_database, file, FileOwner(path))
        await sealer.open()
        right = file.read_text()
        file.unlink()
        await sealer.open()
        assert sealer.signer is None and "n'est pas là" in str(sealer.fault), "it makes none behind anybody's back"
        await sealer.seal()
        keys.make(file)
        await sealer.open()
        assert sealer.signer is None and "n'est pas celle de cette base" in str(sealer.fault)
        file.write_text(right)
        await sealer.open()
        await open_database.write(_act)
        await sealer.seal()
        assert sealer.fault is None and await open_database.read(seals.newest)
        assert caplog.text.count("Rien n'est scellé d'ici là") == 2

    async def test_says_once_what_is_wrong_and_not_each_minute(
        self, open_database: Database, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        sealer = Sealer(open_database, path.parent / ("k" * 300), FileOwner(path))  # a name that no disk takes
        for _ in range(3):
            await sealer.open()
        assert sealer.signer is None and "ne se laisse pas écrire" in str(sealer.fault)
        assert caplog.text.count("Rien n'est scellé d'ici là") == 1


class TestQuart:
    def test_another_key_is_made_and_the_former_one_stays_known(self, worked: Store, path: Path, quart: Typed) -> None:
        former = worked.read(keys.newest)
        done = quart("seal-key", "--new")
        assert done.exit_code == 0 and done.output.count("Clé ") == 2, done.output
        assert former and former.grouped in done.output
        steps.write_record(worked)
        assert quart("seal").exit_code == 0
        done = quart("verify")
        assert done.exit_code == 0 and "et 4 sceaux" in done.output, "the former key has sealed what was open"

    def test_a_key_that_is_lost_is_said_and_replaced(self, worked: Store, path: Path, quart: Typed) -> None:
        path.with_suffix(".seal").unlink()
        done = quart("seal")
        assert done.exit_code == 1 and "quart seal-key --new" in done.output
        done = quart("verify")
        assert done.exit_code == 0 and "on ne sait pas si les clés de la base sont les vraies" in done.output
        assert quart("seal-key", "--new").exit_code == 0
        assert quart("seal").exit_code == 0 and quart("verify").exit_code == 0

    def test_where_another_key_cannot_be_entered_the_one_that_signs_is_still_there(
        self, worked: Store, path: Path, quart: Typed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise Unusable("Le disque est plein.")

        before = path.with_suffix(".seal").read_bytes()
        monkeypatch.setattr("fadjma.store.sqlite.database.change", full)
        done = quart("seal-key", "--new")
        assert done.exit_code == 1 and "plein" in done.output
        assert path.with_suffix(".seal").read_bytes() == before
        assert not list(path.parent.glob("*.seal.*"))

    def test_a_database_from_before_the_chain_is_said_to_be_one(self, path: Path, quart: Typed) -> None:
        old = path.with_name("old.db")
        migrate(old, 0, up_to="0043")
        for words in (("verify",), ("seal",), ("seal-key",)):
            done = quart(*words, file=old)
            assert done.exit_code == 1 and "est d'avant la chaîne des sceaux" in done.output, done.output

    def test_one_is_said_as_one(self, store: Store, path: Path, quart: Typed) -> None:
        signer = keys.make(path.with_suffix(".seal"))
        store.write(_act)
        store.write(seals.make, signer)
        store.connection.execute("INSERT INTO chain_before VALUES ('clinic', 'unknown', '1')")
        done = quart("verify")
        assert "1 maillon :" in done.output and "1 maillon et 1 sceau." in done.output, done.output
        assert "1 ligne d'avant la chaîne n'y est pas encore" in done.output

    def test_a_copy_is_made_without_the_key(self, worked: Store, path: Path, tmp_path: Path, quart: Typed) -> None:
        path.with_suffix(".seal").unlink()
        done = quart("backup", str(tmp_path / "copy.db"))
        assert done.exit_code == 0 and "La copie a le dernier sceau" in done.output, done.output

    def test_a_seal_is_not_written_over_a_file(self, worked: Store, tmp_path: Path, quart: Typed) -> None:
        (tmp_path / "kept.json").touch()
        done = quart("seal", str(tmp_path / "kept.json"))
        assert done.exit_code == 1 and "ne se laisse pas écrire" in done.output
        assert not (tmp_path / "kept.json").read_text()

    def test_without_a_seal_there_is_none_to_show(self, store: Store, quart: Typed) -> None:
        done = quart("seal")
        assert done.exit_code == 1 and "Rien n'est encore scellé" in done.output


class TestBefore:
    """What was written before there was a chain."""

    @pytest.fixture
    def old(self, worked: Store, path: Path) -> Store:
        """As the migration leaves a database that people have worked in."""
        queue = [
            f"INSERT INTO chain_before SELECT chain, '{kind.code}', key FROM ({kind.every})"
            for kind in verifying.COVERED
        ]
        tamper(path, *(f"DELETE FROM {name}" for name in ("chain_links", "chain_heads", "chain_seals")), *queue)
        return worked

    def test_waits_and_is_no_fault(self, old: Store, quart: Typed) -> None:
        done = quart("verify")
        assert done.exit_code == 0 and "lignes d'avant la chaîne n'y sont pas encore" in done.output, done.output

    def test_is_taken_in_some_at_a_time(self, old: Store) -> None:
        waiting = old.read(before.waiting)
        steps.write_record(old)
        taken = [old.write(TAKE_IN, 5)]
        while taken[-1] == 5:
            taken.append(old.write(TAKE_IN, 5))
        assert sum(taken) == waiting > 10 and old.read(before.waiting) == 0
        assert _broken(old) == []
        assert {made for (made,) in old.rows("SELECT made FROM chain_links")} == {"act", "before"}

    def test_what_is_changed_after_it_was_taken_in_is_named(self, old: Store, path: Path) -> None:
        old.write(TAKE_IN, 1_000)
        tamper(path, "UPDATE record_versions SET title = 'Autre' WHERE version = 1")
        assert any("sa somme" in what for what in _broken(old))

    def test_the_migration_leaves_what_the_kinds_cover(self, old: Store) -> None:
        """Their SQL says the same twice: a file that has landed is never edited."""
        text = Path(verifying.__file__).parent / "store/migrations/0044_chain.sql"
        inserts = text.read_text().partition("CREATE TABLE chain_before")[2].partition(");")[2]
        waiting = old.rows("SELECT * FROM chain_before ORDER BY 1, 2, 3")
        old.connection.execute("DELETE FROM chain_before")
        old.connection.executescript(inserts)
        assert old.rows("SELECT * FROM chain_before ORDER BY 1, 2, 3") == waiting


def test_what_was_said_to_be_written_and_was_not_ends_the_transaction(store: Store) -> None:
    with pytest.raises(ValueError, match="audit:nothing was not written"):
        store.write(lambda tx: cover(tx, None, AUDIT, "nothing"))


def test_one_link_covers_what_a_transaction_adds_to_a_chain(store: Store) -> None:
    steps.grant(store)
    steps.weigh(store, 62_500)
    [last] = store.rows("SELECT covered FROM chain_links WHERE chain = 'awa' ORDER BY number DESC LIMIT 1")
    assert {item.partition(":")[0] for item in last[0].split(" ")} == {"measurement", "audit"}


def test_many_rows_are_several_links(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fadjma.chain.linking.MOST", 1)
    steps.grant(store)
    count = store.value("SELECT count(*) FROM chain_links WHERE chain = 'awa'")
    steps.weigh(store, 62_500)
    assert store.value("SELECT count(*) FROM chain_links WHERE chain = 'awa'") == count + 2
    assert store.value("SELECT number FROM chain_heads WHERE chain = 'awa'") == count + 2
    assert _broken(store) == []


def test_a_form_that_is_newer_reads_the_columns_that_it_knows(store: Store) -> None:
    kind = Kind("k", {1: "one", 3: "three"}, "")
    assert (kind.select(1), kind.select(3)) == ("one", "three")
    with pytest.raises(ValueError, match="no form 0"):
        kind.select(0)


@pytest.mark.long
def test_the_demo_is_whole(tmp_path: Path) -> None:
    (tmp_path / "demo.db").write_bytes(demo_database())

    def walked(tx: Transaction) -> tuple[list[object], int]:
        walk = Walk(verifying.COVERED)
        return list(walk.breaks(tx)), walk.links

    broken, links = look_into(tmp_path / "demo.db", walked)
    assert broken == [] and links > 3_000
