"""`quart setup`: from an empty folder to a clinic that people can work in, and nothing that is there is changed."""

import os
import re
import secrets
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.datastructures import MultiDict

from fadjma.accounts import actions as accounts
from fadjma.accounts.forms import PersonForm
from fadjma.identity import directory, passwords
from fadjma.identity.enrolment import NewPerson
from fadjma.identity.identifiers import normalize_email
from fadjma.identity.places import Facts as PlaceFacts
from fadjma.inventory import formulary, listing, tables
from fadjma.inventory.formulary import Columns
from fadjma.places import actions as places
from fadjma.places.forms import PlaceForm
from fadjma.store import Transaction, owned

STARTER = "starter"
_STARTER_FILE = Path(__file__).parent / "inventory" / "starter.csv"
_ROOT = Path(__file__).parents[1]
_ADMIN = {"email", "given_name", "family_name", "password"}
_NAMED_AT_MOST = 20  # faults of a file of medicines


class Mistaken(Exception):
    """An answer cannot be taken; nothing was done. The message is for whoever sets up.

    `fields`: by name, what is wrong with each, where it is known.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered, not yet looked at; None or empty where nothing was."""

    admin: Mapping[str, str] | None
    organizations: Iterable[Mapping[str, Any]]
    medicines: str  # STARTER, the path of a CSV, or empty


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be put into the database, each part as good as what people enter."""

    admin: NewPerson | None
    password: str  # that was made for the admin; empty: they have chosen theirs
    places: tuple[PlaceFacts, ...]
    medicines: tuple[Columns, ...]
    source: str  # of the medicines


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already."""

    admins: int
    clinics: int
    pharmacies: int
    medicines: int


def look(tx: Transaction) -> Known:
    """What a database has of what a clinic needs."""
    kinds = [place.kind for place in directory.organizations(tx)]
    admins = len(directory.people(tx, "admin"))
    return Known(admins, kinds.count("clinic"), kinds.count("pharmacy"), formulary.count(tx))


def read_answers(path: Path) -> Answers:
    """The answers of a TOML file. Raises Mistaken."""
    said = _toml(path)
    _refuse_unknown(path.name, said, {"admin", "organizations", "medicines"})
    admin, organizations, medicines = said.get("admin"), said.get("organizations", []), said.get("medicines", "")
    if not isinstance(admin, dict | None) or not isinstance(medicines, str):
        raise Mistaken(f"{path.name} : [admin] est une table, medicines un texte.")
    if not isinstance(organizations, list) or not all(isinstance(place, dict) for place in organizations):
        raise Mistaken(f"{path.name} : écrivez chaque lieu sous [[organizations]].")
    _refuse_unknown("[admin]", admin or {}, _ADMIN)
    _require_texts("[admin]", admin or {})
    for place in organizations:
        _require_texts("[[organizations]]", {name: value for name, value in place.items() if name != "night_duty"})
    return Answers(admin, organizations, str(path.parent / medicines) if medicines not in ("", STARTER) else medicines)


def _toml(path: Path) -> dict[str, Any]:
    """What the file says; editors of Windows put a mark before its first line. Raises Mistaken."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Mistaken(f"{path} n'est pas en UTF-8 : enregistrez-le dans ce codage.") from error
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+), column (\d+)", str(error))
        where = f"à la ligne {at[1]}, colonne {at[2]}" if at else "à la fin du fichier"
        raise Mistaken(
            f'{path} ne se laisse pas lire {where} : on y attend des lignes comme name = "Clinique Teranga", '
            "entre guillemets droits, et chaque nom une seule fois."
        ) from error
    except (OSError, ValueError) as error:
        raise Mistaken(f"{path} ne se laisse pas lire : {error}") from error


def _require_texts(where: str, said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if not isinstance(value, str):
            raise Mistaken(f'{where} : {name} est un texte, entre guillemets droits : {name} = "…"')


def _refuse_unknown(where: str, said: Mapping[str, Any], known: set[str]) -> None:
    if unknown := said.keys() - known:
        raise Mistaken(
            f"{where} : {', '.join(sorted(unknown))} n'est pas connu. On y attend {', '.join(sorted(known))}."
        )


async def plan(answers: Answers) -> Plan:
    """Look at all answers before anything is done. Raises Mistaken."""
    found = tuple(check_place(place) for place in answers.organizations)
    medicines = check_medicines(answers.medicines)
    admin, password = await _admin(answers.admin) if answers.admin else (None, "")
    return Plan(admin, password, found, medicines, STARTER if answers.medicines == STARTER else "")


async def _admin(said: Mapping[str, str]) -> tuple[NewPerson, str]:
    made = "" if said.get("password") else "-".join(secrets.token_hex(2) for _ in range(4))
    form = check_admin({**said, "password": made or said["password"]})
    person = NewPerson(
        given_name=form["given_name"].data,
        family_name=form["family_name"].data,
        email=normalize_email(form["email"].data),
        phone=None,
        password_hash=await passwords.hash_password(form["password"].data),
    )
    return person, made


def check_admin(said: Mapping[str, str]) -> PersonForm:
    """What is said of the first admin, as it is taken. Raises Mistaken."""
    form = PersonForm(MultiDict(said))
    if not (said.get("email") or "").strip():
        raise Mistaken("[admin] : donnez une adresse e-mail (email).", {"email": "Donnez une adresse e-mail."})
    if not form.validate():
        raise Mistaken(f"[admin] : {_said(form)}", form.messages)
    return form


def check_place(said: Mapping[str, Any]) -> PlaceFacts:
    """What is said of a place, as it is taken. Raises Mistaken."""
    form = PlaceForm(MultiDict({name: str(value) for name, value in said.items() if value is not False}))
    if not form.validate():
        raise Mistaken(f"[[organizations]] {said.get('name', '')} : {_said(form)}", form.messages)
    return form.facts()


def _said(form: Any) -> str:
    return " ".join(f"{name} : {message}" for name, message in form.messages.items())


def faults(check: Callable[[Mapping[str, str]], object], said: Mapping[str, str]) -> Mapping[str, str]:
    """What `check` finds wrong in each field."""
    try:
        check(said)
    except Mistaken as mistake:
        return mistake.fields
    return {}


def check_medicines(said: str) -> tuple[Columns, ...]:
    """The medicines of an answer: the starter list, or a file. Raises Mistaken."""
    if not said:
        return ()
    path = _STARTER_FILE if said == STARTER else Path(said)
    try:
        listed = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: no path can be this
        raise Mistaken(f"La liste de médicaments ne se laisse pas lire : {error}") from error
    table = tables.read(_without_remarks(listed) if said == STARTER else listed)
    if table.errors:
        shown = [f"  {name} : {message}" for name, message in list(table.errors.items())[:_NAMED_AT_MOST]]
        raise Mistaken("\n".join([f"{path} n'est pas importé :", *shown]))
    return tuple(table.lines.values())


def _without_remarks(listed: bytes) -> bytes:
    """The starter list begins with where it comes from, and when."""
    return b"".join(line for line in listed.splitlines(keepends=True) if not line.startswith(b"#"))


def fill(tx: Transaction, plan: Plan) -> list[str]:
    """Put into the database what it lacks of the plan; returns a line about each part."""
    done = []
    if plan.admin and directory.people(tx, "admin"):
        done.append("Administrateur : il y en a déjà un, rien n'est changé.")
    elif plan.admin:
        accounts.create_admin(tx, plan.admin)
        done.append(f"Administrateur : {plan.admin.email} est créé.")
        if plan.password:
            done.append(f"  Mot de passe : {plan.password}   (il n'est montré qu'ici)")
    for place in plan.places:
        added = places.begin(tx, place)
        done.append(f"{place.name}, {place.city} : {'ajouté' if added else 'déjà là, rien n’est changé'}.")
    if plan.medicines:
        added_medicines = listing.begin(tx, plan.medicines, source=plan.source)
        done.append(
            f"Médicaments : {added_medicines} dans la liste."
            if added_medicines
            else "Médicaments : la liste en a déjà, rien n'est changé."
        )
    return done


def make_secret(file: Path) -> bool:
    """Make the secret, whole or not at all, for its owner alone; false when it is there. Raises OSError."""
    unnamed = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as written:
        written.write(secrets.token_urlsafe(48) + "\n")
        written.flush()
        os.fsync(written.fileno())
    owned.hand_over(unnamed)
    try:
        os.link(unnamed, file)
    except FileExistsError:
        return False
    finally:
        unnamed.unlink()
    return True
