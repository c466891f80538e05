"""Between HTTP and the domains: who asks, one transaction, and the answer as page, fragment or JSON.

`request.py` is what was asked, `asking.py` who asks and the transaction, `filled.py` forms, `answers.py` what goes
back.
"""

from fadjma.web.answers import answer, as_json, done, page, part, see_other
from fadjma.web.asking import Acted, Resource, act, attempt, change, count, see, see_traced, submission, watch
from fadjma.web.filled import blank, form, refill
from fadjma.web.request import (
    MAX_BODY,
    Shape,
    agent,
    app,
    by_itself,
    database,
    fields,
    header,
    is_bearer,
    language,
    mark,
    number,
    one_of,
    page_path,
    require_text,
    secret,
    signed_in,
    throttle,
    viewer,
    wants,
)

__all__ = [
    "MAX_BODY",
    "Acted",
    "Resource",
    "Shape",
    "act",
    "agent",
    "answer",
    "app",
    "as_json",
    "attempt",
    "blank",
    "by_itself",
    "change",
    "count",
    "database",
    "done",
    "fields",
    "form",
    "header",
    "is_bearer",
    "language",
    "mark",
    "number",
    "one_of",
    "page",
    "page_path",
    "part",
    "refill",
    "require_text",
    "secret",
    "see",
    "see_other",
    "see_traced",
    "signed_in",
    "submission",
    "throttle",
    "viewer",
    "wants",
    "watch",
]
