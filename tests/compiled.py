"""Templates, compiled once for all processes and for all runs: that takes two seconds of a core for each language."""

import os
import shutil
from hashlib import sha256
from pathlib import Path

import jinja2

from fadjma.i18n import LANGUAGES
from fadjma.web import templating

_FOLDER = "COMPILED_TEMPLATES"  # in the environment, because servers are forks of a process that is begun by itself
# Jinja compiles a template again when it has changed; what else is in the code that it makes is named here.
_MADE_BY = sha256(jinja2.__version__.encode() + Path(templating.__file__).read_bytes()).hexdigest()[:16]


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
