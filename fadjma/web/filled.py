"""Forms: what was filled in, and how it comes back when it cannot be taken."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from quart import Response, g
from werkzeug.datastructures import MultiDict

from fadjma.refusals import Doubtful, Invalid
from fadjma.web.answers import page
from fadjma.web.asking import who_asks
from fadjma.web.forms import Form, coming, speaking
from fadjma.web.request import database, fields, language, wants

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
) -> Callable[[Callable[P, Awaitable[Response]]], Callable[P, Awaitable[Response]]]:
    """Decorate a route: what cannot be taken comes back as the filled-in form, each message beside its field (422).

    `context(**route arguments)` gives what else the template shows, by its names there. Programs get the problem
    document instead.
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
            around: Mapping[str, object] = await context(*args, **kwargs) if context else {}
            shown = fragment if fragment and wants() == "fragment" else template
            return page(shown, 422, form=filled, **around)

        return wrapped

    return decorate
