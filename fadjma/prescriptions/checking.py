"""What is checked before a prescription is signed, and before each step of a pharmacy; the rules are in safety/."""

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Unpack

from fadjma import days
from fadjma.access import grants
from fadjma.i18n import age_in_months, translate
from fadjma.identity import births, directory
from fadjma.identity.people import Viewer
from fadjma.prescriptions import actions, dispensing, posology, queries, setbacks, states, transitions
from fadjma.prescriptions.actions import NewLine
from fadjma.prescriptions.dispensing import Handing
from fadjma.prescriptions.prescription import Prescription, Standing
from fadjma.prescriptions.substituting import Substitute
from fadjma.records import allergies, measurements
from fadjma.refusals import Alerted, Doubtful, NotFound, Refusal
from fadjma.safety import answers, doses, interactions, rules
from fadjma.safety import queries as safety
from fadjma.safety.answers import Override
from fadjma.safety.doses import Given
from fadjma.safety.rules import Alert, Medicine, Running, Unchecked, Weighed
from fadjma.store import Transaction

_CHECKED = (  # acts before which is asked
    *(states.VALIDATE, states.PREPARE, states.PREPARE_ANEW, states.PREPARE_REST),
    *(states.MARK_READY, states.DELIVER),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What is asked about the lines of a prescription, and what of them could not be checked."""

    alerts: tuple[Alert, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()


def sign(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    lines: list[NewLine],
    pharmacy_id: str | None = None,
    replaces_id: str | None = None,
    renews_id: str | None = None,
    confirmed: bool = False,
    overrides: Sequence[Override] = (),
) -> str:
    """`actions.issue`, once every alert is answered; the answers are kept with it.

    `confirmed` answers those that are asked once, `overrides` any. Raises Alerted, and what `issue` raises.
    """
    actions.require_prescriber(tx, viewer, patient_id)
    spelled, doubts = actions.check(tx, lines, pharmacy_id)
    found = of_new(tx, patient_id, [line.medicine_id for line in spelled], [line.dosage for line in spelled])
    asked = sorted([*found.alerts, *of_posology(lines, doubts)], key=lambda one: one.line)
    answered = answers.require(viewer.language, asked, overrides, confirmed=confirmed, unchecked=found.unchecked)
    prescription_id = actions.write(
        tx,
        viewer,
        patient_id,
        lines=spelled,
        pharmacy_id=pharmacy_id,
        replaces_id=replaces_id,
        renews_id=renews_id,
    )
    answers.keep(tx, viewer, prescription_id, answered)
    return prescription_id


def of_new(
    tx: Transaction, patient_id: str, medicine_ids: Sequence[str | None], dosages: Sequence[str] = ()
) -> Checked:
    """What is asked of medicines that are about to be prescribed; None, and one that there is not: a line that is not
    chosen yet. `dosages`: how each is taken, as far as it is written. The caller has checked the right.

    What a refused prescription still owes is under way no more, so a correction is no duplicate of it; what was handed
    over of it is.
    """
    return _checked(tx, patient_id, medicine_ids, safety.ask_running(tx, patient_id, queries.UNDER_WAY), dosages)


def of_replacement(
    tx: Transaction, prescription_id: str, patient_id: str, line_id: str, medicine_id: str | None, dosage: str
) -> Checked:
    """What is asked of a medicine that is to take the place of a line of this prescription, as of a form's only line:
    also beside the other lines. `dosage`: how it is taken, as far as it is written. The caller has checked the right.
    """
    running = safety.ask_running(tx, patient_id, queries.UNDER_WAY, besides=[prescription_id])
    lines = queries.lines(tx, prescription_id)
    others = [None if line.ended or line.id == line_id else line.medicine_id for line in lines]
    dosages, at = [*(line.dosage for line in lines), dosage], len(others)
    found = _checked(tx, patient_id, [*others, medicine_id], running, dosages)
    return Checked(
        tuple(replace(one, line=0) for one in found.alerts if one.line == at),
        tuple(replace(one, line=one.line and 0) for one in found.unchecked if one.line in (None, at)),
    )


def while_writing(
    tx: Transaction, viewer: Viewer, patient_id: str, medicine_ids: Sequence[str | None], dosages: Sequence[str] = ()
) -> Checked:
    """The same for the form of whoever may prescribe. Raises NotFound, Forbidden."""
    grants.require_grant(tx, viewer, patient_id, "prescriptions")
    return of_new(tx, patient_id, medicine_ids, dosages)


def validate(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, confirmed: bool, overrides: Sequence[Override] = ()
) -> str:
    """`dispensing.validate`, once each alert that nobody has answered yet is.

    What is open to any pharmacy shows nothing before it is taken: its alerts are asked before it is prepared.
    """
    if queries.pharmacies(tx, prescription_id):
        _answer(tx, viewer, prescription_id, states.VALIDATE, states.VALIDATE.sources, confirmed, overrides)
    return dispensing.validate(tx, viewer, prescription_id)


def prepare(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    confirmed: bool,
    overrides: Sequence[Override] = (),
    partial: bool = False,
    substitutes: Sequence[Substitute] = (),
) -> str:
    """`setbacks.prepare`, once each alert that nobody has answered yet is: an allergy may have been noted, or the same
    medicine handed over elsewhere, since it was taken.
    """
    keep = functools.partial(setbacks.prepare, tx, viewer, prescription_id, partial=partial, substitutes=substitutes)
    sources = (*states.PREPARE.sources, *states.PREPARE_ANEW.sources)
    return _keep(tx, viewer, prescription_id, states.PREPARE, sources, keep, confirmed, overrides)


def prepare_rest(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    confirmed: bool,
    overrides: Sequence[Override] = (),
    partial: bool = False,
    substitutes: Sequence[Substitute] = (),
) -> str:
    """`dispensing.prepare_rest`, as `prepare`."""
    keep = functools.partial(
        dispensing.prepare_rest, tx, viewer, prescription_id, partial=partial, substitutes=substitutes
    )
    act = states.PREPARE_REST
    return _keep(tx, viewer, prescription_id, act, act.sources, keep, confirmed, overrides)


def mark_ready(
    tx: Transaction, viewer: Viewer, prescription_id: str, *, confirmed: bool, overrides: Sequence[Override] = ()
) -> str:
    """`dispensing.mark_ready`, once each alert that has come since it was prepared is answered."""
    act = states.MARK_READY
    _answer(tx, viewer, prescription_id, act, act.sources, confirmed, overrides)
    return dispensing.mark_ready(tx, viewer, prescription_id)


def deliver(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    *,
    confirmed: bool,
    overrides: Sequence[Override] = (),
    **proved: Unpack[Handing],
) -> str:
    """`dispensing.deliver`, as `prepare`: what was noted while it waited for its patient is asked about at the counter.

    Nothing of it has happened while one waits for its answer: the code, or the card, is there for the next try.
    """
    hand_over = functools.partial(dispensing.deliver, tx, viewer, prescription_id, **proved)
    act = states.DELIVER
    return _keep(tx, viewer, prescription_id, act, act.sources, hand_over, confirmed, overrides)


def _keep(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    act: states.Act,
    sources: Sequence[states.Status],
    keep: Callable[..., str],
    confirmed: bool,
    overrides: Sequence[Override],
) -> str:
    """One `confirm` answers the alerts and what is asked about the lots: both are asked at once."""
    try:
        _answer(tx, viewer, prescription_id, act, sources, confirmed, overrides)
    except Alerted as alerted:
        raise _with_lots(viewer, keep, alerted) from None
    return keep(confirmed=confirmed)


def _with_lots(viewer: Viewer, keep: Callable[..., str], alerted: Alerted) -> Alerted:
    """The alerts with what is asked about the lots. What is tried here is undone with the transaction, which the alerts
    end.
    """
    try:
        keep(confirmed=False)
    except Doubtful as doubt:
        return alerted.with_questions(
            {name: translate(viewer.language, text, **doubt.values) for name, text in doubt.errors.items()}
        )
    except Refusal:
        pass  # it is said once the alerts are answered
    return alerted


def for_pharmacy(tx: Transaction, viewer: Viewer, found: Prescription) -> Checked:
    """What a pharmacy is asked before its next step with a prescription that it sees in full; else nothing."""
    if viewer.role != "pharmacist" or found.neutral or found.hidden:
        return Checked()
    if not any(found.status in act.sources for act in _CHECKED):
        return Checked()
    return unanswered(tx, found)


def unanswered(tx: Transaction, found: Prescription | Standing) -> Checked:
    """What is asked of one that is issued, and that nobody has answered yet. The caller has checked the right."""
    return _without(*_ask_again(tx, found))


def _answer(
    tx: Transaction,
    viewer: Viewer,
    prescription_id: str,
    act: states.Act,
    sources: Sequence[states.Status],
    confirmed: bool,
    overrides: Sequence[Override],
) -> None:
    try:
        found = transitions.seen_by(tx, viewer, prescription_id, act)
    except NotFound:
        return  # the act itself says what became of it
    if found.status not in sources:
        return
    asked, known = _ask_again(tx, found)
    answered = answers.require(
        viewer.language,
        _without(asked, known).alerts,
        overrides,
        confirmed=confirmed,
        unchecked=asked.unchecked,
        known=known,
    )
    answers.keep(tx, viewer, found.id, answered)


def _ask_again(tx: Transaction, found: Prescription | Standing) -> tuple[Checked, set[str]]:
    """What is asked of one that is issued, and which alerts of it somebody has answered."""
    answered = answers.ask_of_prescription(tx, found.id)
    running = safety.ask_running(tx, found.patient_id, queries.UNDER_WAY, besides=[found.id], before=found.issued_at)
    lines = queries.lines(tx, found.id)
    medicine_ids = [None if line.ended else line.medicine_id for line in lines]
    asked = _checked(tx, found.patient_id, medicine_ids, running, [line.dosage for line in lines])
    return asked, {one.alert for one in answered()}


def _without(asked: Checked, answered: Collection[str]) -> Checked:
    return replace(asked, alerts=tuple(one for one in asked.alerts if one.id not in answered))


def _checked(
    tx: Transaction,
    patient_id: str,
    medicine_ids: Sequence[str | None],
    ask_running: Callable[[], Sequence[Running]],
    dosages: Sequence[str] = (),
) -> Checked:
    ask_noted, ask_known = (
        allergies.ask_of_patient(tx, patient_id),
        safety.ask_medicines(tx, filter(None, medicine_ids)),
    )
    weighed, noted, known, running = _weighed(tx, patient_id), ask_noted(), ask_known(), ask_running()
    ask_limits = safety.ask_doses(tx, list(known.values()))
    ask_pairs = safety.ask_interactions(tx, list(known.values()), running)
    limits, pairs = ask_limits(), ask_pairs()
    medicines = [known.get(id or "") for id in medicine_ids]
    given = [_given(medicine, dosage) if medicine else None for medicine, dosage in zip_longest(medicines, dosages)]
    alerts = [
        *rules.alerts(medicines, noted, running, tx.now),
        *interactions.alerts(medicines, running, pairs, tx.now),
        *doses.alerts(given, weighed, limits),
    ]
    unchecked = [
        *rules.unchecked(medicines, noted),
        *interactions.unchecked(medicines, running, pairs, tx.now),
        *doses.unchecked(given, weighed, limits, tx.now),
    ]
    return Checked(tuple(sorted(alerts, key=lambda one: one.line)), tuple(unchecked))


def _given(medicine: Medicine, dosage: str | None) -> Given:
    found = posology.read_for(dosage or "", medicine.unit, medicine.form)
    if found is None:
        return Given(medicine, is_written=bool(dosage))
    return Given(medicine, found.a_day, found.unit)


def _weighed(tx: Transaction, patient_id: str) -> Weighed:
    newest = measurements.ask_newest(tx, patient_id, "body_weight")
    born = directory.identity(tx, patient_id).birth_date
    today, weight = days.day(tx.now), newest()
    months, oldest = (
        age_in_months(min(day, today).isoformat(), today) for day in (births.latest(born), births.earliest(born))
    )
    return Weighed(months, weight.at if weight else None, weight.value if weight else None, oldest)


def of_posology(lines: Sequence[NewLine], doubts: Mapping[str, str]) -> Iterator[Alert]:
    """The questions about what does not fit together in a line; of another dose or quantity it is another one."""
    for name, question in doubts.items():
        _, number, about = name.split("-")
        line = lines[int(number)]
        meant = (line.medicine_id, about, question, line.dosage, str(line.quantity), str(line.duration_days))
        yield rules.alert("posology", int(number), meant, question, about=about)
