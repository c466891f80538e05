"""What PostgreSQL's refusals are to the store (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

import psycopg

from fadjma.store.errors import FOREIGN_KEY, Duplicate, Error, ReadOnly, Reason, Unavailable, Violation

_WAITED = "55P03"  # lock_not_available
_OUTAGES: dict[str, Reason] = {  # by the class of the code, or the code itself
    "08": "broken",  # the connection
    "40": "locked",  # another transaction was in the way, as often as it was tried
    "53": "broken",  # too many connections, no memory
    "53100": "full",
    _WAITED: "locked",
    "57": "broken",  # the server is stopping, or not yet there
    "57014": "locked",  # a statement took too long
    "58": "broken",  # the disk
    "XX": "damaged",
}
_IN_THE_WAY = {"40001", "40P01", _WAITED}  # serialization_failure, deadlock_detected


class InTheWay(Unavailable):
    """Another transaction was in the way: the same again may succeed.

    `there_already`: the other has made a row that ours, from before it, does not show; which constraint says so, and
    the row's key. `waited`: it was waited for, as long as may be.
    """

    def __init__(self, reason: Reason, there_already: str = "", *, waited: bool = False) -> None:
        super().__init__(reason)
        self.there_already = there_already
        self.waited = waited


def translated(error: psycopg.Error) -> Error:
    """What the store raises in the place of this error."""
    message, state = str(error), error.sqlstate or ""
    if state[:2] == "23":
        return _violation(error, state, message)
    if state == "25006":
        return ReadOnly(message)
    reason = _OUTAGES.get(state) or _OUTAGES.get(state[:2])
    if reason is None and not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        reason = "broken"  # nothing was answered
    if reason is None:
        return Error(message)
    return InTheWay(reason, waited=state == _WAITED) if state in _IN_THE_WAY else Unavailable(reason)


def _violation(error: psycopg.Error, state: str, message: str) -> Violation:
    about = error.diag
    match state:
        case "23505":
            return Duplicate(message, about.constraint_name or message)
        case "23502":
            return Violation(message, f"{about.table_name}_{about.column_name}_not_null")
        case "23503":
            return Violation(message, FOREIGN_KEY)
    return Violation(message, about.constraint_name or message)
