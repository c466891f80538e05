"""Patient identifiers, phone numbers and e-mail addresses: what people say aloud and copy by hand."""

import secrets
import unicodedata

import phonenumbers

from fadjma import writing
from fadjma.short_codes import ALPHABET, READ_AS

_LOOKED_AT = 100  # characters of what was typed
_LENGTH = 10  # 50 random bits: guessing one is hopeless, also without the throttle on look-ups


def new_identifier() -> str:
    """A new patient identifier, e.g. FJ-7K2MQ-0XW4D."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return f"FJ-{code[:5]}-{code[5:]}"


def normalize_identifier(text: str) -> str | None:
    """An identifier as stored, from whatever was typed (lower case, spaces, O for 0); None when it is not one."""
    code = _letters(text)
    if len(code) > _LENGTH:
        code = code.removeprefix("FJ")
    return _written(code) if len(code) == _LENGTH else None


def identifier_begins(text: str) -> str | None:
    """The beginning of an identifier as stored, from what is being typed (« fj7k2 »); None when it is not one's.

    It begins with FJ, unless it is whole.
    """
    code = _letters(text)
    if code.startswith("FJ") and 0 < len(code) - 2 <= _LENGTH:
        return _written(code[2:])
    return normalize_identifier(text)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, writing.code_key(text[:_LOOKED_AT])))


def _written(code: str) -> str | None:
    code = code.translate(READ_AS)
    if any(letter not in ALPHABET for letter in code):
        return None
    return f"FJ-{code[:5]}-{code[5:]}" if len(code) > 5 else f"FJ-{code}"


def normalize_email(text: str) -> str:
    """An e-mail address as stored: small letters of ordinary width, nothing invisible."""
    return unicodedata.normalize("NFKC", writing.trim_invisible(text)).lower()


def normalize_phone(text: str) -> str | None:
    """A phone number as E.164 (+221771234567), from whatever was typed; Senegal where no country is given."""
    try:
        number = phonenumbers.parse(writing.plain_digits(text[:_LOOKED_AT]), "SN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def show_phone(e164: str | None) -> str:
    """+221 77 123 45 67, from E.164; empty when there is none."""
    if not e164:
        return ""
    number = phonenumbers.parse(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
