"""Reading the list of medicines, and how much of each a pharmacy could promise: not what has expired, nor what is
reserved or withheld. What a pharmacy keeps is read in products.py, lots.py and movements.py.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fadjma import writing
from fadjma.days import day
from fadjma.identity.people import Viewer
from fadjma.inventory import formulary, misspelt, other_names
from fadjma.refusals import NotFound
from fadjma.store import Page, Transaction, given, paging

SUGGESTIONS = 8
# Of a lot, `l` in every query: it may still be handed over on `:today`.
USABLE = "l.expires_on >= :today AND l.withheld_at IS NULL"
_TYPED = 120  # characters that are looked at: no name is longer


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine of the list, and whether the chosen pharmacy has any (None: no pharmacy chosen)."""

    id: str
    dci: str
    form: str
    strength: str
    unit: str
    brands: str  # separated by commas
    usable: int | None = None

    @property
    def name(self) -> str:
        return f"{self.dci} {self.strength}, {self.form}"

    def json(self) -> dict[str, Any]:
        shown = {
            "id": self.id,
            "dci": self.dci,
            "form": self.form,
            "strength": self.strength,
            "unit": self.unit,
            "brands": formulary.listed(self.brands),
        }
        return shown if self.usable is None else {**shown, "available": self.usable > 0}


_MEDICINE = "m.id, m.dci, m.form, m.strength, m.unit, m.brands"
# What a pharmacy has of each medicine: one look at its stock, whatever number of names is found.
_STOCKED = (
    "SELECT p.medicine_id, sum(l.on_hand - l.reserved) AS usable FROM products p JOIN lots l ON l.product_id = p.id "
    f"WHERE p.pharmacy_id = :pharmacy AND l.on_hand > 0 AND {USABLE} GROUP BY p.medicine_id"
)


def is_name_of(text: str, medicine: Medicine) -> bool:
    """Whether this is the whole name of a medicine, in any order and punctuation; never only its beginning."""
    return set(writing.search_words(text)) == set(writing.search_words(medicine.name))


def search_medicines(
    tx: Transaction, viewer: Viewer, q: str, pharmacy_id: str | None = None, before: str | None = None
) -> Page[Medicine]:
    """Medicines in whose name, or among whose brands, every typed word begins a word; without those that were retired.

    Or that are called so otherwise (other_names.py). Those that are, or have the first word as their first, then those
    that begin with it, come first; of equally good ones those that the pharmacy has. Where there are none, those that
    differ by a slip (misspelt.py).

    How many a pharmacy has, only doctors learn, who prescribe: nobody counts the stock of a competitor.
    `before` is the `next` of the page before: how many were shown, for the list of medicines is the same all day.
    """
    if viewer.role != "doctor":
        pharmacy_id = None
    asked = writing.asked_words(q[:_TYPED])
    if sum(len(variants[0]) for variants in asked) < 2:
        return Page()
    shown, _ = paging.position(before, otherwise=0)
    values = {"limit": SUGGESTIONS + 1, "shown": shown, "pharmacy": pharmacy_id, "today": today(tx)}
    condition, words = formulary.said_of(q[:_TYPED])
    whole = [one for one in other_names.readings(asked) if one.whole]
    called, others = formulary.called_otherwise(whole, "whole")
    exactly = f"{called} OR " if called else ""
    best = f"CASE WHEN {exactly}search_key || ' ' LIKE :whole THEN 0 WHEN search_key LIKE :first THEN 1 ELSE 2 END, "
    first = {"whole": f"{asked[0][-1]} %", "first": f"{asked[0][-1]}%"}
    rows = tx.all(_suggested(condition, best), {**values, **words, **others, **first})
    if not rows and (ids := misspelt.closest(tx, asked, shown=shown, limit=SUGGESTIONS + 1)):
        among, meant = given(ids)
        rows = tx.all(_suggested(f" AND m.id IN {among}"), {**values, **meant, "shown": 0})
    if not rows and (slipped := other_names.with_a_slip(asked)):
        called, others = formulary.called_otherwise(slipped)
        rows = tx.all(_suggested(f" AND {called}"), {**values, **others})
    found = [Medicine(**{**row.as_dict(), "usable": row["usable"] if pharmacy_id else None}) for row in rows]
    return paging.page(found, SUGGESTIONS, lambda last: str(shown + SUGGESTIONS))


def _suggested(condition: str, best: str = "") -> str:
    return (
        f"SELECT {_MEDICINE}, coalesce(u.usable, 0) AS usable FROM medicines m "
        f"LEFT JOIN ({_STOCKED}) u ON u.medicine_id = m.id WHERE m.retired_at IS NULL {condition} "
        f"ORDER BY {best}coalesce(u.usable, 0) <= 0, length(m.dci), search_key, m.id LIMIT :limit OFFSET :shown"
    )


def medicine(tx: Transaction, medicine_id: str, pharmacy_id: str | None = None) -> Medicine:
    """One medicine that may be prescribed and received. Raises NotFound."""
    return ask_medicine(tx, medicine_id, pharmacy_id)()


def ask_medicine(tx: Transaction, medicine_id: str, pharmacy_id: str | None = None) -> Callable[[], Medicine]:
    """The same for later (`Transaction.ask`): it is what is returned that raises."""
    rows = tx.ask(
        f"SELECT {_MEDICINE}, {_usable('m.id')} AS usable FROM medicines m WHERE m.id = :id AND m.retired_at IS NULL",
        {"id": medicine_id, "pharmacy": pharmacy_id, "today": today(tx)},
    )

    def medicine() -> Medicine:
        for row in rows():
            return Medicine(**{**row.as_dict(), "usable": row["usable"] if pharmacy_id else None})
        raise NotFound

    return medicine


def listed(tx: Transaction, medicine_ids: Collection[str]) -> set[str]:
    """Which of these may be prescribed and received."""
    if not medicine_ids:
        return set()
    among, values = given(medicine_ids)
    rows = tx.all(f"SELECT m.id FROM medicines m WHERE m.id IN {among} AND m.retired_at IS NULL", values)
    return {row["id"] for row in rows}


def usable(tx: Transaction, pharmacy_id: str, medicine_ids: Collection[str]) -> Counter[str]:
    """How many units of each of these (few) medicines this pharmacy could still promise today."""
    if not medicine_ids:
        return Counter()
    among, values = given(dict.fromkeys(medicine_ids))
    rows = tx.all(
        "SELECT p.medicine_id, sum(l.on_hand - l.reserved) AS usable "
        "FROM lots l JOIN products p ON p.id = l.product_id "
        f"WHERE p.pharmacy_id = :pharmacy AND p.medicine_id IN {among} AND l.on_hand > 0 AND {USABLE} "
        "GROUP BY p.medicine_id",
        {"pharmacy": pharmacy_id, "today": today(tx), **values},
    )
    return Counter({row["medicine_id"]: row["usable"] for row in rows})


def today(tx: Transaction, days: int = 0) -> str:
    """The transaction's day at the clinic, or some days after it, ISO 8601."""
    return (day(tx.now) + timedelta(days=days)).isoformat()


def _usable(medicine: str) -> str:
    return (
        "(SELECT coalesce(sum(l.on_hand - l.reserved), 0) FROM lots l JOIN products p ON p.id = l.product_id "
        f"WHERE p.pharmacy_id = :pharmacy AND p.medicine_id = {medicine} "
        f"AND l.on_hand > 0 AND {USABLE})"
    )
