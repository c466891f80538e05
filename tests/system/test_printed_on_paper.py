"""What Chromium makes of the paper of a prescription: its size, its pages, and what stands on each."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from clinic import AWA, DIOP, NDIAYE, Programs, open_clinic, sign_in
from playwright.async_api import Browser
from printed import Printed, pages

pytestmark = pytest.mark.asyncio(loop_scope="session")
CLERK = "accueil.diallo@demo.fadjma"
LINES = 9
# As long as the forms take them.
PLACE = ("Centre hospitalier universitaire ".ljust(80, "n"), "avenue Pasteur, face au port, " * 6, "Ndiaffate " * 8)
PATIENT = ("Marie-Antoinette Ndèye Fatou " * 3)[:80], ("Cissé Diabaté-Ouédraogo née " * 3)[:80]
PRESCRIBER = ("Ousmane Moustapha Cheikh " * 4)[:80], ("Diop Kane-Ouattara Sagna " * 4)[:80]


async def test_a_long_prescription_goes_on_under_the_same_head(browser: Browser, tmp_path: Path) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        medicine = (await others.ask(DIOP, "GET", "/medicines?q=parac"))["items"][0]["id"]
        line = {"medicine_id": medicine, "dosage": "1 comprimé matin et soir", "quantity": 10, "duration_days": 5}
        where = f"/patients/{await others.id_of(AWA)}/prescriptions"
        made = await others.ask(DIOP, "POST", where, lines=[line] * LINES, confirm="1")
        made = await others.ask(DIOP, "GET", f"/prescriptions/{made['id']}")
        with closing(sqlite3.connect(clinic.database)) as database, database:
            database.execute("UPDATE organizations SET name = ?, address = ?, city = ?", PLACE)
            for whose, name in ((AWA, PATIENT), (DIOP, PRESCRIBER)):
                database.execute("UPDATE users SET given_name = ?, family_name = ? WHERE email = ?", (*name, whose))
        diop = await sign_in(browser, clinic, DIOP)

        async def printed(query: str = "") -> list[Printed]:
            await diop.go(f"/prescriptions/{made['id']}/paper{query}")
            return pages(await diop.page.pdf(prefer_css_page_size=True))

        small, large, patients = await printed(), await printed("?size=a4"), await printed("?copy=patient")
        assert {(page.width, page.height) for page in (*small, *patients)} == {(148, 210)}
        assert {(page.width, page.height) for page in large} == {(210, 297)}
        for copy in (small, large, patients):
            assert len(copy) > 1
            for number, page in enumerate(copy, 1):
                assert f"page {number} sur {len(copy)}" in page.text
                assert all(said in page.text for said in ("Dr Ousmane", "CISSÉ", made["short_code"]))
            heads = [f"\n{number}. " for number in range(1, LINES + 1)]
            on = [[head for head in heads if head in page.text] for page in copy]
            assert [head for found in on for head in found] == heads, "each once, in their order"
            for found, page in zip(on, copy, strict=True):
                assert found and page.text.count("Pendant 5 jours") == len(found), "whole, on the page where it begins"
            assert f"{LINES} médicaments" in copy[-1].text
        assert "Signature et cachet" in small[-1].text
        assert "Aller au contenu" not in small[0].text and "Imprimer" not in small[0].text

        await others.ask(DIOP, "POST", f"/prescriptions/{made['id']}/cancellation", reason="Traitement changé")
        void = await printed()
        assert all("ANNULÉE" in page.text and made["short_code"] not in page.text for page in void)
        assert not any("ANNULÉE" in page.text for page in small)
        await diop.page.context.close()


async def test_a_list_of_work_and_the_stock_say_whose_they_are_and_when(browser: Browser, tmp_path: Path) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        await others.validated(AWA)
        ndiaye = await sign_in(browser, clinic, NDIAYE)
        for where, shown, of_the_screen in (
            ("/prescriptions?step=prepare", ("À préparer", "Awa Cissé", "Validée"), ("Préparer", "Nom du patient")),
            ("/prescriptions", ("Awa Cissé", "Validée"), ("Préparer", "Nom du patient")),
            ("/inventory?only=low", ("Stock bas", "Seuil", "Lots"), ("Recevoir un lot", "nom de marque")),
        ):
            await ndiaye.go(where)
            drawn = await ndiaye.page.pdf(format="A4")
            assert len(drawn) < 200_000, "what is painted in steps is sent as pictures"
            printed = pages(drawn)
            text = "\n".join(page.text for page in printed)
            assert re.search(r"Pharmacie Jamm · \d+ \S+ \d{4}, \d\d:\d\d", text), text
            assert all(word in text for word in shown), text
            assert not any(word in text for word in (*of_the_screen, "Chercher", "Imprimer")), text
        await ndiaye.page.context.close()


async def test_labels_one_by_one_and_the_register_as_wide_as_it_is(browser: Browser, tmp_path: Path) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        await others.grant(AWA)
        await others.receive("PL77", 50)
        with closing(sqlite3.connect(clinic.database)) as database, database:
            database.execute("UPDATE medicines SET schedule = 'list_1'")
        mine = await others.validated(AWA)
        for act in ("preparation", "readiness"):
            await others.ask(NDIAYE, "POST", f"/prescriptions/{mine}/{act}")
        lots = (await others.ask(NDIAYE, "GET", f"/prescriptions/{mine}/labels"))["items"][0]["lots"]
        seen = {"identity": {"kind": "passport", "number": "A 02 754 119"}, "reason": "Téléphone volé"}
        await others.ask(NDIAYE, "POST", f"/prescriptions/{mine}/delivery", **seen)
        ndiaye = await sign_in(browser, clinic, NDIAYE)
        for where, width, height, shown, hidden in (
            ("/prescriptions/{mine}/labels", 210, 297, ("Awa C.", "1 comprimé le soir", "{lot}"), ("Cissé", "FJ-")),
            ("/prescriptions/{mine}/labels?size=roll", 80, 50, ("Awa C.", "5 comprimés", "{lot}"), ("Cissé", "FJ-")),
            (
                "/dispensing-register?whole=1",
                297,
                210,
                ("Pharmacie Jamm", "Awa Cissé", "{lot}", "1 / {pages}"),
                ("A 02",),
            ),
        ):
            await ndiaye.go(where.format(mine=mine))
            printed = pages(await ndiaye.page.pdf(prefer_css_page_size=True))  # of what a month and a stock have, more
            assert {(page.width, page.height) for page in printed} == {(width, height)}, where
            text = " ".join(" ".join(page.text for page in printed).split())
            assert all(word.format(lot=lots[0]["number"], pages=len(printed)) in text for word in shown), text
            assert not any(word in text for word in (*hidden, "Imprimer", "Chercher", "Retour")), text
        await ndiaye.go(f"/prescriptions/{mine}/labels?size=roll")
        await ndiaye.page.emulate_media(media="print")
        above, height = await ndiaye.page.locator(".label").first.evaluate(
            "label => [label.firstElementChild, label].map(one => one.getBoundingClientRect())"
            ".reduce((line, box) => [line.top - box.top, box.height])"
        )
        assert above >= 3 and height * 25.4 / 96 <= 46, "what is written over letters is on their own label"
        await ndiaye.page.context.close()


async def test_a_card_is_cut_out_as_large_as_others_in_a_purse(browser: Browser, tmp_path: Path) -> None:
    """85.6 mm by 54 (ISO/IEC 7810, ID-1); what it is, and which clinic gave it, is within what is cut out."""
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        desk = await sign_in(browser, clinic, CLERK)
        await desk.go(f"/patients/{await others.id_of(AWA)}/card")
        await desk.page.emulate_media(media="print")
        card = desk.page.locator(".idcard")
        box = await card.bounding_box()
        assert box and [round(side * 25.4 / 96, 1) for side in (box["width"], box["height"])] == [85.6, 54]
        text = await card.inner_text()
        assert all(said in text for said in ("Awa Cissé", "FADJMA · Centre de santé de Keur Yaakaar", "À présenter"))
        parts = await card.locator(":scope > *").evaluate_all(
            "parts => parts.map(one => one.getBoundingClientRect()).map(one => [one.left, one.right, one.bottom])"
        )
        right, bottom = box["x"] + box["width"], box["y"] + box["height"]
        assert all(box["x"] < one[0] and one[1] < right and one[2] < bottom for one in parts), parts
        await desk.page.context.close()


async def test_each_page_of_a_file_says_whose_it_is_and_none_ends_with_a_heading(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_clinic(tmp_path) as clinic, Programs(clinic) as others:
        whose = await others.id_of(AWA)
        awa = await sign_in(browser, clinic, AWA)
        await awa.go(f"/patients/{whose}/file/paper")
        head = (await awa.page.locator(".of").inner_text()).replace("\u2011", "-").replace("\u00a0", " ")
        about = re.search(r"\((.+)\) · (FJ-\w{5}-\w{5})", head)
        assert about
        file = pages(await awa.page.pdf(prefer_css_page_size=True))
        assert len(file) > 1 and all(f"Awa Cissé · {about[1]} · {about[2]}" in page.text for page in file)
        assert len(file[-1].text.partition("Fin du dossier.")[0].split("\n")) > 3, "not the end alone"
        await awa.go(f"/patients/{whose}/accesses")
        await awa.page.evaluate(
            "document.querySelectorAll('main section').forEach((day, number) => {"
            " day.querySelector('h2').textContent = `jour ${number}.`;"
            " day.querySelector('li').prepend(`sous ${number}.`) })"
        )
        for height in range(150, 230, 6):
            printed = pages(await awa.page.pdf(width="148mm", height=f"{height}mm"))
            assert len(printed) > 2
            for page in printed:
                assert re.findall(r"jour (\d+)\.", page.text) == re.findall(r"sous (\d+)\.", page.text), height
        await awa.page.context.close()
