"""Reading people: accounts for the admin, and the few facts about a person that others may see."""

import re
from dataclasses import dataclass
from typing import Any

from fadjma.events.subjects import Named
from fadjma.i18n import iso
from fadjma.identity import directory, passwords, pins, slips
from fadjma.identity.directory import Patient
from fadjma.identity.people import PROFESSIONS, Role, Viewer, full_name, role_name
from fadjma.identity.slips import Slip
from fadjma.refusals import NotFound
from fadjma.store import Page, Row, Transaction, given, paging

PER_PAGE = 50
WAITING = "pending~"  # before a cursor: of the list of those who wait
CURSOR = re.compile(f"({WAITING})?{paging.MOMENT.pattern}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its admin sees it: no medical content."""

    id: str
    role: Role
    status: str
    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    created_at: int
    verified_at: int | None
    signed_in_at: int | None
    licence_number: str | None
    specialty: str | None
    profession: str | None
    organization_id: str | None
    organization: str | None
    refusal: str
    version: int
    patient: Patient | None  # of a patient, what tells them from others of the same name

    @property
    def name(self) -> str:
        return full_name(self.given_name, self.family_name)

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return paging.cursor(self.created_at, self.id)

    @property
    def role_name(self) -> str:
        return PROFESSIONS.get(self.profession or "") or role_name(
            self.role, self.patient.sex if self.patient else None
        )

    @property
    def works(self) -> bool:
        """Whether this is somebody of a clinic or a pharmacy, with a licence."""
        return self.organization_id is not None

    @property
    def reaches_themselves(self) -> bool:
        """Whether how this person is reached is theirs alone to change: they have been in, or might be by now."""
        return self.signed_in_at is not None or self.status == "deactivated"

    @property
    def is_licensed(self) -> bool:
        """Whether this is somebody whom an Order knows: who prescribes or dispenses."""
        return self.role in ("doctor", "pharmacist")

    def json(self, language: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "role": self.role,
            "status": self.status,
            "name": self.name,
            "licence_number": self.licence_number,
            "specialty": self.specialty,
            "profession": self.profession or None,
            "organization_id": self.organization_id,
            "organization": self.organization,
            "refusal": self.refusal or None,
            "created_at": iso(self.created_at),
            "last_sign_in_at": iso(self.signed_in_at) if self.signed_in_at else None,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Contact:
    """What somebody has said; phone as E.164. Staff have no pharmacy that they go to."""

    id: str
    phone: str | None
    email: str | None
    pharmacy_id: str | None
    version: int

    def json(self, language: str) -> dict[str, Any]:
        known = {"phone": self.phone, "email": self.email, "pharmacy_id": self.pharmacy_id}
        return {"id": self.id, "status": "active", "version": self.version, **known, "language": language}


@dataclass(frozen=True, slots=True)
class Profile:
    """One's own account: how one is reached, and where one works."""

    id: str
    role: Role
    given_name: str
    family_name: str
    language: str
    email: str | None
    phone: str | None
    identifier: str | None  # of patients
    licence_number: str | None
    specialty: str | None
    profession: str | None
    organization: str | None
    resets: list[Slip]  # who has reset the password
    has_pin: bool  # that unlocks the screen

    @property
    def name(self) -> str:
        return full_name(self.given_name, self.family_name)

    @property
    def profession_name(self) -> str:
        return PROFESSIONS.get(self.profession or "", "")

    @property
    def personal(self) -> list[str]:
        """What somebody who knows this person would try as a password."""
        return [text for text in (self.given_name, self.family_name, self.email, self.phone) if text]

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "role": self.role,
            "name": self.name,
            "language": self.language,
            "email": self.email,
            "phone": self.phone,
            "identifier": self.identifier,
            "profession": self.profession or None,
            "organization": self.organization,
            "has_pin": self.has_pin,
            "resets": [slip.json() for slip in self.resets],
        }


_ACCOUNT = """
    SELECT u.*, (SELECT i.identifier FROM patient_identities i WHERE i.id = u.id) AS identifier,
           (SELECT i.birth_date FROM patient_identities i WHERE i.id = u.id) AS birth_date,
           (SELECT i.sex FROM patient_identities i WHERE i.id = u.id) AS sex
    FROM accounts u
"""


def me(tx: Transaction, viewer: Viewer) -> dict[str, Any]:
    """`GET /me`: who I am."""
    identifier = tx.value("SELECT identifier FROM patient_identities WHERE id = :id", {"id": viewer.id})
    known: dict[str, Any] = {"id": viewer.id, "role": viewer.role, "name": viewer.name}
    if viewer.by:
        known["by"] = {"id": viewer.by.id, "name": viewer.by.name}
    return {**known, "identifier": identifier} if identifier else known


def profile(tx: Transaction, viewer: Viewer) -> Profile:
    """One's own account, for its page."""
    row = tx.first(
        "SELECT id, role, given_name, family_name, email, phone, licence_number, specialty, profession, organization, "
        "(SELECT i.identifier FROM patient_identities i WHERE i.id = a.id) AS identifier FROM accounts a "
        "WHERE id = :id",
        {"id": viewer.id},
    )
    assert row
    resets = slips.resets_of(tx, viewer.id) if viewer.by is None else []  # they are nobody else's affair
    return Profile(**row.as_dict(), language=viewer.language, resets=resets, has_pin=pins.is_set(tx, viewer.id))


def has_pin(tx: Transaction, viewer: Viewer) -> bool:
    """Whether a PIN unlocks this person's screen. Raises Forbidden for patients, whose screens do not lock."""
    viewer.require_screen()
    return pins.is_set(tx, viewer.id)


def named(tx: Transaction, viewer: Viewer, account_ids: list[str]) -> dict[str, Named]:
    """For admins, whose these (few) accounts are."""
    if viewer.role != "admin":
        return {}
    among, values = given(account_ids)
    rows = tx.all(f"SELECT id, name, profession FROM people WHERE id IN {among}", values)
    return {row["id"]: Named(row["name"], row["profession"]) for row in rows}


def names(tx: Transaction, account_ids: list[str]) -> list[dict[str, str]]:
    """The ids and names of these (few) people, as whoever has signed in as them may read them."""
    rows = [tx.first("SELECT id, name FROM people WHERE id = :id", {"id": account_id}) for account_id in account_ids]
    return [row.as_dict() for row in rows if row]


@dataclass(frozen=True, slots=True)
class Chooser:
    """Whoever is about to choose a password with a slip, and nobody has signed in as."""

    slip: Slip
    stored_hash: str
    personal: list[str]  # what somebody who knows this person would try
    login: str


def chooser(tx: Transaction, code_hash: str) -> Chooser | None:
    """The person of a code, whatever has become of it; None when there is no such code."""
    slip = slips.by_code(tx, code_hash)
    if slip is None:
        return None
    row = tx.first("SELECT given_name, family_name, email, phone FROM accounts WHERE id = :id", {"id": slip.user_id})
    assert row
    known = [text for text in row if text]
    return Chooser(slip, slip.former_hash or passwords.stored(tx, slip.user_id), known, row["email"] or row["phone"])


@dataclass(frozen=True, slots=True)
class Issued:
    """An account with the slip that its admin may print; the code is no part of what is kept of an answer."""

    account: Account
    slip: Slip | None
    code: str | None

    @property
    def id(self) -> str:
        return self.account.id

    def json(self, language: str) -> dict[str, Any]:
        return {**self.account.json(language), "valid_until": iso(self.slip.expires_at) if self.slip else None}


def issued(tx: Transaction, viewer: Viewer, account_id: str, *, key: bytes) -> Issued:
    """The slip that this admin has issued for an account, while it opens it. Raises NotFound."""
    found = just_issued(tx, viewer, account_id, key=key)
    if found.slip is None:
        raise NotFound
    return found


def just_issued(tx: Transaction, viewer: Viewer, account_id: str, *, key: bytes) -> Issued:
    """An account with the slip that was issued by the act; without, where that is sent again after its use."""
    found = account(tx, viewer, account_id)
    slip = slips.open_for(tx, account_id)
    if slip is None or slip.issued_by != viewer.id:
        return Issued(found, None, None)
    return Issued(found, slip, slips.code_of(key, slip.id))


def account(tx: Transaction, viewer: Viewer, account_id: str) -> Account:
    """One account, for an admin. Raises NotFound."""
    viewer.require("admin")
    row = tx.first(f"{_ACCOUNT} WHERE u.id = :id", {"id": account_id})
    if row is None:
        raise NotFound
    return _account(row)


def waiting(tx: Transaction, after: str | None = None, q: str = "") -> Page[Account]:
    """Doctors and pharmacists to be verified of whom all that `q` says is true, the longest waiting first; `after` is
    the `next` of the page before."""
    begins, words = directory.said_of(q)
    if q.strip() and not words:
        return Page()  # nothing in it that anything is found by
    after_at, after_id = paging.position((after or "").removeprefix(WAITING), otherwise=-1)
    rows = tx.all(
        f"{_ACCOUNT} WHERE u.status = 'pending' AND (u.created_at, u.id) > (:after_at, :after_id) {begins} "
        "ORDER BY u.created_at, u.id LIMIT :limit",
        {"after_at": after_at, "after_id": after_id, "limit": PER_PAGE + 1, **words},
    )
    return paging.page([_account(row) for row in rows], PER_PAGE, lambda item: WAITING + item.cursor)


def count_waiting(tx: Transaction) -> int:
    """How many doctors and pharmacists are to be verified."""
    return int(tx.value("SELECT count(*) FROM accounts u WHERE u.status = 'pending'"))


def accounts(
    tx: Transaction, viewer: Viewer, q: str = "", before: str | None = None, *, all_waiting: bool = True
) -> tuple[Page[Account], Page[Account]]:
    """For an admin: who waits to be verified, and the others, the newest first, of whom all that `q` says is true; of
    who waits, too, unless `all_waiting`: they are work to be done, which is seen while one looks for somebody else.

    Each of its words begins a word of the name or of the e-mail address; a number is the beginning of the telephone's.
    `before` is the `next` of either; who waits is not on the later pages of the others.
    """
    viewer.require("admin")
    is_first = not before or before.startswith(WAITING)
    others = known(tx, q, None if is_first else before)
    return waiting(tx, before, "" if all_waiting else q) if is_first else Page(), others


def known(tx: Transaction, q: str = "", before: str | None = None, limit: int = PER_PAGE) -> Page[Account]:
    """Whom nobody has to verify, the newest first, of whom all that `q` says is true."""
    begins, words = directory.said_of(q)
    if q.strip() and not words:
        return Page()  # nothing in it that anything is found by
    before_at, before_id = paging.position(before)
    rows = tx.all(
        f"{_ACCOUNT} WHERE u.status <> 'pending' AND (u.created_at, u.id) < (:before_at, :before_id) {begins} "
        "ORDER BY u.created_at DESC, u.id DESC LIMIT :limit",
        {"before_at": before_at, "before_id": before_id, "limit": limit + 1, **words},
    )
    return paging.page([_account(row) for row in rows], limit, lambda item: item.cursor)


def _account(row: Row) -> Account:
    values = row.as_dict()
    facts = {name: values.pop(name) for name in ("identifier", "birth_date", "sex")}
    names = {name: row[name] for name in ("id", "given_name", "family_name")}
    return Account(**values, patient=Patient(**names, **facts) if facts["identifier"] else None)


def own_contact(tx: Transaction, viewer: Viewer, patient_id: str = "") -> Contact:
    """How one is reached, for oneself."""
    pharmacy_id = directory.identity(tx, viewer.id).pharmacy_id if viewer.role == "patient" else None
    row = tx.first("SELECT phone, email, version FROM accounts WHERE id = :id", {"id": viewer.id})
    assert row
    return Contact(viewer.id, row["phone"], row["email"], pharmacy_id, row["version"])
