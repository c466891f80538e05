"""For the patient: the pharmacies that have all that is owed of a prescription, now."""

from collections import Counter

from quart import Blueprint, Response

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.inventory import coverage
from fadjma.inventory.coverage import Pharmacy
from fadjma.prescriptions import queries
from fadjma.store import Transaction

blueprint = Blueprint("covering", __name__)


@blueprint.get("/prescriptions/<prescription_id>/pharmacies")
async def pharmacies(prescription_id: str) -> Response:
    found = await web.see(_covering, prescription_id)
    data = {"items": [pharmacy.json() for pharmacy in found]}
    return web.answer(
        "prescriptions/pharmacies.html", data, covering=found, asked=True, prescription_id=prescription_id
    )


def _covering(tx: Transaction, viewer: Viewer, prescription_id: str) -> list[Pharmacy]:
    viewer.require("patient")
    found = queries.standing(tx, viewer, prescription_id)
    wanted: Counter[str] = Counter()
    for line in queries.lines(tx, found.id):
        wanted[line.medicine_id] += line.remaining
    return coverage.covering(tx, +wanted)
