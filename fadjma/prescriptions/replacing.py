"""What a pharmacy cannot supply, its prescriber replaces in place, ends or waits for; the other lines go on."""

from collections.abc import Sequence
from dataclasses import replace

from fadjma.i18n import N_, translate
from fadjma.identity.people import Viewer
from fadjma.inventory import actions as inventory
from fadjma.inventory import put_aside
from fadjma.inventory import queries as medicines
from fadjma.prescriptions import actions, checking, queries, shortages, states, transitions
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.prescription import Line, Standing
from fadjma.refusals import Conflict, Invalid, NotNow
from fadjma.safety import answers
from fadjma.safety.answers import Override
from fadjma.store import Transaction

_NOT_LACKING = N_("Choisissez un médicament que la pharmacie ne peut pas fournir.")
_REPLACED = N_("Ce médicament est déjà remplacé par %(medicine)s. Rien n'a été modifié.")
_ENDED = N_("Ce médicament est déjà arrêté. Rien n'a été modifié.")
_GIVEN = N_("Ce médicament vient d'être remis en entier : il n'y a plus rien à remplacer.")
_CHANGED = N_(
    "Cette ordonnance a changé entre-temps : elle est « %(state)s », et %(owed)d de ce médicament restent dus. "
    "Rien n'a été modifié."
)
_NOTHING_LEFT = N_("C'est tout ce qui reste dû sur cette ordonnance : annulez-la.")


def replace_line(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    line_id: str,
    line: NewLine,
    version: int | None = None,
    confirmed: bool = False,
    overrides: Sequence[Override] = (),
) -> str:
    """Its prescriber, to whom the file is open, prescribes another medicine in the place of one that could not be
    supplied, once every alert is answered; returns the prescription's id.

    What was handed over of the old one stays; what was put aside is free again. `version`: of the prescription as it
    was read, if it was. Raises Alerted, Invalid; Conflict where it, or the line, is not as it was.
    """
    found, old = _lacking(tx, viewer, prescription_id, states.REPLACE_LINE, line_id, version)
    actions.require_prescriber(tx, viewer, found.patient_id)
    spelled, doubts = actions.check(tx, [line], None)
    [new_line] = spelled
    asked = checking.of_replacement(tx, found.id, found.patient_id, old.id, new_line.medicine_id, new_line.dosage)
    answered = answers.require(
        viewer.language,
        [*asked.alerts, *checking.of_posology(spelled, doubts)],
        overrides,
        confirmed=confirmed,
        unchecked=asked.unchecked,
    )
    position = len(queries.lines(tx, found.id))
    [new] = actions.add_lines(tx, found.id, spelled, position)
    answers.keep(tx, viewer, found.id, [(replace(one, line=position), reason) for one, reason in answered])
    _end(tx, viewer, found, old, "", new)
    _go_on(tx, viewer, found, states.REPLACE_LINE, "line_replaced", "")
    return found.id


def end_line(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, line_id: str, reason: str, version: int | None = None
) -> str:
    """Nothing is prescribed in its place. Where that leaves nothing owed of what was handed over in part, the
    prescription is complete. As `replace_line`; the file need not be open any more. Raises NotNow where it would leave
    nothing at all.
    """
    found, line = _lacking(tx, viewer, prescription_id, states.END_LINE, line_id, version)
    _end(tx, viewer, found, line, reason, None)
    _go_on(tx, viewer, found, states.END_LINE, "line_ended", reason)
    return found.id


def wait(tx: Transaction, viewer: Viewer, prescription_id: str, *, version: int | None = None) -> str:
    """All stays as it is: what could not be supplied is expected, and its pharmacy knows that this was read. `version`:
    as it was read, if it was: it may be for another reason since. The file need not be open any more. Raises Conflict
    where nothing waits for its prescriber.
    """
    found = transitions.begin(tx, viewer, prescription_id, states.AWAIT, version=version)
    changed = tx.execute(
        "UPDATE prescriptions AS p SET awaited_at = :now, version = version + 1 "
        f"WHERE p.id = :id AND {shortages.WAITING}",
        {"now": tx.now, "id": found.id, "today": medicines.today(tx)},
    )
    if not changed:
        raise Conflict(states.AWAIT.too_late, current=found.status)
    people = transitions.concerned(tx, found)
    transitions.tell(tx, people, states.AWAIT.event, actor_id=viewer.id, told=states.AWAIT.told)
    return found.id


def _lacking(
    tx: Transaction, viewer: Viewer, prescription_id: str, act: states.Act, line_id: str, version: int | None
) -> tuple[Standing, Line]:
    """The prescription, and the line that could not be supplied, as the act needs them."""
    found = transitions.begin(tx, viewer, prescription_id, act)
    lines = {line.id: line for line in queries.lines(tx, found.id)}
    line = lines.get(line_id)
    if line is None or not (line.shortage or line.ended or not line.remaining):
        raise Invalid({"line_id": _NOT_LACKING})
    if line.ended and line.ended.replaced_by:
        raise Conflict(_REPLACED, current=found.status, medicine=lines[line.ended.replaced_by].name)
    if not line.remaining:
        raise Conflict(_ENDED if line.ended else _GIVEN, current=found.status)
    if version not in (None, found.version):
        state = translate(viewer.language, states.STATES[found.status].label)
        raise Conflict(_CHANGED, current=found.status, state=state, owed=line.remaining)
    return found, line


def _end(tx: Transaction, viewer: Viewer, found: Standing, line: Line, reason: str, replaced_by: str | None) -> None:
    inventory.release(tx, found.id, line.id)
    tx.send(
        "INSERT INTO ended_lines (line_id, at, actor_id, reason, replaced_by) "
        "VALUES (:line, :now, :viewer, :reason, :replaced_by)",
        {"line": line.id, "now": tx.now, "viewer": viewer.id, "reason": reason, "replaced_by": replaced_by},
    )


def _go_on(tx: Transaction, viewer: Viewer, found: Standing, act: states.Act, what: str, reason: str) -> None:
    """The state that is true now, and everybody told."""
    lines = queries.lines(tx, found.id)
    if not any(line.remaining for line in lines):
        if found.status not in states.COMPLETE.sources or not any(line.delivered for line in lines):
            raise NotNow(_NOTHING_LEFT, current=found.status)
        _move(tx, viewer, found, states.COMPLETE, reason)
    elif found.status in states.SET_BACK.sources and not put_aside.of(tx, found.id):
        _move(tx, viewer, found, states.SET_BACK, reason)
    else:
        tx.send("UPDATE prescriptions SET version = version + 1 WHERE id = :id", {"id": found.id})
    transitions.tell(tx, transitions.concerned(tx, found), what, actor_id=viewer.id, told=act.told)


def _move(tx: Transaction, viewer: Viewer, found: Standing, act: states.Act, reason: str) -> None:
    assert act.target
    transitions.write(tx, found.id, viewer.id, found.status, act.target, reason, found.pharmacy_id)
