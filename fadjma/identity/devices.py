"""The browsers in which somebody has signed in before, known by a signed cookie that opens nothing by itself.

Who guesses a password elsewhere uses up the allowance of strangers, not theirs (OWASP, « device cookies »).
"""

import secrets
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer
from quart import Quart, Response

from fadjma.identity.credentials import Headers, cookie_in, derive_key

COOKIE = "device"
SECURE_COOKIE = "__Host-device"
_PEOPLE = 12  # who signed in last are remembered; a shared computer has more, and the cookie is to stay small
_SECONDS = 400 * 86_400  # as long as browsers keep any


@dataclass(frozen=True, slots=True)
class Device:
    """A browser: its random name, and the ids of those who have signed in with it, the latest first."""

    name: str
    people: tuple[str, ...]


def device_from(app: Quart, headers: Headers, scheme: str) -> Device | None:
    """The device that a request comes from, if it carries a genuine cookie of ours."""
    value = cookie_in(headers.get("cookie", ""), SECURE_COOKIE if scheme == "https" else COOKIE)
    if value is None:
        return None
    try:
        name, *people = _signer(app).loads(value)
    except (BadData, TypeError, ValueError):
        return None
    return Device(str(name), tuple(map(str, people)))


def remember(app: Quart, response: Response, device: Device | None, user_id: str, scheme: str) -> None:
    """Note on the device that this person has signed in with it."""
    known = device or Device(secrets.token_urlsafe(9), ())
    people = [user_id, *(person for person in known.people if person != user_id)][:_PEOPLE]
    secure = scheme == "https"
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        _signer(app).dumps([known.name, *people]),
        max_age=_SECONDS,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def _signer(app: Quart) -> URLSafeSerializer:
    return URLSafeSerializer(derive_key(str(app.secret_key), "device"), salt="device")
