"""What is measured, as LOINC and UCUM say it.

The codes of vital signs are those that R4 itself asks for (http://hl7.org/fhir/R4/observation-vitalsigns.html); the
others are LOINC's own terms (https://loinc.org/2339-0, https://loinc.org/72514-3). Glucose is measured here as a mass
in a volume, in g/L, so it is 2339-0, and never 15074-8, which is in mmol/L. Nobody notes whether somebody was lying, so
a height is 8302-2, and never 8306-3.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fadjma.fhir.elements import LOINC
from fadjma.records.vitals import VITALS, Code

SYSTOLIC = (LOINC, "8480-6", "Systolic blood pressure")
DIASTOLIC = (LOINC, "8462-4", "Diastolic blood pressure")


@dataclass(frozen=True, slots=True)
class Coded:
    """One kind of measurement: its codes, the most general first, its category, and its unit in words and in UCUM."""

    codes: tuple[tuple[str, str, str], ...]
    category: str  # http://terminology.hl7.org/CodeSystem/observation-category
    unit: str
    ucum: str


def _coded(code: Code, category: str, *codes: tuple[str, str]) -> Coded:
    vital = VITALS[code]
    named = tuple((LOINC, number, display) for number, display in codes)
    return Coded(named, category, vital.shown, vital.unit)


CODES: Mapping[Code, Coded] = {
    "blood_pressure": _coded(
        "blood_pressure", "vital-signs", ("85354-9", "Blood pressure panel with all children optional")
    ),
    "pulse": _coded("pulse", "vital-signs", ("8867-4", "Heart rate")),
    "temperature": _coded("temperature", "vital-signs", ("8310-5", "Body temperature")),
    "respiratory_rate": _coded("respiratory_rate", "vital-signs", ("9279-1", "Respiratory rate")),
    "oxygen_saturation": _coded(
        "oxygen_saturation",
        "vital-signs",
        ("2708-6", "Oxygen saturation in Arterial blood"),
        ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
    ),
    "glucose": _coded("glucose", "laboratory", ("2339-0", "Glucose [Mass/volume] in Blood")),
    "pain": _coded("pain", "survey", ("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported")),
    "body_weight": _coded("body_weight", "vital-signs", ("29463-7", "Body weight")),
    "body_height": _coded("body_height", "vital-signs", ("8302-2", "Body height")),
    "head_circumference": _coded(
        "head_circumference", "vital-signs", ("9843-4", "Head Occipital-frontal circumference")
    ),
}
