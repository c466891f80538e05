"""Finding resources, page by page: what the address asks for, through whose rights, and the Bundle that answers."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from fadjma.fhir.elements import Resource
from fadjma.fhir.matching import Condition, condition, of_here, target
from fadjma.fhir.outcomes import Unsearchable, warning
from fadjma.fhir.reader import Reader, reader, require_role
from fadjma.fhir.sources import Walked
from fadjma.fhir.table import PATIENT, Mapped, Parameter
from fadjma.i18n import N_, translate
from fadjma.identity.people import Viewer
from fadjma.records import actions
from fadjma.refusals import NotFound, Tried
from fadjma.store import Transaction

PER_PAGE, MOST = 50, 200
LOOKED_AT = 500  # resources, for one page
COUNTED = 5_000  # resources, for `_count=0`: of more there is no total
VALUES = 100  # in one search: each is compared with each resource
PATIENTS = "Patient"
PAGE = "_page"  # where a search goes on: ours, and as it came
ALWAYS = ("_count", PAGE, "_format", "_pretty")
_UNKNOWN = N_(
    "« %(name)s » n'est pas un paramètre de recherche de %(type)s ici. Ceux qui le sont : %(known)s. "
    "L'en-tête « Prefer » fait ignorer les autres avec « handling=lenient »."
)
_NEEDED = N_("Dites lequel : « %(name)s ».")
_COUNT = N_("« _count » est un nombre, de 0 à 200.")
_NO_PAGE = N_("« _page » n'est pas la suite d'une recherche : reprenez-la du début.")
_TOO_MANY = N_("Une recherche porte sur %(most)s valeurs au plus.")
_NOT_SHOWN = N_("Votre accès à ce dossier n'en montre pas cette partie.")
_IGNORED = N_("Ignoré : %(names)s.")


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search asks for: what was understood of it, as it came, and what was not and is left out."""

    mapped: Mapped
    asked: tuple[tuple[Parameter, str], ...]
    count: int = PER_PAGE
    page: str = ""
    ignored: tuple[str, ...] = ()

    def values(self, name: str) -> list[str]:
        return [value for parameter, value in self.asked if parameter.name == name]

    def query(self, page: str | None = None) -> str:
        """The same search as an address has it; `page`: where it goes on."""
        said = [(parameter.name, value) for parameter, value in self.asked]
        return urlencode([*said, ("_count", str(self.count)), *([(PAGE, page)] if page else [])])


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found. `total` is known where all of it was gone through; `next`: where it goes on."""

    resources: list[Resource] = field(default_factory=list)
    total: int | None = None
    next: str | None = None


def read(mapped: Mapped, sent: Sequence[tuple[str, str]], *, bases: Collection[str], lenient: bool) -> Sought:
    """What a search asks for, by its parameters in their order. Raises Unsearchable.

    `bases`: below which addresses, without their scheme, a reference is to something here. A parameter that this type
    does not have is refused, or with `lenient` left out (http://hl7.org/fhir/R4/search.html#errors).
    """
    known = {parameter.name: parameter for parameter in mapped.parameters}
    asked: list[tuple[Parameter, str]] = []
    ignored: list[str] = []
    count, page = PER_PAGE, ""
    for name, value in sent:
        if name in known and value:
            parameter = known[name]
            asked.append((parameter, of_here(value, bases) if parameter.kind == "reference" else value))
        elif name == "_count":
            count = _count(value)
        elif name == PAGE:
            page = _unsealed(value)
        elif name not in (*known, *ALWAYS):
            if not lenient:
                said = {"name": name, "type": mapped.type, "known": ", ".join([*known, *ALWAYS])}
                raise Unsearchable(_UNKNOWN, "not-supported", **said)
            ignored.append(name)
    if sum(value.count(",") + 1 for _, value in asked) > VALUES:
        raise Unsearchable(_TOO_MANY, "too-costly", most=str(VALUES))
    return Sought(mapped, tuple(asked), count, page, tuple(ignored))


def _count(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 9):
        raise Unsearchable(_COUNT, "value")
    return min(int(value), MOST)


def begin_count(tx: Transaction, viewer: Viewer, sought: Sought) -> None:
    """What comes before a count (`find` with `again`): rights are looked at, and the reading is written down, so that
    a long file is not gone through on the writer's thread. Raises as `find` does.
    """
    _walk(tx, viewer, sought, again=False)


def find(tx: Transaction, viewer: Viewer, sought: Sought, *, again: bool = False) -> Found:
    """A page of it. Of a file it is a reading, and traced; the pages after the first go on with it, and so does, with
    `again`, what goes on with one that was written down a moment ago.

    Raises Unsearchable, Forbidden, and NotFound alike where there is no such patient and no right.
    """
    conditions = [condition(parameter, value) for parameter, value in sought.asked if parameter is not PATIENT]
    found = _page(_walk(tx, viewer, sought, again=again), conditions, sought)
    if sought.mapped.lists:
        sought.mapped.lists(tx, viewer, found.resources)
    return found


def _walk(tx: Transaction, viewer: Viewer, sought: Sought, *, again: bool) -> Walked:
    if sought.mapped.of_file:
        return _of_file(tx, viewer, sought, again=again or bool(sought.page))
    require_role(viewer)
    return _of_nobody(tx, viewer, sought)


def _page(walked: Walked, conditions: list[Condition], sought: Sought) -> Found:
    """One more is looked for, to know whether there is more; with `_count=0` they are only counted, as far as COUNTED.

    A reading that is traced is on the writer's thread, so that one page looks at some hundreds at most: it may show
    fewer than it could, or none, and the next one goes on.
    """
    shown: list[Resource] = []
    last, matching = "", 0
    for looked, (cursor, one) in enumerate(walked):
        holds = all(holds(one) for holds in conditions)
        matching += holds
        if not sought.count:
            if looked == COUNTED:
                return Found()
            continue
        if looked == LOOKED_AT or (holds and len(shown) == sought.count):
            return Found(shown, next=_sealed(last))
        if holds:
            shown.append(one)
        last = cursor
    return Found(shown, total=None if sought.page else matching)


def _of_file(tx: Transaction, viewer: Viewer, sought: Sought, *, again: bool) -> Walked:
    mapped = sought.mapped
    who = reader(tx, viewer, _whose(viewer, sought))
    if not (who.own or (mapped.part and who.may(mapped.part))):
        raise NotFound(_NOT_SHOWN).about(Tried(who.patient_id, "patient", who.patient_id))
    if who.grant and mapped.traced:
        part = None if mapped.traced == "full" else mapped.traced
        actions.trace_file(tx, viewer, who.patient_id, again=again, part=part)
    return _through_parts(tx, who, sought)


def _whose(viewer: Viewer, sought: Sought) -> str:
    """A patient's own file, if nothing says whose; of another it is to be said."""
    references = [_patient(viewer, value) for value in sought.values(PATIENT.name)]
    if not all(kind in ("", PATIENTS) for kind, _ in references):
        raise Unsearchable(_NEEDED, "value", name=PATIENT.name)
    named = {id for _, id in references}
    if not named and viewer.role == "patient":
        return viewer.id
    if len(named) != 1:
        require_role(viewer)
        raise Unsearchable(_NEEDED, "required", name=PATIENT.name)
    return named.pop()


def _patient(viewer: Viewer, asked: str) -> tuple[str, str]:
    """Raises NotFound for the address of another server: whoever that is, nobody here."""
    found = target(asked)
    if found is None:
        require_role(viewer)
        raise NotFound
    return found


def _through_parts(tx: Transaction, who: Reader, sought: Sought) -> Walked:
    """One source after the other: a cursor says in which it is."""
    number, _, after = sought.page.partition(":")
    first = int(number) if number else 0
    for at, part in enumerate(sought.mapped.parts):
        if at >= first:
            for cursor, resource in part.walk(tx, who, after if at == first else ""):
                yield f"{at}:{cursor}", resource


def _of_nobody(tx: Transaction, viewer: Viewer, sought: Sought) -> Walked:
    """People and places: those that are named, or all of them."""
    mapped, after = sought.mapped, sought.page.partition(":")[2]
    if mapped.by and not any(sought.values(name) for name in mapped.by):
        raise Unsearchable(_NEEDED, "required", name=" », « ".join(mapped.by))
    walked = mapped.everything(tx, viewer, after) if mapped.everything else _named(tx, viewer, sought, after)
    return ((f"0:{cursor}", one) for cursor, one in walked)


def _named(tx: Transaction, viewer: Viewer, sought: Sought, after: str) -> Iterator[tuple[str, Resource]]:
    named = [target(one) for name in sought.mapped.by for value in sought.values(name) for one in value.split(",")]
    assert sought.mapped.one
    for our in sorted({one[1] for one in named if one}):
        if our <= after:
            continue
        try:
            yield our, sought.mapped.one(tx, viewer, our)
        except NotFound:
            continue


def _sealed(cursor: str) -> str:
    return urlsafe_b64encode(cursor.encode()).decode().rstrip("=")


def _unsealed(sent: str) -> str:
    """Raises Unsearchable for what we have not made. It says where, and never whose: a made-up one opens nothing."""
    try:
        found = urlsafe_b64decode(sent + "=" * (-len(sent) % 4)).decode()
        number, _, after = found.partition(":")
        if (
            after.isascii()
            and after.isprintable()
            and after
            and number.isascii()
            and number.isdecimal()
            and len(number) == 1
        ):
            return found
    except (ValueError, UnicodeError):
        pass
    raise Unsearchable(_NO_PAGE, "value")


def bundle(found: Found, sought: Sought, base: str, language: str) -> Resource:
    """The answer: a searchset, with the way to the next page, and what of the search was left out."""
    where = f"{base}/{sought.mapped.type}"
    links = [{"relation": "self", "url": f"{where}?{sought.query()}"}]
    if found.next:
        links.append({"relation": "next", "url": f"{where}?{sought.query(found.next)}"})
    entries = [
        {"fullUrl": f"{where}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found.resources
    ]
    if sought.ignored:
        said = translate(language, _IGNORED, names=", ".join(sought.ignored))
        entries.append({"resource": warning(said), "search": {"mode": "outcome"}})
    made: Resource = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if found.total is not None:
        made["total"] = found.total
    return {**made, "entry": entries} if entries else made
