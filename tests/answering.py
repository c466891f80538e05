"""How the programs of the tests answer alerts: whoever prescribes the same again and again does it on purpose."""

from typing import Any


def answered(fields: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    """What was sent, with an answer to each alert of a refusal."""
    return {**fields, "overrides": [{"alert": one["id"], "reason": "Exprès"} for one in problem["alerts"]]}
