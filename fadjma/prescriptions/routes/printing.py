"""What is printed on paper of its own: the ordonnance, the patient's copy, labels, and the register of a pharmacy."""

import asyncio

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.chain import seals
from fadjma.chain.seals import Seal
from fadjma.identity.people import Viewer
from fadjma.prescriptions import handover, labels, paper, queries, register
from fadjma.prescriptions.routes.reading import handover_key
from fadjma.store import Page, Transaction, milliseconds, paging
from fadjma.web.forms import NoFields
from fadjma.web.qr import qr_code
from fadjma.web.tables import as_csv, as_workbook

blueprint = Blueprint("printing", __name__)


@blueprint.get("/prescriptions/<prescription_id>/paper")
@web.takes("copy", "size")
async def show(prescription_id: str) -> Response:
    copy = web.one_of("copy", paper.COPIES) or "pharmacy"
    found = await web.see_traced(paper.open_paper, prescription_id, copy=copy, key=handover_key())
    return web.answer(
        "prescriptions/paper.html",
        found.json(web.language()),
        paper=found,
        copy=copy,
        size=web.one_of("size", paper.SIZES) or "a5",
        qr=qr_code(found.short_code) if found.short_code else None,
    )


@blueprint.post("/prescriptions/<prescription_id>/patient-copy")
async def print_code(prescription_id: str) -> Response:
    """Leads to the patient's copy, with the code where the patient sees it nowhere else."""
    await web.form(NoFields)
    acted = await web.act(handover.print_code, queries.prescription, prescription_id)
    here = f"/prescriptions/{prescription_id}"
    return web.done(acted, "prescriptions/_row.html", here, then=f"{here}/paper?copy=patient")


@blueprint.get("/prescriptions/<prescription_id>/labels")
@web.takes("size")
async def labelled(prescription_id: str) -> Response:
    """A label for each medicine that was prepared."""
    found = await web.see_traced(labels.open_labels, prescription_id)
    on_roll = web.one_of("size", ("roll",)) is not None
    return web.answer("prescriptions/labels.html", found.json(), labels=found, on_roll=on_roll)


@blueprint.get("/dispensing-register")
@web.takes("month", "before", "whole")
async def registered() -> Response:
    """The ordonnancier of a month, as a page of a part of it, or whole to be printed."""
    asked, whole = request.args.get("month"), web.ticked("whole")
    before, limit = web.before(paging.NUMBER), register.MOST if whole else register.PER_PAGE
    month, found, seal = await web.see_traced(_registered, asked, before, limit)
    data = found.json(lambda entry: entry.json(web.language()))
    return web.answer(
        "prescriptions/register.html",
        {**data, "month": month},
        entries=found,
        month=month,
        whole=whole,
        seal=seal,
        now=milliseconds(),
    )


@blueprint.get("/dispensing-register/export")
@web.takes("month", "format")
async def export() -> Response:
    """The same as a file: CSV, or a workbook."""
    month, found, _ = await web.see_traced(_registered, request.args.get("month"), None, register.MOST)
    rows = list(register.table(found, web.language()))
    if web.one_of("format", ("csv", "xlsx")) == "xlsx":
        return await asyncio.to_thread(as_workbook, rows, f"ordonnancier-{month}.xlsx")
    return await asyncio.to_thread(as_csv, rows, f"ordonnancier-{month}.csv")


def _registered(
    tx: Transaction, viewer: Viewer, month: str | None, before: str | None, limit: int
) -> tuple[str, Page[register.Entry], Seal | None]:
    return register.shown_month(tx, month), register.entries(tx, viewer, month, before, limit), seals.newest(tx)
