"""Counting the stock, sheet by sheet: printed or typed, its differences looked at before they are recorded."""

from datetime import date
from typing import TypedDict
from urllib.parse import quote

from quart import Blueprint, Response, request

from fadjma import days, web
from fadjma.inventory import counting, counts
from fadjma.inventory.forms import SheetForm
from fadjma.inventory.lots import Lot
from fadjma.store import paging

blueprint = Blueprint("counts", __name__)


@blueprint.get("/inventory/counts")
@web.takes("before")
async def list_counts() -> Response:
    before = web.before()
    found = await web.see(counts.counts, before)
    data = found.json(counts.Count.in_list)
    return web.answer("inventory/counts.html", data, counts=found, before=before)


class _At(TypedDict):
    at: int  # of what paper says when it was printed
    today: date


class _AroundSheet(_At):
    lots: dict[str, Lot]  # that the form has, as they are now
    next: str  # where the next sheet begins


async def _around_sheet() -> _AroundSheet:
    sent = await web.fields()
    ids = [value for name, value in sent.items() if name.startswith("lines-") and name.endswith("-lot_id")]
    lots = await web.see(counts.lots_of, ids[: counts.PER_SHEET])
    return {"lots": lots, "next": request.args.get("next", ""), **_at()}


def _at() -> _At:
    now = web.database().clock()
    return {"at": now, "today": days.day(now)}


@blueprint.get("/inventory/counts/new")
@web.takes("before")
async def new_count() -> Response:
    before = web.before(paging.NAME)
    found = await web.see(counts.sheet, before)
    lines = [{"lot_id": one.lot.id, "version": one.lot.version} for one in found]
    form = web.blank(SheetForm, lines=lines)
    data = found.json(lambda one: one.lot.json(web.language()))
    return web.answer(
        "inventory/count_new.html",
        data,
        form=form,
        lots={one.lot.id: one.lot for one in found},
        counted_at={one.lot.id: one.counted_at for one in found},
        next=found.next or "",
        **_at(),
    )


@blueprint.post("/inventory/counts")
@web.refill("inventory/count_new.html", SheetForm, context=_around_sheet, versions=True)
async def record_count() -> Response:
    form = await web.form(SheetForm)
    acted = await web.act(
        counting.record,
        counts.count,
        form.counted,
        reason=form.reason.data or "",
        confirmed=form.confirm.data,
    )
    there = f"/inventory/counts/{acted.resource.id}"
    next_sheet = quote(request.args.get("next", ""))
    then = f"{there}?next={next_sheet}" if next_sheet else there
    return web.done(acted, "inventory/_count.html", there, created=True, then=then)


@blueprint.get("/inventory/counts/<count_id>")
async def show_count(count_id: str) -> Response:
    found = await web.see(counts.count, count_id)
    return web.answer("inventory/count.html", found.json(web.language()), item=found, next=request.args.get("next", ""))
