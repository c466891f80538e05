"""The one table of the mapping: each resource, where it comes from, how far a scope shows it, by what it is searched.

The CapabilityStatement (`capability.py`), docs/fhir.md (`pages.py`), searches, readings and the Bundle of a file are
made of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from fadjma.fhir import sources
from fadjma.fhir.elements import ATC, HL7, ICD_10, LOINC, OURS, RESOURCES, SNOMED, UCUM, Resource
from fadjma.fhir.reader import Reader
from fadjma.fhir.scopes import PARTS
from fadjma.fhir.sources import Walked
from fadjma.identity.people import Viewer
from fadjma.store import Transaction

Kind = Literal["token", "date", "reference", "string"]
Walk = Callable[[Transaction, Reader, str], Walked]


@dataclass(frozen=True, slots=True)
class Parameter:
    """By what one searches. `path`: where in a resource it is, with points between; empty: of whose file."""

    name: str
    kind: Kind
    path: str


@dataclass(frozen=True, slots=True)
class Part:
    """A walk through one source, and what people call it when they take it away (fadjma/taking); empty: the whole file
    alone."""

    walk: Walk
    taken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One type of resource. Of a file it has `parts`, of nobody's in particular an `everything`."""

    type: str
    source: str  # in the words of docs/http.md
    fields: tuple[tuple[str, str], ...]  # element, and what of ours it is
    systems: tuple[tuple[str, str], ...] = ()  # code system, and of what
    parameters: tuple[Parameter, ...] = ()
    one: Callable[[Transaction, Viewer, str], Resource] | None = None
    parts: tuple[Part, ...] = ()
    everything: Callable[[Transaction, Viewer, str], Walked] | None = None
    lists: Callable[[Transaction, Viewer, list[Resource]], None] | None = None  # traces who is in a list
    by: tuple[str, ...] = ()  # one of these parameters is needed
    day: str = ""  # where it says of which day it is, for a period
    traced: str | None = None  # what the patient's trace calls it (access/states.py, PARTS); None: reading it is none
    note: str = ""

    @property
    def part(self) -> str:
        """The least part of a file by which it is open (scopes.py)."""
        return PARTS[self.type]

    @property
    def of_file(self) -> bool:
        return bool(self.parts)


ID = Parameter("_id", "token", "id")
PATIENT = Parameter("patient", "reference", "")


def _date(path: str, name: str = "date") -> Parameter:
    return Parameter(name, "date", path)


TABLE: tuple[Mapped, ...] = (
    Mapped(
        type="Patient",
        source="`GET /patients/<id>/card`: oneself, or whose file is open",
        fields=(
            ("identifier", "`identifier` of the card, system `urn:fadjma:identifier`"),
            ("name, gender", "name and sex"),
            ("birthDate", "as much as is known: `1958-05-03`, `1958-05` or `1958`"),
            ("telecom, address.city", "phone and town; in a search left out"),
            ("link", "`seealso`: another file of the same person"),
        ),
        systems=((f"{OURS}identifier", "the identifier of the card"),),
        parameters=(ID, Parameter("identifier", "token", "identifier")),
        one=sources.patient,
        everything=sources.patients,
        lists=sources.trace_patients,
        note="Without parameters: oneself, or all whose files are open; a nurse's list is traced, as that of her page.",
    ),
    Mapped(
        type="Practitioner",
        source="whoever of the staff has signed, decided or handed over something",
        fields=(
            ("name.text", "name"),
            ("qualification.code.text", "profession; no licence number, no contact"),
            ("active", "whether the account is open"),
        ),
        parameters=(ID,),
        one=sources.practitioner,
        by=("_id",),
    ),
    Mapped(
        type="PractitionerRole",
        source="where they act, and as what; it has the id of the Practitioner",
        fields=(
            ("practitioner, organization", "who and where"),
            ("code", "profession"),
            ("specialty.text", "specialty, in words"),
        ),
        systems=((f"{HL7}practitioner-role", "`doctor` `nurse` `pharmacist`"),),
        parameters=(ID, Parameter("practitioner", "reference", "practitioner")),
        one=sources.practitioner_role,
        by=("_id", "practitioner"),
    ),
    Mapped(
        type="Organization",
        source="`GET /organizations`: clinics and pharmacies",
        fields=(("name, telecom, address", "name, phone, address and town"), ("type", "`prov`, and our kind of place")),
        systems=((f"{HL7}organization-type", "`prov`"), (f"{OURS}place", "`clinic` `pharmacy`")),
        parameters=(ID, Parameter("name", "string", "name"), Parameter("type", "token", "type")),
        one=sources.organization,
        everything=sources.organizations,
    ),
    Mapped(
        type="Encounter",
        source="records of type `consultation`",
        fields=(
            ("status", "`finished`"),
            ("class", "`AMB`"),
            ("period", "`occurred_on`, a day"),
            ("reasonCode.text", "motive, or the title of one in words"),
            ("text", "narrative, `additional`: title, observation and conclusion, for which R4 has no element"),
            ("participant.individual, serviceProvider", "author, and where"),
        ),
        systems=((f"{HL7}v3-ActCode", "class"),),
        parameters=(ID, PATIENT, _date("period")),
        one=sources.encounter,
        parts=(Part(sources.encounters, "consultations"),),
        day="period.start",
        traced="consultation",
    ),
    Mapped(
        type="Observation",
        source="measurements; records of type `test_result`",
        fields=(
            ("code", "the kind of measurement (below), or the title of a test"),
            ("valueQuantity", "value and unit (UCUM); of a blood pressure two `component`s"),
            (
                "component, note",
                "of a test each value: `code` in words, `valueQuantity` with `comparator` and unit (UCUM), "
                "`referenceRange`, `interpretation` (`L`, `H`)",
            ),
            ("valueString", "what is written of a test without fields"),
            ("effectiveDateTime, issued", "day of measuring, moment of writing down"),
            ("performer, encounter", "who measured, and in which consultation"),
            ("category", "`vital-signs`, `laboratory` (glucose) or `survey` (pain); of a test none"),
            ("status", "`final`"),
        ),
        systems=(
            (LOINC, "what was measured"),
            (UCUM, "its unit"),
            (f"{HL7}observation-category", "category"),
            (f"{HL7}v3-ObservationInterpretation", "below or above its range"),
        ),
        parameters=(
            ID,
            PATIENT,
            Parameter("code", "token", "code"),
            Parameter("category", "token", "category"),
            _date("effectiveDateTime"),
            Parameter("encounter", "reference", "encounter"),
        ),
        one=sources.observation,
        parts=(Part(sources.measured, "measurements"), Part(sources.results, "results")),
        day="effectiveDateTime",
        traced="full",
        note="Under `prescriptions`: weights alone.",
    ),
    Mapped(
        type="Condition",
        source="records of type `problem`",
        fields=(
            ("code", "words, with the ICD-10 code where there is one"),
            ("clinicalStatus", "`active`, or `resolved` of what is past; none of what is only in words"),
            ("onsetDateTime, abatementDateTime", "since, and until, as much as is known"),
            ("recordedDate, recorder", "when and by whom it was written"),
            ("note", "note"),
        ),
        systems=(
            (ICD_10, "code"),
            (f"{HL7}condition-clinical", "clinicalStatus"),
            (f"{HL7}condition-ver-status", "`entered-in-error` alone"),
            (f"{HL7}condition-category", "`problem-list-item`"),
        ),
        parameters=(
            ID,
            PATIENT,
            Parameter("clinical-status", "token", "clinicalStatus"),
            Parameter("code", "token", "code"),
        ),
        one=sources.condition,
        parts=(Part(sources.conditions, "problems"),),
        day="recordedDate",
        traced="problem",
    ),
    Mapped(
        type="AllergyIntolerance",
        source="records of type `allergy`",
        fields=(
            ("code", "substance or family, with its ATC code; « aucune allergie connue » is SNOMED CT 716186003"),
            ("clinicalStatus", "`active`; `inactive` once refuted, and of « aucune connue » once there is one"),
            ("verificationStatus", "`refuted`; nothing else is claimed"),
            ("category", "`medication` or `food`; of others none"),
            ("reaction", "how and how badly one reacts"),
            ("recordedDate, recorder", "when and by whom it was written"),
        ),
        systems=(
            (SNOMED, "that none is known"),
            (ATC, "substance or family"),
            (f"{HL7}allergyintolerance-clinical", "clinicalStatus"),
            (f"{HL7}allergyintolerance-verification", "verificationStatus"),
        ),
        parameters=(
            ID,
            PATIENT,
            Parameter("clinical-status", "token", "clinicalStatus"),
            Parameter("category", "token", "category"),
            Parameter("code", "token", "code"),
        ),
        one=sources.noted_allergy,
        parts=(Part(sources.noted_allergies, "allergies"),),
        day="recordedDate",
        traced="allergy",
        note="An empty answer says that nobody has asked, not that there is none.",
    ),
    Mapped(
        type="Immunization",
        source="records of type `vaccination`",
        fields=(
            ("vaccineCode.text", "vaccine, in words"),
            ("protocolApplied.doseNumber", "dose"),
            ("lotNumber, site.text", "lot and site"),
            ("extension `urn:fadjma:next-due`", "day of the next dose, as whoever vaccinated has written"),
            ("occurrenceDateTime, performer", "day, author"),
            ("recorded", "when it was written"),
            ("status", "`completed`"),
            ("note", "note, or what is written of one in words"),
        ),
        systems=(("http://terminology.hl7.org/CodeSystem/v2-0443", "`AP`: who gave it"),),
        parameters=(ID, PATIENT, _date("occurrenceDateTime")),
        one=sources.immunization,
        parts=(Part(sources.immunizations, "vaccinations"),),
        day="occurrenceDateTime",
        traced="vaccination",
    ),
    Mapped(
        type="MedicationRequest",
        source="each line of a prescription",
        fields=(
            ("groupIdentifier", "the prescription, system `urn:fadjma:prescription`"),
            (
                "status",
                "of the prescription (docs/clinic.md); `stopped` of an ended line, `completed` of one handed over",
            ),
            ("medicationCodeableConcept", "DCI, strength and form, with the ATC code of the clinic's list"),
            ("dosageInstruction", "as it is written; as a structure too where all of it is understood"),
            ("dispenseRequest", "quantity, days, renewals, until when it is valid, pharmacy"),
            ("substitution", "whether it is allowed, and why not"),
            ("priorPrescription", "the line in whose place it is"),
            ("statusReason", "why it was refused, ended or put aside"),
            ("authoredOn, requester", "when, by whom"),
        ),
        systems=((ATC, "medicine"), (f"{OURS}prescription", "the prescription")),
        parameters=(
            ID,
            PATIENT,
            Parameter("status", "token", "status"),
            _date("authoredOn", "authoredon"),
            Parameter("code", "token", "medicationCodeableConcept"),
        ),
        one=sources.request,
        parts=(Part(sources.requests, "treatments"),),
        day="authoredOn",
        traced="prescription",
    ),
    Mapped(
        type="MedicationDispense",
        source="what was handed over, each lot of each line",
        fields=(
            ("identifier", "the hand-over, system `urn:fadjma:dispense`"),
            ("status", "`completed`; `entered-in-error` of one that was undone"),
            ("authorizingPrescription", "the line"),
            ("medicationReference, contained", "a Medication with its lot and expiry, where they are known"),
            ("medicationCodeableConcept", "where they are not"),
            ("quantity, whenHandedOver", "how much, when"),
            ("performer", "pharmacy, and by whom"),
            ("substitution.wasSubstituted", "whether an equivalent was given"),
        ),
        systems=((ATC, "medicine"), (f"{OURS}dispense", "the hand-over")),
        parameters=(
            ID,
            PATIENT,
            Parameter("status", "token", "status"),
            _date("whenHandedOver", "whenhandedover"),
            Parameter("prescription", "reference", "authorizingPrescription"),
        ),
        one=sources.dispense,
        parts=(Part(sources.dispenses, "treatments"),),
        day="whenHandedOver",
        traced="prescription",
    ),
    Mapped(
        type="DocumentReference",
        source="papers and pictures; records of type `prescription`, in words",
        fields=(
            ("content", "each page in its order: media type, size, title, and its Binary; of words the text itself"),
            ("type.text", "of which type its record is"),
            ("context", "the record, and its day"),
            ("date, author", "when it came, from whom: the Patient, of what they have brought"),
        ),
        parameters=(ID, PATIENT, _date("date"), Parameter("status", "token", "status")),
        one=sources.document,
        parts=(Part(sources.papers_of, "papers"), Part(sources.written, "treatments")),
        day="context.period.start",
        traced="full",
        note="Under `summary` and `prescriptions`: of vaccinations and allergies alone. `hash` is left out: R4 wants "
        "SHA-1 there, and papers are kept by SHA-256.",
    ),
    Mapped(
        type="Consent",
        source="`GET /access-requests`: the patient's, or one's own",
        fields=(
            ("status", "of the request (docs/clinic.md)"),
            ("provision.class", "the types that its scope shows"),
            ("provision.code", "scope"),
            ("provision.period, provision.actor", "from when to when, to whom"),
            ("policyRule", "state of the request; in an emergency its situation"),
            ("performer", "the patient, who has decided; not in an emergency"),
            ("dateTime", "when it was decided, or asked"),
            ("organization", "where the doctor works"),
            ("scope, category", "`patient-privacy`, 59284-0"),
        ),
        systems=(
            (f"{HL7}consentscope", "`patient-privacy`"),
            (LOINC, "59284-0, category"),
            (f"{HL7}v3-ParticipationType", "`IRCP`"),
            (RESOURCES, "provision.class"),
            (f"{OURS}scope", "`summary` `prescriptions` `full`"),
            (f"{OURS}access", "state of the request"),
        ),
        parameters=(ID, PATIENT, Parameter("status", "token", "status")),
        one=sources.consent,
        parts=(Part(sources.consents, ""),),
        day="dateTime",
        note="A doctor reads their own alone, and one of these by its id whatever has become of it.",
    ),
    Mapped(
        type="AuditEvent",
        source="`GET /patients/<id>/accesses`: the patient's own trace, for the patient alone; the newest first",
        fields=(
            ("recorded, period", "when; of several readings of one day, from the first to the last"),
            ("agent", "who, in which role, where"),
            ("subtype", "what was done, in our words"),
            ("action, outcomeDesc", "the same as FHIR has it, and as the patient reads it"),
            ("outcome", "`0`, or `8` of what was refused"),
            ("entity", "of what, and how many times"),
            ("type, source", "`rest`, FADJMA"),
        ),
        systems=(
            (f"{HL7}audit-event-type", "`rest`"),
            (f"{OURS}action", "as in docs/http.md"),
            (f"{OURS}role", "role"),
        ),
        parameters=(ID, PATIENT, _date("recorded"), Parameter("action", "token", "action")),
        one=sources.audit_event,
        parts=(Part(sources.audit_events, ""),),
        day="recorded",
    ),
    Mapped(
        type="Provenance",
        source="each version of a record",
        fields=(
            ("target", "the resource that its record is"),
            ("agent.who, recorded", "who wrote the version, when"),
            ("reason.text", "why it was corrected"),
            ("activity", "`CREATE`, `UPDATE`, or `NULLIFY` of what was entered in error"),
            ("entity", "the number of the version before"),
        ),
        systems=(
            (f"{HL7}v3-DataOperation", "activity"),
            (f"{HL7}provenance-participant-type", "`author`"),
        ),
        parameters=(ID, PATIENT, Parameter("target", "reference", "target"), _date("recorded", "recorded")),
        one=sources.provenance,
        parts=(Part(sources.provenances, ""),),
        day="recorded",
        traced="full",
        note="Under `summary` and `prescriptions`: of vaccinations and allergies alone.",
    ),
)
BY_TYPE: Mapping[str, Mapped] = {one.type: one for one in TABLE}
