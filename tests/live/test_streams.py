"""Who of those who are told something is here."""

from types import SimpleNamespace
from typing import Any

import pytest

from fadjma.live.streams import Stream, Streams


def _stream(user_id: str, session_id: str) -> Stream:
    viewer: Any = SimpleNamespace(id=user_id, session_id=session_id)
    link: Any = None
    return Stream(viewer, link, "json", 0)


@pytest.mark.parametrize(
    "told", [{"awa": 7, "fatou": 9}, {"awa": 7, "bineta": 1, "coumba": 2, "fatou": 9, "gora": 3}], ids=["few", "many"]
)
def test_each_with_their_number_and_all_their_streams(told: dict[str, int]) -> None:
    streams = Streams()
    opened = [_stream(user_id, f"{user_id}-{n}") for user_id in ("awa", "diop", "fatou") for n in range(2)]
    for stream in opened:
        streams.add(stream)
    assert sorted(streams.among(told)) == [(7, tuple(opened[:2])), (9, tuple(opened[4:]))]


def test_nobody_where_nobody_is_told() -> None:
    streams = Streams()
    streams.add(_stream("awa", "s"))
    assert streams.among({}) == streams.among({"diop": 1, "fatou": 2}) == []
