"""What somebody looks for, written into SQL: each word of it begins a word of what is found, in any order.

What is asked is as writing.asked_words has it: each word in every way in which it may stand in a key. Keys are made by
writing.py, and stand in one of two ways (docs/decisions/23-searching.md): as rows of one word each, or as one text in
which every word has a space before it.
"""

from collections.abc import Callable, Iterable, Sequence

LOOKED_AT = 6  # words of a search

Condition = tuple[str, dict[str, str]]  # it begins with AND; its values; empty, when nothing is asked
Way = Callable[
    [str, str], str
]  # from the names of two values, the beginning of a word and what is after all such words


def word_of(rows: str) -> Way:
    """By the rows that this SELECT … WHERE … finds, each with a `word`."""
    return lambda begin, end: f"EXISTS ({rows} AND word >= {begin} AND word < {end})"


def among(id: str, rows: str) -> Way:
    """The same where `rows` has all there are, and finds the ids that this one is to be among."""
    return lambda begin, end: f"{id} IN ({rows} word >= {begin} AND word < {end})"


def in_key(key: str, exists: str = "{}") -> Way:
    """By a text of words; `exists` is a condition around it, where there may be several such texts."""
    return lambda begin, end: exists.format(f"{key} LIKE '% ' || {begin} || '%'")


def every(asked: Iterable[Sequence[str]], *ways: Way, mark: str = "") -> Condition:
    """That each word which is asked is found in one of these ways; `mark` tells its values from those of another."""
    condition = ""
    values: dict[str, str] = {}
    for i, variants in enumerate(list(asked)[:LOOKED_AT]):
        either = [way(f":{mark}w{i}_{j}", f":{mark}e{i}_{j}") for way in ways for j in range(len(variants))]
        condition += f" AND ({' OR '.join(either)})"
        for j, word in enumerate(variants):
            values |= {f"{mark}w{i}_{j}": word, f"{mark}e{i}_{j}": word + chr(0x10FFFF)}
    return condition, values
