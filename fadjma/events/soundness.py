"""What is true of everybody's numbers whatever has happened: they have no holes but what is not kept any more. And of
what is still to be told, that it can be.
"""

import json
from collections.abc import Iterator

from fadjma.events import subjects
from fadjma.events.catalogue import MESSAGES
from fadjma.events.inbox import HISTORIES_APART
from fadjma.store import Transaction


def gaps(tx: Transaction) -> Iterator[str]:
    """Whose numbers have a hole, but where a backup was restored.

    In a copy all jump, so that one which is missing at the very end is seen in the database itself alone.
    """
    rows = tx.each(
        "SELECT DISTINCT user_id FROM ("
        "SELECT n.user_id, seq - lag(seq, 1, i.forgotten) OVER (PARTITION BY n.user_id ORDER BY seq) AS step "
        "FROM notifications n JOIN inboxes i ON i.user_id = n.user_id "
        "UNION ALL SELECT user_id, 1 + last_seq - "
        "(SELECT coalesce(max(seq), i.forgotten) FROM notifications WHERE user_id = i.user_id) FROM inboxes i"
        ") AS steps WHERE step <> 1 AND step < :apart",
        {"apart": HISTORIES_APART},
    )
    return (row["user_id"] for row in rows)


def untellable(tx: Transaction) -> Iterator[str]:
    """What was put off and no step can tell: all that was put off after it would wait for ever."""
    kinds = {kind.name for kind in subjects.kinds()}
    for row in tx.each("SELECT number, message, subject_kind, but FROM tellings"):
        says = row["message"] is None or row["message"] in MESSAGES
        if not (says and row["subject_kind"] in kinds and _is_list(row["but"])):
            yield str(row["number"])


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False
