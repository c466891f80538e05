"""Medicines whose name was typed with a slip: one letter wrong, missing or too many, or two that changed places.

Looked for only where nothing begins as it was typed. Digits are never forgiven, for 50 mg is not 500 mg, nor are words
so short that many others are as near.
"""

from collections.abc import Iterable, Sequence

from fadjma.store import Transaction, searching

SHORTEST = 4  # letters
_WORDS = "(' ' || search_key || ' ' || brands_key)"  # each after a space


def closest(tx: Transaction, asked: Sequence[Sequence[str]], *, shown: int, limit: int) -> list[str]:
    """The ids of the medicines that may have been meant, the shortest names first, from the `shown`th.

    Each word of `asked` (writing.asked_words) begins a word of the name or of its brands, or is one slip from doing so.
    """
    if not any(_may_be_a_slip(word) for variants in asked for word in variants):
        return []
    near, values = _near(asked)
    sql = f"SELECT id, length(dci) AS long, search_key, brands_key FROM medicines WHERE retired_at IS NULL{near}"
    rows = {row["id"]: row for row in tx.all(sql, values)}
    having: dict[str, list[str]] = {}  # by each word of the list, the medicines that have it
    for id, row in rows.items():
        for word in f"{row['search_key']} {row['brands_key']}".split():
            having.setdefault(word, []).append(id)
    found = set(rows)
    for variants in asked:
        found &= {id for typed in variants for word in _meant(typed, having) for id in having[word]}
    ordered = sorted(found, key=lambda id: (rows[id]["long"], rows[id]["search_key"], id))
    return ordered[shown : shown + limit]


def _meant(typed: str, words: Iterable[str]) -> list[str]:
    if not _may_be_a_slip(typed):
        return [word for word in words if word.startswith(typed)]
    return [word for word in words if begins_but_for_one(word, typed)]


def _near(asked: Sequence[Sequence[str]]) -> searching.Condition:
    """What is true of each medicine that may have been meant, and of few others: one slip leaves what is before the
    middle of a word as it is, or what is after it. Of a list of 5,000 some dozens are read.
    """
    condition = ""
    values: dict[str, str] = {}
    for i, variants in enumerate(asked):
        either = []
        for j, typed in enumerate(variants):
            slips = _may_be_a_slip(typed)
            values[f"w{i}_{j}"] = typed[: (len(typed) - 1) // 2] if slips else typed
            either.append(f"{_WORDS} LIKE '% ' || :w{i}_{j} || '%'")
            if slips:
                values[f"r{i}_{j}"] = typed[(len(typed) + 1) // 2 :]
                either.append(f"{_WORDS} LIKE '%' || :r{i}_{j} || '%'")
        condition += f" AND ({' OR '.join(either)})"
    return condition, values


def _may_be_a_slip(typed: str) -> bool:
    return len(typed) >= SHORTEST and not typed.isdecimal()


def begins_but_for_one(word: str, typed: str) -> bool:
    """Whether `word` begins with `typed`, or would after one letter was changed, added, left out, or moved by one."""
    at = next((i for i, (one, other) in enumerate(zip(word, typed, strict=False)) if one != other), len(word))
    rest = typed[at + 1 :]
    return (
        word.startswith(rest, at + 1)  # changed
        or word.startswith(rest, at)  # one too many
        or word.startswith(typed[at:], at + 1)  # left out
        or (word[at : at + 2] == typed[at : at + 2][::-1] and word.startswith(typed[at + 2 :], at + 2))
    )
