"""What was prescribed before is prescribed again: the last one, or any that a doctor may read, by page and
JSON; nothing that was typed goes, and a medicine that is not of the list any more is said to be.
"""

import html
import re
from typing import Any

import pytest
from callers import FORM, Callers
from cast import AMOXICILLIN, AWA, DIOP, FALL, JAMM, NDIAYE, PARACETAMOL, SARR
from overriding import issue, reasons
from store import Store
from told import LINE, PIN, Told

NEW, PRESCRIBE = "/patients/awa/prescriptions/new", "/patients/awa/prescriptions"
TWO = [
    {**LINE, "substitution_reason": "Allergie à un excipient"},
    {"medicine_id": AMOXICILLIN, "dosage": "1 comprimé matin et soir", "quantity": 14, "duration_days": 7},
]


async def _issued(clinic: Callers) -> str:
    answer = await issue(clinic, PRESCRIBE, {"lines": TWO, "pharmacy_id": JAMM})
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def _filled(page: str) -> dict[str, str]:
    """What each field of the lines holds."""
    found = {
        name: html.unescape(value) for name, value in re.findall(r'name="(lines-[^"]+)"[^>]*? value="([^"]*)"', page)
    }
    areas = re.findall(r'<textarea id="[^"]+" name="(lines-[^"]+)"[^>]*>([^<]*)', page)
    return {**found, **{name: html.unescape(value) for name, value in areas}}


async def test_the_last_one_is_offered_and_repeated_as_it_was(clinic: Callers) -> None:
    prescription_id = await _issued(clinic)
    for page in ("/patients/awa/records", NEW):
        [address] = re.findall(r'data-key="r" href="([^"]+)"', (await clinic.browser(DIOP).get(page)).text)
        assert address == f"{NEW}?from=last"
    again = (await clinic.browser(DIOP).get(address)).text
    filled = _filled(again)
    assert filled["lines-0-medicine_id"] == PARACETAMOL and filled["lines-1-medicine_id"] == AMOXICILLIN
    assert filled["lines-0-dosage"] == LINE["dosage"] and filled["lines-1-quantity"] == "14"
    assert filled["lines-0-substitution_reason"] == "Allergie à un excipient"
    assert "Relisez-la avant de signer" in again
    assert "<button autofocus>Signer" in again
    assert 'data-draft="1"' in again, "an older draft must not be put over it"
    why = await reasons(clinic, PRESCRIBE, {"lines": TWO, "pharmacy_id": JAMM})
    made = await clinic.browser(DIOP).post(PRESCRIBE, {**filled, "pharmacy_id": JAMM, **why}, Content_Type=FORM)
    assert made.status == 303
    second = (await clinic.program(DIOP).get(made.location)).json
    assert [line["quantity"] for line in second["lines"]] == [10, 14] and second["id"] != prescription_id


async def test_a_program_reads_what_it_would_prescribe_again(clinic: Callers, store: Store) -> None:
    prescription_id = await _issued(clinic)
    store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (AMOXICILLIN,))
    found = (await clinic.program(DIOP).get(f"{NEW}?from={prescription_id}")).json
    kept, retired = found["lines"]
    assert (kept["medicine_id"], kept["quantity"], kept["retired"]) == (PARACETAMOL, 10, False)
    assert (retired["medicine_id"], retired["retired"]) == (None, True)
    assert retired["medicine"] == "amoxicilline 1 g, comprimé dispersible"


async def test_a_medicine_of_no_list_is_said_to_be_and_left_to_be_chosen(clinic: Callers, store: Store) -> None:
    prescription_id = await _issued(clinic)
    store.connection.execute("UPDATE medicines SET retired_at = 1 WHERE id = ?", (AMOXICILLIN,))
    browser = clinic.browser(DIOP)
    page = (await browser.get(f"{NEW}?from={prescription_id}")).text
    second = page[page.index("Médicament 2") :]
    assert page.count("plus dans la liste") == 1 and "plus dans la liste" in second
    filled = _filled(page)
    assert filled["lines-1-medicine_id"] == "" and filled["lines-1-dosage"] == "1 comprimé matin et soir"
    refused = await browser.post(PRESCRIBE, {**filled, "pharmacy_id": JAMM}, Content_Type=FORM)
    assert refused.status == 422 and "Choisissez un médicament de la liste." in refused.text


async def test_what_was_taken_back_is_not_offered_to_be_repeated(clinic: Callers, told: Told) -> None:
    approval = f"/access-requests/{told.present}/in-person-approval"
    await clinic.program(DIOP).post(approval, {"pin": PIN, "scope": "full", "duration": "7d"})
    of = f"/patients/{told.registered}"
    made = await issue(clinic, f"{of}/prescriptions", {"lines": TWO, "pharmacy_id": JAMM})

    async def offered() -> list[bool]:
        pages = [await clinic.browser(DIOP).get(f"{of}/{page}") for page in ("records", "prescriptions/new")]
        return ['data-key="r"' in page.text for page in pages]

    assert await offered() == [True, True]
    await clinic.program(DIOP).post(f"/prescriptions/{made.json['id']}/error", {"reason": "Autre patient"})
    assert await offered() == [False, False]


async def test_where_nothing_was_prescribed_there_is_nothing_to_repeat(clinic: Callers, told: Told) -> None:
    approval = f"/access-requests/{told.present}/in-person-approval"
    await clinic.program(DIOP).post(approval, {"pin": PIN, "scope": "full", "duration": "7d"})
    file = (await clinic.browser(DIOP).get(f"/patients/{told.registered}/records")).text
    assert 'data-key="p"' in file and "Répéter" not in file
    last = f"/patients/{told.registered}/prescriptions/new?from=last"
    answer = await clinic.browser(DIOP).get(last)
    assert answer.status == 200 and "Il n'y a pas encore d'ordonnance à répéter." in answer.text
    assert (await clinic.program(DIOP).get(last)).json["lines"] == []


async def test_why_not_to_substitute_goes_to_no_other_patient(clinic: Callers, told: Told) -> None:
    approval = f"/access-requests/{told.present}/in-person-approval"
    await clinic.program(DIOP).post(approval, {"pin": PIN, "scope": "full", "duration": "7d"})
    other, prescription_id = f"/patients/{told.registered}/prescriptions", await _issued(clinic)
    copied = (await clinic.program(DIOP).get(f"{other}/new?from={prescription_id}")).json["lines"]
    assert [line["substitution_reason"] for line in copied] == [None, None]
    page = (await clinic.browser(DIOP).post(other, {"copy": prescription_id}, Content_Type=FORM)).text
    assert _filled(page)["lines-0-medicine_id"] == PARACETAMOL and "excipient" not in page


async def test_copying_keeps_what_was_typed_already(clinic: Callers) -> None:
    prescription_id = await _issued(clinic)
    browser = clinic.browser(DIOP)
    typed = {"lines-0-medicine": "parac", "lines-0-dosage": "le soir", "lines-1-medicine": "", "copy": prescription_id}
    page = (await browser.post(PRESCRIBE, typed, Content_Type=FORM)).text
    filled = _filled(page)
    assert filled["lines-0-medicine"] == "parac" and filled["lines-0-dosage"] == "le soir"
    assert filled["lines-1-medicine_id"] == PARACETAMOL and filled["lines-2-medicine_id"] == AMOXICILLIN
    full = {f"lines-{n}-dosage": "le soir" for n in range(14)}
    refused = await browser.post(PRESCRIBE, {**full, "copy": prescription_id}, Content_Type=FORM)
    assert refused.status == 422 and "Quinze médicaments au plus" in refused.text
    assert refused.text.count(">le soir</textarea>") == 14


async def test_what_was_taken_back_is_not_offered(clinic: Callers) -> None:
    prescription_id = await _issued(clinic)
    await clinic.program(DIOP).post(f"/prescriptions/{prescription_id}/error", {"reason": "Autre patiente"})
    assert prescription_id not in (await clinic.browser(DIOP).get(NEW)).text


@pytest.mark.parametrize("way", ["page", "json", "button"])
async def test_of_a_patient_whom_one_may_not_read_nothing_is_copied(
    clinic: Callers, told: Told, store: Store, way: str
) -> None:
    """SARR has no access to Awa; NDIAYE and FALL do not prescribe, and Awa does not either."""
    prescription_id = await _issued(clinic)
    for person in (SARR, NDIAYE, FALL, AWA):
        asks: dict[str, Any] = {
            "page": lambda who: clinic.browser(who).get(f"{NEW}?from={prescription_id}"),
            "json": lambda who: clinic.program(who).get(f"{NEW}?from={prescription_id}"),
            "button": lambda who: clinic.browser(who).post(PRESCRIBE, {"copy": prescription_id}, Content_Type=FORM),
        }
        answer = await asks[way](person)
        assert answer.status in (403, 404), person.id
        assert "amoxicilline" not in answer.text


async def test_copying_is_a_reading_that_is_traced(clinic: Callers, store: Store) -> None:
    prescription_id = await _issued(clinic)
    before = store.value("SELECT count(*) FROM audit_events WHERE action = 'prescription.read'")
    assert (await clinic.program(DIOP).get(f"{NEW}?from={prescription_id}")).status == 200
    assert store.value("SELECT count(*) FROM audit_events WHERE action = 'prescription.read'") == before + 1


async def test_a_name_that_is_not_the_chosen_medicines_is_asked_for_again(clinic: Callers, store: Store) -> None:
    """A draft of another text may come into a line in which a medicine was chosen: neither of them is guessed."""
    before = store.content(readings=False)
    line = {
        f"lines-0-{name}": value
        for name, value in {**LINE, "medicine": "amoxicilline 1 g, comprimé dispersible"}.items()
    }
    refused = await clinic.browser(DIOP).post(PRESCRIBE, {**line, "pharmacy_id": JAMM}, Content_Type=FORM)
    assert refused.status == 422 and "Choisissez un médicament de la liste." in refused.text
    assert store.content(readings=False) == before
