"""What stands in a file: Encounter, Observation, Condition, AllergyIntolerance, Immunization.

Nothing is guessed: what somebody has written in words goes out in words, without a code.
"""

from decimal import Decimal
from html import escape
from typing import Any

from fadjma.fhir.elements import (
    ATC,
    HL7,
    ICD_10,
    OURS,
    SNOMED,
    Element,
    Resource,
    absent,
    coding,
    concept,
    known,
    made,
    meta,
    notes,
    patient,
    quantity,
    reference,
)
from fadjma.fhir.vital_codes import CODES, DIASTOLIC, SYSTOLIC, Coded
from fadjma.i18n import iso
from fadjma.records.allergies import Facts
from fadjma.records.consultations import Consultation
from fadjma.records.measurements import Measurement
from fadjma.records.problems import Problem
from fadjma.records.queries import Record
from fadjma.records.results import Result
from fadjma.records.results import Value as LabValue
from fadjma.records.vaccinations import Vaccination

# « No known allergy (situation) », SNOMED CT 716186003.
NO_KNOWN_ALLERGY = coding(SNOMED, "716186003", "No known allergy")
CRITICAL_CATEGORIES = {"medicine": "medication", "class": "medication", "food": "food"}  # allergy-intolerance-category
CONDITIONS = {"active": "active", "past": "resolved"}  # condition-clinical; con-4: what has ended is not active
INTERPRETATION = f"{HL7}v3-ObservationInterpretation"
_MARKS = {"low": "L", "high": "H"}
_IMMUNIZATION_FUNCTION = "http://terminology.hl7.org/CodeSystem/v2-0443"


def author(record: Record) -> Element | None:
    return reference("Practitioner", record.author_id, record.author_name)


def _of(record: Record, at: int | None) -> Element:
    return meta(record.version, at)


def encounter(record: Record, at: int | None = None) -> Resource:
    """A consultation. FHIR has no place for what was seen and concluded but its narrative, which has all of it.

    Of one that was entered in error only that there was something, when, and by whom.
    """
    written = record.fields if isinstance(record.fields, Consultation) else None
    return made(
        "Encounter",
        record.id,
        meta=_of(record, at),
        text=None if record.hidden else _narrative(record),
        status="entered-in-error" if record.status != "current" else "finished",
        class_=coding(f"{HL7}v3-ActCode", "AMB", "ambulatory"),
        subject=patient(record.patient_id),
        participant=[known(individual=author(record))],
        period={"start": record.occurred_on, "end": record.occurred_on},
        reasonCode=None if record.hidden else [concept(written.motive if written else record.title)],
        serviceProvider={"display": record.organization} if record.organization else None,
    )


def _narrative(record: Record) -> Element:
    """More than the elements say, so « additional » (http://hl7.org/fhir/R4/valueset-narrative-status.html)."""
    body = "".join(f"<p>{escape(part)}</p>" for part in record.body.split("\n\n") if part.strip())
    return {
        "status": "additional",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p><b>{escape(record.title)}</b></p>{body}</div>',
    }


def measured(one: Measurement) -> Resource:
    """Something measured. Of one that was entered in error, and is not this reader's, without its value."""
    code = CODES[one.code]
    said = known(
        category=[concept("", coding(f"{HL7}observation-category", code.category))],
        code=concept(one.vital.label, *(coding(*each) for each in code.codes)),
        subject=patient(one.patient_id),
        encounter=reference("Encounter", one.record_id),
        effectiveDateTime=one.measured_on,
        issued=iso(one.created_at),
        performer=[reference("Practitioner", one.author_id, one.author_name)] if one.author_id else None,
    )
    status = "final" if one.error is None else "entered-in-error"
    return made(
        "Observation",
        one.id,
        meta=meta(1 if one.error is None else 2, one.created_at if one.error is None else None),
        status=status,
        **said,
        **_value(one, code),
    )


def _value(one: Measurement, code: Coded) -> dict[str, Any]:
    if one.hidden:
        return {"dataAbsentReason": concept("", coding(f"{HL7}data-absent-reason", "masked"))}
    figure = _number(one)
    if one.diastolic is None:
        return {"valueQuantity": quantity(figure, code.unit, code.ucum)}
    return {
        "component": [
            {"code": concept("", coding(*each)), "valueQuantity": quantity(value, code.unit, code.ucum)}
            for each, value in ((SYSTOLIC, figure), (DIASTOLIC, one.diastolic))
        ]
    }


def _number(one: Measurement) -> int | float:
    figure = one.figure
    return int(figure) if figure == int(figure) else float(figure)


def result(record: Record, at: int | None = None) -> Resource:
    """The result of a test, by its values or in words; the papers that came with it are DocumentReferences."""
    said: dict[str, Any] = {"valueString": record.body or record.title}
    if record.hidden:
        said = {"dataAbsentReason": concept("", coding(f"{HL7}data-absent-reason", "masked"))}
    elif isinstance(record.fields, Result):
        said = {"component": list(map(_component, record.fields.values)), "note": notes(record.fields.note) or None}
    return made(
        "Observation",
        record.id,
        meta=_of(record, at),
        status="entered-in-error" if record.status != "current" else "final",
        code=concept(record.title) if record.title else absent("masked"),
        subject=patient(record.patient_id),
        effectiveDateTime=record.occurred_on,
        issued=iso(record.created_at),
        performer=[author(record)],
        **said,
    )


def _component(value: LabValue) -> Element:
    def measured(number: Decimal) -> Element:
        figure = int(number) if number == int(number) else float(number)
        return quantity(figure, value.shown_unit, value.unit) if value.unit else {"value": figure}

    compared = {"comparator": value.comparator} if value.comparator else {}
    bounds = {"low": value.low, "high": value.high}
    reference = {name: measured(bound) for name, bound in bounds.items() if bound is not None}
    return known(
        code=concept(value.analysis),
        valueQuantity=compared | measured(value.number),
        interpretation=[concept("", coding(INTERPRETATION, _MARKS[value.mark]))] if value.mark else None,
        referenceRange=[reference] if reference else None,
    )


def condition(record: Record, at: int | None = None) -> Resource:
    """A problem; without fields it says what is written, and nothing of whether it goes on."""
    facts = record.fields if isinstance(record.fields, Problem) else None
    mistaken = record.status != "current"
    said: dict[str, Any] = {"code": absent("masked") if record.hidden else concept(record.title)}
    if facts and not record.hidden:
        said = {
            "code": concept(facts.words, *([coding(ICD_10, facts.icd)] if facts.icd else ())),
            "onsetDateTime": facts.since or None,
            "note": notes(facts.note),
        }
        if not mistaken:  # con-4: what has an end says that it is over; con-5: what was entered in error says neither
            said |= {
                "abatementDateTime": (facts.ended_on or None) if facts.status == "past" else None,
                "clinicalStatus": concept("", coding(f"{HL7}condition-clinical", CONDITIONS[facts.status])),
                "category": [concept("", coding(f"{HL7}condition-category", "problem-list-item"))],
            }
    elif not record.hidden:
        said["note"] = notes(record.body)
    return made(
        "Condition",
        record.id,
        meta=_of(record, at),
        verificationStatus=_mistaken("condition-ver-status") if mistaken else None,
        subject=patient(record.patient_id),
        recordedDate=iso(record.created_at),
        recorder=author(record),
        **said,
    )


def _mistaken(system: str) -> Element:
    return concept("", coding(f"{HL7}{system}", "entered-in-error"))


def allergy(record: Record, at: int | None = None, *, superseded: bool = False) -> Resource:
    """An allergy, or that none is known: that is a coded statement of its own.

    `superseded`: it says that none is known, and there is one: it counts no more (« inactive »).
    """
    facts = None if record.hidden else record.facts
    mistaken = record.status != "current"
    refuted = facts is not None and facts.status == "refuted"
    clinical = "inactive" if refuted or superseded else "active"
    verified = "entered-in-error" if mistaken else "refuted" if refuted else None
    return made(
        "AllergyIntolerance",
        record.id,
        meta=_of(record, at),
        # ait-1 and ait-2: it has one unless it was entered in error.
        clinicalStatus=None if mistaken else concept("", coding(f"{HL7}allergyintolerance-clinical", clinical)),
        verificationStatus=concept("", coding(f"{HL7}allergyintolerance-verification", verified)) if verified else None,
        category=[CRITICAL_CATEGORIES[facts.kind]] if facts and facts.kind in CRITICAL_CATEGORIES else None,
        code=absent("masked") if record.hidden else _to_what(record, facts),
        patient=patient(record.patient_id),
        recordedDate=iso(record.created_at),
        recorder=author(record),
        note=None if facts or record.hidden else notes(record.body),
        reaction=_reaction(facts) if facts else None,
    )


def _to_what(record: Record, facts: Facts | None) -> Element:
    if facts is None:
        return concept(record.title)
    if facts.kind == "none_known":
        return concept(record.title, NO_KNOWN_ALLERGY)
    # Several codings of one concept say the same thing: the branches of a family are not that.
    codes = facts.atc.split()
    same = codes if facts.kind == "medicine" or len(codes) == 1 else []
    return concept(facts.substance, *(coding(ATC, code) for code in same))


def _reaction(facts: Facts) -> list[Element]:
    """FHIR wants how one reacts beside how badly."""
    if not (facts.reaction or facts.severity):
        return []
    shown = concept(facts.reaction) if facts.reaction else absent()
    return [known(manifestation=[shown], severity=facts.severity)]


def immunization(record: Record, at: int | None = None) -> Resource:
    """A vaccination; when the next is due stands in an extension of ours, for R4 has it in another resource."""
    facts = record.fields if isinstance(record.fields, Vaccination) and not record.hidden else None
    said: dict[str, Any] = {"note": None if record.hidden else notes(record.body)}
    if facts:
        said = {
            "extension": [{"url": f"{OURS}next-due", "valueDate": facts.next_due}] if facts.next_due else None,
            "lotNumber": facts.lot,
            "site": concept(facts.site) if facts.site else None,
            "note": notes(facts.note),
            "protocolApplied": [_dose(facts.dose)] if facts.dose is not None else None,
        }
    named = facts.vaccine if facts else record.title
    return made(
        "Immunization",
        record.id,
        meta=_of(record, at),
        status="entered-in-error" if record.status != "current" else "completed",
        vaccineCode=absent("masked") if record.hidden else concept(named),
        patient=patient(record.patient_id),
        occurrenceDateTime=record.occurred_on,
        recorded=iso(record.created_at),
        performer=[{"function": concept("", coding(_IMMUNIZATION_FUNCTION, "AP")), "actor": author(record)}],
        **said,
    )


def _dose(number: int) -> Element:
    """A dose before the first (of polio, at birth) is no positive integer, as doseNumberPositiveInt wants it."""
    return {"doseNumberPositiveInt": number} if number > 0 else {"doseNumberString": str(number)}
