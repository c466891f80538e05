"""Patients as the reception desk knows them: found by name, told from one another, and put right.

Nothing of what is in their files is here.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

from fadjma import writing
from fadjma.i18n import iso
from fadjma.identity import directory, enrolment, links, patient_pins, practices
from fadjma.identity.directory import Identity, Patient
from fadjma.identity.identifiers import normalize_identifier
from fadjma.identity.links import Other
from fadjma.store import Page, Transaction, given, paging

PER_PAGE = 20
LIKELY = 10  # shown of those who may be the same person
_WHERE_THEN = practices.then("f", "c.corrected_by", "c.corrected_at")  # of a correction
_COMPARED = 400  # of those who share a word of a name
_ALIKE = 0.8  # of two names, from 0 to 1: « Aminata Ndiaye » and « Aminata Ndiay »
_YEARS = 2  # that two birth dates of one person may be apart; where one is estimated:
YEARS_ESTIMATED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who somebody is, as it may be put right; phone as E.164."""

    given_name: str
    family_name: str
    birth_date: str
    sex: str
    city: str
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What was put right: only what has changed, as it was before."""

    by: str
    place: str
    at: int
    reason: str
    was: dict[str, str]

    def json(self) -> dict[str, Any]:
        return {"by": self.by, "place": self.place, "at": iso(self.at), "reason": self.reason or None, "was": self.was}


@dataclass(frozen=True, slots=True)
class Known(Identity):
    """A patient in a list of the desk."""

    status: str

    def json(self, language: str) -> dict[str, Any]:
        return {**Identity.json(self, language), "status": self.status}


@dataclass(frozen=True, slots=True)
class Registered(Identity):
    """A patient as the desk sees them."""

    email: str | None
    status: str
    has_account: bool  # somebody can sign in as them
    pin: patient_pins.State
    created_at: int
    version: int
    corrections: tuple[Correction, ...] = ()
    links: tuple[Other, ...] = ()  # the other files of the same person

    def json(self, language: str) -> dict[str, Any]:
        return {
            **Identity.json(self, language),
            "status": self.status,
            "version": self.version,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "birth_date": self.birth_date,
            "city": self.city,
            "phone": self.phone,
            "email": self.email,
            "has_account": self.has_account,
            "created_at": iso(self.created_at),
            "pin_state": self.pin,
            "corrections": [correction.json() for correction in self.corrections],
            "links": [other.json() for other in self.links],
        }


def registered(tx: Transaction, patient_id: str) -> Registered:
    """One patient. The caller has checked that the viewer may see who they are. Raises NotFound."""
    known = directory.identity(tx, patient_id)
    row = tx.first(
        "SELECT email, status, password_hash <> '' AS has_account, created_at, version FROM users WHERE id = :id",
        {"id": patient_id},
    )
    assert row
    facts = {**row.as_dict(), "has_account": bool(row["has_account"]), "pin": patient_pins.state(tx, patient_id)}
    return Registered(
        **asdict(known), **facts, corrections=_corrections(tx, patient_id), links=links.others(tx, patient_id)
    )


def _corrections(tx: Transaction, patient_id: str) -> tuple[Correction, ...]:
    rows = tx.all(
        "SELECT p.name, coalesce(f.organization, p.organization) AS organization, c.corrected_at, c.reason, c.was "
        "FROM identity_corrections c JOIN people p ON p.id = c.corrected_by "
        f"{_WHERE_THEN} WHERE c.patient_id = :id ORDER BY c.version DESC",
        {"id": patient_id},
    )
    return tuple(
        Correction(row["name"], row["organization"], row["corrected_at"], row["reason"], json.loads(row["was"]))
        for row in rows
    )


def search(tx: Transaction, q: str, before: str | None = None) -> Page[Identity]:
    """Patients of whom all that `q` says is true, the newest first: an identifier, the beginning of a telephone, or
    words that begin so in the name, in any order. Nobody for an empty one: nobody is browsed. Those whose account is
    closed, too: who comes back has a file already.

    `before` is the `next` of the page before.
    """
    if identifier := normalize_identifier(q):
        owner = directory.with_identifier(tx, identifier)
        if owner:
            return Page([*_known(tx, [owner])])
    condition, words = directory.said_of(q)
    if not words:
        return Page()
    before_at, before_id = paging.position(before)
    rows = tx.all(
        "SELECT u.id, u.created_at FROM users u WHERE u.role = 'patient' "
        f"AND (u.created_at, u.id) < (:before_at, :before_id) {condition} "
        "ORDER BY u.created_at DESC, u.id DESC LIMIT :limit",
        {"before_at": before_at, "before_id": before_id, "limit": PER_PAGE + 1, **words},
    )
    found = paging.page(rows, PER_PAGE, lambda row: paging.cursor(row["created_at"], row["id"]))
    shown: Page[Identity] = Page([*_known(tx, [row["id"] for row in found])])
    shown.next = found.next
    return shown


def _known(tx: Transaction, ids: Sequence[str]) -> list[Known]:
    """These (few) patients, in their order."""
    among, values = given(ids)
    rows = tx.all(f"SELECT id, status FROM users WHERE id IN {among}", values)
    status = {row["id"]: row["status"] for row in rows}
    return [Known(**asdict(one), status=status[one.id]) for one in directory.identities(tx, ids)]


def likely(tx: Transaction, facts: Facts, *, but: str = "") -> list[Known]:
    """Who may be the same person, the likeliest first: nearly the same name, whatever its order, capitals and accents,
    and a birth date that may be the same; or the same given name behind the same telephone.
    """
    name = _name(facts.given_name, facts.family_name)
    alike: list[tuple[float, Identity]] = []
    for other in directory.identities(tx, _compared(tx, facts)):
        likeness = _likeness(name, _name(other.given_name, other.family_name))
        same_phone = facts.phone is not None and other.phone == facts.phone
        same_given = _likeness(_name(facts.given_name), _name(other.given_name)) >= _ALIKE
        if other.id != but and (likeness >= _ALIKE or (same_phone and same_given)):
            alike.append((likeness + same_phone, other))
    alike.sort(key=lambda found: (-found[0], found[1].id))
    return _known(tx, [other.id for _, other in alike[:LIKELY]])


def _compared(tx: Transaction, facts: Facts) -> list[str]:
    """Whom to compare: patients with a word of the name and about that age, or with that telephone.

    Those with most of the words come first: many are called Fatou, and many Ndiaye.
    """
    words = {f"w{i}": word for i, word in enumerate(_words(facts.given_name, facts.family_name))}
    year = int(facts.birth_date[:4])
    apart = f"CASE WHEN length(p.birth_date) < 10 THEN {YEARS_ESTIMATED} ELSE :years END"
    rows = tx.all(
        "SELECT u.id FROM account_words w JOIN users u ON u.id = w.user_id "
        "JOIN patients p ON p.user_id = u.id "
        f"WHERE w.word IN ({', '.join(f':{name}' for name in words) or 'NULL'}) AND u.role = 'patient' "
        f"AND abs(CAST(substr(p.birth_date, 1, 4) AS INTEGER) - :year) <= {apart} "
        "GROUP BY u.id ORDER BY count(*) DESC LIMIT :most",
        {
            **words,
            "year": year,
            "years": _YEARS if len(facts.birth_date) == 10 else YEARS_ESTIMATED,
            "most": _COMPARED,
        },
    )
    sharing = tx.all(
        "SELECT id FROM users WHERE phone = :phone AND role = 'patient' ORDER BY created_at, id LIMIT :most",
        {"phone": facts.phone, "most": _COMPARED},
    )
    return list(dict.fromkeys(row["id"] for row in [*rows, *sharing]))


def are_alike(one: Patient, other: Patient) -> bool:
    """Whether one is easily taken for the other: nearly the same name, and about the same age."""
    estimated = len(one.birth_date) < 10 or len(other.birth_date) < 10
    apart = abs(int(one.birth_date[:4]) - int(other.birth_date[:4]))
    names = [_name(patient.given_name, patient.family_name) for patient in (one, other)]
    return apart <= (YEARS_ESTIMATED if estimated else _YEARS) and _likeness(*names) >= _ALIKE


def _words(*texts: str) -> list[str]:
    return writing.search_words(*texts)[:8]


def _name(*texts: str) -> str:
    return " ".join(sorted(_words(*texts)))


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def correct(tx: Transaction, before: Registered, facts: Facts, *, by: str, reason: str) -> bool:
    """Put somebody's identity right; whether anything has changed."""
    patient_id = before.id
    now, was = asdict(facts), {name: getattr(before, name) for name in asdict(facts)}
    changed = [name for name in now if now[name] != was[name]]
    if not changed:
        return False
    tx.execute(
        "UPDATE users SET given_name = :given_name, family_name = :family_name, phone = :phone, email = :email, "
        "version = version + 1 WHERE id = :id",
        {**{name: now[name] for name in ("given_name", "family_name", "phone", "email")}, "id": patient_id},
    )
    tx.execute(
        "UPDATE patients SET birth_date = :birth_date, sex = :sex, city = :city WHERE user_id = :id",
        {**{name: now[name] for name in ("birth_date", "sex", "city")}, "id": patient_id},
    )
    enrolment.make_findable_anew(tx, patient_id, facts.given_name, facts.family_name, facts.email, facts.phone)
    tx.execute(
        "INSERT INTO identity_corrections (patient_id, version, corrected_by, corrected_at, reason, was) "
        "VALUES (:id, :version, :by, :now, :reason, :was)",
        {
            "id": patient_id,
            "version": before.version + 1,
            "by": by,
            "now": tx.now,
            "reason": reason,
            "was": json.dumps({name: was[name] or "" for name in changed}),
        },
    )
    return True
