"""What a correction has changed of a prescription, line by line: of a refused one, or in place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fadjma.i18n import translate
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries
from fadjma.prescriptions.prescription import Line, Prescription, reason_text
from fadjma.prescriptions.states import REFUSALS
from fadjma.records import differences
from fadjma.records.differences import Piece
from fadjma.refusals import NotFound
from fadjma.store import Transaction

_SAID = ("dosage", "quantity", "duration_days", "substitution_reason")  # of a line


@dataclass(frozen=True, slots=True)
class Change:
    """A medicine as it was prescribed, and as it is now; None: it was not, or is not any more."""

    before: Line | None
    after: Line | None

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "changed" if _said(self.before) != _said(self.after) else "same"

    def pieces(self, name: str) -> list[Piece]:
        """What has changed of its `name`, `dosage`, …, word by word; a medicine and a number as a whole."""
        before, after = (str(getattr(line, name) or "") if line else "" for line in (self.before, self.after))
        whole = name == "name" or (before.isdecimal() and after.isdecimal())
        if whole and before and after and before != after:
            return _apart([("del", before), ("ins", after)])
        return _apart(differences.between(before, after))

    def json(self) -> dict[str, Any]:
        before, after = (
            line and {"medicine_id": line.medicine_id, **_said(line)} for line in (self.before, self.after)
        )
        return {"kind": self.kind, "before": before, "after": after}


def _apart(pieces: list[Piece]) -> list[Piece]:
    """With an arrow between what goes and what comes in its place: 14 beside 3 is not 143."""
    found: list[Piece] = []
    for kind, text in pieces:
        if kind == "ins" and found and found[-1][0] == "del":
            found.append(("same", " → "))
        found.append((kind, text))
    return found


@dataclass(frozen=True, slots=True)
class Correction:
    """`reason`: why it was refused, the code alone for a pharmacy that has not seen the refused one."""

    refused_id: str | None  # None: not the reader's to open
    corrected_id: str
    reason: str
    changes: tuple[Change, ...]

    def reason_text(self, language: str) -> str:
        if self.reason in REFUSALS:
            return translate(language, REFUSALS[self.reason])
        return reason_text(self.reason, language)

    def json(self) -> dict[str, Any]:
        return {
            "refused_id": self.refused_id,
            "corrected_id": self.corrected_id,
            "reason": self.reason,
            "changes": [change.json() for change in self.changes],
        }


def correction(tx: Transaction, viewer: Viewer, found: Prescription) -> Correction | None:
    """What one that the viewer has before them corrects, or was corrected to; None where there is nothing to compare.

    Whoever reads the correction in full sees what it was: a pharmacy that takes it must know what another one refused.
    Whoever reads the refused one sees what became of it only if the correction is theirs to read, too.
    """
    if found.neutral or found.hidden:
        return None
    if found.replaces_id:
        old = _of_reader(tx, viewer, found.replaces_id)
        if old and old.hidden:
            return None
        reason = _refused_because(tx, found.replaces_id)
        return Correction(
            old.id if old else None,
            found.id,
            reason if old else reason.partition(":")[0],
            tuple(_compared(queries.lines(tx, found.replaces_id), found.lines)),
        )
    new = found.replaced_by and _of_reader(tx, viewer, found.replaced_by)
    if not new or new.neutral or new.hidden:
        return None
    changes = _compared(found.lines, queries.lines(tx, new.id))
    return Correction(found.id, new.id, _refused_because(tx, found.id), tuple(changes))


def in_place(found: Prescription) -> tuple[Change, ...]:
    """What its prescriber has replaced or ended of one that the viewer has before them in full, the first first."""
    lines = {line.id: line for line in found.lines}
    ended = sorted((line for line in found.lines if line.ended), key=lambda line: line.ended.at if line.ended else 0)
    return tuple(Change(line, lines.get(line.ended.replaced_by or "") if line.ended else None) for line in ended)


def _of_reader(tx: Transaction, viewer: Viewer, prescription_id: str) -> Prescription | None:
    try:
        return queries.prescription(tx, viewer, prescription_id)
    except NotFound:
        return None


def _refused_because(tx: Transaction, prescription_id: str) -> str:
    sql = (
        "SELECT reason FROM prescription_acts WHERE prescription_id = :id AND to_status = 'refused' "
        "ORDER BY at DESC, id DESC LIMIT 1"
    )
    return str(tx.value(sql, {"id": prescription_id}) or "")


def _compared(before: Sequence[Line], after: Sequence[Line]) -> Iterable[Change]:
    """In the order of what is prescribed now, then what is not any more.

    The same medicine is one line, else another form or strength of the same substance.
    """
    left, after = ([line for line in lines if not line.ended] for lines in (before, after))
    found: dict[str, Line] = {}
    for name in ("medicine_id", "dci"):
        for line in after:
            same = next((old for old in left if getattr(old, name) == getattr(line, name)), None)
            if same and line.id not in found:
                found[line.id] = same
                left.remove(same)
    yield from (Change(found.get(line.id), line) for line in after)
    yield from (Change(line, None) for line in left)


def _said(line: Line) -> dict[str, Any]:
    return {"name": line.name, **{name: getattr(line, name) for name in _SAID}}
