"""GET /: what needs me now, then what is under way, then the rest, for each role in one snapshot."""

from typing import Any

from quart import Blueprint, Response

from fadjma import web
from fadjma.access import queries as access
from fadjma.accounts import queries as accounts
from fadjma.identity import directory
from fadjma.identity.people import Viewer
from fadjma.inventory import queries as inventory
from fadjma.prescriptions import queries as prescriptions
from fadjma.records import queries as records
from fadjma.store import Transaction

blueprint = Blueprint("dashboards", __name__)
_REST = 8  # rows of what is over; the lists have the others
_HISTORY = 5
_OPEN = 60  # the newest of each kind; the lists have the others


@blueprint.get("/")
async def home() -> Response:
    if not web.signed_in():
        return web.see_other("/sign-in")
    shown = await web.see(_dashboard)
    shown["streams"] = len(web.app().extensions["hub"].streams)
    return web.page(f"dashboards/{web.viewer().role}.html", **shown)


def _dashboard(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
    if viewer.role == "admin":
        waiting, known = accounts.accounts(tx, viewer)
        return {"waiting": waiting, "accounts": known[:_REST]}
    shown: dict[str, Any] = {
        "requests": _by_place(
            [(item.place(viewer.role), item) for item in access.access_requests(tx, viewer, limit=_OPEN)]
        ),
        "prescriptions": _by_place(
            [(item.place(viewer.role), item) for item in prescriptions.prescriptions(tx, viewer, limit=_OPEN)]
        ),
    }
    if viewer.role == "patient":
        shown["history"] = records.records(tx, viewer.id, limit=_HISTORY)
        shown["patient"] = directory.identity(tx, viewer.id)
    if viewer.role == "pharmacist":
        shown["low"] = inventory.low_stock(tx, viewer, _REST)
    return shown


def _by_place(items: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"now": [], "flow": [], "rest": []}
    for place, item in items:
        found[place].append(item)
    found["rest"] = found["rest"][:_REST]
    return found
