"""What a PIN is, of whoever has one: staff unlock their screens with theirs, patients approve in person with theirs."""

from fadjma import writing
from fadjma.i18n import N_
from fadjma.identity.passwords import runs

LENGTH = 6
_LOOKED_AT = 40  # characters of what was typed
_LEAST = 3  # different digits
MALFORMED = N_("Un code PIN a six chiffres.")
WEAK = N_("Ce code PIN est trop facile à deviner : choisissez-en un autre.")


def digits(typed: str) -> str | None:
    """The six digits as they were typed, in any script and apart or not; None when it is no PIN at all."""
    plain = "".join(c for c in writing.plain_digits(typed[:_LOOKED_AT]) if c not in " .-/")
    return plain if len(plain) == LENGTH and plain.isascii() and plain.isdecimal() else None


def weakness(typed: str, birth_date: str = "") -> str | None:
    """Why this cannot be somebody's PIN (a text of the catalogue), or None. `birth_date`: theirs, where it is known."""
    pin = digits(typed)
    if pin is None:
        return MALFORMED
    return WEAK if is_tried_first(pin) or pin in _born(birth_date) else None


def is_tried_first(pin: str) -> bool:
    """A run, a repetition, hardly more than one digit."""
    return len(set(pin)) < _LEAST or runs(pin)


def _born(birth_date: str) -> set[str]:
    """A day or a month of birth as people write it in six digits."""
    year, *rest = birth_date.split("-")
    month = rest[:1]
    ways = ((*reversed(rest), year[2:]), (year[2:], *rest), (*rest, year[2:]), (*month, year), (year, *month))
    return {"".join(parts) for parts in ways}
