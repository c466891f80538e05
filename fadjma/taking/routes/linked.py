"""The other side of a link: a form that tells nothing, and after the right code what the patient has chosen.

Whoever comes has no account, and is nobody here: a cookie of its own, below the address of the link alone, says that
this browser has opened it.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec

from quart import Blueprint, Response, g, request

from fadjma import web
from fadjma.i18n import N_, translate
from fadjma.papers.routes import sent_file
from fadjma.refusals import Gone, NotFound, Refusal, Throttled, WrongCode
from fadjma.store import Transaction
from fadjma.taking import opening, shares
from fadjma.taking.forms import CodeForm
from fadjma.taking.opening import Outcome
from fadjma.taking.routes.own import share_key
from fadjma.taking.routes.paging import Files, sent
from fadjma.taking.sections import Asked
from fadjma.taking.shares import Share
from fadjma.web.forms import NoFields
from fadjma.web.throttle import LINK_PER_ADDRESS, neighbourhood

P = ParamSpec("P")
blueprint = Blueprint("linked", __name__)
_COOKIE = "fadjma-link"
_SECONDS = shares.OPEN_FOR // 1000


def _of_a_link(route: Callable[P, Awaitable[Response]]) -> Callable[P, Awaitable[Response]]:
    """Decorate a route: no search engine keeps it, no other site learns its address; one that is over says so.

    Not `no-referrer`: a form of such a page comes with `Origin: null`, which is all that browsers without
    Sec-Fetch-Site (Safari before 16.4, Firefox before 90) say of where it comes from; it would be refused.
    """

    @wraps(route)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            response = await route(*args, **kwargs)
        except (Gone, NotFound, Throttled) as refusal:
            if web.wants() == "json":
                raise
            response = _over(refusal)
            if isinstance(refusal, Throttled):
                response.headers["Retry-After"] = str(refusal.retry_after)
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return wrapped


def _over(refusal: Refusal) -> Response:
    said = translate(web.language(), refusal.message, **refusal.values)
    return web.page("taking/over.html", refusal.status, detail=said)


def _session() -> str | None:
    return request.cookies.get(_COOKIE)


async def _read(token: str) -> Share:
    return await web.database().read(opening.reading, token, _session(), key=share_key())


@blueprint.get("/open/<token>")
@_of_a_link
async def look(token: str) -> Response:
    """The form, for people and for whatever looks at a link before them. It spends nothing, and names nobody."""
    found = await web.database().read(opening.look, token, _session(), key=share_key())
    if found.status == "open" and web.wants() != "json":
        return web.see_other(f"/open/{token}/file")
    return web.answer("taking/open.html", {"status": found.status}, form=web.blank(CodeForm), token=token)


async def _around(token: str) -> dict[str, Any]:
    return {"token": token}


@blueprint.post("/open/<token>")
@_of_a_link
@web.refill("taking/open.html", CodeForm, context=_around)
async def open_it(token: str) -> Response:
    g.viewer = None  # whoever has an account is as much a stranger here as everybody
    form = await web.form(CodeForm)
    outcome = await _try(token, form.code.data)
    if outcome.session is None and not outcome.left:
        raise Gone(opening.LOCKED)
    if outcome.session is None:
        raise WrongCode({"code": opening.WRONG}, left=outcome.left)
    response = web.see_other(f"/open/{token}/file") if web.wants() != "json" else web.as_json(_said(outcome.share))
    response.set_cookie(
        _COOKIE,
        outcome.session,
        max_age=_SECONDS,
        path=f"/open/{token}",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",  # who comes back from the message is still who has opened it
    )
    return response


async def _try(token: str, code: str) -> Outcome:
    """What has come of it; wrong ones, and links that there are not, are counted for the address, too."""
    address = request.remote_addr or ""
    async with web.throttle().attempt((LINK_PER_ADDRESS, neighbourhood(address))) as attempt:
        attempt.failed = True
        outcome = await web.database().write(
            opening.open_with,
            token,
            code,
            key=share_key(),
            submission=await web.submission(),
            address=web.mark(address),
        )
        attempt.failed = outcome.session is None
    return outcome


def _said(found: Share) -> dict[str, Any]:
    said = found.json(web.language())
    return {name: said[name] for name in ("status", "parts", "since", "until", "opened_at", "closes_at")}


@blueprint.get("/open/<token>/file")
@_of_a_link
async def read(token: str) -> Response:
    """What the patient has chosen, and nothing else; each slice asks anew whether it may still be read."""
    found = await _read(token)
    if web.wants() == "json":
        return web.as_json(_said(found))
    session, key = _session(), share_key()

    def check(tx: Transaction) -> None:
        opening.reading(tx, token, session, key=key)

    asked = Asked(found.patient_id, found.scope, own=False)
    return sent("taking/opened.html", asked, Files(f"/open/{token}/papers"), check, token=token, share=found)


@blueprint.post("/open/<token>/closing")
@_of_a_link
async def close(token: str) -> Response:
    """Its reader has finished, on a computer that others use, too."""
    await web.form(NoFields)
    await _read(token)  # no stranger comes as far as the writer
    mark = web.mark(request.remote_addr or "")
    await web.database().write(opening.close, token, _session(), key=share_key(), address=mark)
    if web.wants() == "json":
        response = web.as_json({"status": "closed"})
    else:
        response = _over(Gone(N_("Vous avez refermé ce dossier : il ne se lit plus ici.")))
        response.status_code = 200
    response.delete_cookie(_COOKIE, path=f"/open/{token}")
    return response


@blueprint.get("/open/<token>/papers/<paper_id>/content")
@_of_a_link
async def content(token: str, paper_id: str) -> Response:
    await _read(token)
    one = await web.database().write(opening.paper, token, _session(), paper_id, key=share_key(), whole=True)
    return await sent_file(one.sha256, one.kind, one.file_name)


@blueprint.get("/open/<token>/papers/<paper_id>/thumbnail")
@_of_a_link
async def thumbnail(token: str, paper_id: str) -> Response:
    one = await web.database().read(opening.paper, token, _session(), paper_id, key=share_key(), whole=False)
    if one.thumbnail is None:
        raise NotFound
    return await sent_file(one.thumbnail, "image/jpeg", "thumbnail.jpg")
