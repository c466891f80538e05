"""The folder of copies: one more is made, the oldest go."""

import contextlib
import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fadjma.config import Settings
from fadjma.events import inbox
from fadjma.keeping.sealed import is_sealed, seal, unseal
from fadjma.keeping.shelf import Shelf
from fadjma.store import Transaction, Unusable
from fadjma.store.contents import Contents
from fadjma.store.sqlite.backup import backup, change, check_is_ours, copy_file, count_rows, give_name, remove

log = logging.getLogger("fadjma.keeping")
_HOUR = 3_600_000
_SEALED = ".sealed"
_NAME = re.compile(r"fadjma-\d{8}T\d{6}Z\.db(\.sealed)?")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be copied where and how often."""

    database: Path
    folder: Path
    every: int  # milliseconds
    keep: int  # how many copies
    key: str | None  # with which they are sealed
    papers: Path | None = None  # the folder of papers and pictures, which are copied too


def planned(settings: Settings, database: Path) -> Plan | None:
    """What the settings say; of the demo nobody needs a copy."""
    if settings.backup_folder is None or settings.demo:
        return None
    return Plan(
        database,
        settings.backup_folder,
        settings.backup_every * _HOUR,
        settings.backup_keep,
        settings.backup_key,
        settings.papers_folder,
    )


@dataclass(frozen=True, slots=True)
class Copy:
    """One that was made."""

    file: Path
    size: int
    counted: dict[str, int] = field(default_factory=dict)  # rows by table


def kept(folder: Path) -> list[Path]:
    """The copies in a folder, by their names. Raises OSError."""
    return sorted(file for file in folder.iterdir() if _NAME.fullmatch(file.name))


def by_age(folder: Path, now: int) -> list[Path]:
    """The copies in a folder, the oldest first. Raises OSError.

    Those with a name of the future were made before a clock that ran ahead was put right.
    """
    last = _stem(now)
    return sorted(kept(folder), key=lambda file: (file.name[: len(last)] <= last, file.name))


def _stem(now: int) -> str:
    return f"fadjma-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%dT%H%M%SZ}"


def make(plan: Plan, now: int) -> Copy:
    """One copy more, and the oldest ones removed. Raises Unusable; then nothing has changed in the folder."""
    try:
        if not plan.folder.is_dir():  # not made: it may be on a disk that is not there
            raise Unusable(
                f"Le dossier des sauvegardes {plan.folder} n'existe pas : faites-le, ou branchez son disque."
            )
        _tidy(plan)
        made = _make(plan, _stem(now) + ".db")
    except OSError as error:
        raise Unusable(f"Pas de copie dans {plan.folder} : {error.strerror or error}.") from error
    _remove_oldest(plan, made, now)
    return made


def _tidy(plan: Plan) -> None:
    """Remove what a copy or a drill left that was broken off."""
    for file in plan.database.parent.glob(_open_copy(plan.database, "fadjma-*").name):
        file.unlink()
    remove(drilled(plan))
    for file in plan.folder.glob("fadjma-*.partial*"):
        file.unlink()


def _remove_oldest(plan: Plan, made: Copy, now: int) -> None:
    """What cannot be removed stays until the next copy: the new one is good all the same."""
    with _at_worst_it_stays():
        for old in [file for file in by_age(plan.folder, now) if file != made.file][: -(plan.keep - 1) or None]:
            with _at_worst_it_stays():
                old.unlink()


@contextlib.contextmanager
def _at_worst_it_stays() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.warning("an old backup stays: %s", error)


def drilled(plan: Plan) -> Path:
    """Where a copy is brought to be tried."""
    return plan.database.with_name(plan.database.name + ".drill")


def is_sound(plan: Plan, name: str) -> bool:
    """Whether a paper stands beside the copies, and holds what it held."""
    return Shelf(plan.folder, plan.key).is_sound(name, plan.database.with_name(plan.database.name + ".drill-paper"))


def _open_copy(database: Path, target: str) -> Path:
    """Where a copy is made that is to be sealed: it leaves the machine only then."""
    return database.with_name(f"{database.name}.copying-{target}")


def _make(plan: Plan, name: str) -> Copy:
    target = plan.folder / (name if plan.key is None else name + _SEALED)
    counted = copy_to(plan.database, target, plan.key, plan.papers)
    return Copy(target, target.stat().st_size, counted)


def copy_to(database: Path, target: Path, key: str | None, papers: Path | None = None) -> dict[str, int]:
    """Copy the database while it is in use, sealed where there is a key; returns its rows by table. Raises Unusable.

    Papers are copied beside it before, while nothing has a name yet, and again: those that came meanwhile.
    """
    shelf = Shelf(target.parent, key)
    if papers and not target.exists():
        shelf.add(Contents(papers))
    counted = _copy_database(database, target, key)
    if papers:
        shelf.add(Contents(papers))
    return counted


def _copy_database(database: Path, target: Path, key: str | None) -> dict[str, int]:
    counted: dict[str, int] = {}

    def change(tx: Transaction) -> None:
        inbox.begin_another_history(tx)
        counted.update(count_rows(tx))

    if key is None:
        backup(database, target, change)
        return counted
    if target.exists():
        raise Unusable(f"{target} existe déjà : rien n'a été écrasé.")
    open_copy, unfinished = _open_copy(database, target.name), target.with_name(target.name + ".partial")
    try:
        backup(database, open_copy, change, replacing=True)
        seal(open_copy, unfinished, key)
        give_name(unfinished, target)
    except OSError as error:
        raise Unusable(f"Pas de copie dans {target} : {error.strerror or error}.") from error
    finally:
        remove(open_copy)
        unfinished.unlink(missing_ok=True)
    return counted


def bring(source: Path, aside: Path, key: str | None) -> None:
    """Bring what a copy holds to `aside`, if it is one of ours. Raises Unusable.

    Whether each of its pages is good takes long to read, and is the caller's to ask, once.
    """
    remove(aside)
    try:
        beside = source.with_name(source.name + "-wal")
        logged = beside.stat().st_size if beside.exists() else 0
        size, free = source.stat().st_size + logged, shutil.disk_usage(aside.parent).free
        if size > free:
            raise Unusable(f"Pas de place à côté de la base pour {source} : il faut {size} octets, il en reste {free}.")
        if not is_sealed(source):
            _bring_open(source, beside if logged else None, aside)
        elif key is None:
            raise Unusable(f"{source} est chiffré : donnez le fichier de sa clé par FADJMA_BACKUP_KEY_FILE.")
        else:
            unseal(source, aside, key)
        check_is_ours(aside)
    except OSError as error:
        remove(aside)
        raise Unusable(f"{source} ne se laisse pas lire à côté de la base : {error.strerror or error}.") from error
    except Unusable as error:
        remove(aside)
        raise Unusable(str(error).replace(str(aside), str(source))) from error


def _bring_open(source: Path, beside: Path | None, aside: Path) -> None:
    """`beside`: what was not folded in when the machine stopped that the file is of. Raises OSError, Unusable."""
    if source.name.endswith(_SEALED):
        raise Unusable(
            f"{source} porte le nom d'une copie chiffrée et n'est pas chiffré : il est abîmé, ou quelqu'un l'a "
            f"remplacé. Si vous savez d'où il vient, donnez-lui un nom sans {_SEALED}."
        )
    copy_file(source, aside)
    if beside:
        copy_file(beside, aside.with_name(aside.name + "-wal"))
        change(aside, lambda tx: None, 0)  # whoever opens it last folds it in
