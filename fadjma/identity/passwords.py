"""Passwords: argon2id, and what a good one is (docs/clinic.md: length and a blocklist, no composition rules)."""

import asyncio
import re
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.store import Transaction

MINIMUM, MAXIMUM = 12, 128
SAME = N_("C'est le mot de passe actuel : choisissez-en un autre.")
WRONG = N_("Identifiant ou mot de passe incorrect.")
_TOGETHER = 8  # accounts that one phone or address signs in to
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's minimum; about 25 ms here
# Hashing is CPU and 19 MB each: a wave of sign-ins queues here instead of starving the pages.
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
# Verified when the account is unknown, so that the answer takes as long as for a wrong password.
_NOBODY = _hasher.hash("nobody has this password")
# What people here choose first, and no list from elsewhere has.
_OF_THE_PLACE = """
    abcdefgh administrateur alhamdoulilah alhamdoulillah amadou aminata azertyuiopqs bambey bienvenue bismillah
    cabinet clinique cisse dakar demo diallo diop diouf docteur doctor doudou fadjma fatou gambie guinee hopital
    infirmier infirmiere kaolack loulou maman mamour mbour medecin mondossier monmotdepasse ndakaaru ndeye ndiaye
    ordonnance ousmane ouvretoi papa patient patiente pharmacie pharmacien pikine qwertyuiopas sadio sadiomane
    saintlouis sante secret senegal sengal serigne teranga thies touba ziguinchor
"""
_LOOK_ALIKES = str.maketrans("0134578@$!", "oieasftasi")


@dataclass(frozen=True, slots=True)
class Credential:
    """What a sign-in is checked against."""

    user_id: str
    status: str
    password_hash: str
    refusal: str  # why the registration was refused


def credentials_for(tx: Transaction, *, email: str | None, phone: str | None) -> list[Credential]:
    """The accounts that this e-mail address or phone number signs in to; a family may share either.

    Those in use first, of them staff, whom somebody has verified, then the oldest: anybody can register with the phone
    of somebody else, and however many do, they push nobody out.
    """
    rows = tx.all(
        "SELECT id, status, password_hash, refusal FROM users "
        "WHERE password_hash <> '' "
        "AND ((email IS NOT NULL AND email = :email) OR (phone IS NOT NULL AND phone = :phone)) "
        "ORDER BY CASE status WHEN 'active' THEN 0 ELSE 1 END, CASE role WHEN 'patient' THEN 1 ELSE 0 END, "
        "created_at, id LIMIT :together",
        {"email": email, "phone": phone, "together": _TOGETHER},
    )
    return [Credential(*row) for row in rows]


def own_hash(tx: Transaction, viewer: Viewer) -> str:
    """One's own password hash, for entering the password again before a grave act."""
    viewer.require_self()
    return stored(tx, viewer.id)


def replace(tx: Transaction, user_id: str, *, was: str, by: str) -> bool:
    """Store another hash in the place of the one that was checked; false when that is no longer the one stored."""
    sql = "UPDATE users SET password_hash = :by, version = version + 1 WHERE id = :id AND password_hash = :was"
    return bool(tx.execute(sql, {"by": by, "id": user_id, "was": was}))


def put(tx: Transaction, user_id: str, password_hash: str) -> None:
    """Store a hash in the place of whatever was stored."""
    sql = "UPDATE users SET password_hash = :hash, version = version + 1 WHERE id = :id"
    tx.execute(sql, {"hash": password_hash, "id": user_id})


def stored(tx: Transaction, user_id: str) -> str:
    """The hash that is stored of somebody."""
    return str(tx.value("SELECT password_hash FROM users WHERE id = :id", {"id": user_id}))


def weakness(password: str, *personal: str) -> str | None:
    """Why this password is not good enough (a text of the catalogue), or None.

    `personal`: names, e-mail, phone and places that somebody who knows the person would try.
    """
    password = normalize(password)
    if len(password) < MINIMUM:
        return N_("Choisissez au moins 12 caractères : une phrase courte convient très bien.")
    if len(password) > MAXIMUM:
        return N_("128 caractères au plus.")
    lowered = password.lower()
    if _resembles(lowered, personal):
        return N_("Ce mot de passe ressemble trop à votre nom, à votre adresse ou à celui de l'établissement.")
    if _is_common(lowered):
        return N_("Ce mot de passe est trop courant : choisissez-en un autre.")
    return None


def normalize(password: str) -> str:
    """As it is hashed, whichever keyboard typed it: NFKC, without what shows nothing (after RFC 4013, RFC 8265)."""
    composed = unicodedata.normalize("NFKC", password)
    return "".join(character for character in composed if unicodedata.category(character) != "Cf")


def _is_common(password: str) -> bool:
    if len(set(password)) < 4 or password in _common() or (password.isdigit() and runs(password)):
        return True
    return any(_is_made_of(letters, _common(), _common()) for letters in _letters(password))


def runs(digits: str) -> bool:
    """Whether digits repeat a part, or go up or down by one all along."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    return len(steps) == 1 or _unit(digits) != digits


def _resembles(password: str, personal: tuple[str, ...]) -> bool:
    """Whether nothing but digits and signs is left of a password without what is known of the person."""
    texts = [text.lower() for text in personal]
    parts = {part for text in texts for part in (text, text.partition("@")[0]) if len(part) > 2}
    rest = password
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "")
    if rest != password and rest.strip("0123456789 .,-_!+@") == "":
        return True
    words = frozenset(_bare(word) for text in texts for word in re.split(r"[^\w]+|_", text)) - {""}
    own = frozenset(word for word in words if len(word) > 2 and not word.isdigit())
    return any(_is_made_of(letters, own, _common()) for letters in _letters(password))


def _letters(password: str) -> tuple[str, str]:
    """What a password says: its letters alone, and with the digits and signs that stand for letters inside a word."""
    bare = _bare(password)
    said = bare.strip("0123456789 .,;:-_!?+*/#&@$%()=").translate(_LOOK_ALIKES)
    return re.sub(r"[^a-z]", "", bare), re.sub(r"[^a-z]", "", said)


def _bare(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def _is_made_of(letters: str, words: frozenset[str], others: frozenset[str]) -> bool:
    """Whether letters say one of `words`, alone or beside another of them or of `others`, however often."""
    unit = _unit(letters)
    halves = ((unit[:at], unit[at:]) for at in range(3, len(unit) - 2))
    return unit in words or any(
        (a in words and (b in words or b in others)) or (b in words and a in others) for a, b in halves
    )


def _unit(text: str) -> str:
    """The shortest beginning that repeated gives the text: fadjmafadjma → fadjma."""
    at = (text + text).find(text, 1)
    return text[:at] if at > 0 else text


@cache
def _common() -> frozenset[str]:
    """30,000 passwords that were found in the open (zxcvbn's list), and ours; read at the first new password."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"]) | frozenset(_OF_THE_PLACE.split())


async def hash_password(password: str) -> str:
    """The argon2id hash to store; computed off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, normalize(password))


async def hash_of_nobodys() -> str:
    """The hash of a password that nobody knows: signing in with any other takes as long as with a wrong one.

    It is made once: who asks for what needs it is not known yet, and no stranger is to have hashes made.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, _nobodys)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


async def verify(password: str, stored: list[str]) -> int | None:
    """The index of the first hash that this password matches, or None. Takes as long when `stored` is empty."""
    loop = asyncio.get_running_loop()
    for index, password_hash in enumerate(stored or [_NOBODY]):
        for written in _ways_to_write(password):
            if await loop.run_in_executor(_threads, _matches, password_hash, written) and stored:
                return index
    return None


async def all_that_match(password: str, stored: list[str]) -> list[int]:
    """The index of every hash that this password matches: a family may share a phone and, alas, a password.

    Takes as long when `stored` is empty, and for a wrong password as for a right one.
    """
    found = [index for index, one in enumerate(stored) if await verify(password, [one]) is not None]
    if not stored:
        await verify(password, [])
    return found


def _ways_to_write(password: str) -> list[str]:
    """As it is hashed, and as it was before passwords were normalized; for plain letters they are one."""
    return list(dict.fromkeys((normalize(password), password, unicodedata.normalize("NFC", password))))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
