"""The medicines of the demo, after the WHO list of essential medicines and Senegal's national list.

`medicines.csv` has one line per DCI and strength. Dosage, quantity and days are what the demo's doctors write
most often; they are no reference for prescribing.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from fadjma import writing

_FILE = Path(__file__).with_name("medicines.csv")


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine by DCI; `quantity` counts `unit`s for a treatment of `days`, `schedule` is as in the formulary."""

    dci: str
    form: str
    strength: str
    unit: str
    atc: str
    dosage: str
    quantity: int
    days: int
    schedule: str

    @property
    def key(self) -> str:
        """What the clinical notes call it: « amoxicilline 500 mg »."""
        return f"{self.dci} {self.strength}"

    @property
    def name_key(self) -> str:
        """By which the list of medicines knows it again."""
        return writing.name_key(self.dci, self.form, self.strength)

    @property
    def search_key(self) -> str:
        """DCI, strength and form, as the search of medicines expects them."""
        return writing.search_key(self.dci, self.strength, self.form)


def _read() -> tuple[Medicine, ...]:
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Medicine(
                dci=row["dci"],
                form=row["form"],
                strength=row["strength"],
                unit=row["unit"],
                atc=row["atc"],
                dosage=row["dosage"],
                quantity=int(row["quantity"]),
                days=int(row["days"]),
                schedule=row["schedule"],
            )
            for row in csv.DictReader(lines, delimiter=";")
        )


MEDICINES = _read()
BY_KEY = {medicine.key: medicine for medicine in MEDICINES}

# Courses that follow a child's weight: below so many kg, this many tablets at a time, this quantity.
_EACH_TIME = {
    "artéméther + luméfantrine 20 mg + 120 mg": (
        "{tablets} à H0 et à H8, puis matin et soir pendant 2 jours, avec du lait ou une bouillie",
        ((15, "1 comprimé", 6), (25, "2 comprimés", 12), (1000, "3 comprimés", 18)),
    ),
    "amoxicilline 250 mg": (
        "{tablets} matin et soir, à dissoudre dans une cuillère d'eau",
        ((10, "1 comprimé", 10), (14, "2 comprimés", 20), (1000, "3 comprimés", 30)),
    ),
}


def course(medicine: Medicine, weight_kg: int) -> tuple[str, int]:
    """The dosage and the quantity for someone of that weight."""
    if medicine.key not in _EACH_TIME:
        return medicine.dosage, medicine.quantity
    dosage, steps = _EACH_TIME[medicine.key]
    tablets, quantity = next((tablets, quantity) for below, tablets, quantity in steps if weight_kg < below)
    return dosage.format(tablets=tablets), quantity
