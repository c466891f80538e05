"""From the request to a session's secret: quart-auth's signed cookie, or a bearer JWT. Both only carry the secret.

Works on plain headers, because the stream endpoint stands in front of Quart.
"""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

import jwt
from itsdangerous import BadSignature
from quart import Quart, Response, current_app, g, has_request_context, request
from quart_auth import Action, AuthUser, QuartAuth

from fadjma.identity.sessions import JUST_LEFT, LIFETIME, lifetime

_ALGORITHM = "HS256"
_SIGNED = jwt.PyJWS(algorithms=[_ALGORITHM])
_SECONDS = LIFETIME // 1000
_FAR = 10 * 365 * 86_400  # seconds


@cache
def derive_key(secret_key: str, purpose: str) -> bytes:
    """A key of its own for each purpose, from the one secret key."""
    return hmac.digest(secret_key.encode(), b"fadjma:" + purpose.encode(), hashlib.sha256)


def short_hash(secret_key: str, text: str) -> str:
    """Ten letters and digits by which the log tells sessions and addresses apart, and which lead back to neither.

    BLAKE2 with a key: two of these stand in every line of the log, and OpenSSL's HMAC took 3 % of an act for them.
    """
    return hashlib.blake2b(text.encode(), digest_size=5, key=derive_key(secret_key, "log")).hexdigest()


Headers = Mapping[str, str]


def plain(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """ASGI's request headers by their names in lower case; several of one name are put together."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}; {text}" if key in found else text
    return found


COOKIE = "fadjma"
SECURE_COOKIE = "__Host-fadjma"  # no other host of the domain, and nobody on plain http, can set one of this name
LEFT = "fadjma_left"  # goes to drafts alone, and opens nothing
_KNOWN = 4_000  # tokens and cookies that were found genuine: they stay so, and to find it out takes up to 0.1 ms
_LONGEST = 4_096  # characters of a token or a cookie; ours have some 250, and anybody may send anything


class Cookies(QuartAuth):
    """quart-auth, with a cookie that is Secure, and named so, exactly when the request came over TLS.

    One that was made by a clock that ran ahead is taken when that has been put right, too: its session decides.
    """

    @property
    def cookie_name(self) -> str:
        return SECURE_COOKIE if self.cookie_secure else COOKIE

    @cookie_name.setter
    def cookie_name(self, value: str | None) -> None:
        """Decided per request, as below."""

    def load_token(self, token: str, app: Quart | None = None) -> str | None:
        key = (app or current_app).secret_key
        assert isinstance(key, str)
        try:
            secret, made_at = self._read(token, key)
        except BadSignature:
            return None
        return secret if time.time() - made_at <= _SECONDS else None

    @lru_cache(maxsize=_KNOWN)  # noqa: B019 - there is one of these
    def _read(self, token: str, key: str) -> tuple[str, float]:
        """The secret in a genuine cookie, and when it was made. Raises BadSignature."""
        assert self.salt
        secret, made_at = self.serializer_class(key, self.salt).loads(token, return_timestamp=True)
        return str(secret), made_at.timestamp()

    async def after_request(self, response: Response) -> Response:
        """Only an answer that signs in or out changes the cookie: nothing is read and verified again for the others."""
        return await super().after_request(response) if hasattr(g, self.attribute_name) else response

    @property
    def cookie_secure(self) -> bool:
        return has_request_context() and request.is_secure

    @cookie_secure.setter
    def cookie_secure(self, value: bool | None) -> None:
        """Decided per request; quart-auth sets a default here, which is not wanted."""


cookies = Cookies(duration=_SECONDS)


def remember(secret: str) -> None:
    """Give the browser this session's cookie with the answer."""
    cookies.login_user(AuthUser(secret, Action.WRITE))


def forget() -> None:
    """Take the cookie back with the answer."""
    cookies.logout_user()


def leave_behind(response: Response, secret: str, scheme: str) -> None:
    """Let this browser, whose session has just ended, still hand in what its other pages were typing (decision 20)."""
    response.set_cookie(
        LEFT,
        cookies.dump_token(secret),
        max_age=JUST_LEFT // 1000,
        path="/drafts",
        secure=scheme == "https",
        httponly=True,
        samesite="Lax",
    )


def left_behind(app: Quart, headers: Headers) -> str | None:
    """The secret of the session that has just ended in this browser, if it is genuine."""
    cookie = cookie_in(headers.get("cookie", ""), LEFT)
    return cookies.load_token(cookie, app) if cookie else None


def issue_token(app: Quart, secret: str, user_id: str, *, now: int, name: str = "") -> tuple[str, int]:
    """A bearer token (JWT) for a session of this name; returns it with its lifetime in seconds.

    A named one lives as long as it is used: what it says of its own end is far away, and its session decides.
    """
    issued_at, seconds = now // 1000, lifetime(name) // 1000
    ends = issued_at + (_FAR if name else seconds)
    claims = {"sub": user_id, "sid": secret, "iat": issued_at, "exp": ends}
    return jwt.encode(claims, _jwt_key(app), _ALGORITHM), seconds


def secret_from(app: Quart, headers: Headers, scheme: str) -> str | None:
    """The session secret that a request carries, if its token or cookie is genuine. A bearer token goes first."""
    authorization = headers.get("authorization", "")
    if authorization:
        scheme, _, token = authorization[:_LONGEST].partition(" ")
        return _secret_in_token(app, token.strip()) if scheme.lower() == "bearer" else None
    cookie = cookie_in(headers.get("cookie", ""), SECURE_COOKIE if scheme == "https" else COOKIE)
    return cookies.load_token(cookie, app) if cookie else None


def cookie_in(header: str, wanted: str) -> str | None:
    """The value of a cookie of ours, whose tokens are never quoted.

    By hand: http.cookies takes a time that is quadratic in the backslashes of a header, before anybody is known.
    """
    found = None
    for pair in header.split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == wanted:
            found = value.strip()
    return found if found and len(found) <= _LONGEST else None


def is_bearer(headers: Headers) -> bool:
    """Whether the request authenticates by the Authorization header, which no browser adds by itself."""
    return headers.get("authorization", "").lower().startswith("bearer ")


def _secret_in_token(app: Quart, token: str) -> str | None:
    try:
        secret, ends = _read_token(token, _jwt_key(app))
    except jwt.InvalidTokenError:
        return None
    return secret if time.time() < ends else None


@lru_cache(maxsize=_KNOWN)
def _read_token(token: str, key: bytes) -> tuple[str, int]:
    """The secret in a genuine token, and when it ends. Raises jwt.InvalidTokenError.

    PyJWT is asked for the signature alone, and we for the claims: `iat` of a clock that ran ahead is still to come when
    that has been put right; the session decides. It is asked only about what is not exactly as it makes ours here: of
    those it takes 84 µs (`jwt.decode` 178), a twentieth of an act, to find what `_as_made_here` finds in 9.
    """
    try:
        payload = _as_made_here(token, key)
        claims = json.loads(_SIGNED.decode(token, _prepared(key)) if payload is None else payload)
        secret, _, ends = claims["sid"], claims["sub"], claims["exp"]
        return str(secret), int(ends)
    except (ValueError, TypeError, KeyError) as error:
        raise jwt.InvalidTokenError("not a token of ours") from error


def _as_made_here(token: str, key: bytes) -> bytes | None:
    """What stands in a token with the head and the signature, letter for letter, of those that we make; else None."""
    signed, _, signature = token.rpartition(".")
    head, _, payload = signed.partition(".")
    if head != _head() or not token.isascii():
        return None
    ours = urlsafe_b64encode(hmac.new(key, signed.encode(), "sha256").digest()).rstrip(b"=")
    if not hmac.compare_digest(ours, signature.encode()):
        return None
    return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


@cache
def _head() -> str:
    return jwt.encode({}, "of no token" * 3, _ALGORITHM).partition(".")[0]


@cache
def _prepared(key: bytes) -> jwt.PyJWK:
    return jwt.PyJWK({"kty": "oct", "k": urlsafe_b64encode(key).decode().rstrip("="), "alg": _ALGORITHM})


def _jwt_key(app: Quart) -> bytes:
    assert isinstance(app.secret_key, str)
    return derive_key(app.secret_key, "jwt")
