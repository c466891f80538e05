"""Passwords: argon2id, and what a good one is (docs/clinic.md: length and a blocklist, no composition rules)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fadjma.i18n import N_

MINIMUM, MAXIMUM = 12, 128
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's minimum; about 25 ms here
# Hashing is CPU and 19 MB each: a wave of sign-ins queues here instead of starving the pages.
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
# Verified when the account is unknown, so that the answer takes as long as for a wrong password.
_NOBODY = _hasher.hash("nobody has this password")
# Long enough to pass the length rule, and tried first by those who guess.
_COMMON_TEXT = """
    123456789012 1234567890123 12345678901234 123456789123 123123123123 112233445566 000000000000 111111111111
    aaaaaaaaaaaa azertyuiop12 azertyuiop123 azertyuiopqs azertyuiop1234 qwertyuiop12 qwertyuiop123 qwertyuiopas
    motdepasse12 motdepasse123 motdepasse1234 motdepasse2024 motdepasse2025 motdepasse2026 monmotdepasse
    password1234 password12345 passwordpassword password2025 password2026 iloveyou1234 jetaime12345 jetaimejetaime
    administrateur administrator admin1234567 bienvenue123 bienvenue1234 bonjourbonjour bonjour12345 abcdefghijkl
    abcd12345678 senegal12345 senegalsenegal dakardakardakar dakar1234567 teranga12345 alhamdoulilah alhamdoulillah
    bismillah123 mohamed12345 pharmacie123 pharmacie1234 medecin12345 docteur12345 hopital12345 changeme1234
    letmein12345 soleil123456 chocolat1234 footballfootball sadiomane123 123soleil123
"""
_COMMON = frozenset(_COMMON_TEXT.split())


def weakness(password: str, *personal: str) -> str | None:
    """Why this password is not good enough (a text of the catalogue), or None. `personal`: name, e-mail, phone."""
    if len(password) < MINIMUM:
        return N_("Choisissez au moins 12 caractères : une phrase courte convient très bien.")
    if len(password) > MAXIMUM:
        return N_("128 caractères au plus.")
    lowered = password.lower()
    if lowered in _COMMON or len(set(lowered)) < 4:
        return N_("Ce mot de passe est trop courant : choisissez-en un autre.")
    if _resembles(lowered, personal):
        return N_("Ce mot de passe ressemble trop à votre nom ou à votre adresse.")
    return None


def _resembles(password: str, personal: tuple[str, ...]) -> bool:
    """Whether nothing but digits and signs is left of a password without what is known of the person."""
    texts = [text.lower() for text in personal]
    parts = {part for text in texts for part in (text, text.partition("@")[0]) if len(part) > 2}
    rest = password
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "")
    return rest != password and rest.strip("0123456789 .,-_!+@") == ""


async def hash_password(password: str) -> str:
    """The argon2id hash to store; computed off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify(password: str, stored: list[str]) -> int | None:
    """The index of the first hash that this password matches, or None. Takes as long when `stored` is empty."""
    loop = asyncio.get_running_loop()
    for index, password_hash in enumerate(stored or [_NOBODY]):
        if await loop.run_in_executor(_threads, _matches, password_hash, password) and stored:
            return index
    return None


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
