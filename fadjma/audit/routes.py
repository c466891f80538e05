"""What happened, for admins: a list to look things up in, and the same as a table to take along."""

import asyncio
from datetime import date, timedelta

from quart import Blueprint, Response, request

from fadjma import days, web
from fadjma.audit import sealing
from fadjma.events import audit
from fadjma.events.audit import Chosen
from fadjma.i18n import N_, translate
from fadjma.identity.people import Viewer
from fadjma.refusals import Invalid
from fadjma.store import Page, Transaction
from fadjma.web.tables import as_csv

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@web.takes("by", "about", "kind", "day", "until", "before")
async def index() -> Response:
    chosen, before = _chosen(), web.before()
    found, names = await web.see(_browse, chosen, before)
    data = found.json(lambda entry: entry.json(web.language()))
    kinds = [(code, translate(web.language(), label)) for code, (label, _) in audit.KINDS.items()]
    asked = {name: request.args.get(name, "") for name in ("by", "about", "kind", "day", "until")}
    return web.answer("audit/index.html", data, entries=found, names=names, kinds=kinds, asked=asked)


def _browse(
    tx: Transaction, viewer: Viewer, chosen: Chosen, before: str | None
) -> tuple[Page[audit.Entry], dict[str, str]]:
    return audit.browse(tx, viewer, chosen, before), audit.names(tx, viewer, chosen)


@blueprint.get("/audit/export")
@web.takes("by", "about", "kind", "day", "until")
async def export() -> Response:
    entries = await web.see(audit.export, _chosen())
    await web.change(audit.note_export, web.mark(request.remote_addr or ""))
    language = web.language()
    return await asyncio.to_thread(lambda: as_csv(audit.rows(entries, language), "journal.csv"))


@blueprint.get("/seals")
async def seals() -> Response:
    """The last seal, to be printed and kept: the journal of the day."""
    found = await web.see(sealing.standing, days.beginning(web.database().clock()))
    fault = web.app().extensions["sealer"].fault
    kinds = [(label, found.counts[code]) for code, (label, _) in audit.KINDS.items()]
    today = days.day(web.database().clock())
    data = {**found.json(), "fault": fault}
    return web.answer("audit/seals.html", data, found=found, fault=fault, kinds=kinds, today=today)


@blueprint.get("/seals/export")
async def export_seal() -> Response:
    """The same for `quart verify --against`. It holds nothing of anybody."""
    response = web.as_json((await web.see(sealing.export)).json())
    response.headers["Content-Disposition"] = 'attachment; filename="fadjma-seal.json"'
    return response


def _chosen() -> Chosen:
    """What the address asks for: one day, or from one to another, or to it. Raises Invalid for what is no day."""
    by, about = request.args.get("by") or None, request.args.get("about") or None
    day, last = web.day("day"), web.day("until")
    if day and last and last < day:
        raise Invalid({"until": N_("Le dernier jour est avant le premier.")})
    since = _span(day, "day")[0] if day else 0
    until = _span(last, "until")[1] if last else _span(day, "day")[1] if day else None
    return Chosen(by=by, about=about, kind=web.one_of("kind", list(audit.KINDS)), since=since, until=until)


def _span(text: str, name: str) -> tuple[int, int]:
    """When a day of the clinic begins and ends; `name`: of the parameter that asks for it."""
    day = date.fromisoformat(text)
    try:
        return days.midnight(day), days.midnight(day + timedelta(days=1))
    except (ValueError, OverflowError) as error:
        raise Invalid({name: web.NO_DAY}) from error
