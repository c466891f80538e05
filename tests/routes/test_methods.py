"""Which methods an address takes, and what it says to another one (RFC 9110: 405 has Allow)."""

import pytest
from callers import Callers
from cast import AWA
from quart import Quart
from told import Told

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("where", ["/api/events", "/events"])
@pytest.mark.parametrize("method", [method for method in METHODS if method != "GET"])
async def test_a_stream_is_asked_for_by_get_alone(clinic: Callers, told: Told, where: str, method: str) -> None:
    answer = await clinic.program(AWA).ask(method, where)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, OPTIONS"
    if where == "/api/events" and method != "HEAD":
        answer.problem(405)
    assert (await clinic.program(AWA).ask("OPTIONS", where)).headers["Allow"] == "GET, OPTIONS"


async def test_every_address_names_the_methods_that_it_takes(clinic: Callers, app: Quart, told: Told) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "<" not in rule.rule and "/events" not in rule.rule]
    taken = {rule.rule: {"OPTIONS"} for rule in rules}
    for rule in rules:
        taken[rule.rule] |= rule.methods or set()
    program = clinic.program(AWA)
    for where, methods in taken.items():
        refused, asked = await program.ask("PATCH", where), await program.ask("OPTIONS", where)
        assert refused.status == 405, where
        for answer in (refused, asked):  # what stands there for an id takes that address, too
            assert set(answer.headers["Allow"].split(", ")) >= methods, where
