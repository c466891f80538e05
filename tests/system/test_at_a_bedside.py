"""What is measured at a bedside, on a phone, and where it is seen by itself; a vaccination and what is due after it; a
result of several values, marked against their ranges."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clinic import AWA, DIOP, PHONE, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_round_a_vaccination_and_a_result_typed_on_a_phone_are_seen_by_the_patient_at_once(
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
        await awa.go(f"{file}/records?view=history")
        await doctor.go(f"{file}/test-results/new")
        values = (
            ("Hémoglobine", "9,1", "g/dl", "12", "16"),
            ("Leucocytes", "18,4", "G/l", "4", "10"),
            ("CRP", "<0,50", "mg/l", "", "5"),
        )
        for number, row in enumerate(values):
            for name, text in zip(("analysis", "value", "unit", "low", "high"), row, strict=True):
                await page.fill(f"[name=values-{number}-{name}]", text)
        await page.fill("[name=values-2-unit]", "croix")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await doctor.press("Enregistrer le résultat")
        await expect(page.locator("#errors")).to_contain_text("unité")
        assert await page.input_value("[name=values-1-value]") == "18,4"
        await page.fill("[name=values-2-unit]", "mg/l")
        await doctor.press("Enregistrer le résultat")
        await page.wait_for_url("**/records")
        await awa.page.get_by_role("link", name="Hémoglobine").click()
        shown = awa.page.locator("table tbody tr")
        for number, (analysis, value, mark) in enumerate(
            (("Hémoglobine", "9,1", "↓ bas"), ("Leucocytes", "18,4", "↑ élevé"), ("CRP", "<0,50", ""))
        ):
            await expect(shown.nth(number)).to_contain_text(analysis)
            await expect(shown.nth(number)).to_contain_text(value)
            await expect(shown.nth(number).locator("b.wait")).to_have_text([mark] if mark else [])
        assert await awa.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert awa.complaints == doctor.complaints == []
        await awa.page.context.close()
        await page.context.close()
