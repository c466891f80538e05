"""Whether a resource is what FHIR says: by a kept model, fhir.resources, and by the code sets that it does not check.

The model is of R4B (4.3.0), and the server of R4 (4.0.1): docs/fhir.md says where they differ. None of the types served
here do; what R4B has added, and R4 does not know, is refused here.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")  # http://hl7.org/fhir/R4/datatypes.html#id
# New in R4B, or another there (http://hl7.org/fhir/R4B/diff.html).
NOT_IN_R4 = {
    *("AdministrableProductDefinition", "Citation", "ClinicalUseDefinition", "EvidenceReport", "Ingredient"),
    *("ManufacturedItemDefinition", "MedicinalProductDefinition", "NutritionProduct", "PackagedProductDefinition"),
    *("RegulatedAuthorization", "SubscriptionStatus", "SubscriptionTopic", "SubstanceDefinition", "Evidence"),
}
HL7 = "http://terminology.hl7.org/CodeSystem/"
# What is bound as « required » to a code system, in a CodeableConcept: no model looks at it.
REQUIRED: dict[str, tuple[str, set[str]]] = {
    "AllergyIntolerance.clinicalStatus": (f"{HL7}allergyintolerance-clinical", {"active", "inactive", "resolved"}),
    "AllergyIntolerance.verificationStatus": (
        f"{HL7}allergyintolerance-verification",
        {"unconfirmed", "confirmed", "refuted", "entered-in-error"},
    ),
    "Condition.clinicalStatus": (
        f"{HL7}condition-clinical",
        {"active", "recurrence", "relapse", "inactive", "remission", "resolved"},
    ),
    "Condition.verificationStatus": (
        f"{HL7}condition-ver-status",
        {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"},
    ),
}
# What is not bound so, and is taken from these systems here.
KNOWN: dict[str, set[str]] = {
    f"{HL7}observation-category": {"vital-signs", "laboratory", "survey"},
    f"{HL7}v3-ObservationInterpretation": {"L", "H"},
    f"{HL7}condition-category": {"problem-list-item"},
    f"{HL7}data-absent-reason": {"unknown", "masked"},
    f"{HL7}v3-ActCode": {"AMB"},
    f"{HL7}v3-DataOperation": {"CREATE", "UPDATE", "NULLIFY"},
    f"{HL7}v3-ParticipationType": {"IRCP"},
    f"{HL7}v2-0443": {"AP"},
    "http://terminology.hl7.org/CodeSystem/v2-0443": {"AP"},
    f"{HL7}consentscope": {"patient-privacy"},
    f"{HL7}audit-event-type": {"rest"},
    f"{HL7}provenance-participant-type": {"author"},
    f"{HL7}organization-type": {"prov"},
    f"{HL7}practitioner-role": {"doctor", "nurse", "pharmacist"},
    "http://snomed.info/sct": {"716186003"},
    "http://loinc.org": {
        *("85354-9", "8480-6", "8462-4", "8867-4", "8310-5", "9279-1", "2708-6", "59408-5", "29463-7", "8302-2"),
        *("9843-4", "2339-0", "72514-3", "59284-0"),
    },
    "http://unitsofmeasure.org": {
        "mm[Hg]",
        "/min",
        "Cel",
        "%",
        "g/L",
        "{score}",
        "g",
        "cm",
        "d",
        "g/dL",
        "ug/L",
        "mg/L",
    },
}
_ANY_CODE = {"format"}  # of a CapabilityStatement: it names four, and takes any media type
# Of these the model names some: http://hl7.org/fhir/R4/valueset-observation-status.html
_ALL = {
    "Observation.status": {
        *("registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"),
    },
}
_FORMS = {
    "http://www.whocc.no/atc": re.compile(r"[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?"),
    "http://hl7.org/fhir/sid/icd-10": re.compile(r"[A-Z][0-9]{2}(\.[0-9]{1,2})?"),
    "http://hl7.org/fhir/resource-types": re.compile(r"[A-Z][A-Za-z]+"),
}


def check(resource: dict[str, Any]) -> None:
    """Raises AssertionError, or what the model raises, for what FHIR R4 does not take."""
    from fhir.resources.R4B import (
        get_fhir_model_class,
    )  # a tenth of a second of a core, of every process that reads tests

    kind = resource["resourceType"]
    assert kind not in NOT_IN_R4
    model = get_fhir_model_class(kind).model_validate(resource)
    _check_codes(model, kind)
    for path, one in _elements(resource, kind):
        _check_element(path, one)
    for path, (system, codes) in REQUIRED.items():
        name = path.removeprefix(f"{kind}.")
        if name in resource:
            [coding] = resource[name]["coding"]
            assert coding["system"] == system
            assert coding["code"] in codes, (path, coding)
    _check_rules(resource)
    for entry in resource.get("entry", ()):
        check(entry["resource"])


def shape(resource: dict[str, Any]) -> str:
    """The same of two resources that have the same elements and codes, and other words."""
    said = ("code", "system", "status", "action", "outcome", "type", "mode")
    return str(
        [(path, one if path.endswith(said) and isinstance(one, str) else "") for path, one in _elements(resource, "")]
    )


def _check_codes(model: Any, path: str) -> None:
    """The model knows which codes there are, and takes any: here they are compared."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                _check_codes(one, f"{path}.{name}")
            elif one is not None and extra.get("enum_values") and name not in _ANY_CODE:
                assert one in _ALL.get(f"{path}.{name}", extra["enum_values"]), (f"{path}.{name}", one)


def _elements(found: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, found
    if isinstance(found, dict):
        for name, value in found.items():
            yield from _elements(value, f"{path}.{name}")
    elif isinstance(found, list):
        for value in found:
            yield from _elements(value, path)


def _check_element(path: str, one: Any) -> None:
    assert one not in ("", [], {}, None), f"{path} is empty"
    if not isinstance(one, dict):
        return
    if "resourceType" in one and "id" in one:
        assert ID.fullmatch(one["id"]), one["id"]
    if isinstance(one.get("reference"), str) and not one["reference"].startswith("#"):
        kind, _, id = one["reference"].partition("/")
        assert kind.isalpha(), one
        assert ID.fullmatch(id), one
    system, code = one.get("system"), one.get("code")
    if system in KNOWN and code is not None:
        assert code in KNOWN[system], (path, one)
    elif system in _FORMS:
        assert _FORMS[system].fullmatch(code), (path, one)
    elif system and code and not system.startswith("urn:fadjma:"):
        assert system in {its for its, _ in REQUIRED.values()}, (path, one)


def _check_rules(resource: dict[str, Any]) -> None:
    """What the specification says in FHIRPath, and the model does not evaluate, of what is served here."""
    mistaken = "entered-in-error" in str(resource.get("verificationStatus", ""))
    match resource["resourceType"]:
        case "AllergyIntolerance":  # ait-1, ait-2
            assert ("clinicalStatus" in resource) is not mistaken
        case "Condition":  # con-3, con-4, con-5
            ended = "resolved" in str(resource.get("clinicalStatus", ""))
            assert "clinicalStatus" in resource or mistaken or "category" not in resource
            assert ended or "abatementDateTime" not in resource
            assert not (mistaken and "clinicalStatus" in resource)
        case "Observation":  # obs-6, vs-2
            assert any(name.startswith("value") for name in resource) is not (
                "component" in resource or "dataAbsentReason" in resource
            )
        case "Consent":  # ppc-1
            assert "policyRule" in resource
        case "Bundle" if resource["type"] == "searchset":
            assert resource["link"][0]["relation"] == "self"
