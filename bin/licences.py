"""Writes the licences of all locked packages into docs/dependencies.md; `bin/update-requirements` runs it."""

import re
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "dependencies.md"
_MARK = "<!-- What follows is written by bin/update-requirements. -->\n"


def main() -> None:
    """Put the tables in the place of the old ones; everything above them is written by hand."""
    served, postgresql, all_locked = (_locked(ROOT / f"requirements{name}.txt") for name in ("", "-postgresql", "-dev"))
    known = {_name(found): found for found in distributions()}
    with tempfile.TemporaryDirectory() as folder:
        known |= _fetched(all_locked.keys() - known.keys(), all_locked, folder)
        licences = {name: _licence(known[name]) for name in all_locked}
    by_hand = PAGE.read_text().partition(_MARK)[0]
    only_there = {name: version for name, version in postgresql.items() if name not in served}
    only_work = {name: version for name, version in all_locked.items() if name not in served | postgresql}
    tables = [
        _table("Served", served, licences),
        _table("Served with PostgreSQL", only_there, licences),
        _table("Only for work", only_work, licences),
    ]
    PAGE.write_text(by_hand + _MARK + "\n" + "\n".join(tables))


def _locked(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def _name(found: Distribution) -> str:
    """The name as a lock spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()


def _fetched(missing: set[str], locked: dict[str, str], folder: str) -> dict[str, Distribution]:
    """What is locked for another system only, and therefore not installed here."""
    if missing:
        wanted = [f"{name}=={locked[name]}" for name in sorted(missing)]
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *wanted]
        subprocess.run(command, check=True)  # noqa: S603 - names and versions are those of our lock
    return {_name(found): found for found in distributions(path=[folder])}


def _licence(found: Distribution) -> str:
    """As the package says it: an SPDX expression where it has one, else its classifier, else its licence file."""
    expression = found.metadata["License-Expression"]
    classifiers = [line.split(" :: ")[-1] for line in found.metadata.get_all("Classifier", []) if "License ::" in line]
    if expression or classifiers:
        return expression or ", ".join(classifiers)
    named = found.metadata["License"]
    return named if named and "\n" not in named else _first_line(found)


def _first_line(found: Distribution) -> str:
    texts = (found.read_text(name) for name in ("licenses/LICENSE", "LICENSE"))
    return next((text.strip().splitlines()[0] for text in texts if text), "not said")


def _table(title: str, packages: dict[str, str], licences: dict[str, str]) -> str:
    rows = [f"| {name} | {version} | {licences[name]} |" for name, version in packages.items()]
    return "\n".join([f"### {title}", "", "| package | release | licence |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
