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
    versions: bool = False,
) -> Callable[[Callable[P, Awaitable[Response]]], Callable[P, Awaitable[Response]]]:
    """Decorate a route: what cannot be taken comes back as the filled-in form, each message beside its field (422).

    `context(**route arguments)` gives what else the template shows, by its names there. With `versions` the form also
    comes back, beside what is stored now, when somebody has changed that since the version that it says (409);
    `changed` is then why, in the person's language. Programs get the problem document instead.
    """

    async def again(status: int, filled: Form, route: dict[str, Any], **said: str) -> Response:
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
                if not versions or wants() == "json" or isinstance(conflict, NotNow):
                    raise
                said = translate(language(), conflict.message, **conflict.values)
                return await again(409, blank(kind, await fields()), kwargs, changed=said)

        return wrapped

    return decorate
