"""For whom one acts, where one may act for several."""

from quart import Blueprint, Response, request

from fadjma import web
from fadjma.accounts import acting
from fadjma.accounts.forms import ActingForm

blueprint = Blueprint("acting", __name__)


@blueprint.get("/people")
@web.takes("next")
async def people() -> Response:
    found = await web.see(acting.people)
    onward = web.local(request.args.get("next", ""))
    return web.answer("accounts/people.html", found.json(web.language()), people=found, next=onward)


@blueprint.post("/acting")
async def act_for() -> Response:
    web.whoever_it_is_for()
    form = await web.form(ActingForm)
    await web.change(acting.choose, form.person_id.data)
    return web.see_other(form.next.data or "/") if web.wants() != "json" else Response(status=204)
