"""The one text of SQL, as PostgreSQL takes it: `:name` and `?` are `$1`, `$2`…"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fadjma.store.transaction import Parameters

# What is no parameter is taken first, and left as it is: texts, names, remarks, casts.
_PARTS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|::|:([A-Za-z_]\w*)|\?")


@lru_cache(maxsize=2_000)
def translated(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The text, and the names of its values in the order of their numbers; of those by position, none."""
    names: dict[str, int] = {}
    positions = 0

    def number(part: re.Match[str]) -> str:
        nonlocal positions
        if part[1]:
            return f"${names.setdefault(part[1], len(names) + 1)}"
        if part[0] == "?":
            positions += 1
            return f"${positions}"
        return part[0]

    text = _PARTS.sub(number, sql)
    return text.encode(), tuple(names)


def values(names: tuple[str, ...], parameters: Parameters) -> list[Any]:
    """What stands for each number."""
    return [parameters[name] for name in names] if isinstance(parameters, Mapping) else [*parameters]
