"""The small things of which every resource is made: ids, references, codes, times (http://hl7.org/fhir/R4/datatypes.html).

Resources are plain dicts, as they go out as JSON. What is None, empty or not known is left out (`made`).
"""

from collections.abc import Iterable
from typing import Any

from fadjma import days
from fadjma.i18n import iso

Resource = dict[str, Any]
Element = dict[str, Any]

# Code systems, by their canonical addresses.
ATC = "http://www.whocc.no/atc"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
RESOURCES = "http://hl7.org/fhir/resource-types"
# What is ours alone: an absolute URI that needs no domain.
OURS = "urn:fadjma:"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def fhir_id(our_id: str) -> str:
    """Our id as FHIR may have it: « _ » goes out as « . » (http://hl7.org/fhir/R4/datatypes.html#id)."""
    return our_id.replace("_", ".")


def our_id(sent: str) -> str:
    """An id as it came in, with « . » or with « _ », as we have it: no id of ours has a « . »."""
    return sent.replace(".", "_")


def made(resource_type: str, our: str, **elements: Any) -> Resource:
    """A resource of what is known of it; a name that Python keeps for itself ends with « _ »."""
    return {"resourceType": resource_type, "id": fhir_id(our), **known(**elements)}


def known(**elements: Any) -> Element:
    """Those of these elements that say something."""
    return {name.rstrip("_"): value for name, value in elements.items() if value not in (None, "", [], {}, ())}


def meta(version: int, at: int | None) -> Element:
    """The version of a thing, and when it came to say what it says (milliseconds UTC), where that is known."""
    return known(versionId=str(version), lastUpdated=iso(at) if at else None)


def reference(resource_type: str, our: str | None, display: str | None = None) -> Element | None:
    """A reference inside this server; None where nothing is known. Without an id, only how it is called."""
    found = known(reference=f"{resource_type}/{fhir_id(our)}" if our else None, display=display)
    return found or None


def patient(our: str) -> Element:
    """Whose it is; by id alone: the name stands in the Patient."""
    return {"reference": f"Patient/{fhir_id(our)}"}


def coding(system: str, code: str, display: str = "") -> Element:
    return known(system=system, code=code, display=display)


def concept(text: str = "", *codings: Element) -> Element:
    """In words, and in codes where there are any."""
    return known(coding=list(codings), text=text)


def absent(reason: str = "unknown") -> Element:
    """In the place of what FHIR wants and nobody knows (http://hl7.org/fhir/R4/extension-data-absent-reason.html)."""
    return {"extension": [{"url": ABSENT, "valueCode": reason}]}


def quantity(value: float, unit: str, code: str | None = None) -> Element:
    """A value with its unit in words, and as UCUM says it where it does."""
    return known(value=value, unit=unit, system=UCUM if code else None, code=code) | {"value": value}


def notes(*texts: str) -> list[Element]:
    """Annotations of those of these texts that say something."""
    return [{"text": text} for text in texts if text.strip()]


def period(start: int | str | None, end: int | str | None = None) -> Element:
    """Of moments (milliseconds UTC) or days (ISO 8601)."""
    return known(start=_when(start), end=_when(end))


def _when(at: int | str | None) -> str | None:
    return iso(at) if isinstance(at, int) else at


def day_of(at: int) -> str:
    """The clinic's day of a moment."""
    return days.day(at).isoformat()


def each(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value]
