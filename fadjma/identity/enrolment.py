"""Writing down who somebody is: identity's tables, for the acts of accounts/."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fadjma import writing
from fadjma.i18n import N_
from fadjma.identity import practices
from fadjma.identity.identifiers import new_identifier
from fadjma.identity.people import Role
from fadjma.ids import new_id
from fadjma.refusals import Conflict, Invalid
from fadjma.store import Duplicate, Transaction

_ONE_STAFF_ADDRESS = "users_staff_email"  # the constraint's name (migration 0008)
_TAKEN = N_(
    "Cette adresse e-mail a déjà un compte. Pour un second compte (un autre lieu, un autre métier), donnez seulement "
    "un numéro de téléphone."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """What everybody gives; e-mail in lower case, phone as E.164, the password already hashed.

    A patient may have one name, and neither address nor phone nor password: nobody signs in as them.
    """

    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    password_hash: str
    language: str = "fr"
    submission: str | None = None  # recognises the same form sent twice: a family may share everything else


def made_by(tx: Transaction, submission: str | None) -> str | None:
    """The account that this very submission has made already."""
    found: str | None = submission and tx.value(
        "SELECT id FROM users WHERE submission = :submission", {"submission": submission}
    )
    return found


def add(tx: Transaction, person: NewPerson, role: Role, status: str) -> str:
    """A new person; returns the id. Raises Invalid when staff that is in use has the e-mail address."""
    user_id = new_id()
    with _one_staff_address():
        tx.execute(
            "INSERT INTO users "
            "(id, role, status, email, phone, password_hash, given_name, family_name, language, submission, "
            "created_at) VALUES "
            "(:id, :role, :status, :email, :phone, :password_hash, :given_name, :family_name, :language, "
            ":submission, :now)",
            {
                "id": user_id,
                "role": role,
                "status": status,
                "email": person.email,
                "phone": person.phone,
                "password_hash": person.password_hash,
                "given_name": person.given_name,
                "family_name": person.family_name,
                "language": person.language,
                "submission": person.submission,
                "now": tx.now,
            },
        )
    make_findable(tx, user_id, person.given_name, person.family_name, person.email, person.phone)
    return user_id


@contextmanager
def _one_staff_address() -> Iterator[None]:
    """Around what writes an address: raises Invalid where another of the staff has it."""
    try:
        yield
    except Duplicate as error:
        if error.constraint != _ONE_STAFF_ADDRESS:
            raise
        raise Invalid({"email": _TAKEN}) from error


def make_findable(
    tx: Transaction, user_id: str, given_name: str, family_name: str, email: str | None, phone: str | None
) -> None:
    """Keep the words by which this account is found: those of its name, and those of its e-mail address and phone."""
    named = writing.search_words(given_name, family_name)
    words = writing.search_words(given_name, family_name, email or "", phone or "")
    tx.execute_many(
        "INSERT INTO account_words (word, user_id, named) VALUES (?, ?, ?)",
        [(word, user_id, int(word in named)) for word in words],
    )


def make_findable_anew(
    tx: Transaction, user_id: str, given_name: str, family_name: str, email: str | None, phone: str | None
) -> None:
    """The same, in the place of what this account was known by before."""
    tx.execute("DELETE FROM account_words WHERE user_id = :id", {"id": user_id})
    make_findable(tx, user_id, given_name, family_name, email, phone)


def make_patient(tx: Transaction, user_id: str, *, birth_date: str, sex: str, city: str) -> None:
    """What a patient has besides, with a new identifier."""
    tx.execute(
        "INSERT INTO patients (user_id, identifier, birth_date, sex, city) "
        "VALUES (:id, :identifier, :birth_date, :sex, :city)",
        {"id": user_id, "identifier": new_identifier(), "birth_date": birth_date, "sex": sex, "city": city},
    )


def make_practitioner(
    tx: Transaction, user_id: str, *, licence_number: str, specialty: str, profession: str, organization_id: str
) -> None:
    """What a doctor or a pharmacist has besides."""
    tx.execute(
        "INSERT INTO practitioners (user_id, licence_number, specialty, profession, organization_id) "
        "VALUES (:id, :licence_number, :specialty, :profession, :organization_id)",
        {
            "id": user_id,
            "licence_number": licence_number,
            "specialty": specialty,
            "profession": profession,
            "organization_id": organization_id,
        },
    )


def turn_page(tx: Transaction, account_id: str, *, version: int) -> bool:
    """The account goes from this version to the next; false when it has moved on, or is closed."""
    known = "UPDATE users SET version = version + 1 WHERE id = :id AND version = :version AND status <> 'deactivated'"
    return bool(tx.execute(known, {"id": account_id, "version": version}))


def correct_practitioner(
    tx: Transaction,
    account_id: str,
    *,
    licence_number: str,
    specialty: str,
    profession: str,
    organization_id: str,
) -> None:
    """Other values in the place of what a doctor or a pharmacist has besides; what they were is kept."""
    now = {
        "licence_number": licence_number,
        "specialty": specialty,
        "profession": profession,
        "organization_id": organization_id,
    }
    sql = "SELECT licence_number, specialty, profession, organization_id FROM practitioners WHERE user_id = :id"
    was = tx.first(sql, {"id": account_id})
    if was is None or was.as_dict() == now:
        return
    practices.keep(tx, of=account_id)
    tx.execute(
        "UPDATE practitioners SET licence_number = :licence_number, specialty = :specialty, profession = :profession, "
        "organization_id = :organization_id WHERE user_id = :id",
        {"id": account_id, **now},
    )


def vouch(tx: Transaction, account_id: str, *, by: str) -> None:
    """Whoever makes the account of somebody on the staff has checked who it is."""
    sql = "UPDATE users SET verified_at = :now, verified_by = :by WHERE id = :id"
    tx.execute(sql, {"now": tx.now, "by": by, "id": account_id})


def refuse(tx: Transaction, account_id: str, reason: str) -> int:
    """From waiting to closed, with the reason that the applicant reads; returns whether it changed (0 or 1)."""
    return tx.execute(
        "UPDATE users SET status = 'deactivated', refusal = :reason, version = version + 1 "
        "WHERE id = :id AND status = 'pending'",
        {"reason": reason, "id": account_id},
    )


def verify(tx: Transaction, account_id: str, *, by: str) -> int:
    """From waiting to active; returns whether it changed (0 or 1), as `deactivate` and `reactivate` do.

    Both raise Conflict when another account in use has its e-mail address.
    """
    return _open(
        tx,
        "UPDATE users SET status = 'active', verified_at = :now, verified_by = :admin, version = version + 1 "
        "WHERE id = :id AND status = 'pending'",
        {"now": tx.now, "admin": by, "id": account_id},
    )


def deactivate(tx: Transaction, account_id: str) -> int:
    """Closed, whatever it was."""
    return tx.execute(
        "UPDATE users SET status = 'deactivated', version = version + 1 WHERE id = :id AND status <> 'deactivated'",
        {"id": account_id},
    )


def reactivate(tx: Transaction, account_id: str) -> int:
    """Open again; whoever has to be verified and never was, waits."""
    return _open(
        tx,
        "UPDATE users SET status = "
        "CASE WHEN role IN ('doctor', 'pharmacist') AND verified_at IS NULL THEN 'pending' ELSE 'active' END, "
        "refusal = '', version = version + 1 WHERE id = :id AND status = 'deactivated'",
        {"id": account_id},
    )


def _open(tx: Transaction, sql: str, parameters: dict[str, Any]) -> int:
    try:
        return tx.execute(sql, parameters)
    except Duplicate as error:
        if error.constraint != _ONE_STAFF_ADDRESS:
            raise
        raise Conflict(
            N_(
                "Un autre compte en service a cette adresse e-mail. Désactivez-le d'abord, ou que la personne change "
                "l'adresse dans « Mon compte »."
            ),
            current="taken",
        ) from error


def put_right(
    tx: Transaction, user_id: str, *, given_name: str, family_name: str, email: str | None, phone: str | None
) -> None:
    """Who somebody of the staff is and how they are reached. Raises Invalid when another has this address."""
    sql = "UPDATE users SET given_name = :given, family_name = :family, email = :email, phone = :phone WHERE id = :id"
    with _one_staff_address():
        tx.execute(sql, {"id": user_id, "given": given_name, "family": family_name, "email": email, "phone": phone})
    make_findable_anew(tx, user_id, given_name, family_name, email, phone)


def reach(tx: Transaction, user_id: str, *, phone: str | None, email: str | None, pharmacy_id: str | None) -> None:
    """How somebody is reached, and the pharmacy that a patient has chosen.

    Raises Invalid when another of the staff has this address.
    """
    with _one_staff_address():
        tx.execute(
            "UPDATE users SET phone = :phone, email = :email, version = version + 1 WHERE id = :id",
            {"phone": phone, "email": email, "id": user_id},
        )
    tx.execute(
        "UPDATE patients SET pharmacy_id = :pharmacy WHERE user_id = :id", {"pharmacy": pharmacy_id, "id": user_id}
    )


def set_language(tx: Transaction, user_id: str, language: str) -> None:
    """The language in which this person reads FADJMA."""
    tx.execute("UPDATE users SET language = :language WHERE id = :id", {"language": language, "id": user_id})
