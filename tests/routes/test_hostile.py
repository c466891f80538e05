"""A thousand inputs that nobody means well with, the same ones in each run; `bin/hostile` sends more."""

import pytest
from hostile import Given, Hostile, Input
from quart import Quart
from story import Story

INPUTS = 1_000
GROUPS = 2


@pytest.mark.parametrize("group", range(GROUPS))
async def test_whatever_is_sent_the_answer_is_one_of_those_documented(app: Quart, story: Story, group: int) -> None:
    hostile = Hostile(app, story)
    size = INPUTS // GROUPS
    faults = await hostile.run(range(group * size, (group + 1) * size))
    assert not faults, "\n".join(faults[:3])
    statuses = {status for _, status in hostile.answers}
    assert {200, 201, 303, 400, 403, 404, 405, 422} <= statuses  # noise alone would come to no 201


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (Given(200, [], b"fine"), ""),
        (Given(500, [], b""), "status 500"),
        (Given(503, [(b"retry-after", b"5")], b""), "status 503"),
        (Given(0), "no answer"),
        (Given(303, [(b"location", b"//evil.example/")]), "leads elsewhere: //evil.example/"),
        (Given(303, [(b"location", b"/\nX: 1")]), "a line break inside a header"),
        (
            Given(200, [(b"content-type", b"text/html; charset=utf-8")], b"<p><hx-hostile onload"),
            "what was sent is not escaped",
        ),
        (Given(200, [(b"content-type", b"text/html; charset=utf-8")], b"<p>&lt;hx-hostile onload"), ""),
        (Given(404, [(b"content-type", b"application/problem+json")], b'{"status": 404}'), "no problem document"),
    ],
)
def test_what_is_wrong_with_an_answer_is_seen(app: Quart, story: Story, given: Given, fault: str) -> None:
    sent = Input(0, "nobody", "GET", b"/", b"", [], b"", cut=False)
    assert Hostile(app, story).wrong(sent, given) == fault


async def test_an_address_with_accents_as_they_are_typed_is_text(app: Quart, story: Story) -> None:
    """curl sends it so; what is no UTF-8 is refused (tests/routes/test_guarded.py)."""
    headers = [(b"host", b"clinic.test"), (b"accept", b"text/html")]
    typed = Input(0, "nobody", "GET", b"/sign-in", "login=ndèye@exemple.sn".encode(), headers, b"", cut=False)
    given = await Hostile(app, story).send(typed)
    assert (given.status, "ndèye@exemple.sn" in given.body.decode()) == (200, True)
