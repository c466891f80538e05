"""How people write: what of a text can be seen, digits of every script, keys to find and to sort by.

Plain functions on text, without a language, a form or a table; everything that takes, compares or orders what people
type uses these, so that a page, a program and a search agree. None of them takes more than linear time.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 200  # characters that a key is made of; no name is longer
LOST = "\ufffd"  # stands where a program could not read a character: whoever wrote it must write it again

# Characters that draw nothing: Unicode's Default_Ignorable_Code_Point, and the annotation
# marks and the musical « null notehead », which draw nothing either.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Overrides that make text read otherwise than it is stored: they go, also from right-to-left text.
_DIRECTION_MARKS = "\u061c\u200e\u200f"
_JOINERS = "\u200c\u200d"
_EMOJI_STYLE = "\ufe0e\ufe0f"
# Scripts in which a joiner between two letters changes how they are drawn, by the first word of a character's name.
_JOINED_SCRIPTS = frozenset(
    {
        "ARABIC",
        "SYRIAC",
        "MANDAIC",
        "NKO",
        "ADLAM",
        "MONGOLIAN",
        "DEVANAGARI",
        "BENGALI",
        "GURMUKHI",
        "GUJARATI",
        "TAMIL",
    }
    | {"ORIYA", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "TIBETAN", "MYANMAR", "KHMER"}
)
# Unicode names them « format », but they are drawn: the signs that stand before or under Arabic and Syriac numbers.
_DRAWN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_BLANKS = frozenset("\u2800\U00013441\U00013442")  # named as letters and signs, drawn as space
_APOSTROPHES = "\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2032\u00b4`\ua78c\uff07\u055a\u05f3"

_SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + "".join(_BLANKS)

# Letters that do not come apart into a letter and an accent, as they are typed without them.
_PLAIN = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŋ": "ng", "ɓ": "b", "ɗ": "d"}
    | {"ɖ": "d", "ƴ": "y", "ɲ": "n", "ƈ": "c", "ƥ": "p", "ƭ": "t", "ɛ": "e", "ɔ": "o", "ə": "e", "ƙ": "k", "ƒ": "f"}
    | dict.fromkeys(_APOSTROPHES, "'")
)
_ELIDED = frozenset({"l", "d"})  # « l'acide », « d'Almeida »: the word is also known without its article
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_DIGITS_AND_LETTERS = re.compile(r"\d+|[^\W\d_]+")
_NOT_PLAIN = re.compile("[^ -~]")  # the others, which are most, stay as they are
_OUR_COUNTRY = "221"  # Senegal's, which nobody types
_LONGEST_WORD = 40
_WORDS = 12


def capitalized(text: str) -> str:
    """With a capital first letter, and the others as they are: « ARV » and « mg » keep theirs."""
    return text[:1].upper() + text[1:]


def without_invisible(text: str) -> str:
    """`text` without characters that draw nothing, but for those that change how their neighbours are drawn.

    Kept are joiners between letters of a script that joins (Arabic, N'Ko, Adlam, those of India) or between emoji, the
    style of an emoji, and the direction marks of a text that has right-to-left letters, but for those inside a word.
    """
    if not _INVISIBLE.search(text):
        return text
    both_ways = any(_direction(c) == "R" for c in text)
    return "".join(c for i, c in enumerate(text) if not _INVISIBLE.match(c) or _matters(text, i, both_ways))


def _matters(text: str, at: int, both_ways: bool) -> bool:
    c, before, after = text[at], _neighbour(text, at, -1), _neighbour(text, at, 1)
    if c in _JOINERS:
        joins = _script(before) in _JOINED_SCRIPTS and _script(after) in _JOINED_SCRIPTS
        return joins or (c == "\u200d" and _is_emoji(before) and _is_emoji(after))
    if c in _EMOJI_STYLE:
        return _is_emoji(before) or (before in "0123456789#*©®" and before != "")
    if c not in _DIRECTION_MARKS or not (both_ways and before and after):
        return False
    return not _direction(before) or _direction(before) != _direction(after)


def _neighbour(text: str, at: int, step: int) -> str:
    """The next character that is drawn, on one side; empty at the end, and far from it."""
    for i in range(at + step, at + 5 * step, step):
        if not 0 <= i < len(text):
            return ""
        if not _INVISIBLE.match(text[i]) and unicodedata.category(text[i])[0] != "M":
            return text[i]
    return ""


def _script(letter: str) -> str:
    """The first word of a letter's name, which is its script; empty for what is no letter."""
    return unicodedata.name(letter, "").split(" ")[0] if letter and letter.isalpha() else ""


def _is_emoji(c: str) -> bool:
    return bool(c) and (unicodedata.category(c) == "So" or "\U0001f3fb" <= c <= "\U0001f3ff")  # those are skin tones


def _direction(c: str) -> str:
    """L or R of what has a direction of its own, as letters have."""
    if _INVISIBLE.match(c):
        return ""
    return {"L": "L", "R": "R", "AL": "R"}.get(unicodedata.bidirectional(c), "")


def trim(text: str) -> str:
    """`text` without space at its ends, of any kind."""
    return text.strip(_SPACES)


def trim_invisible(text: str) -> str:
    """`text` without space, or characters that draw nothing, at its ends: what comes along when text is copied."""
    first = next((i for i, c in enumerate(text) if _is_drawn(c)), len(text))
    last = next((i for i in range(len(text), first, -1) if _is_drawn(text[i - 1])), first)
    return text[first:last]


def shows(text: str) -> bool:
    """Whether anything of this text can be seen: spaces, accents without a letter and ignorable characters cannot."""
    return any(map(_is_drawn, text))


def _is_drawn(c: str) -> bool:
    if c.isascii():
        return "!" <= c <= "~"
    if unicodedata.category(c)[0] in "LNPS":
        return c not in _BLANKS and not _INVISIBLE.match(c)
    return c in _DRAWN_FORMATS


def plain_digits(text: str) -> str:
    """`text` with the decimal digits of every script as 0 to 9, each kind of space and dash as one, nothing invisible.

    What is no decimal digit (², ½) stays as it is: it is not the number that it looks like.
    """
    if text.isascii():
        return text
    return _NOT_PLAIN.sub(lambda c: "" if _INVISIBLE.match(c[0]) else _plain(c[0]), text)


def _plain(c: str) -> str:
    digit = unicodedata.decimal(c, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(c) == "Pd" or c == "\u2212":  # the minus sign
        return "-"
    return " " if c.isspace() or c in _BLANKS else c


def code_key(text: str) -> str:
    """A code that is copied by hand (a lot number) as it is compared: capital letters and digits of any width.

    Spaces and every dash are left out, because labels are broken at them. Nothing else is: 0 and O, 1 and I both stand
    in real lot numbers, and a recall must not reach the wrong one of two.
    """
    compared = unicodedata.normalize("NFKC", plain_digits(text[:LONGEST])).upper()
    return "".join(c for c in compared if unicodedata.category(c) != "Pd" and _is_drawn(c)) or text


def mixes_scripts(text: str, *, whole: bool = False) -> bool:
    """Whether a word of this text (or the `whole` text) has letters of two scripts, which only deceive (UTS #39)."""
    return any(len(_scripts(word)) > 1 for word in ([text] if whole else re.findall(r"[^\W\d_]+", text)))


def _scripts(word: str) -> set[str]:
    """The scripts of a word's letters; those that Japanese and Korean write together count as one."""
    letters = (c for c in unicodedata.normalize("NFKC", word) if unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lo"))
    found = {_script(c) for c in letters}
    return {"EAST ASIAN" if script in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL") else script for script in found}


def fold(text: str, longest: int = LONGEST) -> str:
    """`text` without what one word is written differently by: capitals, accents, width, ligatures, kinds of dashes.

    Of what is longer than so many characters, which no name is, the rest is left out.
    """
    text = text[:longest]
    if text.isascii():
        return text.casefold().replace("`", "'")
    return text.translate(_FOLDS)


class _Folds(dict[int, str]):
    """What each character is folded to, by its number: what its neighbours are does not matter, so it is found once."""

    def __missing__(self, number: int) -> str:
        written = " " if chr(number).isspace() else plain_digits(chr(number))
        plain = unicodedata.normalize("NFKD", written.casefold().translate(_PLAIN))
        folded = _NOT_PLAIN.sub(lambda c: _without_mark(c[0]), plain)
        if number < _REMEMBERED:
            self[number] = folded
        return folded


_FOLDS = _Folds()
_REMEMBERED = 0x3000  # the alphabets that are written here, and no thousands of characters that somebody might send


def _without_mark(c: str) -> str:
    category = unicodedata.category(c)
    return "-" if category == "Pd" else "" if category[0] == "M" or _INVISIBLE.match(c) else c


def name_key(*texts: str) -> str:
    """Equal for what is one thing in several parts (a medicine: its DCI, form and strength), however it is written."""
    return "\n".join(" ".join(fold(text).split()) for text in texts)


def search_words(*texts: str) -> list[str]:
    """The words by which a name is found; `asked_words` are looked for at their beginnings."""
    found: dict[str, None] = {}
    for text in texts:
        for variants in _tokens(text):
            found.update(dict.fromkeys(variants))
    return list(found)


def search_key(*texts: str) -> str:
    """The same in one text, for a column that is searched by the beginnings of its words."""
    return " ".join(search_words(*texts))


def text_key(*texts: str) -> str:
    """The same of whole texts, each word after a space: for a column that is searched by them."""
    found = (word for text in texts for variants in _tokens(text, len(text)) for word in variants)
    return "".join(f" {word}" for word in dict.fromkeys(found))


def asked_words(q: str) -> list[list[str]]:
    """What somebody looks for: for each word, how else it may stand in a key. All must be found, in any order."""
    return list(_tokens(q))[:_WORDS]


def _tokens(text: str, longest: int = LONGEST) -> Iterator[list[str]]:
    """Each word of a text, in every way it may be looked for: « 500mg » is 500 and mg, « d'Arc » is darc or arc."""
    for token in _TOKEN.findall(fold(text, longest)):
        first, *rest = token.split("'")
        if not rest:
            for part in _DIGITS_AND_LETTERS.findall(token):
                yield [part[:_LONGEST_WORD]]
            continue
        joined = [(first + "".join(rest))[:_LONGEST_WORD]]
        yield [*joined, "".join(rest)[:_LONGEST_WORD]] if first in _ELIDED else joined


def asked_numbers(q: str) -> list[str]:
    """How the digits of a telephone may stand among the words of an account; empty when this is no number."""
    digits = "".join(c for c in plain_digits(q[:LONGEST]) if c not in " +-./()").removeprefix("00")
    return [digits, f"{_OUR_COUNTRY}{digits}"] if digits.isascii() and digits.isdecimal() else []


def sort_key(text: str) -> tuple[str, str]:
    """Where a name stands in a French list: É with E, œ with oe, small letters with capitals; then as it is written."""
    return " ".join(re.findall(r"[^\W_]+", fold(text).replace("'", ""))), text
