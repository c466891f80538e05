"""Pages that are open show by themselves what others have done meanwhile."""

from pathlib import Path

import pytest
from clinic import AWA, DIOP, Programs, open_clinic, sign_in
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_inbox_record_and_open_files_follow(browser: Browser, tmp_path: Path) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        awa = await sign_in(browser, clinic, AWA, at="/notifications")
        diop = await sign_in(browser, clinic, DIOP, at="/patients")
        patient = await others.id_of(AWA)
        opened = diop.page.locator("#open")
        await expect(opened).not_to_contain_text("Awa Cissé")

        asked = await others.ask(DIOP, "POST", "/access-requests", patient_id=patient, reason="Suivi")
        await expect(awa.page.locator("#inbox li").first).to_contain_text("Un médecin demande l'accès à votre dossier")
        await expect(opened).not_to_contain_text("Awa Cissé")
        path = f"/access-requests/{asked['id']}"
        await others.ask(AWA, "POST", f"{path}/approval", scope="full", duration="7d")
        await expect(opened).to_contain_text("Awa Cissé")

        record = await others.write_record(AWA)
        await diop.go(record)
        fields = {"version": 1, "title": "Tension", "body": "Tension 14/8.", "reason": "Erreur de lecture"}
        await others.ask(DIOP, "POST", f"{record}/versions", **fields)
        await expect(diop.page.locator("p.text").first).to_have_text("Tension 14/8.")

        await diop.go("/patients")
        await expect(opened).to_contain_text("Awa Cissé")
        await others.ask(AWA, "POST", f"{path}/revocation")
        await expect(opened).not_to_contain_text("Awa Cissé")

        await diop.go("/")
        await others.grant(AWA)
        card = diop.page.locator("#due li", has_text="Réponse")
        await expect(card).to_contain_text("Awa Cissé")
        await card.get_by_role("link", name="Ouvrir le dossier").click()
        await expect(diop.page.locator("h1")).to_have_text("Dossier")
        await diop.go("/")
        await expect(card).to_have_count(0)
        assert awa.complaints == diop.complaints == []
        await awa.page.context.close()
        await diop.page.context.close()
