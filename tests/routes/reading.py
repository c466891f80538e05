"""What somebody reads of a page in words of ours, and what is wrong with it."""

import html
import re

# What people have typed, and what is said in the other language on purpose.
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
_THEIRS = re.compile(
    r"<(bdi|q|textarea|option|title|svg)\b[^>]*>.*?</\1>|<(\w+)[^>]* (?:dir=.?auto|lang=.?(?:fr|en))\b[^>]*>[^<]*</\2>",
    re.DOTALL,
)
_HEARD = re.compile(r'\b(?:alt|aria-label|data-[a-z]+|placeholder|title)="([^"]*[^\W\d_]{2}[^"]*)"')
_BREAKS = re.compile(r" [:;?!»]|« ")
_EMPTY = re.compile(r"<h([1-3])[^>]*>\s*</h\1>|</h[23]>\s*(?:</section>|</div>|<h[12]\b|$)")
# Words that stand in every few sentences of one language, and in none of the other.
_WORDS = {
    "fr": re.compile(
        r"\b(?:le|la|les|des|une|du|vous|votre|et|est|dans|avec|cette|ces|sont|aux|qui|que)\b|[À-ÖØ-öø-ÿœ]"
    ),
    "en": re.compile(r"\b(?:the|of|and|you|your|is|are|this|with|from|for|to|not|has|have|by|be|it|was)\b"),
}
# What files and stock say in French whichever language the page has: names of columns, units.
_OF_FILES = re.compile(
    r": (?:dci, (?:forme|de|avec)\b|genre \(|vaccin, )|^filles or garçons|\w+ \((?:tablet|bottle|capsule)\)"
)
_OTHER = {"fr": "en", "en": "fr"}
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)"""
_TAG = re.compile(rf"<[a-z][a-zA-Z0-9]*(?:\s+[a-zA-Z][a-zA-Z0-9:-]*(?:={_VALUE})?)*\s*/?>")
_ANY_TAG = re.compile(r"<[a-z](?:\"[^\"]*\"|'[^']*'|[^\"'<>])*>")


def words(page: str) -> list[str]:
    """Its lines of text and what is read aloud of it, without what people have typed."""
    ours = _THEIRS.sub("", _SCRIPT.sub("", page.partition("<body")[2] or page))
    lines = [line for line in re.split("<[^>]*>", ours) if line.strip()]
    return [html.unescape(text) for text in (*_HEARD.findall(ours), *lines)]


def faults(page: str, language: str = "fr") -> list[str]:
    """An empty heading, a page without a way on, a tag that HTML does not know so, a sign that may begin a line, a word
    of the other language."""
    main = page.partition("<main")[2].partition("</main>")[0]
    found = [f"empty: {match[0]}" for match in _EMPTY.finditer(main)]
    if main and not re.search(r"<(?:a|button)\b", page):
        found.append("a dead end")
    said = words(page)
    if language == "fr":
        found += [f"broken: {text}" for text in said if _BREAKS.search(text)]
    foreign = _WORDS[_OTHER[language]]
    found += [f"no HTML: {tag}" for tag in _ANY_TAG.findall(page) if not _TAG.fullmatch(tag)]
    return found + [f"foreign: {text}" for text in said if foreign.search(text) and not _OF_FILES.search(text)]
