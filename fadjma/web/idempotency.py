"""A submission that comes twice changes nothing the second time: the first one's answer, kept by its idempotency key.

What is done with it, and how a repetition is recognised, is in asking.py (`act`, `attempt`).
"""

import json
from typing import Any, cast

from fadjma.i18n import N_
from fadjma.identity.people import Viewer
from fadjma.refusals import Invalid
from fadjma.store import Transaction

LONGEST_KEY = 100  # characters of a key that may be sent
ATTEMPT = "#attempt".rjust(LONGEST_KEY + 1)  # put behind one, it makes a key that nobody can send
_KEPT = 48 * 3_600_000  # milliseconds


def first_answer(tx: Transaction, viewer: Viewer, key: str, fingerprint: str) -> dict[str, Any] | None:
    """What the first submission with this key was answered, if any. Raises Invalid when it was another request's."""
    row = tx.first(
        "SELECT fingerprint, answer FROM idempotency_keys WHERE user_id = :user_id AND key = :key",
        {"user_id": viewer.id, "key": key},
    )
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise Invalid({"key": N_("Cette clé d'idempotence a déjà servi pour une autre demande.")})
    return cast(dict[str, Any], json.loads(row["answer"]))


def keep_answer(tx: Transaction, viewer: Viewer, key: str, fingerprint: str, answer: dict[str, Any]) -> None:
    """Keep the first submission's answer, in its own transaction."""
    tx.send(
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, answer, created_at) "
        "VALUES (:user_id, :key, :fingerprint, :answer, :now)",
        {
            "user_id": viewer.id,
            "key": key,
            "fingerprint": fingerprint,
            "answer": json.dumps(answer),
            "now": tx.now,
        },
    )


def forget(tx: Transaction, limit: int) -> int:
    """Time: delete answers that nobody repeats any more; returns how many."""
    return tx.execute(
        "DELETE FROM idempotency_keys WHERE (user_id, key) IN "
        "(SELECT user_id, key FROM idempotency_keys WHERE created_at < :before LIMIT :limit)",
        {"before": tx.now - _KEPT, "limit": limit},
    )
