"""Every form is one that a browser without JavaScript sends: it says by itself how, and where to. Nothing of it is
htmx's, which would send it by itself where it has come and what sends our forms (static/send.js) has not.
"""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[1] / "templates"
_WITHIN = r"\{\{(?:(?!\}\}).)*\}\}|\{%(?:(?!%\}).)*%\}|\{(?![{%])|[^>{]"  # of a tag; each character fits one of them
_FORM = re.compile(rf"<form\b((?:{_WITHIN})*+)>(.*?)</form>", re.DOTALL)
_TAG = re.compile(rf"<(?!form\b)\w+\b((?:{_WITHIN})*+)>", re.DOTALL)
_SENT = re.compile(r"\s(?:hx-(?:post|put|patch|delete|boost)|data-row)\b")
_BY_HTMX = re.compile(r"\shx-(?!target\b)")
_POSTS = re.compile(r'\bmethod="?post\b')
_ITS_OWN = {"first/index.html"}  # whose address only the log says (fadjma/first_page.py)
FORMS = [
    (path.relative_to(TEMPLATES).as_posix(), *form.groups())
    for path in sorted(TEMPLATES.rglob("*.html"))
    for form in _FORM.finditer(path.read_text("utf-8"))
]


def test_what_changes_something_is_posted_to_an_address_with_a_key() -> None:
    """A key says that it changes something, and so does data-row, whose answer is rows."""
    changing = [(name, said) for name, said, held in FORMS if "data-row" in said or "ui.key()" in held]
    assert len(changing) > 50
    for name, said in changing:
        assert _POSTS.search(said), f"{name}: without JavaScript this goes into the address: {said}"
        assert re.search(r'\baction=(?!"")', said) or name in _ITS_OWN, f"{name}: sent to where the page is: {said}"


def test_htmx_sends_no_form() -> None:
    posted = [(name, said) for name, said, _ in FORMS if _POSTS.search(said)]
    assert len(posted) > 50 and not [found for found in posted if _BY_HTMX.search(found[1])]


def test_nothing_but_a_form_is_sent() -> None:
    for path in sorted(TEMPLATES.rglob("*.html")):
        sent = [said for said in _TAG.findall(path.read_text("utf-8")) if _SENT.search(said)]
        assert not sent, path
