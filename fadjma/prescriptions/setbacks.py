"""What does not go as planned: a line that cannot be supplied, a lot that expires, a mistaken hand-over, a late end."""

from collections.abc import Sequence

from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.inventory import actions as inventory
from fadjma.inventory import equivalents, put_aside
from fadjma.inventory import queries as medicines
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import (
    dispenses,
    dispensing,
    handover,
    queries,
    renewing,
    shortages,
    states,
    substituting,
    transitions,
)
from fadjma.prescriptions.prescription import Line, Standing
from fadjma.prescriptions.substituting import Substitute
from fadjma.refusals import Conflict, Invalid
from fadjma.store import Transaction

_LOTS_UNKNOWN = N_(
    "Cette remise ne peut pas être annulée : les lots remis ne sont pas connus. Corrigez le stock à la main."
)


def cannot_supply(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, line_id: str, code: str, text: str = ""
) -> str:
    """The pharmacy that has it cannot supply a line (`code` of states.SHORTAGES): its prescriber is told at once, and
    of the same once until they have said that they wait, or what was put aside since is lost. Raises Invalid, Conflict.
    """
    found = transitions.begin(tx, viewer, prescription_id, states.CANNOT_SUPPLY)
    owed = {line.id: line.shortage for line in queries.lines(tx, found.id) if line.remaining}
    if line_id not in owed:
        raise Invalid({"line_id": N_("Choisissez un médicament qui reste à remettre.")})
    said = owed[line_id]
    same = said and (said.pharmacy_id, said.code, said.text) == (viewer.organization_id, code, text)
    is_open = said is not None and said.at > (found.awaited_at or 0)
    if said and same and is_open and not _is_lost_since(tx, found.id, line_id, said.at):
        raise Conflict(N_("Le médecin est déjà prévenu, pour cette raison."), current=found.status)
    tx.send(
        "INSERT INTO unsupplied_lines (id, line_id, pharmacy_id, actor_id, at, code, text) "
        "VALUES (:id, :line, :pharmacy, :viewer, :now, :code, :text)",
        {
            "id": new_id(),
            "line": line_id,
            "pharmacy": viewer.organization_id,
            "viewer": viewer.id,
            "now": tx.now,
            "code": code,
            "text": text,
        },
    )
    tx.send("UPDATE prescriptions SET was_unsupplied = 1, version = version + 1 WHERE id = :id", {"id": found.id})
    transitions.tell(
        tx, transitions.concerned(tx, found), "unsupplied", actor_id=viewer.id, told=states.CANNOT_SUPPLY.told
    )
    return found.id


def _is_lost_since(tx: Transaction, prescription_id: str, line_id: str, at: int) -> bool:
    """Whether something of a line was put aside after that moment, and can be handed over no more."""
    kept = put_aside.of(tx, prescription_id).get(line_id, put_aside.NOTHING)
    return kept.lost > 0 and shortages.put_aside_at(tx, prescription_id) > at


def prepare(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    partial: bool = False,
    confirmed: bool = False,
    substitutes: Sequence[Substitute] = (),
) -> str:
    """Prepared; what is ready, anew."""
    found = transitions.seen_by(tx, viewer, prescription_id, states.PREPARE)
    again = found.status in states.PREPARE_ANEW.sources
    return (prepare_anew if again else dispensing.prepare)(
        tx, viewer, prescription_id, partial=partial, confirmed=confirmed, substitutes=substitutes
    )


def prepare_anew(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    partial: bool = False,
    confirmed: bool = False,
    substitutes: Sequence[Substitute] = (),
) -> str:
    """A lot that was kept has expired or is withheld, or more has come than was kept: what is owed is kept anew."""

    def keep(found: Standing) -> None:
        kept = put_aside.of(tx, found.id)
        owed = {line.id: line for line in queries.lines(tx, found.id)}
        lacking = any(kept.get(line_id, put_aside.NOTHING).usable < line.remaining for line_id, line in owed.items())
        if not lacking and not any(one.lost for one in kept.values()):
            raise Conflict(N_("Tout ce qui est dû est déjà préparé."), current=found.status)
        given_as = equivalents.kept_for(tx, found.id)
        inventory.release(tx, found.id)
        chosen = {one.line_id for one in substitutes}
        as_before = {
            line_id: one
            for line_id, one in given_as.items()
            if line_id not in chosen and _stays(tx, found, owed[line_id], one)
        }
        how = {"partial": partial, "confirmed": confirmed}
        dispensing.keep_for(tx, viewer, found, substitutes=substitutes, as_before=as_before, **how)

    told = substituting.told(substitutes, "patient", "prescriber")
    return transitions.move(tx, viewer, prescription_id, states.PREPARE_ANEW, before=keep, also_told=told)


def _stays(tx: Transaction, found: Standing, line: Line, given_as: Medicine) -> bool:
    """Whether a line is kept again of what it was kept of: not of an equivalent of which there is too little now, where
    there is more of what was prescribed.
    """
    assert found.pharmacy_id is not None
    if given_as.id == line.medicine_id:
        return False
    usable = medicines.usable(tx, found.pharmacy_id, [given_as.id, line.medicine_id])
    return usable[given_as.id] >= min(line.remaining, usable[line.medicine_id])


def undo(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str, version: int | None = None) -> str:
    """The last hand-over was a mistake: within 10 minutes it has not happened, and the code is another. `version`: as
    it was read, if it was: a colleague may have handed over something else since, which is not what is undone.
    """

    def give_back(found: Standing) -> None:
        last = dispenses.undoable(tx, viewer.organization_id, found.id)
        if last is None:
            raise Conflict(states.UNDO.too_late, current=found.status)
        if not dispenses.is_of_known_lots(tx, last):
            raise Conflict(_LOTS_UNKNOWN, current=found.status)
        taken = dispenses.undo(tx, viewer, last, reason=reason)
        inventory.put_back(tx, viewer, found.id, taken, reason=reason)
        handover.renew(tx, found.id)
        if not any(line.delivered for line in queries.lines(tx, found.id)):
            renewing.close(tx, found.id)  # nothing of it was handed over: there is nothing to renew

    return transitions.move(tx, viewer, prescription_id, states.UNDO, reason=reason, before=give_back, version=version)


def acknowledge(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """The pharmacy that had prepared it knows that it has ended: nothing of it is handed over."""
    found = transitions.begin(tx, viewer, prescription_id, states.ACKNOWLEDGE)
    changed = tx.execute(
        "UPDATE prescriptions SET acknowledge_by = NULL, acknowledged_at = :now, acknowledged_by = :viewer, "
        "version = version + 1 WHERE id = :id AND acknowledge_by = :pharmacy",
        {"now": tx.now, "viewer": viewer.id, "id": found.id, "pharmacy": viewer.organization_id},
    )
    if not changed:
        raise Conflict(states.ACKNOWLEDGE.too_late, current=found.status)
    transitions.tell(
        tx, transitions.concerned(tx, found), "acknowledged", actor_id=viewer.id, told=states.ACKNOWLEDGE.told
    )
    return found.id
