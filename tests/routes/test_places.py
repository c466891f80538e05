"""Clinics and pharmacies over HTTP: an admin makes and changes them, two admins do not overwrite each other."""

import html
import re
from typing import Any

import pytest
from callers import Callers
from cast import ADMIN, AWA, CLINIC, DIOP, JAMM
from store import Store
from told import PLACE
from workbooks import xlsx

TERANGA = {
    "kind": "clinic",
    "name": "Clinique Teranga",
    "address": "12 rue Carnot",
    "city": "Dakar",
    "phone": "33 821 00 00",
    "hours": "8h–20h, fermé le dimanche",
    "night_duty": True,
    "responsible": "Dr Ousmane Diop",
}


async def test_a_new_pharmacy_is_read_by_everybody_and_chosen_at_registration(clinic: Callers) -> None:
    made = (await clinic.program(ADMIN).post("/organizations", PLACE)).json
    for person in (AWA, DIOP, ADMIN):
        items = (await clinic.program(person).get("/organizations")).json["items"]
        assert made in items
        assert "Pharmacie Teranga, Thiès" in re.sub(
            "<[^>]+>", "", (await clinic.browser(person).get("/organizations")).text
        )
    assert f'value="{made["id"]}"' in (await clinic.nobody().get("/register/practitioner")).text
    assert (made["phone"], made["night_duty"], made["hours"]) == ("+221339511234", False, "")


async def test_a_place_says_what_the_admin_says_of_it(clinic: Callers) -> None:
    changed = (await clinic.program(ADMIN).post(f"/organizations/{CLINIC}", {**TERANGA, "version": 1})).json
    assert changed == {
        **TERANGA,
        "phone": "+221338210000",
        "id": CLINIC,
        "version": 2,
        "status": "active",
        "part_of": None,
    }
    assert (await clinic.program(AWA).get(f"/organizations/{CLINIC}")).json == changed
    page = (await clinic.browser(AWA).get(f"/organizations/{CLINIC}")).text
    assert "12 rue Carnot" in page and '<form method="post" action="/organizations' not in page
    for name, value in (
        ("Heures d'ouverture", "8h–20h, fermé le dimanche"),
        ("De garde la nuit", "oui"),
        ("Personne responsable", "Dr Ousmane Diop"),
    ):
        shown = re.search(f"<dt>{name}</dt><dd>(.*?)</dd>", html.unescape(page))
        assert shown and re.sub("<[^>]+>", "", shown[1]) == value


async def test_lists_are_clinics_first_each_in_french_order(clinic: Callers) -> None:
    for name in ("pharmacie Élan", "Pharmacie Zam", "Pharmacie Fall"):
        assert (await clinic.program(ADMIN).post("/organizations", {**PLACE, "name": name})).status == 201
    items = (await clinic.program(AWA).get("/organizations")).json["items"]
    assert [item["name"] for item in items] == [
        "Clinique Teranga",
        "pharmacie Élan",
        "Pharmacie Fall",
        "Pharmacie Jamm",
        "Pharmacie Kadd",
        "Pharmacie Zam",
    ]


async def test_two_admins_who_edit_one_place_are_told_and_lose_nothing(clinic: Callers, store: Store) -> None:
    path = f"/organizations/{JAMM}"
    jamm = {**PLACE, "name": "Pharmacie Jamm", "city": "Dakar", "version": 1}
    assert (await clinic.program(ADMIN).post(path, {**jamm, "hours": "24h/24"})).status == 200
    page = await clinic.browser(ADMIN).post(path, {**jamm, "address": "rue 10, Médina"})
    assert page.status == 409
    assert "24h/24" in page.text, "what it is now"
    assert 'value="rue 10, Médina"' in page.text, "what was typed"
    assert 'name="version" value="2"' in page.text, "sent again, it replaces that"
    assert store.value("SELECT address FROM organizations WHERE id = ?", JAMM) == "avenue Caen"
    boosted = await clinic.htmx(ADMIN).post(path, {**jamm, "address": "rue 10, Médina"}, HX_Boosted="true")
    assert (boosted.status, 'value="rue 10, Médina"' in boosted.text) == (409, True)
    assert (await clinic.browser(ADMIN).post(path, {**jamm, "address": "rue 10", "version": 2})).status == 303
    assert (await clinic.program(ADMIN).post(path, jamm)).problem(409)["current"] == "version 3"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "hospital"),
        ("kind", ""),
        ("name", ""),
        ("name", "x" * 81),
        ("name", "Pharmacie\u200b Jamm"),
        ("address", ""),
        ("city", "  "),
        ("phone", "123"),
        ("phone", ""),
        ("hours", "x" * 201),
    ],
)
async def test_what_cannot_be_taken_is_said_beside_its_field(
    clinic: Callers, store: Store, field: str, value: Any
) -> None:
    before = store.content()["organizations"]
    assert field in (await clinic.program(ADMIN).post("/organizations", {**PLACE, field: value})).errors()
    page = await clinic.browser(ADMIN).post("/organizations", {**PLACE, field: value})
    assert (page.status, f'id="{field}-e"' in page.text) == (422, True)
    assert store.content()["organizations"] == before


async def test_the_same_name_in_the_same_town_is_one_place(clinic: Callers) -> None:
    twin = {**PLACE, "name": "PHARMACIE  JAMM", "city": "dakar"}
    assert (await clinic.program(ADMIN).post("/organizations", twin)).errors().keys() == {"name"}
    assert (await clinic.program(ADMIN).post("/organizations", {**twin, "city": "Thiès"})).status == 201
    assert (await clinic.program(ADMIN).post("/organizations", {**twin, "kind": "clinic"})).status == 201


async def test_a_clinic_does_not_become_a_pharmacy(clinic: Callers) -> None:
    body = {**TERANGA, "kind": "pharmacy", "version": 1}
    assert (await clinic.program(ADMIN).post(f"/organizations/{CLINIC}", body)).errors().keys() == {"kind"}


async def test_a_change_is_in_the_audit_and_other_admins_pages_follow(clinic: Callers, store: Store) -> None:
    await clinic.program(ADMIN).post(f"/organizations/{CLINIC}", {**TERANGA, "version": 1})
    assert store.audit()[-1] == (ADMIN.id, "place.changed", "success")
    sql = "SELECT user_id, subject_kind, message FROM notifications ORDER BY rowid DESC LIMIT 1"
    assert store.rows(sql) == [(ADMIN.id, "organization", None)]


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = [
    ("Genre", "Nom", "Adresse", "Ville", "Téléphone", "Garde"),
    ("Pharmacie", "Pharmacie du Marché", "rue 2", "Mbour", "+221 33 957 11 22", "oui"),
    ("centre de santé", "Poste de Saly", "route 1", "Mbour", 339571234, ""),
]


class TestFromAFile:
    @pytest.mark.parametrize("sent", ["xlsx", "cp1252", "utf-8-sig"])
    async def test_first_it_is_shown_then_it_is_taken(self, clinic: Callers, store: Store, sent: str) -> None:
        text = "\n".join(";".join(map(str, row)) for row in ROWS)
        body, kind = (xlsx(ROWS), XLSX) if sent == "xlsx" else (text.encode(sent), "text/csv")
        before = store.content()["organizations"]
        made = await clinic.program(ADMIN).post("/organizations/imports", body, Content_Type=kind)
        assert (made.status, made.json["added"], made.json["changed"]) == (201, 2, 0)
        assert store.content()["organizations"] == before
        done = await clinic.program(ADMIN).post(f"{made.location}/confirmation")
        assert done.json["status"] == "applied"
        items = {item["name"]: item for item in (await clinic.program(AWA).get("/organizations")).json["items"]}
        assert items["Pharmacie du Marché"]["night_duty"] is True
        assert (items["Poste de Saly"]["kind"], items["Poste de Saly"]["phone"]) == ("clinic", "+221339571234")

    async def test_of_a_place_that_is_there_the_file_says_the_rest(self, clinic: Callers) -> None:
        made = (await clinic.program(ADMIN).post("/organizations", PLACE)).json
        line = "genre;nom;adresse;ville;téléphone;heures\npharmacie;PHARMACIE TERANGA;rue 9;Thies;339511234;8h–20h"
        read = await clinic.program(ADMIN).post("/organizations/imports", {"text": line})
        assert (read.json["added"], read.json["changed"]) == (0, 1)
        await clinic.program(ADMIN).post(f"{read.location}/confirmation")
        known = (await clinic.program(AWA).get(f"/organizations/{made['id']}")).json
        assert (known["hours"], known["address"], known["version"]) == ("8h–20h", "rue 9", 2)
        again = await clinic.program(ADMIN).post("/organizations/imports", {"text": line})
        assert (again.json["changed"], again.json["unchanged"]) == (0, 1)

    async def test_what_the_file_has_no_column_for_stays(self, clinic: Callers) -> None:
        made = (await clinic.program(ADMIN).post("/organizations", {**TERANGA, "city": "Mbour"})).json
        line = "genre;nom;adresse;ville;téléphone\nclinique;Clinique Teranga;rue 9;Mbour;339511234"
        read = await clinic.program(ADMIN).post("/organizations/imports", {"text": line})
        await clinic.program(ADMIN).post(f"{read.location}/confirmation")
        known = (await clinic.program(AWA).get(f"/organizations/{made['id']}")).json
        assert known["address"] == "rue 9"
        assert {name: known[name] for name in ("hours", "night_duty", "responsible")} == {
            name: TERANGA[name] for name in ("hours", "night_duty", "responsible")
        }

    @pytest.mark.long
    async def test_a_large_file_is_read_and_ten_megabytes_are_the_end(self, clinic: Callers) -> None:
        line = b"march\xc3\xa9;Un long nom;rue 2;Mbour;33 957 11 22\n"
        large = b"genre;nom;adresse;ville;t\xc3\xa9l\xc3\xa9phone\n" + line * (200_000 // len(line))
        program = clinic.program(ADMIN)
        errors = (await program.post("/organizations/imports", large, Content_Type="text/csv")).errors()
        assert "lines-3-kind" in errors, "it was read"
        over = await program.post("/organizations/imports", b"x" * (10 * 1024 * 1024 + 1), Content_Type="text/csv")
        assert "10 Mo" in over.problem(413)["detail"]

    async def test_one_bad_line_and_nothing_is_taken(self, clinic: Callers, store: Store) -> None:
        before = store.content()["organizations"], store.content()["imports"]
        bad = [*ROWS, ("marché", "", "rue", "Thiès", "12", "peut-être"), ROWS[1]]
        answer = await clinic.program(ADMIN).post("/organizations/imports", xlsx(bad), Content_Type=XLSX)
        assert list(answer.errors()) == [
            *(f"lines-4-{column}" for column in ("kind", "name", "phone", "night_duty")),
            "lines-5-name",
        ]
        text = "\n".join(";".join(map(str, row)) for row in bad)
        page = await clinic.browser(ADMIN).post("/organizations/imports", {"text": text})
        assert page.status == 422 and "Ligne 4, Téléphone" in page.text and "marché" in page.text
        assert (store.content()["organizations"], store.content()["imports"]) == before
