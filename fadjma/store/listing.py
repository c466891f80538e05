"""Codes of this program, written into SQL."""

from collections.abc import Iterable, Iterator, Sequence

_AT_ONCE = 400  # values per statement; SQLite takes 999 parameters in its oldest builds


def listed(codes: Iterable[str]) -> str:
    """What stands after IN: ('issued', 'validated'). For constants of the program only; values are parameters."""
    return "(" + ", ".join(f"'{code}'" for code in codes) + ")"


def given(ids: Iterable[object]) -> tuple[str, dict[str, object]]:
    """What stands after IN for a few values that are parameters, (:id0, :id1), and the parameters.

    Of none it is one that nothing is in: « IN () » only SQLite takes. Not after NOT IN.
    """
    values = {f"id{number}": value for number, value in enumerate(ids)}
    return "(" + (", ".join(f":{name}" for name in values) or "NULL") + ")", values


def given_in_parts(ids: Sequence[object]) -> Iterator[tuple[str, dict[str, object]]]:
    """The same for however many values, of each statement that it takes."""
    for start in range(0, len(ids), _AT_ONCE):
        yield given(ids[start : start + _AT_ONCE])


def one_of(codes: Sequence[str]) -> str:
    """The same with its IN; of one code « = 'pending' »: a partial index is found by the words that it was made in."""
    return f"= '{codes[0]}'" if len(codes) == 1 else f"IN {listed(codes)}"
