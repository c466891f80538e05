"""Keeping the list of medicines: added, changed, retired, taken from a file, signed by a pharmacist."""

from collections.abc import Iterable
from dataclasses import dataclass

from fadjma import events, imports
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.imports import Counts
from fadjma.inventory import formulary
from fadjma.inventory.formulary import OPTIONAL, Columns, Entry, Facts
from fadjma.refusals import Conflict, Invalid
from fadjma.store import Row, Transaction, Violation

_ADD = (
    "INSERT INTO medicines "
    "(id, dci, form, strength, unit, atc, brands, schedule, name_key, search_key, brands_key, source) VALUES "
    "(:id, :dci, :form, :strength, :unit, :atc, :brands, :schedule, :name_key, :search_key, :brands_key, :source)"
)
_CHANGE = (
    "UPDATE medicines SET dci = :dci, form = :form, strength = :strength, unit = :unit, atc = :atc, brands = :brands, "
    "schedule = :schedule, name_key = :name_key, search_key = :search_key, brands_key = :brands_key, "
    "version = version + 1 WHERE id = :id AND version = :version"
)
_UNSAID = {"atc": "", "brands": "", "brands_key": "", "schedule": "none"}  # of a medicine that is new
_CHANGEABLE = ("atc", "brands", "schedule")  # by a file, of a medicine that is in the list
OTHER_UNIT = N_("Ce médicament est déjà dans la liste, compté dans une autre unité.")


def add(tx: Transaction, viewer: Viewer, facts: Facts) -> str:
    """A medicine more; returns its id. Raises Invalid when it is in the list already, also as a retired one."""
    viewer.require("admin")
    columns = facts.columns()
    _refuse_same(tx, columns, None)
    medicine_id = new_id()
    tx.send(_ADD, {**columns, "id": medicine_id, "source": ""})
    _record(tx, viewer, "medicine.added", medicine_id)
    return medicine_id


def change(tx: Transaction, viewer: Viewer, medicine_id: str, facts: Facts, *, version: int) -> str:
    """Say something else of a medicine. Raises Conflict when somebody has since `version`.

    What was prescribed or received keeps its name and unit (a trigger of the table): old prescriptions show it.
    """
    viewer.require("admin")
    before = formulary.entry(tx, viewer, medicine_id)
    columns = facts.columns()
    _refuse_same(tx, columns, medicine_id)
    try:
        changed = tx.execute(_CHANGE, {**columns, "id": medicine_id, "version": version})
    except Violation as error:
        if error.constraint != "medicines_in_use_keep_their_name":
            raise
        message = N_(
            "Déjà prescrit ou reçu : le nom, la forme, le dosage et l'unité restent. Retirez-le, ajoutez l'autre."
        )
        raise Invalid({"dci": message}) from error
    if not changed:
        raise _stale(before)
    _record(tx, viewer, "medicine.changed", medicine_id)
    return medicine_id


def retire(tx: Transaction, viewer: Viewer, medicine_id: str) -> str:
    """From now on it is not prescribed or received any more; what was goes on showing it."""
    return _set_retired(tx, viewer, medicine_id, "medicine.retired", retired=True)


def bring_back(tx: Transaction, viewer: Viewer, medicine_id: str) -> str:
    """A retired medicine is prescribed and received again."""
    return _set_retired(tx, viewer, medicine_id, "medicine.brought_back", retired=False)


def _set_retired(tx: Transaction, viewer: Viewer, medicine_id: str, action: str, *, retired: bool) -> str:
    viewer.require("admin")
    before = formulary.entry(tx, viewer, medicine_id)
    changed = tx.execute(
        "UPDATE medicines SET retired_at = :at, version = version + 1 "
        "WHERE id = :id AND CASE WHEN retired_at IS NULL THEN 1 ELSE 0 END = :retire",
        {"at": tx.now if retired else None, "id": medicine_id, "retire": retired},
    )
    if not changed:
        raise Conflict(N_("Ce médicament a déjà été traité."), current=before.status)
    _record(tx, viewer, action, medicine_id)
    return medicine_id


def sign(tx: Transaction, viewer: Viewer) -> str:
    """A pharmacist has read over what came with the program; returns their id."""
    viewer.require("pharmacist")
    signed = tx.execute(
        "UPDATE medicines SET reviewed_at = :now, reviewed_by = :by WHERE source <> '' AND reviewed_at IS NULL",
        {"now": tx.now, "by": viewer.id},
    )
    if signed:
        subject = Subject("medicine_import", "starter")
        events.record(tx, "medicines.signed", subject, actor_id=viewer.id, medicines=signed)
    return viewer.id


# --- from a file --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """What the lines of a file do to the list: which are new, and which say something else of one that is in it."""

    added: list[Columns]
    changed: list[tuple[str, Columns]]  # with the id of the one that is in it
    unchanged: int

    def counts(self) -> Counts:
        return Counts(len(self.added), len(self.changed), self.unchanged)


def check(tx: Transaction, viewer: Viewer, lines: dict[int, Columns]) -> str:
    """Keep a file that was read, by the numbers of its lines, and say what it would do; returns the import's id.

    Raises Invalid, with the line, where it cannot be taken beside what the list says.
    """
    viewer.require("admin")
    return imports.keep(tx, viewer, "medicine", lines, _effect(formulary.everything(tx), lines).counts())


def confirm(tx: Transaction, viewer: Viewer, import_id: str) -> str:
    """Take a file that was read: all of it, as the list is now. Raises Conflict when it was taken already."""
    viewer.require("admin")
    lines = {int(number): columns for number, columns in imports.lines(tx, "medicine", import_id).items()}
    effect = _effect(formulary.everything(tx), lines)
    _take(tx, effect, source="")
    imports.taken(tx, import_id, effect.counts())
    subject = Subject("medicine_import", import_id)
    admins = Notice(directory.people(tx, "admin"), "notification", None)
    events.record(tx, "medicines.imported", subject, actor_id=viewer.id, notices=[admins], added=len(effect.added))
    return import_id


def begin(tx: Transaction, lines: Iterable[Columns], *, source: str) -> int:
    """Put these into a list that is empty, from the command line; returns how many. Of one that is not, none are."""
    if tx.value("SELECT 1 FROM medicines LIMIT 1"):
        return 0
    added = [{**_UNSAID, **columns} for columns in lines]
    _take(tx, Effect(added, [], 0), source=source)
    events.record(tx, "medicines.imported", Subject("medicine_import", "starter"), actor_id=None, added=len(added))
    return len(added)


def _effect(known: dict[str, Row], lines: dict[int, Columns]) -> Effect:
    added: list[Columns] = []
    changed: list[tuple[str, Columns]] = []
    errors = {}
    for number, columns in lines.items():
        before = known.get(columns["name_key"])
        if before is None:
            added.append({**_UNSAID, **columns})
        elif columns["unit"] != before["unit"]:
            errors[f"lines-{number}-unit"] = OTHER_UNIT
        elif before["retired_at"] or any(columns.get(name, before[name]) != before[name] for name in _CHANGEABLE):
            changed.append((before["id"], {**{name: before[name] for name in OPTIONAL}, **columns}))
    if errors:
        raise Invalid(errors)
    return Effect(added, changed, len(lines) - len(added) - len(changed))


def _take(tx: Transaction, effect: Effect, *, source: str) -> None:
    tx.execute_many(_ADD, ({**columns, "id": new_id(), "source": source} for columns in effect.added))
    tx.execute_many(
        "UPDATE medicines SET atc = :atc, brands = :brands, schedule = :schedule, brands_key = :brands_key, "
        "retired_at = NULL, version = version + 1 WHERE id = :id",
        ({**columns, "id": medicine_id} for medicine_id, columns in effect.changed),
    )


def _refuse_same(tx: Transaction, columns: Columns, own_id: str | None) -> None:
    same = formulary.same_as(tx, columns)
    if same and same != own_id:
        raise Invalid({"dci": N_("Ce médicament est déjà dans la liste, sous cette forme et à ce dosage.")})


def _stale(before: Entry) -> Conflict:
    message = N_("Ce médicament a été modifié entre-temps : comparez avec ce qui est enregistré maintenant.")
    return Conflict(message, current=f"version {before.version}")


def _record(tx: Transaction, viewer: Viewer, action: str, medicine_id: str) -> None:
    """The other admins' open pages follow."""
    admins = Notice(directory.people(tx, "admin"), "notification", None)
    events.record(tx, action, Subject("medicine", medicine_id), actor_id=viewer.id, notices=[admins])
