"""GET /: what needs me now, then what is under way, then the rest, for each role in one snapshot."""

from dataclasses import dataclass
from typing import Generic, TypedDict, TypeVar

from quart import Blueprint, Response

from fadjma import web
from fadjma.access import actions as delegated
from fadjma.access import queries as access
from fadjma.access import reviews
from fadjma.access.queries import AccessRequest
from fadjma.access.reviews import Contest, Review
from fadjma.accounts import queries as accounts
from fadjma.accounts.queries import Account
from fadjma.identity import directory
from fadjma.identity.directory import Identity
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as inventory
from fadjma.inventory.queries import Product
from fadjma.live.hub import Hub
from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions import queries as prescriptions
from fadjma.prescriptions.queries import Prescription
from fadjma.prescriptions.states import PLACES, Place
from fadjma.records import queries as records
from fadjma.records.queries import Record
from fadjma.store import Page, Transaction

blueprint = Blueprint("dashboards", __name__)
_REST = 8  # rows of what is over; the lists have the others
_HISTORY = 5
_OPEN = 60  # the newest of each kind and place; the lists have the others


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What a dashboard shows of one kind in one place, and how many more there are (100: as many, or more)."""

    items: Page[T]
    more: int


ByPlace = dict[str, Part[T]]  # now, flow, rest: the three lists of every dashboard


class _Admin(TypedDict):
    waiting: Part[Account]
    accounts: Page[Account]
    emergencies: Part[Review]
    explaining: Part[Review]
    contests: Part[Contest]


class _Doctor(TypedDict):
    requests: ByPlace[AccessRequest]
    prescriptions: ByPlace[Prescription]


class _Patient(_Doctor):
    history: list[Record]
    patient: Identity


class _Pharmacist(_Doctor):
    low: Page[Product]


class _Nurse(TypedDict):
    mine: Page[AccessRequest]


class _Receptionist(TypedDict):
    pass


@blueprint.get("/")
async def home() -> Response:
    if not web.signed_in():
        return web.see_other("/sign-in")
    shown = await web.see_traced(_dashboard)
    hub: Hub = web.app().extensions["hub"]
    return web.page(f"dashboards/{web.viewer().role}.html", streams=len(hub.streams), **shown)


@blueprint.get("/administration")
async def administration() -> Response:
    """Every page of an admin, in one list that each of them leads back to."""
    await web.only("admin")
    return web.page("dashboards/administration.html")


def _dashboard(tx: Transaction, viewer: Viewer) -> _Admin | _Doctor | _Patient | _Pharmacist | _Nurse | _Receptionist:
    match viewer.role:
        case "admin":
            viewer.require("admin")
            waiting = accounts.waiting(tx)
            more = accounts.count_waiting(tx) - len(waiting) if waiting.next else 0
            return _Admin(
                waiting=Part(waiting, more),
                accounts=accounts.known(tx, limit=_REST),
                emergencies=_emergencies(tx, viewer, "now"),
                explaining=_emergencies(tx, viewer, "flow"),
                contests=_contests(tx, viewer),
            )
        case "patient":
            history = records.records(tx, viewer.id, limit=_HISTORY)
            return _Patient(**_board(tx, viewer), history=history, patient=directory.identity(tx, viewer.id))
        case "pharmacist":
            return _Pharmacist(**_board(tx, viewer), low=inventory.low_stock(tx, viewer, _REST))
        case "doctor":
            return _board(tx, viewer)
        case "nurse":
            return _Nurse(mine=delegated.browse_delegated(tx, viewer))
        case "receptionist":
            return _Receptionist()


def _emergencies(tx: Transaction, viewer: Viewer, place: Place) -> Part[Review]:
    shown = reviews.reviews(tx, viewer, place=place)
    return Part(shown, reviews.count_reviews(tx, place, shown))


def _contests(tx: Transaction, viewer: Viewer) -> Part[Contest]:
    shown = reviews.contests(tx, viewer, place="now")
    return Part(shown, reviews.count_contests(tx, "now", shown))


def _board(tx: Transaction, viewer: Viewer) -> _Doctor:
    return {
        "requests": {place: _requests(tx, viewer, place) for place in PLACES},
        "prescriptions": {place: _prescriptions(tx, viewer, place) for place in PLACES},
    }


def _requests(tx: Transaction, viewer: Viewer, place: Place) -> Part[AccessRequest]:
    shown = access.access_requests(tx, viewer, place=place, limit=_REST if place == "rest" else _OPEN)
    return Part(shown, access.count_beyond(tx, viewer, place, shown))


def _prescriptions(tx: Transaction, viewer: Viewer, place: Place) -> Part[Prescription]:
    """A pharmacist's name their patients, and having them before one is a reading."""
    shown = prescriptions.prescriptions(tx, viewer, place=place, limit=_REST if place == "rest" else _OPEN)
    prescribing.trace_listed(tx, viewer, shown)
    return Part(shown, prescriptions.count_beyond(tx, viewer, place, shown))
