"""What every request and answer goes through: cross-site and unreadable ones, headers, compression, a line of log."""

import logging
import time
import zlib
from collections.abc import AsyncIterator, Collection
from functools import lru_cache
from urllib.parse import urlsplit

import brotli
from quart import Quart, Response, current_app, g
from quart.sessions import SessionInterface
from quart.wrappers import BaseRequestWebsocket
from quart.wrappers.response import IterableBody

from fadjma import web
from fadjma.i18n import N_
from fadjma.refusals import Forbidden, SignInNeeded
from fadjma.web.front_door import GUARDS
from fadjma.web.throttle import neighbourhood

log = logging.getLogger("fadjma.requests")
_SAFE = {"GET", "HEAD", "OPTIONS"}
_PACKED = ("text/html", "application/json", "application/problem+json", "application/fhir+json")
_COMPRESS_FROM = 400  # bytes; below, gzip's own header eats what it saves
_SHORT = 32_768  # bytes: an answer that a connection has room for, with its head
# Of Brotli: as quick as gzip's 6, and a page a fourteenth smaller. In a window of 64 KB, which pages do not fill, 7
# takes no longer than 5 in the usual one of 4 MB (0.22 ms and 0.21, 19 pages of all roles), and makes half a per cent
# less.
_BROTLI = {"quality": 7, "lgwin": 16}
_OF_PAGES = {
    **GUARDS,
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# A file holds nothing of anybody, and a first visit pays for all that is said with it. Only a drawing may be opened as
# a document, and a worker has a policy of its own, not its page's.
_OF_FILES = {"X-Content-Type-Options": "nosniff"}
_OF_ITS_OWN = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", **_OF_FILES}
_ON_ITS_OWN = (".svg", "/turns.js")
# What pages of the origins that may call (FADJMA_CORS_ORIGINS) send, and read, of docs/http.md and of FHIR.
_SENT_BY_OTHERS = (
    "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Range, Last-Event-ID, Prefer, Range, "
    "X-For, X-Live"
)
READ_BY_OTHERS = "Content-Disposition, Content-Range, ETag, Location, Retry-After, WWW-Authenticate"
_NOT_KEPT = {"Cache-Control": "no-store"}
_STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
_FETCHED_AHEAD = ("prefetch", "prerender", "preview")  # as browsers have said it over the years, in these headers
_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")


class _NoSessions(SessionInterface):
    """Quart's own session cookie is not used: looking for it at every request cost a fifth of Quart's own time."""

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> None:
        return None


def register(app: Quart) -> None:
    """Put these around every request of `app`."""
    app.session_interface = _NoSessions()  # type: ignore[assignment]  # its hint names one of several classes
    app.url_map.merge_slashes = False  # werkzeug's redirect builds its address from the Host header
    app.before_request(_begin)
    app.after_request(_finish)


async def _begin() -> Response | None:
    """One function, because Quart looks at each anew for every request, what kind of function it is."""
    g.started = time.perf_counter()
    request = web.asked()
    if early := _refuse_ahead_of_time(request):
        return early
    _refuse_cross_site(request)
    web.require_text()
    web.require_known_parameters()
    _refuse_files_of_strangers(request)
    return None


def _refuse_ahead_of_time(request: web.Request) -> Response | None:
    """A page that a browser fetches before anybody wants it would be activity, and a reading that nobody did."""
    if request.blueprint == "assets" or request.method not in ("GET", "HEAD"):
        return None
    purposes = " ".join(request.plain.get(name, "").lower() for name in _PURPOSES)
    if not any(word in purposes for word in _FETCHED_AHEAD):
        return None
    return Response("", 503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "1"})


def _refuse_cross_site(request: web.Request) -> None:
    """Unsafe requests come from our own pages: by Sec-Fetch-Site, else by Origin, else by Referer.

    A bearer token is added by programs only, never by a browser on its own, so it needs no such check. Nor does a form
    of another site send or ask for JSON; of all others we want one of the three, which every browser sends.
    """
    if request.method in _SAFE or web.is_bearer():
        return
    if not _is_own(request):
        raise Forbidden(N_("Cette demande vient d'un autre site : elle est refusée."))


def _refuse_files_of_strangers(request: web.Request) -> None:
    """Where a file belongs, a body has up to 10 MB: who carries no session is not heard so long, and it is not read."""
    if request.method not in _SAFE and (request.max_content_length or 0) > web.MAX_BODY and not web.signed_in():
        raise SignInNeeded(N_("Connectez-vous pour continuer."))


def _is_own(request: web.Request) -> bool:
    if site := request.plain.get("sec-fetch-site", ""):
        return site in ("same-origin", "none")
    if (origin := request.headers.get("Origin")) is not None:
        return _host(origin) == request.host
    if referer := request.plain.get("referer", ""):
        return _host(referer) == request.host
    return request.is_json or web.wants() == "json"


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _finish(response: Response) -> Response:
    request = web.asked()
    if response.status_code == 204:
        response.headers.pop("Content-Type", None)  # nothing to type or to guard: such a poll is most of 2G
    said = {name.lower() for name, _ in response.headers}
    guards = {} if response.status_code == 204 else _by_kind(request, response, said)
    # At once: each `setdefault` reads all of them twice, which was a twentieth of a small answer.
    headers = {**guards, **_NOT_KEPT, **(_STRICT_TRANSPORT if request.is_secure else {})}
    response.headers.extend({name: value for name, value in headers.items() if name.lower() not in said})
    if not request.is_secure and request.plain.get("x-forwarded-proto", "") == "https":
        _warn_of_proxy(request.remote_addr or "")
    _allow_origin(request, response)
    await _compress(request, response)
    if (response.content_length or _SHORT) < _SHORT:
        response.timeout = None  # server/requests.py
    # The route's pattern, never the address: an address may hold an identifier or a search.
    now, viewer = time.perf_counter(), g.get("viewer")
    log.info(
        "%s %s %d %.1f ms session=%s address=%s",
        request.method if request.method.isalpha() else "-",
        request.url_rule or "-",
        response.status_code,
        (now - g.get("started", now)) * 1000,
        web.mark(viewer.session_id if viewer else ""),
        web.mark(neighbourhood(request.remote_addr or "")),
    )
    return response


def _by_kind(request: web.Request, response: Response, said: Collection[str]) -> dict[str, str]:
    if "content-security-policy" in said:  # somebody's file, which brings a stricter one
        return GUARDS
    if request.blueprint != "assets" or response.mimetype == "text/html":
        return _OF_PAGES
    return _OF_ITS_OWN if request.path.endswith(_ON_ITS_OWN) else _OF_FILES


@lru_cache(maxsize=100)  # once for each proxy: it would be a line for every request
def _warn_of_proxy(address: str) -> None:
    log.warning(
        "X-Forwarded-Proto: https from %.45r, which is not among FADJMA_TRUSTED_PROXIES: cookies are not marked Secure",
        address,
    )


def _allow_origin(request: web.Request, response: Response) -> None:
    origin = request.plain.get("origin", "")
    if origin in current_app.extensions["settings"].cors_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Headers"] = _SENT_BY_OTHERS
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
            response.headers["Access-Control-Max-Age"] = "600"
        else:
            response.headers["Access-Control-Expose-Headers"] = READ_BY_OTHERS


async def _compress(request: web.Request, response: Response) -> None:
    accepted = request.plain.get("accept-encoding", "")
    if (
        not ("br" in accepted or "gzip" in accepted)  # quick, and mostly the end of it for programs
        or "Content-Encoding" in response.headers
        or not (response.content_type or "").startswith(_PACKED)
    ):
        return
    encoding = next((name for name in _PACKERS if request.accept_encodings[name] > 0), "")
    if isinstance(response.response, IterableBody):  # sent while it is read
        if encoding:
            response.response = IterableBody(_packed(response.response.iter, _STREAMS[encoding]()))
            response.headers["Content-Encoding"] = encoding
        return
    body = await response.get_data(as_text=False)
    if not encoding or len(body) < _COMPRESS_FROM:
        return
    response.set_data(_PACKERS[encoding](body))
    response.headers["Content-Encoding"] = encoding
    if response.headers["Cache-Control"] != "no-store":
        response.headers.add("Vary", "Accept-Encoding")


def _brotli(body: bytes) -> bytes:
    packed: bytes = brotli.compress(body, **_BROTLI)
    return packed


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


class _BrotliStream:
    def __init__(self) -> None:
        self._packer = brotli.Compressor(**_BROTLI)

    def pack(self, piece: bytes) -> bytes:
        packed: bytes = self._packer.process(piece) + self._packer.flush()
        return packed

    def end(self) -> bytes:
        packed: bytes = self._packer.finish()
        return packed


class _GzipStream:
    def __init__(self) -> None:
        self._packer = zlib.compressobj(6, zlib.DEFLATED, 31)

    def pack(self, piece: bytes) -> bytes:
        return self._packer.compress(piece) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._packer.flush()


async def _packed(pieces: AsyncIterator[str], packer: _BrotliStream | _GzipStream) -> AsyncIterator[bytes]:
    """Each piece is read as soon as it has come."""
    async for piece in pieces:
        yield packer.pack(piece.encode())
    yield packer.end()


_STREAMS: dict[str, type[_BrotliStream | _GzipStream]] = {"br": _BrotliStream, "gzip": _GzipStream}
_PACKERS = {"br": _brotli, "gzip": _gzip}  # the smallest first
