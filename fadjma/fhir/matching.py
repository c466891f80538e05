"""Whether a resource is what a search asks for (http://hl7.org/fhir/R4/search.html): token, date, reference, string."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from fadjma import days, writing
from fadjma.fhir.elements import Resource, our_id
from fadjma.fhir.outcomes import Unsearchable
from fadjma.fhir.picking import pick
from fadjma.fhir.table import Kind, Parameter
from fadjma.i18n import N_

Span = tuple[int, int]  # milliseconds UTC: from, and up to
Matches = Callable[[Any], bool]
Condition = Callable[[Resource], bool]

_DATE = re.compile(r"(eq|ne|gt|lt|ge|le)?([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?)?)?)")
_NO_DATE = N_("« %(name)s » : une date comme 2026-11-24, ou ge2026-11-24 ; avant elle eq, ne, gt, lt, ge ou le.")


def condition(parameter: Parameter, asked: str) -> Condition:
    """Whether one of the values that were asked for, with commas between, is one of the resource's.

    Raises Unsearchable for what is none of the parameter's kind.
    """
    reads = _READ[parameter.kind]
    each = [reads(parameter.name, value) for value in asked.split(",") if value]

    def holds(resource: Resource) -> bool:
        values = pick(resource, parameter.path)
        return any(matches(value) for matches in each for value in values)

    return holds


def _token(name: str, asked: str) -> Matches:
    system, given, code = asked.rpartition("|")
    return partial(_is_token, system if given else None, our_id(code) if name == "_id" else code)


def _is_token(system: str | None, code: str, value: Any) -> bool:
    if isinstance(value, dict) and "coding" in value:
        return any(_is_token(system, code, one) for one in value["coding"])
    if isinstance(value, dict):
        same = system is None or value.get("system", "") == system
        return same and code in ("", value.get("code", value.get("value")))
    return system in (None, "") and str(value) in (code, code.replace("_", "."))


def of_here(asked: str, bases: Collection[str]) -> str:
    """References as they were asked for, with commas between: those below one of these addresses (without a scheme,
    which a proxy may have changed) as they stand in resources, the others as they came.
    """
    begins = re.compile(f"https?://(?:{'|'.join(map(re.escape, bases))})/", re.IGNORECASE)
    return ",".join(begins.sub("", one, count=1) if begins.match(one) else one for one in asked.split(","))


def target(asked: str) -> tuple[str, str] | None:
    """The type, where it is said, and our id of what « Encounter/x » or « x » refers to; None: nothing of this server,
    such as the address of another."""
    kind, _, id = asked.rstrip("/").rpartition("/")
    return None if "/" in kind or not id else (kind, our_id(id))


def _reference(name: str, asked: str) -> Matches:
    found = target(asked)
    return partial(_is_reference, *found) if found else lambda value: False


def _is_reference(kind: str, id: str, value: Any) -> bool:
    said = value.get("reference", "") if isinstance(value, dict) else ""
    found, _, its_id = said.partition("/")
    return bool(its_id) and our_id(its_id) == id and kind in ("", found)


def _string(name: str, asked: str) -> Matches:
    """Begins so, whatever capitals and accents."""
    begins = writing.fold(asked)
    return lambda value: isinstance(value, str) and writing.fold(value).startswith(begins)


def _date(name: str, asked: str) -> Matches:
    found = _DATE.fullmatch(asked)
    try:
        if found is None:
            raise ValueError
        return partial(_is_when, found[1] or "eq", _span(found[2]))
    except (ValueError, OverflowError) as error:
        raise Unsearchable(_NO_DATE, "value", name=name) from error


def _is_when(compared: str, asked: Span, value: Any) -> bool:
    """A period that has no end goes on (http://hl7.org/fhir/R4/search.html#prefix)."""
    if isinstance(value, dict):
        begins = _span(value["start"])[0] if "start" in value else -(2**62)
        ends = _span(value["end"])[1] if "end" in value else 2**62
    else:
        begins, ends = _span(value)
    within = asked[0] <= begins and ends <= asked[1]
    return {
        "eq": within,
        "ne": not within,
        "gt": ends > asked[1],
        "lt": begins < asked[0],
        "ge": ends > asked[1] or within,
        "le": begins < asked[0] or within,
    }[compared]


def _span(text: str) -> Span:
    """From when to when a year, a month, a day (of the clinic's calendar) or a moment is. Raises ValueError."""
    if len(text) > len("2026-11-24"):
        moment = datetime.fromisoformat(text)
        at = round((moment if moment.tzinfo else moment.replace(tzinfo=days.zone())).timestamp() * 1000)
        return at, at + (1 if "." in text else 1000)
    first = date.fromisoformat(f"{text}-01-01"[:10])
    if len(text) == len("2026"):
        after = date(first.year + 1, 1, 1)
    elif len(text) == len("2026-11"):
        after = (first + timedelta(days=31)).replace(day=1)
    else:
        after = first + timedelta(days=1)
    return days.midnight(first), days.midnight(after)


_READ: Mapping[Kind, Callable[[str, str], Matches]] = {
    "token": _token,
    "reference": _reference,
    "string": _string,
    "date": _date,
}
