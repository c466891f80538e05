"""Inputs that nobody means well with, thousands of them: whatever is sent, the answer is one of those documented.

`bin/hostile --inputs 50000` sends so many, the same ones for the same `--seed`; `--only N` sends one of them again and
shows it. tests/routes/test_hostile.py sends some in every run of the tests.

Every address with every method, as everybody: in one half a good request of somebody who may, with a few things wrong
in it, in the other whatever comes. Each is made from the seed and its number alone. They are handed to the ASGI
application as uvicorn would, so that no client mends them first.
"""
# ruff: noqa: E501, T201 - tables of inputs, and a program that says what it found

import argparse
import asyncio
import gzip
import json
import logging
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, unquote, urlencode

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.path.insert(0, str(Path(__file__).parents[2]))

import brotli
from callers import FORM, HTML, Callers, fields_of
from cast import CAST
from quart import Quart
from store import Clock
from story import Story, cheap_hashing, open_app, tell_story
from told import ACTS, READS, SIGNED_OUT_ACTS, UNKNOWN, Route

from fadjma.identity.people import Viewer
from fadjma.live.stream import _PATHS as STREAMS
from fadjma.web.throttle import Throttle

AS_IT_WAS = 100  # inputs, after which the story is back at its end: what they do must not use up what there is
ANSWERS_WITHIN = 20.0  # seconds, on a busy machine; what takes long is reported by its time
UNPACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
MARK = "<hx-hostile"  # no page of ours has it: where it stands as it was sent, it was not escaped
HTML_IN = f"""{MARK} onload=alert(1)>"'&{{{{ 7*7 }}}}"""
METHODS = (
    ("GET",) * 8 + ("POST",) * 8 + ("HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "M\u00e9")
)

TEXTS = (
    "", " ", "\t\n", "\x00", "a\x00b", "\r\nX-Injected: 1", "\u202e\u2066abc", "\u200b\u2060", "\ufeff", "\ufffd", "\u0301" * 40,
    "e\u0301" * 3_000, "ﷺ" * 200, "ا" * 50 + "\u200f", "🩺👩🏿‍⚕️", "½", "²", "٣", "１２３", "Ⅷ", "1_000", "1e309", "NaN", "-0",
    "Infinity", "9" * 19, "9" * 5_000, "-9223372036854775809", "0x10", "1.5", "true", "null", "undefined", "[]", "{}", "[object Object]",
    "' OR 1=1--", "'; DROP TABLE users; --", "%", "_", "%%%s%n%(name)s", "{0.__class__}", "{{ 7*7 }}", "{% include 'x' %}", "${7*7}",
    HTML_IN, f"javascript:alert('{MARK}>')", "../../../../etc/passwd", "..%2f..", "C:\\con", "file:///etc/passwd", "//evil.example/x",
    "/\\evil.example", "https://evil.example", "\\\\evil", "-", "--", "~", "~~~", "0~", "9~9", "2026-02-30", "0000-00-00", "9999-12-31",
    "99999-12-31", "+10000-01-01", "2026-11-26T25:61:61Z", "2026-W01-1", "a" * 101, "a" * 10_000, "é" * 30_000, "a b " * 5_000,
    "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "eyJhbGciOiJub25lIn0.e30.", "\U000e0001", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *TEXTS, None, True, False, 0, -1, 1, 1.5, 10**18, 10**30, float("inf"), float("nan"), [], {}, [[]], [None], ["a"], [{}],
    {"a": {"b": [1]}}, [1] * 50, [{"dosage": "x"}] * 30, "\ud800", {"$gt": ""}, {"__proto__": {"role": "admin"}},
)  # fmt: skip
NAMES = (
    "q", "before", "after", "next", "patient", "replaces", "line", "pharmacy_id", "user", "login", "medicine", "key", "confirm",
    "version", "id", "role", "status", "lines", "lines-0", "lines-0-dosage", "lines-99-dosage", "lines-²-x", "lines-0-0-0", "language",
    "up_to", "find", "pick", "drop", "more", "stay", "copy", "set", "change", "reason[]", "__class__", "\x00", "", "a" * 20_000, HTML_IN, "é", "%s",
)  # fmt: skip
HEADERS: dict[str, tuple[str, ...]] = {
    "accept": (
        HTML, "application/json", "text/event-stream", "*/*", "", "text/html;q=x", "application/json;q=-1,*/*;q=9e9", ",,,;;;", "a" * 9_000,
        "text/html;q=0,application/json;q=0", "image/png", "application/openmetrics-text;version=99", "application/json\x80", '"',
    ),
    "accept-language": ("fr", "en", "en;q=0", "x" * 5_000, "*;q=0", ",;=", "fr;q=nan", "en-\xe9"),
    "accept-encoding": ("gzip", "gzip;q=0", "br", "*;q=x", ""),
    "user-agent": ("", "x" * 4_000, "\xff\xfe", HTML_IN, "Mozilla/5.0"),
    "hx-request": ("true", "1", "TRUE"),
    "hx-boosted": ("true",),
    "hx-current-url": ("http://[", "//evil.example/", "http://clinic.test/\x01", "javascript:x", "a" * 3_000),
    "referer": ("http://[::1", "http://clinic.test/" + "a" * 2_000, "\xff", "http://clinic.test//evil.example/"),
    "origin": ("null", "http://clinic.test", "https://evil.example", "http://[", "", "\xe9"),
    "sec-fetch-site": ("same-origin", "cross-site", "same-site", "none", "nonsense", ""),
    "last-event-id": ("0", "-1", "9" * 30, "x", "\x00", "٣", "1,2"),
    "idempotency-key": ("", "k", "k" * 100, "k" * 101, "\xff\xfe", "#attempt", HTML_IN),
    "x-live": ("1", "2"),
    "x-forwarded-for": ("1.2.3.4", "::1", "x" * 500, "127.0.0.1, 10.0.0.1"),
    "x-forwarded-proto": ("https", "javascript"),
    "x-forwarded-host": ("evil.example",),
    "forwarded": ("for=_x;host=evil.example",),
    "x-http-method-override": ("DELETE",),
    "x-original-url": ("/accounts",),
    "range": ("bytes=0-", "bytes=9-1", "bytes=a"),
    "if-none-match": ("*", '"x"', "x" * 3_000),
    "if-modified-since": ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "content-encoding": ("gzip", "identity"),
    "expect": ("100-continue", "x"),
    "purpose": ("prefetch",),
    "authorization": (
        "Bearer", "Bearer ", "Bearer a.b.c", "bearer x", "Basic YTpi", "Bearer " + "a" * 9_000, "Bearer \xe9", "Negotiate x",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
    ),
    "cookie": (
        "fadjma=", "fadjma=forged", "fadjma=a; fadjma=b", "language=xx", f"language={HTML_IN}", "=;=;;", "\xff=\xff", 'fadjma="' + "\\" * 3_000,
        "__Host-fadjma=x", "fadjma-device=x.y.z", "a" * 8_000,
    ),
    "host": ("evil.example", "clinic.test:99999", "[::1]", "a b", "", "x" * 300, "clinic.test\x00"),
}  # fmt: skip
CONTENT_TYPES = (
    "", "text/plain", "application/xml", "application/json; charset=utf-16", "application/json; charset=nonsense", "application/jsonp",
    "application/vnd.api+json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é",
    "multipart/form-data; boundary=" + "b" * 300, "multipart/mixed; boundary=b", "nonsense", "/", ";", "a" * 3_000, FORM + "; charset=utf-7",
)  # fmt: skip
RAW = (
    b"", b"\x00", b"{", b"[]", b"null", b'"x"', b"1" * 5_000, b"[" * 30_000, b'{"a":' * 9_000, b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}",
    b'{"a":1,"a":2}', b'{"reason":"\\ud800"}', b'{"\\udfff":1}', b"a=%", b"a=%zz", b"a=%ff", b"&&&&", b"=", b"a" * 60_000, b"a=1&" * 9_000,
    b"\x1f\x8b\x08\x00", b"--b--\r\n", b"--b\r\n\r\n\r\n--b--", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    b'--b\r\nContent-Disposition: form-data; name="reason"; filename="x"\r\nContent-Length: x\r\n\r\nx\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="reason"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+ADw-\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name*=utf-8\'\'%ff\r\n\r\nx\r\n--b--\r\n', b"--b\r\nX: " + b"y" * 20_000, b"x" * 70_000,
)  # fmt: skip


@dataclass
class Input:
    """One request, as a server would hand it over."""

    number: int
    who: str
    method: str
    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    cut: bool  # the client goes away in the middle of the body

    def __str__(self) -> str:
        headers = "".join(f"\n  {name.decode()}: {value[:200]!r}" for name, value in self.headers)
        return (
            f"#{self.number} as {self.who}: {self.method} {self.path[:300]!r} ? {self.query[:300]!r}{headers}"
            f"\n  {self.body[:600]!r}{' (cut off)' if self.cut else ''}"
        )


@dataclass
class Given:
    """What came back of it."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    seconds: float = 0.0

    def header(self, name: str) -> str:
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name.encode()), "")


class Hostile:
    """Makes inputs for an app whose story has been told, sends them, and says what is wrong with an answer."""

    def __init__(self, app: Quart, story: Story, seed: int = 1) -> None:
        self.app, self.story, self.seed = app, story, seed
        self.callers = Callers(app)
        self.rules = list(app.url_map.iter_rules())
        self.addresses = [rule.rule for rule in self.rules] + list(STREAMS)
        self.ids = [*vars(story.told).values(), *(person.id for person in CAST), UNKNOWN]
        self.goods: list[tuple[str, Route]] = [
            *(("POST", route) for route in ACTS),
            *(("GET", route) for route in READS),
        ]
        self.answers: Counter[tuple[str, int]] = Counter()
        self.slowest = (0.0, "")

    # --- one input --------------------------------------------------------------------------------------------

    def make(self, number: int) -> Input:
        rng = Random(f"{self.seed} {number}")
        return self._nearly_good(rng, number) if rng.random() < 0.5 else self._anything(rng, number)

    def _nearly_good(self, rng: Random, number: int) -> Input:
        """What somebody may do, with a few things wrong: it comes further than noise does."""
        if rng.random() < 0.15:
            where, body = rng.choice(list(SIGNED_OUT_ACTS.items()))
            method, who = "POST", None
        else:
            method, route = rng.choice(self.goods)
            where, body, who = route.at(self.story.told), route.body or {}, rng.choice((route.who, *route.allowed))
        path, _, query = where.partition("?")
        headers = self._as(rng, who) | {"sec-fetch-site": "same-origin"}
        if rng.random() < 0.2:
            query = self._query(rng)
        raw = b""
        if method == "POST":
            raw, headers["content-type"] = self._body(rng, self._wrong(rng, dict(body)))
        headers |= self._headers(rng, most=2)
        return self._input(rng, number, who, method, quote(path, safe="/"), query, headers, raw)

    def _anything(self, rng: Random, number: int) -> Input:
        who = rng.choice((*CAST, None))
        path = self._path(rng)
        raw = b""
        headers = self._as(rng, who) | self._headers(rng, most=6)
        if rng.random() < 0.6:
            headers.setdefault("sec-fetch-site", "same-origin")
        if rng.random() < 0.5:
            raw, headers["content-type"] = self._body(rng, self._wrong(rng, {}))
        if rng.random() < 0.3:
            raw, headers["content-type"] = rng.choice(RAW), rng.choice((*CONTENT_TYPES, *_KINDS.values()))
        return self._input(rng, number, who, rng.choice(METHODS), path, self._query(rng), headers, raw)

    def _input(
        self, rng: Random, number: int, who: Viewer | None, method: str, path: str, query: str, headers: Any, raw: bytes
    ) -> Input:
        headers = {"host": "clinic.test", **headers, **({"content-length": str(len(raw))} if raw else {})}
        sent = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in headers.items()]
        if rng.random() < 0.03:
            sent.append(rng.choice(sent))  # a header twice
        return Input(
            number,
            who.id if who else "nobody",
            method,
            path.encode("latin-1", "replace"),
            query.encode("latin-1", "replace"),
            sent,
            raw,
            cut=bool(raw) and rng.random() < 0.02,
        )

    def _as(self, rng: Random, who: Viewer | None) -> dict[str, str]:
        if who is None:
            return {"accept": rng.choice((HTML, "application/json"))}
        asking = rng.choice((self.callers.browser, self.callers.htmx, self.callers.json_browser, self.callers.program))
        return {name.lower(): value for name, value in asking(who).headers.items()}

    def _path(self, rng: Random) -> str:
        path = rng.choice(self.addresses)
        while "<" in path:
            path = re.sub("<[^>]*>", self._part(rng).replace("\\", ""), path, count=1)
        twist = rng.random()
        if twist < 0.05:
            path = path.replace("/", rng.choice(("//", "/./", "/../", "/%2e%2e/", "%2f", "\\", "/;/")), 1)
        elif twist < 0.1:
            path += rng.choice(
                ("/", "//", "%00", "%ff%fe", "?", "#", ".json", "%0d%0aX:1", "/" + "a/" * 500, "%", "%zz", ";x=1")
            )
        elif twist < 0.12:
            path = quote(rng.choice(TEXTS)[:3_000], safe="")
        elif twist < 0.14:
            path = path.upper()
        return path if path.startswith("/") else f"/{path}"

    def _part(self, rng: Random) -> str:
        if rng.random() < 0.7:
            return rng.choice(self.ids)
        return quote(rng.choice(TEXTS)[:3_000], safe="") or "x"

    def _query(self, rng: Random) -> str:
        pairs = [(rng.choice(NAMES)[:2_000], rng.choice(TEXTS)[:4_000]) for _ in range(rng.choice((0, 0, 1, 1, 2, 5)))]
        query = urlencode(pairs)
        if rng.random() < 0.1:
            query += rng.choice(
                ("&%ff=%fe", "&%", "&a=%zz", "&=&&", "&a", ";a=1", "&q=\xff", "&" * 300, "&q=%ed%a0%80")
            )
        return query

    def _headers(self, rng: Random, most: int) -> dict[str, str]:
        return {name: rng.choice(HEADERS[name]) for name in rng.sample(list(HEADERS), rng.randint(0, most))}

    def _wrong(self, rng: Random, body: dict[str, Any]) -> dict[str, Any]:
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            match rng.random():
                case part if part < 0.6 and body:
                    body[rng.choice(list(body))] = rng.choice(VALUES)
                case part if (
                    part < 0.7 and isinstance(lines := body.get("lines"), list) and lines and isinstance(lines[0], dict)
                ):
                    lines = [dict(line) if isinstance(line, dict) else line for line in lines] * rng.choice(
                        (1, 2, 16, 40)
                    )
                    lines[0][rng.choice((*lines[0], "note", "substitution_allowed"))] = rng.choice(VALUES)
                    body["lines"] = lines
                case part if part < 0.8 and body:
                    body.pop(rng.choice(list(body)))
                case _:
                    body[rng.choice(NAMES)] = rng.choice(VALUES)
        return body

    def _body(self, rng: Random, fields: dict[str, Any]) -> tuple[bytes, str]:
        kind = rng.choice(("json", "json", "form", "form", "parts"))
        raw = _BODIES[kind](fields)
        if rng.random() < 0.1:
            at = rng.randrange(len(raw) + 1)
            raw = (
                raw[:at]
                + rng.choice((b"\xff", b"\x00", b"%", b'"', b"", b"\r\n--b", raw[:at][:2_000]))
                + raw[at + rng.choice((0, 1, 5)) :]
            )
        content_type = rng.choice(CONTENT_TYPES) if rng.random() < 0.05 else _KINDS[kind]
        return raw[:70_000], content_type

    # --- sending ----------------------------------------------------------------------------------------------

    async def send(self, sent: Input) -> Given:
        """The answer; one without a status when there was none, which is right where the client has gone away."""
        given, gone, begun = Given(), asyncio.Event(), time.perf_counter()
        chunks = [sent.body[at : at + 16_384] for at in range(0, len(sent.body), 16_384)] or [b""]
        if sent.cut:
            chunks = [*chunks[:-1], chunks[-1][: len(chunks[-1]) // 2]]

        async def receive() -> dict[str, Any]:
            if chunks:
                return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks) or sent.cut}
            if not sent.cut:
                await gone.wait()
            return {"type": "http.disconnect"}

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                given.status, given.headers = message["status"], list(message.get("headers", []))
            else:
                given.body += message.get("body", b"")
                if "text/event-stream" in given.header("content-type") or not message.get("more_body"):
                    gone.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": sent.method.upper() if sent.method.isascii() and sent.number % 2 else sent.method,
            "scheme": "http",
            "path": unquote(sent.path.decode("latin-1")),
            "raw_path": sent.path,
            "query_string": sent.query,
            "root_path": "",
            "headers": list(sent.headers),
            "client": (f"10.{sent.number % 250}.0.{sent.number % 240 + 1}", 40_000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        async with asyncio.timeout(ANSWERS_WITHIN):
            await self.app.asgi_app(scope, receive, answer)  # type: ignore[arg-type]
        given.seconds = time.perf_counter() - begun
        self.answers[sent.method[:8], given.status] += 1
        self.slowest = max(self.slowest, (given.seconds, f"#{sent.number} {sent.method} {sent.path[:60]!r}"))
        return given

    # --- what is wrong with an answer -------------------------------------------------------------------------

    def wrong(self, sent: Input, given: Given) -> str:
        """Empty when nothing is."""
        if not given.status:
            return "" if sent.cut else "no answer"
        ahead = any(name == b"purpose" for name, _ in sent.headers)
        if given.status >= 500 and not (given.status == 503 and ahead and given.header("retry-after")):
            return f"status {given.status}"
        if any(b"\r" in part or b"\n" in part for pair in given.headers for part in pair):
            return "a line break inside a header"
        location = given.header("location")
        if location and (not location.startswith("/") or location.startswith(("//", "/\\"))):
            return f"leads elsewhere: {location}"
        return self._wrong_body(sent, given)

    def _wrong_body(self, sent: Input, given: Given) -> str:
        body = UNPACK[given.header("content-encoding")](given.body)
        kind = given.header("content-type").partition(";")[0]
        if sent.method.upper() == "HEAD":
            return ""
        is_text = kind.startswith("text/") or kind.endswith("json")
        text = body.decode(errors="strict" if is_text else "replace")  # a picture, a workbook
        if kind == "text/html" and MARK in text:
            return "what was sent is not escaped"
        if kind in ("application/json", "application/problem+json"):
            found = json.loads(text)
            if kind == "application/problem+json":
                said = {"type", "title", "status", "detail"} <= found.keys()
                return "" if said and found["status"] == given.status and found["detail"] else "no problem document"
        return "" if "Traceback (most recent" not in text else "a traceback"

    # --- many -------------------------------------------------------------------------------------------------

    async def run(self, inputs: range, say: Callable[[str], None] = lambda text: None) -> list[str]:
        """Send these inputs; what was wrong, one text for each."""
        faults: list[str] = []
        with _log() as logged:
            for number in inputs:
                if number % AS_IT_WAS == 0:
                    self._begin_again()
                if fault := await self._one(self.make(number), logged):
                    faults.append(fault)
                    say(fault)
                if number % 1_000 == 999:
                    say(
                        f"{number + 1} sent, {len(faults)} wrong, the slowest {self.slowest[0]:.2f} s: {self.slowest[1]}"
                    )
        return faults

    async def _one(self, sent: Input, logged: list[str]) -> str:
        logged.clear()
        try:
            given = await self.send(sent)
            fault = self.wrong(sent, given)
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
        if logged and not fault:
            fault = "an error in the log"
        return f"{fault}\n{sent}\n{''.join(logged)}" if fault else ""

    def _begin_again(self) -> None:
        """Back at the end of the story; but first, what the inputs have done must add up."""
        clock = Clock()
        clock.now = self.story.now
        store = self.story.store(clock)
        store.check()
        store.close()
        self.story.begin_again()
        self.app.extensions["database"].clock = clock
        self.app.extensions["throttle"] = Throttle()


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()


def _form(fields: dict[str, Any]) -> bytes:
    pairs = [(name, value.encode("utf-8", "replace")) for name, value in fields_of("", fields)]
    return urlencode(pairs).encode()


def _parts(fields: dict[str, Any]) -> bytes:
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields_of("", fields)
    )
    return f"{parts}--b--\r\n".encode("utf-8", "replace")


_BODIES: dict[str, Callable[[dict[str, Any]], bytes]] = {"json": _json, "form": _form, "parts": _parts}
_KINDS = {"json": "application/json", "form": FORM, "parts": "multipart/form-data; boundary=b"}


@contextmanager
def _log() -> Iterator[list[str]]:
    """What the program says of errors meanwhile."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record) + "\n")

    handler = Handler(logging.ERROR)
    handler.setFormatter(logging.Formatter())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


async def _many(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder, cheap_hashing():
        story = tell_story(Path(folder) / "fadjma.db")
        async with open_app(story) as app:
            hostile = Hostile(app, story, arguments.seed)
            chosen = range(arguments.inputs) if arguments.only is None else range(arguments.only, arguments.only + 1)
            if arguments.only is not None:
                hostile._begin_again()
                print(hostile.make(arguments.only))
            faults = await hostile.run(chosen, lambda text: print(text, flush=True))
        story.close()
    statuses = Counter[int]()
    for (_, status), times in hostile.answers.items():
        statuses[status] += times
    print(f"{sum(statuses.values())} inputs, {len(faults)} wrong; answers by status: {dict(sorted(statuses.items()))}")
    return 1 if faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Send hostile inputs to the program, in process.")
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the one with this number, and show it")
    sys.exit(asyncio.run(_many(parser.parse_args())))
