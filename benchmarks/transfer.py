"""Part 4a: bytes on the wire: each kind of notification, an idle hour, a poll with nothing new."""

import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import clinic, wire
from benchmarks.report import BUDGET, EARLIER, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.store import Transaction

_NOTIFICATION_BUDGET = 400.0  # bytes, benchmarks/README.md, “Budgets”
_IDLE_BUDGET = 5 * 1024.0  # bytes an hour
_EARLIER_NOTIFICATION = 3.2 * 1024  # bytes, docs/replaces.md: frame and what is fetched because of it
_EARLIER_IDLE = 255 * 1024.0  # bytes an hour
_COMMENT_EVERY, _COMMENT = 25, b"3\r\n:\n\n\r\n"  # seconds; as chunk
_POLL_EVERY = 15  # seconds
_HOUR = 3_600
_ARRIVES_IN = 0.3  # seconds after which an act has reached every stream
_PATHS = {"HTML": "/events", "JSON": "/api/events"}


@dataclass(frozen=True, slots=True)
class _People:
    doctor: clinic.Person
    patient: clinic.Person
    pharmacist: clinic.Person
    medicine: str
    pharmacy: str

    def named(self) -> dict[str, clinic.Person]:
        return {"doctor": self.doctor, "patient": self.patient, "pharmacist": self.pharmacist}


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What one act brought to one open stream: bytes with chunk framing, and how many events."""

    act: str
    reader: str
    encoding: str
    size: int
    events: int


def run(sizes: Sizes, work: Path) -> Part:
    """A patient's story with everybody's streams open, then silence."""
    progress("transfer: acts")
    path = work / "transfer.db"
    people = clinic.prepare(path, _people)
    with clinic.serve(path) as server, contextlib.closing(wire.Client(server.port)) as client:
        with _streams(server.port, people) as streams:
            arrivals = [arrival for act in _acts(client, people) for arrival in _arrivals(act, streams)]
            progress(f"transfer: {sizes.idle_seconds:.0f} s of silence")
            idle = _idle(streams, sizes.idle_seconds)
        poll = _poll(client, people.patient)
    return _part(arrivals, idle, sizes.idle_seconds, poll)


def _people(tx: Transaction) -> _People:
    (doctor,), (patient,) = clinic.doctors(tx, 1), clinic.patients(tx, 1)
    pharmacist = clinic.known(tx, "pharma.ndiaye@demo.fadjma")
    pharmacy = tx.value("SELECT organization_id FROM practitioners WHERE user_id = :id", {"id": pharmacist.id})
    medicine = tx.value(
        "SELECT p.medicine_id FROM products p JOIN lots l ON l.product_id = p.id WHERE p.pharmacy_id = :id "
        "GROUP BY p.medicine_id ORDER BY sum(l.on_hand - l.reserved) DESC LIMIT 1",
        {"id": pharmacy},
    )
    return _People(doctor, patient, pharmacist, medicine, pharmacy)


@contextmanager
def _streams(port: int, people: _People) -> Iterator[dict[tuple[str, str], socket.socket]]:
    """Everybody's HTML and JSON streams, by role and encoding."""
    with contextlib.ExitStack() as stack:
        streams = {}
        for role, person in people.named().items():
            for encoding, path in _PATHS.items():
                stream = wire.open_stream(port, wire.event_stream(path, person.token))
                streams[role, encoding] = stack.enter_context(stream)
        time.sleep(1)
        for stream in streams.values():
            wire.drain(stream)
        yield streams


def _acts(client: wire.Client, people: _People) -> Iterator[str]:
    """The story, act by act: each has just been done when its name comes."""
    doctor, patient, pharmacist = people.doctor.token, people.patient.token, people.pharmacist.token
    file = f"/patients/{people.patient.id}"

    def post(path: str, token: str, body: Any, status: int = 200) -> str:
        return str(client.expect(status, wire.request("POST", path, token=token, body=body))["id"])

    asked = {"patient_id": people.patient.id, "reason": "Consultation de suivi", "scope": "full"}
    access = "/access-requests/" + post("/access-requests", doctor, asked, 201)
    yield "access asked"
    post(f"{access}/approval", patient, {"scope": "full", "duration": "7d"})
    yield "access granted"
    written = {"type": "consultation", "title": "Visite de contrôle", "body": "Va bien."}
    post(f"{file}/records", doctor, written, 201)
    yield "record written"
    line = {"medicine_id": people.medicine, "dosage": "à jeun", "quantity": 1, "duration_days": 7}
    prescribed = {"lines": [line], "pharmacy_id": people.pharmacy}
    prescription = "/prescriptions/" + post(f"{file}/prescriptions", doctor, prescribed, 201)
    yield "prescription issued"
    for path in ("validation", "preparation", "readiness"):
        post(f"{prescription}/{path}", pharmacist, {})
        yield f"prescription: {path}"
    post(f"{access}/revocation", patient, {})
    yield "access revoked"


def _arrivals(act: str, streams: dict[tuple[str, str], socket.socket]) -> Iterator[_Arrival]:
    time.sleep(_ARRIVES_IN)
    for (role, encoding), stream in streams.items():
        data = wire.drain(stream, 0.02).replace(_COMMENT, b"")
        if events := data.count(b"\nevent: "):
            yield _Arrival(act, role, encoding, len(data), events)


def _idle(streams: dict[tuple[str, str], socket.socket], seconds: float) -> float:
    """Bytes that one open stream brought, on average, while nothing happened."""
    time.sleep(seconds)
    return sum(len(wire.drain(stream, 0.05)) for stream in streams.values()) / len(streams)


def _poll(client: wire.Client, person: clinic.Person) -> tuple[int, int]:
    """Bytes of the body and of the whole answer to a poll that finds nothing new."""
    inbox = client.expect(200, wire.request("GET", "/notifications/poll?after=0", token=person.token))
    asked = wire.request("GET", f"/notifications/poll?after={inbox['cursor']}", token=person.token)
    answer = wire.checked(client.exchange(asked), 204)
    return len(answer.body), answer.size


def _part(arrivals: list[_Arrival], idle: float, seconds: float, poll: tuple[int, int]) -> Part:
    part = Part("Bytes: notifications and silence", ["what", "who reads", "form", "bytes", "events"])
    part.rows = [
        [arrival.act, arrival.reader, arrival.encoding, str(arrival.size), str(arrival.events)] for arrival in arrivals
    ]
    hour = idle / seconds * _HOUR
    calculated = _HOUR / _COMMENT_EVERY * len(_COMMENT)
    body, whole = (size * _HOUR // _POLL_EVERY for size in poll)
    part.rows += [
        [f"idle hour, stream (from {seconds:.0f} s)", "anybody", "any", show(hour), ""],
        ["idle hour, stream (calculated)", "anybody", "any", show(calculated), ""],
        ["idle hour, polling (calculated), body", "anybody", "any", show(body), ""],
        ["idle hour, polling (calculated), with headers", "anybody", "any", show(whole), ""],
    ]
    pushed = sorted(arrival.size / arrival.events for arrival in arrivals if arrival.encoding == "HTML")
    for name, size in (("median", pushed[len(pushed) // 2]), ("largest", pushed[-1])):
        for against, theirs in ((BUDGET, _NOTIFICATION_BUDGET), (EARLIER, _EARLIER_NOTIFICATION)):
            part.ratios.append(Ratio(f"bytes of one notification with its row, {name}", "B", size, against, theirs))
    for against, theirs in ((BUDGET, _IDLE_BUDGET), (EARLIER, _EARLIER_IDLE)):
        part.ratios.append(Ratio("bytes of an idle hour (calculated)", "B", calculated, against, theirs))
    part.notes += [
        "Bytes of HTTP bodies with their chunk framing, from streams without compression; no TCP, no TLS.",
        f"Comments come every {_COMMENT_EVERY} s, so {seconds:.0f} s are a rough base for an hour;"
        f" the calculation takes {len(_COMMENT)} bytes each. Polling: an answer with nothing new every {_POLL_EVERY} s;"
        " requests are not counted.",
    ]
    return part
