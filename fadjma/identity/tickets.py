"""What a browser carries between a good password and the choice of a person: who that may be, for two minutes."""

from itsdangerous import BadData, URLSafeSerializer
from quart import Quart

from fadjma.identity.credentials import derive_key

_VALID_FOR = 2 * 60_000  # milliseconds


def issue(app: Quart, people: list[str], *, now: int) -> str:
    """A ticket with which one of these people is signed in as."""
    return str(_signer(app).dumps([now + _VALID_FOR, *people]))


def opens(app: Quart, ticket: str, person_id: str, *, now: int) -> bool:
    """Whether this ticket is genuine, still valid, and for this person."""
    try:
        until, *people = _signer(app).loads(ticket)
    except BadData:
        return False
    return bool(now < until and person_id in people)


def _signer(app: Quart) -> URLSafeSerializer:
    return URLSafeSerializer(derive_key(str(app.secret_key), "ticket"), salt="ticket")
