"""Reading a patient's allergies: to what, how one reacts, how badly; that none is known; or that nobody has asked.

Each is a record of its type, of which every version has fields of its own beside its title. What was written before
there were any, or is sent without, is an allergy « en toutes lettres »: it is shown, and compared with nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fadjma import writing
from fadjma.i18n import N_, iso
from fadjma.records import allergens
from fadjma.store import Row, Transaction, given, searching

Kind = Literal["medicine", "class", "food", "other", "none_known"]
Severity = Literal["", "mild", "moderate", "severe"]
Status = Literal["active", "refuted"]
State = Literal["known", "none_known", "unknown"]

NONE_KNOWN = N_("Aucune allergie connue")
KINDS: tuple[Kind, ...] = ("medicine", "class", "food", "other")  # that somebody writes; a family also as a medicine
SEVERITIES: Mapping[str, str] = {
    "mild": N_("légère"),
    "moderate": N_("modérée"),
    "severe": N_("grave"),
}  # http://hl7.org/fhir/reaction-event-severity
STATUSES: tuple[Status, ...] = get_args(Status)
_EVER = 2**62  # later than any moment, also of a clock that ran ahead
_TYPED, _SUGGESTED = 2, 12  # letters from which on substances are proposed, and how many at most
# A title that says there is none, and nothing else: « sauf pénicilline » after it is what matters.
_DENIED = re.compile(
    r"(aucune allergie|(pas|absence) d'allergies?)"
    r"( (connue?s?|medicamenteuses?|alimentaires?|signalees?|declarees?|rapportees?|retrouvees?|notees?|ni|ou|et"
    r"|a ce jour|a ma connaissance))*"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a version of an allergy says in its fields. `atc`: codes and beginnings of codes, with spaces between."""

    kind: Kind
    substance: str
    atc: str = ""
    reaction: str = ""
    severity: Severity = ""
    status: Status = "active"

    @property
    def title(self) -> str:
        """What it is called where there is room for a line, in French as all that is stored."""
        return writing.capitalized(self.substance) or NONE_KNOWN

    @property
    def comparable(self) -> bool:
        """Whether a medicine can be compared with it by more than its name; of a food there is nothing to compare."""
        return bool(self.reach) or self.kind in ("food", "other", "none_known")

    @property
    def reach(self) -> tuple[str, ...]:
        """The beginnings of the ATC codes of the medicines that it is about."""
        if self.kind == "food":
            return ()
        return tuple(self.atc.split()) if self.kind == "class" else allergens.reach(self.atc, self.substance)

    @property
    def severity_label(self) -> str:
        return SEVERITIES.get(self.severity, "")

    def json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "substance": self.substance or None,
            "atc": self.atc.split(),
            "reaction": self.reaction or None,
            "severity": self.severity or None,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class Allergy:
    """One of them, as it is now; `facts` None: in words only."""

    id: str  # of its record
    title: str
    noted_at: int  # this version
    author_name: str
    profession: str
    facts: Facts | None

    @property
    def denies(self) -> bool:
        """Whether its words say that there is none: then no alarm stands before them. No more is made of words."""
        said = " ".join(writing.fold(self.title).rstrip(" .!").split())
        return self.facts is None and _DENIED.fullmatch(said) is not None

    def json(self) -> dict[str, Any]:
        said = self.facts.json() if self.facts else dict.fromkeys(("kind", "substance", "atc", "reaction", "severity"))
        return {
            "id": self.id,
            "title": self.title,
            "in_words": self.facts is None,
            "noted_at": iso(self.noted_at),
            "noted_by": self.author_name,
            "status": "active",
            **said,
        }


@dataclass(frozen=True, slots=True)
class Allergies:
    """All that is known of a patient's allergies; what was entered in error is not among it."""

    active: tuple[Allergy, ...] = ()
    refuted: tuple[Allergy, ...] = ()
    none_known: Allergy | None = None  # who has said so last

    @property
    def state(self) -> State:
        if self.active:
            return "known"
        return "none_known" if self.none_known else "unknown"

    @property
    def titles(self) -> tuple[str, ...]:
        return tuple(one.title for one in self.active)

    @property
    def alarming(self) -> tuple[Allergy, ...]:
        return tuple(one for one in self.active if not one.denies)

    @property
    def denied_in_words(self) -> tuple[Allergy, ...]:
        return tuple(one for one in self.active if one.denies)

    def json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "none_known_since": iso(self.none_known.noted_at)
            if self.state == "none_known" and self.none_known
            else None,
            "items": [one.json() for one in (*self.active, *self.refuted)],
        }


_FACTS = "f.kind, f.substance, f.atc, f.reaction, f.severity, f.status"


def of_patient(tx: Transaction, patient_id: str, at: int | None = None) -> Allergies:
    """A patient's allergies, now or as they were at a moment (milliseconds UTC): what a pharmacist sees of the file.

    What was entered in error meanwhile is not among them. The caller has checked the right.
    """
    return ask_of_patient(tx, patient_id, at)()


def ask_of_patient(tx: Transaction, patient_id: str, at: int | None = None) -> Callable[[], Allergies]:
    """The same for later (`Transaction.ask`)."""
    rows = tx.ask(
        f"SELECT r.id, v.title, v.created_at AS noted_at, a.name AS author_name, a.profession, {_FACTS} "
        "FROM records r JOIN record_versions v ON v.record_id = r.id AND v.version = "
        "(SELECT max(w.version) FROM record_versions w WHERE w.record_id = r.id AND w.created_at <= :at) "
        "JOIN people a ON a.id = v.author_id "
        "LEFT JOIN allergy_facts f ON f.record_id = v.record_id AND f.version = v.version "
        "WHERE r.patient_id = :patient AND r.type = 'allergy' AND r.status = 'current' ORDER BY r.occurred_on, r.id",
        {"patient": patient_id, "at": _EVER if at is None else at},
    )
    return lambda: _sorted(rows())


def _sorted(rows: Iterable[Row]) -> Allergies:
    found = [_allergy(row) for row in rows]
    stated = [one for one in found if one.facts and one.facts.kind == "none_known"]
    others = [one for one in found if one not in stated]
    refuted = tuple(one for one in others if one.facts and one.facts.status == "refuted")
    return Allergies(
        active=tuple(one for one in others if one not in refuted),
        refuted=refuted,
        none_known=max(stated, key=lambda one: one.noted_at, default=None),
    )


def facts_of(tx: Transaction, record_ids: list[str]) -> dict[str, Facts]:
    """What these (few) records say in their fields now, those that have any."""
    among, values = given(record_ids)
    rows = tx.all(
        f"SELECT r.id, {_FACTS} FROM records r "
        f"JOIN allergy_facts f ON f.record_id = r.id AND f.version = r.version WHERE r.id IN {among}",
        values,
    )
    return {row["id"]: _facts(row) for row in rows}


def known_codes(tx: Transaction, substance: str) -> str:
    """The ATC codes of a medicine, with spaces between; empty where it is not known.

    By its DCI in the list of medicines, else by a name of its products there, else by another name that people give it;
    what is in the list only together with something else has the codes of that.
    """
    asked = allergens.substances(substance)
    if not asked:
        return ""
    named = [(allergens.substances(row["dci"]), row) for row in _named(tx, substance)]
    found = [row for made_of, row in named if made_of == asked] or [
        row for _, row in named if writing.fold(substance) in map(str.strip, writing.fold(row["brands"]).split(","))
    ]
    if not found and (also := allergens.substance_named(substance)):
        return also
    return " ".join(sorted({row["atc"] for row in found or [row for made_of, row in named if asked <= made_of]}))


def suggested(tx: Transaction, q: str) -> list[str]:
    """Families, and substances of the list of medicines, in which what was typed begins words; a dozen at most."""
    asked = writing.fold(q).split()
    families = [name for name in allergens.FAMILIES.values() if _begin(asked, writing.fold(name))]
    named = {row["dci"] for row in _named(tx, q)} if len("".join(asked)) >= _TYPED else set()
    return [*(families if asked else ()), *sorted(named, key=writing.sort_key)][:_SUGGESTED]


def _begin(asked: list[str], name: str) -> bool:
    return all(any(word.startswith(one) for word in name.split()) for one in asked)


def _named(tx: Transaction, q: str) -> list[Row]:
    """The substances, with their codes, of the medicines in whose names each of these words begins one."""
    said, values = searching.every(writing.asked_words(q), searching.in_key("w.words"))
    return tx.all(
        "SELECT DISTINCT c.dci, c.atc, c.brands FROM medicine_classes c "
        f"JOIN words_of_medicines w ON w.medicine_id = c.medicine_id WHERE c.atc <> ''{said}",
        values,
    )


def _allergy(row: Row) -> Allergy:
    facts = _facts(row) if row["kind"] else None
    return Allergy(row["id"], row["title"], row["noted_at"], row["author_name"], row["profession"], facts)


def _facts(row: Row) -> Facts:
    return Facts(row["kind"], row["substance"], row["atc"], row["reaction"], row["severity"], row["status"])
