"""What a consultation says in its fields: why somebody came, what was seen, what follows; with what was measured in it.

Each version of one has a row here. Its title and text say the same in words, by which it is found, and one version is
compared with another. What was measured is final, and belongs to no version (measuring.py).
"""

from dataclasses import dataclass, replace
from typing import Any

from fadjma.records import covered, measurements
from fadjma.records.measurements import Measurement
from fadjma.store import Transaction, given


@dataclass(frozen=True, slots=True)
class Consultation:
    """One version of it; `measured` is the same in all."""

    motive: str
    observation: str = ""
    conclusion: str = ""
    measured: tuple[Measurement, ...] = ()

    @property
    def title(self) -> str:
        return self.motive

    @property
    def body(self) -> str:
        """In French as all that is stored."""
        follows = f"Conclusion : {self.conclusion}" if self.conclusion else ""
        return "\n\n".join(filter(None, (self.observation, follows)))

    def json(self, language: str) -> dict[str, Any]:
        return {
            "motive": self.motive,
            "observation": self.observation or None,
            "conclusion": self.conclusion or None,
            "measurements": [one.json(language) for one in self.measured],
        }


def facts_of(tx: Transaction, record_ids: list[str]) -> dict[str, Consultation]:
    """What these (few) records say in their fields now, those that have any."""
    among, values = given(record_ids)
    rows = tx.all(
        "SELECT r.id, f.motive, f.observation, f.conclusion FROM records r "
        f"JOIN consultation_facts f ON f.record_id = r.id AND f.version = r.version WHERE r.id IN {among}",
        values,
    )
    found = {row["id"]: Consultation(row["motive"], row["observation"], row["conclusion"]) for row in rows}
    measured = measurements.of_records(tx, list(found)) if found else {}
    return {id: replace(one, measured=measured.get(id, ())) for id, one in found.items()}


def write(tx: Transaction, record_id: str, version: int, facts: Consultation) -> None:
    """What a version says, which has just been added."""
    tx.send(
        "INSERT INTO consultation_facts (record_id, version, motive, observation, conclusion) "
        "VALUES (:record, :version, :motive, :observation, :conclusion)",
        {
            "record": record_id,
            "version": version,
            "motive": facts.motive,
            "observation": facts.observation,
            "conclusion": facts.conclusion,
        },
    )
    covered.version(tx, covered.CONSULTATIONS, record_id, version)
