"""Which FADJMA runs: of a clone its commit, else the release alone."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fadjma import version

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with the program's release and nothing else."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def test_of_a_clone_it_is_the_commit_and_its_day(folder: Path) -> None:
    for command in ("init", "add .", "-c user.name=A -c user.email=a@b.c commit -m one"):
        subprocess.run(["git", "-C", str(folder), *command.split()], check=True, capture_output=True)
    found = version.running(folder)
    assert found.release == version.running().release == "0.1.0"
    assert re.fullmatch(r"[0-9a-f]{7,}", found.commit) and re.fullmatch(r"20\d\d-\d\d-\d\d", found.day)


def test_without_a_clone_or_without_git_it_is_the_release(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert version.running(folder) == version.Version("0.1.0")
    monkeypatch.setenv("PATH", "")
    assert version.running.__wrapped__(ROOT) == version.Version("0.1.0")
