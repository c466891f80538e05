"""Between HTTP and the domains: who asks, one transaction, and the answer as page, fragment or JSON.

A route calls `see(query, …)` or `act(action, …)` once. Both find out who is asking inside the same transaction as the
reading or the change, so that a right which has just ended is never used.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeVar, cast

from quart import Quart, Response, current_app, g, redirect, request
from werkzeug.datastructures import MIMEAccept, MultiDict
from werkzeug.http import parse_accept_header

from fadjma import i18n, idempotency
from fadjma.accounts import credentials, sessions
from fadjma.accounts.people import Viewer
from fadjma.database import Database, Transaction
from fadjma.forms import LONGEST_NAME, Form, fields_from_json, speaking
from fadjma.i18n import N_
from fadjma.notifications import inbox
from fadjma.refusals import Invalid, Refusal, SignInNeeded
from fadjma.templating import render
from fadjma.throttle import Throttle

MAX_BODY = 64 * 1024  # bytes
_LOOKED_AT = 200  # characters of an Accept header; browsers send some 130, and what is remembered must be small
# A field's full name, of a form or of one of its first twenty lines; WTForms trips over stranger ones.
_FIELD = re.compile(r"[a-z_]+(-1?[0-9]-[a-z_]+)?")

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Form)
Shape = Literal["page", "fragment", "json"]


class Resource(Protocol):
    """What the domains show: something with an id that knows its JSON form."""

    @property
    def id(self) -> str: ...

    def json(self, language: str) -> dict[str, Any]: ...


T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, slots=True)
class Acted(Generic[T]):
    """What came of an act: the resource as it is now, and the JSON answer (the first one's, if it was sent twice)."""

    resource: T
    json: dict[str, Any]


def app() -> Quart:
    return cast(Quart, current_app._get_current_object())  # type: ignore[attr-defined]


def database() -> Database:
    return cast(Database, current_app.extensions["database"])


def throttle() -> Throttle:
    return cast(Throttle, current_app.extensions["throttle"])


def viewer() -> Viewer:
    """Who has just been found to ask, by `see` or `act`."""
    return cast(Viewer, g.viewer)


def secret() -> str | None:
    """The session secret that the request carries, if it is genuine; whether the session lives, the database says."""
    return credentials.secret_from(app(), _headers())


def signed_in() -> bool:
    """Whether the request carries a genuine session secret."""
    return secret() is not None


def language() -> str:
    """The language to answer in: the person's, else the one chosen before signing in, else the browser's."""
    known = g.get("viewer")
    chosen = known.language if known else request.cookies.get("language", "") if header("cookie") else ""
    return chosen if chosen in i18n.LANGUAGES else i18n.best_language(header("accept-language"))


def wants() -> Shape:
    """In which form to answer. Programs with a bearer token get JSON unless they ask for HTML."""
    if "wants" not in g:
        g.wants = _wants()
    return cast(Shape, g.wants)


def _wants() -> Shape:
    # A boosted form swaps part of a whole page in (hx-select), so it gets pages, as without JavaScript.
    headers = _headers()
    if headers.get("hx-request") == "true" and "hx-boosted" not in headers:
        return "fragment"
    accept = headers.get("accept", "")
    if "text/event-stream" in accept:
        return "json"  # a program, or live.js: nobody reads a page there
    if request.path.startswith("/api/"):
        return "json"
    if len(accept) > _LOOKED_AT:
        accept = accept[:_LOOKED_AT].rpartition(",")[0]
    return _best(accept, program=credentials.is_bearer(headers) or request.is_json)


@lru_cache(maxsize=200)  # there are few browsers and few libraries
def _best(accept: str, *, program: bool) -> Shape:
    offered = ["text/html", "application/json"]
    if program:
        offered.reverse()
    best = parse_accept_header(accept, MIMEAccept).best_match(offered) if accept else offered[0]
    return "json" if best == "application/json" else "page"


# --- reading and acting -------------------------------------------------------------------------------------


async def see(query: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `query(tx, viewer, …)` on one snapshot, for the person who asks.

    The page is stamped with that person's cursor in the same snapshot: nothing falls between the page and its stream.
    Raises SignInNeeded when nobody is signed in.
    """
    asking = _Asking()

    def run(tx: Transaction) -> R:
        viewer = asking.identify(tx)
        return query(tx, viewer, *args, **kwargs)

    try:
        result = await database().read(run)
    finally:
        asking.remember()
    await _note_activity(asking)
    return result


async def act(
    action: Callable[Concatenate[Transaction, Viewer, P], str],
    show: Callable[[Transaction, Viewer, str], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Acted[T]:
    """Call `action(tx, viewer, …)`, which returns the id of what it changed, and `show(tx, viewer, id)`, in one go.

    With an idempotency key (`Idempotency-Key` header, or the form's `key` field), a second submission changes nothing
    and gets the first one's answer; the key of another request is refused (422).
    """
    asking = _Asking()
    key, fingerprint = await _idempotency()

    def run(tx: Transaction) -> Acted[T]:
        viewer = asking.identify(tx)
        stored = idempotency.first_answer(tx, viewer, key, fingerprint) if key else None
        resource = show(tx, viewer, stored["id"] if stored else action(tx, viewer, *args, **kwargs))
        answer = stored or resource.json(viewer.language)
        if key and not stored:
            idempotency.keep_answer(tx, viewer, key, fingerprint, answer)
        sessions.note_activity(tx, viewer)
        return Acted(resource, answer)

    try:
        return await database().write(run)
    finally:
        asking.remember()


async def see_traced(
    query: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Like `see`, for a reading that is itself written down: what it shows and its trace are one transaction."""
    asking, person = _Asking(), not by_itself()

    def run(tx: Transaction) -> R:
        viewer = asking.identify(tx)
        if person:
            sessions.note_activity(tx, viewer)
        result = query(tx, viewer, *args, **kwargs)
        asking.look_at_mail(tx)  # again, after the query: its own event is not news to this page
        return result

    try:
        return await database().write(run)
    finally:
        asking.remember()


async def watch(query: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Like `see`, for what a page asks by itself: it is not activity and keeps no session alive."""
    asking = _Asking()
    return await database().read(lambda tx: query(tx, asking.identify(tx), *args, **kwargs))


async def change(action: Callable[Concatenate[Transaction, Viewer, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `action(tx, viewer, …)`, harmless when repeated and with nothing to show: no idempotency key."""
    asking = _Asking()

    def run(tx: Transaction) -> R:
        return action(tx, asking.identify(tx), *args, **kwargs)

    try:
        return await database().write(run)
    finally:
        asking.remember()


async def attempt(
    action: Callable[Concatenate[Transaction, Viewer, P], dict[str, Any]], /, *args: P.args, **kwargs: P.kwargs
) -> dict[str, Any]:
    """Call `action(tx, viewer, …)`, which counts something before the act itself; once for each idempotency key."""
    key, fingerprint = await _idempotency()

    def once(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
        own_key = key + idempotency.ATTEMPT
        stored = idempotency.first_answer(tx, viewer, own_key, fingerprint) if key else None
        answer = stored or action(tx, viewer, *args, **kwargs)
        if key and not stored:
            idempotency.keep_answer(tx, viewer, own_key, fingerprint, answer)
        return answer

    return await change(once)


async def submission() -> str | None:
    """A keyed hash of the idempotency key and everything sent with it; None without a key. For who is not signed in."""
    key, fingerprint = await _idempotency()
    return hashlib.sha256(f"{key}:{fingerprint}".encode()).hexdigest() if key else None


class _Asking:
    """Who asks; filled in on the database's thread, and remembered in `g` back on the event loop."""

    def __init__(self) -> None:
        self.secret = secret()
        self._for_page = wants() == "page"
        self.viewer: Viewer | None = None
        self.mail: inbox.State | None = None

    def identify(self, tx: Transaction) -> Viewer:
        self.viewer = sessions.viewer(tx, self.secret)
        self.look_at_mail(tx)
        if self.viewer is None:
            raise SignInNeeded(
                N_("Votre session a pris fin : reconnectez-vous.")
                if self.secret
                else N_("Connectez-vous pour continuer.")
            )
        return self.viewer

    def look_at_mail(self, tx: Transaction) -> None:
        """Note the badge and the cursor of this moment; only whole pages show them."""
        if self.viewer and self._for_page:
            self.mail = inbox.state(tx, self.viewer.id)

    def remember(self) -> None:
        g.viewer, g.mail = self.viewer, self.mail or g.get("mail")


async def _note_activity(asking: _Asking) -> None:
    """A page that somebody opens is activity; streams and polls do not come through here."""
    viewer = asking.viewer
    if viewer and not by_itself() and sessions.is_worth_noting(viewer, database().clock()):
        await database().write(sessions.note_activity, viewer)


def is_bearer() -> bool:
    """Whether a program asks, with a bearer token."""
    return credentials.is_bearer(_headers())


def header(name: str) -> str:
    """A request header by its name in lower case; empty when it is absent."""
    return _headers().get(name, "")


def _headers() -> dict[str, str]:
    """The request's headers by their names in lower case; looked at often, so read once."""
    if "headers" not in g:
        g.headers = credentials.plain(request.scope["headers"])
    return cast(dict[str, str], g.headers)


def by_itself() -> bool:
    """Whether an open page asks because of an event (static/live.js says so), not because somebody did something."""
    return header("x-live") == "1"


async def _idempotency() -> tuple[str, str]:
    """The request's idempotency key (empty: none) and the keyed hash by which its repetition is recognised."""
    body = await _body()  # also without a key: a body that is too large is refused whatever is done with it
    key = header("idempotency-key") or (await fields()).get("key", "")
    if not key:
        return "", ""
    if len(key) > idempotency.LONGEST_KEY:
        raise Invalid({"key": N_("La clé d'idempotence ne doit pas dépasser 100 caractères.")})
    content = b"\n".join((request.method.encode(), request.path.encode(), body))
    secret = credentials.derive_key(str(app().secret_key), "idempotency")
    return key, hmac.new(secret, content, hashlib.sha256).hexdigest()


# --- what was sent ------------------------------------------------------------------------------------------


async def fields() -> MultiDict[str, str]:
    """The form or JSON body as fields; a JSON body that is not an object is refused (400)."""
    if "fields" not in g:
        g.fields = _known(await (_json_fields() if request.is_json else _form_fields()))
    return cast(MultiDict[str, str], g.fields)


async def _form_fields() -> MultiDict[str, str]:
    return await request.form


async def _json_fields() -> MultiDict[str, str]:
    try:
        return fields_from_json(json.loads(await _body() or b"{}"))
    except (ValueError, RecursionError) as error:
        raise Refusal(N_("Le corps n'est pas un objet JSON valide.")) from error


async def _body() -> bytes:
    if "body" not in g:  # Quart waits for it anew each time, with a task and a timer
        g.body = await request.get_data(as_text=False)
    return cast(bytes, g.body)


def _known(sent: MultiDict[str, str]) -> MultiDict[str, str]:
    return MultiDict(
        (name, value) for name, value in sent.items(multi=True) if len(name) <= LONGEST_NAME and _FIELD.fullmatch(name)
    )


def blank(kind: type[F], data: MultiDict[str, str] | None = None, **defaults: Any) -> F:
    """A form in the person's language, empty but for its defaults, or holding what was sent."""
    speaking.set(language())
    return kind(data, **defaults)


async def form(kind: type[F], **defaults: Any) -> F:
    """A filled-in form; raises Invalid, which carries it, unless every field can be taken."""
    filled = blank(kind, await fields(), **defaults)
    if filled.validate():
        return filled
    if "viewer" not in g:  # nobody has been asked yet who it is: the messages must be in their language
        asking = _Asking()
        with suppress(SignInNeeded):
            await database().read(asking.identify)
        asking.remember()
        filled = blank(kind, await fields(), **defaults)
        filled.validate()
    raise Invalid(filled.messages)


def number(name: str) -> int | None:
    """A whole number of the address, that the database can hold; None when it is absent or something else."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def refill(
    template: str,
    kind: type[Form],
    *,
    fragment: str | None = None,
    context: Callable[..., Awaitable[dict[str, Any]]] | None = None,
) -> Callable[[Callable[P, Awaitable[Response]]], Callable[P, Awaitable[Response]]]:
    """Decorate a route: what cannot be taken comes back as the filled-in form, each message beside its field (422).

    `context(**route arguments)` gives what else the template shows. Programs get the problem document instead.
    """

    def decorate(route: Callable[P, Awaitable[Response]]) -> Callable[P, Awaitable[Response]]:
        @wraps(route)
        async def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                return await route(*args, **kwargs)
            except Invalid as refusal:
                if wants() == "json":
                    raise
                filled = blank(kind, await fields())
                filled.validate()
                known = filled.messages
                filled.refuse({k: v for k, v in refusal.errors.items() if k not in known}, **refusal.values)
            around = await context(*args, **kwargs) if context else {}
            shown = fragment if fragment and wants() == "fragment" else template
            return page(shown, 422, form=filled, **around)

        return wrapped

    return decorate


# --- answers ------------------------------------------------------------------------------------------------


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A whole page, with the frame that belongs to whoever asks."""
    return Response(_render(template, **context), status, content_type="text/html; charset=utf-8")


def answer(template: str, data: dict[str, Any], *, fragment: str | None = None, **context: Any) -> Response:
    """What was asked for, as JSON (`data`), as fragment for htmx, or as page (`template`)."""
    match wants():
        case "json":
            return as_json(data)
        case "fragment" if fragment:
            return page(fragment, **context)
        case _:
            return page(template, **context)


def done(
    acted: Acted[Any], fragment: str, location: str, *, created: bool = False, then: str | None = None, **context: Any
) -> Response:
    """The answer to an act: JSON (201 with `created`), the fragment that has changed, or the way to a page (303).

    `location` is where the resource is; `then` is the page that people see next, when it is another.
    """
    match wants():
        case "json":
            response = as_json(acted.json, 201 if created else 200)
            if created:
                response.headers["Location"] = location
            return response
        case "fragment":
            return page(fragment, item=acted.resource, **context)
        case _:
            return see_other(then or location)


def page_path() -> str:
    """The page of what is asked about: POST /prescriptions/1/readiness is about /prescriptions/1."""
    return request.path.rpartition("/")[0] if request.method == "POST" else request.path


def see_other(location: str) -> Response:
    return cast(Response, redirect(location, 303))


def as_json(data: Any, status: int = 200, content_type: str = "application/json") -> Response:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, content_type=content_type)


def _render(template: str, **context: Any) -> str:
    return render(
        template,
        language(),
        viewer=g.get("viewer"),
        mail=g.get("mail"),
        path=page_path(),
        posted=request.path if request.method == "POST" else "",
        **{"form": None, **context},
    )
