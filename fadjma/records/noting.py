"""Writing down allergies, and that none is known: by whoever may prescribe, for they must be able to say it."""

from dataclasses import replace

from fadjma import days
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.records import actions, allergens, allergies, covered, queries
from fadjma.records.allergies import Allergies, Facts
from fadjma.refusals import Conflict, Doubtful, Invalid, NotFound, NotNow, Tried
from fadjma.store import Transaction

_SAID_AGAIN = "Redit par le patient"
_NEITHER = N_("Ni médicament ni famille de la liste ne s'appelle ainsi : vérifiez. Elle ne sera comparée qu'à son nom.")


def open_allergies(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool = False) -> Allergies:
    """The patient's own, or through a grant, which is traced as the file. `again` as in tracing.trace.

    Raises NotFound.
    """
    if not queries.may_read(tx, viewer, patient_id, "allergy"):
        raise NotFound().about(Tried(patient_id, "patient", patient_id))
    if viewer.id != patient_id:
        actions.trace_file(tx, viewer, patient_id, again=again)
    return allergies.of_patient(tx, patient_id)


def note(tx: Transaction, viewer: Viewer, patient_id: str, *, facts: Facts, confirmed: bool = False) -> str:
    """Write an allergy down; returns the id of its record. The patient is told, and open pages follow.

    `facts.kind` is « medicine » also for a family, which its name or its code shows. Raises Doubtful while a medicine
    that is not in the list is not `confirmed`, Invalid for what is noted already.
    """
    actions.require_writer(tx, viewer, patient_id, "allergy")
    facts = _recognized(tx, facts, confirmed=confirmed)
    _refuse_twice(tx, patient_id, facts)
    return _add(tx, viewer, patient_id, facts)


def state_none_known(tx: Transaction, viewer: Viewer, patient_id: str) -> str:
    """« Aucune allergie connue », asked today; said again, it is a new version of what was said before.

    Raises NotNow while an allergy is noted.
    """
    actions.require_writer(tx, viewer, patient_id, "allergy")
    known = allergies.of_patient(tx, patient_id)
    if known.active:
        refusal = N_("Une allergie est notée : déclarez-la d'abord réfutée, ou saisie par erreur.")
        raise NotNow(refusal, current=known.state)
    facts = Facts("none_known", "")
    if known.none_known is None:
        return _add(tx, viewer, patient_id, facts)
    found = queries.record(tx, viewer, known.none_known.id)
    return _add_version(tx, viewer, found, found.version, facts, _SAID_AGAIN)


def amend(
    tx: Transaction,
    viewer: Viewer,
    record_id: str,
    *,
    version: int,
    facts: Facts,
    reason: str,
    confirmed: bool = False,
) -> str:
    """« Corriger » an allergy; one in words gets its fields so. Raises Conflict unless it is at `version`."""
    found = queries.record(tx, viewer, record_id)
    actions.require_writer(tx, viewer, found.patient_id, found.type)
    if found.type != "allergy":
        raise NotFound
    if found.facts and found.facts.kind == "none_known":
        raise Conflict(N_("Aucune allergie n'était connue : notez celle-ci à part."), current=found.status)
    facts = _recognized(tx, facts, confirmed=confirmed)
    _refuse_twice(tx, found.patient_id, facts, besides=record_id)
    return _add_version(tx, viewer, found, version, facts, reason)


def _recognized(tx: Transaction, facts: Facts, *, confirmed: bool) -> Facts:
    """With the codes of the substance or family that was named, where the program knows it: as a medicine, also where
    « autre » was chosen, of which nothing would be compared by its family.
    """
    if facts.kind == "food":
        return facts
    if facts.atc:
        return replace(facts, kind="class", atc=" ".join(_codes(facts.atc)))
    name = allergens.without_strength(facts.substance)
    if family := allergens.family_named(name):
        return replace(facts, kind="class", atc=family)
    codes = allergies.known_codes(tx, name)
    if facts.kind == "other":
        return replace(facts, kind="medicine", atc=codes) if codes else facts
    if not codes and not allergens.families(name) and not confirmed:
        raise Doubtful({"substance": _NEITHER})
    return replace(facts, atc=codes)


def _codes(typed: str) -> tuple[str, ...]:
    found = allergens.codes(typed)
    if found is None:
        raise Invalid({"atc": N_("Un code ATC s'écrit comme J01C ou J01CA04.")})
    return found


def _refuse_twice(tx: Transaction, patient_id: str, facts: Facts, besides: str = "") -> None:
    same = allergens.substances(facts.substance)
    known = allergies.of_patient(tx, patient_id)
    for one in (*known.active, *known.refuted):
        if one.id != besides and one.facts and allergens.substances(one.facts.substance) == same:
            raise Invalid({"substance": N_("Cette allergie est déjà notée : corrigez-la.")})


def _add(tx: Transaction, viewer: Viewer, patient_id: str, facts: Facts) -> str:
    day = days.day(tx.now).isoformat()
    written = {"type": "allergy", "title": facts.title, "body": facts.reaction, "occurred_on": day}
    record_id = actions.add(tx, viewer, patient_id, **written)
    _write(tx, record_id, 1, facts)
    return record_id


def _add_version(
    tx: Transaction, viewer: Viewer, found: queries.Record, version: int, facts: Facts, reason: str
) -> str:
    written = {"title": facts.title, "body": facts.reaction, "reason": reason}
    actions.add_version(tx, viewer, found, version=version, **written)
    _write(tx, found.id, version + 1, facts)
    return found.id


def _write(tx: Transaction, record_id: str, version: int, facts: Facts) -> None:
    tx.send(
        "INSERT INTO allergy_facts (record_id, version, kind, substance, atc, reaction, severity, status) "
        "VALUES (:record, :version, :kind, :substance, :atc, :reaction, :severity, :status)",
        {
            "record": record_id,
            "version": version,
            "kind": facts.kind,
            "substance": facts.substance,
            "atc": facts.atc,
            "reaction": facts.reaction,
            "severity": facts.severity,
            "status": facts.status,
        },
    )
    covered.version(tx, covered.ALLERGIES, record_id, version)
