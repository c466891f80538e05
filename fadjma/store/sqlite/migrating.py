"""The migrations: what a database lacks of `migrations/*.sql`, applied in order (docs/migrations.md)."""

import hashlib
import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from fadjma.store import folding
from fadjma.store.errors import Unusable
from fadjma.store.sqlite.backup import backup
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.outages import reason, usable

log = logging.getLogger("fadjma")
_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_REBUILD = "-- rebuild:"  # then the tables, separated by commas
_BEFORE = "-before-"  # between the name of a database and that of a step: as it was before it


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name without `.sql`, and the SQL."""

    name: str
    script: str

    @property
    def checksum(self) -> str:
        """By which an edited file is noticed."""
        return hashlib.sha256(self.script.encode()).hexdigest()

    @property
    def rebuilds(self) -> list[str]:
        """The tables that its first line says it makes anew."""
        first = self.script.partition("\n")[0]
        return [name.strip() for name in first.removeprefix(_REBUILD).split(",")] if first.startswith(_REBUILD) else []


def migrate(path: Path, now: int, *, up_to: str = "9999", keep: bool = True) -> list[str]:
    """Apply the migrations that the database lacks, in order, one transaction each; before that, keep a copy of it.

    Returns the names of those applied. `up_to` (the test of old databases) stops after the numbers it names; `keep`
    False: this is a copy itself.
    Raises Unusable when the file cannot be worked with, was written by a newer program, or a step of it was edited.
    """
    known = [Migration(name, (_MIGRATIONS / f"{name}.sql").read_text(encoding="utf-8")) for name in names()]
    with usable(path), closing(connect(path)) as connection:
        folding.lend(connection)
        missing = [step for step in _missing(connection, path, known, keep=keep) if step.name[:4] <= up_to]
        return [step.name for step in missing if _apply(connection, path, step, now)]


def names() -> list[str]:
    """Of all that there are, in order."""
    return sorted(file.stem for file in _MIGRATIONS.glob("*.sql"))


def _missing(connection: sqlite3.Connection, path: Path, known: list[Migration], *, keep: bool) -> list[Migration]:
    """The steps that are to be taken; of a database that has taken some before, a copy is there then. Raises Unusable.

    A database from before checksums were kept gets them now.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)"
        )
        connection.execute("DELETE FROM schema_migrations WHERE 0")  # changes nothing; a read-only file refuses it
        columns = connection.execute("SELECT name FROM pragma_table_info('schema_migrations')").fetchall()
        if "checksum" not in [column["name"] for column in columns]:
            connection.execute("ALTER TABLE schema_migrations ADD COLUMN checksum TEXT")
            connection.executemany(
                "UPDATE schema_migrations SET checksum = ? WHERE name = ?",
                [(step.checksum, step.name) for step in known],
            )
        rows = connection.execute("SELECT name, checksum FROM schema_migrations ORDER BY name")
        done = {row["name"]: row["checksum"] for row in rows}
        _check(path, known, done)
        missing = [step for step in known if step.name not in done]
        if keep and done and missing:  # nobody else writes meanwhile, nor takes these steps
            _keep_as_it_was(path, missing[0])
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return missing


def _keep_as_it_was(path: Path, step: Migration) -> None:
    """The database before this step, beside it; in the place of one that was made before the same step."""
    snapshot = path.with_name(f"{path.name}{_BEFORE}{step.name}")
    backup(path, snapshot, lambda tx: None, replacing=True)
    log.warning(
        "La base %s passe à une version plus récente ; telle qu'elle était, elle reste dans %s. "
        "Pour y revenir, avec la version d'avant : .venv/bin/quart restore --replace-newer %s",
        *(path, snapshot, quote(str(snapshot))),
    )


def _check(path: Path, known: list[Migration], done: dict[str, str]) -> None:
    names = {step.name for step in known}
    newer = [name for name in done if name not in names]
    if newer:
        snapshot = _snapshot(path, min(newer))
        raise Unusable(
            f"La base {path} est d'une version plus récente de FADJMA ({', '.join(newer)} ; celle-ci va jusqu'à "
            f"{max(names)}) : lancez la version qui l'a écrite, ou restaurez une sauvegarde faite avant elle : "
            f".venv/bin/quart restore --replace-newer {quote(str(snapshot)) if snapshot else 'FICHIER'}"
        )
    edited = [step.name for step in known if step.name in done and done[step.name] != step.checksum]
    if edited:
        raise Unusable(
            f"La base {path} a été faite avec un autre texte de {', '.join(edited)} : une migration appliquée ne "
            "change plus, rétablissez son fichier et écrivez la suite dans une nouvelle."
        )


def _snapshot(path: Path, step: str) -> Path | None:
    """What was kept of this database before it took that step, or one before; None when nothing was."""
    beside = path.parent.glob(f"{path.name}{_BEFORE}*")
    kept = {found[1]: file for file in beside if (found := re.fullmatch(r".*-before-(\d{4}_\w+)", file.name))}
    return next((kept[name] for name in sorted(kept, reverse=True) if name <= step), None)


def _apply(connection: sqlite3.Connection, path: Path, step: Migration, now: int) -> bool:
    """Take one step, whole or not at all; False when another process has taken it meanwhile."""
    with _unguarded(connection) if step.rebuilds else nullcontext():
        connection.execute("BEGIN IMMEDIATE")
        try:
            if connection.execute("SELECT 1 FROM schema_migrations WHERE name = ?", (step.name,)).fetchone():
                connection.execute("ROLLBACK")
                return False
            before = _belongings(connection, step.rebuilds)
            for statement in _statements(step.script):
                connection.execute(statement)
            if step.rebuilds:
                _check_rebuilt(connection, step, before)
            connection.execute(
                "INSERT INTO schema_migrations (name, applied_at, checksum) VALUES (?, ?, ?)",
                (step.name, now, step.checksum),
            )
            connection.execute("COMMIT")
        except BaseException as error:
            connection.rollback()
            if isinstance(error, sqlite3.Error):
                raise Unusable(f"{_refused(step)} ({path} : {reason(path, error)}).") from error
            raise
    return True


@contextmanager
def _unguarded(connection: sqlite3.Connection) -> Iterator[None]:
    """Without foreign keys, and without ALTER TABLE … RENAME looking at the views of a table that is away.

    Both only work outside a transaction: https://sqlite.org/lang_altertable.html#otheralter, steps 1 and 12.
    """
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")
    try:
        yield
    finally:
        connection.execute("PRAGMA legacy_alter_table = OFF")
        connection.execute("PRAGMA foreign_keys = ON")


def _belongings(connection: sqlite3.Connection, tables: list[str]) -> set[str]:
    """The names of the indexes and triggers of these tables: they go with a table that is dropped."""
    rows = connection.execute(
        "SELECT name, tbl_name FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    )
    return {row["name"] for row in rows if row["tbl_name"] in tables}


def _check_rebuilt(connection: sqlite3.Connection, step: Migration, before: set[str]) -> None:
    """What nobody watched while it was rebuilt. Raises Unusable, which rolls the step back."""
    orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    if orphan:
        table, row, parent, _ = orphan
        raise Unusable(f"{_refused(step)} ({table}, ligne {row}, renverrait à rien dans {parent}).")
    dropped = set(re.findall(r"DROP (?:INDEX|TRIGGER) (\w+)", step.script))
    lost = sorted(before - dropped - _belongings(connection, step.rebuilds))
    if lost:
        raise Unusable(f"{_refused(step)} (elle perdrait {', '.join(lost)}).")
    for view in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        connection.execute(f"SELECT 1 FROM {view['name']} LIMIT 0")


def _refused(step: Migration) -> str:
    return f"La migration {step.name} n'a pas pu être appliquée, la base est restée comme avant"


def _statements(script: str) -> Iterable[str]:
    """Split a script; `sqlite3.complete_statement` knows that a trigger's body has semicolons of its own."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"unfinished SQL statement: {statement.strip()[:80]!r}")
