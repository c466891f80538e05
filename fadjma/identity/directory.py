"""The few facts about people and places that others may see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fadjma import days, writing
from fadjma.i18n import age, is_estimated, show_age
from fadjma.identity.identifiers import identifier_begins
from fadjma.identity.people import Role, full_name
from fadjma.refusals import NotFound
from fadjma.store import Page, Transaction, given_in_parts, milliseconds, paging, searching

FOUND = 10  # patients on a page
_ALL = 2**62  # more than there are
_NEVER = (2**62, "")  # after every account


@dataclass(frozen=True, slots=True)
class Organization:
    """A clinic or a pharmacy."""

    id: str
    kind: str
    name: str
    city: str

    @property
    def place(self) -> tuple[str, str]:
        """Value and label in a list to choose from."""
        return self.id, f"{self.name}, {self.city}"


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with what must stand beside the name wherever somebody acts on them (docs/clinic.md, “People”)."""

    id: str
    given_name: str
    family_name: str
    identifier: str
    birth_date: str  # as much of it as is known: 1958-05-03, 1958-05 or 1958
    sex: str

    @property
    def name(self) -> str:
        return full_name(self.given_name, self.family_name)

    def json(self, language: str) -> dict[str, Any]:
        """The same for programs: enough not to take one patient for another, no contact."""
        today = days.day(milliseconds())
        return {
            "id": self.id,
            "identifier": self.identifier,
            "name": self.name,
            "age": age(self.birth_date, today),
            "age_text": show_age(self.birth_date, today, language),
            "age_estimated": is_estimated(self.birth_date),
            "sex": self.sex,
        }


@dataclass(frozen=True, slots=True)
class Identity(Patient):
    """A patient with what whoever treats them may know of them, too."""

    city: str
    phone: str | None
    pharmacy_id: str | None


def organizations(tx: Transaction, kind: str | None = None) -> list[Organization]:
    """Clinics and pharmacies by name, in French order, which no database has by itself."""
    rows = tx.all(
        "SELECT id, kind, name, city FROM organizations WHERE CAST(:kind AS TEXT) IS NULL OR kind = :kind",
        {"kind": kind},
    )
    found = [Organization(**row.as_dict()) for row in rows]
    return sorted(found, key=lambda place: (writing.sort_key(place.name), writing.sort_key(place.city)))


_DISPENSES = (
    "o.kind = 'pharmacy' AND EXISTS (SELECT 1 FROM practitioners p JOIN users u ON u.id = p.user_id "
    "WHERE p.organization_id = o.id AND u.role = 'pharmacist' AND u.status = 'active')"
)


def pharmacies(tx: Transaction) -> list[Organization]:
    """Those to which a prescription may go: where somebody has an account who would read it. By name, as above."""
    rows = tx.all(f"SELECT o.id, o.kind, o.name, o.city FROM organizations o WHERE {_DISPENSES}")
    found = [Organization(**row.as_dict()) for row in rows]
    return sorted(found, key=lambda place: (writing.sort_key(place.name), writing.sort_key(place.city)))


def dispenses(tx: Transaction, organization_id: str) -> bool:
    """Whether this is one of these pharmacies."""
    sql = f"SELECT 1 FROM organizations o WHERE o.id = :id AND {_DISPENSES}"
    return tx.value(sql, {"id": organization_id}) is not None


def kinds_of_places(tx: Transaction) -> set[str]:
    """Of which kinds there are places: clinic, pharmacy."""
    return {row["kind"] for row in tx.all("SELECT DISTINCT kind FROM organizations")}


def is_any(tx: Transaction, role: Role) -> bool:
    """Whether there is somebody of this role whose account is open."""
    return tx.value("SELECT 1 FROM users WHERE role = :role AND status = 'active' LIMIT 1", {"role": role}) is not None


def is_place(tx: Transaction, organization_id: str, kind: str) -> bool:
    """Whether this is a clinic, or a pharmacy."""
    sql = "SELECT 1 FROM organizations WHERE id = :id AND kind = :kind"
    return tx.value(sql, {"id": organization_id, "kind": kind}) is not None


def identity(tx: Transaction, patient_id: str) -> Identity:
    """The identity of a patient. The caller has checked that the viewer may see it. Raises NotFound."""
    found = identities(tx, [patient_id])
    if not found:
        raise NotFound
    return found[0]


def identities(tx: Transaction, ids: Sequence[str]) -> list[Identity]:
    """Those of these patients, in their order, at once. The caller has checked that the viewer may see them."""
    found: dict[str, Identity] = {}
    for among, values in given_in_parts(ids):
        rows = tx.all(
            "SELECT id, given_name, family_name, identifier, birth_date, sex, city, phone, pharmacy_id "
            f"FROM patient_identities WHERE id IN {among}",
            values,
        )
        found.update((row["id"], Identity(**row.as_dict())) for row in rows)
    return [found[patient_id] for patient_id in ids if patient_id in found]


def patient(tx: Transaction, patient_id: str) -> Patient:
    """A patient with what stands beside the name, and no contact. Raises NotFound."""
    return without_contact(identity(tx, patient_id))


def without_contact(found: Identity) -> Patient:
    """Of an identity what stands beside the name."""
    return Patient(found.id, found.given_name, found.family_name, found.identifier, found.birth_date, found.sex)


def with_identifier(tx: Transaction, identifier: str) -> str | None:
    """Whose identifier this is."""
    sql = "SELECT user_id FROM patients WHERE identifier = :identifier"
    found: str | None = tx.value(sql, {"identifier": identifier})
    return found


def is_anybody_known(tx: Transaction) -> bool:
    """Whether the database has any account at all."""
    return tx.value("SELECT 1 FROM users LIMIT 1") is not None


def is_known(tx: Transaction, email: str) -> bool:
    """Whether there is an account with this address."""
    return tx.value("SELECT 1 FROM users WHERE email = :email", {"email": email}) is not None


def is_patient(tx: Transaction, user_id: str) -> bool:
    """Whether this is, or was, a patient's id."""
    return tx.value("SELECT 1 FROM patients WHERE user_id = :id", {"id": user_id}) is not None


def is_active(tx: Transaction, user_id: str, role: Role | None = None) -> bool:
    """Whether this is somebody, of this role if one is given, whose account is open."""
    return ask_is_active(tx, user_id, role)()


def ask_is_active(tx: Transaction, user_id: str, role: Role | None = None) -> Callable[[], bool]:
    """The same, asked now and answered when it is called (`Transaction.ask`)."""
    sql = "SELECT 1 FROM users WHERE id = :id AND status = 'active' AND (CAST(:role AS TEXT) IS NULL OR role = :role)"
    rows = tx.ask(sql, {"id": user_id, "role": role})
    return lambda: bool(rows())


def can_sign_in(tx: Transaction, user_id: str) -> bool:
    """Whether this is somebody who has, or had, a password, and whose account is open."""
    sql = "SELECT 1 FROM users WHERE id = :id AND status = 'active' AND password_hash <> ''"
    return tx.value(sql, {"id": user_id}) is not None


def find_patients(
    tx: Transaction, *, identifier: str | None, phone: str | None, before: str | None = None
) -> Page[Identity]:
    """The active patients with exactly this identifier or phone number, the oldest accounts first, ten on a page.

    `before` is the `next` of the page before.
    """
    if identifier:
        owner = with_identifier(tx, identifier)
        if owner and is_active(tx, owner, "patient"):
            return Page([identity(tx, owner)])
    after_at, after_id = paging.position(before, otherwise=-1)
    rows = tx.all(
        "SELECT u.id, u.created_at FROM users u JOIN patients p ON p.user_id = u.id "
        "WHERE u.phone = :phone AND u.status = 'active' AND (u.created_at, u.id) > (:after_at, :after_id) "
        "ORDER BY u.created_at, u.id LIMIT :limit",
        {"phone": phone, "after_at": after_at, "after_id": after_id, "limit": FOUND + 1},
    )
    found = paging.page(rows, FOUND, lambda row: paging.cursor(row["created_at"], row["id"]))
    shown = Page(identities(tx, [row["id"] for row in found]))
    shown.next = found.next
    return shown


def in_use(
    tx: Transaction, role: Role | None, *, after: tuple[int, str], until: tuple[int, str] = _NEVER, limit: int
) -> list[tuple[int, str]]:
    """Active people of a role, or of all, in the order of their accounts: when each was made, and the id.

    Those that come after one such pair, and not after the other, if one is given.
    """
    rows = tx.all(
        f"SELECT created_at, id FROM users WHERE status = 'active' {'AND role = :role' if role else ''} "
        "AND (created_at, id) > (:after_at, :after_id) AND (created_at, id) <= (:until_at, :until_id) "
        "ORDER BY created_at, id LIMIT :limit",
        {
            "role": role,
            "after_at": after[0],
            "after_id": after[1],
            "until_at": until[0],
            "until_id": until[1],
            "limit": limit,
        },
    )
    return [(row["created_at"], row["id"]) for row in rows]


def place_of(tx: Transaction, user_id: str) -> str | None:
    """The id of the clinic or pharmacy where somebody acts."""
    found: str | None = tx.value("SELECT organization_id FROM people WHERE id = :id", {"id": user_id})
    return found


def beside(tx: Transaction, user_ids: Sequence[str], role: Role) -> list[str]:
    """The active people of a role in the clinics and pharmacies where these people act, each once."""
    return ask_beside(tx, user_ids, role)()


def ask_beside(tx: Transaction, user_ids: Sequence[str], role: Role) -> Callable[[], list[str]]:
    """The same, asked now and answered when it is called (`Transaction.ask`)."""
    asked = [
        tx.ask(
            "SELECT u.id FROM practitioners p JOIN users u ON u.id = p.user_id WHERE u.role = :role "
            "AND u.status = 'active' AND p.organization_id IN (SELECT organization_id FROM practitioners "
            f"WHERE user_id IN {among})",
            {**values, "role": role},
        )
        for among, values in given_in_parts(user_ids)
    ]
    return lambda: list(dict.fromkeys(row["id"] for rows in asked for row in rows()))


def said_of(q: str, account: str = "u.id") -> searching.Condition:
    """The condition that all that `q` says is true of an account (the column of its id), with its values; no values: it
    says nothing.

    Each of its words begins a word of the name or of the e-mail address; a number is the beginning of the telephone's.
    For a search of everybody: ranges, which the index serves.
    """
    asked = [writing.asked_numbers(q)] if writing.asked_numbers(q) else writing.asked_words(q)
    return searching.every(asked, searching.among(account, "SELECT account_id FROM words_of_accounts WHERE"))


def said_of_own(q: str, patient: str, *, by_phone: bool = False) -> searching.Condition:
    """The same of patients who are somebody's own: each is looked at by itself, so that others cost nothing.

    Each word begins a word of the name, or `q` is the beginning of the identifier. `by_phone`: or of the telephone,
    which can be learnt so, digit by digit: only among files that are open.
    """
    numbers = writing.asked_numbers(q) if by_phone else []
    rows = f"SELECT 1 FROM words_of_accounts WHERE account_id = {patient} AND named = {0 if numbers else 1}"
    condition, values = searching.every([numbers] if numbers else writing.asked_words(q), searching.word_of(rows))
    begins = identifier_begins(q)
    if not (values and begins):
        return condition, values
    by_identifier = f"EXISTS (SELECT 1 FROM patient_identities WHERE id = {patient} AND identifier LIKE :identifier)"
    return f" AND ((1 = 1{condition}) OR {by_identifier})", {**values, "identifier": f"{begins}%"}


def people(tx: Transaction, role: Role, organization_id: str | None = None, *, limit: int = _ALL) -> list[str]:
    """The ids of the active people of a role, of one organization or of all; `limit` of them at the most."""
    return ask_people(tx, role, organization_id, limit=limit)()


def ask_people(
    tx: Transaction, role: Role, organization_id: str | None = None, *, limit: int = _ALL
) -> Callable[[], list[str]]:
    """The same, asked now and answered when it is called (`Transaction.ask`)."""
    rows = tx.ask(
        "SELECT u.id FROM users u LEFT JOIN practitioners p ON p.user_id = u.id "
        "WHERE u.role = :role AND u.status = 'active' "
        "AND (CAST(:organization AS TEXT) IS NULL OR p.organization_id = :organization) LIMIT :limit",
        {"role": role, "organization": organization_id, "limit": limit},
    )
    return lambda: [row["id"] for row in rows()]
