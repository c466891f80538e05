"""GET /patients/<id>/records: a patient's file, with what records and prescriptions each show of it."""

from dataclasses import dataclass, field

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.identity import links
from fadjma.identity.links import Other
from fadjma.identity.people import Viewer
from fadjma.prescriptions import queries as prescriptions
from fadjma.prescriptions.queries import Prescription
from fadjma.records import actions as reading
from fadjma.records import queries as records
from fadjma.records.queries import File
from fadjma.store import Page, Transaction

blueprint = Blueprint("files", __name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The file as its page shows it; what a doctor must know first is empty for the patient, who knows it."""

    file: File
    allergies: tuple[str, ...] = ()
    prescriptions: Page[Prescription] = field(default_factory=Page)
    links: tuple[Other, ...] = ()  # other files of the same person, which are as closed as before
    under_way: int | None = None  # how many prescriptions, for the patient; None: they are shown, or not to be seen


@blueprint.get("/patients/<patient_id>/records")
async def show(patient_id: str) -> Response:
    opened = await web.see_traced(_open, patient_id, request.args.get("before"), again=web.by_itself())
    data = opened.file.records.json(lambda record: record.json(web.language()))
    if opened.under_way is not None:
        data["prescriptions_under_way"] = opened.under_way
    if opened.links:
        data["links"] = [other.json() for other in opened.links]
    return web.answer(
        "records/index.html",
        data,
        file=opened.file,
        allergies=opened.allergies,
        links=opened.links,
        prescriptions=opened.prescriptions,
        under_way=opened.under_way,
    )


def _open(tx: Transaction, viewer: Viewer, patient_id: str, before: str | None, *, again: bool) -> _Opened:
    found = reading.open_file(tx, viewer, patient_id, before, again=again)
    linked = links.others(tx, patient_id)
    if found.grant is None:
        return _Opened(found, links=linked, under_way=prescriptions.under_way(tx, patient_id))
    prescribed = (
        prescriptions.of_patient(tx, viewer, patient_id) if found.may_see_prescriptions else Page[Prescription]()
    )
    return _Opened(found, records.allergies(tx, patient_id), prescribed, linked)
