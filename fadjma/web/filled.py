"""Forms: what was filled in, and how it comes back when it cannot be taken."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from quart import Response, g
from werkzeug.datastructures import MultiDict

from fadjma.i18n import translate
from fadjma.refusals import Conflict, Doubtful, Invalid, NotNow
from fadjma.web.answers import page
from fadjma.web.asking import who_asks
from fadjma.web.forms import Form, coming, speaking
from fadjma.web.request import database, fields, language, wants, words

P = ParamSpec("P")

F = TypeVar("F", bound=Form)


async def form(kind: type[F], **defaults: Any) -> F:
    """A filled-in form; raises Invalid (Doubtful: only questions are left) unless every field can be taken."""
    filled = blank(kind, await fields(), **defaults)
    if filled.validate():
        return filled
    if "viewer" not in g:  # nobody has been asked yet who it is: the messages must be in their language
        await who_asks()
        filled = blank(kind, await fields(), **defaults)
        filled.validate()
    errors = filled.messages
    raise Doubtful(errors) if errors == filled.doubts else Invalid(errors)


def blank(kind: type[F], data: MultiDict[str, str] | None = None, /, **defaults: Any) -> F:
    """A form in the person's language, empty but for its defaults, or holding what was sent."""
    speaking.set(language())
    coming.set(database().clock())
    return kind(data, **defaults)


def refill(
    template: str,
    kind: type[Form],
    *,
    fragment: str | None = None,
    context: Callable[..., Awaitable[Mapping[str, object]]] | None = None,
    versions: bool = False,
    stays: bool = False,
) -> Callable[[Callable[P, Awaitable[Response]]], Callable[P, Awaitable[Response]]]:
    """Decorate a route: what cannot be taken comes back as the filled-in form, each message beside its field (422).

    `context(**route arguments)` gives what else the template shows, by its names there. With `versions` the form also
    comes back, beside what is stored now, when somebody has changed that since the version that it says (409);
    `changed` is then why, in the person's language, and `typed` what they wrote. With `stays`, too, where nothing has
    changed and it cannot be done as things are. Programs get the problem document instead, and rows what it says.
    """

    async def again(status: int, filled: Form, route: dict[str, Any], **said: object) -> Response:
        around: Mapping[str, object] = await context(**route) if context else {}
        shown = fragment if fragment and wants() == "fragment" else template
        return page(shown, status, form=filled, **said, **around)

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
                news = {k: v for k, v in refusal.errors.items() if k not in known}
                if isinstance(refusal, Doubtful):
                    filled.ask(news, **refusal.values)
                else:
                    filled.refuse(news, **refusal.values)
                return await again(422, filled, kwargs)
            except Conflict as conflict:
                if not (stays or (versions and not isinstance(conflict, NotNow))):
                    raise
                if wants() == "json" or (stays and wants() == "fragment"):
                    raise
                return await again(409, blank(kind, await fields()), kwargs, **_too_late(conflict))

        return wrapped

    return decorate


def as_it_is(
    template: str, *, context: Callable[..., Awaitable[Mapping[str, object]]]
) -> Callable[[Callable[P, Awaitable[Response]]], Callable[P, Awaitable[Response]]]:
    """Decorate a route whose form asks for nothing: when it cannot be done any more, the page as it is now says why
    (`changed`, 409). `context` as of `refill`. Programs get the problem document instead, and rows what it says.
    """

    def decorate(route: Callable[P, Awaitable[Response]]) -> Callable[P, Awaitable[Response]]:
        @wraps(route)
        async def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                return await route(*args, **kwargs)
            except Conflict as conflict:
                if wants() != "page":
                    raise
                return page(template, 409, **_too_late(conflict), **await context(**kwargs))

        return wrapped

    return decorate


def _too_late(conflict: Conflict) -> dict[str, object]:
    return {"changed": translate(language(), conflict.message, **conflict.values), "typed": words()}
