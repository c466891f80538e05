"""What one place of a house sends to another: sent, received, or taken back."""

from typing import TypedDict

from quart import Blueprint, Response

from fadjma import web
from fadjma.inventory import transfers
from fadjma.inventory.forms import TransferForm
from fadjma.inventory.routes.stock import around_lot
from fadjma.web.forms import NoFields

blueprint = Blueprint("transfers", __name__)
_ONE = "inventory/_transfer.html"


@blueprint.get("/inventory/transfers")
@web.takes("before")
async def list_transfers() -> Response:
    before = web.before()
    found = await web.see(transfers.transfers, before)
    data = found.json(lambda one: one.json(web.language()))
    return web.answer("inventory/transfers.html", data, transfers=found, before=before)


@blueprint.post("/inventory/lots/<lot_id>/transfers")
@web.refill("inventory/lot.html", TransferForm, context=around_lot, stays=True)
async def send(lot_id: str) -> Response:
    form = await web.form(TransferForm)
    acted = await web.act(
        transfers.send, transfers.transfer, lot_id, to_id=form.to_id.data, quantity=form.quantity.data
    )
    return web.done(acted, _ONE, f"/inventory/transfers/{acted.resource.id}", created=True)


@blueprint.get("/inventory/transfers/<transfer_id>")
async def show_transfer(transfer_id: str) -> Response:
    around = await _around(transfer_id)
    return web.answer("inventory/transfer.html", around["item"].json(web.language()), **around)


class _Around(TypedDict):
    item: transfers.Transfer


async def _around(transfer_id: str) -> _Around:
    return {"item": await web.see(transfers.transfer, transfer_id)}


@blueprint.post("/inventory/transfers/<transfer_id>/receipt")
@web.as_it_is("inventory/transfer.html", context=_around)
async def receive(transfer_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(transfers.receive, transfers.transfer, transfer_id)
    return web.done(acted, _ONE, f"/inventory/transfers/{transfer_id}")


@blueprint.post("/inventory/transfers/<transfer_id>/undoing")
@web.as_it_is("inventory/transfer.html", context=_around)
async def undo(transfer_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(transfers.undo, transfers.transfer, transfer_id)
    return web.done(acted, _ONE, f"/inventory/transfers/{transfer_id}")
