"""A file as a page: whole in one string for whoever keeps it, or sent slice by slice as it is read."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from quart import Response

from fadjma import days, web
from fadjma.papers.queries import Paper
from fadjma.refusals import Refusal
from fadjma.store import Database, Transaction, Unavailable
from fadjma.taking import sections
from fadjma.taking.sections import Asked, Place, Slice
from fadjma.web import assets
from fadjma.web.templating import render

_HERE = "<!--here-->"  # between what stands before the file and what stands after it


@dataclass(frozen=True, slots=True)
class Files:
    """Where the papers of a page are: below an address, or beside it in a folder."""

    below: str = "/papers"
    beside: bool = False

    def whole(self, paper: Paper) -> str:
        if self.beside:
            return f"papers/{paper.sha256}.{paper.suffix}"
        return f"{self.below}/{paper.id}" if self.below == "/papers" else f"{self.below}/{paper.id}/content"

    def small(self, paper: Paper) -> str:
        return self.whole(paper) if self.beside else f"{self.below}/{paper.id}/thumbnail"


def alone(tx: Transaction, asked: Asked, language: str) -> Iterator[str]:
    """A page that needs no server: its sheet is in it, and its papers beside it."""
    sheet = Markup("<style>%s</style>") % Markup(assets.content("file.css").decode())  # noqa: S704 - ours
    whole = render("taking/alone.html", language, sheet=sheet)
    before, _, after = whole.partition(_HERE)
    yield before
    for found in sections.slices(tx, asked):
        yield _html(found, asked, Files(beside=True), language)
    yield after


def sent(template: str, asked: Asked, files: Files, check: Callable[[Transaction], object], **context: Any) -> Response:
    """The page, sent while it is read: each slice in a transaction of its own, in which `check` first raises what it
    raises once the right has ended. Then the page ends there, and says so.
    """
    language = web.language()
    before, _, after = web.rendered(template, here=_HERE, **context).partition(_HERE)
    pieces = _pieces(web.database(), asked, files, check, language, before, after)
    response = Response(pieces, content_type="text/html; charset=utf-8")
    response.timeout = None  # a slow link takes as long as it takes
    return response


async def _pieces(
    database: Database,
    asked: Asked,
    files: Files,
    check: Callable[[Transaction], object],
    language: str,
    before: str,
    after: str,
) -> AsyncIterator[str]:
    def read(tx: Transaction, place: Place) -> tuple[str, Place | None]:
        check(tx)
        found, following = sections.step(tx, asked, place)
        return _html(found, asked, files, language), following

    yield before
    place: Place | None = Place()
    while place:
        try:
            html, place = await database.read(read, place)
        except (Refusal, Unavailable):
            yield render("taking/_cut.html", language)
            return
        yield html
    yield after


def _html(found: Slice, asked: Asked, files: Files, language: str) -> str:
    return render(f"taking/_{found.name}.html", language, own=asked.own, files=files, on=days.day, **found.context)
