"""When copies and drills are made, and who hears of one that is late or fails."""

import errno
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cast import ADMIN, AWA
from store import Clock

from fadjma import events, verifying
from fadjma.events import Subject, inbox
from fadjma.keeping import copies, restoring
from fadjma.keeping.copies import Plan, kept
from fadjma.keeping.keeper import Keeper
from fadjma.keeping.runs import standing
from fadjma.store import Database, Transaction
from fadjma.store.owner import FileOwner


@pytest.fixture
def plan(path: Path, tmp_path: Path) -> Plan:
    """Schedules are the same for sealed copies."""
    (tmp_path / "copies").mkdir()
    return Plan(path, tmp_path / "copies", every=6 * 3_600_000, keep=3, key=None)


@pytest.fixture
def keeper(database: Database, plan: Plan) -> Keeper:
    return Keeper(database, plan, FileOwner(plan.database), verifying.walk)


def _told(tx: Transaction, person: Any) -> list[str | None]:
    return [item.message for item in inbox.browse(tx, person).items if (item.message or "").startswith("backup.")]


async def test_the_first_look_makes_a_copy_and_tries_it(keeper: Keeper, plan: Plan, database: Database) -> None:
    await keeper.look()
    [file] = kept(plan.folder)
    copied, drilled = keeper.standing.copied, keeper.standing.drilled
    assert copied and drilled and (copied.file, drilled.file) == (file.name, file.name)
    assert copied.size == file.stat().st_size
    assert not keeper.alarms()
    noted = await database.read(lambda tx: tx.all("SELECT detail FROM security_events WHERE kind = 'backup'"))
    assert [row["detail"] for row in noted] == [file.name]


async def test_the_next_one_is_made_when_it_is_due(keeper: Keeper, plan: Plan, clock: Clock) -> None:
    await keeper.look()
    clock.advance(hours=5, minutes=59)
    await keeper.look()
    assert len(kept(plan.folder)) == 1
    clock.advance(minutes=1)
    await keeper.look()
    assert len(kept(plan.folder)) == 2


async def test_a_drill_is_made_every_week(keeper: Keeper, plan: Plan, clock: Clock, database: Database) -> None:
    drills = "SELECT count(*) FROM backup_runs WHERE kind = 'drill'"
    for days, expected in ((0, 1), (6, 1), (1, 2)):
        clock.advance(days=days)
        await keeper.look()
        assert await database.read(lambda tx: tx.value(drills)) == expected


async def test_a_clock_that_was_put_back_does_not_stop_the_copies(keeper: Keeper, plan: Plan, clock: Clock) -> None:
    await keeper.look()
    clock.advance(days=-400)
    await keeper.look()
    assert len(kept(plan.folder)) == 2


async def test_after_a_clock_that_ran_ahead_there_is_one_copy_and_one_drill_and_then_it_goes_on(
    keeper: Keeper, plan: Plan, clock: Clock, database: Database
) -> None:
    clock.advance(days=300)
    await keeper.look()
    clock.advance(days=-300)
    for _ in range(3):
        await keeper.look()
        clock.advance(minutes=1)
    ahead, right = sorted(file.name for file in kept(plan.folder))[::-1]
    runs = await database.read(lambda tx: tx.all("SELECT kind, file FROM backup_runs ORDER BY kind"))
    assert [tuple(row) for row in runs] == [("copy", right), ("drill", right)], "the one that was made last is tried"
    for _ in range(plan.keep):
        clock.advance(hours=6)
        await keeper.look()
    left = [file.name for file in kept(plan.folder)]
    assert len(left) == plan.keep and ahead not in left, "it is the oldest"


async def test_one_that_fails_is_told_once_and_tried_again(
    keeper: Keeper, plan: Plan, clock: Clock, database: Database
) -> None:
    plan.folder.rmdir()
    for _ in range(3):
        await keeper.look()
        clock.advance(minutes=4)
    tried = "SELECT count(*) FROM backup_runs"
    assert await database.read(lambda tx: tx.value(tried)) == 1, "it is not tried every minute"
    clock.advance(minutes=15)
    await keeper.look()
    assert await database.read(lambda tx: tx.value(tried)) == 2
    assert await database.read(_told, ADMIN) == ["backup.copy_failed"]
    told = "SELECT count(*) FROM notifications WHERE message = 'backup.copy_failed'"
    assert await database.read(lambda tx: tx.value(told)) == 1, "once, and nobody but the admin"
    plan.folder.mkdir()
    clock.advance(minutes=15)
    await keeper.look()
    assert not keeper.alarms() and kept(plan.folder)


async def test_a_folder_of_the_network_that_went_stale_is_noted_and_told(
    keeper: Keeper, plan: Plan, clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*_: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    await keeper.look()
    clock.advance(days=8, minutes=1)
    with monkeypatch.context() as patched:
        patched.setattr(copies, "make", stale)
        patched.setattr(restoring, "drill", stale)
        await keeper.look()
    assert keeper.standing.copy and keeper.standing.drill
    assert "Stale" in keeper.standing.copy.failure and "Stale" in keeper.standing.drill.failure
    assert set(await database.read(_told, ADMIN)) >= {"backup.copy_failed", "backup.drill_failed"}


async def test_what_nobody_foresaw_does_not_silence_what_is_late(
    keeper: Keeper, plan: Plan, clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keeper.look()
    clock.advance(hours=10)
    monkeypatch.setattr(copies, "make", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        await keeper.look()
    assert await database.read(_told, ADMIN) == ["backup.copy_late"]


async def test_before_there_is_an_admin_nobody_was_told(keeper: Keeper, plan: Plan, database: Database) -> None:
    plan.folder.rmdir()
    await database.write(lambda tx: tx.execute("UPDATE users SET status = 'deactivated' WHERE role = 'admin'"))
    await keeper.look()
    await database.write(lambda tx: tx.execute("UPDATE users SET status = 'active' WHERE role = 'admin'"))
    await keeper.look()
    assert await database.read(_told, ADMIN) == ["backup.copy_failed"]


async def test_one_that_is_late_is_told(keeper: Keeper, plan: Plan, clock: Clock, database: Database) -> None:
    await keeper.look()
    kept(plan.folder)[0].rename(plan.folder.parent / "taken-away.db")
    plan.folder.rmdir()
    clock.advance(hours=9, minutes=1)
    await keeper.look()
    assert await database.read(_told, ADMIN) == ["backup.copy_late", "backup.copy_failed"]
    clock.advance(days=8)
    await keeper.look()
    assert await database.read(_told, ADMIN) == [
        *("backup.drill_late", "backup.drill_failed"),
        *("backup.copy_late", "backup.copy_failed"),
    ]


async def test_a_drill_that_fails_is_told(keeper: Keeper, plan: Plan, clock: Clock, database: Database) -> None:
    for _ in range(3):
        await database.write(events.notify, [AWA.id], "notification", None, Subject("inbox", AWA.id))
    await database.write(lambda tx: tx.execute("DELETE FROM notifications WHERE user_id = 'awa' AND seq = 2"))
    await keeper.look()
    assert keeper.standing.drill and "sans trou : non (awa)" in keeper.standing.drill.failure
    assert await database.read(_told, ADMIN) == ["backup.drill_failed"]
    clock.advance(hours=6)
    await keeper.look()
    assert await database.read(_told, ADMIN) == ["backup.drill_failed"]


async def test_of_two_processes_one_makes_the_copies(keeper: Keeper, plan: Plan, database: Database) -> None:
    other = FileOwner(plan.database)
    other.take()
    await keeper.look()
    assert not kept(plan.folder)
    other.give_up()
    await keeper.look()
    assert kept(plan.folder)


async def test_without_a_folder_nothing_is_made(database: Database, plan: Plan) -> None:
    keeper = Keeper(database, None, FileOwner(plan.database), verifying.walk)
    await keeper.look()
    assert await database.read(standing) == keeper.standing
    assert keeper.standing.json(None, keeper.alarms(), "fr")["scheduled"] is False


async def test_a_copy_does_not_hold_up_who_writes(keeper: Keeper, plan: Plan, database: Database) -> None:
    """What is written while a copy is made is in the database, and either in the copy or not: never half."""

    def write(tx: Transaction) -> None:
        for key in ("one", "two"):
            tx.execute("INSERT INTO settings (key, value) VALUES (:key, '1')", {"key": key})

    looking = keeper.look()
    await database.write(write)
    await looking
    with closing(sqlite3.connect(kept(plan.folder)[0])) as copy:
        assert copy.execute("SELECT count(*) FROM settings WHERE key IN ('one', 'two')").fetchone()[0] in (0, 2)


async def test_what_programs_read_of_it(keeper: Keeper, plan: Plan, clock: Clock) -> None:
    await keeper.look()
    told = json.loads(json.dumps(keeper.standing.json(plan, keeper.alarms(), "fr")))
    assert (told["scheduled"], told["every_hours"], told["kept"], told["sealed"]) == (True, 6, 3, False)
    assert told["copy"]["file"] == told["last_good_drill"]["file"] and told["alarms"] == []
    clock.advance(hours=10)
    told = keeper.standing.json(plan, keeper.alarms(), "fr")
    assert told["alarms"] == [{"code": "copy_late", "label": "La sauvegarde est en retard."}]
