"""Templates compiled and static files compressed once for all processes and for all runs.

The templates take two seconds of a core for each language, the files half a second: in each process that shows a page.
"""

import os
import pickle
import shutil
from hashlib import sha256
from pathlib import Path

import jinja2

from fadjma.i18n import LANGUAGES
from fadjma.web import assets, templating

_FOLDER = "COMPILED_TEMPLATES"  # in the environment, because servers are forks of a process that is begun by itself
# Jinja compiles a template again when it has changed, and a file that has changed is another; what else is in what they
# are made into is named here.
_MADE_BY = sha256(
    jinja2.__version__.encode() + Path(templating.__file__).read_bytes() + Path(assets.__file__).read_bytes()
).hexdigest()[:16]
_compressed = assets._compressed


def keep_in(folder: Path) -> None:
    """From now on what this process compiles, and those that it begins, is left there for the others."""
    for old in folder.iterdir():
        if old.name != _MADE_BY:
            shutil.rmtree(old, ignore_errors=True)
    (folder / _MADE_BY).mkdir(exist_ok=True)
    os.environ[_FOLDER] = str(folder / _MADE_BY)
    look()


def look() -> None:
    """Take what others have compiled, if they have said where."""
    if folder := os.environ.get(_FOLDER):
        for language in LANGUAGES:
            kept = jinja2.FileSystemBytecodeCache(folder, f"{language}-%s")
            templating.environment(language).bytecode_cache = kept
        assets._compressed = _compressed_once


def _compressed_once(body: bytes) -> dict[str, bytes]:
    file = Path(os.environ[_FOLDER]) / f"{sha256(body).hexdigest()}.compressed"
    try:
        kept: dict[str, bytes] = pickle.loads(file.read_bytes())
    except FileNotFoundError:
        kept = _compressed(body)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(kept))
        part.rename(file)  # whole for whoever looks meanwhile
    return kept
