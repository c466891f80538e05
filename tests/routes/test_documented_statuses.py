"""What docs/http.md says an act answers: 201 where its row says so, with where the resource is; else 200, or 204."""

import re
from pathlib import Path
from typing import Any

import pytest
from callers import Caller, Callers
from store import Store
from told import ACTS, SIGNED_OUT_ACTS, STEPWISE, Route, Told

CONTRACT = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
FOR_PAGES = ("/sign-in", "/language")  # a redirection whatever is asked for: "Pages alone"
WITHOUT_ADDRESS = ("/register", "/register/practitioner")  # an account is created and has none


def _rows() -> dict[str, str]:
    """The row of each act of the tables, by its address."""
    found: dict[str, str] = {}
    for line in CONTRACT.partition("## Pages alone")[0].splitlines():
        base = ""
        for span in re.findall(r"`([^`]+)`", line) if line.startswith("| `") else []:
            method, _, whole = span.partition(" ")
            if method == "POST":
                base = whole
            elif method == "GET":
                base = ""
                continue
            elif base and re.fullmatch(r"/[a-z-]+", span):
                base = base.rpartition("/")[0] + span
            else:
                continue
            found[_plain(base)] = found.get(_plain(base), "") + line
    return found


def _plain(address: str) -> str:
    return re.sub(r"<[^>]*>|\{[^}]*\}|(?<=/)(awa|moussa)(?=/)", "<>", address.partition("?")[0])


ROWS = _rows()
TRIED: list[tuple[str, Route | None]] = [
    *((route.path, route) for route in ACTS),
    *((where, None) for where in SIGNED_OUT_ACTS),
]


def test_every_act_of_the_contract_is_tried() -> None:
    elsewhere = {_plain(re.sub(r"/0(?=/|$)", "/<id>", where)) for where in STEPWISE}  # by tests of their own
    searched = {_plain("/fhir/R4/<type>/_search")}  # which changes nothing: test_fhir.py
    assert {_plain(where) for where, _ in TRIED if where not in FOR_PAGES} | elsewhere | searched == ROWS.keys()


@pytest.mark.parametrize(
    ("where", "route"),
    [one for one in TRIED if one[0] not in FOR_PAGES],
    ids=[where for where, _ in TRIED if where not in FOR_PAGES],
)
async def test_an_act_answers_what_its_row_says(
    clinic: Callers, told: Told, store: Store, where: str, route: Route | None
) -> None:
    caller: Caller = clinic.program(route.who) if route else clinic.nobody(json=True)
    body: dict[str, Any] | None = route.body if route else SIGNED_OUT_ACTS[where]
    answer = await caller.post(route.at(told) if route else where, body)
    row = ROWS[_plain(where)]
    expected = next((status for status in (201, 204) if str(status) in row), 200)
    assert answer.status == expected
    if expected == 201:
        assert answer.json.keys() >= {"id", "status", "version"}
    if expected == 201 and where not in WITHOUT_ADDRESS:
        assert (await caller.get(answer.location)).json["id"] == answer.json["id"]
    else:
        assert answer.location == ""
