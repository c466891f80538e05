"""What was asked: by whom as far as the request says, in which form to answer, and what was sent."""

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeVar, cast
from urllib.parse import unquote_to_bytes

from quart import Quart, current_app, g, request
from quart import Request as QuartRequest
from werkzeug.datastructures import Headers, MIMEAccept, MultiDict
from werkzeug.http import parse_accept_header

from fadjma import i18n
from fadjma.i18n import N_
from fadjma.identity import credentials
from fadjma.identity.people import Viewer
from fadjma.refusals import Invalid, NotFound, Refusal, TooLarge
from fadjma.store import Database, paging
from fadjma.web.forms import MOST_FIELDS, REPEATED, TOO_MANY, UNKNOWN, Nested, clean, fields_from_json
from fadjma.web.throttle import Throttle
from fadjma.writing import LOST, plain_digits, trim

MAX_BODY = 64 * 1024  # bytes
MAX_FILE = 10 * 1024 * 1024  # bytes, where a file belongs
_TABLES = (  # a file that is the whole body
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
)
_OF_FILES = ("multipart/form-data", *_TABLES)  # in which one comes

# Fields in which people write words of their own: shown to them when they cannot be taken.
_WORDS = (
    *("text", "reason", "why", "note", "address", "phone"),
    *("title", "body", "motive", "observation", "conclusion", "words", "substance", "reaction", "vaccine"),
)
_LONGEST_SEARCH = 80  # characters of what is looked for
_LONGEST_DAY = 20
_LONGEST_POWER = 3  # signs of a power of ten, in a number of JSON that is spelled out
_LEAST_TYPED = 3
NO_DAY = N_("Ce jour n'existe pas. Exemple : 2026-11-24.")

_LOOKED_AT = 200  # characters of an Accept header; browsers send some 130, and what is remembered must be small

Shape = Literal["page", "fragment", "json"]
T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])
_NOTHING = re.compile(r"(?!)")
_NEXT = re.compile("next")  # of an act: the page to which its form leads

_take_files: set[tuple[str, str]] = set()


def take_files(path: str, tail: str = "") -> None:
    """Say, when the program is loaded, that files are sent to this address: up to 10 MB, not 64 KB.

    With a `tail`: to every address that begins with `path` and ends with it.
    """
    _take_files.add((path, tail))


def _takes_files(path: str) -> bool:
    return (path, "") in _take_files or any(
        tail and path.startswith(head) and path.endswith(tail) for head, tail in _take_files
    )


class Request(QuartRequest):
    """A request whose body may be as large as its address and its kind say."""

    def __init__(self, method: str, scheme: str, path: str, *args: Any, max_content_length: int, **kwargs: Any) -> None:
        longest = MAX_FILE if _kind(args[1]) in _OF_FILES and _takes_files(path) else max_content_length
        super().__init__(method, scheme, path, *args, max_content_length=longest, **kwargs)
        self.max_content_length = longest

    @cached_property
    def blueprints(self) -> list[str]:
        """Quart asks for them four times a request, and finds them anew each time."""
        return super().blueprints

    @cached_property
    def plain(self) -> dict[str, str]:
        """The headers by their names in lower case."""
        return credentials.plain(self.scope["headers"])

    @cached_property
    def wanted(self) -> Shape:
        # A boosted form swaps part of a whole page in (hx-select), so it gets pages, as without JavaScript.
        if self.plain.get("hx-request") == "true" and "hx-boosted" not in self.plain:
            return "fragment"
        accept = self.plain.get("accept", "")
        if "text/event-stream" in accept:
            return "json"  # a program, or live.js: nobody reads a page there
        if self.path.startswith(("/api/", "/fhir/")):
            return "json"
        if len(accept) > _LOOKED_AT:
            accept = accept[:_LOOKED_AT].rpartition(",")[0]
        return _best(accept, program=credentials.is_bearer(self.plain) or self.is_json)


def _kind(headers: Headers) -> str:
    return str(headers.get("Content-Type", "")).partition(";")[0].strip().lower()


@lru_cache(maxsize=200)  # there are few browsers and few libraries
def _best(accept: str, *, program: bool) -> Shape:
    offered = ["text/html", "application/json"]
    if program:
        offered.reverse()
    accepted = parse_accept_header(accept, MIMEAccept)
    best = accepted.best_match(offered, default=offered[0]) if accept else offered[0]
    return "json" if best == "application/json" else "page"


def asked() -> Request:
    """The request itself: each look at it through Quart's `request` takes longer than most of what is looked at."""
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]


def known() -> Any:
    """What is known of this request so far; as with `asked`, Quart's `g` takes longer."""
    return g._get_current_object()


def app() -> Quart:
    return cast(Quart, current_app._get_current_object())  # type: ignore[attr-defined]


def key_for(purpose: str) -> bytes:
    """The program's key for one purpose."""
    return credentials.derive_key(str(app().secret_key), purpose)


def database() -> Database:
    return cast(Database, current_app.extensions["database"])


def throttle() -> Throttle:
    return cast(Throttle, current_app.extensions["throttle"])


def viewer() -> Viewer:
    """Who has just been found to ask, by `see` or `act`."""
    return cast(Viewer, g.viewer)


def secret() -> str | None:
    """The session secret that the request carries, if it is genuine; whether the session lives, the database says."""
    asking = asked()
    return credentials.secret_from(app(), asking.plain, asking.scheme)


def secret_left_behind() -> str | None:
    """The secret of the session that has just ended in this browser; drafts alone are asked with it."""
    return credentials.left_behind(app(), asked().plain)


def signed_in() -> bool:
    """Whether the request carries a genuine session secret."""
    return secret() is not None


def mark(text: str) -> str:
    """What stands for a session or an address in the log and among the security events."""
    return credentials.short_hash(str(app().secret_key), text) if text else "-"


def language() -> str:
    """The language to answer in: the person's, else the one chosen before signing in, else the browser's."""
    so_far = known()
    person = so_far.get("viewer") or so_far.get("locked") or so_far.get("half")
    chosen = person.language if person else request.cookies.get("language", "") if header("cookie") else ""
    return chosen if chosen in i18n.LANGUAGES else i18n.best_language(header("accept-language"))


def wants() -> Shape:
    """In which form to answer. Programs with a bearer token get JSON unless they ask for HTML."""
    return asked().wanted


def is_bearer() -> bool:
    """Whether a program asks, with a bearer token."""
    return credentials.is_bearer(asked().plain)


def words() -> list[str]:
    """What its person wrote, of a form that was sent: to be read again where it cannot be taken."""
    sent = g.get("fields", {})
    return [text for name, text in sent.items() if name in _WORDS and isinstance(text, str) and text.strip()]


def by_itself() -> bool:
    """Whether an open page asks because of an event (static/live.js says so), not because somebody did something."""
    return header("x-live") == "1"


def header(name: str) -> str:
    """A request header by its name in lower case; empty when it is absent."""
    return asked().plain.get(name, "")


def page_path() -> str:
    """The page of what is asked about: POST /prescriptions/1/readiness is about /prescriptions/1."""
    return request.path.rpartition("/")[0] if request.method == "POST" else request.path


def number(name: str) -> int | None:
    """A whole number of the address, that the database can hold; None when it is absent, of a page also when it is
    something else."""
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 16):
        _refuse_to_programs(name, N_("Donnez un nombre entier."))
        return None
    return int(text) if text else None


def local(address: str) -> str:
    """An address inside FADJMA, or nothing: never a redirect to another site."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else ""


def takes(*names: str, each: Sequence[str] = ()) -> Callable[[View], View]:
    """Say which parameters an address takes after its `?`, as patterns; those of `each` may come several times."""

    def say(view: View) -> View:
        cast(Any, view).takes = re.compile("|".join((*names, *each)))
        cast(Any, view).each = frozenset(each)
        return view

    return say


def require_known_parameters() -> None:
    """Refuse to a program (422) what an address does not take: a list would be another one than was asked for, and an
    act another than was meant by what belongs into its body."""
    asking = asked()
    if asking.method == "OPTIONS" or not asking.query_string or asking.endpoint is None:
        return
    if asking.wanted != "json" or asking.path.startswith("/fhir/") or not signed_in():  # FHIR says so in its own way
        return
    view = app().view_functions[asking.endpoint]
    nothing = _NOTHING if asking.method in ("GET", "HEAD") else _NEXT
    known, several = getattr(view, "takes", nothing), getattr(view, "each", ())
    for name, values in asking.args.lists():
        fault = UNKNOWN if not known.fullmatch(name) else REPEATED if len(values) > 1 and name not in several else None
        if fault:
            shown = clean(name[:_LONGEST_SEARCH]) or "?"
            raise Invalid({shown: fault}, name=shown)


def before(shape: re.Pattern[str] = paging.MOMENT) -> str | None:
    """The cursor (`?before=`) from which a list goes on, of this shape; None when it is absent.

    Of a page, also when it is something else: a person sees that it is the first one.
    """
    said = request.args.get("before", "")
    if said and not shape.fullmatch(said):
        _refuse_to_programs("before", N_("Donnez le « next » de la page précédente, tel quel."))
        return None
    return said or None


def one_of(name: str, known: Sequence[T]) -> T | None:
    """The one of these that a parameter of the address names; None when it is absent, of a page also when it is
    something else."""
    said = request.args.get(name, "")
    found = next((value for value in known if value == said), None)
    if said and found is None:
        _refuse_to_programs(name, N_("Choisissez parmi : %(values)s."), values=", ".join(map(str, known)))
    return found


def ticked(name: str) -> bool:
    """Whether a parameter of the address is `1`."""
    return one_of(name, ("1",)) is not None


def day(name: str) -> str | None:
    """The day that a parameter of the address names, in ISO 8601. Raises Invalid for what is none."""
    typed = plain_digits(request.args.get(name, "")[:_LONGEST_DAY]).strip()
    try:
        return date.fromisoformat(typed).isoformat() if typed else None
    except ValueError as error:
        raise Invalid({name: NO_DAY}) from error


def _refuse_to_programs(name: str, message: str, **values: str) -> None:
    """What is left out of an address without a word shows another list than was asked for: people see which one."""
    if wants() == "json":
        raise Invalid({name: message}, **values)


def while_typing() -> bool:
    """Whether a search asks for what it shows as #found, each time somebody has typed a letter (_macros.html)."""
    return wants() == "fragment" and header("hx-target") == "found"


def sought() -> str:
    """What is looked for in a list, as it was typed: the parameter `q`; empty, when nothing is."""
    return trim(request.args.get("q", "")[:_LONGEST_SEARCH])


def sought_where_traced() -> str:
    """The same in a list that names patients, and is traced: as somebody types, from so many letters or digits on.

    One letter would write into the traces of all whom it begins that they were looked for. Who presses the button means
    what is there, however short: many are called Ba or Sy.
    """
    q = sought()
    begun = while_typing() and not by_itself() and sum(map(str.isalnum, q)) < _LEAST_TYPED
    return "" if begun else q


def agent() -> str:
    """What the browser or program calls itself: UTF-8 where it is that, and only what can be seen of it."""
    sent = header("user-agent")
    with suppress(UnicodeError):
        sent = sent.encode("latin-1").decode()
    return clean(sent.replace(LOST, "?")) or ""


def require_text() -> None:
    """Refuse (400) an address whose parameters are not UTF-8, or hold what no text of PostgreSQL's may: NUL.

    A path that holds one is of nothing (404).
    """
    _require_utf8(request.query_string)
    if "\0" in request.path:
        raise NotFound
    if b"%00" in request.query_string:
        raise Refusal(N_("L'adresse contient un caractère qui n'est pas du texte."))


async def fields() -> MultiDict[str, str]:
    """The form or JSON body as fields; one that cannot be read is refused (400), never guessed at."""
    so_far = known()
    found: MultiDict[str, str] | None = so_far.get("fields")
    if found is None:
        sent = await (_json_fields() if asked().is_json else _form_fields())
        found = so_far.fields = _without_nul(sent)
    return found


def _without_nul(sent: MultiDict[str, str]) -> MultiDict[str, str]:
    """As `clean` leaves control characters out of what is typed: no text of PostgreSQL's holds this one, no id does."""
    if not any("\0" in name or "\0" in value for name, value in sent.items(multi=True)):
        return sent
    return MultiDict([(name.replace("\0", ""), value.replace("\0", "")) for name, value in sent.items(multi=True)])


async def upload(name: str) -> bytes | None:
    """The file that a form brings in the field `name`, or a body that is one itself (a table); None without one.

    Asked for before `fields()`, which has what else came.
    """
    if request.mimetype in _TABLES:
        g.fields = MultiDict()
        return await body()
    g.upload = name
    await fields()
    return cast(bytes | None, g.get("uploaded"))


async def piece() -> bytes:
    """A body that is a part of a file, and no form whatever it says."""
    g.fields = MultiDict()
    return await body()


async def _json_fields() -> MultiDict[str, str]:
    try:
        sent = await body() or b"{}"
        return fields_from_json(_DECODER.decode(sent.decode("utf-8-sig")))
    except (ValueError, RecursionError) as error:
        raise Refusal(N_("Le corps n'est pas un objet JSON valide.")) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice: one of its values would be lost")
    return found


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON, and what else it would be is a word")


def _as_written(number: str) -> str:
    """12.50 stays that, where a float is 12.5; 1e-05 is 0.00001, as people and forms write it."""
    power = number.lower().partition("e")[2]
    return f"{Decimal(number):f}" if 0 < len(power) <= _LONGEST_POWER else number


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_as_written, parse_constant=_no_number)


async def _form_fields() -> MultiDict[str, str]:
    """Quart puts U+FFFD where a form is not UTF-8, reads its parts as Latin-1 where they say so, and takes what it
    cannot read for an empty form."""
    sent = await body()
    if not sent:
        return MultiDict()
    in_parts = request.mimetype == "multipart/form-data"
    end = f"--{request.mimetype_params.get('boundary', '')}--".encode()
    if end not in sent if in_parts else request.mimetype != "application/x-www-form-urlencoded":
        raise Refusal(N_("Ce qui a été envoyé n'est ni un formulaire ni un objet JSON."))
    form, files = await request.form, list((await request.files).items(multi=True))
    taken = [file for name, file in files if name == g.get("upload")]
    if len(taken) == 1:
        content = taken[0].read()
        g.uploaded = content if content or taken[0].filename else None  # a browser sends an empty one for none
        sent = sent.replace(content, b"", 1) if content else sent
        files = [(name, file) for name, file in files if file is not taken[0]]
    for _, file in files:  # which nobody asked for here, and is refused by its name
        sent = sent.replace(file.read(), b"", 1)
    _require_utf8(sent, escaped=not in_parts)
    named = [(name or "", value) for name, value in form.items(multi=True)]  # a part may have no name at all
    if len(named) + len(files) > MOST_FIELDS:
        raise TooLarge(TOO_MANY)
    return MultiDict([*named, *((name or "", Nested()) for name, _ in files)])


def _require_utf8(sent: bytes, *, escaped: bool = True) -> None:
    try:
        (unquote_to_bytes(sent) if escaped else sent).decode()
    except UnicodeDecodeError as error:
        raise Refusal(N_("Ce qui a été envoyé n'est pas du texte en UTF-8.")) from error


async def body() -> bytes:
    """The request's body, as it came."""
    so_far = known()
    found: bytes | None = so_far.get("body")
    if found is None:  # Quart waits for it anew each time, with a task and a timer
        found = so_far.body = cast(bytes, await asked().get_data(as_text=False))
    return found
