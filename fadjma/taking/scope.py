"""Of a patient's file, what is taken away: which parts, and of which time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fadjma.i18n import N_

Part = Literal[
    "allergies", "problems", "treatments", "vaccinations", "measurements", "results", "consultations", "papers"
]
PARTS: tuple[Part, ...] = get_args(Part)
LABELS: dict[Part, str] = {
    "allergies": N_("Allergies"),
    "problems": N_("Problèmes de santé"),
    "treatments": N_("Ordonnances et traitements"),
    "vaccinations": N_("Vaccinations"),
    "measurements": N_("Mesures"),
    "results": N_("Résultats d'examens"),
    "consultations": N_("Consultations"),
    "papers": N_("Documents et photos"),
}
# Whole whatever the period: who reads half of somebody's allergies takes it for all.
TIMELESS: tuple[Part, ...] = ("allergies", "problems")
_EARLIEST, _LATEST = "0000-00-00", "9999-99-99"


@dataclass(frozen=True, slots=True)
class Scope:
    """`since` and `until`: the first day and the last, ISO 8601; None: from the beginning, to the end."""

    parts: tuple[Part, ...] = PARTS
    since: str | None = None
    until: str | None = None

    @classmethod
    def read(cls, parts: str, since: str | None, until: str | None) -> "Scope":
        """As the database has it."""
        return cls.of(parts.split(), since, until)

    @classmethod
    def of(cls, parts: Iterable[str], since: str | None = None, until: str | None = None) -> "Scope":
        """In the order of the page; what is no part is left out."""
        named = set(parts)
        return cls(tuple(part for part in PARTS if part in named), since, until)

    @property
    def whole(self) -> bool:
        """Whether it is the whole file."""
        return self.parts == PARTS and not self.dated

    @property
    def dated(self) -> bool:
        return bool(self.since or self.until)

    @property
    def labels(self) -> list[str]:
        """What is taken, in French."""
        return [LABELS[part] for part in self.parts]

    @property
    def left_out(self) -> list[str]:
        """What is not, in French."""
        return [LABELS[part] for part in PARTS if part not in self.parts]

    def has(self, day: str) -> bool:
        """Whether something of this day (ISO 8601) is within the period."""
        return (self.since or _EARLIEST) <= day <= (self.until or _LATEST)

    def columns(self) -> dict[str, str | None]:
        """As the database keeps it."""
        return {"parts": " ".join(self.parts), "since": self.since, "until": self.until}

    def json(self) -> dict[str, Any]:
        return {"parts": list(self.parts), "since": self.since, "until": self.until}
