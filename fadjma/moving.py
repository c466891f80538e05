"""`quart copy-database`: a clinic that moves from a file to PostgreSQL, or back."""

from pathlib import Path

import click
from quart import Quart

from fadjma import verifying
from fadjma.config import Settings, SettingsError
from fadjma.store import Database, Transaction, Unusable, copying
from fadjma.store.copying import Whole
from fadjma.store.engines import whole

_ROWS_TWICE = 2  # sent, and read back


def command(app: Quart) -> click.Command:
    """What is typed."""

    @click.command("copy-database")
    @click.argument("source", metavar="FROM")
    @click.argument("target", metavar="TO")
    def copy_database(source: str, target: str) -> None:
        """Copy the whole database FROM into TO, which is new. FADJMA must be running on neither.

        Both are addresses as FADJMA_DATABASE_URL has them. Every row is read back and compared; what is not whole is
        not kept.
        """
        database: Database = app.extensions["database"]
        kept, new = _settings_of(source), _settings_of(target)
        try:
            counted = _copy(whole(kept.database_url), whole(new.database_url), database.clock())
        except Unusable as error:
            raise click.ClickException(str(error)) from error
        most = sorted(counted, key=lambda table: -counted[table])[:3]
        named = ", ".join(f"{counted[table]} dans {table}" for table in most)
        click.echo(f"Copie vérifiée : {sum(counted.values())} lignes en {len(counted)} tables ({named}).")
        click.echo("\n".join(_what_goes_along(kept, new)))

    return copy_database


def _settings_of(url: str) -> Settings:
    """What the program would take to belong to the database at this address. Raises UsageError."""
    try:
        return Settings.from_environment({"FADJMA_DATABASE_URL": url}, setting_up=True)
    except SettingsError as error:
        raise click.UsageError(str(error).replace("FADJMA_DATABASE_URL", "L'adresse")) from error


def _copy(source: Whole, target: Whole, now: int) -> dict[str, int]:
    """Raises Unusable; then there is no target."""
    with source.read() as reading, target.fill(now) as filling:
        _refuse_unsound(reading.tx, source)
        rows = sum(reading.count(table) for table in reading.tables())
        with click.progressbar(length=_ROWS_TWICE * rows, label=f"{source.name} → {target.name}") as bar:
            counted = copying.copy(reading, filling, bar.update)
        _refuse_unsound(filling.tx, target)
    return counted


def _refuse_unsound(tx: Transaction, one: Whole) -> None:
    """What `quart verify` looks at, but the chains and papers: they are rows and files like others."""
    length = len(verifying.checks(None, is_file=one.is_file))
    with click.progressbar(length=length, label=f"Vérification de {one.name}") as bar:
        wrong = verifying.walk(tx, lambda done: bar.update(1), is_file=one.is_file)
    if wrong:
        raise Unusable("\n".join([f"La base {one.name} ne va pas, rien n'a été gardé :", *wrong]))


def _what_goes_along(kept: Settings, new: Settings) -> list[str]:
    """What lies beside the one database, and where the other one looks for it unless it is told."""
    beside: list[tuple[str, str, Path, Path]] = [
        ("la clé secrète", "FADJMA_SECRET_FILE", kept.secret_file, new.secret_file),
        ("la clé des sceaux", "FADJMA_SEAL_KEY_FILE", kept.seal_key, new.seal_key),
        ("les documents", "FADJMA_PAPERS", kept.papers_folder, new.papers_folder),
    ]
    return [
        "Ce qui n'est pas dans la base va avec elle ; sauf si vous avez dit autrement par ces réglages :",
        *(f"  {what} : {old} devient {place} ({setting})" for what, setting, old, place in beside),
    ]
