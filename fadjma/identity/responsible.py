"""Who answers for a place, among those who work there."""

import re

from fadjma import writing
from fadjma.identity import directory, places
from fadjma.store import Transaction


def answer_for(tx: Transaction, place_id: str, *, besides: str) -> list[str]:
    """Whom to tell of what somebody (`besides`) did at a pharmacy: its responsible person, if an account is theirs.

    « Personne responsable » is a name that an admin wrote, perhaps with a title. Where it is nobody's account, or they
    did it themselves, all colleagues are told; where there are none, the admins.
    """
    colleagues = [person for person in directory.people(tx, "pharmacist", place_id) if person != besides]
    named = _words(places.place(tx, place_id).responsible)
    responsible = [person for person in colleagues if _words(_name(tx, person)) <= named]
    return responsible or colleagues or directory.people(tx, "admin")


def _name(tx: Transaction, person: str) -> str:
    return str(tx.value("SELECT name FROM people WHERE id = :id", {"id": person}))


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", writing.fold(name)))
