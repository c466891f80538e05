"""A program's token: what is made here, and what is taken."""

import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quart import Quart

from fadjma.identity import credentials

KEY = "a secret key for tests, long enough"
NOW = 1_790_000_000_000  # 2026
SECRET = "the-secret-of-a-session"


@pytest.fixture(scope="module")
def app() -> Quart:
    made = Quart("tokens")
    made.secret_key = KEY
    return made


@pytest.fixture(scope="module")
def genuine(app: Quart) -> str:
    return credentials.issue_token(app, SECRET, "awa", now=NOW, name="Tablette")[0]


def secret_in(app: Quart, token: str) -> str | None:
    return credentials.secret_from(app, {"authorization": f"Bearer {token}"}, "http")


def signed(app: Quart, head: dict[str, str], algorithm: str = "HS256", **claims: object) -> str:
    """A token made by somebody with this key, with another head."""
    payload = {"sub": "awa", "sid": SECRET, "iat": 0, "exp": 10_000_000_000, **claims}
    key = credentials._jwt_key(app) if algorithm != "none" else None
    return jwt.encode(payload, key, algorithm, headers=head)  # type: ignore[arg-type]  # None is the key of "none"


def test_one_that_is_made_here_is_taken_without_the_library(app: Quart, genuine: str) -> None:
    found = credentials._as_made_here(genuine, credentials._jwt_key(app))
    assert found and json.loads(found)["sid"] == SECRET
    assert secret_in(app, genuine) == SECRET


def test_one_with_another_head_is_the_librarys_to_judge(app: Quart) -> None:
    other = signed(app, {"kid": "of another version"})
    assert credentials._as_made_here(other, credentials._jwt_key(app)) is None
    assert secret_in(app, other) == SECRET


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")  # of those that are not taken
@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_no_other_algorithm_is_taken(app: Quart, algorithm: str) -> None:
    assert secret_in(app, signed(app, {}, algorithm)) is None


def test_its_own_head_with_no_signature_is_not_taken(app: Quart, genuine: str) -> None:
    signed_part = genuine.rpartition(".")[0]
    for forged in (signed_part, f"{signed_part}.", f"{signed_part}.{'A' * 43}", f"{genuine}."):
        assert secret_in(app, forged) is None, forged


@given(st.data())
def test_no_letter_of_it_can_be_another(data: st.DataObject) -> None:
    app = Quart("tokens")
    app.secret_key = KEY
    genuine = credentials.issue_token(app, SECRET, "awa", now=NOW, name="Tablette")[0]
    at = data.draw(st.integers(0, len(genuine) - 1))
    other = data.draw(st.characters(codec="utf-8", exclude_characters=genuine[at]))
    assert credentials._as_made_here(genuine[:at] + other + genuine[at + 1 :], credentials._jwt_key(app)) is None
