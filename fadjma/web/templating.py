"""Templates: one Jinja environment per language, synchronous, usable inside and outside a request.

Quart's own `render_template` is asynchronous and needs an app context; the hub renders without either, and pages are
built from data that is already there.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache, partial
from gettext import NullTranslations
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Context
from markupsafe import Markup, escape

from fadjma import days, for_another, i18n
from fadjma.events import subjects
from fadjma.identity.identifiers import show_phone
from fadjma.identity.people import PROFESSIONS, SEXES, titled
from fadjma.ids import new_id
from fadjma.store import milliseconds
from fadjma.web import assets

_TEMPLATES = Path(__file__).parents[2] / "templates"


def render(template: str, language: str, **context: Any) -> str:
    """The HTML of a template of `templates/` in one language, in the words for its `viewer`, where there is one."""
    viewer = context.get("viewer")
    if viewer is not None and viewer.by:
        context["_"] = _to_another(language)
    return environment(language).get_template(template).render(context)


@cache
def _to_another(language: str) -> Callable[..., Markup]:
    """`_` of what somebody reads who acts for a patient."""
    to_patient = cast(Callable[..., Markup], environment(language).globals["_"])

    def gettext(text: str, /, **values: object) -> Markup:
        return to_patient(for_another.said(text), **values)

    return gettext


def _wordings(translations: NullTranslations) -> dict[str, Callable[..., Markup]]:
    """`_` and `ngettext` of the templates: the texts are HTML of ours, what is put into them is escaped.

    So is a text that the catalogue does not have: a reason is one of ours, or what somebody has typed.

    Jinja's i18n extension does the same with three calls for each text, which was a fifth of the time of a page.
    """

    def html(text: str) -> Markup:
        return Markup(text)  # noqa: S704 - from our own catalogue and templates

    @lru_cache(maxsize=2_000)
    def plain(text: str) -> Markup:
        return html(translations.gettext(text)) % {}

    ours = i18n.wordings()

    def gettext(text: str, /, **values: object) -> Markup:
        if text not in ours:
            return escape(text)
        return html(translations.gettext(text)) % values if values else plain(text)

    def ngettext(singular: str, plural: str, num: int, /, **values: object) -> Markup:
        return html(translations.ngettext(singular, plural, num)) % {"num": num, **values}

    return {"_": gettext, "ngettext": ngettext}


def _isolated(text: str) -> Markup:
    """What people have typed, beside words of ours: whichever way its letters run, they change nobody else's place."""
    return Markup("<bdi>%s</bdi>") % text


def _titles(translations: NullTranslations) -> Callable[..., Markup]:
    """`name|titled(profession, after)`: somebody's name with what they are called (identity/people.py)."""

    def with_title(name: str, profession: str | None, after: str = "") -> Markup:
        return Markup(translations.gettext(titled(profession, after))) % {"name": _isolated(name)}  # noqa: S704 - ours

    return with_title


def _initials(name: str) -> str:
    """The first letters of the first and of the last word of a name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@cache
def _icon(name: str, look: str = "") -> Markup:
    """A symbol of static/icons.svg, beside its word, which says it all: nothing is read aloud."""
    class_of = Markup(' class="%s"') % look if look else ""
    return Markup('<svg%s aria-hidden="true"><use href="%s#%s"/></svg>') % (class_of, assets.url("icons.svg"), name)


def _by_day(language: str, items: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """Things with a `created_at`, in their order, under the day that each is of, in its words."""
    now = milliseconds()
    return [
        (i18n.show_day(day, language, now=now), list(of))
        for day, of in groupby(items, lambda item: days.beginning(item.created_at))
    ]


def _after(text: str, label: str) -> str:
    """What remains of `text` to be said after a label: « à la pénicilline » of « Allergie à la pénicilline »."""
    said = re.match(rf"{re.escape(label)}s?\b[\s:,.–-]*", text, re.IGNORECASE)
    return text[said.end() :] if said else text


class _Context(Context):
    """How a template calls: Jinja looks at each thing before whether it wants the context, as none of ours does.

    There are a hundred calls in a page.
    """

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return called(*args, **kwargs)


@cache
def environment(language: str) -> Environment:
    """The Jinja environment of one of i18n.LANGUAGES."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,  # all of them, in a plain dictionary: a page looks up dozens
    )
    made.context_class = _Context
    made.globals |= _wordings(i18n.translations(language))
    made.globals.update(
        language=language,
        languages=i18n.LANGUAGES,
        static=partial(assets.url, language=language),
        icon=_icon,
        element=subjects.element,
        link=subjects.link,
        abouts=subjects.abouts,
        sexes=SEXES,
        professions=PROFESSIONS,
        new_key=new_id,
        printed_on=lambda: i18n.show_date(days.day(milliseconds()), language),
    )
    made.filters.update(
        {
            "time": lambda at: i18n.show_time(at, language, now=milliseconds()),
            "moment": partial(i18n.show_moment, language=language),
            "clock": i18n.show_clock,
            "iso": i18n.iso,
            "day": lambda at: i18n.show_day(at, language, now=milliseconds()),
            "bdi": _isolated,
            "titled": _titles(i18n.translations(language)),
            "after": _after,
            "by_day": partial(_by_day, language),
            "initials": _initials,
            "unbroken": lambda text: text.replace("-", "\u2011"),  # an identifier stays on one line
            "date": partial(i18n.show_date, language=language),
            "month": partial(i18n.show_month, language=language),
            "born": partial(i18n.show_birth_date, language=language),
            "age": lambda birth_date: i18n.show_age(birth_date, days.day(milliseconds()), language),
            "phone": show_phone,
            "number": partial(i18n.show_number, language=language),
            "change": i18n.show_change,
            "exactly": partial(i18n.show_exactly, language=language),
            "weight": partial(i18n.show_weight, language=language),
        }
    )
    return made
