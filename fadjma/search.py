"""GET /search: the first of everything that somebody may find by a few words; the list of each kind has the others.

What is found is one's own, by the searches of those lists (docs/decisions/23), and traced as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from quart import Blueprint, Response

from fadjma import short_codes, web
from fadjma.access import patient_lists
from fadjma.access.routes import requests
from fadjma.accounts import queries as accounts
from fadjma.identity.people import Viewer
from fadjma.inventory import codes, formulary, products
from fadjma.prescriptions import actions as prescribing
from fadjma.prescriptions import lists as prescriptions
from fadjma.prescriptions.queries import of_short_code
from fadjma.prescriptions.routes import reading
from fadjma.records import queries as records
from fadjma.store import Page, Transaction

blueprint = Blueprint("search", __name__)
Kind = Literal["patients", "prescriptions", "records", "products", "accounts", "medicines"]
_FEW = 6  # of each kind
T = TypeVar("T", bound="_Item")


class _Item(Protocol):
    def json(self, language: str) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Part:
    """What was found of one kind."""

    kind: Kind
    items: Sequence[_Item]
    more: bool  # the list has more of them
    all_at: str  # the address of the list

    def json(self, language: str) -> dict[str, Any]:
        return {"items": [item.json(language) for item in self.items], "more": self.more}


@blueprint.get("/search")
@web.takes("q")
async def show() -> Response:
    q = web.sought_where_traced()
    looks_up = web.wants() == "page" and patient_lists.is_exact(q)  # not at every letter: it is counted and traced
    parts = await web.see_traced(_find, q, looks_up)
    if parts is None:
        return await (reading.index() if web.viewer().role == "pharmacist" else requests.patients())
    is_box = not parts and web.viewer().role == "pharmacist" and codes.is_of_box(q)
    data: dict[str, Any] = {part.kind: part.json(web.language()) for part in parts}
    return web.answer("search/index.html", data, as_typed="search/_found.html", parts=parts, q=q, is_box=is_box)


def _find(tx: Transaction, viewer: Viewer, q: str, looks_up: bool) -> list[Part] | None:
    """None for what another page answers: that of patients to whoever looks for them alone, and of whom a doctor looks
    up; that of prescriptions of the code of a paper.
    """
    if viewer.role in ("nurse", "receptionist") or (viewer.role == "doctor" and looks_up):
        return None
    if viewer.role == "pharmacist" and _is_code(tx, q):
        return None
    return [part for part in _parts(tx, viewer, q) if part.items] if q else []


def _is_code(tx: Transaction, q: str) -> bool:
    """Whether it is for the page of prescriptions, which counts guesses: a name is not, unless a paper bears it."""
    code = short_codes.read(q)
    return code is not None and (not short_codes.may_be_name(q) or of_short_code(tx, code) is not None)


def _parts(tx: Transaction, viewer: Viewer, q: str) -> list[Part]:
    match viewer.role:
        case "doctor":
            own = patient_lists.own_patients(tx, viewer, q)
            return [_few("patients", own, "/patients?mine=1&"), _prescriptions(tx, viewer, q)]
        case "pharmacist":
            return [_prescriptions(tx, viewer, q), _few("products", products.stock(tx, viewer, q), "/inventory?")]
        case "patient":
            return [_prescriptions(tx, viewer, q), _records(tx, viewer, q)]
        case _:
            viewer.require("admin")
            known, listed = accounts.known(tx, q), formulary.browse(tx, viewer, q)
            return [_few("accounts", known, "/accounts?"), _few("medicines", listed, "/formulary?")]


def _prescriptions(tx: Transaction, viewer: Viewer, q: str) -> Part:
    """Those that others wrote name their patients, and having them before one is a reading."""
    found = prescriptions.found(tx, viewer, q, limit=_FEW)
    prescribing.trace_listed(tx, viewer, found)
    return _few("prescriptions", found, "/prescriptions?")


def _records(tx: Transaction, viewer: Viewer, q: str) -> Part:
    """In one's own file."""
    found = records.records(tx, viewer.id, limit=_FEW, sought=records.Sought(q=q))
    return _few("records", found, f"/patients/{viewer.id}/records?view=history&")


def _few(kind: Kind, found: Page[T], all_at: str) -> Part:
    return Part(kind, found[:_FEW], bool(found.next) or len(found) > _FEW, all_at)
