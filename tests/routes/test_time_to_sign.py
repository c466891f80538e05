"""How long a doctor takes from opening the form of a prescription to signing it is counted, by the server's clock."""

import re

import pytest
from callers import FORM, Callers
from cast import ADMIN, AWA, DIOP, JAMM, MOUSSA
from overriding import issue
from store import Clock
from told import OTHER

from fadjma.identity.people import Viewer
from fadjma.prescriptions import opened

NEW, PRESCRIBE = "/patients/awa/prescriptions/new", "/patients/awa/prescriptions"
SIGNED = {f"lines-0-{name}": str(value) for name, value in OTHER.items()} | {"pharmacy_id": JAMM, "confirm": "1"}
KEY = bytes(32)


async def _opened(clinic: Callers) -> str:
    page = (await clinic.browser(DIOP).get(NEW)).text
    return re.findall(r'name="opened" value="([^"]+)"', page)[0]


async def _counted(clinic: Callers) -> dict[str, float]:
    """By upper bound, how many took no longer."""
    text = (await clinic.nobody(address="127.0.0.1").get("/metrics")).text
    return {
        bound: float(n) for bound, n in re.findall(r'^fadjma_prescribing_seconds_bucket\{le="(.+)"\} (\S+)', text, re.M)
    }


async def test_from_opening_to_signing_whatever_came_between(clinic: Callers, clock: Clock) -> None:
    before, stamped = await _counted(clinic), await _opened(clinic)
    browser = clinic.browser(DIOP)
    clock.advance(seconds=20)
    page = await browser.post(PRESCRIBE, {**SIGNED, "opened": stamped, "more": "1"}, Content_Type=FORM)
    assert f'name="opened" value="{stamped}"' in page.text, "it comes back with a line more"
    clock.advance(seconds=20)
    refused = await browser.post(PRESCRIBE, {**SIGNED, "opened": stamped, "lines-0-quantity": "x"}, Content_Type=FORM)
    assert refused.status == 422 and f'name="opened" value="{stamped}"' in refused.text
    assert await _counted(clinic) == before
    clock.advance(seconds=2)
    for _ in range(2):  # a double click
        assert (
            await browser.post(PRESCRIBE, {**SIGNED, "opened": stamped, "key": "k1"}, Content_Type=FORM)
        ).status == 303
    after = await _counted(clinic)
    assert after["30.0"] == before["30.0"] and after["45.0"] == before["45.0"] + 1


async def test_the_monitoring_page_says_so(clinic: Callers, clock: Clock) -> None:
    stamped = await _opened(clinic)
    clock.advance(seconds=12)
    await clinic.browser(DIOP).post(PRESCRIBE, {**SIGNED, "opened": stamped}, Content_Type=FORM)
    figures = (await clinic.program(ADMIN).get("/monitoring")).json["prescribing_seconds"]
    assert figures["count"] >= 1 and figures["median"]
    assert next(bucket["count"] for bucket in figures["buckets"] if bucket["up_to"] == 15) >= 1
    page = (await clinic.browser(ADMIN).get("/monitoring")).text
    assert "de l'ouverture du formulaire à la signature" in page


async def test_a_program_and_a_form_that_says_nothing_are_not_counted(clinic: Callers) -> None:
    before = await _counted(clinic)
    for sent in ("", "x", "é" * 60, "A" * 100, "=" * 60):
        answer = await issue(clinic, PRESCRIBE, {"lines": [OTHER], "pharmacy_id": JAMM, "opened": sent})
        assert answer.status == 201, sent
    assert await _counted(clinic) == before


@pytest.mark.parametrize(
    ("doctor", "patient", "after", "key"),
    [(MOUSSA, AWA, 5, KEY), (DIOP, MOUSSA, 5, KEY), (DIOP, AWA, -5, KEY), (DIOP, AWA, 5, bytes(31) + b"x")],
    ids=["another person", "another patient", "the clock was put back", "another key"],
)
def test_what_was_sealed_for_something_else_says_nothing(
    doctor: Viewer, patient: Viewer, after: int, key: bytes
) -> None:
    stamped = opened.stamp(DIOP.id, AWA.id, 1_000_000, KEY)
    assert opened.seconds(stamped, DIOP.id, AWA.id, 1_005_000, KEY) == 5
    assert opened.seconds(stamped, doctor.id, patient.id, 1_000_000 + 1000 * after, key) is None
