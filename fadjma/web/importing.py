"""A table that somebody sends: as a file, as the whole body, or put into the form."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from fadjma.i18n import N_
from fadjma.refusals import Invalid
from fadjma.web.filled import form
from fadjma.web.forms import Form, text
from fadjma.web.request import upload

_SAID = 100  # faults of a file that are named


class ImportForm(Form):
    """A file comes beside it; or a table is put in here."""

    text = text(N_("Ou collez le tableau ici"), 60_000, required=False, lines=True)


class Table(Protocol):
    """What was read, with what is wrong by line and column."""

    @property
    def errors(self) -> dict[str, str]: ...


T = TypeVar("T", bound=Table)


async def read_table(read: Callable[[bytes], T]) -> T:
    """What was sent, read on a thread of its own. Raises Invalid where something is wrong with it."""
    table = await look_into_table(read)
    if table.errors:
        raise Invalid(named(table.errors))
    return table


async def look_into_table(read: Callable[[bytes], T]) -> T:
    """The same with whatever is wrong, to which more may be added. Raises Invalid where nothing was sent."""
    sent = await upload("file")
    filled = await form(ImportForm)
    sent = filled.text.data.encode() if sent is None and filled.text.data else sent
    if sent is None:
        raise Invalid({"text": N_("Choisissez un fichier, ou collez le tableau.")})
    return await asyncio.to_thread(read, sent)


def named(errors: Mapping[str, str]) -> dict[str, str]:
    """The faults that are named, and that there are more."""
    if len(errors) <= _SAID:
        return dict(errors)
    return {**dict(list(errors.items())[:_SAID]), "file": N_("Seules les cent premières fautes sont montrées.")}
