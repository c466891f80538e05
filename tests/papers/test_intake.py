"""What is written beside the database: whole or not at all, also where there is no room."""

import os
from pathlib import Path

import pytest
import sent_files
from no_room import no_room_beyond

from fadjma.papers.intake import Intake
from fadjma.refusals import TryLater
from fadjma.store.contents import Contents

PART = 64 * 1024


def _everything(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


async def test_there_is_no_folder_until_something_comes(tmp_path: Path) -> None:
    intake = Intake(tmp_path / "papers")
    assert await intake.received("x") == 0
    assert not intake.contents.folder.exists()


async def test_a_part_for_which_there_is_no_room_is_taken_again_from_where_it_broke_off(tmp_path: Path) -> None:
    intake, sent = Intake(tmp_path), os.urandom(2 * PART)
    assert await intake.add("x", len(sent), 0, sent[:PART]) == PART
    with no_room_beyond(PART + 100), pytest.raises(TryLater):
        await intake.add("x", len(sent), PART, sent[PART:])
    there = await intake.received("x")
    assert PART <= there <= PART + 100
    assert await intake.add("x", len(sent), there, sent[there:]) == len(sent)
    assert (tmp_path / "uploads" / "x").read_bytes() == sent


async def test_a_file_for_which_there_is_no_room_leaves_nothing(tmp_path: Path) -> None:
    intake, sent = Intake(tmp_path), sent_files.pdf(letters=PART)
    with no_room_beyond(PART // 2), pytest.raises(TryLater):
        await intake.take(sent)
    assert _everything(tmp_path) == []
    taken = await intake.take(sent)
    assert _everything(tmp_path) == [taken.sha256]
    assert intake.contents.read(taken.sha256) == sent


async def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    intake = Intake(tmp_path / "papers")
    await intake.add("x", 9, 0, b"x")
    taken = await intake.take(sent_files.photograph())
    for file in (intake.contents.file(taken.sha256), tmp_path / "papers" / "uploads" / "x"):
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_same_content_is_there_once_and_nothing_is_written_over(tmp_path: Path) -> None:
    contents = Contents(tmp_path)
    name = contents.put(b"one")
    before = contents.file(name).stat().st_mtime_ns
    assert contents.put(b"one") == name and contents.file(name).stat().st_mtime_ns == before
    assert list(contents.names()) == [name] and contents.is_sound(name)
    contents.file(name).write_bytes(b"two")
    assert not contents.is_sound(name)
    with pytest.raises(ValueError, match=name):
        contents.read(name)


def test_what_was_damaged_is_made_good_by_who_sends_it_again(tmp_path: Path) -> None:
    contents = Contents(tmp_path)
    name = contents.put(b"one")
    contents.file(name).write_bytes(b"two")
    assert contents.put(b"one") == name and contents.read(name) == b"one"
