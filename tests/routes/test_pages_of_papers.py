"""Papers of several pages, by whom: a nurse by delegation, a patient who brings one, and what everybody makes of it."""

from pathlib import Path
from typing import Any

import fhir_model
import pytest
import sent_files
from callers import Callers
from cast import AWA, CAST, DIOP, GASSAMA, MOUSSA, SARR
from papers_sent import PAGE, PART, begin, send, send_form
from quart import Quart
from store import Store
from told import Told

from fadjma import verifying
from fadjma.chain.walking import Walk
from fadjma.identity.people import Viewer
from fadjma.keeping.shelf import Shelf
from fadjma.papers import actions, decoder, intake, soundness
from fadjma.papers.intake import Taken
from fadjma.papers.queries import MOST_PAGES
from fadjma.store import Transaction

FHIR = "/fhir/R4"


@pytest.fixture(autouse=True)
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process for each (tests/papers compares them)."""
    monkeypatch.setattr(intake, "_decode", decoder.answer)


def photograph(number: int) -> bytes:
    return sent_files.picture(size=(60, 40 + number))


async def brought(clinic: Callers, who: Viewer = AWA, **said: Any) -> Any:
    """Awa has photographed what another laboratory gave her."""
    sent = await send_form(clinic.program(who), photograph(0), type=None, title="Bilan de Kaolack", **said)
    assert sent.status == 201, sent.text
    return sent.json


async def of_three(clinic: Callers, who: Viewer, first: Any) -> str:
    """Two pages more; returns the address of them all."""
    where = f"/papers/{first['id']}/pages"
    for number in (1, 2):
        sent = await send_form(clinic.program(who), photograph(number), to=where)
        assert sent.status == 201, sent.text
        assert sent.json["position"] == number + 1
    return f"/records/{first['record_id']}/papers"


async def test_photographs_one_after_the_other_are_one_paper_in_their_order(
    clinic: Callers, told: Told, store: Store
) -> None:
    first = (await send_form(clinic.program(DIOP), photograph(0))).json
    where = await of_three(clinic, DIOP, first)
    pages = (await clinic.program(AWA).get(where)).json["items"]
    assert [(one["position"], one["of"], one["height"]) for one in pages] == [(1, 3, 40), (2, 3, 41), (3, 3, 42)]
    [listed] = (await clinic.program(AWA).get(PAGE)).json["items"]
    assert (listed["id"], listed["of"]) == (first["id"], 3)
    assert "3 pages" in (await clinic.browser(AWA).get(PAGE)).text
    for page in pages:  # whichever is opened, all are there
        shown = (await clinic.browser(AWA).get(f"/papers/{page['id']}")).text
        places = [shown.index(f'src="/papers/{one["id"]}/content"') for one in pages]
        assert places == sorted(places) and 'id="page-3"' in shown and "Page 2 sur 3" in shown
    assert store.value("SELECT count(*) FROM records r JOIN papers p ON p.record_id = r.id WHERE p.position = 1") == 1
    assert "document joint, 3 pages" in (await clinic.browser(AWA).get("/patients/awa/records?view=history")).text


async def test_a_page_goes_in_parts_too_and_the_same_again_is_there_already(
    clinic: Callers, told: Told, store: Store
) -> None:
    program, file = clinic.program(DIOP), sent_files.pdf(letters=2 * PART)
    first = (await send_form(program, photograph(0))).json
    where = f"/papers/{first['id']}/pages"
    upload = await begin(program, file, to=where)
    await send(program, upload, file, until=PART)
    again = await begin(program, file, to=where)  # the page was loaded anew
    assert (again["id"], again["offset"]) == (upload["id"], PART)
    done = await send(program, again, file)
    assert (done["status"], done["record_id"]) == ("done", first["record_id"])
    twice = await send(program, await begin(program, file, to=where), file)
    assert twice["paper_id"] == done["paper_id"] and twice["record_id"] == first["record_id"]
    assert store.value("SELECT count(*) FROM papers") == 2


async def test_the_limits_are_said(clinic: Callers, told: Told, store: Store) -> None:
    page = (await clinic.browser(DIOP).get(f"{PAGE}/new")).text
    assert "10 Mo par page" in page and "20 pages au plus" in page
    first = (await send_form(clinic.program(DIOP), photograph(0))).json
    for number in range(1, MOST_PAGES):
        taken = Taken("application/pdf", f"{number:064}", 9, None, None, 1, None)
        store.write(actions.add_page, DIOP, first["id"], taken)
    where = f"/papers/{first['id']}/pages"
    assert "20 pages" in (await send_form(clinic.program(DIOP), photograph(1), to=where)).errors()["file"]
    announced = {"size": 9, "hash": 64 * "a"}
    assert "20 pages" in (await clinic.program(DIOP).post(f"{where}/uploads", announced)).errors()["file"]
    sent = await send_form(clinic.browser(DIOP), photograph(1), to=where)
    assert sent.status == 422 and "20 pages" in sent.text
    assert f"{where}/new" not in (await clinic.browser(DIOP).get(f"/papers/{first['id']}")).text
    missing = await send_form(clinic.browser(DIOP), None, to=where)
    assert missing.status == 422 and "Choisissez" in missing.text


async def test_only_its_author_adds_a_page_and_only_while_it_stands(clinic: Callers, told: Told, store: Store) -> None:
    paper = await brought(clinic)
    where = f"/papers/{paper['id']}/pages"
    for person in CAST:
        sent = await send_form(clinic.program(person), photograph(1), to=where)
        shown = await clinic.browser(person).get(f"{where}/new")
        may = person is AWA
        assert {sent.status, shown.status} <= ({201, 200} if may else {403, 404}), person.id
    await clinic.program(AWA).post(f"/records/{paper['record_id']}/error", {"reason": "Une autre photo"})
    (await send_form(clinic.program(AWA), photograph(2), to=where)).problem(409)
    assert store.value("SELECT count(*) FROM papers") == 2


async def test_a_nurse_adds_one_by_delegation_and_it_is_said(clinic: Callers, told: Told, store: Store) -> None:
    nurse = clinic.program(GASSAMA)
    paper = (await send_form(nurse, photograph(0))).json
    assert paper["author"]["id"] == GASSAMA.id
    assert paper["delegated_by"] == {"id": DIOP.id, "name": DIOP.name}
    await of_three(clinic, GASSAMA, paper)
    assert "par délégation" in (await clinic.browser(AWA).get(f"/papers/{paper['id']}")).text
    assert "Joindre un document" in (await clinic.browser(GASSAMA).get(f"{PAGE}/new")).text
    line = "SELECT action, ground IS NOT NULL FROM audit_events WHERE actor_id = ? AND outcome = 'success'"
    acts = [tuple(row) for row in store.rows(line, GASSAMA.id)]
    assert acts.count(("record.created", 1)) == 1 and acts.count(("paper.page_added", 1)) == 2
    trace = (await clinic.browser(AWA).get("/patients/awa/accesses")).text
    assert "a ajouté une page à un document de votre dossier" in trace
    done = await clinic.program(GASSAMA).post(f"/records/{paper['record_id']}/error", {"reason": "Autre patiente"})
    assert done.status == 200, "it was hers"
    await clinic.program(AWA).post(f"/access-requests/{told.granted}/approval", {"scope": "summary", "duration": "24h"})
    (await send_form(nurse, photograph(5))).problem(403)
    await clinic.program(AWA).post(f"/access-requests/{told.granted}/revocation", {})
    (await send_form(nurse, photograph(5))).problem(404)


async def test_what_a_patient_brings_is_nobodys_result(clinic: Callers, told: Told, store: Store) -> None:
    paper = await brought(clinic)
    assert (paper["type"], paper["brought_by_patient"]) == ("document", True)
    where = f"/records/{paper['record_id']}"
    for person in (DIOP, GASSAMA):
        for page in (PAGE, f"/papers/{paper['id']}"):
            assert "Apporté par le patient" in (await clinic.browser(person).get(page)).text, (person.id, page)
        for page in (where, "/patients/awa/records?view=history"):
            assert "Document apporté par le patient" in (await clinic.browser(person).get(page)).text
        assert (await clinic.program(person).get(f"/papers/{paper['id']}/content")).status == 200
    found = (await clinic.program(DIOP).get("/patients/awa/records?type=test_result")).json["items"]
    assert paper["record_id"] not in [one["id"] for one in found]
    observed = await clinic.program(DIOP).get(f"{FHIR}/Observation?patient=awa&_count=200")
    assert paper["record_id"].replace("_", ".") not in observed.text
    assert "Bilan de Kaolack" not in observed.text
    for name in ("versions", "test-result"):  # nobody makes one of it, or says something else in it
        sent = await clinic.program(DIOP).post(
            f"{where}/{name}", {"version": 1, "title": "X", "body": "Y", "reason": "Z"}
        )
        assert sent.status in (403, 404, 422), name
    assert f'action="{where}/versions"' not in (await clinic.browser(DIOP).get(where)).text
    (await clinic.program(DIOP).post(f"{where}/error", {"reason": "Non"})).problem(403)
    assert f'action="{where}/error"' in (await clinic.browser(AWA).get(where)).text
    assert (await clinic.program(AWA).post(f"{where}/error", {"reason": "Mauvaise photo"})).status == 200
    (await clinic.program(DIOP).get(f"/papers/{paper['id']}")).problem(404)


async def test_only_a_doctor_with_the_whole_file_sees_it(clinic: Callers, told: Told, store: Store) -> None:
    paper = await brought(clinic)
    for person in (SARR, MOUSSA):
        (await clinic.program(person).get(f"/papers/{paper['id']}")).problem(404)
        (await send_form(clinic.program(person), photograph(0), type=None)).problem(404)
    await clinic.program(AWA).post(f"/access-requests/{told.granted}/approval", {"scope": "summary", "duration": "24h"})
    (await clinic.program(DIOP).get(f"/papers/{paper['id']}")).problem(404)


async def test_who_says_what_it_is_is_the_clinic(clinic: Callers, told: Told, store: Store) -> None:
    for who, kind in ((AWA, "test_result"), (DIOP, None), (DIOP, "document"), (GASSAMA, None)):
        assert "type" in (await send_form(clinic.program(who), photograph(0), type=kind)).errors(), (who.id, kind)
    assert (await send_form(clinic.program(AWA), photograph(0), type="document")).status == 201
    page = (await clinic.browser(AWA).get(f"{PAGE}/new")).text
    assert "Apporter un document" in page and 'name="type"' not in page
    early = await send_form(clinic.program(AWA), photograph(0), type=None, occurred_on="1980-01-01")
    assert "avant la naissance" in early.errors()["occurred_on"]


async def test_its_pages_are_live_and_its_doctors_are_told(clinic: Callers, told: Told, store: Store) -> None:
    last = store.value("SELECT last_seq FROM inboxes WHERE user_id = 'diop'")
    paper = await brought(clinic)
    sql = "SELECT message FROM notifications WHERE user_id = 'diop' AND seq > ? AND subject_id = ? ORDER BY seq"
    assert [row[0] for row in store.rows(sql, last, paper["record_id"])] == ["record.shared"]
    await send_form(clinic.program(AWA), photograph(1), to=f"/papers/{paper['id']}/pages")
    assert [row[0] for row in store.rows(sql, last, paper["record_id"])] == ["record.shared", None]


async def test_programs_get_every_page_as_content_by_whom(clinic: Callers, told: Told, store: Store) -> None:
    doctor = clinic.program(DIOP)
    first = (await send_form(doctor, photograph(0))).json
    await of_three(clinic, DIOP, first)
    paper = await brought(clinic)
    await of_three(clinic, AWA, paper)
    found = (await doctor.get(f"{FHIR}/DocumentReference?patient=awa")).json
    by_id = {entry["resource"]["id"]: entry["resource"] for entry in found["entry"]}
    assert by_id.keys() >= {first["id"].replace("_", "."), paper["record_id"].replace("_", ".")}
    for id, author in ((first["id"], f"Practitioner/{DIOP.id}"), (paper["record_id"], "Patient/awa")):
        alone = (await doctor.get(f"{FHIR}/DocumentReference/{id}")).json
        assert alone == by_id[id.replace("_", ".")]
        assert alone["author"][0]["reference"] == author
        fhir_model.check(alone)
        assert [one["attachment"]["title"][-5:] for one in alone["content"]] == ["(1/3)", "(2/3)", "(3/3)"]
        for one in alone["content"]:
            assert (await doctor.get(f"{FHIR}/{one['attachment']['url']}", Accept="*/*")).type == "image/jpeg"
    for page in (await doctor.get(f"/records/{first['record_id']}/papers")).json["items"][1:]:
        assert (await doctor.get(f"{FHIR}/DocumentReference/{page['id']}")).status == 404, "it is no paper by itself"
    [written] = [
        entry["resource"]
        for entry in (
            await doctor.get(f"{FHIR}/Provenance?target=DocumentReference/{paper['record_id']}&patient=awa")
        ).json["entry"]
    ]
    assert written["agent"][0]["who"]["reference"] == "Patient/awa"


async def test_each_page_is_in_backups_and_missed_where_it_is_not(
    clinic: Callers, told: Told, store: Store, app: Quart, tmp_path: Path
) -> None:
    first = (await send_form(clinic.program(DIOP), photograph(0))).json
    where = await of_three(clinic, DIOP, first)
    names = [one["hash"] for one in (await clinic.program(AWA).get(where)).json["items"]]
    contents = app.extensions["papers"].contents
    shelf = Shelf(tmp_path, None)
    shelf.add(contents)
    assert all(shelf.is_sound(name, tmp_path / "aside") for name in names)
    contents.file(names[2]).unlink()
    assert list(store.read(lambda tx: list(soundness.lost(tx, contents.is_sound)))) == [names[2]]


async def test_the_chain_covers_each_page(clinic: Callers, told: Told, store: Store) -> None:
    def breaks(tx: Transaction) -> list[str]:
        return [one.what for one in Walk(verifying.COVERED, lambda done: None).breaks(tx) if one.chain == "awa"]

    def swap(tx: Transaction) -> None:
        for before, after in ((2, 20), (3, 2), (20, 3)):
            tx.execute(
                "UPDATE papers SET position = :after WHERE position = :before", {"after": after, "before": before}
            )

    await of_three(clinic, DIOP, (await send_form(clinic.program(DIOP), photograph(0))).json)
    covered = "SELECT count(*) FROM chain_links WHERE chain = 'awa' AND covered LIKE '%paper:' || ? || '%'"
    assert [store.value(covered, page) for (page,) in store.rows("SELECT id FROM papers")] == [1, 1, 1]
    assert store.read(breaks) == []
    store.without("papers_are_final")
    store.write(swap)
    [said] = store.read(breaks)
    assert "paper:" in said, "two pages have changed places"
