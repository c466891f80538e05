"""What each server and each command finds loaded: tests/forked.py has it imported once, before the first fork.

A server compiles a template when it first shows it, and compresses the static files for its first page. For most
servers of these tests that was half of what they did in their lives.
"""

import gc
import os
from importlib import import_module

from fadjma.i18n import LANGUAGES, translations
from fadjma.web import assets, templating
from tests import compiled

if "FAKETIME" in os.environ:  # bin/test-any-day
    import_module("tests.faked_time")
import_module("fadjma.server.serving")  # and what that imports: all of it
for _name in ("uvicorn.lifespan.on", "uvicorn.loops.uvloop"):  # which uvicorn imports when it serves
    import_module(_name)
compiled.look()
_FRENCH = templating.environment("fr")
for _name in _FRENCH.list_templates():
    _FRENCH.get_template(_name)
for _language in LANGUAGES:  # a third of a second of a core, of each server whose prescriber looks for an allergen
    translations(_language)
assets.content("icons.svg")
gc.collect()
gc.freeze()  # no fork looks at it again: what is looked at is written to, and then copied
