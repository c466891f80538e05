"""What somebody does who has the file, or is PostgreSQL's superuser."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import steps
from click.testing import Result
from store import Store

from fadjma.chain import seals
from fadjma.chain.keys import Signer

Typed = Callable[..., Result]  # `quart …`

ENTRY = "(SELECT id FROM audit_events WHERE action = 'record.created' ORDER BY id LIMIT 1)"
# What is done → what is said of it.
HARM = {
    "changed": ([f"UPDATE audit_events SET actor_id = 'sarr' WHERE id = {ENTRY}"], "sa somme n'est pas celle"),
    "dated": ([f"UPDATE audit_events SET at = at - 1 WHERE id = {ENTRY}"], "sa somme n'est pas celle"),
    "written otherwise": (
        ["UPDATE record_versions SET body = 'Autre chose' WHERE version = 1"],
        "sa somme n'est pas celle",
    ),
    "given more": (["UPDATE dispense_lines SET quantity = quantity + 1"], "sa somme n'est pas celle"),
    "made bytes": (
        [f"UPDATE audit_events SET ground = CAST('x' AS BLOB) WHERE id = {ENTRY}"],
        "il y a ce que FADJMA n'écrit jamais",
    ),
    "seal without heads": (
        ["UPDATE chain_seals SET heads = 'awa' WHERE number = 1"],
        "un sceau, il y a ce que FADJMA n'écrit jamais",
    ),
    "moved more": (["UPDATE movements SET quantity = quantity + 1 WHERE kind = 'received'"], "de Pharmacie Jamm"),
    "undone in silence": (
        ["UPDATE dispenses SET undone_at = 1, undone_by = 'ndiaye', undo_reason = 'x'"],
        "n'est dans aucun maillon",
    ),
    "removed": ([f"DELETE FROM audit_events WHERE id = {ENTRY}"], "n'y est plus"),
    "inserted": (
        [
            "INSERT INTO audit_events (id, at, actor_id, action, subject_kind, subject_id, patient_id) "
            "VALUES ('new', 1, 'sarr', 'file.read', 'patient', 'awa', 'awa')"
        ],
        "la ligne audit:new n'est dans aucun maillon",
    ),
    "two swapped": (
        [
            "CREATE TABLE two AS SELECT id, action FROM audit_events WHERE patient_id = 'awa' ORDER BY id LIMIT 2",
            "UPDATE audit_events SET action = (SELECT action FROM two WHERE two.id <> audit_events.id) "
            "WHERE id IN (SELECT id FROM two)",
            "DROP TABLE two",
        ],
        "sa somme n'est pas celle",
    ),
    "links swapped": (
        [
            "UPDATE chain_links SET number = -2 WHERE chain = 'awa' AND number = 2",
            "UPDATE chain_links SET number = 2 WHERE chain = 'awa' AND number = 3",
            "UPDATE chain_links SET number = 3 WHERE chain = 'awa' AND number = -2",
        ],
        "maillon 2 : sa somme n'est pas celle",
    ),
    "a link removed": (["DELETE FROM chain_links WHERE chain = 'awa' AND number = 2"], "maillon 2 : il n'y est pas"),
    "a tail cut": (
        [
            "DELETE FROM chain_links WHERE chain = 'awa' AND number > 2",
            "UPDATE chain_heads SET number = 2, digest = (SELECT digest FROM chain_links WHERE chain = 'awa' "
            "AND number = 2) WHERE chain = 'awa'",
        ],
        "le contient",
    ),
    "a whole chain": (
        ["DELETE FROM chain_links WHERE chain = 'awa'", "DELETE FROM chain_heads WHERE chain = 'awa'"],
        "le contient",
    ),
    "said to be sealed": (
        ["UPDATE chain_links SET seal = 1 WHERE chain = 'awa' AND seal = 3"],
        "le sceau 1 ne le contient pas",
    ),
    "a head": (["DELETE FROM chain_heads WHERE chain = 'awa'"], "la chaîne n'a pas de tête"),
    "a head's digest": (["UPDATE chain_heads SET digest = 'x' WHERE chain = 'awa'"], "la tête de la chaîne"),
    "a seal": (["DELETE FROM chain_seals WHERE number = 1"], "le sceau 1 n'y est pas"),
    "a seal's moment": (["UPDATE chain_seals SET at = at + 1 WHERE number = 1"], "sa somme n'est pas celle"),
    "a signature": (
        ["UPDATE chain_seals SET signature = (SELECT signature FROM chain_seals WHERE number = 1) WHERE number = 2"],
        "la signature n'est pas de la clé",
    ),
}


def work(store: Store, signer: Signer) -> None:
    """What people have done before: records, a reading and a hand-over; and two seals."""
    steps.delivered(store)
    steps.write_record(store)
    for _ in range(2):
        store.clock.advance(minutes=1)
        store.write(seals.make, signer)
        steps.write_record(store)


def tamper(path: Path, *statements: str) -> None:
    """The triggers go, and come back when it is done."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()
