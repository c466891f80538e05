"""A whole delivery from a file: read, looked at, taken, and undone."""

from typing import TypedDict

from quart import Blueprint, Response

from fadjma import days, web
from fadjma.inventory import deliveries, receipts, receiving
from fadjma.inventory.forms import ReceiptForm
from fadjma.web import importing
from fadjma.web.importing import ImportForm

blueprint = Blueprint("receipts", __name__)
web.take_files("/inventory/receipts")
_ONE, _ALL = "inventory/_receipt.html", "/inventory/receipts"


@blueprint.get("/inventory/receipts")
@web.takes("before")
async def list_receipts() -> Response:
    before = web.before()
    found = await web.see(receipts.receipts, before)
    data = found.json(receipts.Receipt.in_list)
    return web.answer("inventory/receipts.html", data, receipts=found, before=before)


@blueprint.get("/inventory/receipts/new")
async def new_receipt() -> Response:
    await web.only("pharmacist")
    return web.page("inventory/receipt_new.html", form=web.blank(ImportForm))


@blueprint.post("/inventory/receipts")
@web.refill("inventory/receipt_new.html", ImportForm)
async def read_receipt() -> Response:
    await web.only("pharmacist")
    today = days.day(web.database().clock())
    table = await importing.read_table(lambda sent: deliveries.read(sent, today))
    return await importing.kept(receiving.check, receipts.receipt, table, _ONE, _ALL)


class _Around(TypedDict):
    item: receipts.Receipt


async def _around(receipt_id: str) -> _Around:
    return {"item": await web.see(receipts.receipt, receipt_id)}


@blueprint.get("/inventory/receipts/<receipt_id>")
async def show_receipt(receipt_id: str) -> Response:
    around = await _around(receipt_id)
    return web.answer("inventory/receipt.html", around["item"].json(web.language()), **around)


@blueprint.post("/inventory/receipts/<receipt_id>/confirmation")
@web.refill("inventory/receipt.html", ReceiptForm, context=_around)
async def confirm_receipt(receipt_id: str) -> Response:
    form = await web.form(ReceiptForm)
    acted = await web.act(receiving.confirm, receipts.receipt, receipt_id, confirmed=form.confirm.data)
    return web.done(acted, _ONE, f"{_ALL}/{receipt_id}")


@blueprint.post("/inventory/receipts/<receipt_id>/undoing")
async def undo_receipt(receipt_id: str) -> Response:
    return await importing.step(receiving.undo, receipts.receipt, receipt_id, _ONE, _ALL)
