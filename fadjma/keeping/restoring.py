"""`quart restore`, and the drill that does the same aside."""

from collections.abc import Callable, Mapping
from pathlib import Path
from shlex import quote

from fadjma import events
from fadjma.events import inbox
from fadjma.i18n import iso
from fadjma.keeping.copies import Plan, bring, by_age, drilled
from fadjma.store import Transaction, Unusable, soundness
from fadjma.store.owner import alone
from fadjma.store.sqlite.backup import change, count_rows, look_into, put_in_place, remove
from fadjma.store.sqlite.migrating import migrate

_NAMED_AT_MOST = 3  # of what is wrong with a file


def restore(database: Path, source: Path, key: str | None, now: int, *, replace_newer: bool) -> Path | None:
    """Put a copy in the place of the database, brought to this version, as another history.

    Returns where the database is kept that was there. Raises Unusable; then it is as it was.
    """
    try:
        with alone(database):
            return _restore(database, source, key, now, replace_newer=replace_newer)
    except OSError as error:
        raise Unusable(f"La base {database} ne se laisse pas remplacer : {error}.") from error


def _restore(database: Path, source: Path, key: str | None, now: int, *, replace_newer: bool) -> Path | None:
    copy = database.with_name(database.name + ".restoring")
    aside = database.with_name(f"{database.name}-replaced-{iso(now).replace(':', '')[:17]}Z")
    bring(source, copy, key)
    try:
        _refuse_damaged(copy, source)
        if not replace_newer:
            _refuse_newer(database, look_into(copy, events.newest), source)
        migrate(copy, now, keep=False)
        change(copy, inbox.begin_another_history, now)
        return aside if put_in_place(database, copy, aside) else None
    finally:
        remove(copy)


def _refuse_damaged(copy: Path, source: Path) -> None:
    try:
        damage = look_into(copy, lambda tx: list(soundness.damaged(tx)))
    except Unusable as error:
        raise Unusable(str(error).replace(str(copy), str(source))) from error
    if damage:
        raise Unusable(f"{source} est abîmé ({' ; '.join(damage[:_NAMED_AT_MOST])}).")


def _refuse_newer(database: Path, copied: int, source: Path) -> None:
    if not database.exists():
        return
    wanted = f"Si c'est voulu : .venv/bin/quart restore --replace-newer {quote(str(source))} (elle sera gardée à côté)."
    try:
        newest = look_into(database, events.newest)
    except Unusable as error:
        raise Unusable(f"{error} Ce qu'elle a de plus que la copie n'est pas connu. {wanted}") from error
    if newest > copied:
        last = f"du {iso(copied)}" if copied else "aucun"
        raise Unusable(
            f"La base {database} est plus récente : son dernier acte est du {iso(newest)}, celui de la copie {last}. "
            f"Ce qui est venu entre les deux serait perdu. {wanted}"
        )


def drill(
    plan: Plan,
    counted: Mapping[str, Mapping[str, int]],
    now: int,
    walk: Callable[[Transaction], list[str]],
    chains: Callable[[Path, int], list[str]] = lambda aside, sealed: [],
) -> str:
    """Restore the copy that was made last aside and try it; returns its name.

    `counted`: the rows of each copy by table, by its name, where that is known. `walk` says what is wrong with what is
    in it, `chains` with its chains, of which it must hold so many seals. Raises Unusable with what is wrong.
    """
    copies = by_age(plan.folder, now) if plan.folder.is_dir() else []
    if not copies:
        raise Unusable(f"Il n'y a aucune copie dans {plan.folder}.")
    newest = copies[-1]
    rows_of = counted.get(newest.name, {})
    aside = drilled(plan)
    bring(newest, aside, plan.key)
    try:
        found = look_into(aside, count_rows)
        wrong = [
            f"{table} : {found.get(table, 0)} lignes au lieu de {rows}"
            for table, rows in rows_of.items()
            if found.get(table, 0) != rows
        ]
        migrate(aside, now, keep=False)
        wrong += look_into(aside, walk)
        wrong += chains(aside, rows_of.get("chain_seals", 0))
    finally:
        remove(aside)
    if wrong:
        raise Unusable(f"{newest} a été restaurée à l'essai, et ne va pas : {' ; '.join(wrong)}.")
    return newest.name
