"""A sealed file: what comes out is what went in, or nothing and one line that says so."""

from pathlib import Path

import pytest

from fadjma.keeping import sealed
from fadjma.keeping.sealed import is_sealed, seal, unseal
from fadjma.store import Unusable

KEY = "the key of these copies, long enough for anybody"
PIECE = sealed._PIECE
HEAD = len(sealed._FIRST) + sealed._SALT


def _sealed(tmp_path: Path, size: int = 2 * PIECE + 7) -> Path:
    (tmp_path / "open").write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    seal(tmp_path / "open", tmp_path / "sealed", KEY)
    return tmp_path / "sealed"


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_what_comes_out_is_what_went_in(tmp_path: Path, size: int) -> None:
    file = _sealed(tmp_path, size)
    unseal(file, tmp_path / "again", KEY)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "open").read_bytes()
    assert is_sealed(file) and not is_sealed(tmp_path / "open")


def test_the_same_sealed_twice_is_twice_another_file_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = _sealed(tmp_path).read_bytes()
    second = _sealed(tmp_path).read_bytes()
    assert first[:HEAD] != second[:HEAD] and first[HEAD:] != second[HEAD:]
    assert bytes(range(200)) not in first
    assert (tmp_path / "sealed").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "harm",
    [
        lambda held: held[:-1],
        lambda held: held[: HEAD + 2 * (PIECE + 16)],  # exactly between two pieces
        lambda held: held[:HEAD],
        lambda held: held[: len(sealed._FIRST) + 3],
        lambda held: held + b"\0",
        lambda held: held[:HEAD] + held[HEAD + PIECE + 16 :],  # the first piece is left out
        lambda held: held[: HEAD + 100] + bytes([held[HEAD + 100] ^ 1]) + held[HEAD + 101 :],
    ],
)  # fmt: skip
def test_whoever_shortens_or_changes_it_is_found_out(tmp_path: Path, harm: object) -> None:
    file = _sealed(tmp_path)
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(Unusable, match="tronqué ou abîmé"):
        unseal(file, tmp_path / "again", KEY)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="pas la bonne clé"):
        unseal(_sealed(tmp_path), tmp_path / "again", KEY + "!")
