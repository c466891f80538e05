"""/fhir/R4: reads the request, calls one query, answers as FHIR says (http://hl7.org/fhir/R4/http.html)."""

import asyncio
import json
import logging
from base64 import b64encode
from typing import Any, cast
from urllib.parse import urlsplit

from quart import Blueprint, Response, request
from werkzeug.exceptions import NotFound as NoSuchAddress

from fadjma import web
from fadjma.fhir import capability, documents, inbox, searching
from fadjma.fhir.elements import Resource, our_id
from fadjma.fhir.outcomes import NotAcceptable, Unsearchable, Unsupported, outcome
from fadjma.fhir.reader import require_role
from fadjma.fhir.table import BY_TYPE, Mapped
from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.papers import actions as papers
from fadjma.papers.intake import Intake
from fadjma.papers.queries import Paper
from fadjma.refusals import Invalid, Refusal, TryLater
from fadjma.store import Transaction
from fadjma.version import Version
from fadjma.web import failures

log = logging.getLogger("fadjma.fhir")
ROOT = "/fhir/R4"
JSON = "application/fhir+json"
_JSON = (JSON, "application/json", "text/json", "json")  # http://hl7.org/fhir/R4/http.html#mime-type, and #parameters
_ANY = ("*/*", "application/*")
_FORM = "application/x-www-form-urlencoded"
# Nothing in a paper runs, wherever it is opened (papers/routes.py).
_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
_HERE = "@"  # in no id and no media type
_ONLY_JSON = N_("FHIR se lit ici en JSON : application/fhir+json, de la version 4.0.")
_ONLY_FORM = N_("Une recherche s'envoie comme un formulaire : application/x-www-form-urlencoded.")
_NOT_READ = N_("Ce paramètre n'a pas de sens ici : « %(name)s ».")
_NO_NUMBER = N_("« %(name)s » est le numéro d'un événement.")

_LENIENT = ("handling=lenient", 'handling="lenient"')

blueprint = Blueprint("fhir", __name__, url_prefix=ROOT)


def answer(resource: Resource, status: int = 200) -> Response:
    """A resource, as JSON; `_pretty` for who reads it by eye."""
    return Response(_text(resource), status, content_type=JSON)


def _text(resource: Resource) -> str:
    pretty = 2 if request.args.get("_pretty") == "true" else None
    close = None if pretty else (",", ":")
    return json.dumps(resource, ensure_ascii=False, separators=close, indent=pretty)


def refused(status: int, title: str, detail: str, refusal: Refusal | None) -> Response:
    """Whatever goes wrong below /fhir, as an OperationOutcome."""
    response = answer(outcome(status, title, detail, refusal), status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


failures.answer_below("/fhir", refused)


def _base() -> str:
    return request.host_url.rstrip("/") + ROOT


def _own_bases() -> list[str]:
    """What references to this server's resources begin with, after their scheme: as it was asked, and from outside."""
    public = urlsplit(web.app().extensions["settings"].public_url or "").netloc
    return [host + ROOT for host in (request.host, public) if host]


def _require_json() -> None:
    """Raises NotAcceptable where another format is asked for, by `_format` or, without one, by Accept."""
    if not any(_is_json(one) for one in _wanted()):
        raise NotAcceptable(_ONLY_JSON)


def _wanted() -> list[str]:
    asked = request.args.get("_format")
    if asked is not None:
        return [asked.replace(" ", "+")]  # what a + in an address is, where nobody has escaped it
    return (web.header("accept") or "*/*").split(",")


def _is_json(kind: str, known: tuple[str, ...] = (*_JSON, *_ANY)) -> bool:
    name, *parameters = (part.strip().lower() for part in kind.split(";"))
    said = dict(part.partition("=")[::2] for part in parameters)
    no_version = said.get("fhirversion", "4.0") not in ("4.0", capability.FHIR_VERSION)
    return name in known and not no_version and said.get("q", "1") not in ("0", "0.0", "0.00", "0.000")


def _mapped(resource_type: str) -> Mapped:
    """Raises the 404 of an address that there is not, for a type that is none here."""
    found = BY_TYPE.get(resource_type)
    if found is None:
        raise NoSuchAddress
    return found


def _only(*names: str) -> None:
    """Of a reading: no parameter means anything but these. Raises Unsearchable, but where it is asked to be lenient."""
    unknown = next((name for name in request.args if name not in ("_format", "_pretty", *names)), None)
    if unknown is not None and not _lenient():
        raise Unsearchable(_NOT_READ, "not-supported", name=unknown)


def _lenient() -> bool:
    """http://hl7.org/fhir/R4/search.html#errors; without a preference nothing is left out silently."""
    preferences = (one.partition(";")[0] for one in web.header("prefer").split(","))  # without parameters, RFC 7240
    return any("".join(one.split()).lower() in _LENIENT for one in preferences)


@blueprint.get("/metadata")
async def metadata() -> Response:
    """For anybody: it says nothing of anybody."""
    _require_json()
    version: Version = web.app().extensions["version"]
    cors = bool(web.app().extensions["settings"].cors_origins)
    return answer(capability.statement(_base(), version.release, cors=cors))


@blueprint.get("/<resource_type>")
async def search(resource_type: str) -> Response:
    return await _search(resource_type, list(request.args.items(multi=True)))


@blueprint.post("/<resource_type>/_search")
async def search_by_form(resource_type: str) -> Response:
    """The same, with the parameters in the body (http://hl7.org/fhir/R4/search.html#Introduction), and out of logs."""
    if request.mimetype not in ("", _FORM):  # without a body there is none
        raise Unsupported(_ONLY_FORM)
    sent = await web.fields()
    return await _search(resource_type, [*request.args.items(multi=True), *sent.items(multi=True)])


async def _search(resource_type: str, sent: list[tuple[str, Any]]) -> Response:
    mapped = _mapped(resource_type)
    _require_json()
    web.require_text()
    asked = [(name, str(value)) for name, value in sent]
    sought = searching.read(mapped, asked, bases=_own_bases(), lenient=_lenient())
    if sought.count:
        found = await web.see_traced(searching.find, sought)
    else:
        await web.see_traced(searching.begin_count, sought)
        found = await web.see_traced(searching.find, sought, again=True)
    return answer(searching.bundle(found, sought, _base(), web.language()))


@blueprint.get("/<resource_type>/<resource_id>")
async def read(resource_type: str, resource_id: str) -> Response:
    if resource_type == "Binary":
        return await _binary(resource_id)
    mapped = _mapped(resource_type)
    _require_json()
    _only()
    resource = await web.see_traced(_read, mapped, our_id(resource_id))
    response = answer(resource)
    if version := resource.get("meta", {}).get("versionId"):
        response.headers["ETag"] = f'W/"{version}"'
    return response


def _read(tx: Transaction, viewer: Viewer, mapped: Mapped, our: str) -> Resource:
    require_role(viewer)
    assert mapped.one
    return mapped.one(tx, viewer, our)


async def _binary(resource_id: str) -> Response:
    """A paper, through the right to its record: the file itself, or the resource for who asks for FHIR.

    http://hl7.org/fhir/R4/binary.html#rest
    """
    _only()
    paper = await web.see_traced(_open_paper, our_id(resource_id))
    held = await _content(paper)
    if _wants_resource(paper):
        return _whole(paper, held)
    response = Response(held, content_type=paper.kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{paper.file_name}"'
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _whole(paper: Paper, held: bytes) -> Response:
    """Its content is put in beside the JSON encoder, which took 0.3 s for 10 MB, and nobody was answered meanwhile."""
    before, after = _text(documents.binary(paper, _HERE)).encode().split(_HERE.encode())
    return Response(b"".join((before, b64encode(held), after)), content_type=JSON)


def _wants_resource(paper: Paper) -> bool:
    """Whether JSON is what is asked for; raises NotAcceptable where it is neither that nor what the paper is."""
    wanted = _wanted()
    if any(_is_json(one, _JSON) for one in wanted):
        return True
    kinds = (paper.kind, paper.kind.partition("/")[0] + "/*", *_ANY)
    if any(_is_json(one, kinds) for one in wanted):
        return False
    raise NotAcceptable(_ONLY_JSON)


def _open_paper(tx: Transaction, viewer: Viewer, our: str) -> Paper:
    require_role(viewer)
    return papers.open_paper(tx, viewer, our, again=True)  # what its DocumentReference has announced


async def _content(paper: Paper) -> bytes:
    intake = cast(Intake, web.app().extensions["papers"])
    try:
        return await asyncio.to_thread(intake.contents.read, paper.sha256)
    except (OSError, ValueError) as error:
        log.error("the paper %s is not there, or damaged", paper.sha256)
        raise TryLater(
            N_("Ce document ne se laisse plus lire sur le serveur : prévenez l'administrateur."), retry_after=3600
        ) from error


@blueprint.get("/Subscription/inbox/$events")
async def events() -> Response:
    """One's own notifications by their numbers; as a poll it keeps no session alive."""
    _require_json()
    _only(inbox.SINCE, inbox.UNTIL)
    since, until = _number(inbox.SINCE), _number(inbox.UNTIL)
    found, newest = await web.watch(inbox.events, since, until)
    return answer(inbox.bundle(found, newest, _base(), web.database().clock()))


def _number(name: str) -> int | None:
    try:
        found = web.number(name)
    except Invalid:
        found = None
    if found is None and name in request.args:
        raise Unsearchable(_NO_NUMBER, "value", name=name)
    return found
