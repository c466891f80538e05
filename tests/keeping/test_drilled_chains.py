"""What somebody does with a copy, and what the weekly drill says of its chains: to admins, and in `quart doctor`."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import steps
from cast import ADMIN
from click.testing import CliRunner
from store import Clock, Store

from fadjma import create_app, drilling, verifying
from fadjma.chain import keys, seals
from fadjma.config import Settings
from fadjma.events import inbox
from fadjma.keeping import runs
from fadjma.keeping.copies import Plan, kept
from fadjma.keeping.keeper import Keeper
from fadjma.keeping.runs import Run
from fadjma.keeping.sealed import seal, unseal
from fadjma.store import Database, Transaction, Unusable
from fadjma.store.owner import FileOwner
from fadjma.store.sqlite.backup import look_into
from fadjma.store.sqlite.connections import connect

WEEK = 8 * 24 * 60  # minutes, and a day
_AWA = "chain = 'awa' AND number > 1"


@pytest.fixture
def signer(path: Path) -> keys.Signer:
    return keys.make(path.with_suffix(".seal"))


@pytest.fixture
def keeper(database: Database, plan: Plan, store: Store, signer: keys.Signer) -> Keeper:
    """Awa's file grows between two copies, each with a seal."""

    async def sign() -> None:
        steps.write_record(store)
        await database.write(lambda tx: seals.make(tx, signer))

    def chains(copy: Path, kept: seals.Exported | None) -> list[str]:
        return look_into(copy, lambda tx: drilling.breaks(tx, kept))

    return Keeper(database, plan, FileOwner(plan.database), verifying.walk, sign, chains)


@pytest.fixture(autouse=True)
def granted(store: Store) -> None:
    steps.grant(store)


def _changed(copy: Path, plan: Plan, change: Callable[[Path], object]) -> None:
    """Somebody who has the copy, and its key if it is sealed, changes something in it."""
    if plan.key is None:
        change(copy)
        return
    opened, again = copy.with_name("opened"), copy.with_name("again")
    unseal(copy, opened, plan.key)
    change(opened)
    seal(opened, again, plan.key)
    again.replace(copy)
    opened.unlink()


def _tamper(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        connection = connect(path)
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in (*statements, *(sql for _, sql in triggers)):
            connection.execute(statement)
        connection.commit()
        connection.close()

    return change


async def _drilled_again(keeper: Keeper, clock: Clock, before: Callable[[], Any]) -> str:
    """A week later, `before` the drill; its failure. No copy is made then: the last one is tried."""
    clock.advance(minutes=WEEK)
    before()
    assert keeper.plan
    await keeper._drill(keeper.plan)
    assert keeper.standing.drill
    return keeper.standing.drill.failure


async def test_a_copy_whose_chains_hold_is_good(keeper: Keeper, plan: Plan, clock: Clock) -> None:
    await keeper.look()
    assert keeper.standing.drilled and not keeper.alarms()
    assert await _drilled_again(keeper, clock, lambda: None) == ""


async def test_a_line_that_was_changed_in_it_is_told_to_the_admins_on_their_page_and_by_the_doctor(
    keeper: Keeper, plan: Plan, clock: Clock, database: Database
) -> None:
    await keeper.look()
    harm = _tamper("UPDATE record_versions SET body = 'Autre chose' WHERE version = 1")
    failure = await _drilled_again(keeper, clock, lambda: _changed(kept(plan.folder)[-1], plan, harm))
    assert "a été restaurée à l'essai, et ne va pas" in failure and "sa somme n'est pas celle" in failure
    await database.write(runs.sound_alarms, plan)
    assert "drill_failed" in keeper.alarms()
    said = [item.message for item in await database.read(lambda tx: inbox.browse(tx, ADMIN).items)]
    assert "backup.drill_failed" in said


async def test_an_older_copy_in_its_place_is_found_however_sound_it_is(
    keeper: Keeper, plan: Plan, clock: Clock
) -> None:
    await keeper.look()
    clock.advance(hours=7)
    await keeper.look()
    older, newer = kept(plan.folder)
    failure = await _drilled_again(keeper, clock, lambda: shutil.copyfile(older, newer))
    assert "le sceau 2" in failure and "cette base est plus ancienne" in failure


async def test_a_tail_that_was_cut_is_found_with_and_without_its_seal(keeper: Keeper, plan: Plan, clock: Clock) -> None:
    await keeper.look()
    cut = (
        f"DELETE FROM chain_links WHERE {_AWA}",
        "UPDATE chain_heads SET number = 1, digest = (SELECT digest FROM chain_links WHERE chain = 'awa' "
        "AND number = 1) WHERE chain = 'awa'",
    )
    copy = kept(plan.folder)[-1]
    whole = copy.read_bytes()
    failure = await _drilled_again(keeper, clock, lambda: _changed(copy, plan, _tamper(*cut)))
    assert "le contient" in failure
    copy.write_bytes(whole)
    cut = (*cut, "DELETE FROM chain_seals")
    failure = await _drilled_again(keeper, clock, lambda: _changed(copy, plan, _tamper(*cut)))
    assert "cette base est plus ancienne" in failure or "sa fin a été coupée" in failure


async def test_what_is_not_known_of_a_copy_is_not_held_against_it(
    keeper: Keeper, plan: Plan, clock: Clock, database: Database
) -> None:
    """One that was brought from elsewhere, or of before a restore."""
    await keeper.look()
    await database.write(lambda tx: tx.execute("DELETE FROM backup_runs"))
    assert await _drilled_again(keeper, clock, lambda: None) == ""


@pytest.mark.long
def test_it_is_walked_in_a_process_of_its_own(path: Path, store: Store, signer: keys.Signer) -> None:
    steps.write_record(store)
    store.write(seals.make, signer)
    sealed = store.read(seals.export)
    assert drilling.wrong_with(path, sealed) == []
    steps.write_record(store)
    store.write(seals.make, signer)
    _tamper("UPDATE record_versions SET title = 'Autre chose' WHERE version = 1")(path)
    [line] = drilling.wrong_with(path, sealed)
    assert "sa somme n'est pas celle" in line and "Cissé" not in line
    none = path.with_name("none.db")
    none.write_bytes(b"no database")
    with pytest.raises(Unusable, match="n'a pas pu être vérifiée"):
        drilling.wrong_with(none, None)


def test_doctor_says_what_was_wrong(path: Path, store: Store, plan: Plan) -> None:
    def failed(tx: Transaction) -> None:
        runs.note(tx, "drill", Run(tx.now - 1, tx.now, "", 0, "chaîne du patient : le maillon 2 manque"), {})

    store.write(failed)
    settings = Settings(secret_key="k" * 40, database_url=f"sqlite:///{path}", backup_folder=plan.folder)
    app = create_app(settings)
    said = CliRunner().invoke(app.cli.commands["doctor"], []).output
    assert "restaurée à l'essai" in said and "le maillon 2 manque" in said
