"""Acts on the clinic's own tables: a row is entered, signed, withdrawn; it stays for ever, and is never changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from fadjma import events
from fadjma.events import Everybody, Notice, Subject
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.ids import new_id
from fadjma.refusals import Conflict, Doubtful, Invalid
from fadjma.safety import tables
from fadjma.safety.tables import Entry, Facts
from fadjma.store import Transaction

SIGNED_AT_ONCE = 20  # rows that somebody has read over
_UNLISTED = N_("Aucun médicament de la liste ne contient cette substance : vérifiez comment elle s'écrit.")
_ALREADY = N_("Cette ligne a déjà été signée ou retirée.")
_OVERLAPS = N_("Une ligne signée dit déjà autre chose de %(dci)s à ces âges : retirez-la d'abord.")
_SAME_PAIR = N_("Une ligne signée dit déjà autre chose de %(dci)s et %(other)s : retirez-la d'abord.")
_SAME_DOSE = N_("Une ligne signée dit déjà autre chose de cette dose de %(dci)s : retirez-la d'abord.")
_ADD = (
    "INSERT INTO safety_entries (id, kind, dci, dci_key, other, other_key, effect, from_months, to_months, "
    "mg_per_kg_day, dose, from_age, to_age, apart, also, sex, source, source_on, added_by, added_at) "
    "VALUES (:id, :kind, :dci, :dci_key, :other, :other_key, :effect, :from_months, :to_months, :mg_per_kg_day, "
    ":dose, :from_age, :to_age, :apart, :also, :sex, :source, :source_on, :by, :now)"
)


def add(tx: Transaction, viewer: Viewer, facts: Facts, *, confirmed: bool = False) -> str:
    """A row, which counts for nothing before it is signed; returns its id.

    Raises Doubtful while it is not `confirmed` that no medicine of the list has its substance.
    """
    tables.require_reader(viewer)
    known = tables.known_substances(tx)
    asked = {
        name: _UNLISTED
        for name, substance in (("dci", facts.dci_key), ("other", facts.other_key))
        if facts.kind != "vaccine" and substance and substance not in known
    }
    if asked and not confirmed:
        raise Doubtful(asked)
    [entry_id] = put(tx, viewer, [facts])
    _record(tx, viewer, "safety.entry_added", entry_id)
    return entry_id


def put(tx: Transaction, viewer: Viewer, facts: Iterable[Facts]) -> list[str]:
    """Rows as they are, unsigned; returns their ids. The caller has checked the right."""
    rows = [{"id": new_id(), "by": viewer.id, "now": tx.now, **one.columns()} for one in facts]
    tx.execute_many(_ADD, rows)
    return [row["id"] for row in rows]


def sign(tx: Transaction, viewer: Viewer, entry_ids: Sequence[str]) -> dict[str, Any]:
    """From now on these rows count, for every place; all of them, or none.

    The route has had the password entered again. Raises Conflict where one of them was signed or withdrawn meanwhile,
    or would say something else than one that counts already; Invalid where nothing is signed, or what there is not.
    """
    tables.require_signer(viewer)
    if not entry_ids:
        raise Invalid({"entries": N_("Cochez les lignes que vous avez relues.")})
    known = tables.entries(tx, viewer, entry_ids)
    found = [_to_sign(known.get(entry_id)) for entry_id in dict.fromkeys(entry_ids)]
    for one in found:  # one after the other: two of them may say different things
        _refuse_contradiction(tx, one)
        tx.execute(
            "UPDATE safety_entries SET signed_by = :by, signed_at = :now, version = version + 1 WHERE id = :id",
            {"by": viewer.id, "now": tx.now, "id": one.id},
        )
        _record(tx, viewer, "safety.entry_signed", one.id, message="safety.signed", last=one is found[-1])
    return {"signed": len(found)}


def _to_sign(found: Entry | None) -> Entry:
    if found is None:
        raise Invalid({"entries": N_("Une de ces lignes n'existe pas.")})
    if found.status != "unsigned":
        raise Conflict(_ALREADY, current=found.status)
    return found


def _refuse_contradiction(tx: Transaction, one: Entry) -> None:
    counting = [other for other in tables.in_use(tx, one.kind, [one.dci_key]) if other.dci_key == one.dci_key]
    if one.kind == "interaction":
        if any(other.other_key == one.other_key for other in counting):
            raise Conflict(_SAME_PAIR, current="in_use", dci=one.dci, other=one.other)
    elif one.kind == "vaccine":
        if any(other.dose == one.dose and _meet(one.sex, other.sex) for other in counting):
            raise Conflict(_SAME_DOSE, current="in_use", dci=one.dci)
    elif any(other.from_months < one.to_months and one.from_months < other.to_months for other in counting):
        raise Conflict(_OVERLAPS, current="in_use", dci=one.dci)


def _meet(one: str, other: str) -> bool:
    """Whether two rows are for the same people: an empty one is for all."""
    return one == other or "" in (one, other)


def withdraw(tx: Transaction, viewer: Viewer, entry_id: str, *, reason: str) -> str:
    """A row counts no more, and stays; returns its id. One that nobody has signed, whoever may enter one withdraws.

    Raises Conflict when it was withdrawn already.
    """
    found = tables.entry(tx, viewer, entry_id)
    if found.status == "in_use":
        tables.require_signer(viewer)
    changed = tx.execute(
        "UPDATE safety_entries SET withdrawn_by = :by, withdrawn_at = :now, withdrawal_reason = :reason, "
        "version = version + 1 WHERE id = :id AND withdrawn_at IS NULL",
        {"by": viewer.id, "now": tx.now, "reason": reason, "id": entry_id},
    )
    if not changed:
        raise Conflict(N_("Cette ligne a déjà été retirée."), current="withdrawn")
    message = "safety.withdrawn" if found.status == "in_use" else None
    _record(tx, viewer, "safety.entry_withdrawn", entry_id, message=message)
    return entry_id


def _record(
    tx: Transaction, viewer: Viewer, action: str, entry_id: str, *, message: str | None = None, last: bool = True
) -> None:
    """Doctors and pharmacists of every place: their open pages follow, and they are told where what is asked of them
    has changed. `last`: of several rows at once they hear once.
    """
    notices = [Notice(Everybody(role), "notification", message) for role in tables.READERS] if last else []
    events.record(tx, action, Subject("safety_entry", entry_id), actor_id=viewer.id, notices=notices)
