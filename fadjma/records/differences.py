"""What one version of a text changed of the version before it, word by word."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import takewhile
from typing import Literal

Kind = Literal["same", "ins", "del"]
Piece = tuple[Kind, str]

_WORD = re.compile(r"\s*\S+|\s+")  # with the space before it, so that what is put together again is the text
# Words that are compared with words, where a text was changed: 30 ms of the event loop at worst (two by two exchanged);
# ten times as many took 0.7 s. What is asked for again is remembered: versions do not change.
MOST = 160_000


@lru_cache(maxsize=128)
def between(before: str, after: str) -> list[Piece]:
    """The text after, with what was taken out of the text before where it stood.

    Where so much has changed that word by word would take long, and help nobody, that part is one that was taken out
    and one that was added.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    first = _shared(old, new)
    last = _shared(old[first:][::-1], new[first:][::-1])
    pieces = [
        ("same", old[:first]),
        *_compared(old[first : len(old) - last], new[first : len(new) - last]),
        ("same", old[len(old) - last :]),
    ]
    return [(kind, "".join(words)) for kind, words in pieces if words]


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words they both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Kind, Sequence[str]]]:
    if len(old) * len(new) > MOST:
        yield from (("del", old), ("ins", new))
        return
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", old[i:j]
        else:
            yield from (("del", old[i:j]), ("ins", new[k:m]))
