"""A whole file as resources: of every demo patient what FHIR says, each once, in parts and by period."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import fhir_model
import pytest
from demo_database import demo_database

from fadjma.fhir import bundle, pages
from fadjma.fhir.elements import fhir_id
from fadjma.fhir.picking import references
from fadjma.fhir.table import BY_TYPE, TABLE
from fadjma.refusals import NotFound
from fadjma.store import Transaction, milliseconds
from fadjma.store.sqlite.connections import connect
from fadjma.store.sqlite.transaction import SQLiteTransaction

# What every resource has, and the table need not say.
_ALWAYS = {"resourceType", "id", "meta", "subject", "patient", "active", "intent", "identifier"}
# Of these there are thousands, and no more than some dozens of kinds: one of each is looked at.
_ALIKE = {"AuditEvent", "Provenance", "Practitioner", "PractitionerRole", "Organization"}


@pytest.fixture(scope="module")
def tx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transaction]:
    """The demo's year."""
    path = Path(tmp_path_factory.mktemp("fhir")) / "fadjma.db"
    path.write_bytes(demo_database())
    with closing(connect(path)) as connection:
        connection.execute("BEGIN")
        yield SQLiteTransaction(connection, milliseconds())


@pytest.fixture(scope="module")
def files(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
    """What every demo patient takes away, by their id."""
    return {
        row["user_id"]: list(bundle.resources(tx, row["user_id"])) for row in tx.all("SELECT user_id FROM patients")
    }


@pytest.mark.long
def test_the_bundle_of_every_demo_patient_is_what_fhir_says(files: dict[str, list[dict[str, Any]]]) -> None:
    checked: set[str] = set()
    alike: set[str] = set()
    for patient_id, found in files.items():
        for one in found:
            shape = fhir_model.shape(one) if one["resourceType"] in _ALIKE else one["id"]
            if shape not in alike:
                fhir_model.check(one)
            alike.add(shape)
            checked.add(one["resourceType"])
        entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in found[:3]]
        fhir_model.check({"resourceType": "Bundle", "type": "collection", "entry": entries})
        assert (found[0]["resourceType"], found[0]["id"]) == ("Patient", fhir_id(patient_id))
    assert len(files) >= 40
    assert {"Encounter", "Observation", "MedicationRequest", "MedicationDispense", "Consent", "Provenance"} <= checked


def test_each_resource_is_there_once_and_whatever_it_names_of_the_file_is_there_too(
    files: dict[str, list[dict[str, Any]]],
) -> None:
    for found in files.values():
        named = [f"{one['resourceType']}/{one['id']}" for one in found]
        assert len(named) == len(set(named))
        assert {reference for one in found for reference in references(one)} - set(named) == set()


def test_every_element_is_in_the_table(files: dict[str, list[dict[str, Any]]]) -> None:
    """What the page does not say, nobody finds."""
    for found in files.values():
        for one in found:
            said = " ".join(element for element, _ in BY_TYPE[one["resourceType"]].fields)
            unsaid = [name for name in one if name not in _ALWAYS and not _is_said(name, said)]
            assert not unsaid, (one["resourceType"], unsaid)


def _is_said(name: str, said: str) -> bool:
    return name in said.replace(",", " ").replace(".", " ").split()


def test_a_part_and_a_period_are_no_more_than_that(tx: Transaction, files: dict[str, list[dict[str, Any]]]) -> None:
    patient_id, whole = max(files.items(), key=lambda item: len(item[1]))
    days = sorted(one["authoredOn"][:10] for one in whole if one["resourceType"] == "MedicationRequest")
    middle = days[len(days) // 2]
    for since, until in ((middle, None), (None, middle), (middle, middle)):
        found = list(bundle.resources(tx, patient_id, parts={"treatments"}, since=since, until=until))
        kinds = {one["resourceType"] for one in found}
        assert kinds <= {
            *("Patient", "MedicationRequest", "MedicationDispense", "DocumentReference", "Provenance"),
            *("Practitioner", "PractitionerRole", "Organization"),
        }
        shown = [one["authoredOn"][:10] for one in found if one["resourceType"] == "MedicationRequest"]
        expected = [day for day in days if (since or "") <= day <= (until or "9999")]
        assert sorted(shown) == expected
    parts = {part: list(bundle.resources(tx, patient_id, parts=[part])) for part in bundle.PARTS}
    of_file = [one for one in TABLE if one.of_file and one.type not in ("Consent", "AuditEvent", "Provenance")]
    for one in of_file:
        count = sum(resource["resourceType"] == one.type for resource in whole)
        assert count == sum(resource["resourceType"] == one.type for found in parts.values() for resource in found)


def test_of_parts_the_provenance_is_of_what_is_among_them(
    tx: Transaction, files: dict[str, list[dict[str, Any]]]
) -> None:
    patient_id = next(
        id for id, found in files.items() if any(one["resourceType"] == "AllergyIntolerance" for one in found)
    )
    found = list(bundle.resources(tx, patient_id, parts=["allergies"]))
    named = {f"{one['resourceType']}/{one['id']}" for one in found}
    written = [one for one in found if one["resourceType"] == "Provenance"]
    assert written
    assert all(one["target"][0]["reference"] in named for one in written)


def test_nobody_and_no_part_are_refused(tx: Transaction) -> None:
    with pytest.raises(NotFound):
        bundle.resources(tx, "nobody")
    with pytest.raises(ValueError, match="everything"):
        bundle.resources(tx, "nobody", parts=["everything"])


def test_the_page_says_what_the_table_says() -> None:
    """A failure: `python -m fadjma.fhir.pages` writes it."""
    written = pages.PAGE.read_text(encoding="utf-8").partition(pages.MARK)[2]
    assert written == f"\n{pages.mapping()}"
