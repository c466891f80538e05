"""What this server can do, for programs: the CapabilityStatement, made of the table."""

from typing import Any

from fadjma.fhir.elements import Resource
from fadjma.fhir.table import TABLE, Mapped

FHIR_VERSION = "4.0.1"
CHANGED = "2026-11-27"  # the day on which this statement last came to say something else
PARAMETERS = {"token": "token", "date": "date", "reference": "reference", "string": "string"}
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events"
_SECURITY = (
    "The bearer token of POST /api/token, or the session cookie of a browser. A patient reads their own file, a doctor "
    "or a nurse what an access opens (Consent). Each reading of somebody else's file is in its patient's trace."
)


def statement(base: str, version: str, *, cors: bool) -> Resource:
    """`base`: where this server is; `version`: the program's; `cors`: whether pages of any other origin may call."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED,
        "kind": "instance",
        "software": {"name": "FADJMA", "version": version},
        "implementation": {"description": "FADJMA", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {"cors": cors, "description": _SECURITY},
                "resource": [*map(_resource, TABLE), _BINARY, _SUBSCRIPTION],
            }
        ],
    }


_BINARY = {
    "type": "Binary",
    "interaction": [{"code": "read"}],
    "documentation": "What is in a paper, as it is, or as FHIR where that is asked for.",
}
_SUBSCRIPTION = {
    "type": "Subscription",
    "operation": [
        {
            "name": "events",
            "definition": _BACKPORT,
            "documentation": "Subscription/inbox/$events: one's own notifications, eventsSinceNumber and "
            "eventsUntilNumber included.",
        }
    ],
}


def _resource(mapped: Mapped) -> dict[str, Any]:
    return {
        "type": mapped.type,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "conditionalRead": "not-supported",
        "searchParam": [{"name": one.name, "type": PARAMETERS[one.kind]} for one in mapped.parameters],
        "documentation": f"{mapped.source}. {mapped.note}".rstrip(". ") + ".",
    }
