"""Where resources come from: of a file in the order in which it was written, and one by its id, through its reader's
rights.

A walk begins after a cursor, and yields each resource with its own. What comes later is written later, or, of the
trace, stands before all that was read: pages of a walk are complete while somebody writes.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from fadjma.access import grants, patient_lists, readings, tracing
from fadjma.access import queries as access
from fadjma.events import Subject
from fadjma.fhir import clinical, documents, medication, people, trust
from fadjma.fhir.elements import Resource, fhir_id, our_id
from fadjma.fhir.reader import Reader, reader
from fadjma.identity import links, places, practitioners
from fadjma.identity.people import Viewer
from fadjma.papers import actions as opening
from fadjma.papers import queries as papers
from fadjma.papers.queries import Paper
from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions import in_order
from fadjma.prescriptions.prescription import Prescription
from fadjma.records import actions, allergies, authorship, measurements, measuring
from fadjma.records import queries as records
from fadjma.records.queries import TYPES, Record, RecordType
from fadjma.records.vitals import VITALS
from fadjma.refusals import NotFound
from fadjma.store import Transaction, paging

T = TypeVar("T")
Walked = Iterator[tuple[str, Resource]]
_CHUNK = 100
_MANY = 400  # SQLite takes 999 parameters in its oldest builds
_FEW = 20  # prescriptions, each with lines and hand-overs


def _through(
    read: Callable[[tuple[int, str], int], list[T]],
    place: Callable[[T], tuple[int, str]],
    after: str,
) -> Iterator[tuple[str, T]]:
    """In steps that grow: a page is mostly in the first one, and whoever goes through all of a file takes few."""
    at, step = paging.position(after, otherwise=-1), _CHUNK
    while True:
        found = read(at, step)
        for one in found:
            at = place(one)
            yield paging.cursor(*at), one
        if len(found) < step:
            return
        step = _MANY


# --- records ------------------------------------------------------------------------------------------------


def _records(tx: Transaction, who: Reader, kind: RecordType, after: str) -> Iterator[tuple[str, tuple[Record, int]]]:
    types = who.of(kind)
    if not types:
        return iter(())
    return _through(
        lambda at, limit: authorship.in_order(tx, who.patient_id, types, at, limit),
        lambda found: (found[0].created_at, found[0].id),
        after,
    )


def encounters(tx: Transaction, who: Reader, after: str) -> Walked:
    for cursor, found in _records(tx, who, "consultation", after):
        yield cursor, clinical.encounter(*found)


def results(tx: Transaction, who: Reader, after: str) -> Walked:
    for cursor, found in _records(tx, who, "test_result", after):
        yield cursor, clinical.result(*found)


def conditions(tx: Transaction, who: Reader, after: str) -> Walked:
    for cursor, found in _records(tx, who, "problem", after):
        yield cursor, clinical.condition(*found)


def immunizations(tx: Transaction, who: Reader, after: str) -> Walked:
    for cursor, found in _records(tx, who, "vaccination", after):
        yield cursor, clinical.immunization(*found)


def noted_allergies(tx: Transaction, who: Reader, after: str) -> Walked:
    known = allergies.of_patient(tx, who.patient_id).state == "known" if who.may("summary") else False
    for cursor, (found, at) in _records(tx, who, "allergy", after):
        yield cursor, clinical.allergy(found, at, superseded=known and _says_none(found))


def _says_none(found: Record) -> bool:
    return found.facts is not None and found.facts.kind == "none_known"


def written(tx: Transaction, who: Reader, after: str) -> Walked:
    for cursor, found in _records(tx, who, "prescription", after):
        yield cursor, documents.written(*found)


def _opened(tx: Transaction, viewer: Viewer, record_id: str, kind: RecordType) -> tuple[Record, int]:
    """A record of this type, its reading traced, with when its version was. Raises NotFound."""
    if _type_of(tx, record_id) != kind:
        raise NotFound
    found = actions.open_record(tx, viewer, record_id)
    at = found.versions[0].created_at if found.versions else found.created_at
    return found, at


def _type_of(tx: Transaction, record_id: str) -> RecordType | None:
    found = records.of_ids(tx, [record_id])
    return found[0].type if found else None


def encounter(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return clinical.encounter(*_opened(tx, viewer, our, "consultation"))


def condition(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return clinical.condition(*_opened(tx, viewer, our, "problem"))


def immunization(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return clinical.immunization(*_opened(tx, viewer, our, "vaccination"))


def noted_allergy(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    found, at = _opened(tx, viewer, our, "allergy")
    known = _says_none(found) and allergies.of_patient(tx, found.patient_id).state == "known"
    return clinical.allergy(found, at, superseded=known)


# --- measurements -------------------------------------------------------------------------------------------


def measured(tx: Transaction, who: Reader, after: str) -> Walked:
    codes = [code for code in VITALS if who.may(measurements.part_of(code))]
    if not codes:
        return
    for cursor, found in _through(
        lambda at, limit: measurements.in_order(tx, who.patient_id, codes, at, limit),
        lambda one: (one.created_at, one.id),
        after,
    ):
        yield cursor, clinical.measured(found)


def observation(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    """What was measured, or the result of a test."""
    if _type_of(tx, our) == "test_result":
        return clinical.result(*_opened(tx, viewer, our, "test_result"))
    return clinical.measured(measuring.open_measurement(tx, viewer, our))


# --- medicines ----------------------------------------------------------------------------------------------


def _prescriptions(tx: Transaction, who: Reader, after: str, each: Callable[[Prescription], list[Resource]]) -> Walked:
    """Resource by resource: a page may end within a prescription, so its cursor says after how many of it."""
    if not who.may("prescriptions"):
        return
    place, _, done = after.rpartition("~")
    begun = int(done) if done.isdecimal() and done.isascii() and len(done) < 9 else 0
    at, first = paging.position(place, otherwise=-1), True
    while True:
        found = in_order.in_order(tx, who.viewer, who.patient_id, at, _FEW, since=first)
        for one in found:
            same = first and (one.issued_at, one.id) == at
            at = (one.issued_at, one.id)
            for number, resource in enumerate(each(one), 1):
                if not (same and number <= begun):
                    yield f"{paging.cursor(*at)}~{number}", resource
            first = False
        if len(found) < _FEW:
            return


def requests(tx: Transaction, who: Reader, after: str) -> Walked:
    return _prescriptions(tx, who, after, lambda found: _requests(tx, found))


def dispenses(tx: Transaction, who: Reader, after: str) -> Walked:
    return _prescriptions(tx, who, after, lambda found: _dispenses(tx, found))


def _requests(tx: Transaction, found: Prescription) -> list[Resource]:
    codes = in_order.codes(tx, medication.medicines(found))
    return [medication.request(found, line, codes) for line in found.lines]


def _dispenses(tx: Transaction, found: Prescription) -> list[Resource]:
    codes = in_order.codes(tx, medication.medicines(found)) if found.dispenses else {}
    return [
        medication.dispense(found, one, number, codes)
        for one in found.dispenses
        for number in range(1, len(one.lines) + 1)
    ]


def request(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    prescription_id = in_order.of_line(tx, our)
    if prescription_id is None:
        raise NotFound
    found = prescribing.open_prescription(tx, viewer, prescription_id)
    if found.hidden:
        return medication.mistaken_request(found, our)
    return _by_id(_requests(tx, found), our)


def dispense(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    prescription_id = in_order.of_dispense(tx, our.rpartition("-")[0])
    if prescription_id is None:
        raise NotFound
    return _by_id(_dispenses(tx, prescribing.open_prescription(tx, viewer, prescription_id)), our)


def _by_id(found: list[Resource], our: str) -> Resource:
    for resource in found:
        if resource["id"] == fhir_id(our):
            return resource
    raise NotFound


# --- papers -------------------------------------------------------------------------------------------------


def papers_of(tx: Transaction, who: Reader, after: str) -> Walked:
    types = who.of(*TYPES)
    if not types:
        return
    for cursor, found in _through(
        lambda at, limit: papers.in_order(tx, who.patient_id, types, at, limit),
        lambda one: (one.created_at, one.id),
        after,
    ):
        yield cursor, documents.paper(papers.whole(tx, [found]), path_of if who.beside else None)


def path_of(paper: Paper) -> str:
    """Where the file of a paper is beside a Bundle: by its content, so that the same one is there once."""
    return f"papers/{paper.sha256}.{paper.suffix}"


def document(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    """A paper by its first page, one that its patient has brought by its record, or a prescription noted in words."""
    kind = _type_of(tx, our)
    if kind == "prescription":
        return documents.written(*_opened(tx, viewer, our, "prescription"))
    pages = papers.of_record(tx, our) if kind == "document" else []
    _, pages = opening.open_pages(tx, viewer, pages[0].id if pages else our)
    if documents.id_of(pages[0]) != our:
        raise NotFound
    return documents.paper(pages)


# --- who may, who did, who wrote ----------------------------------------------------------------------------


def consents(tx: Transaction, who: Reader, after: str) -> Walked:
    for cursor, found in _through(
        lambda at, limit: grants.in_order(tx, who.viewer, who.patient_id, at, limit),
        lambda one: (one.created_at, one.id),
        after,
    ):
        yield cursor, trust.consent(found)


def consent(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return trust.consent(access.access_request(tx, viewer, our))


def audit_events(tx: Transaction, who: Reader, after: str) -> Walked:
    """The patient's own trace, the newest first; nobody else's."""
    if not who.own:
        return
    before = after
    while True:
        page = readings.readings(tx, who.patient_id, before, _CHUNK)
        for one in page:
            yield one.cursor, trust.audit_event(one, who.patient_id)
        if page.next is None:
            return
        before = page.next


def audit_event(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return trust.audit_event(readings.own_line(tx, viewer, viewer.id, our), viewer.id)


def provenances(tx: Transaction, who: Reader, after: str) -> Walked:
    types = who.of(*TYPES)
    if not types:
        return
    place, _, version = after.rpartition("~")
    at, id = paging.position(place, otherwise=-1)
    last = (at, id, int(version) if version.isdecimal() and version.isascii() and len(version) < 9 else 0)
    step = _CHUNK
    while True:
        found = authorship.versions_in_order(tx, who.patient_id, types, last, step)
        for one in found:
            last = (one.at, one.record_id, one.version)
            yield f"{paging.cursor(one.at, one.record_id)}~{one.version}", trust.provenance(one)
        if len(found) < step:
            return
        step = _MANY


def provenance(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    """Who may read the record may know who wrote it; of what is hidden from them, that it was entered in error."""
    named = trust.of_provenance(our)
    if named is None:
        raise NotFound
    record = actions.open_record(tx, viewer, named[0])
    found = authorship.version(tx, *named)
    if record.hidden and not found.mistaken:
        raise NotFound
    # Why may say whose it is, and is no more for this reader than what was written (records/show.html).
    return trust.provenance(replace(found, reason=None) if record.hidden else found)


# --- people -------------------------------------------------------------------------------------------------


def patients(tx: Transaction, viewer: Viewer, after: str) -> Walked:
    """Oneself; or whose files are open to this doctor or nurse, the latest asked for first, each once."""
    if viewer.role == "patient":
        if not after:
            yield "own", patient(tx, viewer, viewer.id)
        return
    before: str | None = after or None
    given: set[str] = set()
    while True:
        page = patient_lists.patients_of(tx, viewer, before)
        for one in page:
            if one.patient_id not in given and _is_first(tx, viewer, one):
                given.add(one.patient_id)
                yield one.cursor, people.patient(one.patient)
        if page.next is None:
            return
        before = page.next


def trace_patients(tx: Transaction, viewer: Viewer, shown: list[Resource]) -> None:
    """As access.actions.browse_delegated: a nurse sees whom colleagues treat; a doctor's list is their own."""
    if viewer.role == "nurse":
        patients = [our_id(one["id"]) for one in shown]
        tracing.trace_listed(tx, viewer, [(Subject("patient", one), one) for one in patients])


def _is_first(tx: Transaction, viewer: Viewer, one: access.AccessRequest) -> bool:
    """Of several accesses to one file, the widest stands for it: also where a page ends between them."""
    widest = grants.granted(tx, viewer, one.patient_id, "summary")
    return widest is not None and widest.id == one.id


def patient(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    who = reader(tx, viewer, our)
    if who.grant:
        actions.trace_file(tx, viewer, our)
    return of_patient(tx, who)


def of_patient(tx: Transaction, who: Reader) -> Resource:
    found = who.patient
    return people.patient(found, city=found.city, phone=found.phone, others=links.others(tx, found.id))


def practitioner(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return people.practitioner(practitioners.practitioner(tx, our))


def practitioner_role(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return people.practitioner_role(practitioners.practitioner(tx, our))


def organization(tx: Transaction, viewer: Viewer, our: str) -> Resource:
    return people.organization(places.place(tx, our))


def organizations(tx: Transaction, viewer: Viewer, after: str) -> Walked:
    """All of them, in the order of their ids: they are as many as a town has."""
    for place in sorted(places.places(tx), key=lambda place: place.id):
        if place.id > after:
            yield place.id, people.organization(place)
