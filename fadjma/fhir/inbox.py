"""Somebody's notifications as `Subscription/inbox/$events`: numbered without a gap, as in stream and poll.

As the Subscriptions R5 Backport has it for R4 (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/): a Bundle of
type `history`, whose first entry is the SubscriptionStatus, as Parameters. Numbers are those of one's own inbox.
"""

from typing import Any

from fadjma.events import inbox
from fadjma.events.inbox import Notification
from fadjma.fhir.elements import OURS, Element, Resource, fhir_id, known
from fadjma.fhir.outcomes import Unsearchable
from fadjma.i18n import N_, iso
from fadjma.identity.people import Viewer
from fadjma.refusals import Gone
from fadjma.store import Transaction

TOPIC = f"{OURS}topic:inbox"
MOST = 200  # events in one answer; the next ones are asked for by their numbers
SINCE, UNTIL = "eventsSinceNumber", "eventsUntilNumber"
_PROFILE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"
_NOT_KEPT = N_(
    "Les événements à partir du numéro %(number)s ne sont plus là, ou sont d'une autre suite de numéros : relisez ce "
    "que vous suivez, puis reprenez au numéro %(next)s."
)
_TURNED = N_("« eventsSinceNumber » ne vient pas après « eventsUntilNumber ».")
# What each kind of thing is here, where it is one resource.
FOCUS = {"measurement": "Observation", "access_request": "Consent", "patient": "Patient"}


def events(tx: Transaction, viewer: Viewer, since: int | None, until: int | None) -> tuple[list[Notification], int]:
    """Those with these numbers, both included, 200 at most, the first first; and the number of the newest.

    `since` None: from the first that is kept. Raises Gone for a number from which on they are not kept, or that this
    history has not reached; Unsearchable for what is turned round.
    """
    newest = inbox.cursor(tx, viewer.id)
    forgotten = inbox.forgotten(tx, viewer.id)
    first = forgotten + 1 if since is None else max(since, 1)
    if until is not None and until < first:
        raise Unsearchable(_TURNED, "value")
    found = inbox.after(tx, viewer.id, first - 1, MOST)
    if since is not None and not _follows(first, forgotten, newest, found):
        raise Gone(_NOT_KEPT, number=str(since), next=str(newest + 1))
    return [one for one in found if until is None or one.seq <= until], newest


def _follows(first: int, forgotten: int, newest: int, found: list[Notification]) -> bool:
    """Whether this number is the next one, or one that is kept: numbers have no holes but where a history ended."""
    return forgotten < first and (found[0].seq == first if found else first == newest + 1)


def bundle(found: list[Notification], newest: int, base: str, at: int) -> Resource:
    """`at`: now, in milliseconds UTC."""
    where = f"{base}/Subscription/inbox"
    status: Resource = {
        "resourceType": "Parameters",
        "meta": {"profile": [_PROFILE]},
        "parameter": [
            {"name": "subscription", "valueReference": {"reference": "Subscription/inbox"}},
            {"name": "topic", "valueCanonical": TOPIC},
            {"name": "status", "valueCode": "active"},
            {"name": "type", "valueCode": "query-event"},
            {"name": "eventsSinceSubscriptionStart", "valueString": str(newest)},
            *({"name": "notificationEvent", "part": _event(one)} for one in found),
        ],
    }
    return {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": iso(at),
        "entry": [
            {
                "fullUrl": f"{where}/$events",
                "resource": status,
                "request": {"method": "GET", "url": "Subscription/inbox/$events"},
                "response": {"status": "200"},
            }
        ],
    }


def _event(one: Notification) -> list[dict[str, Any]]:
    """Its number, when, and what it is about: never what is in that."""
    return [
        {"name": "eventNumber", "valueString": str(one.seq)},
        {"name": "timestamp", "valueInstant": iso(one.created_at)},
        {"name": "focus", "valueReference": _focus(one)},
    ]


def _focus(one: Notification) -> Element:
    """By our own name of it: not every kind of thing is one resource, and a record says only when read which."""
    kind, id = one.subject.kind, fhir_id(one.subject.id)
    own = None if one.whose else FOCUS.get(kind)
    return known(
        reference=f"{own}/{id}" if own else None,
        type=own,
        identifier={"system": f"{OURS}{kind}", "value": id},
    )
