"""What somebody does who has the database's file and not the key, and what `quart verify` says of it."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import steps
from attacking import ENTRY, HARM, Typed, tamper
from cast import AWA
from store import Store

from fadjma.chain import keys, seals
from fadjma.chain.covering import Link, row_digest, row_salt
from fadjma.chain.keys import Signer
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.transaction import SQLiteTransaction
from fadjma.verifying import COVERED


@pytest.mark.parametrize("harm", HARM)
def test_it_is_named(worked: Store, path: Path, quart: Typed, harm: str) -> None:
    statements, said = HARM[harm]
    tamper(path, *statements)
    done = quart("verify")
    assert done.exit_code == 1 and said in done.output, done.output
    if harm == "undone in silence":
        tamper(path, "UPDATE dispenses SET undone_at = NULL, undone_by = NULL, undo_reason = NULL")
    if harm == "moved more":
        tamper(path, "UPDATE movements SET quantity = quantity - 1 WHERE kind = 'received'")
    if harm == "inserted":
        tamper(path, "DELETE FROM audit_events WHERE id = 'new'")


def test_a_sound_one_is_said_to_be_one(worked: Store, quart: Typed) -> None:
    done = quart("verify")
    assert done.exit_code == 0, done.output
    assert "maillons et 2 sceaux" in done.output and "Clé 1, depuis le" in done.output


def test_what_is_broken_is_named_with_what_stands_around_it(worked: Store, path: Path, quart: Typed) -> None:
    [(covered,)] = worked.rows("SELECT covered FROM chain_links WHERE chain = 'awa' AND number = 3")
    code, _, key = covered.split(" ")[0].partition(":")
    assert code == "audit"
    tamper(path, f"DELETE FROM audit_events WHERE id = '{key}'")
    done = quart("verify")
    [identifier] = worked.rows("SELECT identifier FROM patients WHERE user_id = 'awa'")
    assert f"chaîne du patient {identifier[0]} (awa), maillon 3 : la ligne audit:{key} n'y est plus" in done.output
    for place in (
        "avant : maillon 2 du 2026-03-02",
        f"lui : maillon 3 du 2026-03-02T09:00:00.000Z, sceau 1, audit:{key}",
        "après : maillon 4",
    ):
        assert place in done.output, done.output
    assert "Cissé" not in done.output, "no name"


def _rewrite(connection: sqlite3.Connection, chain: str) -> None:
    """Every link of a chain, and its head, as if what the rows say now had always been said."""
    tx, digest = SQLiteTransaction(connection, 0), ""
    for row in tx.all("SELECT * FROM chain_links WHERE chain = ? ORDER BY number", (chain,)):
        items = [item.partition(":") for item in row["covered"].split(" ")]
        kinds = {kind.code: kind for kind in COVERED}
        rows = [
            row_digest(row_salt(row["salt"], at), kinds[code].read(tx, [key])[key])
            for at, (code, _, key) in enumerate(items)
        ]
        link = Link(chain, row["number"], row["made"], row["at"], row["seal"], row["form"])
        digest = link.digest(digest, rows)
        tx.execute("UPDATE chain_links SET digest = ? WHERE chain = ? AND number = ?", (digest, chain, row["number"]))
    tx.execute("UPDATE chain_heads SET digest = ? WHERE chain = ?", (digest, chain))


def _without_triggers(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def _forge(path: Path, signer: Signer) -> None:
    """All of it anew, and signed with a key of one's own."""
    with closing(_without_triggers(path)) as connection:
        connection.execute(f"UPDATE audit_events SET actor_id = 'sarr' WHERE id = {ENTRY}")
        _rewrite(connection, AWA.id)
        tx = SQLiteTransaction(connection, 1)
        found, previous = list(seals.each(tx)), ""
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM chain_keys")
        keys.enter(tx, signer)
        for seal in found:
            heads = seals.heads_of(tx, seal)
            named = " ".join(f"{chain}:{number}:{digest[:16]}" for chain, number, digest in sorted(heads))
            anew = seals.Seal(seal.number, seal.at, seal.links, named, "", signer.fingerprint, "")
            said = seals.statement(anew, heads, previous)
            previous = seals.digest_of(said)
            tx.execute(
                "UPDATE chain_seals SET heads = ?, digest = ?, fingerprint = ?, signature = ? WHERE number = ?",
                (named, previous, signer.fingerprint, signer.sign(said), seal.number),
            )


def test_heads_rewritten_without_the_key_are_not_those_that_were_signed(
    worked: Store, path: Path, quart: Typed
) -> None:
    with closing(_without_triggers(path)) as connection:
        connection.execute(f"UPDATE audit_events SET actor_id = 'sarr' WHERE id = {ENTRY}")
        _rewrite(connection, AWA.id)
    done = quart("verify")
    assert done.exit_code == 1 and "ce n'est pas celui que le sceau 1" in done.output, done.output


def test_seals_of_another_key_are_not_of_the_key_in_the_file(worked: Store, path: Path, quart: Typed) -> None:
    _forge(path, Signer(b"s" * 32))
    done = quart("verify")
    assert done.exit_code == 1 and "n'est pas celle des sceaux" in done.output, done.output
    assert "sa somme" not in done.output, "all else is as good as it can be made"


def test_with_the_key_file_replaced_too_a_kept_seal_shows_it(
    worked: Store, path: Path, tmp_path: Path, quart: Typed
) -> None:
    assert quart("seal", str(tmp_path / "kept.json")).exit_code == 0
    path.with_suffix(".seal").write_text((b"s" * 32).hex())
    _forge(path, Signer(b"s" * 32))
    assert quart("verify").exit_code == 0, "nothing in the machine is left to tell"
    done = quart("verify", "--against", str(tmp_path / "kept.json"))
    assert done.exit_code == 1 and "d'une clé que cette base ne connaît pas" in done.output, done.output


def test_an_older_file_lacks_the_kept_seal(worked: Store, path: Path, tmp_path: Path, quart: Typed) -> None:
    worked.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(path, tmp_path / "older.db")
    steps.write_record(worked)
    assert quart("seal", str(tmp_path / "kept.json")).exit_code == 0
    assert quart("verify", "--against", str(tmp_path / "kept.json")).exit_code == 0
    shutil.copyfile(path.with_suffix(".seal"), tmp_path / "older.seal")
    (tmp_path / "older.seal").chmod(0o600)
    done = quart("verify", "--against", str(tmp_path / "kept.json"), file=tmp_path / "older.db")
    assert done.exit_code == 1 and "cette base est plus ancienne (du sceau 2" in done.output, done.output


def test_a_tail_cut_with_its_seals_lacks_the_kept_one(worked: Store, path: Path, tmp_path: Path, quart: Typed) -> None:
    assert quart("seal", str(tmp_path / "kept.json")).exit_code == 0
    with closing(_without_triggers(path)) as connection:
        rows = "SELECT covered FROM chain_links WHERE seal = 3"
        gone = [item.partition(":")[2] for (covered,) in connection.execute(rows) for item in covered.split(" ")]
        connection.execute("PRAGMA foreign_keys = OFF")
        for key in gone:
            connection.execute("DELETE FROM audit_events WHERE id = ?", (key,))
            connection.execute("DELETE FROM record_versions WHERE record_id || '/' || version = ?", (key,))
            connection.execute("DELETE FROM records WHERE id || '/1' = ?", (key,))
        connection.execute("DELETE FROM chain_links WHERE seal = 3")
        connection.execute("DELETE FROM chain_seals WHERE number = 3")
        connection.execute(
            "UPDATE chain_heads SET number = (SELECT max(number) FROM chain_links l WHERE l.chain = chain_heads.chain)"
        )
        connection.execute(
            "UPDATE chain_heads SET digest = (SELECT digest FROM chain_links l WHERE l.chain = chain_heads.chain "
            "AND l.number = chain_heads.number)"
        )
    assert quart("verify").exit_code == 0, "what is left is a history of its own"
    done = quart("verify", "--against", str(tmp_path / "kept.json"))
    assert done.exit_code == 1 and "ou sa fin a été coupée" in done.output, done.output


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"statement": "[1]"}', "é"])
def test_what_is_no_seal_is_said_to_be_none(worked: Store, tmp_path: Path, quart: Typed, text: str) -> None:
    (tmp_path / "kept.json").write_bytes(text.encode("latin-1"))
    done = quart("verify", "--against", str(tmp_path / "kept.json"))
    assert done.exit_code == 1 and "ne se laisse pas lire" in done.output, done.output


def test_a_kept_seal_that_was_changed_is_none(worked: Store, tmp_path: Path, quart: Typed) -> None:
    quart("seal", str(tmp_path / "kept.json"))
    said = json.loads((tmp_path / "kept.json").read_text())
    said["statement"] = said["statement"].replace('"fadjma-seal/1",3', '"fadjma-seal/1",2')
    (tmp_path / "kept.json").write_text(json.dumps(said))
    assert quart("verify", "--against", str(tmp_path / "kept.json")).exit_code == 1


def test_a_restored_copy_verifies_and_goes_on(worked: Store, path: Path, tmp_path: Path, quart: Typed) -> None:
    assert quart("backup", str(tmp_path / "copy.db")).exit_code == 0
    kept = tmp_path / "kept.json"
    assert quart("seal", str(kept)).exit_code == 0
    steps.write_record(worked)
    worked.connection.close()
    assert quart("restore", "--replace-newer", str(tmp_path / "copy.db")).exit_code == 0
    done = quart("verify", "--against", str(kept))
    assert done.exit_code == 0 and "3 sceaux" in done.output, "the copy holds the seal that was made for it"
    again = Store(path, worked.clock)
    steps.write_record(again)
    assert quart("seal").exit_code == 0
    assert quart("verify").exit_code == 0
    worked.connection = again.connection
