"""How many, in letters: a digit is easily written before or after another, a word is not.

In French on paper of any language, as the medicine beside it and what it is counted in. The library for it (num2words)
brings forty languages, and one for command lines that nobody looks after any more.
"""

_TO_16 = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    *("onze", "douze", "treize", "quatorze", "quinze", "seize"),
)
_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}


def in_letters(number: int) -> str:
    """« vingt et un », « quatre-vingts », « cent douze »: from 0 to 9,999."""
    thousands, rest = divmod(number, 1_000)
    hundreds, below = divmod(rest, 100)
    parts = [
        *(["mille"] if thousands == 1 else [_below_100(thousands), "mille"] if thousands else []),
        *([_hundreds(hundreds, last=not below)] if hundreds else []),
        *([_below_100(below)] if below or not number else []),
    ]
    return " ".join(parts)


def _hundreds(hundreds: int, *, last: bool) -> str:
    if hundreds == 1:
        return "cent"
    return f"{_TO_16[hundreds]} cent{'s' if last else ''}"


def _below_100(number: int) -> str:
    if number < len(_TO_16):
        return _TO_16[number]
    if number < 20:
        return f"dix-{_TO_16[number - 10]}"
    tens, ones = divmod(number, 10)
    if tens in (7, 9):  # seventy and ninety are counted on from the ten before
        tens, ones = tens - 1, ones + 10
    if not ones:
        return _TENS[tens] + ("s" if tens == 8 else "")
    if ones in (1, 11) and tens != 8:
        return f"{_TENS[tens]} et {_TO_16[ones]}"
    return f"{_TENS[tens]}-{_below_100(ones)}"
