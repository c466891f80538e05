"""The clinic's own tables: what a child may be given by weight, which two substances harm together, and which vaccines
are due at which age.

They hold what a doctor or pharmacist of the clinic has signed, and nothing that came with the program. A row that
nobody has signed, or that was withdrawn, is off: it is shown, said to be off, and compared with nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from fadjma import imports, writing
from fadjma.i18n import N_, iso
from fadjma.identity.people import Role, Viewer, titled
from fadjma.imports import Import
from fadjma.records import allergens, schedule
from fadjma.refusals import Forbidden, NotFound
from fadjma.store import Page, Row, Transaction, given, paging

PER_PAGE = 100
Kind = Literal["dose", "interaction", "vaccine"]
Status = Literal["unsigned", "in_use", "withdrawn"]
OF_VACCINES = ("dose", "from_age", "to_age", "apart", "also", "sex")  # columns
KINDS: tuple[Kind, ...] = ("dose", "interaction", "vaccine")
STATUSES: dict[Status, tuple[str, str]] = {  # label and look
    "unsigned": (N_("Non signée"), "wait"),
    "in_use": (N_("Signée"), "ok"),
    "withdrawn": (N_("Retirée"), "cut"),
}
READERS: tuple[Role, ...] = ("doctor", "pharmacist")
_NO_READER = N_("Les tables de sécurité sont celles des médecins et des pharmaciens.")
_SIGNERS = N_("Seul un médecin ou un pharmacien signe ou retire une ligne des tables de sécurité.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a row says. Of a dose: ages in months, the second left out; hundredths of a milligram per kg and day. Of a
    vaccine (`dci`): the how many-eth dose, its ages and how long after the one before as records/schedule.py has them.
    """

    kind: Kind
    dci: str
    source: str
    source_on: str  # a year, a month or a day, ISO 8601
    from_months: int = 0
    to_months: int = 0
    mg_per_kg_day: int = 0
    other: str = ""
    effect: str = ""
    dose: int = 0
    from_age: str = ""
    to_age: str = ""
    apart: str = ""  # empty: nothing is said
    also: str = ""  # other names, with commas between
    sex: str = ""  # for whom alone; empty: for all

    @property
    def dci_key(self) -> str:
        return writing.fold(self.dci) if self.kind == "vaccine" else key(self.dci)

    @property
    def other_key(self) -> str:
        return key(self.other)

    def columns(self) -> dict[str, Any]:
        """As it is stored; of an interaction in one order, whichever was named first."""
        names = sorted(((self.dci_key, self.dci), (self.other_key, self.other)), key=lambda one: one[0])
        if self.kind != "interaction":
            names.reverse()  # the one that there is
        (dci_key, dci), (other_key, other) = names
        return {
            "kind": self.kind,
            "dci": dci,
            "dci_key": dci_key,
            "other": other,
            "other_key": other_key,
            "effect": self.effect,
            "from_months": self.from_months,
            "to_months": self.to_months,
            "mg_per_kg_day": self.mg_per_kg_day,
            **{name: getattr(self, name) for name in OF_VACCINES},
            "source": self.source,
            "source_on": self.source_on,
        }

    @property
    def said_of_kind(self) -> dict[str, Any]:
        """What a row of its kind alone says, for programs."""
        if self.kind == "dose":
            most = self.mg_per_kg_day / 100
            return {"from_months": self.from_months, "to_months": self.to_months, "mg_per_kg_day": most}
        if self.kind == "interaction":
            return {"other": self.other, "effect": self.effect}
        ages = {"from_age": self.from_age, "to_age": self.to_age, "apart": self.apart or None}
        return {"dose": self.dose, **ages, "also": schedule.names(self.also), "sex": self.sex or None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Facts):
    """A row: by whom it was entered, signed, withdrawn. `listed`: whether the list of medicines has its substances."""

    id: str
    version: int
    added_by: str
    added_at: int
    signed_by: str | None = None
    signer_profession: str | None = None
    signed_at: int | None = None
    withdrawn_by: str | None = None
    withdrawn_at: int | None = None
    withdrawal_reason: str = ""
    listed: bool = True

    @property
    def status(self) -> Status:
        return "withdrawn" if self.withdrawn_at else "in_use" if self.signed_at else "unsigned"

    @property
    def label(self) -> str:
        return STATUSES[self.status][0]

    @property
    def look(self) -> str:
        return STATUSES[self.status][1]

    @property
    def most(self) -> Fraction:
        """Milligrams per kilogram and day, at most."""
        return Fraction(self.mg_per_kg_day, 100)

    @property
    def cursor(self) -> str:
        return f"{self.dci_key}~{self.id}"

    @staticmethod
    def span(said: str) -> tuple[int, str]:
        """An age or an interval as the page says it: how many of which unit (records/schedule.py)."""
        return schedule.parts(said)

    def is_for(self, months: int) -> bool:
        return self.from_months <= months < self.to_months

    def meets(self, one: frozenset[str], other: frozenset[str]) -> bool:
        """Whether two medicines, by their substances, are those of this interaction."""
        return (self.dci_key in one and self.other_key in other) or (self.dci_key in other and self.other_key in one)

    def said(self) -> dict[str, Any]:
        """Source and signature, as an alert cites them; the name with its title as it is said in French."""
        assert self.signed_at
        signer = titled(self.signer_profession) % {"name": self.signed_by}
        return {"source": self.source, "source_on": self.source_on, "signer": signer, "day": self.signed_at}

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "kind": self.kind,
            "dci": self.dci,
            **self.said_of_kind,
            "source": self.source,
            "source_on": self.source_on,
            "listed": self.listed,
            "added_by": self.added_by,
            "added_at": iso(self.added_at),
            "signed_by": self.signed_by,
            "signed_at": iso(self.signed_at) if self.signed_at else None,
            "withdrawn_by": self.withdrawn_by,
            "withdrawn_at": iso(self.withdrawn_at) if self.withdrawn_at else None,
            "withdrawal_reason": self.withdrawal_reason or None,
        }


_ENTRY = """
    SELECT e.id, e.version, e.kind, e.dci, e.other, e.effect, e.from_months, e.to_months, e.mg_per_kg_day, e.dose,
           e.from_age, e.to_age, e.apart, e.also, e.sex, e.source, e.source_on, e.added_at, e.signed_at, e.withdrawn_at,
           e.withdrawal_reason,
           (SELECT name FROM people WHERE id = e.added_by) AS added_by,
           (SELECT name FROM people WHERE id = e.signed_by) AS signed_by,
           (SELECT profession FROM people WHERE id = e.signed_by) AS signer_profession,
           (SELECT name FROM people WHERE id = e.withdrawn_by) AS withdrawn_by
    FROM safety_entries e
"""
_IN_USE = "e.signed_at IS NOT NULL AND e.withdrawn_at IS NULL"
_OF_STATUS: dict[Status | None, str] = {
    None: "1 = 1",
    "unsigned": "e.signed_at IS NULL AND e.withdrawn_at IS NULL",
    "in_use": _IN_USE,
    "withdrawn": "e.withdrawn_at IS NOT NULL",
}


def key(dci: str) -> str:
    """A substance as it is compared; empty where none is named."""
    return next(iter(allergens.substances(dci)), "")


def require_reader(viewer: Viewer) -> None:
    """Those who prescribe and those who dispense read the tables, and enter rows. Raises Forbidden."""
    if viewer.role not in READERS:
        raise Forbidden(_NO_READER)


def require_signer(viewer: Viewer) -> None:
    """A row counts for every place: physicians and pharmacists answer for it. Raises Forbidden."""
    if viewer.role != "pharmacist" and viewer.profession != "physician":
        raise Forbidden(_SIGNERS)


def browse(
    tx: Transaction, viewer: Viewer, status: Status | None = None, before: str | None = None, limit: int = PER_PAGE
) -> Page[Entry]:
    """The rows of all tables by their substance; `before` is the `next` of the page before."""
    require_reader(viewer)
    dci_key, _, last_id = (before or "").rpartition("~")
    rows = tx.all(
        f"{_ENTRY} WHERE {_OF_STATUS[status]} AND (e.dci_key, e.id) > (:key, :id) "
        "ORDER BY e.dci_key, e.id LIMIT :limit",
        {"key": dci_key, "id": last_id, "limit": limit + 1},
    )
    return paging.page(_entries(tx, rows), limit, lambda entry: entry.cursor)


def entry(tx: Transaction, viewer: Viewer, entry_id: str) -> Entry:
    """One row. Raises NotFound."""
    found = entries(tx, viewer, [entry_id])
    if not found:
        raise NotFound
    return found[entry_id]


def entries(tx: Transaction, viewer: Viewer, entry_ids: Iterable[str]) -> dict[str, Entry]:
    """These (few) rows by their ids, without those that there are not."""
    require_reader(viewer)
    among, values = given(dict.fromkeys(entry_ids))
    return {one.id: one for one in _entries(tx, tx.all(f"{_ENTRY} WHERE e.id IN {among}", values))}


def in_use(tx: Transaction, kind: Kind, substances: Iterable[str]) -> list[Entry]:
    """The signed rows of these (few) substances; of an interaction of those with any."""
    return ask_in_use(tx, kind, substances)()


def ask_in_use(tx: Transaction, kind: Kind, substances: Iterable[str]) -> Callable[[], list[Entry]]:
    """The same for later (`Transaction.ask`)."""
    among, values = given(dict.fromkeys(substances))
    rows = tx.ask(
        f"{_ENTRY} WHERE {_IN_USE} AND e.kind = :kind AND (e.dci_key IN {among} OR e.other_key IN {among}) "
        "ORDER BY e.dci_key, e.other_key, e.from_months",
        {"kind": kind, **values},
    )
    return lambda: [_entry(row) for row in rows()]


def is_signed(tx: Transaction, kind: Kind) -> bool:
    """Whether any row of this kind is in use."""
    return ask_is_signed(tx, kind)()


def ask_is_signed(tx: Transaction, kind: Kind) -> Callable[[], bool]:
    """The same for later."""
    rows = tx.ask(f"SELECT 1 FROM safety_entries e WHERE {_IN_USE} AND e.kind = :kind LIMIT 1", {"kind": kind})
    return lambda: bool(rows())


def count_unsigned(tx: Transaction) -> int:
    return int(tx.value(f"SELECT count(*) FROM safety_entries e WHERE {_OF_STATUS['unsigned']}"))


def known_substances(tx: Transaction) -> frozenset[str]:
    """Those of the list of medicines: a row of another is never met."""
    names = tx.all("SELECT DISTINCT dci FROM medicine_classes")
    return frozenset().union(*(allergens.substances(row["dci"]) for row in names))


def one_import(tx: Transaction, viewer: Viewer, import_id: str) -> Import:
    """A file that was read. Raises NotFound."""
    require_reader(viewer)
    return imports.one(tx, "safety", import_id)


def _entries(tx: Transaction, rows: list[Row]) -> list[Entry]:
    known = known_substances(tx) if rows else frozenset()
    return [_entry(row, known) for row in rows]


def _entry(row: Row, known: frozenset[str] | None = None) -> Entry:
    found = Entry(**row.as_dict())
    if known is None or found.kind == "vaccine" or {found.dci_key, found.other_key} <= {*known, ""}:
        return found
    return Entry(**row.as_dict(), listed=False)
