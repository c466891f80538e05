"""Who acts for whom (FHIR RelatedPerson): one sign-in for a child, for a mother who cannot read.

Whether somebody still may is decided from the dates whenever it is read; that time has ended it is only written down
later (docs/decisions/11). A child's ends with the age that the clinic has chosen (rules.py).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from fadjma import days, rules
from fadjma.i18n import N_, age, iso
from fadjma.identity.people import full_name
from fadjma.ids import new_id
from fadjma.refusals import NotFound
from fadjma.store import Row, Transaction, given, given_in_parts

Relationship = Literal["parent", "child", "spouse", "sibling", "guardian", "other"]
Seen = Literal["", "document", "pin"]
# What whoever acts is to the patient, in the order of the forms.
RELATIONSHIPS: dict[Relationship, str] = {
    "parent": N_("Père ou mère"),
    "child": N_("Fils ou fille"),
    "spouse": N_("Époux ou épouse"),
    "sibling": N_("Frère ou sœur"),
    "guardian": N_("Tuteur ou tutrice"),
    "other": N_("Autre proche"),
}
# That `x` is not over now, and that it runs; of values(tx). A child is old enough on the day that the age has it
# (i18n.age): of an estimated birth, on the first day of the month or the year.
_LASTS = """
    x.ended_at IS NULL AND (x.until IS NULL OR x.until > :now)
    AND (x.of_age = 0 OR (SELECT c.birth_date FROM patients c WHERE c.user_id = x.patient_id) > :grown)
    AND (SELECT q.status FROM users q WHERE q.id = x.patient_id) = 'active'
"""
RUNS = f"x.accepted_at IS NOT NULL AND {_LASTS}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by name."""

    id: str
    name: str

    def json(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Proxy:
    """One person acting for another: waiting to be accepted, running, or ended."""

    id: str
    proxy: Person
    proxy_identifier: str
    patient: Person
    relationship: Relationship
    of_age: bool  # it ends when the patient has the age
    given_by: str  # by name
    given_by_id: str
    given_at: int
    seen: Seen
    accepted_at: int | None
    until: int | None
    ended_at: int | None
    ended_by: str | None  # by name; None: time
    version: int
    lasts: bool  # nobody has ended it, and time has not

    @property
    def status(self) -> str:
        if not self.lasts:
            return "ended"
        return "waiting" if self.accepted_at is None else "active"

    @property
    def relationship_label(self) -> str:
        return RELATIONSHIPS[self.relationship]

    @property
    def end_age(self) -> int:
        """Of the patient, where it is `of_age`."""
        return rules.current().proxy_age

    def json(self, language: str) -> dict[str, Any]:
        # Whoever knows an identifier does not learn from it whose it is: the name is there once they have accepted.
        proxy = self.proxy.json() if self.accepted_at else {"id": self.proxy.id, "name": None}
        return {
            "id": self.id,
            "status": self.status,
            "version": self.version,
            "proxy": {**proxy, "identifier": self.proxy_identifier},
            "patient": self.patient.json(),
            "relationship": self.relationship,
            "ends_of_age": self.of_age,
            "given_by": self.given_by,
            "given_at": iso(self.given_at),
            "seen": self.seen or None,
            "accepted_at": iso(self.accepted_at) if self.accepted_at else None,
            "until": iso(self.until) if self.until else None,
            "ended_at": iso(self.ended_at) if self.ended_at else None,
            "ended_by": self.ended_by,
        }


_PROXY = f"""
    SELECT x.id, x.proxy_id, (SELECT name FROM people WHERE id = x.proxy_id) AS proxy_name,
           coalesce((SELECT identifier FROM patients WHERE user_id = x.proxy_id), '') AS proxy_identifier,
           x.patient_id, (SELECT name FROM people WHERE id = x.patient_id) AS patient_name, x.relationship, x.of_age,
           (SELECT name FROM people WHERE id = x.given_by) AS given_by, x.given_by AS given_by_id, x.given_at, x.seen,
           x.accepted_at, x.until, x.ended_at, (SELECT name FROM people WHERE id = x.ended_by) AS ended_by, x.version,
           CASE WHEN {_LASTS} THEN 1 ELSE 0 END AS lasts
    FROM proxies x
"""


def values(tx: Transaction) -> dict[str, int | str]:
    """What RUNS asks about."""
    today = days.day(tx.now)
    return {"now": tx.now, "grown": f"{today.year - rules.current().proxy_age:04d}{today.isoformat()[4:]}"}


def is_child(tx: Transaction, birth_date: str) -> bool:
    """Whether somebody born then has not yet the age at which they speak for themselves."""
    return age(birth_date, days.day(tx.now)) < rules.current().proxy_age


def one(tx: Transaction, proxy_id: str) -> Proxy:
    """One of them. Raises NotFound."""
    row = tx.first(f"{_PROXY} WHERE x.id = :id", {**values(tx), "id": proxy_id})
    if row is None:
        raise NotFound
    return _proxy(row)


def some(tx: Transaction, proxy_ids: list[str]) -> list[Proxy]:
    """These (few), whosever they are."""
    among, named = given(proxy_ids)
    rows = tx.all(f"{_PROXY} WHERE x.id IN {among}", {**values(tx), **named})
    return [_proxy(row) for row in rows]


def running_of(tx: Transaction, person_id: str) -> list[Proxy]:
    """Those by which this person may act now, by the names of the patients."""
    return _all(tx, f"x.proxy_id = :id AND {RUNS}", person_id)


def is_any_of(tx: Transaction, person_id: str) -> bool:
    """Whether there is somebody for whom this person may act now."""
    sql = f"SELECT 1 FROM proxies x WHERE x.proxy_id = :id AND {RUNS} LIMIT 1"
    return tx.value(sql, {**values(tx), "id": person_id}) is not None


def offered_to(tx: Transaction, person_id: str) -> list[Proxy]:
    """Those that wait for this person to accept them."""
    return _all(tx, f"x.proxy_id = :id AND x.accepted_at IS NULL AND {_LASTS}", person_id)


def over(tx: Transaction, patient_id: str) -> list[Proxy]:
    """Those by which others act for this patient, or have; the newest first."""
    rows = tx.all(
        f"{_PROXY} WHERE x.patient_id = :id ORDER BY x.given_at DESC, x.id DESC", {**values(tx), "id": patient_id}
    )
    return [_proxy(row) for row in rows]


def between(tx: Transaction, proxy_id: str, patient_id: str) -> str | None:
    """The id of the one by which this person may act for that patient now."""
    found: str | None = tx.value(
        f"SELECT x.id FROM proxies x WHERE x.proxy_id = :proxy AND x.patient_id = :patient AND {RUNS}",
        {**values(tx), "proxy": proxy_id, "patient": patient_id},
    )
    return found


def may_be(tx: Transaction, own_id: str, person_id: str) -> bool:
    """Whether this is the person who is signed in, or somebody for whom they may act now."""
    return own_id == person_id or between(tx, own_id, person_id) is not None


def who_acts_for(tx: Transaction, patient_id: str) -> list[str]:
    """The ids of those who may act for this patient now."""
    return ask_who_acts_for(tx, patient_id)()


def ask_who_acts_for(tx: Transaction, patient_id: str) -> Callable[[], list[str]]:
    """The same, asked now and answered when it is called (`Transaction.ask`)."""
    rows = tx.ask(
        f"SELECT x.proxy_id FROM proxies x JOIN users p ON p.id = x.proxy_id "
        f"WHERE x.patient_id = :id AND p.status = 'active' AND {RUNS}",
        {**values(tx), "id": patient_id},
    )
    return lambda: [row["proxy_id"] for row in rows()]


def phones(tx: Transaction, patient_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Of these (few) patients, who may act for them now and can be called: name and number, of several the first."""
    among, of_these = given(patient_ids)
    rows = tx.all(
        "SELECT x.patient_id, p.given_name, p.family_name, p.phone FROM proxies x JOIN users p ON p.id = x.proxy_id "
        f"WHERE x.patient_id IN {among} AND p.status = 'active' AND p.phone <> '' AND {RUNS} "
        "ORDER BY x.given_at DESC, x.id DESC",
        {**values(tx), **of_these},
    )
    return {row["patient_id"]: (full_name(row["given_name"], row["family_name"]), row["phone"]) for row in rows}


def reached(tx: Transaction, patient_ids: Collection[str]) -> set[str]:
    """Those of these patients whose inbox somebody reads: they themselves, or one who may act for them now."""
    ids, found = list(patient_ids), set[str]()
    for among, of_these in given_in_parts(ids):
        rows = tx.all(
            f"SELECT u.id FROM users u WHERE u.id IN {among} AND u.status = 'active' AND u.password_hash <> '' "
            "UNION SELECT x.patient_id FROM proxies x JOIN users p ON p.id = x.proxy_id "
            f"WHERE x.patient_id IN {among} AND p.status = 'active' AND {RUNS}",
            {**values(tx), **of_these},
        )
        found.update(row["id"] for row in rows)
    return found


def add(
    tx: Transaction,
    *,
    proxy_id: str,
    patient_id: str,
    relationship: Relationship,
    of_age: bool,
    by: str,
    seen: Seen,
    document: str,
    accepted: bool,
    until: int | None,
) -> str:
    """Let one act for the other, once it is `accepted`; returns its id. Raises Duplicate where one is open."""
    made = new_id()
    tx.execute(
        "INSERT INTO proxies (id, proxy_id, patient_id, relationship, of_age, given_by, given_at, seen, document, "
        "accepted_at, until) VALUES (:id, :proxy, :patient, :relationship, :of_age, :by, :now, :seen, :document, "
        ":accepted_at, :until)",
        {
            "id": made,
            "proxy": proxy_id,
            "patient": patient_id,
            "relationship": relationship,
            "of_age": int(of_age),
            "by": by,
            "now": tx.now,
            "seen": seen,
            "document": document,
            "accepted_at": tx.now if accepted else None,
            "until": until,
        },
    )
    return made


def accept(tx: Transaction, proxy_id: str) -> bool:
    """False when it does not wait any more."""
    sql = (
        "UPDATE proxies SET accepted_at = :now, version = version + 1 "
        "WHERE id = :id AND accepted_at IS NULL AND ended_at IS NULL"
    )
    return bool(tx.execute(sql, {"now": tx.now, "id": proxy_id}))


def end(tx: Transaction, proxy_id: str, *, by: str | None) -> bool:
    """False when it was ended already; `by` None: time."""
    sql = (
        "UPDATE proxies SET ended_at = :now, ended_by = :by, version = version + 1 WHERE id = :id AND ended_at IS NULL"
    )
    return bool(tx.execute(sql, {"now": tx.now, "by": by, "id": proxy_id}))


def ended_by_time(tx: Transaction, limit: int) -> list[str]:
    """The ids of those whose time is over, or whose child has the age, and of which it is not written down."""
    rows = tx.all(
        "SELECT x.id FROM proxies x WHERE x.ended_at IS NULL AND x.until <= :now "
        "UNION SELECT x.id FROM proxies x JOIN patients c ON c.user_id = x.patient_id "
        "WHERE x.ended_at IS NULL AND x.of_age = 1 AND c.birth_date <= :grown LIMIT :limit",
        {**values(tx), "limit": limit},
    )
    return [row["id"] for row in rows]


def _all(tx: Transaction, condition: str, person_id: str) -> list[Proxy]:
    rows = tx.all(f"{_PROXY} WHERE {condition}", {**values(tx), "id": person_id})
    return sorted((_proxy(row) for row in rows), key=lambda found: (found.patient.name, found.id))


def _proxy(row: Row) -> Proxy:
    known = row.as_dict()
    return Proxy(
        proxy=Person(known.pop("proxy_id"), known.pop("proxy_name")),
        patient=Person(known.pop("patient_id"), known.pop("patient_name")),
        of_age=bool(known.pop("of_age")),
        lasts=bool(known.pop("lasts")),
        **known,
    )
