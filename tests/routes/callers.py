"""Who asks by HTTP, and in which of the three ways."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from cast import secret_of
from quart import Quart, Response
from quart.utils import decode_headers
from werkzeug.datastructures import Headers

from fadjma.identity import credentials
from fadjma.identity.people import Viewer
from fadjma.store import milliseconds

FORM = "application/x-www-form-urlencoded"
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"  # as a browser asks
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}  # every form is sent from a page of ours
_FRESH = re.compile(' data-fresh="[0-9]+"')
Body = dict[str, Any] | list[Any] | str | bytes | None


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        """Without the seconds that are left of the day: of the same page they are others each time."""
        return _FRESH.sub("", self.body.decode())

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return self.headers.get("Content-Type", "")

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def title(self) -> str:
        found = re.search("<title>(.*?)</title>", self.text, re.DOTALL)
        assert found, "the page has no title"
        return found[1]

    def problem(self, status: int) -> dict[str, Any]:
        """The problem document (RFC 9457) that this answer must be."""
        assert self.status == status, (self.status, self.text[:400])
        assert self.type == "application/problem+json"
        problem: dict[str, Any] = self.json
        assert {"type", "title", "status", "detail"} <= problem.keys()
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        return problem

    def errors(self) -> dict[str, str]:
        """The messages by field of a 422."""
        errors: dict[str, str] = self.problem(422)["errors"]
        assert errors
        assert all(isinstance(message, str) and message for message in errors.values())
        return errors


PageOf = Callable[[Viewer, Any], Awaitable[Answer]]


class _Exchange:
    """One request and its answer, also for Quart's client.

    Its own way is made for conversations, with a task and two queues: a quarter of what a small answer takes.
    """

    def __init__(self, app: Quart, scope: Any, _preserve_context: bool = False) -> None:
        self._app, self._scope = app, scope
        self._said: list[dict[str, Any]] = []
        self.push_promises: list[Any] = []  # of HTTP/2; asked for, and never made
        self._status, self.headers, self._body = 0, Headers(), bytearray()

    async def __aenter__(self) -> "_Exchange":
        return self

    async def send(self, body: bytes) -> None:
        self._said.append({"type": "http.request", "body": body, "more_body": False})

    async def send_complete(self) -> None:
        """`send` has sent all."""

    async def __aexit__(self, *error: object) -> None:
        await self._app(self._scope, self._hears, self._answers)

    async def _hears(self) -> Any:
        return self._said.pop() if self._said else await asyncio.Future()  # whoever asks stays to the end

    async def _answers(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._status, self.headers = message["status"], decode_headers(message["headers"])
        elif message["type"] == "http.response.body":
            self._body += message["body"]

    async def as_response(self) -> Response:
        return self._app.response_class(bytes(self._body), self._status, self.headers)

    def answer(self) -> Answer:
        return Answer(self._status, self.headers, bytes(self._body))


@dataclass
class Caller:
    """Somebody, or nobody, asking in one way from one address."""

    app: Quart
    headers: dict[str, str]
    sends_json: bool = False
    address: str = "10.0.0.1"
    scheme: str = "http"
    jar: bool = False
    _client: Any = field(init=False)  # keeps the cookies, where there is a jar

    def __post_init__(self) -> None:
        if self.jar:
            self._client = self.app.test_client()
            self._client.http_connection_class = _Exchange

    async def ask(self, method: str, path: str, body: Body = None, **headers: str) -> Answer:
        """One request; header names are given with _ for -."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if headers.keys() & {"Origin", "Referer"} and "Sec_Fetch_Site" not in headers:
            sent.pop("Sec-Fetch-Site", None)  # a browser that says where it comes from in the older way only
        data = b""
        if isinstance(body, dict | list) and (self.sends_json or isinstance(body, list)):
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        elif isinstance(body, dict):
            data = urlencode(list(fields_of("", body))).encode()
            sent.setdefault("Content-Type", FORM)
        elif body is not None:
            data = body.encode() if isinstance(body, str) else body
        where = quote(path, safe="/?&=%+~:;,@!$'()*#[]")
        return await (self._ask_with_cookies if self.jar else self._ask)(method, where, sent, data)

    async def _ask_with_cookies(self, method: str, where: str, sent: dict[str, str], data: bytes) -> Answer:
        response = await self._client.open(
            where,
            method=method,
            headers=Headers(sent),
            data=data,
            scheme=self.scheme,
            scope_base={"client": (self.address, 40_000)},
        )
        return Answer(response.status_code, response.headers, await response.get_data(as_text=False))

    async def _ask(self, method: str, where: str, sent: dict[str, str], data: bytes) -> Answer:
        """As Quart's client does, which puts all of this into objects of its own first: an eighth of a small answer."""
        raw_path, _, query = where.partition("?")
        headers = {"user-agent": "Quart", "host": "localhost", **{name.lower(): sent[name] for name in sent}}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "asgi": {"spec_version": "2.1"},
            "method": method,
            "scheme": self.scheme,
            "path": unquote(raw_path),
            "raw_path": raw_path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "extensions": {},
            "client": (self.address, 40_000),
        }
        async with _Exchange(self.app, scope) as exchange:
            await exchange.send(data)
        return exchange.answer()

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, body: Body = None, **headers: str) -> Answer:
        return await self.ask("POST", path, {} if body is None else body, **headers)


class Callers:
    """Makes callers for one app."""

    def __init__(self, app: Quart) -> None:
        self.app = app

    def browser(self, person: Viewer, **how: Any) -> Caller:
        """This person's browser without JavaScript: plain forms, pages."""
        return Caller(self.app, {"Accept": HTML, **OWN_PAGE, **self.cookie(person, **how)}, **how)

    def htmx(self, person: Viewer, **how: Any) -> Caller:
        """This person's browser, where htmx asks for a fragment."""
        headers = {"Accept": "*/*", "HX-Request": "true", **OWN_PAGE, **self.cookie(person, **how)}
        return Caller(self.app, headers, **how)

    def json_browser(self, person: Viewer, **how: Any) -> Caller:
        """A script of ours with this person's cookie, sending and taking JSON."""
        return Caller(self.app, {"Accept": "application/json", **self.cookie(person, **how)}, sends_json=True, **how)

    def program(self, person: Viewer, **how: Any) -> Caller:
        """A program with a bearer token of this person, sending and taking JSON."""
        token, _ = credentials.issue_token(self.app, secret_of(person.id), person.id, now=milliseconds())
        return self.bearer(token, **how)

    def bearer(self, token: str, **how: Any) -> Caller:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        return Caller(self.app, headers, sends_json=True, **how)

    def nobody(self, *, json: bool = False, address: str = "10.0.0.9", **how: Any) -> Caller:
        """A browser (or a program) in which nobody has signed in, with a cookie jar of its own."""
        headers = {"Accept": "application/json"} if json else {"Accept": HTML, **OWN_PAGE}
        return Caller(self.app, headers, sends_json=json, address=address, jar=True, **how)

    def cookie(self, person: Viewer, scheme: str = "http", **how: Any) -> dict[str, str]:
        token = credentials.cookies.dump_token(secret_of(person.id), self.app)
        name = credentials.SECURE_COOKIE if scheme == "https" else credentials.COOKIE
        return {"Cookie": f"{name}={token}"}


def fields_of(prefix: str, value: Any) -> Any:
    """A body as a form sends it: {"lines": [{"quantity": 2}]} is lines-0-quantity=2."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from fields_of(f"{prefix}-{key}" if prefix else key, item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from fields_of(f"{prefix}-{index}", item)
    elif value is not None:
        yield prefix, str(value)
