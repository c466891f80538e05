"""Telling everybody of a role: in the act's own transaction where they are few, else after it, in steps.

A notification is a row for each person (docs/decisions/04), so 10,000 of them in one transaction would keep everybody
else's act waiting for half a second. What is put off is a row, which telling.py works off (docs/decisions/31).
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from fadjma.identity import directory
from fadjma.identity.people import Role
from fadjma.store import Transaction

# People of a role who are told within the act: as many as in a step of the timekeeper's, which keeps others waiting for
# 5 to 10 ms (benchmarks/README.md, “Announcing”). A clinic and its pharmacies have fewer.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Everybody:
    """All active people of a role, as recipients.

    `first`: those of them who are told within the act in any case. `over`: what has not come to all of them yet about
    the same thing is true no more, and comes to nobody else.
    """

    role: Role
    first: Iterable[str] = ()
    over: bool = False


@dataclass(frozen=True, slots=True)
class StillToTell:
    """Committed with something that was put off, for whoever wakes the timekeeper."""


def few(tx: Transaction, everybody: Everybody) -> list[str] | None:
    """All of them, where they are told at once; None where they are too many for that."""
    people = directory.people(tx, everybody.role, limit=AT_ONCE + 1)
    return [*everybody.first, *people] if len(people) <= AT_ONCE else None


def put_off(
    tx: Transaction,
    everybody: Everybody,
    *,
    type: str,
    message: str | None,
    subject: tuple[str, str],
    but: Collection[str],
    is_new: bool,
) -> None:
    """Have all of them told soon of what this transaction does, but those who hear of it here. `subject`: kind, id."""
    tx.execute(
        "INSERT INTO tellings (number, at, role, type, message, subject_kind, subject_id, is_new, but) VALUES "
        "((SELECT coalesce(max(number), 0) + 1 FROM tellings), :at, :role, :type, :message, :kind, :id, :is_new, :but)",
        {
            "at": tx.now,
            "role": everybody.role,
            "type": type,
            "message": message,
            "kind": subject[0],
            "id": subject[1],
            "is_new": int(is_new),
            "but": json.dumps(sorted(but)),
        },
    )
    tx.announce(StillToTell())


def forget_over(tx: Transaction, everybody: Everybody, subject: tuple[str, str]) -> None:
    """What was put off about this thing and is said anew now, or is true no more, comes to nobody else.

    Pages only follow: they are to do so once. News that is still true comes to the others before what happens now.
    """
    tx.send(
        "DELETE FROM tellings WHERE subject_kind = :kind AND subject_id = :id AND role = :role "
        f"{'' if everybody.over else 'AND message IS NULL'}",
        {"kind": subject[0], "id": subject[1], "role": everybody.role},
    )
