"""`quart verify`, `quart seal` and `quart seal-key`: whether what was written is as it was."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
from quart import Quart

from fadjma import verifying
from fadjma.chain import before, keys, seals, walking
from fadjma.chain.keys import KeyFault, Signer
from fadjma.chain.seals import Exported
from fadjma.chain.walking import Break, Walk
from fadjma.config import Settings
from fadjma.i18n import iso
from fadjma.store import Database, Transaction, Unusable
from fadjma.store.contents import Contents
from fadjma.store.sqlite.backup import give_name

_NAMED_AT_MOST = 5  # of what is wrong with the chains


def commands(app: Quart) -> Iterator[click.Command]:
    """What is typed."""
    yield _verify(app)
    yield _seal(app)
    yield _seal_key(app)


def _verify(app: Quart) -> click.Command:
    @click.command("verify")
    @click.option(
        "--against",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A seal that was exported (quart seal, « Sceaux »): shows an older file, and a tail that was cut.",
    )
    def verify(against: Path | None) -> None:
        """Look whether all is sound: pages, numbers, stock, papers, every link of the chains. Ends with 1 if not."""
        settings: Settings = app.extensions["settings"]
        database: Database = app.extensions["database"]
        kept = _read(against) if against else None
        _require_chain(database)
        try:
            found = database.look_into(lambda tx: _walk(tx, database, settings, kept))
        except Unusable as error:
            raise click.ClickException(str(error)) from error
        for note in found.notes:
            click.echo(note)
        if found.wrong:
            raise click.ClickException("\n".join(["La base ne va pas :", *found.wrong]))
        counted = f"{_several(found.walk.links, 'maillon')} et {_several(found.walk.seals, 'sceau', 'sceaux')}"
        click.echo(f"Tout va bien : {found.checks} vérifications, {counted}.")

    return verify


def _require_chain(database: Database) -> None:
    """That the database, if there is one, is not of a version before the chain. Raises ClickException."""
    try:
        is_old = database.exists() and not database.look_into(lambda tx: tx.has_table("chain_links"))
    except Unusable as error:
        raise click.ClickException(str(error)) from error
    if is_old:
        raise click.ClickException(
            f"{database.path} est d'avant la chaîne des sceaux : démarrez FADJMA une fois, puis revenez."
        )


def _read(file: Path) -> Exported:
    try:
        return seals.read_exported(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "ce n'est pas un sceau signé de FADJMA"
        raise click.ClickException(f"{file} ne se laisse pas lire : {said}.") from error


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of it: how many checks, the walk of the chains, what is wrong, and what somebody should know."""

    checks: int
    walk: Walk
    wrong: list[str]
    notes: list[str]


def _walk(tx: Transaction, database: Database, settings: Settings, kept: Exported | None) -> _Found:
    """All of it as it was at one moment, whatever is written meanwhile."""
    is_sound = Contents(settings.papers_folder).is_sound
    checks = len(verifying.checks(is_sound, is_file=database.is_file))
    with click.progressbar(length=checks, label=f"Base {database.path}") as bar:
        wrong = verifying.walk(tx, lambda done: bar.update(1), is_sound=is_sound, is_file=database.is_file)
    walk, broken, notes = _walk_chains(tx, settings, kept)
    return _Found(checks, walk, [*wrong, *broken], notes)


def _walk_chains(tx: Transaction, settings: Settings, kept: Exported | None) -> tuple[Walk, list[str], list[str]]:
    """The walk, what is wrong, and what somebody should know."""
    with click.progressbar(length=walking.count(tx), label="Chaîne") as bar:
        walk = Walk(verifying.COVERED, bar.update)
        broken = [said_of(tx, one) for one in islice(walk.breaks(tx), _NAMED_AT_MOST)]
    broken += [said_of(tx, one) for one in (walking.against(tx, kept) if kept else ())]
    notes = [_key_said(key) for key in keys.all_known(tx)]
    last = seals.newest(tx)
    if last:
        notes.append(
            f"Dernier sceau : {last.number}, du {iso(last.at)}, {_several(last.links, 'maillon')} : {last.grouped}"
        )
        try:
            broken += [said_of(tx, one) for one in walking.of_key(tx, keys.load(settings.seal_key))]
        except KeyFault as fault:
            notes.append(f"{fault} Sans elle, on ne sait pas si les clés de la base sont les vraies.")
    if waiting := before.waiting(tx):
        plural = "s" if waiting > 1 else ""
        verb = "n'y sont" if waiting > 1 else "n'y est"
        notes.append(f"{waiting} ligne{plural} d'avant la chaîne {verb} pas encore.")
    return walk, broken, notes


def _several(number: int, one: str, more: str = "") -> str:
    """A number and what it is of; what is fewer than two is singular in French."""
    return f"{number} {one if number < 2 else more or one + 's'}"


def _key_said(key: keys.Known) -> str:
    return f"Clé {key.position}, depuis le {iso(key.since)} : {key.grouped}"


def said_of(tx: Transaction, found: Break) -> str:
    """Where it is, what it is, and what stands around it. Of patients the identifier, never the name."""
    if found.chain is None:
        return f"chaîne : {found.what}"
    identifier = tx.value("SELECT identifier FROM patient_identities WHERE id = ?", (found.chain,))
    place = tx.value("SELECT name FROM places WHERE id = ?", (found.chain,))
    named = f"du patient {identifier}" if identifier else f"de {place}" if place else "de la clinique"
    head = f"chaîne {named} ({found.chain})"
    if found.number is None:
        return f"{head} : {found.what}"
    return "\n".join([f"{head}, maillon {found.number} : {found.what}", *(f"    {one}" for one in found.around)])


def seal_before_copy(settings: Settings, database: Database) -> None:
    """So that the copy holds a seal of all that it has. A key that is not there is said, and the copy is made."""
    try:
        _seal_now(settings, database)
    except KeyFault as fault:
        click.echo(f"{fault} La copie a le dernier sceau, pas un nouveau.", err=True)


def _seal_now(settings: Settings, database: Database) -> None:
    """Raises KeyFault, Unusable."""
    if database.look_into(lambda tx: tx.has_table("chain_seals")):
        signer = keys.load(settings.seal_key) if database.look_into(keys.newest) else None
        if signer:
            database.change(lambda tx: seals.make(tx, signer))


def _seal(app: Quart) -> click.Command:
    @click.command("seal")
    @click.argument("target", type=click.Path(path_type=Path, dir_okay=False), required=False)
    def seal(target: Path | None) -> None:
        """Sign the heads of the chains now, and write the signed head to TARGET, or show it: to be kept elsewhere."""
        settings: Settings = app.extensions["settings"]
        database: Database = app.extensions["database"]
        _require_chain(database)
        try:
            _seal_now(settings, database)
            found = database.look_into(seals.export)
            if found is None:
                raise click.ClickException("Rien n'est encore scellé : démarrez FADJMA une fois.")
            said = json.dumps(found.json(), indent=1) + "\n"
            if target:
                with target.open("x", encoding="utf-8") as written:
                    written.write(said)
        except (KeyFault, Unusable) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(f"{target} ne se laisse pas écrire : {error.strerror}.") from error
        click.echo(f"Sceau écrit : {target}" if target else said)

    return seal


def _seal_key(app: Quart) -> click.Command:
    @click.command("seal-key")
    @click.option("--new", is_flag=True, help="Make another key: the one that signed is lost, or was seen by somebody.")
    def seal_key(new: bool) -> None:
        """Show the keys that have signed, to be compared with paper; or make a new one. FADJMA must not run then."""
        settings: Settings = app.extensions["settings"]
        database: Database = app.extensions["database"]
        try:
            if new:
                _renew(settings, database)
            _require_chain(database)
            for key in database.look_into(keys.all_known):
                click.echo(_key_said(key))
        except (KeyFault, Unusable) as error:
            raise click.ClickException(str(error)) from error

    return seal_key


def _replace(file: Path, enter: Callable[[Signer], object]) -> None:
    """The new key has its name once the database knows it: where that fails, the key that signs is still there.
    Raises KeyFault, and what `enter` raises.
    """
    unnamed = file.with_name(f"{file.name}.new")
    try:
        enter(keys.make(unnamed, replacing=True))
        give_name(unnamed, file)
    except OSError as error:
        raise KeyFault(f"La clé des sceaux {file} ne se laisse pas écrire : {error.strerror or error}.") from error
    finally:
        unnamed.unlink(missing_ok=True)


def _renew(settings: Settings, database: Database) -> None:
    """Raises KeyFault, Unusable; then the file is as it was."""
    with database.alone():
        database.migrate()
        known = database.look_into(keys.newest)
        former: Signer | None = None
        try:
            found = keys.load(settings.seal_key)
            former = found if known and found.fingerprint == known.fingerprint else None
        except KeyFault:
            pass  # which is why there is to be another one
        _replace(settings.seal_key, lambda made: database.change(lambda tx: seals.renew_key(tx, former, made)))
