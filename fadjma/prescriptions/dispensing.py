"""What the pharmacy does with a prescription, from the claim to the hand-over (docs/clinic.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Required, TypedDict

from fadjma import events
from fadjma.days import day
from fadjma.events import Notice, Subject
from fadjma.i18n import N_
from fadjma.identity import directory, patient_pins
from fadjma.identity.people import Viewer
from fadjma.inventory import actions as inventory
from fadjma.inventory import put_aside
from fadjma.inventory.queries import Medicine
from fadjma.prescriptions import (
    delivering,
    dispenses,
    flagging,
    handover,
    proving,
    queries,
    states,
    substituting,
    transitions,
)
from fadjma.prescriptions.prescription import Line, Standing
from fadjma.prescriptions.proving import Card, Document, Proof
from fadjma.prescriptions.substituting import Substitute
from fadjma.refusals import Conflict, Doubtful, Forbidden, Invalid, NotFound, NotNow
from fadjma.store import Transaction

_PERISHED = N_("Un lot réservé est périmé ou bloqué : reprenez la préparation.")
_PERISHED_ON_ITS_WAY = N_(
    "Un lot réservé est périmé ou bloqué : revenez d'abord à « Prête », puis reprenez la préparation."
)
_JUST_HANDED_OVER = N_(
    "Une remise vient d'avoir lieu : une fois l'ordonnance rendue, elle ne peut plus être annulée. Était-elle juste ?"
)


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a line is handed over, as it was asked for. `quantity` None: nothing of it."""

    line_id: str
    quantity: int | None


class Handing(TypedDict, total=False):
    """What is said of a hand-over, but for its confirmation: see `deliver`."""

    key: Required[bytes]
    code: str | None
    card: Card | None
    identity_document: str | None
    identity_kind: str
    reason: str
    parts: Sequence[Part] | None
    version: int | None
    untried: bool


def validate(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """The claim: exactly one pharmacy wins, the others hear that it is taken. Also takes one off hold."""
    try:
        return transitions.move(tx, viewer, prescription_id, states.VALIDATE)
    except NotFound:
        if queries.was_open_to_all(tx, prescription_id):
            raise Conflict(N_("Une autre pharmacie vient de prendre cette ordonnance."), current="validated") from None
        raise


def release(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str, confirmed: bool = False) -> str:
    """Give a claimed prescription back: not ours after all, or ready and never collected.

    Raises Doubtful while a hand-over that could be undone is not `confirmed`: then it no longer can.
    """

    def ask(found: Standing) -> None:
        undoable = found.status in states.UNDO.sources and dispenses.undoable(tx, found.pharmacy_id, found.id)
        if undoable and not confirmed:
            raise Doubtful({"reason": _JUST_HANDED_OVER})

    return transitions.move(tx, viewer, prescription_id, states.RELEASE, reason=reason, before=ask)


def hold(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """Put it aside."""
    return transitions.move(tx, viewer, prescription_id, states.HOLD, reason=reason)


def prepare(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    partial: bool = False,
    confirmed: bool = False,
    substitutes: Sequence[Substitute] = (),
) -> str:
    """Prepared: all that is owed is kept in stock; `partial`: what there is of it, something at least.

    `substitutes`: of which lines an equivalent is kept instead. Raises Invalid where one is not to be given, NotNow
    with what is missing, Doubtful while a lot that expires before its course ends is not `confirmed`; then nothing is
    kept.
    """

    def keep(found: Standing) -> None:
        keep_for(tx, viewer, found, partial=partial, confirmed=confirmed, substitutes=substitutes)

    told = substituting.told(substitutes, "patient", "prescriber")
    return transitions.move(tx, viewer, prescription_id, states.PREPARE, before=keep, also_told=told)


def prepare_rest(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    partial: bool = False,
    confirmed: bool = False,
    substitutes: Sequence[Substitute] = (),
) -> str:
    """The rest has come: ready again, and the patient is told. As `prepare`."""

    def keep(found: Standing) -> None:
        keep_for(tx, viewer, found, partial=partial, confirmed=confirmed, substitutes=substitutes)

    told = substituting.told(substitutes, "prescriber")
    return transitions.move(tx, viewer, prescription_id, states.PREPARE_REST, before=keep, also_told=told)


def keep_for(
    tx: Transaction,
    viewer: Viewer,
    found: Standing,
    *,
    partial: bool,
    confirmed: bool,
    substitutes: Sequence[Substitute],
    as_before: Mapping[str, Medicine] = MappingProxyType({}),
) -> None:
    """Keep what is owed in stock, or with `partial` what there is of it. `as_before`: equivalents that lines, by their
    ids, were kept of. Raises Invalid, NotNow with what is missing, Doubtful where a lot would expire before its course
    ends and nobody has confirmed it.
    """
    prescribed = queries.lines(tx, found.id)
    chosen = {**as_before, **substituting.chosen(tx, prescribed, substitutes)}
    owed = {_as_given(line, chosen.get(line.id)): quantity for line, quantity in _owed(prescribed).items()}
    missing = {line: _reserve(tx, viewer, found, line, quantity) for line, quantity in owed.items()}
    if not partial:
        _require_all(found, owed, missing)
    elif owed == missing and owed:
        raise NotNow(N_("Rien de ce qui est dû n'est en stock."), current=found.status)
    if not confirmed:
        _ask_about_short_dated(tx, found, owed)
    inventory.show(tx, found.id)


def _as_given(line: Line, medicine: Medicine | None) -> Line:
    """The line as it is kept: of an equivalent, where there is one."""
    if medicine is None:
        return line
    return replace(
        line,
        medicine_id=medicine.id,
        dci=medicine.dci,
        form=medicine.form,
        strength=medicine.strength,
        unit=medicine.unit,
    )


def _reserve(tx: Transaction, viewer: Viewer, found: Standing, line: Line, quantity: int) -> int:
    return inventory.reserve(tx, viewer, found.id, line.id, line.medicine_id, quantity, _end(tx, line))


def _end(tx: Transaction, line: Line) -> str:
    """The last day of a course that begins today, ISO 8601."""
    return (day(tx.now) + timedelta(days=line.duration_days - 1)).isoformat()


def _ask_about_short_dated(tx: Transaction, found: Standing, owed: Iterable[Line]) -> None:
    names = {line.id: line.name for line in owed}
    short = put_aside.short_dated(tx, found.id, {line.id: _end(tx, line) for line in owed})
    if short:
        what = "; ".join(
            f"{names[lot.line_id]}, {lot.number}, {date.fromisoformat(lot.expires_on):%d/%m/%Y}" for lot in short
        )
        question = N_("Ce lot périme avant la fin du traitement, et il n'y en a pas assez d'autres : %(what)s.")
        raise Doubtful({"lots": question}, what=what)


def _require_all(found: Standing, wanted: Mapping[Line, int], missing: Mapping[Line, int]) -> None:
    for line, quantity in missing.items():
        if quantity:
            raise NotNow(
                N_("Stock insuffisant pour %(medicine)s : il manque %(missing)d sur %(owed)d."),
                current=found.status,
                medicine=line.name,
                missing=quantity,
                owed=wanted[line],
            )


def mark_ready(tx: Transaction, viewer: Viewer, prescription_id: str) -> str:
    """Ready to be fetched: the patient sees their hand-over code."""
    return transitions.move(tx, viewer, prescription_id, states.MARK_READY)


def depart(tx: Transaction, viewer: Viewer, prescription_id: str, *, version: int | None = None) -> str:
    """On its way to the patient, who must have asked for it: whoever takes it there has accepted. `version` as in
    delivering.accept.
    """
    transitions.seen_by(tx, viewer, prescription_id, states.DEPART)
    wanted = queries.delivery(tx, prescription_id)
    if wanted is None or wanted.status == "withdrawn":
        raise Invalid({"status": N_("Aucune livraison n'a été demandée.")})
    if wanted.status == "declined":
        raise Invalid({"status": delivering.DECLINED})

    def accept(found: Standing) -> None:
        if wanted.status == "asked":
            delivering.answer(tx, viewer, found.id, "accepted")

    return transitions.move(tx, viewer, prescription_id, states.DEPART, before=accept, version=version)


def bring_back(tx: Transaction, viewer: Viewer, prescription_id: str, *, reason: str) -> str:
    """The delivery failed: it is ready at the pharmacy again."""
    return transitions.move(tx, viewer, prescription_id, states.BRING_BACK, reason=reason)


def refuse(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, code: str, text: str, version: int | None = None
) -> str:
    """Refused with a coded reason (states.REFUSALS) and a text: the doctor hears of it at once and corrects it.

    What this pharmacy does not have, another may take at once: it is given back, and the doctor is told all the same.
    `version`: as it was read, if it was: the doctor may have replaced since what it is refused for.
    """
    reason = f"{code}: {text}"
    if code != states.UNAVAILABLE:
        return transitions.move(tx, viewer, prescription_id, states.REFUSE, reason=reason, version=version)
    transitions.begin(tx, viewer, prescription_id, states.REFUSE, version=version)
    also_told: dict[states.Side, str] = {"prescriber": "prescription.unavailable"}
    return transitions.move(tx, viewer, prescription_id, states.RELEASE, reason=reason, also_told=also_told)


_UNTRIED = {"right": True, "left": 0, "untried": True}


def try_code(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, code: str, key: bytes, version: int | None = None
) -> dict[str, Any]:
    """Check a hand-over code and count a wrong one, in a transaction of its own so that the count is kept.

    `version` as in `deliver`: a colleague has handed something over with this very code, and it is no guess.
    Returns {"right": bool, "left": how many tries are left}; and {"untried": True} where there was nothing to guess:
    then the act itself answers, and takes no code either (`Handing`).
    """
    found = transitions.seen_by(tx, viewer, prescription_id, states.DELIVER)
    _require_own(viewer, found)
    if found.status not in states.DELIVER.sources or version not in (None, found.version):
        return _UNTRIED
    left = states.CODE_ATTEMPTS - found.code_failures
    if left > 0 and handover.matches(key, found.id, found.code_round, code):
        return {"right": True, "left": left}
    tx.send(
        "UPDATE prescriptions SET code_failures = code_failures + 1 WHERE id = :id AND code_failures < :most",
        {"id": found.id, "most": states.CODE_ATTEMPTS},
    )
    events.record(
        tx,
        "prescription.wrong_code",
        Subject("prescription", found.id),
        actor_id=viewer.id,
        patient_id=found.patient_id,
        outcome="refused",
    )
    return {"right": False, "left": max(0, left - 1)}


def try_card(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, card: Card, version: int | None = None
) -> dict[str, Any]:
    """The same of the PIN of the patient's card, which the patient types on the pharmacist's screen."""
    found = transitions.seen_by(tx, viewer, prescription_id, states.DELIVER)
    _require_own(viewer, found)
    known = patient_pins.of(tx, found.patient_id)
    is_as_read = version in (None, found.version)
    if found.status not in states.DELIVER.sources or not is_as_read or known is None or known.locked:
        return _UNTRIED
    proving.require_card(directory.patient(tx, found.patient_id).identifier, card)
    if known.is_it(card.key, card.pin):
        return {"right": True, "left": 0}
    left = patient_pins.count_wrong(tx, found.patient_id)
    events.record(
        tx,
        "pin.wrong",
        Subject("prescription", found.id),
        actor_id=viewer.id,
        patient_id=found.patient_id,
        outcome="refused",
        notices=[] if left else [Notice([found.patient_id], "notification", "pin.locked")],
    )
    return {"right": False, "left": left}


def deliver(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    key: bytes,
    code: str | None = None,
    card: Card | None = None,
    identity_document: str | None = None,
    identity_kind: str = proving.OTHER,
    reason: str = "",
    parts: Sequence[Part] | None = None,
    version: int | None = None,
    confirmed: bool = False,
    untried: bool = False,
) -> str:
    """Hand over: with the patient's code, or their card and PIN; or on an identity document (its number, its kind of
    proving.DOCUMENTS) with a reason, which is flagged, and told to whoever answers for the pharmacy.

    `parts` None: all that is owed. What is not handed over is owed still, under a new code. Stock leaves in the same
    transaction. `version`: that of the page on which it was read what is owed, if there was one: a colleague may have
    handed over a part since. `untried`: the code, or the PIN, was not counted against guesses, because there was
    nothing to guess a moment ago. Raises Invalid for parts that are not owed, NotNow or Conflict where so much is not
    there, Doubtful as `prepare` where nothing was put aside.
    """
    found = transitions.begin(tx, viewer, prescription_id, states.DELIVER, version=version)
    prescribed = queries.lines(tx, found.id)
    wanted = _wanted(prescribed, parts)
    is_all = wanted == _owed(prescribed)
    if code:
        proof = Proof("code")
    elif card:
        proof = Proof("pin")
    else:
        proof = Proof("identity", Document(identity_kind, identity_document or ""), reason)

    def hand_over(found: Standing) -> None:
        to_guess = code or (card and patient_pins.state(tx, found.patient_id) == "set")
        if untried and to_guess:  # it is there to be handed over since: nobody would count a wrong one
            raise Conflict(states.CHANGED, current=found.status)
        if code:
            _require_code(found, code, key)
        elif card:
            proving.accept_card(tx, found.patient_id, directory.patient(tx, found.patient_id).identifier, card)
        elif not (identity_document and reason):
            raise Invalid(_what_is_missing(tx, found, identity_document, reason))
        taken = _take(tx, viewer, found, wanted, confirmed=confirmed)
        dispense_id = dispenses.record(tx, viewer, found.id, taken, proof)
        if proof.document:
            flagging.flag(tx, viewer, found, dispense_id)
        if not is_all:
            handover.renew(tx, found.id)

    act = states.DELIVER if is_all else states.DELIVER_PART
    also_told: dict[states.Side, str] = {"patient": flagging.TOLD_PATIENT} if proof.document else {}
    return transitions.move(
        tx, viewer, prescription_id, act, reason=proof.in_history, before=hand_over, also_told=also_told
    )


def _require_code(found: Standing, code: str, key: bytes) -> None:
    if found.is_code_locked:
        raise Invalid({"code": handover.LOCKED})
    if not handover.matches(key, found.id, found.code_round, code):
        raise Invalid({"code": N_("Ce code n'est pas le bon.")})


def _owed(prescribed: Iterable[Line]) -> dict[Line, int]:
    return {line: line.remaining for line in prescribed if line.remaining}


def _wanted(prescribed: Iterable[Line], parts: Sequence[Part] | None) -> dict[Line, int]:
    """How much of each line is to be handed over. Raises Invalid for what is not owed."""
    if parts is None:
        return _owed(prescribed)
    lines = {line.id: line for line in prescribed}
    wanted: dict[Line, int] = {}
    errors: dict[str, str] = {}
    for index, part in enumerate(parts):
        line = lines.pop(part.line_id, None)
        if line is None:
            errors[f"lines-{index}-line_id"] = N_("Cette ligne n'est pas à remettre ici, ou elle est donnée deux fois.")
        elif part.quantity and part.quantity > line.remaining:
            errors[f"lines-{index}-quantity"] = N_("C'est plus que ce qui est dû.")
        elif part.quantity:
            wanted[line] = part.quantity
    if not errors and not wanted:
        errors["lines"] = N_("Dites ce qui est remis : une quantité au moins.")
    if errors:
        raise Invalid(errors)
    return wanted


def _take(
    tx: Transaction, viewer: Viewer, found: Standing, wanted: Mapping[Line, int], *, confirmed: bool
) -> list[inventory.Taken]:
    """Take so much of each line out of the stock, of what was put aside; where nothing was, it is put aside now."""
    if found.status in states.PREPARE_REST.sources:
        missing = {line: _reserve(tx, viewer, found, line, quantity) for line, quantity in wanted.items()}
        _require_all(found, wanted, missing)
        if not confirmed:
            _ask_about_short_dated(tx, found, wanted)
    kept = put_aside.of(tx, found.id)
    is_on_its_way = found.status in states.BRING_BACK.sources
    for line, quantity in wanted.items():
        there = kept.get(line.id, put_aside.NOTHING)
        if quantity > there.usable + there.lost:
            raise NotNow(
                N_("De %(medicine)s, %(kept)d sont préparés, pas %(asked)d : dites ce qui est remis."),
                current=found.status,
                medicine=line.name,
                kept=there.usable,
                asked=quantity,
            )
        if quantity > there.usable:
            raise Conflict(_PERISHED_ON_ITS_WAY if is_on_its_way else _PERISHED, current=found.status)
    return inventory.take(tx, viewer, found.id, {line.id: quantity for line, quantity in wanted.items()})


def _what_is_missing(tx: Transaction, found: Standing, identity_document: str | None, reason: str) -> dict[str, str]:
    """The code; or, where one of both is there already or nobody has a code, what takes its place."""
    if not identity_document and not reason and queries.has_code(tx, found):
        return {"code": N_("Demandez le code de retrait.")}
    instead = {"identity_document": "" if identity_document else N_("Notez la pièce présentée, ou la carte FADJMA.")}
    instead["reason"] = "" if reason else N_("Dites pourquoi les médicaments sont remis sans code.")
    return {name: missing for name, missing in instead.items() if missing}


def _require_own(viewer: Viewer, found: Standing) -> None:
    if found.pharmacy_id != viewer.organization_id:
        raise Forbidden(N_("Seule la pharmacie qui a validé cette ordonnance peut la remettre."))
