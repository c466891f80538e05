"""Who people are: Patient, Practitioner, PractitionerRole, Organization."""

from collections.abc import Sequence

from fadjma.fhir.elements import HL7, OURS, Element, Resource, concept, each, known, made, reference
from fadjma.fhir.elements import coding as code_of
from fadjma.identity.directory import Patient as Person
from fadjma.identity.links import Other
from fadjma.identity.people import PROFESSIONS, ROLES, SEXES
from fadjma.identity.places import Place
from fadjma.identity.practitioners import Practitioner

GENDERS = {sex: sex for sex in SEXES}  # http://hl7.org/fhir/administrative-gender has the same two words


def patient(found: Person, *, city: str = "", phone: str | None = None, others: Sequence[Other] = ()) -> Resource:
    """As much of the birth date as is known; phone and city for whoever treats them, as everywhere."""
    return made(
        "Patient",
        found.id,
        identifier=[{"system": f"{OURS}identifier", "value": found.identifier}],
        active=True,
        name=[known(text=found.name, family=found.family_name, given=each([found.given_name]))],
        telecom=_phone(phone),
        gender=GENDERS.get(found.sex, "unknown"),
        birthDate=found.birth_date,
        address=[{"city": city}] if city else None,
        link=[{"other": _other(one), "type": "seealso"} for one in others],
    )


def _other(one: Other) -> Element | None:
    return reference("Patient", one.id, one.identifier)


def _phone(number: str | None) -> list[Element]:
    return [{"system": "phone", "value": number}] if number else []


def practitioner(found: Practitioner) -> Resource:
    """Somebody of the staff, by name and profession: no contact."""
    return made(
        "Practitioner",
        found.id,
        active=found.active,
        name=[{"text": found.name}],
        qualification=[{"code": concept(_profession(found))}],
    )


def practitioner_role(found: Practitioner) -> Resource:
    """Where they act, and as what: everybody has one place, so it has the id of the person."""
    return made(
        "PractitionerRole",
        found.id,
        active=found.active,
        practitioner=reference("Practitioner", found.id, found.name),
        organization=reference("Organization", found.organization_id, found.organization),
        code=[concept(_profession(found), *_role(found))],
        specialty=[concept(found.specialty)] if found.specialty else None,
    )


# http://terminology.hl7.org/CodeSystem/practitioner-role has these three.
_ROLES = {"doctor": "doctor", "nurse": "nurse", "pharmacist": "pharmacist"}


def _role(found: Practitioner) -> list[Element]:
    """A midwife is registered among who prescribes, and is no doctor."""
    code = _ROLES.get(found.role)
    return [code_of(f"{HL7}practitioner-role", code)] if code and found.profession in ("", "physician") else []


def _profession(found: Practitioner) -> str:
    return PROFESSIONS.get(found.profession) or ROLES[found.role]


def organization(found: Place) -> Resource:
    """A clinic or a pharmacy; both are « prov » of organization-type, and our kind says which."""
    return made(
        "Organization",
        found.id,
        active=True,
        type=[
            concept(found.kind_name, code_of(f"{HL7}organization-type", "prov"), code_of(f"{OURS}place", found.kind))
        ],
        name=found.name,
        telecom=_phone(found.phone),
        address=[known(text=f"{found.address}, {found.city}", line=each([found.address]), city=found.city)],
    )
