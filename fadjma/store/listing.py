"""Codes of this program, written into SQL."""

from collections.abc import Iterable


def listed(codes: Iterable[str]) -> str:
    """What stands after IN: ('issued', 'validated'). For constants of the program only; values are parameters."""
    return "(" + ", ".join(f"'{code}'" for code in codes) + ")"
