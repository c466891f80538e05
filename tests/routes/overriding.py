"""What a doctor answers to the alerts about what they prescribe, so that it is issued all the same."""

from typing import Any

from callers import Answer, Callers
from cast import DIOP


async def issue(clinic: Callers, where: str, body: dict[str, Any]) -> Answer:
    """By a program of Dr Diop's, with a reason for each alert."""
    answer = await clinic.program(DIOP).post(where, body)
    alerts = answer.json.get("alerts", []) if answer.status == 422 else []
    reasons = [{"alert": alert["id"], "reason": "Traitement poursuivi"} for alert in alerts]
    return await clinic.program(DIOP).post(where, {**body, "overrides": reasons}) if reasons else answer


async def reasons(clinic: Callers, where: str, body: dict[str, Any]) -> dict[str, str]:
    """The same as fields of a form; `body` as a program would send it, issued by nobody."""
    alerts = (await clinic.program(DIOP).post(where, body)).json.get("alerts", [])
    fields = {f"overrides-{n}-alert": alert["id"] for n, alert in enumerate(alerts)}
    return fields | {f"overrides-{n}-reason": "Traitement poursuivi" for n in range(len(alerts))}
