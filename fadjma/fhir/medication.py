"""Medicines prescribed and handed over: MedicationRequest, one for each line; MedicationDispense, one for each lot."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from fadjma.fhir.elements import (
    ATC,
    OURS,
    Element,
    Resource,
    absent,
    coding,
    concept,
    fhir_id,
    known,
    made,
    meta,
    notes,
    patient,
    period,
    quantity,
    reference,
)
from fadjma.i18n import iso
from fadjma.prescriptions.posology import Posology
from fadjma.prescriptions.prescription import Dispense, HandedOver, Line, Prescription
from fadjma.prescriptions.states import STATES

PRESCRIPTION = f"{OURS}prescription"  # of the identifier that the lines of one prescription share
LANGUAGE = "fr"  # as everything that stands in a resource: what is read does not change with who reads it
Codes = Mapping[str, str]  # the ATC code of each medicine that has one, by our id of it


def status_of(found: Prescription, line: Line) -> str:
    """http://hl7.org/fhir/CodeSystem/medicationrequest-status, of the prescription and what became of this line."""
    if line.ended and found.status != "entered_in_error":
        return "stopped"
    whole = STATES[found.status].fhir
    return "completed" if whole == "active" and not line.remaining else whole


def request(found: Prescription, line: Line, codes: Codes) -> Resource:
    """One line. `found` is not hidden from this reader."""
    why = (line.ended.reason if line.ended else "") or found.reason_text(LANGUAGE)
    return made(
        "MedicationRequest",
        line.id,
        meta=meta(found.version, found.updated_at),
        status=status_of(found, line),
        statusReason=concept(why) if why else None,
        intent="order",
        groupIdentifier=group(found.id),
        medicationCodeableConcept=_medicine(line.name, codes.get(line.medicine_id)),
        subject=patient(found.patient_id),
        authoredOn=iso(found.issued_at),
        requester=reference("Practitioner", found.prescriber_id, found.prescriber_name),
        dosageInstruction=[_dosage(line)],
        dispenseRequest=known(
            validityPeriod=period(found.issued_at, found.valid_until),
            numberOfRepeatsAllowed=line.renewals,
            quantity=quantity(line.quantity, line.unit),
            expectedSupplyDuration=quantity(line.duration_days, "d", "d"),
            performer=reference("Organization", found.pharmacy_id or found.addressed_to, found.pharmacy),
        ),
        substitution=_substitution(line),
        priorPrescription=reference("MedicationRequest", line.replaces),
    )


def mistaken_request(found: Prescription, line_id: str) -> Resource:
    """Of one that was entered in error, perhaps for somebody else: no more than that there was one."""
    return made(
        "MedicationRequest",
        line_id,
        meta=meta(found.version, found.updated_at),
        status="entered-in-error",
        intent="order",
        groupIdentifier=group(found.id),
        medicationCodeableConcept=absent("masked"),
        subject=patient(found.patient_id),
        authoredOn=iso(found.issued_at),
    )


def group(prescription_id: str) -> Element:
    return {"system": PRESCRIPTION, "value": fhir_id(prescription_id)}


def _medicine(name: str, atc: str | None) -> Element:
    return concept(name, *([coding(ATC, atc)] if atc else ()))


def _substitution(line: Line) -> Element:
    if line.substitution_reason is None:
        return {"allowedBoolean": True}
    return known(allowedBoolean=False, reason=concept(line.substitution_reason) if line.substitution_reason else None)


def _dosage(line: Line) -> Element:
    """As it is written, and as a structure where all of it is understood (posology.py)."""
    taken = line.posology
    return known(text=line.dosage, **(_structured(taken, line) if taken else {}))


def _structured(taken: Posology, line: Line) -> dict[str, Any]:
    needed = {"asNeededCodeableConcept": concept(taken.needed_for)} if taken.needed_for else {"asNeededBoolean": True}
    most = taken.most and {
        "numerator": quantity(taken.most, taken.unit or line.unit),
        "denominator": quantity(1, "d", "d"),
    }
    return {
        "additionalInstruction": [concept(taken.note)] if taken.note else None,
        "timing": {"repeat": _repeat(taken, line)},
        **(needed if taken.as_needed else {}),
        "doseAndRate": [{"doseQuantity": quantity(_plain(taken.dose), taken.unit or line.unit)}],
        "maxDosePerPeriod": most,
    }


def _repeat(taken: Posology, line: Line) -> Element:
    """http://hl7.org/fhir/R4/datatypes.html#Timing: at these times of the day, or so often in so long."""
    food = [taken.food] if taken.food else []
    bounds = {"boundsDuration": quantity(taken.days or line.duration_days, "d", "d")}
    if taken.when:
        return {**bounds, "when": [*taken.when, *food]}
    if taken.every:
        return {**bounds, "frequency": 1, "period": taken.every, "periodUnit": "h"}
    often = {"frequency": taken.frequency, "period": 1, "periodUnit": "d"} if taken.frequency else {}
    return known(**bounds, **often, when=food)


def _plain(number: Fraction) -> int | float:
    return number.numerator if number.denominator == 1 else round(float(number), 2)


def dispense(found: Prescription, one: Dispense, number: int, codes: Codes) -> Resource:
    """So much of one lot for one line: the `number`-th of a hand-over, the first being 1."""
    given = one.lines[number - 1]
    line = next((line for line in found.lines if line.id == given.line_id), None)
    name, medicine_id = _given(given, line)
    medicine = _medicine(name, codes.get(medicine_id))
    lot = known(lotNumber=given.lot, expirationDate=given.expires_on)
    kept: dict[str, Any] = {"medicationCodeableConcept": medicine}
    if lot:
        kept = {
            "contained": [{"resourceType": "Medication", "id": "lot", "code": medicine, "batch": lot}],
            "medicationReference": known(reference="#lot", display=name),
        }
    return made(
        "MedicationDispense",
        dispense_id(one.id, number),
        status="completed" if one.undone_at is None else "entered-in-error",
        identifier=[{"system": f"{OURS}dispense", "value": fhir_id(one.id)}],
        subject=patient(found.patient_id),
        performer=[
            {"actor": actor}
            for actor in (
                reference("Organization", one.pharmacy_id, one.pharmacy),
                reference("Practitioner", None, one.name),
            )
            if actor
        ],
        authorizingPrescription=[reference("MedicationRequest", given.line_id)],
        quantity=quantity(given.quantity, line.unit if line else ""),
        whenHandedOver=iso(one.at),
        note=notes(one.undo_reason or ""),
        substitution={"wasSubstituted": given.given_as is not None},
        **kept,
    )


def dispense_id(our: str, number: int) -> str:
    return f"{our}-{number}"


def _given(given: HandedOver, line: Line | None) -> tuple[str, str]:
    if given.given_as:
        return given.given_as.name, given.given_as.id
    return (line.name, line.medicine_id) if line else (given.medicine, "")


def medicines(found: Prescription) -> list[str]:
    """Our ids of all the medicines of a prescription, and of those given in their place."""
    handed = (given.given_as.id for one in found.dispenses for given in one.lines if given.given_as)
    return [*(line.medicine_id for line in found.lines), *handed]
