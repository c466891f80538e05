"""Receipts of a whole delivery, as the pharmacy that has them reads them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fadjma.i18n import N_, iso
from fadjma.identity.people import Viewer
from fadjma.refusals import NotFound
from fadjma.store import Page, Row, Transaction, given, paging
from fadjma.writing import code_key

SHOWN = 200  # lines of a receipt on its page
PER_PAGE = 50
_ALIKE_FOR = 90 * 86_400_000  # milliseconds for which a delivery of the same lots is hardly another one
STATES = {"checked": N_("À confirmer"), "received": N_("Reçue"), "undone": N_("Annulée")}


@dataclass(frozen=True, slots=True)
class Line:
    """A lot of a receipt: the number of its line in the file, and the medicine's name."""

    line: int
    medicine_id: str
    name: str
    number: str
    expires_on: str
    quantity: int

    def json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "medicine": {"id": self.medicine_id, "name": self.name},
            "number": self.number,
            "expires_on": self.expires_on,
            "quantity": self.quantity,
        }


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it is kept with its receipt."""

    line: int
    medicine_id: str
    number: str
    expires_on: str
    quantity: int
    gtin: str
    threshold: int | None


@dataclass(frozen=True, slots=True)
class Before:
    """A delivery of the very same lines that was received not long ago: the same one, perhaps."""

    id: str
    at: int
    by: str

    def json(self) -> dict[str, Any]:
        return {"id": self.id, "at": iso(self.at), "by": self.by}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery: what its file says, by whom it was read, taken and undone, and what is to be looked at again."""

    id: str
    version: int
    made_at: int
    made_by: str
    lines: int
    units: int
    applied_at: int | None
    undone_at: int | None
    undone_by: str
    shown: tuple[Line, ...]  # the first of its lines
    doubts: tuple[tuple[int, str], ...]  # the number of a line, and what is hardly meant
    before: Before | None = None  # looked for until it is received

    @property
    def status(self) -> str:
        return "undone" if self.undone_at else "received" if self.applied_at else "checked"

    @property
    def label(self) -> str:
        return STATES[self.status]

    def in_list(self) -> dict[str, Any]:
        """Without its lines, which no list has read."""
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "made_at": iso(self.made_at),
            "applied_at": iso(self.applied_at) if self.applied_at else None,
            "undone_at": iso(self.undone_at) if self.undone_at else None,
            "lines": self.lines,
            "units": self.units,
        }

    def json(self, language: str) -> dict[str, Any]:
        items, to_check = [line.json() for line in self.shown], [line for line, _ in self.doubts]
        before = self.before.json() if self.before else None
        return {**self.in_list(), "items": items, "to_check": to_check, "received_before": before}


_RECEIPT = (
    "SELECT r.id, r.version, r.made_at, u.name AS made_by, r.lines, r.units, r.applied_at, r.undone_at, "
    "coalesce(b.name, '') AS undone_by FROM receipts r JOIN people u ON u.id = coalesce(r.applied_by, r.made_by) "
    "LEFT JOIN people b ON b.id = r.undone_by WHERE r.pharmacy_id = :pharmacy"
)


def receipt(tx: Transaction, viewer: Viewer, receipt_id: str) -> Receipt:
    """One of the pharmacist's own pharmacy. Raises NotFound."""
    viewer.require("pharmacist")
    row = tx.first(f"{_RECEIPT} AND r.id = :id", {"id": receipt_id, "pharmacy": viewer.organization_id})
    if row is None:
        raise NotFound
    content = json.loads(tx.value("SELECT content FROM receipts WHERE id = :id", {"id": receipt_id}))
    doubts = tuple((line, question) for line, question in content["doubts"])
    lines = [Written(*line) for line in content["lines"]]
    before = None if row["applied_at"] else _before(tx, viewer, row, lines)
    return Receipt(**row.as_dict(), shown=_lines(tx, lines[:SHOWN]), doubts=doubts, before=before)


def _before(tx: Transaction, viewer: Viewer, receipt: Row, lines: list[Written]) -> Before | None:
    """The newest delivery of the same lots and quantities that this pharmacy has received, and not undone."""
    rows = tx.all(
        "SELECT r.id, r.applied_at, u.name, r.content FROM receipts r JOIN people u ON u.id = r.applied_by "
        "WHERE r.pharmacy_id = :pharmacy AND r.made_at >= :since AND r.applied_at IS NOT NULL AND r.undone_at IS NULL "
        "AND r.lines = :lines AND r.units = :units ORDER BY r.made_at DESC, r.id DESC LIMIT :limit",
        {
            "pharmacy": viewer.organization_id,
            "since": tx.now - _ALIKE_FOR,
            "lines": receipt["lines"],
            "units": receipt["units"],
            "limit": PER_PAGE,
        },
    )
    wanted = _goods(lines)
    return next(
        (
            Before(row["id"], row["applied_at"], row["name"])
            for row in rows
            if _goods(Written(*line) for line in json.loads(row["content"])["lines"]) == wanted
        ),
        None,
    )


def _goods(lines: Iterable[Written]) -> list[tuple[str, str, str, int]]:
    """What comes, in whatever order it is written."""
    return sorted((one.medicine_id, code_key(one.number), one.expires_on, one.quantity) for one in lines)


def receipts(tx: Transaction, viewer: Viewer, before: str | None = None) -> Page[Receipt]:
    """Those of the pharmacist's own pharmacy, without their lines, the newest first."""
    viewer.require("pharmacist")
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"{_RECEIPT} AND (r.made_at, r.id) < (:before_at, :before_id) ORDER BY r.made_at DESC, r.id DESC LIMIT :limit",
        {"pharmacy": viewer.organization_id, "before_at": before_at, "before_id": before_id, "limit": PER_PAGE + 1},
    )
    found = [Receipt(**row.as_dict(), shown=(), doubts=()) for row in rows]
    return paging.page(found, PER_PAGE, lambda last: paging.cursor(last.made_at, last.id))


def written(tx: Transaction, receipt_id: str) -> list[Written]:
    """All lines of a receipt. The caller has checked that it is the viewer's own pharmacy's."""
    content = json.loads(tx.value("SELECT content FROM receipts WHERE id = :id", {"id": receipt_id}))
    return [Written(*line) for line in content["lines"]]


def _lines(tx: Transaction, found: list[Written]) -> tuple[Line, ...]:
    names = _names(tx, [one.medicine_id for one in found])
    return tuple(
        Line(one.line, one.medicine_id, names[one.medicine_id], one.number, one.expires_on, one.quantity)
        for one in found
    )


def _names(tx: Transaction, ids: list[str]) -> dict[str, str]:
    among, values = given(dict.fromkeys(ids))
    rows: list[Row] = tx.all(
        f"SELECT id, dci || ' ' || strength || ', ' || form AS name FROM medicines WHERE id IN {among}", values
    )
    return {row["id"]: row["name"] for row in rows}
