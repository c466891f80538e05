"""Writing consultations, problems, results and vaccinations down by their fields, and correcting them."""

from collections.abc import Sequence
from dataclasses import replace

from fadjma import days, writing
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.records import actions, consultations, measuring, problems, queries, recalling, results, vaccinations
from fadjma.records.consultations import Consultation
from fadjma.records.problems import Known, Problem
from fadjma.records.results import Result
from fadjma.records.vaccinations import Vaccination
from fadjma.records.vitals import Reading
from fadjma.refusals import Invalid, NotFound, NotNow, Tried
from fadjma.store import Transaction

_ENDED = "Terminé"


def consult(
    tx: Transaction,
    viewer: Viewer,
    patient_id: str,
    *,
    facts: Consultation,
    readings: Sequence[Reading],
    occurred_on: str,
    confirmed: bool = False,
) -> str:
    """Write a consultation down; returns the id of its record. The patient is told once, and open pages follow.

    Raises Doubtful while what was hardly meant is not `confirmed`, Invalid before the birth.
    """
    actions.require_writer(tx, viewer, patient_id, "consultation")
    measuring.require_born(tx, patient_id, "occurred_on", occurred_on)
    measuring.ask(tx, patient_id, readings, occurred_on, confirmed=confirmed)
    written = {"type": "consultation", "title": facts.title, "body": facts.body, "occurred_on": occurred_on}
    record_id = actions.add(tx, viewer, patient_id, **written)
    consultations.write(tx, record_id, 1, facts)
    if readings:
        measuring.write(tx, viewer, patient_id, readings, occurred_on, record_id=record_id)
    if any(one.code == "body_weight" for one in readings):
        actions.show_weight(tx, patient_id, record_id)
    return record_id


def amend_consultation(
    tx: Transaction, viewer: Viewer, record_id: str, *, version: int, facts: Consultation, reason: str
) -> str:
    """« Corriger » what it says; what was measured in it stays. Raises Conflict unless it is at `version`."""
    found = queries.record(tx, viewer, record_id)
    actions.require_writer(tx, viewer, found.patient_id, found.type)
    if found.type != "consultation":
        raise NotFound
    actions.add_version(tx, viewer, found, version=version, title=facts.title, body=facts.body, reason=reason)
    consultations.write(tx, record_id, version + 1, facts)
    return record_id


def open_problems(tx: Transaction, viewer: Viewer, patient_id: str, *, again: bool = False) -> tuple[Known, ...]:
    """The patient's own, or through a grant, which is traced as the file. `again` as in tracing.trace.

    Raises NotFound.
    """
    if not queries.may_read(tx, viewer, patient_id, "problem"):
        raise NotFound().about(Tried(patient_id, "patient", patient_id))
    if viewer.id != patient_id:
        actions.trace_file(tx, viewer, patient_id, again=again)
    return problems.of_patient(tx, patient_id)


def note_problem(tx: Transaction, viewer: Viewer, patient_id: str, *, facts: Problem) -> str:
    """Write a problem down; returns the id of its record. The patient is told, and open pages follow.

    Raises Invalid for what is noted already, or was before the birth.
    """
    actions.require_writer(tx, viewer, patient_id, "problem")
    _check(tx, patient_id, facts)
    day = days.day(tx.now).isoformat()
    record_id = actions.add(tx, viewer, patient_id, type="problem", title=facts.title, body=facts.body, occurred_on=day)
    problems.write(tx, record_id, 1, facts)
    return record_id


def amend_problem(tx: Transaction, viewer: Viewer, record_id: str, *, version: int, facts: Problem, reason: str) -> str:
    """« Corriger ». Raises Conflict unless it is at `version`, Invalid as above."""
    found, _ = _problem(tx, viewer, record_id)
    _check(tx, found.patient_id, facts, besides=record_id)
    return _say(tx, viewer, found, version, facts, reason)


def end_problem(tx: Transaction, viewer: Viewer, record_id: str, *, version: int, ended_on: str) -> str:
    """It is past since that day. Raises Conflict as above, NotNow where it is past already."""
    found, facts = _problem(tx, viewer, record_id)
    if facts.status == "past":
        raise NotNow(N_("Ce problème est déjà noté comme terminé."), current=facts.status)
    ended = replace(facts, status="past", ended_on=ended_on)
    _check(tx, found.patient_id, ended, besides=record_id)
    return _say(tx, viewer, found, version, ended, _ENDED)


def _problem(tx: Transaction, viewer: Viewer, record_id: str) -> tuple[queries.Record, Problem]:
    found = queries.record(tx, viewer, record_id)
    actions.require_writer(tx, viewer, found.patient_id, found.type)
    if found.type == "problem":
        actions.require_current(found)
    if not isinstance(found.fields, Problem):
        raise NotFound
    return found, found.fields


def _check(tx: Transaction, patient_id: str, facts: Problem, besides: str = "") -> None:
    birth_date = directory.identity(tx, patient_id).birth_date
    if facts.since and facts.since < birth_date[: len(facts.since)]:
        raise Invalid({"since": N_("Cette date est avant la naissance.")})
    if facts.ended_on and facts.ended_on < birth_date:
        raise Invalid({"ended_on": N_("Cette date est avant la naissance.")})
    if facts.ended_on and facts.ended_on[: len(facts.since)] < facts.since:
        raise Invalid({"ended_on": N_("Ce problème n'a pas pu finir avant de commencer.")})
    if facts.status == "active":
        _refuse_twice(tx, patient_id, facts, besides)


def _refuse_twice(tx: Transaction, patient_id: str, facts: Problem, besides: str) -> None:
    same = writing.fold(facts.words)
    for one in problems.of_patient(tx, patient_id):
        if one.id != besides and (one.facts.status, writing.fold(one.facts.words)) == ("active", same):
            raise Invalid({"words": N_("Ce problème est déjà noté : corrigez-le.")})


def _say(tx: Transaction, viewer: Viewer, found: queries.Record, version: int, facts: Problem, reason: str) -> str:
    actions.add_version(tx, viewer, found, version=version, title=facts.title, body=facts.body, reason=reason)
    problems.write(tx, found.id, version + 1, facts)
    return found.id


def vaccinate(tx: Transaction, viewer: Viewer, patient_id: str, *, facts: Vaccination, occurred_on: str) -> str:
    """Write a vaccination down; returns the id of its record. The patient is told, and open pages follow.

    Raises Invalid before the birth, or for a next dose that is not after this one.
    """
    actions.require_writer(tx, viewer, patient_id, "vaccination")
    measuring.require_born(tx, patient_id, "occurred_on", occurred_on)
    _check_next(facts, occurred_on)
    written = {"type": "vaccination", "title": facts.title, "body": facts.body, "occurred_on": occurred_on}
    record_id = actions.add(tx, viewer, patient_id, **written)
    vaccinations.write(tx, record_id, 1, facts)
    recalling.begin(tx, patient_id)
    return record_id


def amend_vaccination(
    tx: Transaction, viewer: Viewer, record_id: str, *, version: int, facts: Vaccination, reason: str
) -> str:
    """« Corriger » it; one in words gets its fields so. Raises Conflict unless it is at `version`, Invalid as above."""
    found = queries.record(tx, viewer, record_id)
    actions.require_writer(tx, viewer, found.patient_id, found.type)
    if found.type != "vaccination":
        raise NotFound
    _check_next(facts, found.occurred_on)
    actions.add_version(tx, viewer, found, version=version, title=facts.title, body=facts.body, reason=reason)
    vaccinations.write(tx, record_id, version + 1, facts)
    recalling.begin(tx, found.patient_id)
    return record_id


def _check_next(facts: Vaccination, occurred_on: str) -> None:
    if facts.next_due and facts.next_due <= occurred_on:
        raise Invalid({"next_due": N_("La prochaine dose vient après celle-ci.")})


def note_result(tx: Transaction, viewer: Viewer, patient_id: str, *, facts: Result, occurred_on: str) -> str:
    """Write a result down; returns the id of its record. The patient is told, and open pages follow.

    One without values, which is all in words, is a record in words. Raises Invalid before the birth.
    """
    actions.require_writer(tx, viewer, patient_id, "test_result")
    measuring.require_born(tx, patient_id, "occurred_on", occurred_on)
    written = {"type": "test_result", "title": facts.title, "body": facts.body, "occurred_on": occurred_on}
    record_id = actions.add(tx, viewer, patient_id, **written)
    if facts.values:
        results.write(tx, record_id, 1, facts)
    return record_id


def amend_result(tx: Transaction, viewer: Viewer, record_id: str, *, version: int, facts: Result, reason: str) -> str:
    """« Corriger » it; one in words, or a paper, gets its fields so. Raises Conflict unless it is at `version`."""
    found = queries.record(tx, viewer, record_id)
    actions.require_writer(tx, viewer, found.patient_id, found.type)
    if found.type != "test_result":
        raise NotFound
    actions.add_version(tx, viewer, found, version=version, title=facts.title, body=facts.body, reason=reason)
    if facts.values:
        results.write(tx, record_id, version + 1, facts)
    return record_id
