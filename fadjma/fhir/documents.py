"""Papers and pictures: DocumentReference, and Binary with what is in one."""

from base64 import b64encode

from fadjma.fhir.clinical import author
from fadjma.fhir.elements import Resource, concept, fhir_id, known, made, meta, patient, reference
from fadjma.i18n import iso
from fadjma.papers.queries import Paper
from fadjma.records.queries import Record

# What each type of record is, as FHIR calls it.
TYPES = {
    "consultation": "Encounter",
    "test_result": "Observation",
    "vaccination": "Immunization",
    "allergy": "AllergyIntolerance",
    "problem": "Condition",
    "prescription": "DocumentReference",
}


def paper(found: Paper, url: str | None = None) -> Resource:
    """A paper; `url` is where it is, beside a Bundle: else it is the Binary of this server."""
    attachment = known(
        contentType=found.kind,
        url=url or f"Binary/{fhir_id(found.id)}",
        size=found.size,
        title=found.title,
        creation=iso(found.created_at),
    )
    consulted = found.type == "consultation"
    related = [reference(TYPES[found.type], found.record_id)]
    return made(
        "DocumentReference",
        found.id,
        meta=meta(1, found.created_at),
        status="current" if found.status == "current" else "entered-in-error",
        type=concept(found.type_label),
        subject=patient(found.patient_id),
        date=iso(found.created_at),
        author=[reference("Practitioner", found.author_id, found.author_name)],
        description=found.title,
        content=[{"attachment": attachment}],
        context=known(
            period={"start": found.occurred_on},
            encounter=related if consulted else None,
            related=None if consulted else related,
        ),
    )


def written(record: Record, at: int | None = None) -> Resource:
    """A prescription that was noted in a file in words: its text is the document."""
    text = b64encode(record.body.encode()).decode()
    said = known(contentType="text/plain; charset=utf-8", data=text, title=record.title)
    return made(
        "DocumentReference",
        record.id,
        meta=meta(record.version, at),
        status="current" if record.status == "current" else "entered-in-error",
        type=concept(record.type_label),
        subject=patient(record.patient_id),
        date=iso(record.created_at),
        author=[author(record)],
        description=record.title or None,
        content=[{"attachment": {"contentType": "text/plain"} if record.hidden else said}],
        context={"period": {"start": record.occurred_on}},
    )


def binary(found: Paper, data: str) -> Resource:
    """What is in a paper (`data`: in base 64), for who asks for it as FHIR; everybody else gets the file itself."""
    return made("Binary", found.id, contentType=found.kind, data=data)
