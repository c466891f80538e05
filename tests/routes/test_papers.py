"""Papers and pictures of a file by HTTP: sent whole or in parts, listed, shown, hidden, and by whom."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest
import sent_files
from callers import Callers
from cast import AWA, CAST, DIOP, GASSAMA, SARR
from papers_sent import PAGE, PART, announced, begin, put, send, send_form
from quart import Quart
from store import Clock, Store
from told import Told

from fadjma.papers import actions, decoder, intake
from fadjma.papers.intake import Intake
from fadjma.web import bounds
from fadjma.web.bounds import Bound


@pytest.fixture(autouse=True)
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process for each (test_decoder.py compares them)."""
    monkeypatch.setattr(intake, "_decode", decoder.answer)


@pytest.fixture
def kept(app: Quart) -> Intake:
    found: Intake = app.extensions["papers"]
    shutil.rmtree(found.contents.folder, ignore_errors=True)  # what the story's other tests have left
    return found


def large() -> bytes:
    """A PDF of some 260 KB, in five parts."""
    return sent_files.pdf(letters=4 * PART)


async def test_a_photographed_result_stands_in_the_file_where_everybody_looks(
    clinic: Callers, told: Told, store: Store, kept: Intake
) -> None:
    doctor, patient = clinic.browser(DIOP), clinic.browser(AWA)
    assert f'action="{PAGE}"' in (await doctor.get(f"{PAGE}/new")).text
    done = await send_form(doctor, sent_files.photograph())
    assert done.status == 303, done.text
    [paper] = (await clinic.program(AWA).get(PAGE)).json["items"]
    assert done.location == f"/records/{paper['record_id']}"
    assert {**paper, "id": "", "record_id": "", "hash": "", "size": 0, "created_at": ""} == {
        **{"id": "", "record_id": "", "hash": "", "size": 0, "created_at": "", "status": "current", "version": 1},
        **{"patient_id": "awa", "type": "test_result", "title": "Numération", "occurred_on": "2026-03-01"},
        **{"kind": "image/jpeg", "width": 40, "height": 60, "pages": None, "position": 1, "of": 1},
        **{"brought_by_patient": False, "delegated_by": None},
        "author": {"id": DIOP.id, "name": DIOP.name},
    }
    assert "document joint" in (await patient.get("/patients/awa/records?view=history")).text
    assert f"/records/{paper['record_id']}/papers" in (await patient.get(f"/records/{paper['record_id']}")).text
    shown = await clinic.htmx(AWA).get(f"/records/{paper['record_id']}/papers")
    assert f'src="/papers/{paper["id"]}/thumbnail"' in shown.text
    for caller in (doctor, patient, clinic.browser(GASSAMA)):
        assert f'src="/papers/{paper["id"]}/content"' in (await caller.get(f"/papers/{paper['id']}")).text
        assert f'loading="lazy" src="/papers/{paper["id"]}/thumbnail"' in (await caller.get(PAGE)).text
    record = (await clinic.program(AWA).get(f"/records/{paper['record_id']}")).json
    assert (record["papers"], record["body"]) == (1, "Labo de Thiès")


async def test_the_file_itself_is_only_what_it_is_and_nothing_in_it_runs(clinic: Callers, told: Told) -> None:
    made = {}
    for name, file in {
        "jpg": sent_files.photograph(),
        "png": sent_files.picture("PNG"),
        "pdf": sent_files.pdf(),
    }.items():
        called = "photo.jpg" if name == "pdf" else "x.pdf"  # whatever it is called, it is what it begins with
        made[name] = (await send_form(clinic.program(DIOP), file, called, title=name)).json
        assert made[name]["kind"].endswith(name.replace("jpg", "jpeg"))
        answer = await clinic.browser(AWA).get(f"/papers/{made[name]['id']}/content")
        assert answer.status == 200 and answer.type == made[name]["kind"]
        assert hashlib.sha256(answer.body).hexdigest() == made[name]["hash"]
        place = "attachment" if name == "pdf" else "inline"
        assert answer.headers.get_all("Content-Disposition") == [f'{place}; filename="document-2026-03-01.{name}"']
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
        assert answer.headers.get_all("Content-Security-Policy") == [
            "sandbox; default-src 'none'; frame-ancestors 'none'"
        ]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    small = await clinic.browser(AWA).get(f"/papers/{made['png']['id']}/thumbnail")
    assert (small.status, small.type, small.body[:2]) == (200, "image/jpeg", b"\xff\xd8")
    (await clinic.program(AWA).get(f"/papers/{made['pdf']['id']}/thumbnail")).problem(404)


async def test_only_who_may_read_the_record_sees_any_of_it(clinic: Callers, told: Told, store: Store) -> None:
    paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json
    upload = await begin(clinic.program(DIOP), large())
    for person in CAST:
        may = person in (AWA, DIOP, GASSAMA)
        program = clinic.program(person)
        for where in ("", "/content", "/thumbnail"):
            answer = await program.get(f"/papers/{paper['id']}{where}")
            assert (answer.status == 200) == may, (person.id, where)
            assert may or answer.status in (403, 404)
        for where in (PAGE, f"/records/{paper['record_id']}/papers"):
            assert ((await program.get(where)).status == 200) == may, (person.id, where)
        if person is not DIOP:
            for answer in (await program.get(f"/papers/uploads/{upload['id']}"), await put(program, upload, 0, b"x")):
                answer.problem(404)
            for answer in (
                await program.post(f"/papers/{paper['id']}/pages/uploads", {"size": 1, "hash": 64 * "a"}),
                await send_form(program, b"x", to=f"/papers/{paper['id']}/pages"),
                await clinic.browser(person).get(f"/papers/{paper['id']}/pages/new"),
            ):
                assert answer.status in (403, 404), person.id
        if not may:
            assert (await program.post(f"{PAGE}/uploads", announced(b"x"))).status in (403, 404)
            assert (await send_form(program, b"x")).status in (403, 404)
            assert (await clinic.browser(person).get(f"{PAGE}/new")).status in (403, 404)
    assert store.value("SELECT count(*) FROM uploads") == 1


async def test_a_grant_of_less_shows_what_belongs_to_it_alone(clinic: Callers, told: Told) -> None:
    program = clinic.program(DIOP)
    result = (await send_form(program, sent_files.picture())).json
    card = (await send_form(program, sent_files.picture("PNG"), type="vaccination")).json
    upload = await begin(program, large())
    await clinic.program(AWA).post(f"/access-requests/{told.granted}/approval", {"scope": "summary", "duration": "24h"})
    assert [one["id"] for one in (await program.get(PAGE)).json["items"]] == [card["id"]]
    assert (await program.get(f"/papers/{card['id']}/content")).status == 200
    (await program.get(f"/papers/{result['id']}/content")).problem(404)
    (await put(program, upload, 0, large()[:PART])).problem(403)
    (await send_form(program, sent_files.picture())).problem(403)


async def test_each_reading_is_in_the_patients_trace_and_a_page_is_one(
    clinic: Callers, told: Told, store: Store
) -> None:
    paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json
    counted = "SELECT count(*) FROM audit_events WHERE action = ? AND subject_id = ? AND outcome = ?"

    def lines(action: str, about: str = paper["record_id"], outcome: str = "success") -> Any:
        return store.value(counted, action, about, outcome)

    nurse = clinic.program(GASSAMA)
    await nurse.get(f"/papers/{paper['id']}/content")  # with no page before it
    assert lines("record.read") == 1
    for where in ("/content", "/thumbnail"):
        await nurse.get(f"/papers/{paper['id']}{where}")
    assert lines("record.read") == 1
    await nurse.get(f"/papers/{paper['id']}")
    assert lines("record.read") == 2
    assert lines("file.read", "awa") == store.value(
        "SELECT count(*) FROM audit_events WHERE action = 'file.read' AND subject_id = 'awa'"
    )
    await clinic.program(SARR).get(f"/papers/{paper['id']}/content")
    assert lines("record.read", outcome="refused") == 1
    assert "a lu un élément" in (await clinic.browser(AWA).get("/patients/awa/accesses")).text


async def test_what_was_entered_in_error_is_seen_by_its_author_alone(clinic: Callers, told: Told, store: Store) -> None:
    paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json
    await clinic.program(DIOP).post(f"/records/{paper['record_id']}/error", {"reason": "Mauvaise patiente"})
    for person in (AWA, GASSAMA):
        for where in ("", "/content", "/thumbnail"):
            (await clinic.program(person).get(f"/papers/{paper['id']}{where}")).problem(404)
        assert (await clinic.program(person).get(f"/records/{paper['record_id']}/papers")).json == {"items": []}
    for where in ("", "/content", "/thumbnail"):
        assert (await clinic.program(DIOP).get(f"/papers/{paper['id']}{where}")).status == 200
    for person in (AWA, DIOP):
        assert (await clinic.program(person).get(PAGE)).json["items"] == []
    assert store.value("SELECT count(*) FROM papers") == 1
    refused = "SELECT count(*) FROM audit_events WHERE outcome = 'refused' AND subject_id = ?"
    assert store.value(refused, paper["record_id"]) == 0, "a page that was open accuses nobody"


BAD: dict[str, tuple[Callable[[], bytes | None], str]] = {
    "nothing": (lambda: None, "Choisissez"),
    "an empty file": (lambda: b"", "Choisissez"),
    "a drawing": (lambda: b"<svg/>", "ni une photo"),
    "a photograph cut in half": (lambda: sent_files.picture(size=(600, 400))[:700], "coupé"),
    "a zip": (lambda: b"PK\x03\x04" + bytes(99), "ni une photo"),
    "a bomb": (sent_files.bomb, "40000 × 40000"),
    "9,000 by 9,000": (lambda: sent_files.picture("PNG", (9_000, 9_000), "1"), "9000 × 9000"),
    "a PDF with a script": (lambda: sent_files.pdf(script=b"1"), "programme"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_kept_is_said_beside_what_was_typed(
    clinic: Callers, told: Told, store: Store, kept: Intake, name: str
) -> None:
    make, words = BAD[name]
    file = make()
    page = await send_form(clinic.browser(DIOP), file)
    assert page.status == 422
    assert words in page.text and 'value="Numération"' in page.text and "Labo de Thiès" in page.text
    assert words in (await send_form(clinic.program(DIOP), file)).errors()["file"]
    assert store.value("SELECT count(*) FROM papers") == 0
    assert list(kept.contents.names()) == []


async def test_a_date_to_come_and_a_type_that_no_paper_is_are_refused_with_what_was_typed(
    clinic: Callers, told: Told, store: Store
) -> None:
    page = await send_form(clinic.browser(DIOP), sent_files.picture(), occurred_on="2031-01-01")
    assert page.status == 422 and "à venir" in page.text and 'value="Numération"' in page.text
    wrong = announced(b"x", size=0, hash="0", type="allergy", title="", occurred_on="1890-01-01")
    errors = (await clinic.program(DIOP).post(f"{PAGE}/uploads", wrong)).errors()
    assert errors.keys() == {"size", "hash", "type", "title", "occurred_on"}
    too_large = (await clinic.program(DIOP).post(f"{PAGE}/uploads", announced(b"x", size=10_485_761))).errors()
    assert "10 Mo" in too_large["size"]


async def test_a_file_that_nobody_asked_for_is_refused_by_its_name(
    clinic: Callers, told: Told, store: Store, kept: Intake
) -> None:
    def parts(*names: str) -> bytes:
        fields = "".join(
            f"--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n"
            for name, value in (("type", "test_result"), ("title", "NFS"))
        ).encode()
        head = "--b\r\nContent-Disposition: form-data; name={}; filename=x.png\r\n\r\n"
        files = b"".join(head.format(name).encode() + sent_files.picture() + b"\r\n" for name in names)
        return fields + files + b"--b--\r\n"

    program, form = clinic.program(DIOP), "multipart/form-data; boundary=b"
    assert (await program.post(PAGE, parts("file"), Content_Type=form)).status == 201
    for names, wrong in ((("file", "file"), {"file"}), (("photo",), {"photo"}), (("file", "photo"), {"photo"})):
        answer = await program.post(PAGE, parts(*names), Content_Type=form)
        assert answer.errors().keys() == wrong, names
    assert store.value("SELECT count(*) FROM papers") == 1


async def test_parts_come_after_a_break_and_again_and_out_of_order(
    clinic: Callers, told: Told, store: Store, kept: Intake
) -> None:
    program, file = clinic.program(DIOP), large()
    upload = await begin(program, file, hash=hashlib.sha256(file).hexdigest().upper())
    assert (upload["offset"], upload["status"]) == (0, "receiving")
    said = await send(program, upload, file, until=len(file) * 9 // 10)
    assert said["offset"] == 4 * PART
    assert (await begin(program, file, title="Numération formule"))[
        "offset"
    ] == 4 * PART  # from another page: it goes on
    again = await put(program, upload, PART, file[PART : 2 * PART])
    assert (again.status, again.json["offset"]) == (200, 4 * PART)
    early = await put(program, upload, 4 * PART + 9, b"x")
    assert early.problem(409)["offset"] == 4 * PART
    beyond = await put(program, upload, 4 * PART, b"x" * PART)
    assert "offset" in beyond.errors()
    assert "offset" in (await program.ask("PUT", f"/papers/uploads/{upload['id']}", b"x")).errors()
    (await put(program, upload, 4 * PART, b"x" * (PART + 1))).problem(413)
    looked = await program.get(f"/papers/uploads/{upload['id']}")
    assert looked.json["offset"] == 4 * PART
    done = await send(program, looked.json, file)
    assert done["status"] == "done" and done["paper_id"] and done["record_id"]
    assert await send(program, {**upload, "offset": 4 * PART}, file) == done  # its answer was lost
    paper = (await program.get(f"/papers/{done['paper_id']}")).json
    assert (paper["title"], paper["hash"]) == ("Numération formule", hashlib.sha256(file).hexdigest())
    assert store.value("SELECT count(*) FROM papers") == 1
    assert list((kept.contents.folder / "uploads").iterdir()) == []


async def test_two_who_send_the_last_part_at_once_make_one_paper(clinic: Callers, told: Told, store: Store) -> None:
    program, file = clinic.program(DIOP), large()
    upload = await begin(program, file)
    await send(program, upload, file, until=4 * PART)
    answers = await asyncio.gather(*(put(program, upload, 4 * PART, file[4 * PART :]) for _ in range(3)))
    assert {answer.status for answer in answers} <= {200, 409}  # 409: begin again, and hear that it is there
    assert store.value("SELECT count(*) FROM papers") == 1
    assert (await program.get(f"/papers/uploads/{upload['id']}")).json["status"] == "done"


async def test_what_arrives_otherwise_or_unfit_begins_anew(
    clinic: Callers, told: Told, store: Store, kept: Intake
) -> None:
    program, file = clinic.program(DIOP), large()
    upload = await begin(program, file)
    await send(program, upload, file, until=4 * PART)
    spoilt = await put(program, upload, 4 * PART, bytes(len(file) - 4 * PART))
    assert "n'est pas ce qui a été envoyé" in spoilt.errors()["hash"]
    assert (await program.get(f"/papers/uploads/{upload['id']}")).json["offset"] == 0
    assert (await send(program, {**upload, "offset": 0}, file))["status"] == "done"
    unfit = await begin(program, b"<svg/>")
    assert "ni une photo" in (await put(program, unfit, 0, b"<svg/>")).errors()["file"]
    assert list((kept.contents.folder / "uploads").iterdir()) == []


async def test_what_never_became_whole_is_forgotten_after_a_day(
    app: Quart, clinic: Callers, told: Told, store: Store, clock: Clock, kept: Intake
) -> None:
    program, file = clinic.program(DIOP), large()
    left = await begin(program, file)
    await send(program, left, file, until=2 * PART)
    forget = app.extensions["timekeeper"]._forget_uploads
    clock.advance(hours=23)
    assert store.write(forget, 200) == 0
    clock.advance(hours=2)
    assert store.write(forget, 200) == 1
    assert list((kept.contents.folder / "uploads").iterdir()) == []
    assert store.value("SELECT count(*) FROM uploads") == 0


@pytest.mark.long
async def test_two_hundred_at_once_are_all_kept(clinic: Callers, told: Told, store: Store, kept: Intake) -> None:
    program = clinic.program(DIOP)
    files = [sent_files.picture(size=(20, 20 + number)) for number in range(200)]

    async def one(number: int) -> Any:
        return await send(program, await begin(program, files[number], title=f"Page {number}"), files[number])

    done = await asyncio.gather(*map(one, range(200)))
    assert {said["status"] for said in done} == {"done"}
    assert store.value("SELECT count(DISTINCT sha256) FROM papers") == 200
    names = [name for (name,) in store.rows("SELECT sha256 FROM papers")]
    assert all(map(kept.contents.is_sound, names))


async def test_a_full_disk_keeps_nothing_and_says_so(
    clinic: Callers, told: Told, store: Store, kept: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, file = clinic.program(DIOP), large()
    upload = await begin(program, file)
    await send(program, upload, file, until=PART)
    free = shutil.disk_usage(kept.contents.folder)._replace(free=100 * 1024**2)
    with monkeypatch.context() as nearly:
        nearly.setattr(shutil, "disk_usage", lambda folder: free)
        for answer in (await put(program, upload, PART, file[PART : 2 * PART]), await send_form(program, file)):
            assert "plein" in answer.problem(503)["detail"]
            assert answer.headers["Retry-After"]
    assert (await program.get(f"/papers/uploads/{upload['id']}")).json["offset"] == PART
    assert store.value("SELECT count(*) FROM papers") == 0
    assert (await send(program, {**upload, "offset": PART}, file))["status"] == "done"


async def test_so_many_in_an_hour_are_too_many(clinic: Callers, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    from fadjma.papers import routes

    monkeypatch.setattr(routes, "PAPER_PER_PERSON", Bound(bounds.PAPER_PER_PERSON.name, 2))
    program = clinic.program(DIOP)
    await begin(program, b"one")
    assert (await send_form(program, sent_files.picture())).status == 201
    refused = await program.post(f"{PAGE}/uploads", announced(b"two"))
    refused.problem(429)


async def test_a_lost_or_damaged_file_is_said_and_never_served(
    clinic: Callers, told: Told, kept: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    paper = (await send_form(clinic.program(DIOP), sent_files.pdf())).json
    file = kept.contents.file(paper["hash"])
    file.write_bytes(b"something else")
    assert "prévenez" in (await clinic.program(AWA).get(f"/papers/{paper['id']}/content")).problem(503)["detail"]
    file.unlink()
    (await clinic.program(AWA).get(f"/papers/{paper['id']}/content")).problem(503)
    assert "damaged" in caplog.text


async def test_the_list_goes_on(clinic: Callers, told: Told, store: Store, clock: Clock) -> None:
    taken = intake.Taken("application/pdf", "0" * 64, 9, None, None, 1, None)
    for number in range(30):
        clock.advance(seconds=1)
        store.write(actions.add, DIOP, "awa", actions.Said("test_result", f"Page {number}", "", "2026-03-01"), taken)
    program = clinic.program(AWA)
    first = (await program.get(PAGE)).json
    rest = (await program.get(f"{PAGE}?before={first['next']}")).json
    titles = [one["title"] for one in (*first["items"], *rest["items"])]
    assert titles == [f"Page {number}" for number in reversed(range(30))] and "next" not in rest
    assert "Documents plus anciens" in (await clinic.browser(AWA).get(PAGE)).text


async def test_the_same_file_announced_otherwise_goes_on_with_what_is_said_now(
    clinic: Callers, told: Told, store: Store
) -> None:
    program, file = clinic.program(DIOP), large()
    wrong = await begin(program, file, size=len(file) + 2 * PART)
    await send(program, wrong, file + bytes(PART))
    assert (await begin(program, file, size=len(file) - 1))["offset"] == 0, "more has come than there is"
    await send(program, wrong, file, until=PART)
    upload = await begin(program, file)
    assert (upload["id"], upload["size"], upload["offset"]) == (wrong["id"], len(file), PART)
    assert (await send(program, upload, file))["status"] == "done"


async def test_a_day_before_the_birth_is_said_before_anything_is_sent(clinic: Callers, told: Told) -> None:
    early = announced(b"x", occurred_on="1991-07-13")
    assert "avant la naissance" in (await clinic.program(DIOP).post(f"{PAGE}/uploads", early)).errors()["occurred_on"]


async def test_who_comes_second_with_the_last_part_hears_that_it_is_there(
    clinic: Callers, told: Told, kept: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has finished between the second's look at the parts and its reading of them."""
    program, file = clinic.program(DIOP), sent_files.pdf()
    upload = await begin(program, file)
    add = Intake.add

    async def late(self: Intake, *said: Any) -> int:
        there = await add(self, *said)
        monkeypatch.setattr(Intake, "add", add)
        assert (await put(program, upload, 0, file)).json["status"] == "done"
        return there

    monkeypatch.setattr(Intake, "add", late)
    assert (await put(program, upload, 0, file)).json["status"] == "done"


async def test_a_page_of_somebody_else_adds_nothing_in_the_name_of_who_is_signed_in(
    clinic: Callers, told: Told, store: Store
) -> None:
    program, file = clinic.program(DIOP), sent_files.pdf()
    refused = await program.post(f"{PAGE}/uploads", announced(file), X_For=SARR.id)
    assert refused.status == 409, refused.text
    upload = await begin(program, file)
    part = await program.ask("PUT", f"/papers/uploads/{upload['id']}?offset=0", file, X_For=SARR.id)
    assert part.status == 409, part.text
    assert store.value("SELECT count(*) FROM papers") == 0


async def test_a_part_that_comes_behind_the_lock_or_after_the_session_is_sent_again(
    clinic: Callers, told: Told, store: Store, clock: Clock
) -> None:
    browser, file = clinic.json_browser(DIOP), sent_files.pdf()
    upload = await begin(browser, file)
    assert (await browser.post("/lock")).status == 204
    assert (await put(browser, upload, 0, file)).status == 423
    clock.advance(hours=24 * 60)
    assert (await put(browser, upload, 0, file)).status == 401
    assert store.value("SELECT count(*) FROM drafts") == 0
