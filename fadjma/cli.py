"""`quart …`: what an administrator does from the command line."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
from quart import Quart
from werkzeug.datastructures import MultiDict

from fadjma import clockwatch, demo, doctor, installed, moving, proving, questions, setup
from fadjma.accounts import actions
from fadjma.accounts.forms import PersonForm
from fadjma.chain import keys
from fadjma.chain.sealer import Sealer
from fadjma.config import Settings, SettingsError, read_secret
from fadjma.identity import directory, passwords
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.identifiers import normalize_email
from fadjma.keeping import copies, dumps, restoring
from fadjma.keeping.shelf import Shelf
from fadjma.papers import soundness
from fadjma.refusals import Invalid
from fadjma.store import Database, Unusable
from fadjma.store.contents import Contents
from fadjma.store.sqlite.backup import look_into

T = TypeVar("T")
_ANY_GOOD = "7c1d-90be-52aa-e406"  # stands for the password that will be made, while the rest is looked at
_FORGOTTEN = (
    "Son mot de passe est oublié ? Faites un administrateur avec une autre adresse : il donne un code à ce compte, "
    "ou le désactive."
)
_OF_ADMINS = {"email": "E-mail", "given_name": "Prénom", "family_name": "Nom"}
_OF_PLACES = {"name": "Nom", "address": "Adresse", "city": "Ville", "phone": "Téléphone"}


def register(app: Quart) -> None:
    """Add FADJMA's commands to `quart`."""
    database: Callable[[], Database] = lambda: app.extensions["database"]  # noqa: E731
    app.cli.add_command(_set_up(app))
    app.cli.add_command(_create_admin(database))
    app.cli.add_command(_demo(database))
    for command in (_backup(app), _restore(app), *proving.commands(app), _doctor(app)):
        app.cli.add_command(command)
    app.cli.add_command(_confirm_clock(database))
    app.cli.add_command(moving.command(app))


def _set_up(app: Quart) -> click.Command:
    @click.command("setup")
    @click.option("--answers", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file; else it asks.")
    def set_up(answers: Path | None) -> None:
        """Set up a clinic: secret, database, first admin, places, medicines. What is there is not changed."""
        settings: Settings = app.extensions["settings"]
        if settings.demo:
            raise click.ClickException("FADJMA_DEMO=1 : la démonstration n'a pas besoin d'être installée.")
        database: Database = app.extensions["database"]
        asyncio.run(_with(database, _set_up_in, settings, answers))

    return set_up


async def _set_up_in(database: Database, settings: Settings, file: Path | None) -> None:
    if await database.read(demo.has_filled):
        raise click.ClickException(f"La base {database.path} est celle de la démonstration : choisissez-en une autre.")
    try:
        before = await database.read(setup.look)
        answers = setup.read_answers(file) if file else _ask(before)
        plan = await setup.plan(answers)
    except setup.Mistaken as mistake:
        raise click.ClickException(str(mistake)) from mistake
    secret_file = None if settings.secret_key else settings.secret_file
    if secret_file:
        try:
            made = setup.make_secret(secret_file)
        except OSError as error:
            raise click.ClickException(f"La clé secrète {secret_file} ne se laisse pas écrire : {error}") from error
        try:
            read_secret(secret_file)
        except SettingsError as fault:  # it was there, and FADJMA would not start with it
            raise click.ClickException(str(fault)) from fault
        click.echo(f"Clé secrète : {secret_file.resolve()} {'est faite' if made else 'est déjà là, elle reste'}.")
    seal_key = await _make_seal_key(database, settings)
    copied = installed.copies(settings, database)
    click.echo("\n".join(await database.write(setup.fill, plan)))
    copied.make_folder()
    click.echo("\nIl reste à :")
    for number, step in enumerate(installed.what_remains(await database.read(setup.look), copied), 1):
        click.echo(f"  {number}. {step}")
    click.echo(f"\n/etc/systemd/system/fadjma.service :\n\n{installed.unit(database, secret_file, copied)}\n")
    created = plan.admin.email if plan.admin and not before.admins else None
    click.echo(installed.recovery_sheet(secret_file, copied, created or "déjà créé", seal_key))


async def _make_seal_key(database: Database, settings: Settings) -> str:
    """The key that signs the chains, made where there was never one; returns what the sheet says of it."""
    sealer = Sealer(database, settings.seal_key, database.owner())
    await sealer.open()
    if sealer.signer is None:
        raise click.ClickException(str(sealer.fault))
    click.echo(f"Clé des sceaux : {settings.seal_key.resolve()}, empreinte {keys.grouped(sealer.signer.fingerprint)}.")
    return installed.said_of_seal_key(settings.seal_key, keys.grouped(sealer.signer.fingerprint))


def _ask(known: setup.Known) -> setup.Answers:
    """The questions about what is not there yet; each part is asked for until it can be taken."""
    admin = None if known.admins else _ask_admin()
    places = [] if known.clinics else [_ask_place("clinic", "La clinique :")]
    if not known.pharmacies:
        while questions.yes("Ajouter une pharmacie ?", default=not any(one["kind"] == "pharmacy" for one in places)):
            places.append(_ask_place("pharmacy", "La pharmacie :"))
    return setup.Answers(admin, places, "" if known.medicines else _ask_medicines())


def _ask_admin() -> dict[str, str]:
    click.echo("Le premier administrateur (il ne voit aucun contenu médical) :")
    asked = {**_OF_ADMINS, "password": "Mot de passe"}
    return questions.fields(
        asked,
        lambda said: setup.faults(setup.check_admin, {**said, "password": said["password"] or _ANY_GOOD}),
        lambda name, label: (
            questions.password(f"{label} (vide : le programme en fait un)", optional=True)
            if name == "password"
            else str(click.prompt(label))
        ),
    )


def _ask_place(kind: str, title: str) -> dict[str, str]:
    click.echo(title)
    said = questions.fields(_OF_PLACES, lambda said: setup.faults(setup.check_place, {**said, "kind": kind}))
    return {"kind": kind, **said}


def _ask_medicines() -> str:
    question = "Médicaments : « starter » (liste de départ, à relire par un pharmacien) ou le chemin d'un CSV"
    while True:
        said: str = click.prompt(question, default=setup.STARTER)
        try:
            setup.check_medicines(said)
        except setup.Mistaken as mistake:
            click.echo(str(mistake), err=True)
        else:
            return said


def _create_admin(database: Callable[[], Database]) -> click.Command:
    @click.command("create-admin")
    @click.option("--email", prompt="E-mail")
    @click.option("--given-name", prompt="Prénom")
    @click.option("--family-name", prompt="Nom")
    @click.option("--password", help="Else it is asked for, twice.")
    def create_admin(email: str, given_name: str, family_name: str, password: str | None) -> None:
        """Make the first admin, or another one."""
        password = password or questions.password("Mot de passe (12 caractères au moins)")
        typed = {"given_name": given_name, "family_name": family_name, "email": email, "password": password}
        form = PersonForm(MultiDict(typed))
        if not form.validate():
            raise click.ClickException(" ".join(form.messages.values()))
        given, family, email = form["given_name"].data, form["family_name"].data, normalize_email(form["email"].data)
        weakness = passwords.weakness(password, given, family, email)
        if weakness:
            raise click.ClickException(weakness)
        asyncio.run(_with(database(), _add_admin, email, given, family, password))
        click.echo(f"Compte d'administration créé : {email}")

    return create_admin


async def _add_admin(database: Database, email: str, given_name: str, family_name: str, password: str) -> None:
    person = NewPerson(
        given_name=given_name,
        family_name=family_name,
        email=email,
        phone=None,
        password_hash=await passwords.hash_password(password),
    )
    try:
        await database.write(actions.create_admin, person)
    except Invalid as refusal:
        raise click.ClickException(" ".join([*refusal.errors.values(), _FORGOTTEN])) from refusal


def _demo(database: Callable[[], Database]) -> click.Command:
    @click.command("demo")
    @click.option("--scale", default=1, show_default=True, type=click.IntRange(1, 10_000), help="40 patients, times N.")
    def fill(scale: int) -> None:
        """Fill an empty database with demo people and a year of history."""
        asyncio.run(_with(database(), _fill, scale))
        click.echo(f"Comptes de démonstration : mot de passe {demo.DEMO_PASSWORD}")

    return fill


async def _fill(database: Database, scale: int) -> None:
    if await database.read(directory.is_anybody_known):
        raise click.ClickException("La base contient déjà des comptes : rien n'a été ajouté.")
    password_hash = await passwords.hash_password(demo.DEMO_PASSWORD)
    with click.progressbar(length=40 * scale, label="Patients") as bar:
        await database.write(
            demo.fill,
            password_hash=password_hash,
            scale=scale,
            progress=lambda done: bar.update(done - bar.pos),
        )


def _left_to_postgresql(database: Database, done: str, commands: list[str]) -> click.ClickException:
    """What is to be typed where the database is no file."""
    said = f"La base {database.path} est dans PostgreSQL, dont les outils {done} (docs/scaling.md) :"
    return click.ClickException("\n    ".join([said, *commands]))


def _backup(app: Quart) -> click.Command:
    @click.command("backup")
    @click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
    def backup(target: Path) -> None:
        """Copy the database to TARGET while it is in use; the copy is checked before it gets its name.

        Papers and pictures are copied beside it, each once. Both are sealed where FADJMA_BACKUP_KEY_FILE is set.
        """
        settings: Settings = app.extensions["settings"]
        database: Database = app.extensions["database"]
        if not database.is_file:
            typed = dumps.copying(database.address, settings.papers_folder, target)
            raise _left_to_postgresql(database, "la copient pendant que FADJMA tourne", typed)
        try:
            if database.path.exists():
                proving.seal_before_copy(settings, database)
            copies.copy_to(database.path, target, settings.backup_key, settings.papers_folder)
        except Unusable as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"Copie vérifiée : {target}")

    return backup


def _restore(app: Quart) -> click.Command:
    @click.command("restore")
    @click.argument("copy", type=click.Path(path_type=Path, dir_okay=False))
    @click.option("--replace-newer", is_flag=True, help="Also when the database has acts that the copy has not.")
    def restore(copy: Path, replace_newer: bool) -> None:
        """Put COPY in the place of the database, which is kept beside it. FADJMA must not be running.

        Papers and pictures that stand beside COPY come back to their place.
        """
        settings: Settings = app.extensions["settings"]
        database: Database = app.extensions["database"]
        papers = Contents(settings.papers_folder)
        if not database.is_file:
            typed = dumps.restoring(database.address, settings.papers_folder, copy)
            how = "mettent une copie à sa place, FADJMA arrêté ; celle d'avant reste sous le nom "
            raise _left_to_postgresql(database, how + dumps.before(database.address), typed)
        try:
            for key in {None, settings.backup_key}:
                Shelf(copy.parent, key).bring(papers)
            kept = restoring.restore(
                database.path, copy, settings.backup_key, database.clock(), replace_newer=replace_newer
            )
            lost = look_into(database.path, lambda tx: len(list(soundness.lost(tx, papers.is_sound))))
        except Unusable as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{database.path} vient de {copy}.")
        if kept:
            click.echo(f"La base d'avant est gardée : {kept}")
        if lost:
            click.echo(
                f"{lost} fichiers de documents manquent ou sont abîmés dans {papers.folder} : quart verify.", err=True
            )
        click.echo("Relancez FADJMA.")

    return restore


def _doctor(app: Quart) -> click.Command:
    @click.command("doctor")
    @click.option(
        "--url",
        callback=_address,
        help="Where people reach FADJMA, as https://fadjma.local: looks at TLS and the proxy too.",
    )
    def examine(url: str | None) -> None:
        """Look at what goes wrong in the field, and say what to do. Ends with 1 when something is wrong."""
        settings: Settings = app.extensions["settings"]
        database: Database = app.extensions["database"]
        ill = False
        for found in doctor.examine(doctor.Question(settings, database, database.clock(), url)):
            click.echo(f"{'✗' if found.advice else '✓'} {found.label} : {found.state}")
            if found.advice:
                ill = True
                click.echo(f"    {found.advice}")
        if ill:
            raise SystemExit(1)

    return examine


def _address(context: click.Context, option: click.Parameter, said: str | None) -> str | None:
    """As it was said. Raises BadParameter for a port that is no number, and a host that is none."""
    try:
        if said is not None and (not urlsplit(said).hostname or urlsplit(said).port == 0):
            raise ValueError
    except ValueError as error:
        raise click.BadParameter(f"« {said} » n'est pas une adresse comme https://fadjma.local.") from error
    return said


def _confirm_clock(database: Callable[[], Database]) -> click.Command:
    @click.command("confirm-clock")
    def confirm_clock() -> None:
        """Say that the clock is right, whatever is newer than it, and however far it has leapt."""
        asyncio.run(_with(database(), lambda opened: opened.write(clockwatch.confirm)))
        click.echo("C'est noté : l'avertissement disparaît dans la minute.")

    return confirm_clock


async def _with(database: Database, work: Any, *args: Any) -> None:
    of_something_else: OSError | None = None
    try:
        with database.usable():
            await database.open()
            try:
                await work(database, *args)
            except OSError as error:
                of_something_else = error
            finally:
                await database.close()
    except Unusable as error:
        raise click.ClickException(str(error)) from error
    if isinstance(of_something_else, BrokenPipeError):
        raise of_something_else  # whoever read what is said has gone, as `head` does: click ends without a word
    if of_something_else:
        raise click.ClickException(str(of_something_else)) from of_something_else
