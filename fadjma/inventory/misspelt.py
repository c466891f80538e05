"""Medicines whose name was typed with a slip: one letter wrong, missing or too many, or two that changed places.

Looked for only where nothing begins as it was typed. Digits are never forgiven, for 50 mg is not 500 mg, nor are words
so short that many others are as near.
"""

from collections.abc import Sequence

from fadjma.store import Transaction

SHORTEST = 4  # letters


def closest(tx: Transaction, asked: Sequence[Sequence[str]], *, shown: int, limit: int) -> list[str]:
    """The ids of the medicines that may have been meant, the shortest names first, from the `shown`th.

    Each word of `asked` (writing.asked_words) begins a word of the name or of its brands, or is one slip from doing so.
    """
    if not any(_may_be_a_slip(word) for variants in asked for word in variants):
        return []
    key = "(' ' || search_key || ' ' || brands_key)"
    conditions = ""
    values: dict[str, str] = {}
    for i, variants in enumerate(asked):
        near = []
        for j, typed in enumerate(variants):
            before, after = _untouched(typed)
            near.append(f"{key} LIKE '% ' || :b{i}_{j} || '%' OR {key} LIKE '%' || :a{i}_{j} || '%'")
            values |= {f"b{i}_{j}": before, f"a{i}_{j}": after}
        conditions += f" AND ({' OR '.join(near)})"
    sql = f"SELECT id, length(dci) AS long, search_key, {key} AS words FROM medicines WHERE retired_at IS NULL"
    rows = [row for row in tx.all(sql + conditions, values) if _is_meant(asked, row["words"].split())]
    rows.sort(key=lambda row: (row["long"], row["search_key"], row["id"]))
    return [row["id"] for row in rows[shown : shown + limit]]


def _untouched(typed: str) -> tuple[str, str]:
    """One slip leaves what is before the middle as it is, or what is after it: most names have neither."""
    if not _may_be_a_slip(typed):
        return typed, f" {typed}"
    return typed[: (len(typed) - 1) // 2], typed[(len(typed) + 1) // 2 :]


def _is_meant(asked: Sequence[Sequence[str]], words: Sequence[str]) -> bool:
    return all(any(_begins(word, typed) for typed in variants for word in words) for variants in asked)


def _begins(word: str, typed: str) -> bool:
    return begins_but_for_one(word, typed) if _may_be_a_slip(typed) else word.startswith(typed)


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
