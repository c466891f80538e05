"""For whom a session acts: its own person, or a patient who has let them (identity/proxies.py)."""

from dataclasses import dataclass
from typing import Any

from fadjma import days, events
from fadjma.events import Notice, Subject
from fadjma.i18n import iso
from fadjma.identity import proxies, sessions
from fadjma.identity.people import Viewer
from fadjma.identity.proxies import Person, Proxy
from fadjma.refusals import NotFound
from fadjma.store import Transaction


@dataclass(frozen=True, slots=True)
class People:
    """Who one may be: oneself, and those for whom one may act."""

    own: Person
    acting_for: str
    others: list[Proxy]
    offers: list[Proxy]  # of others, that wait for a yes or a no

    @property
    def id(self) -> str:
        return self.own.id

    def json(self, language: str) -> dict[str, Any]:
        own = {**self.own.json(), "relationship": None, "proxy_id": None, "until": None}
        others = [
            {
                **one.patient.json(),
                "relationship": one.relationship,
                "proxy_id": one.id,
                "until": iso(one.until) if one.until else None,
            }
            for one in self.others
        ]
        offers = [one.json(language) for one in self.offers]
        return {"id": self.id, "items": [own, *others], "acting_for": self.acting_for, "offers": offers}


def people(tx: Transaction, viewer: Viewer) -> People:
    """For a patient. Raises Forbidden."""
    viewer.require("patient")
    own = Person(viewer.by.id, viewer.by.name) if viewer.by else Person(viewer.id, viewer.name)
    return People(own, viewer.id, proxies.running_of(tx, own.id), proxies.offered_to(tx, own.id))


def choose(tx: Transaction, viewer: Viewer, person_id: str) -> str:
    """From now on the session acts for this person. Raises NotFound for whom it may not."""
    viewer.require("patient")
    if person_id == viewer.id:
        return person_id
    own_id = viewer.own_id
    sessions.act_for(tx, viewer, None if person_id == own_id else begin(tx, own_id, person_id))
    return person_id


def begin(tx: Transaction, own_id: str, patient_id: str) -> str:
    """The proxy by which somebody acts for this patient from now on, which the patient's trace says. Raises NotFound.

    With it the file is open to them: it is one reading, until they act for somebody else; those of a day are one line.
    """
    proxy_id = proxies.between(tx, own_id, patient_id)
    if proxy_id is None:
        raise NotFound
    first = tx.value(
        "SELECT id FROM trace WHERE patient_id = :patient AND at >= :since AND repeats IS NULL "
        "AND by_id = :who AND action = 'acting.begun' LIMIT 1",
        {"patient": patient_id, "since": days.beginning(tx.now), "who": own_id},
    )
    events.record(
        tx,
        "acting.begun",
        Subject("patient", patient_id),
        actor_id=patient_id,
        by_id=own_id,
        patient_id=patient_id,
        notices=[Notice([], "notification", None)],
        repeats=first,
    )
    return proxy_id
