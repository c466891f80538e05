"""The medicines one chooses from as one types, and the pharmacist's stock."""

from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.identity.people import Viewer
from fadjma.inventory import actions, queries
from fadjma.inventory.forms import CountForm, LotForm
from fadjma.store import Page, Transaction

blueprint = Blueprint("inventory", __name__)


@blueprint.get("/medicines")
async def medicines() -> Response:
    q = request.args.get("q", "") or next((v for k, v in request.args.items() if k.endswith("medicine")), "")
    pharmacy_id = request.args.get("pharmacy_id") or None
    found = await web.see(queries.search_medicines, q[:80], pharmacy_id, request.args.get("before"))
    data = found.json(queries.Medicine.json)
    line = web.number("line") or 0
    return web.answer(
        "inventory/_suggestions.html", data, fragment="inventory/_suggestions.html", medicines=found, line=line, q=q
    )


@blueprint.get("/inventory")
async def index() -> Response:
    before = request.args.get("before")
    products, count = await web.see(_stock, before)
    data = products.json(lambda product: product.json(web.language()))
    return web.answer("inventory/index.html", data, products=products, count=count, before=before)


def _stock(tx: Transaction, viewer: Viewer, before: str | None) -> tuple[Page[queries.Product], int]:
    return queries.stock(tx, viewer, before), queries.count_products(tx, viewer)


class _AroundNewLot(TypedDict):
    medicines: list[tuple[str, str]]  # that may be received, as id and name


async def _around_new_lot() -> _AroundNewLot:
    return {"medicines": [(medicine.id, medicine.name) for medicine in await web.see(_to_receive)]}


def _to_receive(tx: Transaction, viewer: Viewer) -> list[queries.Medicine]:
    viewer.require("pharmacist")
    return queries.everything(tx)


@blueprint.get("/inventory/lots/new")
async def new_lot() -> Response:
    return web.page("inventory/new.html", form=web.blank(LotForm), **await _around_new_lot())


@blueprint.post("/inventory/lots")
@web.refill("inventory/new.html", LotForm, context=_around_new_lot)
async def receive() -> Response:
    form = await web.form(LotForm)
    acted = await web.act(
        actions.receive,
        queries.lot,
        medicine_id=form.medicine_id.data,
        number=form.number.data,
        expires_on=form.expires_on.data.isoformat(),
        quantity=form.quantity.data,
        confirmed=form.confirm.data,
    )
    return web.done(
        acted, "inventory/_lot.html", f"/inventory/lots/{acted.resource.id}", created=True, then="/inventory"
    )


class _AroundLot(TypedDict):
    lot: queries.Lot
    movements: Page[queries.Movement]  # the newest first
    before: str | None  # where this part of them begins


async def _around_lot(lot_id: str) -> _AroundLot:
    return await web.see(_lot_and_movements, lot_id, request.args.get("before"))


def _lot_and_movements(tx: Transaction, viewer: Viewer, lot_id: str, before: str | None) -> _AroundLot:
    return {
        "lot": queries.lot(tx, viewer, lot_id),
        "movements": queries.movements(tx, viewer, lot_id, before),
        "before": before,
    }


@blueprint.get("/inventory/lots/<lot_id>")
async def show_lot(lot_id: str) -> Response:
    around = await _around_lot(lot_id)
    lot = around["lot"]
    form = web.blank(CountForm, on_hand=lot.on_hand, version=lot.version)
    return web.answer("inventory/lot.html", lot.json(web.language()), form=form, **around)


@blueprint.post("/inventory/lots/<lot_id>/adjustments")
@web.refill("inventory/lot.html", CountForm, context=_around_lot)
async def adjust(lot_id: str) -> Response:
    form = await web.form(CountForm)
    acted = await web.act(
        actions.adjust,
        queries.lot,
        lot_id,
        on_hand=form.on_hand.data,
        version=form.version.data,
        reason=form.reason.data,
    )
    return web.done(acted, "inventory/_lot.html", f"/inventory/lots/{acted.resource.id}")
