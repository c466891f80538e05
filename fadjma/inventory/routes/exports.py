"""The month's consumption, and tables of it and of all movements to take along."""

import asyncio
from collections.abc import Iterable

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.inventory import monthly
from fadjma.inventory.monthly import Cell, Month
from fadjma.web.tables import as_csv, as_workbook

blueprint = Blueprint("exports", __name__)


@blueprint.get("/inventory/consumption")
@web.takes("month")
async def consumption() -> Response:
    await web.only("pharmacist")
    of = _month()
    found = await web.see(monthly.consumption, of)
    data = {"month": of.code, "items": [one.json() for one in found]}
    now = web.database().clock()
    return web.answer("inventory/consumption.html", data, consumed=found, of=of, is_open=of.until > now, now=now)


@blueprint.get("/inventory/consumption/export")
@web.takes("month", "format")
async def export_consumption() -> Response:
    await web.only("pharmacist")
    of, language = _month(), web.language()
    found = await web.see(monthly.consumption, of)
    return await _as_file(monthly.table_of_consumption(found, language), f"consommation-{of.code}")


@blueprint.get("/inventory/movements/export")
@web.takes("month", "format")
async def export_movements() -> Response:
    await web.only("pharmacist")
    of, language = _month(), web.language()
    found = await web.see(monthly.movements, of)
    return await _as_file(monthly.table_of_movements(found, language), f"mouvements-{of.code}")


def _month() -> Month:
    return monthly.month(request.args.get("month"), web.database().clock())


async def _as_file(rows: Iterable[list[Cell]], name: str) -> Response:
    if web.one_of("format", ("csv", "xlsx")) == "xlsx":
        return await asyncio.to_thread(as_workbook, rows, f"{name}.xlsx")
    return await asyncio.to_thread(as_csv, rows, f"{name}.csv")
