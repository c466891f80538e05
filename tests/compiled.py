"""Templates, compiled once for all processes of a run: that takes a second of a core for each language."""

import os
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

from fadjma.i18n import LANGUAGES
from fadjma.web import templating

_FOLDER = "COMPILED_TEMPLATES"  # in the environment, because servers are forks of a process that is begun by itself


def keep_in(folder: Path) -> None:
    """From now on what this process compiles, and those that it begins, is left there for the others."""
    folder.mkdir(exist_ok=True)
    os.environ[_FOLDER] = str(folder)
    look()


def look() -> None:
    """Take what others have compiled, if there are others."""
    if folder := os.environ.get(_FOLDER):
        for language in LANGUAGES:
            kept = FileSystemBytecodeCache(folder, f"{language}-%s")
            templating.environment(language).bytecode_cache = kept
