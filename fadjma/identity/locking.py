"""When a screen is locked: of staff in a browser, by hand or because nobody has touched it for some minutes.

Decided when it is read, like everything that time does: no job has to be on time (docs/clinic.md). Whoever finds a
screen so writes it down (`locked_at`), so that neither another clock nor more minutes open what was locked.
"""

from fadjma import rules
from fadjma.store import Transaction

MINUTE = 60_000
# Of `sessions s` and `users u`. A program has no screen, what a patient has left open ends, and half a session has
# nothing to show.
LOCKED = """
    (s.half = '' AND s.kind = 'browser' AND u.role <> 'patient'
     AND (s.locked_at IS NOT NULL OR s.last_active_at <= :untouched_since))
"""


def seconds() -> int:
    """How long that is, for the page, which hides by itself where the server cannot be reached."""
    return rules.current().lock_minutes * 60


def untouched_since(tx: Transaction) -> int:
    """Who was active then, or before, and not since is locked by now."""
    return tx.now - rules.current().lock_minutes * MINUTE
