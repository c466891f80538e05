"""Static files: compressed once, named by their content, kept by browsers for ever.

Ours come from static/; htmx comes from its installed package, so that no third-party file is committed. Brotli makes
them a tenth smaller than gzip (22.8 KB instead of 25.7 KB); browsers ask for it over TLS and on localhost.
Our scripts are served as they are written, but for four things: comments, indents, the spaces beside operators and the
ends of lines and statements that only people need are left out (a quarter of what 2G would carry), those that every
page needs come as one file (`_TOGETHER`: no two have a name at their top in common), one asks for another by its
address, and what they say, `_('…')`, stands in them in the language of the page: it comes once, and not with each
page. All of a language have one version, since they ask for each other. Of our sheets comments and spaces are left
out, a ninth of them.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import brotli
from quart import Blueprint, Response, request

from fadjma import i18n
from fadjma.refusals import NotFound
from fadjma.web.request import language as of_reader

blueprint = Blueprint("assets", __name__)
_STATIC = Path(__file__).parents[2] / "static"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",  # of pages in UTF-8
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_TOGETHER = ("page.js", "lock.js", "send.js", "live.js", "forms.js")
_EVERYWHERE = "fadjma.js"  # what they are served as
_ASKED_FOR = re.compile(rb"(from |import\(|SharedWorker\()'\./([a-z]+\.js)'")
_IMPORT = re.compile(rb"^import .*;$", re.MULTILINE)
_INDENT = re.compile(rb"^\s+", re.MULTILINE)
_SAID = re.compile(rb"""\b_\((["'])(.+?)\1\)""")
# Behind code only those without a quotation mark: a text that looks like one is still to be closed.
_COMMENT = re.compile(rb"""^[ \t]*//.*$|[ \t]+// [^'"`\n]*$""", re.MULTILINE)
# Of a script: texts and patterns stay, the spaces beside operators go; of + and - where there is one: two are another.
_TEXT = rb"""('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`[^`]*`|//.*\n?|/(?![/ ])(?:\\.|[^/\\\n])+/)"""
_SPACED = re.compile(_TEXT + rb"| *([=!<>*&|?:,;{}()]+) *")
# The end of a line goes where it ends nothing, and what ends a statement where its block ends it. Without
# one after } nothing else is meant: it has its semicolon, or it is no script (tests/system/test_served_scripts.py).
_ENDED = re.compile(_TEXT + rb"|(?<=[;{},(=<>&|?:])\n|;?\n(?=[})])|;(?=})|(?<![+-]) ?([+-]) (?![+-])")
# What one script takes from two that come as one file.
_TWICE = re.compile(rb"import\{([^}]*)\}from( '[^']*');import\{([^}]*)\}from\2;")
# Of a sheet: texts stay, comments go, and the spaces that only people need.
_SPACE = re.compile(rb"""("[^"]*")|/\*.*?\*/\s*|\s*([{};,])\s*|(?<=:)\s+""", re.DOTALL)
_VERSION = re.compile("[0-9a-f]{8}")
_FOR_EVER = "max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file in memory."""

    body: bytes
    compressed: dict[str, bytes]  # by Content-Encoding, the smallest first
    type: str
    version: str


def url(name: str, language: str = i18n.DEFAULT_LANGUAGE) -> str:
    """The address of a static file; it changes when the content does. Of a script, it says the language."""
    return _address(name, _assets(language)[name].version)


def content(name: str) -> bytes:
    """What is in a static file as it is served."""
    return _assets(i18n.DEFAULT_LANGUAGE)[name].body


@blueprint.get("/static/<version>/<name>")
async def show(version: str, name: str) -> Response:
    asset = _of_version(version, name) or _instead(version, name)
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


def _of_version(version: str, name: str) -> Asset | None:
    found = (_assets(language).get(name) for language in i18n.LANGUAGES)
    return next((asset for asset in found if asset and asset.version == version), None)


def _instead(version: str, name: str) -> Asset | None:
    """What there is now of a file of another version, for a page that has others of that: it was there before an
    update, or another process is started again.

    Of a script, that asks for others as the page has them: by addresses of its own they would come a second time, and
    do everything twice.
    """
    asset = _assets(of_reader()).get(name)
    if asset is None or not _VERSION.fullmatch(version):
        return asset
    body = asset.body.replace(_address("", asset.version).encode(), _address("", version).encode())
    return asset if body == asset.body else replace(asset, body=body, compressed={"gzip": gzip.compress(body, mtime=0)})


@cache
def _assets(language: str) -> dict[str, Asset]:
    """Every file by its name; the scripts speak this language."""
    sources = {path.name: path.read_bytes() for path in sorted(_STATIC.glob("*.js"))}
    return {**_files(), **_scripts(sources, language)}


@cache
def _files() -> dict[str, Asset]:
    paths = [path for path in [*_STATIC.iterdir(), _htmx()] if path.suffix in _TYPES]
    files = {path.name: path.read_bytes() for path in paths if path.suffix != ".js" or path == _htmx()}
    bodies = {name: _sheet(body) if name.endswith(".css") else body for name, body in files.items()}
    return {name: _asset(name, body, _version(body)) for name, body in bodies.items()}


def _htmx() -> Path:
    spec = find_spec("js_lib_htmx")
    assert spec is not None and spec.origin is not None, "django-js-lib-htmx is not installed"
    return Path(spec.origin).parent / "static" / "htmx" / "htmx.min.js"


def _scripts(sources: dict[str, bytes], language: str = i18n.DEFAULT_LANGUAGE) -> dict[str, Asset]:
    """Our scripts as they are served, by the name by which a page asks for them."""
    spoken = {name: in_words(body, language) for name, body in sources.items()}
    version = _version(b"".join(spoken.values()))

    def addressed(found: re.Match[bytes]) -> bytes:
        name = found[2].decode()
        return found[1] + f"'{_address(_EVERYWHERE if name in _TOGETHER else name, version)}'".encode()

    together = b"".join(_IMPORT.sub(b"", spoken[name]) for name in _TOGETHER)
    alone = {name: body for name, body in spoken.items() if name not in _TOGETHER}
    return {
        name: _asset(name, _closed_up(_ASKED_FOR.sub(addressed, _INDENT.sub(b"", _COMMENT.sub(b"", body)))), version)
        for name, body in {_EVERYWHERE: together, **alone}.items()
    }


def _closed_up(script: bytes) -> bytes:
    closed_up = _SPACED.sub(lambda found: found[1] or found[2], script)
    return _TWICE.sub(rb"import{\1,\3}from\2;", _ENDED.sub(lambda found: found[1] or found[2] or b"", closed_up))


def in_words(script: bytes, language: str) -> bytes:
    """A script whose every `_('…')` is the text in this language."""

    def text(found: re.Match[bytes]) -> bytes:
        translated = i18n.translate(language, found[2].decode())
        return "'{}'".format(translated.replace("'", "\\'")).encode()

    return _SAID.sub(text, script)


def _sheet(body: bytes) -> bytes:
    """A sheet of ours as it is served."""
    return _SPACE.sub(lambda found: found[1] or found[2] or b"", body)


def _asset(name: str, body: bytes, version: str) -> Asset:
    return Asset(body, _compressed(body), _TYPES[Path(name).suffix], version)


def _compressed(body: bytes) -> dict[str, bytes]:
    """By encoding, the one first that a browser is to have if it takes both."""
    return {"br": brotli.compress(body), "gzip": gzip.compress(body, 9, mtime=0)}


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:8]


def _address(name: str, version: str) -> str:
    return f"/static/{version}/{name}"
