"""People of the running server: new ones for each test, so that their numbers begin at one and nobody else is told.

They are put into the database from outside, like an import; whatever they do afterwards goes over HTTP.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self
from urllib.parse import urlencode

import httpx
from answering import answered
from event_stream import WITHIN, Follower, Stream
from live_server import SECRET_KEY, Server
from prometheus_client.parser import text_string_to_metric_families
from quart import Quart
from store import Store

from fadjma import events
from fadjma.accounts import actions
from fadjma.events import Subject
from fadjma.identity import credentials, sessions
from fadjma.identity.enrolment import NewPerson
from fadjma.ids import new_id
from fadjma.store import Transaction, milliseconds

READ_TIMEOUT = int(os.environ.get("FADJMA_NGINX_READ_TIMEOUT", "30"))  # seconds; nginx's own default is 60
_PHARMACISTS = (
    "INSERT INTO organizations (id, kind, name, address, city, phone) "
    "VALUES (:place, 'pharmacy', :place, 'avenue Bourguiba', 'Dakar', '+221338210000') "
    "ON CONFLICT (id) DO NOTHING",
    "INSERT INTO users (id, role, status, email, password_hash, given_name, family_name, created_at, verified_at) "
    "VALUES (:id, 'pharmacist', 'active', :id || '@live.fadjma', 'no hash', 'Ousmane', 'Ndiaye', :now, :now)",
    "INSERT INTO inboxes (user_id) VALUES (:id)",
    "INSERT INTO practitioners (user_id, licence_number, organization_id) VALUES (:id, :id, :place)",
)
_ADMINS = (
    "INSERT INTO users (id, role, status, email, password_hash, given_name, family_name, created_at, verified_at) "
    "VALUES (:id, 'admin', 'active', :id || '@live.fadjma', 'no hash', 'Coumba', 'Lô', :now, :now)",
    "INSERT INTO inboxes (user_id) VALUES (:id)",
)
_signer = Quart("signer")
_signer.secret_key = SECRET_KEY
credentials.cookies.init_app(_signer)


@dataclass(frozen=True, slots=True)
class Session:
    """A session of somebody: as the browser's cookie, and as a program's bearer token."""

    user_id: str
    secret: str = field(repr=False)

    @property
    def id(self) -> str:
        return sessions.id_of(self.secret)

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"{credentials.COOKIE}={credentials.cookies.dump_token(self.secret, _signer)}"}

    @property
    def bearer(self) -> dict[str, str]:
        token, _ = credentials.issue_token(_signer, self.secret, self.user_id, now=milliseconds())
        return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a session of their own."""

    id: str
    name: str
    session: Session
    place: str | None = None


class People:
    """New people in a server's database."""

    def __init__(self, server: Server, store: Store | None = None) -> None:
        """`store`: of a server whose database is no file."""
        self.server = server
        self.store = store or Store(server.database, milliseconds)  # type: ignore[arg-type]

    def patient(self, given_name: str = "Awa", family_name: str = "Cissé") -> Person:
        def register(tx: Transaction) -> str:
            who = _newcomer(given_name, family_name)
            return actions.register_patient(tx, who, birth_date="1991-07-14", sex="female", city="Dakar")

        return self._settle(register, f"{given_name} {family_name}")

    def doctor(self, family_name: str = "Diop") -> Person:
        return self._practitioner("doctor", family_name, self.place("clinic"))

    def pharmacist(self, pharmacy: str, family_name: str = "Ndiaye") -> Person:
        return self._practitioner("pharmacist", family_name, pharmacy)

    def pharmacists(self, count: int, pharmacy: str | None = None) -> list[Person]:
        """Very many in one transaction, of this pharmacy, or each of a new one."""

        people = [
            Person(id, "Ousmane Ndiaye", Session(id, ""), pharmacy or new_id())
            for id in (new_id() for _ in range(count))
        ]
        return self._crowd(people, _PHARMACISTS)

    def admins(self, count: int) -> list[Person]:
        """Very many in one transaction."""
        ids = [new_id() for _ in range(count)]
        return self._crowd([Person(id, "Coumba Lô", Session(id, "")) for id in ids], _ADMINS)

    def _crowd(self, people: list[Person], statements: Sequence[str]) -> list[Person]:
        def settle(tx: Transaction) -> list[Person]:
            rows = [{"id": one.id, "place": one.place, "now": tx.now} for one in people]
            for sql in statements:
                tx.execute_many(sql, rows)
            return [replace(one, session=_session(tx, one.id, "browser")) for one in people]

        return self.store.write(settle)

    def admin(self) -> Person:
        return self._settle(lambda tx: actions.create_admin(tx, _newcomer("Coumba", "Lô")), "Coumba Lô")

    def place(self, kind: Literal["clinic", "pharmacy"] = "pharmacy") -> str:
        id = new_id()
        columns = "id, kind, name, address, city, phone"
        sql = f"INSERT INTO organizations ({columns}) VALUES (?, ?, ?, 'avenue Bourguiba', 'Dakar', '+221338210000')"
        self.store.write(lambda tx: tx.execute(sql, (id, kind, f"Lieu {id[-4:]}")))
        return id

    def _practitioner(self, role: Any, family_name: str, place: str) -> Person:
        def register(tx: Transaction) -> str:
            who = _newcomer("Ousmane", family_name)
            user_id = actions.register_practitioner(
                tx, who, role, licence_number=new_id(), specialty="", organization_id=place
            )
            tx.execute("UPDATE users SET status = 'active', verified_at = ? WHERE id = ?", (tx.now, user_id))
            # Their own registration is their first event; here everybody begins at zero.
            tx.execute("DELETE FROM notifications WHERE user_id = ?", (user_id,))
            tx.execute("UPDATE inboxes SET last_seq = 0 WHERE user_id = ?", (user_id,))
            return user_id

        return self._settle(register, f"Ousmane {family_name}", place)

    def _settle(self, register: Any, name: str, place: str | None = None) -> Person:
        user_id = self.store.write(register)
        return Person(user_id, name, self.session(user_id), place)

    def session(self, user_id: str, kind: Literal["browser", "token"] = "browser") -> Session:
        """One more session of a person."""
        return self.store.write(_session, user_id, kind)

    def medicine(self) -> tuple[str, str]:
        """Id and name of a medicine."""
        id, name = self.store.rows("SELECT id, dci FROM medicines ORDER BY id LIMIT 1")[0]
        return id, name


class Clinic(People):
    """What a test does with the server: people, their acts, their streams. Everything is closed at the end.

    `through` is the address of a proxy, by which all of it then goes.
    """

    def __init__(
        self, server: Server, through: str = "", *, store: Store | None = None, patience: float = WITHIN
    ) -> None:
        """`patience`: seconds after which a client gives up waiting for an answer."""
        super().__init__(server, store)
        self._through = through
        self._http = httpx.AsyncClient(verify=False, trust_env=False, timeout=patience)
        self._closing = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    @property
    def address(self) -> str:
        """Where the next request goes."""
        return self._through or self.server.address

    async def __aexit__(self, *error: object) -> None:
        await self._closing.aclose()
        await self._http.aclose()
        self.store.close()

    # --- acts, over HTTP ---

    async def get(self, who: Person | Session, path: str, **headers: str) -> httpx.Response:
        session = who.session if isinstance(who, Person) else who
        return await self._http.get(self.address + path, headers={**session.bearer, **headers})

    async def post(self, who: Person | Session, path: str, *, key: str = "", **fields: Any) -> httpx.Response:
        session = who.session if isinstance(who, Person) else who
        headers = {**session.bearer, **({"Idempotency-Key": key} if key else {})}
        return await self._http.post(self.address + path, headers=headers, json=fields)

    async def preflight(self, path: str, headers: dict[str, str]) -> httpx.Response:
        return await self._http.options(self.address + path, headers=headers)

    async def act(self, who: Person, path: str, **fields: Any) -> str:
        """An act that must succeed; gives the id of what it made or changed."""
        response = await self.post(who, path, **fields)
        if response.status_code == 422 and "alerts" in response.json() and "overrides" not in fields:
            return await self.act(who, path, **answered(fields, response.json()))
        assert response.is_success, (path, response.status_code, response.text)
        id: str = response.json()["id"]
        return id

    async def ask(self, doctor: Person, patient: Person) -> str:
        return await self.act(doctor, "/access-requests", patient_id=patient.id, reason="Suivi de la tension")

    async def withdraw(self, doctor: Person, request_id: str) -> str:
        return await self.act(doctor, f"/access-requests/{request_id}/withdrawal")

    async def grant(self, doctor: Person, patient: Person) -> str:
        """Ask and approve: two events for each of the two."""
        request_id = await self.ask(doctor, patient)
        return await self.act(patient, f"/access-requests/{request_id}/approval", scope="full", duration="7d")

    async def write_record(self, doctor: Person, patient: Person, title: str = "Tension") -> str:
        path = f"/patients/{patient.id}/records"
        return await self.act(doctor, path, type="consultation", title=title, body="Régime sans sel.")

    async def prescribe(self, doctor: Person, patient: Person, pharmacy: str | None = None) -> str:
        line = {
            "medicine_id": self.medicine()[0],
            "dosage": "1 matin et soir",
            "quantity": 20,
            "duration_days": 10,
        }
        path = f"/patients/{patient.id}/prescriptions"
        return await self.act(doctor, path, lines=[line], pharmacy_id=pharmacy or "")

    async def events(self, doctor: Person, patient: Person, count: int) -> None:
        """Make `count` more events for both: asking and withdrawing in turn."""
        pending = ""
        for _ in range(count):
            pending = "" if pending and await self.withdraw(doctor, pending) else await self.ask(doctor, patient)

    async def work(self, doctor: Person, patient: Person, enough: Callable[[], bool]) -> None:
        """Make events for both, until it is enough: as many as a proxy may cut between, not as many as there can be."""
        async with asyncio.timeout(120):
            while not enough():
                await self.events(doctor, patient, 2)
                await asyncio.sleep(0.1)

    # --- listening ---

    async def stream(
        self, who: Person | Session, path: str = "/api/events", *, unwilling: bool = False, **query: Any
    ) -> Stream:
        """An open stream: HTML with the cookie for /events, JSON with the bearer token for /api/events."""
        session = who.session if isinstance(who, Person) else who
        headers = session.bearer if path.startswith("/api") else session.cookie
        return await self.connect(path + ("?" + urlencode(query) if query else ""), headers, unwilling=unwilling)

    async def connect(self, path: str, headers: dict[str, str], *, unwilling: bool = False) -> Stream:
        stream = await Stream.open(self.address, path, headers, unwilling=unwilling)
        self._closing.push_async_callback(stream.close)
        return stream

    async def listening(self, who: Person | Session, path: str = "/api/events", **query: Any) -> Stream:
        """A stream that has said hello."""
        stream = await self.stream(who, path, **query)
        assert (await stream.event()).type == "hello"
        return stream

    async def poll(self, who: Person | Session, after: int, **headers: str) -> httpx.Response:
        return await self.get(who, f"/notifications/poll?after={after}", **headers)

    async def figure(self, name: str, **labels: str) -> float:
        """One of the server's own figures, over all its labels but those given."""
        response = await self._http.get(self.server.address + "/metrics")
        [family] = [one for one in text_string_to_metric_families(response.text) if one.name == name]
        samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def follow(self, who: Person, *, patiently: bool = False) -> Follower:
        """A careful client of this person, which comes back until the test ends: at once, or when it was told to."""
        follower = self.follower(who, patiently=patiently)
        task = asyncio.create_task(follower.run())
        self._closing.push_async_callback(_end, task)
        return follower

    def follower(self, who: Person, *, patiently: bool = False) -> Follower:
        """A careful client that does nothing yet."""

        async def connect(after: int) -> Stream:
            return await Stream.open(self.address, f"/api/events?after={after}", who.session.bearer)

        async def catch_up(after: int) -> list[dict[str, Any]]:
            response = await self.poll(who, after)
            found: list[dict[str, Any]] = response.json()["events"] if response.status_code == 200 else []
            return found

        return Follower(connect, catch_up, patiently=patiently)

    async def has_seen_all(self, who: Person, follower: Follower) -> None:
        """Wait until this client has seen all of the person's events; each once, in order, and nothing sent twice."""
        stored = self.store.rows("SELECT seq, subject_id FROM notifications WHERE user_id = ? ORDER BY seq", who.id)
        assert stored, "nothing happened"
        await until(lambda: follower.last >= len(stored))
        assert [(event.seq, event.json["subject"]["id"]) for event in follower.seen] == stored
        assert follower.dropped == 0, "the server sent what this client said it had"


class Idle:
    """A stream on which nothing happens, opened before the first test, so that no test waits long for time to pass."""

    def __init__(self, server: Server, through: str = "", *, unwilling: bool = False) -> None:
        people = People(server)
        with contextlib.closing(people.store):
            self.person = people.patient()
            if unwilling:  # nobody reads what the server is about to replay
                told = Subject("patient", self.person.id)
                for _ in range(40):
                    people.store.write(events.notify, [self.person.id], "notification", "record.read", told)
        cookie = self.person.session.cookie["Cookie"]
        host, _, port = (through or server.address).removeprefix("http://").partition(":")
        self.opened_at = time.monotonic()
        self.socket = socket.socket()
        if unwilling:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self.socket.connect((host, int(port)))
        self.socket.sendall(
            f"GET /events?after={0 if unwilling else ''} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()
        )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task  # raises what the follower has found wrong


def seconds(span: float) -> Callable[[], bool]:
    """True when so much time has gone from now."""
    end = time.monotonic() + span
    return lambda: time.monotonic() > end


async def until(true: Any, within: float = WITHIN) -> None:
    """Wait until `true()` is."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


def _session(tx: Transaction, user_id: str, kind: Literal["browser", "token"]) -> Session:
    return Session(user_id, sessions.start(tx, user_id, kind=kind, address="127.0.0.1", agent="tests"))


def _newcomer(given_name: str, family_name: str) -> NewPerson:
    return NewPerson(
        given_name=given_name,
        family_name=family_name,
        email=f"{new_id()}@live.fadjma".lower(),
        phone=None,
        password_hash="no hash",
    )
