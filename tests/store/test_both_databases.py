"""What SQLite takes and PostgreSQL does not, as far as the text of the sources shows it (docs/migrations.md)."""

import re
from pathlib import Path

import fadjma
from fadjma.store import given

HOUSE = Path(fadjma.__file__).parent
_AS_NUMBER = re.compile(r"coalesce\([^()]*(?:\bBETWEEN\b|\bIN\b|\bIS\b|\bLIKE\b|[<>=])", re.IGNORECASE)


def test_no_condition_is_a_number() -> None:
    """`CASE WHEN … THEN 1 ELSE 0 END` is one in both."""
    sources = [*HOUSE.rglob("*.py"), *HOUSE.rglob("*.sql")]
    found = [f"{source}: {match[0]}" for source in sources for match in _AS_NUMBER.finditer(source.read_text("utf-8"))]
    assert not found, found


def test_a_list_of_none_is_no_empty_one() -> None:
    assert given([]) == ("(NULL)", {})
    assert given(["a", "b"]) == ("(:id0, :id1)", {"id0": "a", "id1": "b"})
