"""What is measured at a bedside, on a phone, and where it is seen by itself; a vaccination and what is due after it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clinic import AWA, DIOP, PHONE, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_round_and_a_vaccination_on_a_phone_are_seen_by_the_patient_at_once(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        file = f"/patients/{await others.id_of(AWA)}"
        doctor = await sign_in(browser, clinic, DIOP, viewport=PHONE)
        awa = await sign_in(browser, clinic, AWA, viewport=PHONE)
        await awa.go(f"{file}/records")
        page = doctor.page
        await doctor.go(f"{file}/measurements")
        await page.fill("[name=blood_pressure]", "12/8")
        await page.fill("[name=temperature]", "38,5")
        await doctor.press("Noter ces mesures")
        await expect(page.locator("#errors")).to_contain_text("soit 120/80")
        assert await page.input_value("[name=temperature]") == "38,5"
        await page.check("[name=confirm]")
        await doctor.press("Noter ces mesures")
        await page.wait_for_url("**/records")
        await expect(awa.page.locator("#courses")).to_contain_text("Tension : 120/80")
        await expect(awa.page.locator("#courses")).to_contain_text("38,5")
        await doctor.go(f"{file}/vaccinations/new")
        today = datetime.now(UTC).date()
        typed = {"vaccine": "Penta", "dose": "1", "lot": "AB12", "next_due": (today + timedelta(days=20)).isoformat()}
        for name, text in typed.items():
            await page.fill(f"[name={name}]", text)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await doctor.press("Enregistrer la vaccination")
        await page.wait_for_url("**/records")
        await expect(awa.page.locator("#due")).to_contain_text("Penta, dose 2")
        assert awa.complaints == doctor.complaints == []
        await awa.page.context.close()
        await page.context.close()
