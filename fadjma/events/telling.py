"""The timekeeper's steps: what concerned more people than one transaction tells (everybody.py) comes to the others.

How far it has come is written in the transaction of each step, so that after a crash it goes on where it was: nobody is
told twice, and nobody is left out (docs/decisions/31).
"""

import json

from fadjma.events.recording import Subject, notify
from fadjma.identity import directory
from fadjma.store import Row, Transaction

# News before what pages only follow: many prescriptions may expire at once. Of one thing nothing is said out of turn by
# that, for what is said anew takes the place of what pages were to follow.
_NEXT = "SELECT * FROM tellings ORDER BY message IS NULL, number LIMIT 1"


def is_waiting(tx: Transaction) -> bool:
    """Whether anything is still to be told."""
    return tx.value("SELECT 1 FROM tellings LIMIT 1") is not None


def tell_some(tx: Transaction, limit: int) -> int:
    """Tell the next `limit` people; fewer than that: nobody is left."""
    told = 0
    while told < limit and (waiting := tx.first(_NEXT)):
        told += _tell(tx, waiting, limit - told)
    return told


def _tell(tx: Transaction, waiting: Row, limit: int) -> int:
    after = waiting["after_at"], waiting["after_id"]
    found = directory.in_use(tx, waiting["role"], after=after, limit=limit)
    have_heard = set(json.loads(waiting["but"]))
    people = [person for _, person in found if person not in have_heard]
    subject = Subject(waiting["subject_kind"], waiting["subject_id"])
    is_new, at = bool(waiting["is_new"]), waiting["at"]
    notify(tx, people, waiting["type"], waiting["message"], subject, is_new=is_new, at=at)
    if len(found) < limit:
        tx.send("DELETE FROM tellings WHERE number = :number", {"number": waiting["number"]})
    else:
        created_at, id = found[-1]
        tx.send(
            "UPDATE tellings SET after_at = :at, after_id = :id WHERE number = :number",
            {"at": created_at, "id": id, "number": waiting["number"]},
        )
    return len(found)
