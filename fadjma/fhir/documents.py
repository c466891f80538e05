"""Papers and pictures: DocumentReference, and Binary with what is in one."""

from base64 import b64encode
from collections.abc import Callable, Sequence

from fadjma.fhir.clinical import author
from fadjma.fhir.elements import Element, Resource, concept, fhir_id, known, made, meta, patient, reference
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
    "document": "DocumentReference",
}


def paper(pages: Sequence[Paper], path: Callable[[Paper], str] | None = None) -> Resource:
    """A paper, with every page of it in their order; `path`: where each is, beside a Bundle: else it is the Binary of
    this server. What its patient has brought is by the patient, and has no other resource: its id is the record's.
    """
    first = pages[0]
    consulted = first.type == "consultation"
    related = None if first.brought else [reference(TYPES[first.type], first.record_id)]
    return made(
        "DocumentReference",
        id_of(first),
        meta=meta(len(pages), pages[-1].created_at),
        status="current" if first.status == "current" else "entered-in-error",
        type=concept(first.type_label),
        subject=patient(first.patient_id),
        date=iso(first.created_at),
        author=[_by(first)],
        description=first.title,
        content=[{"attachment": _attachment(page, path)} for page in pages],
        context=known(
            period={"start": first.occurred_on},
            encounter=related if consulted else None,
            related=None if consulted else related,
        ),
    )


def id_of(first: Paper) -> str:
    return first.record_id if first.brought else first.id


def _by(first: Paper) -> Element | None:
    return reference("Patient" if first.brought else "Practitioner", first.author_id, first.author_name)


def _attachment(page: Paper, path: Callable[[Paper], str] | None) -> Element:
    return known(
        contentType=page.kind,
        url=path(page) if path else f"Binary/{fhir_id(page.id)}",
        size=page.size,
        title=page.title if page.page_count == 1 else f"{page.title} ({page.position}/{page.page_count})",
        creation=iso(page.created_at),
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
