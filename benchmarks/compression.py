"""Part 4b: would compressed streams be worth it? A year's events of three people, one by one, as browsers get them.

Each event must be readable at once, so the compressor is flushed after each. A compressor that remembers what went
before belongs to one stream and stays in memory as long; one that forgets can serve all who see the same.
"""

import multiprocessing
import os
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import clinic
from benchmarks.processes import resident
from benchmarks.report import BUDGET, Part, Ratio, progress, show
from benchmarks.sizes import Sizes
from fadjma.events import inbox
from fadjma.live import encode
from fadjma.live.fragments import Fragments
from fadjma.store import Transaction

_MEMORY_BUDGET = 12.0  # KB per stream, benchmarks/README.md, “Budgets”
_EVENTS = 400  # of each person, at the most
_COMPRESSORS = 500  # that memory is measured with
_WAYS = {
    "deflate, 32 KB window": (15, 8, zlib.Z_SYNC_FLUSH),
    "deflate, 4 KB window": (12, 5, zlib.Z_SYNC_FLUSH),
    "deflate, 2 KB window": (11, 3, zlib.Z_SYNC_FLUSH),
    "deflate, least memory": (9, 1, zlib.Z_SYNC_FLUSH),
    "deflate, each event alone": (15, 8, zlib.Z_FULL_FLUSH),
}
_LOGINS = ("awa@demo.fadjma", "dr.diop@demo.fadjma", "pharma.ndiaye@demo.fadjma")


def run(sizes: Sizes, work: Path) -> Part:
    """Bytes, time and memory of each way, for the events of three people."""
    progress("compression: a year of events")
    path = work / "compression.db"
    events = clinic.prepare(path, lambda tx: [event for login in _LOGINS for event in _year(tx, login)])
    plain = sum(_chunk(event) for event in events) / len(events)
    part = Part(
        f"Compressed streams: {len(events):,} HTML events of three people",
        ["way", "bytes per event", "of plain", "µs per event", "KB of memory per stream"],
        [["plain", show(plain), "1.00", "0", "0"]],
    )
    for name, (window, level, flush) in _WAYS.items():
        size, micro = _compress(events, window, level, flush)
        memory = 0.0 if flush == zlib.Z_FULL_FLUSH else _alone(_memory, events[:20], window, level)
        part.rows.append([name, show(size), f"{size / plain:.2f}", show(micro), show(memory)])
        if memory:
            part.ratios.append(Ratio(f"memory added per stream, {name}", "KB", memory, BUDGET, _MEMORY_BUDGET))
    part.notes.append(
        "Chunk framing included, level 6. A compressor belongs to one stream, so an event is compressed anew for each"
        " reader; plain, its bytes are made once for all who see the same. The budget is that of the whole stream."
    )
    return part


def _year(tx: Transaction, login: str) -> list[bytes]:
    """The newest events of this person, each rendered on its own, as when it came."""
    viewer = clinic.viewer(tx, clinic.known(tx, login).id)
    after = inbox.cursor(tx, viewer.id) - _EVENTS
    return [
        encode.html(item, Fragments(tx).html(viewer, item)).numbered(item.seq)
        for item in inbox.after(tx, viewer.id, after, _EVENTS)
    ]


def _compress(events: list[bytes], window: int, level: int, flush: int) -> tuple[float, float]:
    """Bytes per event with chunk framing, and microseconds."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -window, level)
    began = time.perf_counter()
    packed = [packer.compress(event) + packer.flush(flush) for event in events]
    seconds = time.perf_counter() - began
    return sum(map(_chunk, packed)) / len(events), seconds / len(events) * 1e6


def _chunk(body: bytes) -> int:
    return len(body) + len(b"%x\r\n\r\n" % len(body))


def _memory(events: list[bytes], window: int, level: int) -> float:
    """KB that one compressor in use holds."""
    before = resident(os.getpid())
    packers = [zlib.compressobj(6, zlib.DEFLATED, -window, level) for _ in range(_COMPRESSORS)]
    for packer in packers:
        for event in events:
            packer.compress(event)
            packer.flush(zlib.Z_SYNC_FLUSH)
    return (resident(os.getpid()) - before) / _COMPRESSORS / 1024


def _alone(measure: Callable[..., float], *arguments: Any) -> float:
    """In a process of its own: memory that was freed before would be used again, unseen."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, *arguments).result()
