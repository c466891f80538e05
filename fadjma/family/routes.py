"""Who may act for a patient: asked by the patient, and by the front desk."""

from typing import TypedDict

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.family import actions
from fadjma.family.actions import Family
from fadjma.family.forms import ProxyForm
from fadjma.i18n import N_, translate
from fadjma.identity import patient_pins
from fadjma.identity.proxies import RELATIONSHIPS, Proxy
from fadjma.refusals import Invalid
from fadjma.web.bounds import OFFER_PER_PERSON
from fadjma.web.forms import NoFields

blueprint = Blueprint("family", __name__)
_ONLY_DESK = N_("Cela se note à l'accueil.")


class _Around(TypedDict):
    family: Family
    relationships: list[tuple[str, str]]


async def _around() -> _Around:
    patient_id = request.args.get("patient_id") or (await web.fields()).get("patient_id", "")
    again = web.by_itself() or request.method == "POST"
    return {
        "family": await web.see_traced(actions.show, patient_id, again=again),
        "relationships": [(code, translate(web.language(), label)) for code, label in RELATIONSHIPS.items()],
    }


@blueprint.get("/proxies")
@web.takes("patient_id")
async def index() -> Response:
    around = await _around()
    items = [one.json(web.language()) for one in around["family"].proxies]
    return web.answer("family/index.html", {"items": items}, form=web.blank(ProxyForm), **around)


@blueprint.post("/proxies")
@web.refill("family/index.html", ProxyForm, context=_around)
async def give() -> Response:
    form = await web.form(ProxyForm)
    patient_id, pin = form.patient_id.data or "", form.pin.data or ""
    terms = {"identifier": form.identifier.data, "relationship": form.relationship.data, "until": form.ends_at}
    if not patient_id:
        web.count(OFFER_PER_PERSON)
        if wrong := {name: _ONLY_DESK for name in ("document", "pin") if form[name].data}:
            raise Invalid(wrong)
        return _given(await web.act(actions.offer, actions.one, **terms))
    key = web.key_for("patient_pins")
    if pin:
        attempt = await web.attempt(actions.try_pin, patient_id, pin=pin, key=key)
        if not attempt["right"]:
            raise patient_pins.wrong(attempt["left"])
    return _given(
        await web.act(
            actions.give,
            actions.one,
            patient_id,
            document=form.document.data or "",
            pin=pin,
            key=key,
            **terms,
        ),
        patient_id,
    )


def _given(acted: web.Acted[Proxy], patient_id: str = "") -> Response:
    page = f"/proxies?patient_id={patient_id}" if patient_id else "/proxies"
    return web.done(acted, "family/_row.html", f"/proxies/{acted.resource.id}", created=True, then=page)


@blueprint.get("/proxies/<proxy_id>")
async def show(proxy_id: str) -> Response:
    found = await web.see_traced(actions.open_one, proxy_id, again=web.by_itself())
    return web.answer("family/show.html", found.json(web.language()), item=found)


@blueprint.post("/proxies/<proxy_id>/acceptance")
async def accept(proxy_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(actions.accept, actions.one, proxy_id)
    return web.done(acted, "family/_row.html", f"/proxies/{proxy_id}", then="/people")


@blueprint.post("/proxies/<proxy_id>/ending")
@blueprint.delete("/proxies/<proxy_id>")
async def end(proxy_id: str) -> Response:
    await web.form(NoFields)
    acted = await web.act(actions.end, actions.one, proxy_id)
    return web.done(acted, "family/_row.html", f"/proxies/{proxy_id}", then=_back(acted.resource))


def _back(ended: Proxy) -> str:
    """To the list from which it was ended."""
    viewer = web.viewer()
    if viewer.role == "receptionist":
        return f"/proxies?patient_id={ended.patient.id}"
    return "/people" if viewer.own_id == ended.proxy.id else "/proxies"
