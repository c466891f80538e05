"""What a first visit over 2G pays for being live."""

import gzip

import pytest
from clinic import ROOT


@pytest.mark.parametrize("name", ["live.js", "page.js"])
def test_a_script_is_three_kilobytes_at_most(name: str) -> None:
    assert len(gzip.compress((ROOT / "static" / name).read_bytes(), 9)) <= 3_072
