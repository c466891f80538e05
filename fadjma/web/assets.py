"""Static files: compressed once, named by their content, kept by browsers for ever.

Ours come from static/; htmx comes from its installed package, so that no third-party file is committed. Brotli makes
them a tenth smaller than gzip (22.8 KB instead of 25.7 KB); browsers ask for it over TLS and on localhost.
Our scripts are served as they are written, but for three things: comments and indents are left out (a quarter of what
2G would carry), those that every page needs come as one file (`_TOGETHER`: no two have a name at their top in common),
and one asks for another by its address. All have one version, since they ask for each other. Of our sheets comments and
spaces are left out, a ninth of them.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import brotli
from quart import Blueprint, Response, request

from fadjma.refusals import NotFound

blueprint = Blueprint("assets", __name__)
_STATIC = Path(__file__).parents[2] / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_TOGETHER = ("page.js", "send.js", "live.js", "forms.js", "lock.js")
_EVERYWHERE = "fadjma.js"  # what they are served as
_ASKED_FOR = re.compile(rb"(from |import\(|SharedWorker\()'\./([a-z]+\.js)'")
_IMPORT = re.compile(rb"^import .*;$", re.MULTILINE)
_INDENT = re.compile(rb"^[ \t]+", re.MULTILINE)
# Behind code only those without a quotation mark: a text that looks like one is still to be closed.
_COMMENT = re.compile(rb"""^[ \t]*//.*$|[ \t]+// [^'"`\n]*$""", re.MULTILINE)
# Of a sheet: texts stay, comments go, and the spaces that only people need.
_SPACE = re.compile(rb"""("[^"]*")|/\*.*?\*/\s*|\s*([{};,])\s*|(?<=:)\s+""", re.DOTALL)
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file in memory."""

    body: bytes
    compressed: dict[str, bytes]  # by Content-Encoding, the smallest first
    type: str
    version: str


def url(name: str) -> str:
    """The address of a static file; it changes when the content does."""
    return _address(name, _assets()[name].version)


def content(name: str) -> bytes:
    """What is in a static file as it is served."""
    return _assets()[name].body


@blueprint.get("/static/<version>/<name>")
async def show(version: str, name: str) -> Response:
    asset = _assets().get(name)
    if asset is None:
        raise NotFound
    encoding = next((name for name in asset.compressed if request.accept_encodings[name] > 0), "")
    response = Response(asset.compressed.get(encoding, asset.body), content_type=asset.type)
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    # A page rendered just before an update asks for the old version: it gets the new file, but must not keep it.
    response.headers["Cache-Control"] = _FOR_EVER if version == asset.version else "no-cache"
    return response


@cache
def _assets() -> dict[str, Asset]:
    files = {path.name: path.read_bytes() for path in [*_STATIC.iterdir(), _htmx()] if path.suffix in _TYPES}
    scripts = {path.name: files.pop(path.name) for path in sorted(_STATIC.glob("*.js"))}
    sheets = {path.name: _sheet(files.pop(path.name)) for path in sorted(_STATIC.glob("*.css"))}
    version = _version(b"".join(scripts.values()))
    return {name: _asset(name, body, _version(body)) for name, body in {**files, **sheets}.items()} | {
        name: _asset(name, body, version) for name, body in _scripts(scripts).items()
    }


def _htmx() -> Path:
    spec = find_spec("js_lib_htmx")
    assert spec is not None and spec.origin is not None, "django-js-lib-htmx is not installed"
    return Path(spec.origin).parent / "static" / "htmx" / "htmx.min.js"


def _scripts(sources: dict[str, bytes]) -> dict[str, bytes]:
    """Our scripts as they are served, by the name by which a page asks for them."""
    version = _version(b"".join(sources.values()))

    def addressed(found: re.Match[bytes]) -> bytes:
        name = found[2].decode()
        return found[1] + f"'{_address(_EVERYWHERE if name in _TOGETHER else name, version)}'".encode()

    together = b"".join(_IMPORT.sub(b"", sources[name]) for name in _TOGETHER)
    alone = {name: body for name, body in sources.items() if name not in _TOGETHER}
    return {
        name: _ASKED_FOR.sub(addressed, _INDENT.sub(b"", _COMMENT.sub(b"", body)))
        for name, body in {_EVERYWHERE: together, **alone}.items()
    }


def _sheet(body: bytes) -> bytes:
    """A sheet of ours as it is served."""
    return _SPACE.sub(lambda found: found[1] or found[2] or b"", body)


def _asset(name: str, body: bytes, version: str) -> Asset:
    compressed = {"br": brotli.compress(body), "gzip": gzip.compress(body, 9, mtime=0)}
    return Asset(body, compressed, _TYPES[Path(name).suffix], version)


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:8]


def _address(name: str, version: str) -> str:
    return f"/static/{version}/{name}"
