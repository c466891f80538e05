"""What a browser carries between a good password and the choice of a person: who that may be, for two minutes.

And no longer than the password is theirs: beside each stands what shows which one it was, and not the hash.
"""

from collections.abc import Mapping

from itsdangerous import BadData, URLSafeSerializer
from quart import Quart

from fadjma.identity.credentials import derive_key, short_hash

_VALID_FOR = 2 * 60_000  # milliseconds


def issue(app: Quart, people: Mapping[str, str], *, now: int) -> str:
    """A ticket with which one of these people is signed in as; with each the hash that the password fits."""
    return str(_signer(app).dumps([now + _VALID_FOR, *(_mark(app, *person) for person in people.items())]))


def opens(app: Quart, ticket: str, person_id: str, password_hash: str, *, now: int) -> bool:
    """Whether this ticket is genuine, still valid, and for this person with this hash."""
    try:
        until, *people = _signer(app).loads(ticket)
    except BadData:
        return False
    return bool(now < until and _mark(app, person_id, password_hash) in people)


def _mark(app: Quart, person_id: str, password_hash: str) -> str:
    return f"{person_id} {short_hash(str(app.secret_key), password_hash)}"


def _signer(app: Quart) -> URLSafeSerializer:
    return URLSafeSerializer(derive_key(str(app.secret_key), "ticket"), salt="ticket")
