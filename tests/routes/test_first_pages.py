"""The first page of each role: what is to be done now, with its button, and what it does without a line of script."""

import html
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from callers import Callers
from cast import ADMIN, AMOXICILLIN, AWA, DIOP, FALL, GASSAMA, MOUSSA, NDIAYE, SARR
from quart import Quart
from reading import faults
from steps import grant, receive
from store import Clock, Store
from told import READS, Route, Told

from fadjma.access import actions as access
from fadjma.identity.people import Viewer
from fadjma.keeping.copies import Plan
from fadjma.keeping.runs import Run, Standing
from fadjma.prescriptions import dispensing
from fadjma.store import Database
from fadjma.web.qr import qr_code

DAY = 24 * 3_600_000


def _form(page: str, action: str) -> dict[str, str]:
    """What a browser sends of the form with this address, as it stands: what is hidden in it, and what is chosen."""
    [form] = re.findall(rf'<form [^>]*action="?{re.escape(action)}"?[ >].*?</form>', page, re.DOTALL)
    fields = [field for field in re.findall("<input ([^>]*)>", form) if "radio" not in field or " checked" in field]
    found = [re.search(r'name="?([^" ]+)"? value="?([^" ]+)', field) for field in fields]
    return {field[1]: field[2] for field in found if field}


def _plain(page: str) -> str:
    """With its breaking spaces and apostrophes as they are typed."""
    return html.unescape(page).replace("\u00a0", " ").replace("\u202f", " ")


def _list(page: str, id: str) -> str:
    """The rows of one list of a page."""
    return page.partition(f'<ul id="{id}"')[2].partition("</ul>")[0]


class TestOfAPatient:
    async def test_medicines_that_are_ready_come_before_a_request_to_answer(self, clinic: Callers, told: Told) -> None:
        page = (await clinic.browser(AWA).get("/")).text
        now = page.partition('<ul id="now"')[2].partition("</ul>")[0]
        places = [now.index(part) for part in (f'id="p{told.ready}"', f'id="a{told.pending}"', "Rien à faire")]
        assert places == sorted(places)
        assert f'href="/prescriptions/{told.ready}">' in now and "Voir le code de retrait" in now

    async def test_the_code_is_there_while_one_prescription_is_ready(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        """As digits and for a camera, as on its own page; renewed it is another, and handed over it is gone."""
        where, awa, program = f"/prescriptions/{told.ready}", clinic.browser(AWA), clinic.program(AWA)

        async def shows(page: str) -> bool:
            code = (await program.get(where)).json["handover_code"]
            drawn = f'role="img" aria-label="Code de retrait en code QR">{qr_code(code)}</div>'
            return f'<b class="code">{code[:3]} {code[3:]}</b>' in page and drawn in page

        several = (await awa.get("/")).text
        assert several.count("Voir le code de retrait") > 1 and 'class="code"' not in several
        store.without("prescriptions_transitions")
        store.connection.execute(
            "UPDATE prescriptions SET status = 'delivered' WHERE status = 'ready' AND id <> ?", (told.ready,)
        )
        before = (await awa.get("/")).text
        assert "Voir l'ordonnance" in before and await shows(before) and await shows((await awa.get(where)).text)
        assert (await program.post(f"{where}/code")).status == 200
        assert not await shows(before) and await shows((await awa.get("/")).text)
        assert 'class="code"' not in (await clinic.browser(NDIAYE).get(where)).text
        store.connection.execute("UPDATE prescriptions SET status = 'delivered' WHERE id = ?", (told.ready,))
        for path in ("/", where):
            assert 'class="code"' not in (await awa.get(path)).text

    @pytest.mark.parametrize(("answer", "status"), [("approval", "approved"), ("rejection", "rejected")])
    async def test_a_request_is_answered_where_it_stands(
        self, clinic: Callers, told: Told, store: Store, answer: str, status: str
    ) -> None:
        browser = clinic.browser(AWA)
        action = f"/access-requests/{told.pending}/{answer}"
        sent = _form((await browser.get("/")).text, action)
        assert sent["key"] and sent["for"] == AWA.id
        assert (await browser.post(action, sent)).status == 303
        assert store.rows(f"SELECT status FROM access_requests WHERE id = '{told.pending}'") == [(status,)]
        assert f'id="a{told.pending}"' not in (await browser.get("/")).text

    async def test_what_was_handed_over_is_a_treatment_until_it_is_used_up(
        self, clinic: Callers, told: Told, store: Store, clock: Clock
    ) -> None:
        code = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["handover_code"]
        assert (
            await clinic.program(NDIAYE).post(f"/prescriptions/{told.ready}/delivery", {"code": code})
        ).status == 200
        [line, *_] = (await clinic.program(AWA).get(f"/prescriptions/{told.ready}")).json["lines"]
        shown = f'<a href="/prescriptions/{told.ready}"><bdi>{line["dci"][:1].upper()}{line["dci"][1:]}'
        for person, path in ((AWA, "/"), (AWA, "/patients/awa/records"), (DIOP, "/patients/awa/records")):
            page = (await clinic.browser(person).get(path)).text
            assert shown in page and "<h2>Traitements en cours</h2>" in page, path
        clock.now += line["duration_days"] * DAY
        assert "Traitements en cours" not in (await clinic.browser(AWA).get("/")).text

    async def test_who_sees_the_file_is_there_with_their_last_readings(self, clinic: Callers, told: Told) -> None:
        assert "Dernières lectures" not in (await clinic.browser(MOUSSA).get("/")).text
        await clinic.browser(DIOP).get("/patients/awa/records")
        page = (await clinic.browser(AWA).get("/")).text
        accesses = page.partition('<ul id="accesses"')[2].partition("</ul>")[0]
        assert f"/access-requests/{told.granted}" in accesses
        assert "a ouvert votre dossier" in page.partition('<ul id="readings"')[2].partition("</ul>")[0]

    async def test_the_first_visit_shows_three_steps_and_no_empty_treatment(self, clinic: Callers) -> None:
        page = (await clinic.browser(MOUSSA).get("/")).text
        steps = page.partition('<ul id="first"')[2].partition("</ul>")[0]
        assert re.findall(r'href="([^"]+)"', steps) == ["/account/pin", "/account/contact", "/patients/moussa/card"]
        assert "Traitements en cours" not in page and "Dernières lectures" not in page

    async def test_what_is_empty_at_the_first_visit_is_away_with_its_place_for_what_comes(
        self, clinic: Callers, told: Told
    ) -> None:
        page = (await clinic.browser(MOUSSA).get("/")).text
        main = page.partition("<main")[2].partition("</main>")[0]
        for of, name in {
            "now": "À faire maintenant",
            "flow": "Ordonnances en cours",
            "accesses": "Qui voit mon dossier",
        }.items():
            assert re.search(rf'<ul id="{of}"[^>]* aria-label="{name}"></ul>', main), of  # shown with a row (app.css)
        assert re.findall("<h2>(.*?)</h2>", main) == ["Pour commencer", "Ma carte"] and 'class="empty"' not in main
        lived = (await clinic.browser(AWA).get("/")).text.partition("<main")[2]
        assert "aria-label" not in lived.partition('<ul id="accesses">')[0] and "<h2>Qui voit mon dossier</h2>" in lived


class TestOfADoctor:
    async def test_the_files_opened_last_come_first_and_the_other_accesses_after_them(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        browser, row = clinic.browser(DIOP), f"<li id=a{told.granted} "
        page = (await browser.get("/")).text
        assert "Vus récemment" not in page and row in _list(page, "accesses")
        await browser.get("/patients/awa/records")
        page = (await browser.get("/")).text
        assert "<h2>Vus récemment</h2>" in page and row in _list(page, "seen") and row not in _list(page, "accesses")
        store.write(access.revoke, AWA, told.granted)
        assert row not in (await browser.get("/")).text

    async def test_what_was_begun_is_to_do_until_it_is_sent(self, clinic: Callers, told: Told, clock: Clock) -> None:
        browser = clinic.json_browser(DIOP)
        for form, typed in (
            ("patients-records", {"title": "Contrôle"}),
            ("patients-prescriptions", {"note": "Trois jours"}),
            ("patients-measurements", {"value": "61"}),
        ):
            clock.advance(minutes=1)
            await browser.ask("PUT", f"/drafts/{form}/awa", typed)
        to_do = _list((await clinic.browser(DIOP).get("/")).text, "now")
        assert re.findall(r'<a href="([^"]+)">(\w+) [^<]*pour <bdi>Awa Cissé</bdi>, ', to_do) == [
            ("/patients/awa/measurements", "Poids"),
            ("/patients/awa/prescriptions/new", "Ordonnance"),
            ("/patients/awa/records/new", "Ajout"),
        ]
        for person in (SARR, AWA):
            assert "Brouillon" not in (await clinic.browser(person).get("/")).text
        await clinic.browser(DIOP).post(
            "/patients/awa/measurements", {"code": "body_weight", "value": "61", "unit": "kg"}
        )
        assert "Poids à noter" not in (await clinic.browser(DIOP).get("/")).text

    async def test_nothing_that_was_begun_is_told_of_a_file_that_is_not_open_for_it(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        for form, subject in (
            ("patients-records", "awa"),
            ("patients-prescriptions", "awa"),
            ("patients-records", "moussa"),
            ("patients-records", "nobody"),
            ("organizations", "new"),
        ):
            await clinic.json_browser(DIOP).ask("PUT", f"/drafts/{form}/{subject}", {"title": "Contrôle"})
        page = (await clinic.browser(DIOP).get("/")).text
        assert page.count("Brouillon") == 2 and "Moussa" not in _list(page, "now")
        assert '<section id="due" hx-get="/" hx-trigger="access_request_status_changed from:body"' in page
        store.write(access.change, AWA, told.granted, scope="prescriptions", duration=DAY)
        narrower = _list((await clinic.browser(DIOP).get("/")).text, "now")
        assert "Ordonnance commencée" in narrower and "Ajout au dossier" not in narrower
        store.write(access.revoke, AWA, told.granted)
        page = (await clinic.browser(DIOP).get("/")).text
        assert "Brouillon" not in page


class TestOfAPharmacist:
    async def test_a_step_is_taken_from_the_list_once(self, clinic: Callers, told: Told, store: Store) -> None:
        browser = clinic.browser(NDIAYE)
        action = f"/prescriptions/{told.issued}/validation"
        sent = _form((await browser.get("/")).text, f"{action}?next=/")
        assert set(sent) == {"key"}
        for lists in ("/", "/prescriptions"):  # two tabs: whichever it is sent from, it is the same step
            answer = await browser.post(f"{action}?next={lists}", sent)
            assert (answer.status, answer.location) == (303, lists)
        acts = store.rows(f"SELECT to_status FROM prescription_acts WHERE prescription_id = '{told.issued}'")
        assert sorted(acts) == [("issued",), ("validated",)]

    @pytest.mark.parametrize(
        ("lists", "then"),
        [
            ("/prescriptions", "/prescriptions"),
            ("/prescriptions?step=validate&q=awa+ciss%C3%A9", "/prescriptions?step=validate&q=awa+ciss%C3%A9"),
            ("//elsewhere.example", None),
        ],
    )
    async def test_a_step_leads_back_to_the_list_it_was_taken_from_without_a_script(
        self, clinic: Callers, told: Told, lists: str, then: str | None
    ) -> None:
        browser = clinic.browser(NDIAYE)
        action = f"/prescriptions/{told.issued}/validation?next={quote(lists)}"
        sent = _form((await browser.get(then or "/prescriptions")).text, action) if then else {"key": "k"}
        answer = await browser.post(action, sent)
        assert (answer.status, answer.location) == (303, then or f"/prescriptions/{told.issued}")

    async def test_a_row_says_what_it_is_about_and_an_open_one_nothing(self, clinic: Callers, told: Told) -> None:
        page = (await clinic.browser(NDIAYE).get("/")).text
        named = re.findall(f"<li id=p{told.issued}.*?<small>(.*?)</small>", page, re.DOTALL)
        neutral = re.findall(f"<li id=p{told.open}.*?<small>(.*?)</small>", page, re.DOTALL)
        assert "mg" in named[0] and neutral == ["Toute pharmacie peut la prendre"]

    @pytest.mark.parametrize(("step", "words"), [("hand_over", {"Remettre…"}), ("bring", {"Livrer…", "Livrée…"})])
    async def test_what_waits_is_called_as_the_chip_it_is_counted_in(
        self, clinic: Callers, told: Told, step: str, words: set[str]
    ) -> None:
        page = (await clinic.browser(NDIAYE).get(f"/prescriptions?step={step}")).text
        named = re.findall(r'<a class="btn alt" [^>]*>(\w+…)</a>', page)
        assert set(named) == words
        assert (
            f'<b id="step-{step}">{len(named)}</b>'
            in page.partition(f'step={step}" aria-current')[2].partition("</a>")[0]
        )


class TestOfAnAdmin:
    async def test_the_house_says_how_much_space_is_free_and_when_it_is_too_little(
        self, clinic: Callers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        browser = clinic.browser(ADMIN)
        for free, shown, bad in ((12_000_000_000, "12\xa0Go", False), (300_000_000, "300\xa0Mo", True)):
            for engine in Database.__subclasses__():
                monkeypatch.setattr(engine, "free_space", lambda _, free=free: free)
            house = _list((await browser.get("/")).text, "house")
            [row] = re.findall(r'<a href="/monitoring#disk">(Espace libre\xa0: .*?)</li>', house)
            assert row.startswith(f"Espace libre\xa0: {shown}</a>")
            assert ('<b class="no">À regarder</b><small>il en faut 500\xa0Mo' in row) is bad
            where = (
                (await browser.get("/monitoring")).text.partition('<section id="disk">')[2].partition("</section>")[0]
            )
            assert f"{shown} libres" in where and ('role="alert"' in where) is bad
            told = (await clinic.program(ADMIN).get("/monitoring")).json["disk"]
            assert told == {"free_bytes": free, "needed_bytes": 500_000_000}

    async def test_a_failed_drill_is_marked_where_it_stands_and_says_what_to_do(
        self, clinic: Callers, app: Quart, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        browser, keeper, now = clinic.browser(ADMIN), app.extensions["keeper"], clock()
        good, failed = Run(now - 9, now, "fadjma-1.db", 9, ""), Run(now, now, "", 0, "documents intacts : non (x)")
        monkeypatch.setattr(keeper, "plan", Plan(tmp_path / "f.db", tmp_path, every=10**9, keep=2, key=None))
        for drill, marked in ((good, False), (failed, True)):
            monkeypatch.setattr(keeper, "standing", Standing(copy=good, copied=good, drill=drill, drilled=good))
            house = _list((await browser.get("/")).text, "house").split("</li>")
            [copied] = [row for row in house if ">Dernière sauvegarde<" in row]
            [drilled] = [row for row in house if ">Dernier essai de restauration<" in row]
            assert "À regarder" not in copied
            assert ("À regarder" in drilled, "Échec" in drilled) == (marked, marked)
            page = html.unescape((await browser.get("/monitoring")).text)
            assert ("Ne comptez pas sur cette copie" in page, "documents intacts" in page) == (marked, marked)

    async def test_what_is_to_be_done_first_stands_where_nothing_else_is(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        page = (await clinic.browser(ADMIN).get("/")).text
        assert '<section id="due" hx-get="/" hx-trigger="notification from:body"' in page
        assert '<a href="/monitoring#backups">Prévoir les sauvegardes</a>' in _list(page, "now")
        store.connection.execute("UPDATE medicines SET retired_at = 1")
        page = (await clinic.browser(ADMIN).get("/")).text
        assert '<a href="/formulary/imports/new">Importer la liste des médicaments</a>' in _list(page, "now")
        assert re.findall(r'<a href="[^"]+">([^<]+)', _list(page, "then")) == ["Prévoir les sauvegardes"]


class TestWhatHasEnded:
    async def test_an_access_that_the_patient_ended_says_so_and_what_is_next(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        file, browser = "/patients/awa/records", clinic.browser(DIOP)
        assert (await browser.get(file)).status == 200
        store.write(access.revoke, AWA, told.granted)
        for path in (file, f"{file}/new", f"/records/{told.record}"):
            answer = await browser.get(path)
            assert answer.status == 404 and "<bdi>Awa Cissé</bdi> a mis fin à votre accès" in answer.text, path
            assert 'href="/access-requests/new?patient=awa"' in answer.text
        part = await clinic.htmx(DIOP).get(file)
        assert part.text.startswith('<div class="errs ended" id="item"')
        assert "a mis fin" not in (await clinic.program(DIOP).get(file)).text  # the contract with programs is as it was

    async def test_what_a_doctor_had_written_meanwhile_is_there_to_be_read_again(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        store.write(access.revoke, AWA, told.granted)
        for form, typed in (
            ("consultations", {"motive": "Fièvre", "observation": "Gorge rouge", "conclusion": "Angine"}),
            ("records", {"type": "test_result", "title": "Écho", "body": "Foie normal"}),
            ("problems", {"words": "Asthme", "note": "la nuit"}),
            ("allergies", {"substance": "Pénicilline", "reaction": "urticaire"}),
            ("vaccinations", {"vaccine": "BCG", "note": "carnet vu"}),
        ):
            answer = await clinic.browser(DIOP).post(f"/patients/awa/{form}", typed)
            assert answer.status == 404
            shown = re.findall(r'<q dir="auto">([^<]+)</q>', answer.text)
            assert shown == [text for name, text in typed.items() if name != "type"], form

    @pytest.mark.parametrize("by_time", [False, True], ids=["by the patient", "by time"])
    async def test_a_nurse_who_was_noting_something_reads_whose_access_it_was(
        self, clinic: Callers, told: Told, store: Store, clock: Clock, by_time: bool
    ) -> None:
        form, nurse = "/patients/awa/measurements", clinic.browser(GASSAMA)
        assert (await nurse.get(form)).status == 200
        if by_time:
            store.connection.execute("UPDATE access_requests SET expires_at = ?", (clock(),))
        else:
            store.write(access.revoke, AWA, told.granted)
        part, sent = await clinic.htmx(GASSAMA).get(form), await nurse.post("/patients/awa/vitals", {"pulse": "90"})
        for answer in (part, sent):
            assert answer.status == 404 and "Page introuvable" not in answer.text
            assert "Par délégation : Dr <bdi>Ousmane Diop</bdi>." in _plain(answer.text)
            assert ("a pris fin" if by_time else "<bdi>Awa Cissé</bdi> a mis fin à l'accès par lequel") in _plain(
                answer.text
            )
            assert "/access-requests/new" not in answer.text  # a nurse asks for none

    async def test_a_nurse_who_never_had_the_file_open_reads_nothing_of_its_access(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        store.write(access.revoke, MOUSSA, grant(store, patient=MOUSSA))
        nothing = (await clinic.browser(GASSAMA).get("/patients/nobody/records")).text
        assert (await clinic.browser(GASSAMA).get("/patients/moussa/records")).text == nothing.replace(
            "nobody", "moussa"
        )

    async def test_to_who_never_had_one_it_says_nothing(self, clinic: Callers, told: Told) -> None:
        nothing = (await clinic.browser(SARR).get("/patients/nobody/records")).text
        assert (await clinic.browser(SARR).get("/patients/moussa/records")).text == nothing.replace("nobody", "moussa")

    async def test_a_prescription_that_another_pharmacy_has_taken_says_so(
        self, clinic: Callers, told: Told, store: Store
    ) -> None:
        store.write(dispensing.validate, FALL, told.open)
        answer = await clinic.browser(NDIAYE).get(f"/prescriptions/{told.open}")
        assert answer.status == 404 and "Une autre pharmacie a pris cette ordonnance" in answer.text


@pytest.mark.long
@pytest.mark.parametrize("route", READS, ids=str)
async def test_every_page_reads_well(clinic: Callers, told: Told, store: Store, route: Route) -> None:
    """No empty heading, no dead end, no word of the other language, no sign that may begin a line."""
    for language in ("fr", "en"):
        store.connection.execute("UPDATE users SET language = ?", (language,))
        answer = await clinic.browser(route.who).get(route.at(told))
        assert answer.type == "application/json" or faults(answer.text, language) == []


@pytest.mark.parametrize(
    ("page", "language"),
    [
        ("<body><main><a href=/>Accueil</a><h2> </h2>", "fr"),
        ("<body><main><a href=/>Accueil</a><section><h2>Ordonnances</h2></section></main>", "fr"),
        ("<body><main><p>Rien à faire</p></main>", "fr"),
        ("<body><a href=/>Que faire ?</a>", "fr"),
        ("<body><a href=/>Dossier : <bdi>Awa</bdi></a>", "fr"),
        ('<body><a href=/ aria-label="Pour qui agissez-vous ?">Awa</a>', "fr"),
        ("<body><a href=/>Who has read the file</a>", "fr"),
        ("<body><a href=/>Qui a lu le dossier</a>", "en"),
        ('<body><a href=/ aria-label="Fermée">Awa</a>', "en"),
    ],
)
def test_what_reads_badly_is_found(page: str, language: str) -> None:
    assert len(faults(page, language)) == 1


@pytest.mark.parametrize(
    "page",
    [
        "<body><a href=/><bdi>Le Dantec : « ici » ?</bdi></a>",
        "<body><a href=/>A</a><q dir=auto>Pourquoi ?</q><p class=text dir=auto>Le dossier : à revoir</p>",
        '<body><button name="language" value="fr" lang="fr">En français</button>',
    ],
)
def test_what_people_have_typed_is_theirs(page: str) -> None:
    assert faults(page, "en") == faults(page, "fr") == []


@pytest.mark.parametrize(
    ("person", "where"), [(AWA, "/"), (DIOP, "/"), (NDIAYE, "/"), (ADMIN, "/"), (ADMIN, "/accounts")]
)
async def test_what_is_pushed_into_what_is_to_be_done_comes_last_and_moves_nothing(
    clinic: Callers, person: Viewer, where: str
) -> None:
    """How a browser does it: tests/system/test_under_a_finger.py."""
    assert re.search(r'<ul id="now"[^>]* data-last', (await clinic.browser(person).get(where)).text)


async def test_what_an_admin_looks_over_has_its_act_and_what_waits_for_others_has_none(
    clinic: Callers, told: Told
) -> None:
    page = (await clinic.browser(ADMIN).get("/")).text
    rows = re.split("(?=<li id=)", _list(page, "now"))[1:]
    assert len(rows) > 2 and all(re.search(r"<button|class=\W?btn", row) for row in rows), rows
    assert f"<a class=btn href=/emergencies/{told.emergency}>Contrôler</a>" in page
    assert f"<a class=btn href=/contests/{told.contested}>Répondre</a>" in page
    assert "class=btn" not in _list(page, "flow") and f"/emergencies/{told.explaining}" in _list(page, "flow")


async def test_a_pharmacy_that_has_nothing_yet_is_led_to_its_first_lot_and_to_the_list(
    clinic: Callers, store: Store
) -> None:
    """What it has nothing of is not « au-dessus de son seuil »; the list that came along waits for its signature."""
    store.connection.execute("UPDATE medicines SET source = 'starter' WHERE id = ?", (AMOXICILLIN,))
    page = (await clinic.browser(FALL).get("/")).text
    watch = page.partition('id="watch"')[2].partition("</section>")[0]
    assert "au-dessus de leur seuil" not in watch
    assert re.search(r'<a href="/inventory/lots/new">Aucun produit\s: commencez par recevoir un lot\.</a>', watch)
    assert re.search('<a href="/formulary">1\\s+médicament est à relire par un pharmacien', watch)

    receive(store, pharmacist=FALL)
    assert (await clinic.browser(FALL).post("/formulary/signature")).status == 303
    watch = (await clinic.browser(FALL).get("/")).text.partition('id="watch"')[2].partition("</section>")[0]
    assert "Tous les produits sont au-dessus de leur seuil." in watch
    assert "commencez par" not in watch and "à relire" not in watch
