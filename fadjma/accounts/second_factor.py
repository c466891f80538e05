"""One's own second factor: set up, used, taken away. The owner reads of each in the inbox: it may be somebody else."""

from fadjma import events
from fadjma.events import Subject, security
from fadjma.i18n import N_
from fadjma.identity import second_factors, sessions
from fadjma.identity.people import Viewer
from fadjma.identity.second_factors import Enrolment, Factors, Given, RecoveryCodes
from fadjma.refusals import Conflict, Invalid, NotNow
from fadjma.store import Transaction

REQUIRED = N_("La clinique exige un second facteur : vous pouvez en changer, mais pas le retirer.")
_NOTHING_BEGUN = N_("Cette préparation a duré plus de dix minutes, ou n'a pas commencé : recommencez.")


def own(tx: Transaction, viewer: Viewer) -> Factors:
    """What one has."""
    viewer.require_self()
    return second_factors.of(tx, viewer.id)


def own_enrolment(tx: Transaction, viewer: Viewer, *, key: bytes) -> Enrolment | None:
    """The new key of somebody who is setting it up."""
    viewer.require_self()
    return second_factors.enrolment(tx, viewer.id, key=key)


def own_codes(tx: Transaction, viewer: Viewer, *, key: bytes) -> RecoveryCodes:
    """One's own recovery codes, which are shown just after they were made."""
    viewer.require_self()
    return second_factors.codes(tx, viewer.id, key=key)


def begin(tx: Transaction, viewer: Viewer, *, key: bytes) -> dict[str, str]:
    """Somebody who has given the password again, and a second factor where there is one, sets up an authenticator."""
    viewer.require_self()
    sessions.end_halves(tx, viewer.id, but=viewer.session_id)
    second_factors.begin(tx, viewer.id, key=key)
    return {"id": viewer.id}


def confirm(tx: Transaction, viewer: Viewer, typed: str, *, key: bytes, address: str) -> dict[str, str]:
    """The first code of the new authenticator. With a first factor come recovery codes.

    Raises Invalid when it is not its code, Conflict when nothing was begun, or too long ago.
    """
    viewer.require_self()
    if second_factors.enrolment(tx, viewer.id, key=key) is None:
        raise Conflict(_NOTHING_BEGUN, current="over")
    is_first = not second_factors.has_one(tx, viewer.id)
    if not second_factors.confirm(tx, viewer.id, typed, key=key):
        raise Invalid({"otp": second_factors.WRONG})
    sessions.end_halves(tx, viewer.id, but=viewer.session_id)
    if is_first:
        second_factors.renew_codes(tx, viewer.id, key=key)
    tell(tx, viewer.id, "factor.added", by=viewer.id)
    security.note(tx, "factor_added", account_id=viewer.id, address=address)
    return {"id": viewer.id}


def renew_codes(tx: Transaction, viewer: Viewer, *, key: bytes) -> dict[str, str]:
    """Ten other recovery codes in the place of those before."""
    viewer.require_self()
    if not second_factors.has_one(tx, viewer.id):
        raise NotNow(N_("Sans second facteur, il n'y a pas de codes de secours."), current="none")
    second_factors.renew_codes(tx, viewer.id, key=key)
    tell(tx, viewer.id, "factor.codes_renewed", by=viewer.id)
    return {"id": viewer.id}


def remove(tx: Transaction, viewer: Viewer, *, address: str) -> dict[str, str]:
    """The owner does without from now on; not where the clinic wants it."""
    viewer.require_self()
    if second_factors.is_required(tx, viewer.id):
        raise NotNow(REQUIRED, current="required")
    second_factors.remove(tx, viewer.id)
    tell(tx, viewer.id, "factor.removed", by=viewer.id)
    security.note(tx, "factor_removed", account_id=viewer.id, address=address)
    return {"id": viewer.id}


def take(tx: Transaction, user_id: str, typed: str, *, key: bytes) -> Given:
    """What was given as second factor, which is used by it; that a recovery code was, is told."""
    given = second_factors.take(tx, user_id, typed, key=key)
    if given == "recovery":
        tell(tx, user_id, "factor.code_used", by=user_id)
    return given


def note_failure(tx: Transaction, user_id: str, *, address: str, last: bool) -> None:
    """A wrong second factor after a right password; the `last` for a while is told to its owner."""
    security.note(tx, "factor_failed", account_id=user_id, address=address)
    if last:
        security.note(tx, "sign_in_locked", account_id=user_id, address=address)
        events.notify(tx, [user_id], "notification", "factor.guessed", Subject("profile", user_id))


def tell(tx: Transaction, user_id: str, action: str, *, by: str) -> None:
    """Write down what was done to somebody's second factor, and tell its owner."""
    profile = Subject("profile", user_id)
    events.record(tx, action, profile, actor_id=by)
    events.notify(tx, [user_id], "notification", action, profile)


def require_one(typed: str) -> None:
    """Raise Invalid unless something was typed where a second factor is asked for."""
    if not typed.strip():
        raise Invalid({"otp": N_("Donnez le code de votre application, ou un code de secours.")})
