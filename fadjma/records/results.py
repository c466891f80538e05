"""Results of tests: several values, each with its unit and the range that its laboratory printed beside it.

Each version of one has a row here, and one for each value. Its title and text say the same in words, by which it is
found, and one version is compared with another. Whether a value is high or low is worked out, never typed.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

from fadjma import writing
from fadjma.records import covered, units
from fadjma.store import Row, Transaction, given

Comparator = Literal["", "<", "<=", ">=", ">"]  # as FHIR's Quantity.comparator; empty: the value itself
COMPARATORS: tuple[Comparator, ...] = get_args(Comparator)
Mark = Literal["low", "high"]
MOST = 20  # values of one result
_BEFORE = 200  # values of earlier results that are looked through for what is proposed
_NUMBER = re.compile(r"(-?)([0-9]{1,9}|[0-9]{1,3}(?: [0-9]{3}){1,2})(?:[.,]([0-9]{1,6}))?")
_COMPARED = re.compile(r"(<=|>=|≤|≥|<|>)? ?(.*)")
_SIGNS: dict[str, Comparator] = {"": "", "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}
_MARKED = {"low": "bas", "high": "élevé"}


def number(typed: str) -> Decimal | None:
    """« 5,4 », « 5.4 » or « 12 500 », with every digit that was written; None of what is no number."""
    found = _NUMBER.fullmatch(writing.plain_digits(typed).strip())
    if found is None:
        return None
    sign, whole, after = found.groups("")
    return Decimal(f"{sign}{whole.replace(' ', '')}{'.' if after else ''}{after}")


def compared(typed: str) -> tuple[Comparator, Decimal] | None:
    """« <0,01 », « ≥ 500 » or a number alone; None of anything else."""
    found = _COMPARED.fullmatch(writing.plain_digits(typed).strip())
    value = number(found[2]) if found else None
    return (_SIGNS[found[1] or ""], value) if found and value is not None else None


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `low`, `high`: the bounds of the range, which belong to it; None: it has none on that side."""

    analysis: str
    number: Decimal
    comparator: Comparator = ""
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def mark(self) -> Mark | None:
        """Whether it is outside the range for certain: of « <5 », where 4 is the least, nobody knows."""
        low, high, sign = self.low, self.high, self.comparator
        if low is not None and sign in ("", "<", "<=") and (self.number < low or (sign, self.number) == ("<", low)):
            return "low"
        if high is not None and sign in ("", ">", ">=") and (self.number > high or (sign, self.number) == (">", high)):
            return "high"
        return None

    @property
    def shown_unit(self) -> str:
        return units.shown(self.unit)

    @property
    def words(self) -> str:
        """In French as all that is stored."""
        unit = f" {self.shown_unit}" if self.unit else ""
        bounds = _bounds(self.low, self.high)
        mark = f", {_MARKED[self.mark]}" if self.mark else ""
        return f"{self.analysis} : {self.comparator}{written(self.number)}{unit}{bounds}{mark}"

    def json(self) -> dict[str, Any]:
        return {
            "analysis": self.analysis,
            "comparator": self.comparator or None,
            "value": float(self.number),
            "unit": self.unit or None,
            "low": None if self.low is None else float(self.low),
            "high": None if self.high is None else float(self.high),
            "interpretation": self.mark,
        }


def written(value: Decimal | None) -> str:
    """As it is typed in French; empty for none."""
    return "" if value is None else f"{value:f}".replace(".", ",")


def _bounds(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return "" if high is None else f" (jusqu'à {written(high)})"
    return f" (à partir de {written(low)})" if high is None else f" ({written(low)} à {written(high)})"


@dataclass(frozen=True, slots=True)
class Result:
    """What a version of one says."""

    values: tuple[Value, ...]
    exam: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        """What it is called, or its first analyses."""
        named = self.exam or ", ".join(one.analysis for one in self.values[:3])
        return writing.capitalized(named[:150])

    @property
    def body(self) -> str:
        return "\n".join(filter(None, (*(one.words for one in self.values), self.note)))

    def json(self, language: str) -> dict[str, Any]:
        values = [one.json() for one in self.values]
        return {"exam": self.exam or None, "values": values, "note": self.note or None}


@dataclass(frozen=True, slots=True)
class Proposed:
    """An analysis that a patient has had before, and its unit then."""

    analysis: str
    unit: str


_VALUES = (
    "SELECT r.id, v.analysis, v.comparator, v.number, v.unit, v.low, v.high FROM records r "
    "JOIN result_values v ON v.record_id = r.id AND v.version = r.version"
)


def facts_of(tx: Transaction, record_ids: list[str]) -> dict[str, Result]:
    """What these (few) records say in their fields now, those that have any."""
    among, values = given(record_ids)
    rows = tx.all(
        "SELECT r.id, f.exam, f.note FROM records r "
        f"JOIN result_facts f ON f.record_id = r.id AND f.version = r.version WHERE r.id IN {among}",
        values,
    )
    found: dict[str, list[Value]] = {row["id"]: [] for row in rows}
    for row in tx.all(f"{_VALUES} WHERE r.id IN {among} ORDER BY v.position", values) if rows else ():
        found[row["id"]].append(_value(row))
    return {row["id"]: Result(tuple(found[row["id"]]), row["exam"], row["note"]) for row in rows}


def proposed(tx: Transaction, patient_id: str) -> list[Proposed]:
    """What is proposed while a result is typed: this patient's earlier analyses. The caller has checked the right."""
    rows = tx.all(
        f"{_VALUES} WHERE r.patient_id = :patient AND r.type = 'test_result' AND r.status = 'current' "
        "ORDER BY r.occurred_on DESC, r.id DESC, v.position LIMIT :limit",
        {"patient": patient_id, "limit": _BEFORE},
    )
    newest = {writing.fold(row["analysis"]): Proposed(row["analysis"], row["unit"]) for row in reversed(rows)}
    return sorted(newest.values(), key=lambda one: writing.sort_key(one.analysis))


def _value(row: Row) -> Value:
    bounds = (Decimal(row[name]) if row[name] else None for name in ("low", "high"))
    return Value(row["analysis"], Decimal(row["number"]), row["comparator"], row["unit"], *bounds)


def write(tx: Transaction, record_id: str, version: int, facts: Result) -> None:
    """What a version says, which has just been added."""
    whose = {"record": record_id, "version": version}
    tx.send(
        "INSERT INTO result_facts (record_id, version, exam, note) VALUES (:record, :version, :exam, :note)",
        {**whose, "exam": facts.exam, "note": facts.note},
    )
    tx.execute_many(
        "INSERT INTO result_values (record_id, version, position, analysis, comparator, number, unit, low, high) "
        "VALUES (:record, :version, :position, :analysis, :comparator, :number, :unit, :low, :high)",
        [
            {
                **whose,
                "position": position,
                "analysis": one.analysis,
                "comparator": one.comparator,
                "number": f"{one.number:f}",
                "unit": one.unit,
                "low": "" if one.low is None else f"{one.low:f}",
                "high": "" if one.high is None else f"{one.high:f}",
            }
            for position, one in enumerate(facts.values)
        ],
    )
    covered.version(tx, covered.RESULTS, record_id, version)
    covered.version(tx, covered.RESULT_VALUES, record_id, version)
