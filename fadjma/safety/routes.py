"""The clinic's own tables of doses, interactions and vaccines: read, entered, imported, signed, withdrawn."""

import asyncio
from datetime import date
from functools import partial
from typing import TypedDict

from quart import Blueprint, Response

from fadjma import days, web
from fadjma.accounts import second_factor
from fadjma.accounts.routes.second_factor import confirm_owner
from fadjma.identity.people import Viewer
from fadjma.safety import importing, proposals, sheet, signing, tables
from fadjma.safety.forms import DoseForm, InteractionForm, SignatureForm, VaccineForm, WithdrawalForm
from fadjma.safety.tables import STATUSES, Entry, Kind, Status
from fadjma.store import Page, Transaction, paging
from fadjma.web import importing as steps
from fadjma.web.importing import ImportForm

blueprint = Blueprint("safety", __name__)
web.take_files("/safety-tables/doses/imports")
web.take_files("/safety-tables/interactions/imports")
web.take_files("/safety-tables/vaccines/imports")
_IMPORT, _IMPORTS = "safety/_import.html", "/safety-tables/imports"


@blueprint.get("/safety-tables")
@web.takes("status", "before")
async def show_tables() -> Response:
    only, before = web.one_of("status", tuple(STATUSES)), web.before(paging.NAME)
    found, unsigned, signed = await web.see(_tables, only, before)
    data = {**found.json(lambda entry: entry.json(web.language())), "unsigned": unsigned, "signed": signed}
    return web.answer(
        "safety/tables.html",
        data,
        entries=found,
        unsigned=unsigned,
        signed=signed,
        only=only,
        statuses=STATUSES,
        before=before,
    )


def _tables(
    tx: Transaction, viewer: Viewer, status: Status | None, before: str | None
) -> tuple[Page[Entry], int, dict[str, bool]]:
    """A part of the rows, how many wait to be signed, and whether anything of each kind is checked."""
    found = tables.browse(tx, viewer, status, before)
    return found, tables.count_unsigned(tx), {kind: tables.is_signed(tx, kind) for kind in tables.KINDS}


class _Keeping(TypedDict):
    kind: str  # as in the address


async def _keeping(kind: str) -> _Keeping:
    """Whoever may enter a row. Raises Forbidden."""
    await web.see(lambda tx, viewer: tables.require_reader(viewer))
    return {"kind": kind}


@blueprint.get("/safety-tables/doses/new")
async def new_dose() -> Response:
    return web.page("safety/entry_new.html", form=web.blank(DoseForm), **await _keeping("doses"))


@blueprint.get("/safety-tables/interactions/new")
async def new_interaction() -> Response:
    return web.page("safety/entry_new.html", form=web.blank(InteractionForm), **await _keeping("interactions"))


@blueprint.get("/safety-tables/vaccines/new")
async def new_vaccine() -> Response:
    return web.page("safety/vaccine_new.html", form=web.blank(VaccineForm), **await _keeping("vaccines"))


async def _vaccines() -> _Keeping:
    return await _keeping("vaccines")


@blueprint.post("/safety-tables/vaccines")
@web.refill("safety/vaccine_new.html", VaccineForm, context=_vaccines)
async def add_vaccine() -> Response:
    return await _add(await web.form(VaccineForm))


async def _doses() -> _Keeping:
    return await _keeping("doses")


async def _interactions() -> _Keeping:
    return await _keeping("interactions")


@blueprint.post("/safety-tables/doses")
@web.refill("safety/entry_new.html", DoseForm, context=_doses)
async def add_dose() -> Response:
    return await _add(await web.form(DoseForm))


@blueprint.post("/safety-tables/interactions")
@web.refill("safety/entry_new.html", InteractionForm, context=_interactions)
async def add_interaction() -> Response:
    return await _add(await web.form(InteractionForm))


async def _add(form: DoseForm | InteractionForm | VaccineForm) -> Response:
    acted = await web.act(signing.add, tables.entry, form.facts(), confirmed=form["confirm"].data)
    there = f"/safety-tables/entries/{acted.resource.id}"
    return web.done(acted, "safety/_entry.html", there, created=True, then="/safety-tables")


class _AroundEntry(TypedDict):
    item: Entry


async def _around_entry(entry_id: str) -> _AroundEntry:
    return {"item": await web.see(tables.entry, entry_id)}


@blueprint.get("/safety-tables/entries/<entry_id>")
async def show_entry(entry_id: str) -> Response:
    around = await _around_entry(entry_id)
    data = around["item"].json(web.language())
    return web.answer("safety/entry.html", data, form=web.blank(WithdrawalForm), **around)


@blueprint.post("/safety-tables/entries/<entry_id>/withdrawal")
@web.refill("safety/entry.html", WithdrawalForm, context=_around_entry)
async def withdraw(entry_id: str) -> Response:
    form = await web.form(WithdrawalForm)
    acted = await web.act(signing.withdraw, tables.entry, entry_id, reason=form.reason.data)
    return web.done(acted, "safety/_entry.html", f"/safety-tables/entries/{entry_id}")


class _AroundSignature(TypedDict):
    entries: Page[Entry]  # that nobody has signed
    has_factor: bool


def _to_sign(tx: Transaction, viewer: Viewer) -> _AroundSignature:
    tables.require_reader(viewer)
    tables.require_signer(viewer)
    found = tables.browse(tx, viewer, "unsigned", limit=signing.SIGNED_AT_ONCE)
    return {"entries": found, "has_factor": second_factor.own(tx, viewer).any}


async def _around_signature() -> _AroundSignature:
    return await web.see(_to_sign)


@blueprint.get("/safety-tables/signature")
async def show_signature() -> Response:
    around = await _around_signature()
    data = around["entries"].json(lambda entry: entry.json(web.language()))
    return web.answer("safety/signature.html", data, form=web.blank(SignatureForm), **around)


@blueprint.post("/safety-tables/signature")
@web.refill("safety/signature.html", SignatureForm, context=_around_signature)
async def sign() -> Response:
    form = await web.form(SignatureForm)
    if not await web.attempted():  # a second submission has no other code of the second factor
        await _around_signature()
        await confirm_owner(form)
        await web.attempt(signing.sign, form.read)
    return Response(status=204) if web.wants() == "json" else web.see_other("/safety-tables")


@blueprint.get("/safety-tables/doses/imports/new")
async def new_import_of_doses() -> Response:
    return web.page("safety/import_new.html", form=web.blank(ImportForm), **await _doses())


@blueprint.get("/safety-tables/interactions/imports/new")
async def new_import_of_interactions() -> Response:
    return web.page("safety/import_new.html", form=web.blank(ImportForm), **await _interactions())


@blueprint.get("/safety-tables/vaccines/imports/new")
@web.takes("from")
async def new_import_of_vaccines() -> Response:
    """Empty, or with the schedule that comes with the program: a proposal, to be compared, corrected and signed."""
    proposed = web.one_of("from", ("senegal",))
    table = await asyncio.to_thread(proposals.SENEGAL.read_text, "utf-8") if proposed else ""
    return web.page("safety/import_new.html", form=web.blank(ImportForm, text=table), **await _vaccines())


@blueprint.post("/safety-tables/vaccines/imports")
@web.refill("safety/import_new.html", ImportForm, context=_vaccines)
async def read_vaccines() -> Response:
    await _vaccines()
    return await _read("vaccine")


@blueprint.post("/safety-tables/doses/imports")
@web.refill("safety/import_new.html", ImportForm, context=_doses)
async def read_doses() -> Response:
    await _doses()
    return await _read("dose")


@blueprint.post("/safety-tables/interactions/imports")
@web.refill("safety/import_new.html", ImportForm, context=_interactions)
async def read_interactions() -> Response:
    await _interactions()
    return await _read("interaction")


async def _read(kind: Kind) -> Response:
    read = partial(sheet.read, kind=kind, today=_today())
    return await steps.keep(read, importing.check, tables.one_import, _IMPORT, _IMPORTS)


def _today() -> date:
    return days.day(web.database().clock())


@blueprint.get("/safety-tables/imports/<import_id>")
async def show_import(import_id: str) -> Response:
    found = await web.see(tables.one_import, import_id)
    return web.answer("safety/import.html", found.json(web.language()), item=found)


@blueprint.post("/safety-tables/imports/<import_id>/confirmation")
async def confirm_import(import_id: str) -> Response:
    return await steps.step(importing.confirm, tables.one_import, import_id, _IMPORT, _IMPORTS)
