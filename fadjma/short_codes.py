"""The short code of a prescription's paper: what finds it at a counter, typed or read from its QR code.

50 random bits and a letter that checks them. It opens and proves nothing, and is told apart from an identifier by its
length. Of 100,000 prescriptions that are under way a guess finds one in ten thousand million; a pharmacy's forty wrong
ones an hour (web/throttle.py) for a year find one once in some thirty thousand years. Forty bits would be found within
the life of a clinic. The letter that checks tells a slip, which is not counted, from a guess, which is.
"""

import secrets

from fadjma import writing

# Crockford's base 32: no I, L, O or U, so that nothing is misread from a card.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans("OILU", "011V")
_RANDOM = 10  # letters, of five bits each
_NO_LETTERS = set("23456789")  # 0 and 1 may have been typed as O and I
_LOOKED_AT = 100  # characters of what was typed


def new() -> str:
    """A new one, as it is stored: eleven letters and digits, never letters alone however it is typed."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM))
        if _NO_LETTERS & set(code):
            return code + _check(code)


def read(text: str) -> str | None:
    """One as stored, from however it was typed (lower case, spaces, O for 0); None for what is none, and for a slip."""
    code = "".join(filter(str.isalnum, writing.code_key(text[:_LOOKED_AT]))).translate(READ_AS)
    if len(code) != _RANDOM + 1 or any(letter not in ALPHABET for letter in code):
        return None
    return code if code[-1] == _check(code[:-1]) else None


def may_be_name(text: str) -> bool:
    """Whether it has no digit: « Fatou Diatta » reads as a code, and of those made first one in sixty is like it."""
    return not any(map(str.isdecimal, writing.code_key(text[:_LOOKED_AT])))


def written(code: str) -> str:
    """As it stands on paper: 7K2M-Q0XW-4D3."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def _check(code: str) -> str:
    """Luhn's sum in base 32: another than of every code in which one letter is another."""
    total = 0
    for place, letter in enumerate(reversed(code)):
        value = ALPHABET.index(letter)
        if place % 2 == 0:
            value = 2 * value // 32 + 2 * value % 32
        total += value
    return ALPHABET[-total % 32]
