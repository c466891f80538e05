"""GET /: what needs me now, then what is under way, then the rest, for each role in one snapshot."""

from collections.abc import Iterable
from typing import Protocol, TypedDict, TypeVar

from quart import Blueprint, Response

from fadjma import web
from fadjma.access import queries as access
from fadjma.access.queries import AccessRequest
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
from fadjma.records import queries as records
from fadjma.records.queries import Record
from fadjma.store import Transaction

blueprint = Blueprint("dashboards", __name__)
_REST = 8  # rows of what is over; the lists have the others
_HISTORY = 5
_OPEN = 60  # the newest of each kind; the lists have the others


T = TypeVar("T")
ByPlace = dict[str, list[T]]  # now, flow, rest: the three lists of every dashboard


class _Admin(TypedDict):
    waiting: list[Account]
    accounts: list[Account]


class _Doctor(TypedDict):
    requests: ByPlace[AccessRequest]
    prescriptions: ByPlace[Prescription]


class _Patient(_Doctor):
    history: list[Record]
    patient: Identity


class _Pharmacist(_Doctor):
    low: list[Product]


@blueprint.get("/")
async def home() -> Response:
    if not web.signed_in():
        return web.see_other("/sign-in")
    shown = await web.see_traced(_dashboard)
    hub: Hub = web.app().extensions["hub"]
    return web.page(f"dashboards/{web.viewer().role}.html", streams=len(hub.streams), **shown)


def _dashboard(tx: Transaction, viewer: Viewer) -> _Admin | _Doctor | _Patient | _Pharmacist:
    match viewer.role:
        case "admin":
            waiting, known = accounts.accounts(tx, viewer)
            return _Admin(waiting=waiting, accounts=known[:_REST])
        case "patient":
            history = records.records(tx, viewer.id, limit=_HISTORY)
            return _Patient(**_board(tx, viewer), history=history, patient=directory.identity(tx, viewer.id))
        case "pharmacist":
            return _Pharmacist(**_board(tx, viewer), low=inventory.low_stock(tx, viewer, _REST))
        case "doctor":
            return _board(tx, viewer)


def _board(tx: Transaction, viewer: Viewer) -> _Doctor:
    """A pharmacist's prescriptions name their patients, and having them before one is a reading."""
    found = prescriptions.prescriptions(tx, viewer, limit=_OPEN)
    prescribing.trace_listed(tx, viewer, found)
    return {
        "requests": _by_place(viewer, access.access_requests(tx, viewer, limit=_OPEN)),
        "prescriptions": _by_place(viewer, found),
    }


class _Placed(Protocol):
    def place(self, role: str) -> str: ...


P = TypeVar("P", bound=_Placed)


def _by_place(viewer: Viewer, items: Iterable[P]) -> ByPlace[P]:
    found: ByPlace[P] = {"now": [], "flow": [], "rest": []}
    for item in items:
        found[item.place(viewer.role)].append(item)
    found["rest"] = found["rest"][:_REST]
    return found
