"""A patient's problems: in their doctor's words, with a code of ICD-10 or none, since when, and whether it goes on.

Each version of one has a row here. Its title and text say the same in words, by which it is found, and one version is
compared with another. The words are the doctor's own: there is no list of labels (docs/decisions/15-libraries.md).
"""

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fadjma import writing
from fadjma.i18n import iso
from fadjma.records import covered
from fadjma.store import Row, Transaction, given

Status = Literal["active", "past"]
STATUSES: tuple[Status, ...] = get_args(Status)
_CODE = re.compile(r"([A-Z][0-9]{2})(?:\.?([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Problem:
    """What a version of one says. `since`: as much of a date as is known."""

    words: str
    icd: str = ""
    since: str = ""
    status: Status = "active"
    ended_on: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        return writing.capitalized(self.words)

    @property
    def body(self) -> str:
        """In French as all that is stored."""
        said = (
            f"Code CIM-10 : {self.icd}" if self.icd else "",
            f"Depuis : {_written(self.since)}" if self.since else "",
            f"Terminé{_ended(self.ended_on)}" if self.status == "past" else "",
            self.note,
        )
        return "\n".join(filter(None, said))

    def json(self, language: str) -> dict[str, Any]:
        return {
            "words": self.words,
            "icd": self.icd or None,
            "since": self.since or None,
            "status": self.status,
            "ended_on": self.ended_on or None,
            "note": self.note or None,
        }


def _written(day: str) -> str:
    """03/05/2019, 05/2019 or 2019."""
    return "/".join(reversed(day.split("-")))


def _ended(day: str) -> str:
    return f" le {_written(day)}" if day else ""


@dataclass(frozen=True, slots=True)
class Known:
    """One of a patient's, as it is now."""

    id: str  # of its record
    version: int
    noted_at: int  # this version
    author_name: str
    profession: str
    facts: Problem

    def json(self, language: str) -> dict[str, Any]:
        said = {"id": self.id, "version": self.version, "noted_at": iso(self.noted_at), "noted_by": self.author_name}
        return {**said, **self.facts.json(language)}


_FACTS = "f.words, f.icd, f.since, f.status, f.ended_on, f.note"


def code_of(typed: str) -> str | None:
    """A code of ICD-10 as it is written there, from « i10 », « E119 » or « E11.9 »; None of what has another form."""
    found = _CODE.fullmatch(writing.plain_digits(typed).upper().strip())
    return ".".join(filter(None, found.groups())) if found else None


def of_patient(tx: Transaction, patient_id: str) -> tuple[Known, ...]:
    """Those that go on, then those that are past, each kind by its words. The caller has checked the right."""
    rows = tx.all(
        f"SELECT r.id, r.version, v.created_at AS noted_at, a.name AS author_name, a.profession, {_FACTS} "
        "FROM records r JOIN record_versions v ON v.record_id = r.id AND v.version = r.version "
        "JOIN people a ON a.id = v.author_id JOIN problem_facts f ON f.record_id = r.id AND f.version = r.version "
        "WHERE r.patient_id = :patient AND r.type = 'problem' AND r.status = 'current'",
        {"patient": patient_id},
    )
    found = (
        Known(row["id"], row["version"], row["noted_at"], row["author_name"], row["profession"], _facts(row))
        for row in rows
    )
    return tuple(sorted(found, key=lambda one: (one.facts.status, writing.sort_key(one.facts.words), one.id)))


def facts_of(tx: Transaction, record_ids: list[str]) -> dict[str, Problem]:
    """What these (few) records say in their fields now, those that have any."""
    among, values = given(record_ids)
    rows = tx.all(
        f"SELECT r.id, {_FACTS} FROM records r "
        f"JOIN problem_facts f ON f.record_id = r.id AND f.version = r.version WHERE r.id IN {among}",
        values,
    )
    return {row["id"]: _facts(row) for row in rows}


def write(tx: Transaction, record_id: str, version: int, facts: Problem) -> None:
    """What a version says, which has just been added."""
    tx.send(
        "INSERT INTO problem_facts (record_id, version, words, icd, since, status, ended_on, note) "
        "VALUES (:record, :version, :words, :icd, :since, :status, :ended_on, :note)",
        {
            "record": record_id,
            "version": version,
            "words": facts.words,
            "icd": facts.icd,
            "since": facts.since,
            "status": facts.status,
            "ended_on": facts.ended_on,
            "note": facts.note,
        },
    )
    covered.version(tx, covered.PROBLEMS, record_id, version)


def _facts(row: Row) -> Problem:
    return Problem(row["words"], row["icd"], row["since"], row["status"], row["ended_on"], row["note"])
