"""GET /patients/<id>/records: a patient's file, with what records and prescriptions each show of it, in four views."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from quart import Blueprint, Response, request

from fadjma import days, web
from fadjma.access import tracing
from fadjma.events import Subject
from fadjma.i18n import iso
from fadjma.identity import links
from fadjma.identity.links import Other
from fadjma.identity.people import Viewer
from fadjma.prescriptions import copying, lists
from fadjma.prescriptions import queries as prescriptions
from fadjma.prescriptions.prescription import Prescription, Treatment
from fadjma.records import actions as reading
from fadjma.records import allergies, measurements, problems, schedule, vaccinations
from fadjma.records import queries as records
from fadjma.records.allergies import Allergies
from fadjma.records.measurements import Course
from fadjma.records.problems import Known
from fadjma.records.queries import File, Record
from fadjma.records.vaccinations import Due, NotedEarly
from fadjma.records.vitals import VITALS
from fadjma.refusals import NotFound
from fadjma.store import Page, Transaction, paging

blueprint = Blueprint("files", __name__)
View = Literal["summary", "history", "prescriptions", "access"]
_VIEWS: tuple[View, ...] = get_args(View)
_ASKED = ("q", "type", "author", "from", "to")
_OF_ONES_OWN: dict[View, str] = {"prescriptions": "/prescriptions", "access": "/access-requests"}  # pages of their own
_NEWEST = 6  # records and prescriptions of the summary; the other views have them all
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Since:
    """What others have done in a file since somebody was last there, as far as they may see it."""

    at: int
    records: tuple[Record, ...]
    prescriptions: tuple[Prescription, ...]

    def json(self) -> dict[str, Any]:
        return {
            "at": iso(self.at),
            "records": [record.id for record in self.records],
            "prescriptions": [item.id for item in self.prescriptions],
        }


@dataclass(frozen=True, slots=True)
class _Glance:
    """What stands at the head of the summary, as far as the viewer may see it."""

    due: tuple[Due, ...] = ()  # of vaccinations
    early: tuple[NotedEarly, ...] = ()  # of those that were given
    by_schedule: bool | None = None  # of a child: whether the clinic has signed a schedule; None: it would say nothing
    problems: tuple[Known, ...] = ()
    courses: tuple[Course, ...] = ()  # of what was measured


@dataclass(frozen=True, slots=True)
class _Opened:
    """The file as its page shows it."""

    file: File
    allergies: Allergies
    treatments: tuple[Treatment, ...] = ()  # where the viewer may see prescriptions
    prescriptions: Page[Prescription] = field(default_factory=Page)
    links: tuple[Other, ...] = ()  # other files of the same person, which are as closed as before
    authors: tuple[records.Author, ...] = ()  # among whom one may look
    since: Since | None = None  # for whoever comes back to the file of another
    glance: _Glance = field(default_factory=_Glance)
    under_way: int | None = None  # how many prescriptions, for the patient; None: they are shown, or not to be seen


@blueprint.get("/patients/<patient_id>/records")
@web.takes("q", "type", "author", "from", "to", "before", "view")
async def show(patient_id: str) -> Response:
    again = web.by_itself() or web.while_typing()  # each letter that is typed is the same sitting
    opened = await web.see_traced(_open, patient_id, web.before(paging.DAY), _sought(), again=again)
    view = _view()
    if opened.file.grant is None and view in _OF_ONES_OWN and web.wants() != "json":
        return web.see_other(_OF_ONES_OWN[view])
    data = opened.file.records.json(lambda record: record.json(web.language()))
    if opened.under_way is not None:
        data["prescriptions_under_way"] = opened.under_way
    if opened.glance.due:
        data["vaccinations_due"] = [one.json() for one in opened.glance.due]
    if opened.glance.early:
        data["vaccinations_early"] = [one.json() for one in opened.glance.early]
    if opened.glance.by_schedule is not None:
        data["vaccination_schedule"] = {"in_use": opened.glance.by_schedule}
    if opened.since:
        data["since_last_visit"] = opened.since.json()
    if opened.links:
        data["links"] = [other.json() for other in opened.links]
    return web.answer(
        "records/index.html",
        data,
        as_typed="records/_found.html",
        file=opened.file,
        view=view,
        newest=_NEWEST,
        allergies=opened.allergies,
        treatments=opened.treatments,
        problems=opened.glance.problems,
        due=opened.glance.due,
        early=opened.glance.early,
        by_schedule=opened.glance.by_schedule,
        courses=opened.glance.courses,
        links=opened.links,
        prescriptions=opened.prescriptions,
        may_repeat=opened.file.may_prescribe and copying.repeatable(opened.prescriptions),
        authors=opened.authors,
        since=opened.since,
        types=records.TYPES,
        asked={name: request.args.get(name, "") for name in _ASKED},
        under_way=opened.under_way,
        today=days.day(web.database().clock()),
    )


def _view() -> View:
    """The view of the file that is asked for; whatever is looked for, and where the list goes on, is in its history."""
    of_history = any(request.args.get(name) for name in ("before", *_ASKED))
    return web.one_of("view", _VIEWS) or ("history" if of_history else "summary")


def _sought() -> records.Sought:
    """What the address asks for. Raises Invalid for a day that there is not."""
    return records.Sought(
        q=web.sought(),
        type=web.one_of("type", tuple(records.TYPES)),
        author=request.args.get("author") or None,
        since=web.day("from"),
        until=web.day("to"),
    )


def _open(
    tx: Transaction, viewer: Viewer, patient_id: str, before: str | None, sought: records.Sought, *, again: bool
) -> _Opened:
    found = reading.open_file(tx, viewer, patient_id, before, sought, again=again)
    linked = links.others(tx, patient_id)
    everything = found.grant is None or found.grant.scope == "full"
    authors = tuple(records.authors(tx, patient_id, everything=everything))
    known = allergies.of_patient(tx, patient_id)
    taken = tuple(lists.treatments(tx, patient_id)) if found.may_see_prescriptions else ()
    glance = _Glance() if sought.anything else _glance(tx, found)
    if found.grant is None:
        under_way = lists.under_way(tx, patient_id)
        return _Opened(found, known, taken, links=linked, authors=authors, glance=glance, under_way=under_way)
    prescribed = lists.of_patient(tx, viewer, patient_id) if found.may_see_prescriptions else Page[Prescription]()
    since = None if before or sought.anything else _since(tx, viewer, found)
    return _Opened(found, known, taken, prescribed, linked, authors, since, glance)


def _glance(tx: Transaction, found: File) -> _Glance:
    patient_id = found.patient.id
    today = days.day(tx.now)
    is_child = schedule.is_for(found.patient.birth_date, today)
    codes = [code for code in VITALS if found.may_see(measurements.part_of(code))]
    due, early = vaccinations.due_and_early(tx, patient_id, today)
    return _Glance(
        due=due,
        early=early,
        by_schedule=schedule.is_signed(tx) if is_child else None,
        problems=problems.of_patient(tx, patient_id) if found.may_see("records") else (),
        courses=measurements.courses(tx, patient_id, codes),
    )


def _since(tx: Transaction, viewer: Viewer, found: File) -> Since | None:
    at = tracing.last_visit(tx, viewer, found.patient.id)
    if at is None:
        return None
    changed = tracing.changed_since(tx, viewer, found.patient.id, at)
    return Since(
        at,
        tuple(_each(changed, "record", lambda id: records.record(tx, viewer, id))),
        tuple(_each(changed, "prescription", lambda id: prescriptions.prescription(tx, viewer, id))),
    )


def _each(changed: list[Subject], kind: str, load: Callable[[str], T]) -> Iterator[T]:
    """Those of this kind that the viewer may see, through their rights."""
    for subject in changed:
        if subject.kind == kind:
            with suppress(NotFound):
                yield load(subject.id)
