"""Which resources an access shows: the least part of a file (access/states.py, OPENS) by which there is any of a type.

Within a type what is not open is left out: of the Observations under « prescriptions » there are weights alone, of the
DocumentReferences and Provenances under « summary » those of allergies and vaccinations.
"""

from collections.abc import Mapping

from fadjma.access.states import OPENS, Scope

OWN = ""  # the patient's alone, under no access
PARTS: Mapping[str, str] = {
    "Patient": "summary",
    "AllergyIntolerance": "summary",
    "Immunization": "summary",
    "MedicationRequest": "prescriptions",
    "MedicationDispense": "prescriptions",
    "Observation": "prescriptions",
    "Encounter": "records",
    "Condition": "records",
    "DocumentReference": "summary",
    "Consent": "summary",
    "Provenance": "summary",
    "AuditEvent": OWN,
}


def opened_by(scope: Scope) -> tuple[str, ...]:
    """The types of which something is open under this scope."""
    return tuple(name for name, part in PARTS.items() if part and scope in OPENS[part])
