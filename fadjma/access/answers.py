"""The answers to a doctor's requests that the doctor has not seen: what there is to do with them."""

from fadjma.access import tracing
from fadjma.access.queries import AccessRequest, access_request
from fadjma.access.states import APPROVE, REJECT
from fadjma.events import inbox
from fadjma.identity.people import Viewer
from fadjma.store import Transaction

_TOLD = [act.told["doctor"] for act in (APPROVE, REJECT)]


def unseen(tx: Transaction, viewer: Viewer, limit: int) -> list[AccessRequest]:
    """What was granted or refused, the latest first: its news is unread, and the file was not opened since."""
    viewer.require("doctor")
    news = inbox.unread_subjects(tx, viewer.id, "access_request", _TOLD, limit)
    opened = tracing.opened_lately(tx, viewer) if news else {}
    answered = [access_request(tx, viewer, request_id) for request_id in news]
    return [one for one in answered if _is_unseen(one, opened.get(one.patient_id, 0))]


def _is_unseen(request: AccessRequest, opened_at: int) -> bool:
    """An access that is over, or was replaced, has no answer any more that something is to be done with."""
    return request.status in (APPROVE.target, REJECT.target) and opened_at < (request.decided_at or 0)
