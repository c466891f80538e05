"""What people and programs get when something is refused or breaks: never a stack trace, never a bare number."""

import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote, urlsplit

from quart import Quart, Response, g, request
from werkzeug.exceptions import HTTPException, InternalServerError

from fadjma import web
from fadjma.events import security
from fadjma.i18n import N_, translate
from fadjma.identity import pins, proxies, sessions
from fadjma.identity.people import OtherPerson, Viewer
from fadjma.refusals import (
    Conflict,
    Doubtful,
    Ended,
    FactorNeeded,
    Forbidden,
    Invalid,
    Locked,
    NotFound,
    Refusal,
    SignInNeeded,
    Throttled,
    TooLarge,
    Tried,
    TryLater,
)
from fadjma.store import Transaction, Unavailable
from fadjma.web import drafts
from fadjma.web.bounds import DRAFT_PER_PERSON, Bounds
from fadjma.web.drafts import Place
from fadjma.web.throttle import NOTED_PER_PERSON

log = logging.getLogger("fadjma")
_TITLES = {
    400: N_("Demande incorrecte"),
    404: N_("Page introuvable"),
    405: N_("Méthode non prévue"),
    413: N_("Envoi trop volumineux"),
    415: N_("Format non prévu"),
}
_MESSAGES = {
    404: N_("Cette adresse n'existe pas."),
    405: N_("Cette adresse n'accepte pas ce genre de demande."),
    413: N_("L'envoi dépasse 64 Ko."),
}
_FILE_TOO_LARGE = N_("Le fichier dépasse 10 Mo.")
_RESTARTING = N_("Le serveur redémarre. Rien n'a été enregistré : réessayez dans quelques secondes.")
_BUSY = N_("La base est occupée par un autre programme. Rien n'a été enregistré : réessayez dans un instant.")
_FULL = N_("Le disque du serveur est plein. Rien n'a été enregistré : prévenez l'administrateur.")
_OUT_OF_ORDER = N_("La base ne répond plus comme elle doit. Rien n'a été enregistré : prévenez l'administrateur.")
_UNKNOWN = N_(
    "La base s'est tue au moment d'enregistrer : on ne sait pas si c'est fait. Envoyez de nouveau la même page : rien "
    "ne sera fait deux fois."
)
_OUTAGES = {  # why, and after how many seconds it is worth another try
    "stopping": (_RESTARTING, 5),
    "locked": (_BUSY, 5),
    "full": (_FULL, 60),
    "unknown": (_UNKNOWN, 5),
}


_HIDDEN = ("key", "for", "next")  # what a form sends besides what is typed
WriteDown = Callable[[Transaction, Viewer, Tried, bool, bool], None]
Ending = Callable[[Transaction, Viewer, Tried], Ended | None]


Shaped = Callable[[int, str, str, Refusal | None], Response]  # status, title, detail, in the language of who asks
_shaped: dict[str, Shaped] = {}


def answer_below(address: str, shaped: Shaped) -> None:
    """Say, when the program is loaded, that what goes wrong below this address is answered in a shape of its own."""
    _shaped[address] = shaped


def _shape() -> Shaped | None:
    return next((shaped for address, shaped in _shaped.items() if f"{request.path}/".startswith(f"{address}/")), None)


def register(app: Quart, trace_try: WriteDown, ending: Ending) -> None:
    """Answer every refusal and failure of `app`.

    `trace_try(tx, viewer, tried, reading, again)` writes down for the patient what was refused to somebody else;
    `again`: an open page has asked for it by itself.
    `ending(tx, viewer, tried)` says what became of what the viewer could see before.
    """
    app.extensions["trace_try"] = trace_try
    app.extensions["ending"] = ending
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


async def _refused(refusal: Refusal) -> Response:
    if isinstance(refusal, Locked):
        return await _locked(refusal, g.get("locked"))
    if viewer := g.get("viewer"):
        if isinstance(refusal, Forbidden):
            await _note_refused_right(viewer.own_id)
        if refusal.tried:
            await _trace_try(viewer, refusal.tried)
    if isinstance(refusal, NotFound) and web.wants() != "json" and (ended := await _ended(refusal.tried)):
        shown = "_ended.html" if web.wants() == "fragment" else "ended.html"
        return web.page(shown, refusal.status, ended=ended, typed=web.words())
    language = web.language()
    detail = translate(language, refusal.message, **refusal.values)
    extra: dict[str, Any] = {**refusal.details}
    if isinstance(refusal, Invalid):
        extra["errors"] = _translated(refusal, language)
    if isinstance(refusal, Doubtful):
        extra["confirm"] = refusal.confirm
    if isinstance(refusal, Conflict):
        extra["current"] = refusal.current
    if isinstance(refusal, OtherPerson):
        extra["for"] = refusal.meant_for
        if viewer:
            await _keep_typed(viewer.own_id, refusal.meant_for)
    if isinstance(refusal, SignInNeeded) and request.method in ("POST", "PUT"):
        await _keep_of_who_left()
    response = _answer(refusal.status, translate(language, refusal.title), detail, extra, refusal)
    if isinstance(refusal, Throttled | TryLater):
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


async def _note_refused_right(account_id: str) -> None:
    """For the admins; of one person no more than some an hour, for whoever tries is seen by then."""
    try:
        await web.throttle().hit(NOTED_PER_PERSON, account_id)
    except Throttled:
        return
    where = f"{request.method} {request.url_rule}"
    mark = web.mark(request.remote_addr or "")
    with suppress(Unavailable):  # it is refused all the same
        await web.database().write(security.note, "right_refused", account_id=account_id, address=mark, detail=where)


async def _trace_try(viewer: Viewer, tried: Tried) -> None:
    reading = request.method in ("GET", "HEAD")
    with suppress(Unavailable):  # it is refused all the same
        again = reading and web.by_itself()
        await web.database().write(web.app().extensions["trace_try"], viewer, tried, reading, again)


async def _ended(tried: Tried | None) -> Ended | None:
    viewer = g.get("viewer")
    if viewer is None or tried is None:
        return None
    with suppress(Unavailable):  # then it is said of nobody
        found: Ended | None = await web.database().read(web.app().extensions["ending"], viewer, tried)
        return found
    return None


async def _keep_typed(own_id: str, meant_for: str) -> None:
    """What was typed and cannot be taken now is a draft of whose page it was, and is there when one goes back to it.

    On a page of somebody else, behind the lock, or after the time of a session: it shows nothing to anybody.
    """
    if request.method not in ("POST", "PUT"):
        return
    of_draft = request.view_args or {} if request.method == "PUT" else {}
    if of_draft and of_draft.keys() != {"form", "subject"}:  # a part of a file, which is sent again
        return
    sent = await _sent()
    place = Place(**of_draft) if of_draft else drafts.place_of(request.path, sent)
    typed = {name: text for name, text in sent.items() if name not in _HIDDEN and isinstance(text, str)}
    key, bounds = web.key_for("drafts"), cast(Bounds, web.app().extensions["bounds"])

    def keep(tx: Transaction) -> None:
        if not tx.again:
            bounds.count(DRAFT_PER_PERSON, f"{own_id} ")  # as asking.change counts those that are saved
        if place.is_one and proxies.may_be(tx, own_id, meant_for):
            drafts.save(tx, drafts.Writer(own_id, meant_for), place, typed, key=key)

    if typed:
        with suppress(Unavailable, Throttled):  # it is refused all the same
            await web.database().write(keep)


async def _keep_of_who_left() -> None:
    # Of a session that has ended in another tab the cookie may not have gone yet.
    if secret := web.secret() or web.secret_left_behind():
        with suppress(Unavailable):  # it is refused all the same
            if own_id := await web.database().read(sessions.left_by, secret):
                await _keep_typed(own_id, await _meant_for() or own_id)


async def _meant_for() -> str:
    return web.header("x-for") or (await _sent()).get("for", "")


async def _sent() -> Mapping[str, str]:
    try:
        return await web.fields()
    except (Refusal, HTTPException):
        return {}  # it cannot be read


async def _unavailable(outage: Unavailable) -> Response:
    log.warning("unavailable: %s %s: %s (%s)", request.method, request.url_rule, outage.reason, outage.__cause__)
    message, seconds = _OUTAGES.get(outage.reason, (_OUT_OF_ORDER, 60))
    spread = random.randint(0, seconds // 2)  # noqa: S311 - against a herd
    return await _refused(TryLater(message, retry_after=seconds + spread))


_SAID_BESIDE = ("Allow", "Content-Range")  # of 405 and 416


async def _http(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError):
        return await _broken(error.original_exception or error)
    await _look_who_asks()
    language, status = web.language(), error.code or 500
    if status == 413:
        is_file = request.max_content_length == web.MAX_FILE
        return await _refused(TooLarge(_FILE_TOO_LARGE if is_file else _MESSAGES[413]))
    title = translate(language, _TITLES.get(status, N_("Demande incorrecte")))
    detail = translate(language, _MESSAGES.get(status, N_("Cette demande n'a pas pu être comprise.")))
    response = _answer(status, title, detail, {})
    response.headers.extend([header for header in error.get_headers() if header[0] in _SAID_BESIDE])
    return response


async def _look_who_asks() -> None:
    """No route has: whoever has signed in has their own frame around what is wrong. Who is locked is nobody here."""
    if web.wants() == "page" and web.secret() and not g.get("viewer"):
        with suppress(Refusal, Unavailable):
            await web.see(lambda tx, viewer: None)


async def _broken(error: BaseException) -> Response:
    # The route's pattern, not the address: an address may hold an identifier.
    log.error("failed: %s %s", request.method, request.url_rule, exc_info=error)
    language = web.language()
    detail = translate(
        language, N_("Rien n'a été enregistré. Réessayez ; si cela continue, prévenez l'administrateur.")
    )
    return _answer(500, translate(language, N_("Une erreur est survenue")), detail, {})


def _translated(refusal: Invalid, language: str) -> dict[str, str]:
    return {name: translate(language, message, **refusal.values) for name, message in refusal.errors.items()}


def _answer(status: int, title: str, detail: str, extra: dict[str, Any], refusal: Refusal | None = None) -> Response:
    if shaped := _shape():
        return shaped(status, title, detail, refusal)
    wanted = web.wants()
    if wanted == "json":
        problem = {
            "type": refusal.type if refusal else "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            **extra,
        }
        response = web.as_json(problem, status, "application/problem+json")
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    if isinstance(refusal, SignInNeeded):
        return _to_sign_in("/sign-in")
    if isinstance(refusal, FactorNeeded):
        return _to_sign_in(refusal.page)
    if isinstance(refusal, OtherPerson):
        other = {"meant_for": refusal.meant_for, "typed": web.words(), "next": _page()}
        shown = "_other_person.html" if wanted == "fragment" else "other_person.html"
        return web.page(shown, status, title=title, detail=detail, **other)
    template = "_refusal.html" if wanted == "fragment" else "refusal.html"
    g.setdefault("viewer", None)
    return web.page(
        template,
        status,
        title=title,
        detail=detail,
        code=status,
        errors=extra.get("errors", {}),
        typed=web.words(),
        back=web.page_path(),
    )


def _to_sign_in(where: str) -> Response:
    """The page for it, and back afterwards; htmx follows its own header, because it cannot see a redirect."""
    here = _page()
    location = f"{where}?next={quote(here)}" if here != "/" else where
    if web.header("hx-request"):
        return Response("", 401, headers={"HX-Redirect": location})
    return web.see_other(location)


async def _locked(refusal: Locked, viewer: Viewer | None) -> Response:
    """The lock in the place of the page, at the same address; htmx has the page asked for again, which is locked.

    `viewer`: whose screen it is; of what a page asks by itself, nobody's.
    """
    if viewer:
        await web.database().note(sessions.keep_locked, viewer)
        await _keep_typed(viewer.own_id, await _meant_for() or viewer.id)
    if web.wants() != "json" and web.header("hx-request"):
        return Response("", 423, headers={"HX-Redirect": _page()})
    if web.wants() == "json" or viewer is None:
        language = web.language()
        return _answer(423, translate(language, refusal.title), translate(language, refusal.message), {}, refusal)
    has_pin = await web.database().read(pins.is_set, viewer.id)
    return web.page("locked.html", 423, next=_page(), has_pin=has_pin)


def _page() -> str:
    """Where to go on after signing in or unlocking: the page that was asked for, or the one whose form was sent."""
    if request.method == "GET" and not web.header("hx-request"):
        return request.full_path.rstrip("?")
    try:
        page = urlsplit(web.header("hx-current-url") or web.header("referer"))
    except ValueError:
        return "/"
    here = page.path + (f"?{page.query}" if page.query else "") if page.netloc == request.host else ""
    return web.local(here) or "/"  # a browser takes the path « //elsewhere.example/ » for another site
