"""What came of each copy and each drill, and what an admin should hear of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from fadjma import events
from fadjma.events import Subject, security
from fadjma.i18n import N_, iso, translate
from fadjma.identity import directory
from fadjma.ids import new_id
from fadjma.keeping.copies import Plan
from fadjma.store import Row, Transaction, keep, kept

RunKind = Literal["copy", "drill"]
Alarm = Literal["copy_failed", "copy_late", "drill_failed", "drill_late"]

ALARMS: dict[Alarm, str] = {
    "copy_failed": N_("La dernière sauvegarde n'a pas pu être faite."),
    "copy_late": N_("La sauvegarde est en retard."),
    "drill_failed": N_("La dernière sauvegarde restaurée à l'essai n'allait pas."),
    "drill_late": N_("L'essai de restauration est en retard."),
}
_NOTICES: dict[Alarm, str] = {
    "copy_failed": "backup.copy_failed",
    "copy_late": "backup.copy_late",
    "drill_failed": "backup.drill_failed",
    "drill_late": "backup.drill_late",
}
_HOUR = 3_600_000
DRILL_EVERY = 7 * 24 * _HOUR
_DRILL_LATE = 8 * 24 * _HOUR
_COPY_AGAIN = _HOUR // 4  # after one that failed
_DRILL_AGAIN = 6 * _HOUR
_KEPT_FOR = 400 * 24 * _HOUR
_TOLD = "backup_alarms"  # kept: the alarms that the admins have been told of


@dataclass(frozen=True, slots=True)
class Run:
    """One copy or drill. Times in milliseconds UTC."""

    begun_at: int
    ended_at: int
    file: str
    size: int
    failure: str

    def json(self) -> dict[str, Any]:
        return {
            "at": iso(self.begun_at),
            "seconds": (self.ended_at - self.begun_at) / 1000,
            "file": self.file or None,
            "bytes": self.size or None,
            "failure": self.failure or None,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest of each kind: that was tried, and that succeeded."""

    copy: Run | None = None
    copied: Run | None = None
    drill: Run | None = None
    drilled: Run | None = None

    def alarms(self, plan: Plan, now: int) -> Iterator[Alarm]:
        """What is wrong now."""
        if self.copy and self.copy.failure:
            yield "copy_failed"
        if self.copied and now - self.copied.begun_at > plan.every * 3 // 2:
            yield "copy_late"
        if self.drill and self.drill.failure:
            yield "drill_failed"
        if self.drilled and now - self.drilled.begun_at > _DRILL_LATE:
            yield "drill_late"

    def copy_is_due(self, plan: Plan, now: int) -> bool:
        return _is_due(self.copied, self.copy, plan.every, min(_COPY_AGAIN, plan.every), now)

    def drill_is_due(self, now: int) -> bool:
        return bool(self.copied) and _is_due(self.drilled, self.drill, DRILL_EVERY, _DRILL_AGAIN, now)

    def json(self, plan: Plan | None, alarms: Iterable[Alarm], language: str) -> dict[str, Any]:
        """As other programs read it (docs/http.md)."""
        return {
            "scheduled": plan is not None,
            "every_hours": plan.every / _HOUR if plan else None,
            "kept": plan.keep if plan else None,
            "sealed": plan.key is not None if plan else None,
            "copy": self.copy.json() if self.copy else None,
            "last_good_copy": self.copied.json() if self.copied else None,
            "drill": self.drill.json() if self.drill else None,
            "last_good_drill": self.drilled.json() if self.drilled else None,
            "alarms": [{"code": alarm, "label": translate(language, ALARMS[alarm])} for alarm in alarms],
        }


def _is_due(good: Run | None, tried: Run | None, every: int, again: int, now: int) -> bool:
    """A clock that was put back makes it due, rather than never."""
    if tried and tried.failure and 0 <= now - tried.begun_at < again:
        return False
    return good is None or not 0 <= now - good.begun_at < every


def standing(tx: Transaction) -> Standing:
    return Standing(
        copy=_newest(tx, "copy", ""),
        copied=_newest(tx, "copy", "AND failure = ''"),
        drill=_newest(tx, "drill", ""),
        drilled=_newest(tx, "drill", "AND failure = ''"),
    )


def _newest(tx: Transaction, kind: RunKind, which: str) -> Run | None:
    row = tx.first(
        "SELECT begun_at, ended_at, file, size, failure FROM backup_runs "
        f"WHERE kind = :kind {which} ORDER BY begun_at DESC, id DESC LIMIT 1",
        {"kind": kind},
    )
    return Run(**row.as_dict()) if row else None


def counted(tx: Transaction) -> dict[str, dict[str, int]]:
    """The rows of each copy by table, by its name."""
    rows: list[Row] = tx.all("SELECT file, counted FROM backup_runs WHERE kind = 'copy' AND failure = ''")
    return {row["file"]: json.loads(row["counted"]) for row in rows}


def note(tx: Transaction, kind: RunKind, run: Run, rows: dict[str, int]) -> None:
    """Write down what came of one. What a clock that ran ahead has written goes: it would stay the newest for ever."""
    tx.execute(
        "DELETE FROM backup_runs WHERE begun_at < :since OR begun_at > :now",
        {"since": tx.now - _KEPT_FOR, "now": tx.now},
    )
    tx.execute(
        "INSERT INTO backup_runs (id, kind, begun_at, ended_at, file, size, counted, failure) "
        "VALUES (:id, :kind, :begun, :ended, :file, :size, :counted, :failure)",
        {
            "id": new_id(),
            "kind": kind,
            "begun": run.begun_at,
            "ended": run.ended_at,
            "file": run.file,
            "size": run.size,
            "counted": json.dumps(rows),
            "failure": run.failure,
        },
    )
    if kind == "copy" and not run.failure:
        security.note(tx, "backup", detail=run.file)


def sound_alarms(tx: Transaction, plan: Plan) -> None:
    """Tell the admins of every alarm that was not there when they were told last; while there are none, it waits."""
    told = (kept(tx, _TOLD) or "").split()
    admins = directory.people(tx, "admin")
    alarms = [alarm for alarm in standing(tx).alarms(plan, tx.now) if alarm in told or admins]
    for alarm in alarms:
        if alarm not in told:
            events.notify(tx, admins, "notification", _NOTICES[alarm], Subject("backup", alarm))
    if alarms != told:
        keep(tx, _TOLD, " ".join(alarms))
