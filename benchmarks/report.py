"""What a run found, and how it is printed: one table of ratios, then the figures behind it, part by part."""

import datetime
import os
import platform
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

EARLIER = "replaced system†"
BUDGET = "budget"
_LEGEND = "FADJMA divided by the other: below 1 is less. † measured earlier (docs/replaces.md), not in this run."
PEERS = Path(__file__).parent / ".peers"


@dataclass(frozen=True, slots=True)
class Ratio:
    """`ours` beside `theirs`, both in `unit`. Less is better unless `what` says otherwise."""

    what: str
    unit: str
    ours: float
    against: str
    theirs: float

    def cells(self) -> list[str]:
        return [
            self.what,
            f"{show(self.ours)} {self.unit}",
            self.against,
            f"{show(self.theirs)} {self.unit}",
            f"{self.ours / self.theirs:.2f}" if self.theirs else "–",
        ]


@dataclass(slots=True)
class Part:
    """One part of a run: its absolute figures, the ratios made of them, and what has to be said with them."""

    title: str
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def show(number: float) -> str:
    """Three significant digits, thousands separated."""
    if number == 0:
        return "0"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def document(head: list[str], parts: list[Part], arguments: list[str]) -> str:
    """The whole report in Markdown; `head` is the `environment` it was made in."""
    lines = [f"`{' '.join(['bin/bench', *arguments])}`", "", *(f"- {line}" for line in head), ""]
    lines += ["### Ratios", "", _LEGEND, ""]
    ratios = [ratio.cells() for part in parts for ratio in part.ratios]
    lines += table(["what", "FADJMA", "against", "theirs", "ratio"], ratios)
    for part in parts:
        lines += ["", f"### {part.title}", ""]
        if part.rows:
            lines += table(part.header, part.rows)
        lines += ["", *(f"- {note}" for note in part.notes)]
    return "\n".join(lines).rstrip() + "\n"


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table, padded so that it can be read in a terminal too."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in [header, *rows]]
    lines = [f"| {' | '.join(row)} |" for row in padded]
    return [lines[0], f"|{'|'.join('-' * (width + 2) for width in widths)}|", *lines[1:]]


def environment() -> list[str]:
    """Date, machine, and the versions of everything that is measured."""
    now = datetime.datetime.now(datetime.UTC)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    ours = ", ".join(f"{name} {metadata.version(name)}" for name in ("uvicorn", "uvloop", "httptools", "quart"))
    return [
        f"{now:%Y-%m-%d %H:%M} UTC; {os.cpu_count()} cores, {_processor()}; Linux {platform.release()};"
        f" load before the run {load}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {ours}",
        f"peers: {_peers()}",
    ]


def _peers() -> str:
    python = PEERS / "venv/bin/python"
    starlette = "import importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in ('sse-starlette', 'uvicorn')))"
    versions = {
        "Node": _output("node", "--version"),
        "Socket.IO": _output("node", "-p", f"require('{PEERS}/node_modules/socket.io/package.json').version"),
        "sse-starlette": _output(str(python), "-c", starlette).removeprefix("sse-starlette "),
        "Nchan": _output("dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"),
        "nginx": _output("dpkg-query", "-W", "-f", "${Version}", "nginx"),
    }
    return ", ".join(f"{name} {version or 'not installed'}" for name, version in versions.items())


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


def progress(text: str) -> None:
    """Say on stderr what is being done, so that stdout is only the report."""
    print(text, file=sys.stderr, flush=True)
