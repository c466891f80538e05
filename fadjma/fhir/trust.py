"""Who may, who did, and who wrote: Consent, AuditEvent, Provenance."""

from fadjma.access.queries import AccessRequest
from fadjma.access.readings import Reading
from fadjma.access.states import SCOPES
from fadjma.fhir.documents import TYPES
from fadjma.fhir.elements import (
    HL7,
    LOINC,
    OURS,
    RESOURCES,
    Element,
    Resource,
    coding,
    concept,
    fhir_id,
    known,
    made,
    meta,
    patient,
    period,
    reference,
)
from fadjma.fhir.scopes import opened_by
from fadjma.i18n import iso
from fadjma.records.authorship import Written

# What our acts are to FHIR (http://hl7.org/fhir/audit-event-action); whatever else is done is executed.
ACTIONS = {"read": "R", "listed": "R", "found": "R", "recalled": "R", "created": "C", "issued": "C", "registered": "C"}
_CHANGES = ("amended", "corrected", "changed", "entered_in_error", "write")
# How each version came to be (http://terminology.hl7.org/CodeSystem/v3-DataOperation).
OPERATIONS = {"first": "CREATE", "later": "UPDATE", "mistaken": "NULLIFY"}
_WHAT = {"record": "", "measurement": "Observation", "access_request": "Consent", "patient": "Patient"}


def consent(found: AccessRequest) -> Resource:
    """An access to a file, with the types of resources that its scope shows."""
    end = min((at for at in (found.ended_at, found.expires_at) if at), default=None)
    decided = found.scope is not None and found.decided_at
    provision = known(
        type="deny" if found.status == "rejected" else "permit",
        period=period(found.decided_at or found.created_at, end) if found.scope else None,
        actor=[
            {
                "role": concept("", coding(f"{HL7}v3-ParticipationType", "IRCP", "information recipient")),
                "reference": reference("Practitioner", found.doctor_id, found.doctor_name),
            }
        ],
        class_=[coding(RESOURCES, one) for one in opened_by(found.scope)] if found.scope else None,
        code=[concept(SCOPES[found.scope][0], coding(f"{OURS}scope", found.scope))] if found.scope else None,
    )
    return made(
        "Consent",
        found.id,
        meta=meta(found.version, found.changed_at),
        status=found.state.fhir,
        scope=concept("", coding(f"{HL7}consentscope", "patient-privacy")),
        category=[concept("", coding(LOINC, "59284-0", "Consent Document"))],
        patient=patient(found.patient_id),
        dateTime=iso(found.decided_at or found.created_at),
        performer=[patient(found.patient_id)] if decided and not found.emergency_code else None,
        organization=[{"display": found.organization}] if found.organization else None,
        # ppc-1: it says by which rule. Nobody reads under anything but an access; an emergency has a rule of its own.
        policyRule=concept(found.situation or found.state.label, coding(f"{OURS}access", found.status)),
        provision=provision,
    )


def audit_event(found: Reading, patient_id: str) -> Resource:
    """A line of the patient's own trace: readings of one day that say the same are one, with how many they were."""
    verb = found.action.rpartition(".")[2]
    refused = found.outcome == "refused"
    return made(
        "AuditEvent",
        found.id,
        type=coding(f"{HL7}audit-event-type", "rest", "RESTful Operation"),
        subtype=[coding(f"{OURS}action", found.action)],
        action=ACTIONS.get(verb) or ("U" if verb in _CHANGES else "E"),
        period=period(found.at, found.last_at) if found.times > 1 else None,
        recorded=iso(found.at),
        outcome="8" if refused else "0",
        outcomeDesc=found.what,
        agent=[
            known(
                role=[concept(found.role_name, coding(f"{OURS}role", found.role))],
                who=known(display=", ".join(filter(None, (found.name, found.place)))),
                requestor=True,
            )
        ],
        source={"observer": {"display": "FADJMA"}},
        entity=[_entity(found, patient_id)],
    )


def _entity(found: Reading, patient_id: str) -> Element:
    """Whose file it was; of what in it, our own name of the thing, which is no FHIR resource for every kind."""
    kind = _WHAT.get(found.subject_kind)
    named = {"system": f"{OURS}{found.subject_kind}", "value": fhir_id(found.subject_id)}
    what = patient(patient_id) if kind == "Patient" else known(identifier=named)
    if kind and kind != "Patient":
        what = known(reference=f"{kind}/{fhir_id(found.subject_id)}", identifier=named)
    detail = [{"type": "part", "valueString": found.part}] if found.part else []
    return known(what=what, detail=[*detail, {"type": "times", "valueString": str(found.times)}])


def provenance(found: Written) -> Resource:
    """Who wrote a version of something in the file, when, and why it was corrected."""
    how = "mistaken" if found.mistaken else "first" if found.version == 1 else "later"
    target = known(reference=f"{TYPES[found.type]}/{fhir_id(found.record_id)}")
    return made(
        "Provenance",
        provenance_id(found.record_id, found.version),
        target=[target],
        recorded=iso(found.at),
        reason=[concept(found.reason)] if found.reason else None,
        activity=concept("", coding(f"{HL7}v3-DataOperation", OPERATIONS[how])),
        agent=[
            {
                "type": concept("", coding(f"{HL7}provenance-participant-type", "author")),
                "who": reference(
                    "Patient" if found.author_id == found.patient_id else "Practitioner",
                    found.author_id,
                    found.author_name,
                ),
            }
        ],
        # The version that it is about; earlier ones are not resources of their own here.
        entity=[
            {"role": "revision", "what": {"identifier": {"system": f"{OURS}version", "value": str(found.version - 1)}}}
        ]
        if found.version > 1
        else None,
    )


def provenance_id(record_id: str, version: int) -> str:
    return f"{record_id}-v{version}"


def of_provenance(sent: str) -> tuple[str, int] | None:
    """The record and the version that an id of a Provenance names."""
    record_id, found, version = sent.rpartition("-v")
    return (
        (record_id, int(version)) if found and version.isascii() and version.isdecimal() and len(version) < 9 else None
    )
