"""The list of medicines as those see it who keep it: admins, and the pharmacists who read it over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fadjma import imports, writing
from fadjma.i18n import N_, iso
from fadjma.identity.people import Viewer
from fadjma.imports import Import
from fadjma.inventory import other_names
from fadjma.inventory.other_names import Reading
from fadjma.refusals import NotFound
from fadjma.store import Page, Row, Transaction, paging, searching

PER_PAGE = 50
SCHEDULES = {
    "none": N_("Non listé"),
    "list_1": N_("Liste I"),
    "list_2": N_("Liste II"),
    "narcotic": N_("Stupéfiant"),
}
Columns = dict[str, str]  # of the table: what is said of a medicine, and its keys
# What a file may leave out, each with the column of the file that says it.
OPTIONAL = {"atc": "atc", "brands": "brands", "brands_key": "brands", "schedule": "schedule"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is said of a medicine; `brands` are names of products, in the order in which they are shown."""

    dci: str
    form: str
    strength: str
    unit: str
    atc: str = ""
    brands: str = ""  # separated by commas
    schedule: str = "none"

    @property
    def name(self) -> str:
        return f"{self.dci} {self.strength}, {self.form}"

    def columns(self) -> Columns:
        """As they are stored, with the keys by which a medicine is known again and found."""
        return {
            "dci": self.dci,
            "form": self.form,
            "strength": self.strength,
            "unit": self.unit,
            "atc": self.atc,
            "brands": self.brands,
            "schedule": self.schedule,
            "name_key": writing.name_key(self.dci, self.form, self.strength),
            "search_key": writing.search_key(self.dci, self.strength, self.form),
            "brands_key": writing.search_key(*self.brands.split(",")) if self.brands else "",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Facts):
    """A medicine of the list."""

    id: str
    version: int
    source: str  # empty, or starter: it came with the program
    reviewed_at: int | None
    retired_at: int | None

    @property
    def status(self) -> str:
        return "retired" if self.retired_at else "active"

    @property
    def schedule_name(self) -> str:
        return SCHEDULES[self.schedule]

    @property
    def to_review(self) -> bool:
        """Whether no pharmacist has signed yet what came with the program."""
        return bool(self.source) and self.reviewed_at is None

    @property
    def cursor(self) -> str:
        return f"{writing.search_key(self.dci, self.strength, self.form)}~{self.id}"

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "dci": self.dci,
            "form": self.form,
            "strength": self.strength,
            "unit": self.unit,
            "atc": self.atc,
            "brands": listed(self.brands),
            "schedule": self.schedule,
            "source": self.source,
            "to_review": self.to_review,
            "reviewed_at": iso(self.reviewed_at) if self.reviewed_at else None,
        }


_COLUMNS = (
    "m.id, m.dci, m.form, m.strength, m.unit, m.atc, m.brands, m.schedule, m.version, m.source, m.reviewed_at, "
    "m.retired_at"
)


def listed(brands: str) -> list[str]:
    """The names of products that a text separated by commas holds."""
    return [name for part in brands.split(",") if (name := part.strip())]


def require_keeper(viewer: Viewer) -> None:
    """The list is read by admins and pharmacists; everybody else looks for one medicine. Raises Forbidden."""
    if viewer.role != "pharmacist":
        viewer.require("admin")


def browse(tx: Transaction, viewer: Viewer, q: str = "", before: str | None = None) -> Page[Entry]:
    """The medicines in whose name, or among whose brands, each word of `q` begins a word; by name, retired ones too.

    `before` is the `next` of the page before.
    """
    require_keeper(viewer)
    condition, words = said_of(q)
    if q.strip() and not words:
        return Page()
    key, _, last_id = (before or "").rpartition("~")
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM medicines m WHERE (m.search_key, m.id) > (:key, :id) {condition} "
        "ORDER BY m.search_key, m.id LIMIT :limit",
        {"key": key, "id": last_id, "limit": PER_PAGE + 1, **words},
    )
    return paging.page([_entry(row) for row in rows], PER_PAGE, lambda entry: entry.cursor)


def said_of(q: str) -> searching.Condition:
    """The condition that a medicine m has words, in its name or among its brands, which begin as those of `q`.

    Or that it is called so otherwise (other_names.py).
    """
    asked = writing.asked_words(q)
    key = "(' ' || m.search_key || ' ' || m.brands_key)"
    condition, values = searching.every(asked, searching.in_key(key))
    called, others = called_otherwise(other_names.readings(asked))
    return (f" AND ((1 = 1{condition}) OR {called})" if called else condition), {**values, **others}


def called_otherwise(readings: Sequence[Reading], mark: str = "other") -> searching.Condition:
    """The condition, without AND, that a medicine m is one of these; empty when there are none. `mark` as in every."""
    conditions = []
    values: dict[str, str] = {}
    for number, reading in enumerate(readings):
        condition, words = searching.every(reading.asked, _in_name, mark=f"{mark}{number}_")
        conditions.append(f"(1 = 1{condition})")
        values |= words
    return (f"({' OR '.join(conditions)})" if conditions else ""), values


def _in_name(begin: str, end: str) -> str:
    """That a word of the name begins so: a DCI is no brand, and a name as it stands is looked at in half the time."""
    return f"(m.search_key LIKE {begin} || '%' OR m.search_key LIKE '% ' || {begin} || '%')"


def count(tx: Transaction) -> int:
    """How many medicines there are, without those that were retired."""
    return int(tx.value("SELECT count(*) FROM medicines WHERE retired_at IS NULL"))


def count_to_review(tx: Transaction) -> int:
    """How many came with the program and were signed by no pharmacist."""
    return int(tx.value("SELECT count(*) FROM medicines WHERE source <> '' AND reviewed_at IS NULL"))


def entry(tx: Transaction, viewer: Viewer, medicine_id: str) -> Entry:
    """One medicine of the list. Raises NotFound."""
    require_keeper(viewer)
    row = tx.first(f"SELECT {_COLUMNS} FROM medicines m WHERE m.id = :id", {"id": medicine_id})
    if row is None:
        raise NotFound
    return _entry(row)


def same_as(tx: Transaction, columns: Columns) -> str | None:
    """The id of the medicine of the list that is this one already."""
    found: str | None = tx.value("SELECT id FROM medicines WHERE name_key = :name_key LIMIT 1", columns)
    return found


def everything(tx: Transaction) -> dict[str, Row]:
    """The whole list, retired ones too, each by the key of its name."""
    rows = tx.all("SELECT name_key, id, unit, atc, brands, brands_key, schedule, retired_at FROM medicines")
    return {row["name_key"]: row for row in rows}


def one_import(tx: Transaction, viewer: Viewer, import_id: str) -> Import:
    """A file that was read. Raises NotFound."""
    viewer.require("admin")
    return imports.one(tx, "medicine", import_id)


def _entry(row: Row) -> Entry:
    return Entry(**row.as_dict())
