"""The patient's side: a page to print, a file with everything, links for another doctor."""

from dataclasses import dataclass
from typing import TypedDict, cast

from quart import Blueprint, Response, request
from quart.wrappers.response import FileBody
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable

from fadjma import days, web
from fadjma.i18n import N_
from fadjma.identity import directory, sessions
from fadjma.identity.people import Viewer
from fadjma.refusals import Gone, Invalid, NotNow
from fadjma.store import Page, Transaction
from fadjma.taking import exports, reach, shares
from fadjma.taking.exports import Export
from fadjma.taking.forms import BACKWARDS, ScopeForm, ShareForm
from fadjma.taking.maker import Maker
from fadjma.taking.routes.paging import Files, sent
from fadjma.taking.scope import LABELS, PARTS, Scope
from fadjma.taking.sections import Asked
from fadjma.taking.shares import HOURS, Share
from fadjma.web.bounds import EXPORT_PER_PERSON, SHARE_PER_PERSON
from fadjma.web.forms import NoFields
from fadjma.web.qr import qr_code

blueprint = Blueprint("own", __name__)
_LOCAL = N_("Un lien ne s'ouvrirait pas hors de la clinique : prenez plutôt le fichier, ou la page imprimée.")
_LISTED = 5  # links on the page that leads to all


@dataclass(frozen=True, slots=True)
class Taken:
    """What a person has taken away of a file, and may."""

    patient: directory.Identity
    export: Export | None  # the last that they asked for
    shares: Page[Share]

    @property
    def making(self) -> bool:
        return self.export is not None and self.export.status == "making"


class _Around(TypedDict):
    taken: Taken
    labels: dict[str, str]
    periods: list[tuple[str, str]]
    reachable: bool


def _maker() -> Maker:
    return cast(Maker, web.app().extensions["maker"])


def share_key() -> bytes:
    return web.key_for(shares.PURPOSE)


def _base() -> str | None:
    return reach.base(web.app().extensions["settings"].public_url, request.scheme, request.host)


@blueprint.get("/patients/<patient_id>/file")
@web.takes("before")
async def index(patient_id: str) -> Response:
    around = await _around(patient_id)
    taken = around["taken"]
    data = {
        "export": taken.export.json(web.language()) if taken.export else None,
        "links": around["reachable"],
        **taken.shares.json(lambda one: one.json(web.language())),
    }
    return web.answer("taking/index.html", data, form=web.blank(ShareForm), **around)


async def _around(patient_id: str) -> _Around:
    """Also around a form that comes back."""
    return {
        "taken": await web.see(_taken, patient_id, web.before()),
        "labels": {part: LABELS[part] for part in PARTS},
        "periods": [(code, label) for code, (label, _) in HOURS.items()],
        "reachable": _base() is not None,
    }


def _taken(tx: Transaction, viewer: Viewer, patient_id: str, before: str | None) -> Taken:
    exports.require_own(viewer, patient_id)
    found = shares.of_patient(tx, patient_id, before, shares.PER_PAGE if before else _LISTED)
    return Taken(directory.identity(tx, patient_id), exports.last(tx, viewer, patient_id), found)


@blueprint.get("/patients/<patient_id>/file/paper")
@web.takes(*PARTS, "since", "until")
async def printed(patient_id: str) -> Response:
    """To be printed: all of it, or the parts and the period that the address names."""
    await web.see(lambda tx, viewer: exports.require_own(viewer, patient_id))
    asked, viewer = Asked(patient_id, _scope()), web.viewer()
    session = web.secret()

    def check(tx: Transaction) -> None:
        """Nobody reads on who has signed out, or acts for the patient no more."""
        still = sessions.viewer(tx, session)
        if still is None or (still.id, still.own_id) != (viewer.id, viewer.own_id):
            raise Gone(N_("Votre session a pris fin : reconnectez-vous."))

    return sent("taking/paper.html", asked, Files(), check, patient_id=patient_id)


def _scope() -> Scope:
    named = [part for part in PARTS if request.args.get(part)]
    since, until = web.day("since"), web.day("until")
    if since and until and until < since:  # else it would say that there is nothing
        raise Invalid({"until": BACKWARDS})
    return Scope.of(named or PARTS, since, until)


# The file with everything ----------------------------------------------------------------------------------


@blueprint.post("/patients/<patient_id>/exports")
@web.refill("taking/index.html", ScopeForm, context=_around)
async def make(patient_id: str) -> Response:
    form = await web.form(ScopeForm)
    maker = _maker()
    maker.require_room()
    web.count(EXPORT_PER_PERSON)
    acted = await web.act(exports.ask, exports.export, patient_id, form.scope, drop=maker.drop)
    if not acted.again:
        maker.begin(acted.resource.id)
    return web.done(acted, "taking/_export.html", f"/exports/{acted.resource.id}", created=True)


@blueprint.get("/exports/<export_id>")
async def show(export_id: str) -> Response:
    found = await web.see(exports.export, export_id)
    return web.answer("taking/export.html", found.json(web.language()), item=found)


@blueprint.get("/exports/<export_id>/content")
async def content(export_id: str) -> Response:
    """The file, or the part of it that a download that broke off still lacks (RFC 9110, 14.2)."""
    found = await web.see_traced(exports.fetch, export_id)
    try:
        body = FileBody(_maker().file(export_id), buffer_size=64 * 1024)
    except OSError as error:
        raise Gone(exports.FAILURES["broken"]) from error
    response = Response(body, content_type="application/zip")
    response.content_length = body.size
    response.timeout = None  # a slow link takes as long as it takes
    day = days.day(found.created_at).isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="fadjma-{day}.zip"'
    response.headers["Accept-Ranges"] = "bytes"
    response.set_etag(export_id)  # what it holds never changes
    length = body.size if _asks_for_a_part() else None
    try:
        await response.make_conditional(request._get_current_object(), accept_ranges=True, complete_length=length)  # type: ignore[attr-defined]
    except RequestedRangeNotSatisfiable as error:
        raise RequestedRangeNotSatisfiable(body.size) from error  # says how much there is (RFC 9110, 14.4)
    if response.status_code == PreconditionFailed.code:
        raise PreconditionFailed  # else the file would come along
    return response


def _asks_for_a_part() -> bool:
    """Several parts at once, or from the end, are answered with the whole file, as is what is no range of bytes; and of
    HEAD nobody has a part (RFC 9110, 14.2)."""
    asked = request.range if request.method == "GET" else None
    return asked is not None and asked.units == "bytes" and len(asked.ranges) == 1 and (asked.ranges[0][0] or 0) >= 0


@blueprint.post("/exports/<export_id>/removal")
async def remove(export_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(exports.remove, exports.export, export_id, drop=_maker().drop)
    then = f"/patients/{acted.resource.patient_id}/file"
    return web.done(acted, "taking/_export.html", f"/exports/{export_id}", then=then)


# Links for another doctor -----------------------------------------------------------------------------------


@blueprint.post("/patients/<patient_id>/shares")
@web.refill("taking/index.html", ShareForm, context=_around)
async def share(patient_id: str) -> Response:
    form = await web.form(ShareForm)
    await web.see(lambda tx, viewer: exports.require_own(viewer, patient_id))
    if _base() is None:
        raise NotNow(_LOCAL, current="local")
    web.count(SHARE_PER_PERSON)
    acted = await web.act(
        shares.make,
        shares.share,
        patient_id,
        form.scope,
        whom=form.whom.data or "",
        hours=HOURS[form.hours.data][1],
        key=share_key(),
    )
    where = f"/shares/{acted.resource.id}"
    return web.done(acted, "taking/_share.html", where, created=True)


@blueprint.get("/shares/<share_id>")
async def show_share(share_id: str) -> Response:
    """Its state; and link and code, as long as it waits for them. Where it would not open, the link is not shown."""
    found = await web.see(shares.share, share_id)
    key, waits, base = share_key(), found.status == "waiting", _base()
    link = f"{base}/open/{shares.token_of(key, share_id)}" if waits and base else None
    code = shares.code_of(key, share_id) if waits else None
    data = {**found.json(web.language()), "link": link, "code": code}
    return web.answer("taking/share.html", data, item=found, link=link, code=code, qr=qr_code(link) if link else None)


@blueprint.post("/shares/<share_id>/revocation")
async def revoke(share_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(shares.revoke, shares.share, share_id)
    return web.done(acted, "taking/_share.html", f"/shares/{share_id}")
