"""GET /: what needs me now, then what is under way, then the rest, for each role in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypedDict, TypeVar

from markupsafe import Markup
from quart import Blueprint, Response

from fadjma import beginning, web
from fadjma.access import actions as delegated
from fadjma.access import answers, grants, patient_lists, readings, reviews
from fadjma.access import queries as access
from fadjma.access.queries import AccessRequest
from fadjma.access.readings import Reading
from fadjma.access.reviews import Contest, Review
from fadjma.access.states import DURATIONS, SCOPES
from fadjma.accounts import queries as accounts
from fadjma.accounts.queries import Account
from fadjma.beginning import Step as Beginning
from fadjma.i18n import N_
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.inventory import formulary, products
from fadjma.inventory.products import Product
from fadjma.keeping.keeper import Keeper
from fadjma.live.hub import Hub
from fadjma.monitoring.disk import Disk, disk
from fadjma.monitoring.errors import Errors, Lately
from fadjma.monitoring.wording import Words
from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions import handover
from fadjma.prescriptions import lists as prescriptions
from fadjma.prescriptions.prescription import Prescription, Treatment
from fadjma.prescriptions.states import TO_DO, Place, Step
from fadjma.store import Page, Transaction
from fadjma.version import Version
from fadjma.web import drafts
from fadjma.web.drafts import Place as Typed
from fadjma.web.qr import qr_code

blueprint = Blueprint("dashboards", __name__)
_LOW = 3  # products; the stock has the others
_OF_A_PHARMACY = 10  # prescriptions that wait for it: with 11 a first visit had 30,709 of its 30,720 bytes
_OF_A_DOCTOR = 8  # prescriptions under way, and drafts: as one is sent, an older one is there
_OTHERS = 4  # accesses and requests, beside the files that were opened last
_READINGS = 3
_OPEN = 60  # the newest of each kind and place; the lists have the others


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What a dashboard shows of one kind in one place, and how many more there are (100: as many, or more)."""

    items: Page[T]
    more: int


Choices = list[tuple[str, str]]  # a code and its label


@dataclass(frozen=True, slots=True)
class Kind:
    """What a doctor may have begun about a patient: its name, its form, and the part of the file that must be open."""

    label: str
    page: str
    part: str


_BEGUN = {
    "patients-prescriptions": Kind(N_("Ordonnance commencée pour"), "prescriptions/new", "prescriptions"),
    "patients-records": Kind(N_("Ajout au dossier commencé pour"), "records/new", "records"),
    "patients-measurements": Kind(N_("Poids à noter pour"), "measurements", "records"),
    "patients-vitals": Kind(N_("Mesures à noter pour"), "measurements", "records"),
    "patients-consultations": Kind(N_("Consultation commencée pour"), "consultations/new", "records"),
    "patients-vaccinations": Kind(N_("Vaccination commencée pour"), "vaccinations/new", "records"),
}


class _Admin(TypedDict):
    waiting: Part[Account]
    emergencies: Part[Review]
    explaining: Part[Review]
    contests: Part[Contest]
    beginning: list[Beginning]  # what is still to be done before people can work


class _House(TypedDict):
    streams: int
    keeper: Keeper
    disk: Disk
    errors: Lately
    version: Version
    words: Words


class _Doctor(TypedDict):
    now: Part[Prescription]
    answers: list[AccessRequest]  # that came, and were not seen
    begun: list[tuple[Kind, Identity]]
    seen: list[AccessRequest]  # those that open the files that were opened last
    flow: Part[Prescription]
    accesses: Part[AccessRequest]  # the others


class _Patient(TypedDict):
    ready: Part[Prescription]
    asked: Part[AccessRequest]
    treatments: list[Treatment]
    flow: Part[Prescription]
    accesses: Part[AccessRequest]
    readings: list[Reading]
    patient: Identity
    first: bool  # nothing has happened yet: what to begin with is shown instead
    scopes: Choices
    durations: Choices
    qr: Markup
    code: str | None  # to collect with what is ready, where that is one prescription: of two, each page has its own
    code_qr: Markup | None


class _Pharmacist(TypedDict):
    prescriptions: Page[Prescription]
    steps: dict[Step, int]
    work: dict[str, str]  # the steps by name, and all of them
    low: Page[Product]
    stocked: bool  # whether it has, or has had, any product
    to_review: int  # medicines that came with the program and that no pharmacist has signed


class _Nurse(TypedDict):
    mine: Page[AccessRequest]


class _Receptionist(TypedDict):
    pass


@blueprint.get("/")
async def home() -> Response:
    if not web.signed_in():
        return web.see_other("/sign-in")
    if web.wants() == "fragment" and web.header("hx-target") == "house":  # the list asks for itself, every minute
        await web.only("admin")
        return web.page("dashboards/_house.html", **_house())
    shown = await web.see_traced(_dashboard, kept=_is_kept(), key=web.key_for(handover.PURPOSE))
    role = web.viewer().role
    if role == "admin":
        return web.page("dashboards/admin.html", **shown, **_house())
    if role == "pharmacist":
        return web.page("dashboards/pharmacist.html", **shown, colleagues=_hub().colleagues.open_for(web.viewer()))
    return web.page(f"dashboards/{role}.html", **shown)


def _is_kept() -> bool:
    """Whether copies of the database are made; of the demo nobody needs one."""
    return web.app().extensions["keeper"].plan is not None or web.app().extensions["settings"].demo


def _house() -> _House:
    """What an admin sees of the program's own health."""
    errors: Errors = web.app().extensions["errors"]
    return _House(
        streams=len(_hub().streams),
        keeper=web.app().extensions["keeper"],
        disk=disk(web.database()),
        errors=errors.lately(),
        version=web.app().extensions["version"],
        words=Words(web.language()),
    )


def _hub() -> Hub:
    hub: Hub = web.app().extensions["hub"]
    return hub


@blueprint.get("/administration")
async def administration() -> Response:
    """Every page of an admin, in one list that each of them leads back to."""
    await web.only("admin")
    return web.page("dashboards/administration.html")


def _dashboard(
    tx: Transaction, viewer: Viewer, *, kept: bool, key: bytes
) -> _Admin | _Doctor | _Patient | _Pharmacist | _Nurse | _Receptionist:
    match viewer.role:
        case "admin":
            return _admin(tx, viewer, kept=kept)
        case "patient":
            return _patient(tx, viewer, key)
        case "pharmacist":
            waiting = prescriptions.work(tx, viewer, limit=_OF_A_PHARMACY)
            prescribing.trace_listed(tx, viewer, waiting)
            return _Pharmacist(
                prescriptions=waiting,
                steps=prescriptions.counts(tx, viewer),
                work={"all": N_("Tout")} | dict(TO_DO.items()),
                low=products.low_stock(tx, viewer, _LOW),
                stocked=products.keeps_any(tx, viewer),
                to_review=formulary.count_to_review(tx),
            )
        case "doctor":
            return _doctor(tx, viewer)
        case "nurse":
            return _Nurse(mine=delegated.browse_delegated(tx, viewer))
        case "receptionist":
            return _Receptionist()


def _admin(tx: Transaction, viewer: Viewer, *, kept: bool) -> _Admin:
    viewer.require("admin")
    waiting = accounts.waiting(tx)
    more = accounts.count_waiting(tx) - len(waiting) if waiting.next else 0
    return _Admin(
        waiting=Part(waiting, more),
        emergencies=_emergencies(tx, viewer, "now"),
        explaining=_emergencies(tx, viewer, "flow"),
        contests=_contests(tx, viewer),
        beginning=beginning.remaining(tx, viewer, kept=kept),
    )


def _doctor(tx: Transaction, viewer: Viewer) -> _Doctor:
    seen = [recent.grant for recent in patient_lists.recent_patients(tx, viewer) if recent.grant]
    return _Doctor(
        now=_prescriptions(tx, viewer, "now"),
        answers=answers.unseen(tx, viewer, _OF_A_DOCTOR),
        begun=_begun(tx, viewer),
        seen=seen,
        flow=_prescriptions(tx, viewer, "flow", _OF_A_DOCTOR),
        accesses=_requests(tx, viewer, "flow", _OTHERS, without=[grant.id for grant in seen]),
    )


def _begun(tx: Transaction, viewer: Viewer) -> list[tuple[Kind, Identity]]:
    """What was being typed and was not sent, the latest first; nothing of a file that is not open for it any more."""
    typed = (place for place in drafts.places(tx, drafts.writer(viewer)) if _goes_on(tx, viewer, place))
    found = list(islice(typed, _OF_A_DOCTOR))
    patients = {one.id: one for one in directory.identities(tx, [place.subject for place in found])}
    return [(_BEGUN[place.form], patients[place.subject]) for place in found]


def _goes_on(tx: Transaction, viewer: Viewer, place: Typed) -> bool:
    kind = _BEGUN.get(place.form)
    return kind is not None and grants.grant(tx, viewer.id, place.subject, kind.part) is not None


def _patient(tx: Transaction, viewer: Viewer, key: bytes) -> _Patient:
    ready, flow = _prescriptions(tx, viewer, "now"), _prescriptions(tx, viewer, "flow")
    asked, open_ones = _requests(tx, viewer, "now"), _requests(tx, viewer, "flow")
    treatments = prescriptions.treatments(tx, viewer.id)
    seen = readings.openings(tx, viewer.id, _READINGS)
    patient = directory.identity(tx, viewer.id)
    code = handover.shown_to(viewer, ready.items[0], key) if len(ready.items) == 1 else None
    return _Patient(
        ready=ready,
        asked=asked,
        treatments=treatments,
        flow=flow,
        accesses=open_ones,
        readings=seen,
        patient=patient,
        first=not (ready.items or asked.items or flow.items or open_ones.items or treatments or seen),
        scopes=[(code, label) for code, (label, _) in SCOPES.items()],
        durations=[(code, label) for code, (label, _) in DURATIONS.items()],
        qr=qr_code(patient.identifier),
        code=code,
        code_qr=qr_code(code) if code else None,
    )


def _emergencies(tx: Transaction, viewer: Viewer, place: Place) -> Part[Review]:
    shown = reviews.reviews(tx, viewer, place=place)
    return Part(shown, reviews.count_reviews(tx, place, shown))


def _contests(tx: Transaction, viewer: Viewer) -> Part[Contest]:
    shown = reviews.contests(tx, viewer, place="now")
    return Part(shown, reviews.count_contests(tx, "now", shown))


def _requests(
    tx: Transaction, viewer: Viewer, place: Place, limit: int = _OPEN, without: Sequence[str] = ()
) -> Part[AccessRequest]:
    shown = access.access_requests(tx, viewer, place=place, limit=limit, without=without)
    return Part(shown, access.count_beyond(tx, viewer, place, shown, without))


def _prescriptions(tx: Transaction, viewer: Viewer, place: Place, limit: int = _OPEN) -> Part[Prescription]:
    """What others wrote names their patients, and having them before one is a reading."""
    shown = prescriptions.prescriptions(tx, viewer, place=place, limit=limit)
    prescribing.trace_listed(tx, viewer, shown)
    return Part(shown, prescriptions.count_beyond(tx, viewer, place, shown))
