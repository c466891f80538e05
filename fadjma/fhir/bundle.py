"""A patient's file as resources, for a Bundle that is taken away (fadjma/taking)."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from fadjma import days
from fadjma.fhir import people, sources
from fadjma.fhir.elements import Resource, our_id
from fadjma.fhir.picking import pick, references
from fadjma.fhir.reader import Reader, as_patient
from fadjma.fhir.table import TABLE
from fadjma.identity import places, practitioners
from fadjma.refusals import NotFound
from fadjma.store import Transaction

PARTS: tuple[str, ...] = tuple(dict.fromkeys(part.taken for one in TABLE for part in one.parts if part.taken))
_CHUNK = 100  # people or places, looked up at once


def resources(
    tx: Transaction,
    patient_id: str,
    *,
    parts: Collection[str] | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
) -> Iterator[dict[str, Any]]:
    """A patient's file, resource by resource, as the patient reads it: for a Bundle of type `collection`.

    `collection`, not `document`: that begins with a Composition, whose author vouches for it as one text; nobody has
    written this one. The caller has checked the right, and wraps each in an entry with a `fullUrl`: references are
    relative (`Patient/<id>`), so it resolves them where that is an address that ends so, `<anything>/Patient/<id>`
    (http://hl7.org/fhir/R4/bundle.html#references).

    `parts`: of `PARTS`; None: all, with who may read it (Consent), who did (AuditEvent) and who wrote each version
    (Provenance). Of parts, the Provenance of what is among them. `since` and `until`: the first day and the last, of
    the clinic's calendar. The Patient comes first in any case; who is named comes last (Practitioner,
    PractitionerRole, Organization). A paper is a DocumentReference whose attachment's `url` is the path of its file
    beside the Bundle, `papers/<sha256>.<suffix>`. What was entered in error is not among them. Each is read when it
    is asked for, in steps of a hundred, so that however much there is, little of it is in memory. Raises NotFound
    where there is no such patient, ValueError for a part that is none.
    """
    wanted = None if parts is None else frozenset(parts)
    if wanted is not None and not wanted <= frozenset(PARTS):
        raise ValueError(f"no parts of a file: {sorted(wanted - frozenset(PARTS))}")
    who = as_patient(tx, patient_id)
    return _resources(tx, who, wanted, _Period(since, until))


class _Period:
    def __init__(self, since: date | str | None, until: date | str | None) -> None:
        self.since = str(since) if since else ""
        self.until = str(until) if until else ""

    @property
    def whole(self) -> bool:
        return not (self.since or self.until)

    def has(self, said: str) -> bool:
        """Whether a day, a part of one or a moment is within it."""
        day = said
        if len(said) > len("2026-11-24"):
            day = days.day(round(datetime.fromisoformat(said).timestamp() * 1000)).isoformat()
        return (not self.since or day >= self.since[: len(day)]) and (not self.until or day <= self.until[: len(day)])


def _resources(tx: Transaction, who: Reader, wanted: frozenset[str] | None, period: _Period) -> Iterator[Resource]:
    named: dict[str, None] = {}
    given: set[str] = set()
    whose = sources.of_patient(tx, who)
    named.update(dict.fromkeys(references(whose)))
    yield whose
    for one in TABLE:
        for part in one.parts:
            if wanted is not None and part.taken not in wanted and one.type != "Provenance":
                continue
            for _, resource in part.walk(tx, who, ""):
                if one.type == "Provenance" and not (wanted is None and period.whole):
                    within = given.issuperset(pick(resource, "target.reference"))
                else:
                    within = all(map(period.has, pick(resource, one.day)))
                if within:
                    given.add(f"{one.type}/{resource['id']}")
                    named.update(dict.fromkeys(references(resource)))
                    yield resource
    yield from _people(tx, list(named))


def _people(tx: Transaction, named: list[str]) -> Iterator[Resource]:
    """Who and where is named, each once."""
    staff = [our_id(one.partition("/")[2]) for one in named if one.startswith("Practitioner/")]
    organizations = {our_id(one.partition("/")[2]): None for one in named if one.startswith("Organization/")}
    for start in range(0, len(staff), _CHUNK):
        for found in practitioners.practitioners(tx, staff[start : start + _CHUNK]):
            yield people.practitioner(found)
            yield people.practitioner_role(found)
            if found.organization_id:
                organizations[found.organization_id] = None
    for place_id in organizations:
        try:
            yield people.organization(places.place(tx, place_id))
        except NotFound:  # a reference without its place says who it was all the same
            continue
