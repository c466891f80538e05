"""Which FADJMA this is: the release, and of a clone the commit and its day."""

import subprocess
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_PATIENCE = 5  # seconds


@dataclass(frozen=True, slots=True)
class Version:
    """`commit` and `day` (ISO 8601) are empty where the program was not cloned, or there is no git."""

    release: str
    commit: str = ""
    day: str = ""

    def json(self) -> dict[str, Any]:
        return {"release": self.release, "commit": self.commit or None, "day": self.day or None}


@cache
def running(root: Path = _ROOT) -> Version:
    """What stands in this folder; asked when the program starts: an update that comes later does not run yet."""
    release = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    # Whoever serves may be another than who has cloned; git then wants to hear that the folder is meant.
    asked = ["git", "-c", f"safe.directory={root}", "-C", str(root), "log", "-1", "--format=%h %cs"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=_PATIENCE, check=True)  # noqa: S603 - ours
    except (OSError, subprocess.SubprocessError):
        return Version(release)
    commit, _, day = said.stdout.strip().partition(" ")
    return Version(release, commit, day)
