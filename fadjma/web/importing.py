"""A table that somebody sends: as a file, as the whole body, or put into the form; and the steps until it is taken."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from quart import Response

from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.refusals import Invalid
from fadjma.sheets import L, Table
from fadjma.store import Transaction
from fadjma.web.answers import done
from fadjma.web.asking import Resource, act
from fadjma.web.filled import form
from fadjma.web.forms import Form, NoFields, text
from fadjma.web.request import upload

_SAID = 100  # faults of a file that are named
# One after the other: a workbook may take a gigabyte and 20 seconds of a core (workbook.py), and whoever sends many at
# once is to keep nobody waiting but those who bring tables, too.
_thread = ThreadPoolExecutor(1, thread_name_prefix="tables")


class ImportForm(Form):
    """A file comes beside it; or a table is put in here."""

    text = text(N_("Ou collez le tableau ici"), 60_000, required=False, lines=True)


T = TypeVar("T")
S = TypeVar("S", bound=Resource)


async def read_table(read: Callable[[bytes], T]) -> T:
    """What was sent, read on a thread that tables have for themselves. Raises Invalid where nothing was sent."""
    sent = await upload("file")
    filled = await form(ImportForm)
    sent = filled.text.data.encode() if sent is None and filled.text.data else sent
    if sent is None:
        raise Invalid({"text": N_("Choisissez un fichier, ou collez le tableau.")})
    return await asyncio.get_running_loop().run_in_executor(_thread, read, sent)


async def keep(
    read: Callable[[bytes], Table[L]],
    check: Callable[[Transaction, Viewer, dict[int, L]], str],
    show: Callable[[Transaction, Viewer, str], S],
    fragment: str,
    address: str,
) -> Response:
    """The first step of an import (fadjma/imports.py): what was sent is read, and kept by `check` with what it would
    do. Raises Invalid with what is wrong, by line and column.
    """
    table = await read_table(read)
    if table.errors:
        raise Invalid(_named(table.errors))
    return await kept(check, show, table.lines, fragment, address)


async def kept(
    check: Callable[[Transaction, Viewer, T], str],
    show: Callable[[Transaction, Viewer, str], S],
    found: T,
    fragment: str,
    address: str,
) -> Response:
    """The same of what was read already: shown by `show` under `address`, where it waits to be taken."""
    try:
        acted = await act(check, show, found)
    except Invalid as refusal:
        raise Invalid(_named(refusal.errors)) from refusal
    return done(acted, fragment, f"{address}/{acted.resource.id}", created=True)


async def step(
    action: Callable[[Transaction, Viewer, str], str],
    show: Callable[[Transaction, Viewer, str], S],
    import_id: str,
    fragment: str,
    address: str,
) -> Response:
    """One more step of what was read: it is taken, or undone. Raises what `action` does."""
    await form(NoFields)
    acted = await act(action, show, import_id)
    return done(acted, fragment, f"{address}/{import_id}")


def _named(errors: Mapping[str, str]) -> dict[str, str]:
    """The faults that are named, and that there are more."""
    if len(errors) <= _SAID:
        return dict(errors)
    return {**dict(list(errors.items())[:_SAID]), "file": N_("Seules les cent premières fautes sont montrées.")}
