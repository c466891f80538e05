"""A file of thousands of entries is made and taken over 50 kbit/s: others act meanwhile, and little is in memory."""

import asyncio
import io
import json
import os
import secrets
import socket
import statistics
import time
import zipfile

from event_stream import WITHIN
from live_people import Clinic, Person

from fadjma.store import Transaction

ENTRIES = int(os.environ.get("FADJMA_ENTRIES", "1500"))  # with 5,000 it takes 18 s, and says the same
PIECE, EVERY = 625, 0.1  # bytes each so many seconds: 50 kbit/s
BEGUN = 12  # such pieces, before it is taken at once: the whole would be minutes


def _fill(tx: Transaction, patient: Person, doctor: Person) -> None:
    """As an import does it."""
    rows = [
        {
            "id": f"long-{number:05}",
            "patient": patient.id,
            "doctor": doctor.id,
            "day": f"{2006 + number % 20}-0{1 + number % 9}-11",
            "at": tx.now - number,
            "body": secrets.token_hex(200),  # packs to half at most
        }
        for number in range(ENTRIES)
    ]
    tx.execute_many(
        "INSERT INTO records (id, patient_id, type, author_id, occurred_on, created_at) "
        "VALUES (:id, :patient, 'consultation', :doctor, :day, :at)",
        rows,
    )
    tx.execute_many(
        "INSERT INTO record_versions (record_id, version, author_id, title, body, created_at) "
        "VALUES (:id, 1, :doctor, :id, :body, :at)",
        rows,
    )


async def _act(clinic: Clinic, doctor: Person, patient: Person) -> float:
    """Seconds for an act and its undoing, of somebody else."""
    since = time.monotonic()
    await clinic.withdraw(doctor, await clinic.ask(doctor, patient))
    return time.monotonic() - since


async def test_others_act_while_it_is_made_and_while_it_is_taken_slowly(clinic: Clinic) -> None:
    fatou, diop = clinic.patient("Fatou"), clinic.doctor()
    awa, sarr = clinic.patient(), clinic.doctor("Sarr")
    clinic.store.write(_fill, fatou, diop)
    before = statistics.median([await _act(clinic, sarr, awa) for _ in range(10)])
    memory = clinic.server.memory()
    export = await clinic.act(fatou, f"/patients/{fatou.id}/exports")
    making = []
    while (status := (await clinic.get(fatou, f"/exports/{export}")).json())["status"] == "making":
        making.append(await _act(clinic, sarr, awa))
    assert status["status"] == "ready" and making
    assert clinic.server.memory() - memory < 60_000, "some of them are in memory, not all in each form"
    made = clinic.server.memory()
    reading = asyncio.create_task(_slowly(clinic, fatou, f"/exports/{export}/content"))
    taking = []
    while not reading.done():
        taking.append(await _act(clinic, sarr, awa))
    body, at_once = await reading
    assert at_once < status["size"], "it was not all in some buffer when it was half taken"
    assert clinic.server.memory() - made < 15_000, "it is read as it is taken"
    # Generous, because the machine is shared: a writer that waits for either would be held up for seconds.
    for spent in (making, taking):
        assert statistics.median(spent) < max(6 * before, 0.3) and max(spent) < 3, (before, max(spent))
    with zipfile.ZipFile(io.BytesIO(body)) as whole:
        assert whole.testzip() is None
        found = json.loads(whole.read("bundle.json"))["entry"]
        assert sum(entry["resource"]["resourceType"] == "Encounter" for entry in found) == ENTRIES
        assert whole.read("dossier.html").decode().count("long-") >= ENTRIES


async def _slowly(clinic: Clinic, who: Person, path: str) -> tuple[bytes, int]:
    """The body, and how much of it had come by the end of the slow part."""
    host, _, port = clinic.address.removeprefix("http://").partition(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(line, (host, int(port)))
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    head += f"Authorization: {who.session.bearer['Authorization']}\r\n\r\n"
    await loop.sock_sendall(line, head.encode())
    came = b""
    with line:
        async with asyncio.timeout(6 * WITHIN):
            for _ in range(BEGUN):
                came += await loop.sock_recv(line, PIECE)
                await asyncio.sleep(EVERY)
            begun = len(came)
            while piece := await loop.sock_recv(line, 65_536):
                came += piece
    answer, _, body = came.partition(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return body, begun
