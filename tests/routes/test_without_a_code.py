"""A patient who has no account sees no hand-over code: the pharmacy is told so, and looks at a document instead."""

import pytest_asyncio
from callers import Callers
from cast import DIOP, IDENTIFIERS, JAMM, MOUSSA, NDIAYE, THIAM
from told import DOCUMENT, LINE, PIN, Told

NOBODY = "Personne n'a de code pour cette ordonnance"


@pytest_asyncio.fixture(loop_scope="session")
async def hers(clinic: Callers, told: Told) -> str:
    """The address of what was prescribed to Yandé, and is ready."""
    approval = f"/access-requests/{told.present}/in-person-approval"
    await clinic.program(DIOP).post(approval, {"pin": PIN, "scope": "full", "duration": "7d"})
    body = {"lines": [LINE], "pharmacy_id": JAMM}
    issued = (await clinic.program(DIOP).post(f"/patients/{told.registered}/prescriptions", body)).location
    for act in ("validation", "preparation", "readiness"):
        assert (await clinic.program(NDIAYE).post(f"{issued}/{act}")).status == 200
    return issued


async def test_the_pharmacist_is_asked_for_a_document_alone(clinic: Callers, hers: str) -> None:
    page = await clinic.browser(NDIAYE).get(hers)
    assert NOBODY in page.text and 'name="code"' not in page.text
    assert 'value="Sans compte FADJMA"' in page.text
    assert (await clinic.program(NDIAYE).get(hers)).json["has_code"] is False
    refused = await clinic.browser(NDIAYE).post(f"{hers}/delivery", {"identity_document": "", "reason": ""})
    assert refused.status == 422
    assert (
        'id="delivery-identity_document-e"' in refused.text
        and 'id="delivery-reason-e"' in refused.text
        and '"#delivery-code"' not in refused.text
    )
    sent = {"identity_document": "carte FADJMA", "reason": "Sans compte FADJMA"}
    assert (await clinic.program(NDIAYE).post(f"{hers}/delivery", sent)).json["status"] == "delivered"


async def test_whoever_acts_for_her_has_the_code(clinic: Callers, told: Told, hers: str) -> None:
    sent = {"patient_id": told.registered, "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "child"}
    assert (await clinic.program(THIAM).post("/proxies", {**sent, "document": DOCUMENT})).status == 201
    page = await clinic.browser(NDIAYE).get(hers)
    assert NOBODY not in page.text and 'name="code"' in page.text
    assert "has_code" not in (await clinic.program(NDIAYE).get(hers)).json


async def test_nobody_else_is_told(clinic: Callers, hers: str) -> None:
    assert "has_code" not in (await clinic.program(DIOP).get(hers)).json


async def test_who_has_an_account_is_asked_for_the_code(clinic: Callers, told: Told) -> None:
    ready = f"/prescriptions/{told.ready}"
    page = await clinic.browser(NDIAYE).get(ready)
    assert NOBODY not in page.text and 'name="code"' in page.text
    refused = await clinic.browser(NDIAYE).post(f"{ready}/delivery", {"identity_document": DOCUMENT})
    assert (
        'id="delivery-reason-e"' in refused.text
        and "<details open><summary>La patiente n'a pas son code" in refused.text
    )
