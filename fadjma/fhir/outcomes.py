"""What is refused, as an OperationOutcome (http://hl7.org/fhir/R4/operationoutcome.html)."""

from fadjma.fhir.elements import Resource
from fadjma.refusals import Refusal

# http://hl7.org/fhir/issue-type, by HTTP status.
ISSUES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "expired",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    423: "login",
    429: "throttled",
    500: "exception",
    503: "transient",
}


class Unsearchable(Refusal):
    """What a search asks for and this server does not understand; `issue` as FHIR calls it."""

    def __init__(self, message: str, issue: str = "invalid", **values: str) -> None:
        super().__init__(message, **values)
        self.issue = issue


class NotAcceptable(Refusal):
    """It is asked for in a form that there is not."""

    status = 406


class Unsupported(Refusal):
    """What was sent is in a form that is not read."""

    status = 415


def outcome(status: int, title: str, detail: str, refusal: Refusal | None = None) -> Resource:
    """Of an answer with this HTTP status; title and detail in the language of whoever asks."""
    code = getattr(refusal, "issue", "") or ISSUES.get(status, "processing")
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": detail}, "diagnostics": title}],
    }


def warning(text: str) -> Resource:
    """Beside what was found: what of the search was left out."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning", "code": "not-supported", "details": {"text": text}}],
    }
