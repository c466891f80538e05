"""The file with everything, and the page to print: asked for, made, fetched in parts, kept for its owner, removed."""

import asyncio
import errno
import io
import json
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sent_files
from callers import Answer, Caller, Callers
from cast import ADMIN, AWA, CAST, DIOP, MOUSSA, SARR, THIAM
from papers_sent import send_form
from quart import Quart
from store import Clock, Store
from told import BODY, DOCUMENT, TITLE, Told

from fadjma.papers import decoder, intake
from fadjma.store import Transaction
from fadjma.taking import archive, exports, maker
from fadjma.taking.maker import Maker
from fadjma.web.bounds import EXPORT_PER_PERSON, Bounds

HERE = "/patients/awa/file"
ASK = "/patients/awa/exports"


@pytest.fixture(autouse=True)
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_decode", decoder.answer)


@pytest.fixture
def makes(app: Quart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Maker]:
    """Who makes them, in a folder of its own."""
    found: Maker = app.extensions["maker"]
    monkeypatch.setattr(found, "_folder", tmp_path / "exports")
    yield found


async def ask(caller: Caller, **scope: Any) -> Any:
    answer = await caller.post(ASK, scope)
    assert answer.status == 201, answer.text
    assert answer.location == f"/exports/{answer.json['id']}"
    return answer.json


async def ready(caller: Caller, makes: Maker, **scope: Any) -> str:
    """One that was made; returns its id."""
    asked: str = (await ask(caller, **scope))["id"]
    await makes._make(asked)
    assert (await caller.get(f"/exports/{asked}")).json["status"] == "ready"
    return asked


async def opened(caller: Caller, export_id: str) -> zipfile.ZipFile:
    answer = await caller.get(f"/exports/{export_id}/content")
    assert (answer.status, answer.type) == (200, "application/zip")
    return zipfile.ZipFile(io.BytesIO(answer.body))


class TestTheFile:
    async def test_it_holds_the_page_the_bundle_the_papers_and_what_it_is(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json
        awa = clinic.program(AWA)
        whole = await opened(awa, await ready(awa, makes))
        name = f"papers/{paper['hash']}.jpg"
        assert whole.namelist() == ["dossier.html", "bundle.json", name, "LISEZMOI.txt"]
        assert whole.testzip() is None
        page = whole.read("dossier.html").decode()
        for said in (TITLE, BODY, "Arachide", "Vertiges", "paracétamol", "BCG", "63", name, DIOP.family_name, "Fin du"):
            assert said in page, said
        assert "http" not in page.replace("http-equiv", "")
        bundle = json.loads(whole.read("bundle.json"))
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
        found = [entry["resource"] for entry in bundle["entry"]]
        assert {one["resourceType"] for one in found} >= {
            *("Patient", "AllergyIntolerance", "Condition", "Immunization", "Observation", "Encounter"),
            *("MedicationRequest", "MedicationDispense", "DocumentReference", "Practitioner"),
        }
        [document] = [one for one in found if name in json.dumps(one)]
        assert document["resourceType"] == "DocumentReference"
        urls = {entry["fullUrl"] for entry in bundle["entry"]}
        assert len(urls) == len(found)  # each once
        assert f"https://fadjma.invalid/fhir/R4/{found[0]['resourceType']}/{found[0]['id']}" in urls
        said = whole.read("LISEZMOI.txt").decode()
        assert "C'est le dossier entier." in said and "Il y en a 1." in said

    async def test_every_page_of_a_paper_goes_with_it_also_of_one_that_the_patient_has_brought(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        hashes = []
        awa = clinic.program(AWA)
        for caller, kind in ((clinic.program(DIOP), "test_result"), (awa, None)):
            first = (await send_form(caller, sent_files.photograph(), type=kind)).json
            size = (60, 41 if kind else 42)
            again = await send_form(caller, sent_files.picture(size=size), to=f"/papers/{first['id']}/pages")
            hashes += [first["hash"], again.json["hash"]]
        whole = await opened(awa, await ready(awa, makes))
        assert {name for name in whole.namelist() if name.startswith("papers/")} == {f"papers/{h}.jpg" for h in hashes}
        page = whole.read("dossier.html").decode()
        assert page.count("Page 2 sur 2") == 2 and "Document apporté par le patient" in page
        found = [entry["resource"] for entry in json.loads(whole.read("bundle.json"))["entry"]]
        documents = [one for one in found if one["resourceType"] == "DocumentReference" and len(one["content"]) == 2]
        urls = [part["attachment"]["url"] for one in documents for part in one["content"]]
        assert sorted(urls) == sorted(f"papers/{h}.jpg" for h in hashes)
        assert {one["author"][0]["reference"] for one in documents} == {"Practitioner/diop", "Patient/awa"}

    async def test_of_a_part_and_a_period_it_holds_that_and_says_so(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        await send_form(clinic.program(DIOP), sent_files.photograph())
        awa = clinic.program(AWA)
        part = await opened(awa, await ready(awa, makes, allergies=True, consultations=True, until="2026-03-01"))
        assert part.namelist() == ["dossier.html", "bundle.json", "LISEZMOI.txt"]
        kinds = {entry["resource"]["resourceType"] for entry in json.loads(part.read("bundle.json"))["entry"]}
        assert {"Patient", "AllergyIntolerance"} <= kinds and not {"Encounter", "Immunization"} & kinds
        page = part.read("dossier.html").decode()
        assert "Arachide" in page  # whenever it was noted
        assert TITLE not in page and "BCG" not in page and "Aucune consultation." in page
        assert "Une partie du dossier seulement." in page
        assert "partie : allergies, consultations, jusqu'au 2026-03-01" in part.read("LISEZMOI.txt").decode()

    async def test_a_paper_that_is_damaged_is_missed_in_words_and_the_rest_is_there(
        self, app: Quart, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        paper = (await send_form(clinic.program(DIOP), sent_files.photograph())).json
        app.extensions["papers"].contents.file(paper["hash"]).write_bytes(b"damaged")
        awa = clinic.program(AWA)
        whole = await opened(awa, await ready(awa, makes))
        assert f"ABSENT, abîmé sur le serveur : papers/{paper['hash']}.jpg" in whole.read("LISEZMOI.txt").decode()
        app.extensions["papers"].contents.file(paper["hash"]).unlink()

    async def test_what_was_entered_in_error_is_not_taken_along(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        await clinic.program(DIOP).post(f"/records/{told.record}/error", {"reason": "Mauvais patient"})
        awa = clinic.program(AWA)
        page = (await opened(awa, await ready(awa, makes))).read("dossier.html").decode()
        assert TITLE not in page and BODY not in page


class TestWhoseItIs:
    async def test_nobody_else_asks_sees_fetches_or_removes_it(
        self, clinic: Callers, told: Told, makes: Maker, store: Store
    ) -> None:
        asked = await ready(clinic.program(AWA), makes)
        for person in CAST:
            if person.id == AWA.id:
                continue
            caller = clinic.program(person)
            refused = 404 if person.role == "patient" else 403
            assert (await caller.post(ASK)).status == refused, person
            assert (await caller.get(HERE)).status == refused, person
            assert (await caller.get(f"{HERE}/paper", Accept="text/html")).status == refused, person
            for method, where in (("GET", ""), ("GET", "/content"), ("POST", "/removal")):
                assert (await caller.ask(method, f"/exports/{asked}{where}")).status == 404, (person, where)
        assert (await clinic.nobody(json=True).get(f"/exports/{asked}/content")).status == 401
        assert makes.file(asked).exists()
        assert "a voulu ouvrir votre dossier" in (await clinic.browser(AWA).get("/patients/awa/accesses")).text

    async def test_who_acts_for_the_patient_has_their_own_and_loses_it_with_the_right(
        self, clinic: Callers, told: Told, makes: Maker, store: Store
    ) -> None:
        sent = {"patient_id": "awa", "identifier": "", "relationship": "sibling", "document": DOCUMENT}
        known = (await clinic.program(MOUSSA).get("/me")).json["identifier"]
        given = (await clinic.program(THIAM).post("/proxies", {**sent, "identifier": known})).json["id"]
        moussa, awa = clinic.json_browser(MOUSSA), clinic.program(AWA)
        assert (await moussa.post("/acting", {"person_id": "awa"})).status == 204
        before = store.told(AWA)
        theirs = await ready(moussa, makes)
        assert store.told(AWA) == before  # to her its address is not found
        assert store.told(MOUSSA)[-1] == "export.ready"
        assert store.value("SELECT max(for_id) FROM notifications WHERE message = 'export.ready'") == "awa"
        assert (await awa.get(f"/exports/{theirs}/content")).status == 404
        assert (await moussa.get(f"/exports/{theirs}/content")).status == 200
        read = (await clinic.browser(AWA).get("/patients/awa/accesses")).text
        assert "a demandé une copie de votre dossier, pour vous" in read
        assert "a téléchargé une copie de votre dossier, pour vous" in read
        await clinic.program(AWA).post(f"/proxies/{given}/ending")
        assert (await moussa.get(f"/exports/{theirs}/content")).status in (401, 404)

    async def test_it_is_a_file_that_its_owner_alone_reads_outside_of_what_is_served(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        asked = await ready(clinic.program(AWA), makes)
        assert stat.S_IMODE(makes.file(asked).stat().st_mode) == 0o600
        assert stat.S_IMODE(makes.file(asked).parent.stat().st_mode) == 0o700


class TestFetching:
    async def test_a_download_that_broke_off_goes_on_where_it_was(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        awa = clinic.program(AWA)
        where = f"/exports/{await ready(awa, makes)}/content"
        whole = await awa.get(where)
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert re.fullmatch(r'attachment; filename="fadjma-\d{4}-\d\d-\d\d\.zip"', whole.headers["Content-Disposition"])
        first = await awa.get(where, Range="bytes=0-999")
        rest = await awa.get(where, Range="bytes=1000-", If_Range=whole.headers["ETag"])
        assert (first.status, rest.status) == (206, 206)
        assert rest.headers["Content-Range"] == f"bytes 1000-{len(whole.body) - 1}/{len(whole.body)}"
        assert first.body + rest.body == whole.body
        other = await awa.get(where, Range="bytes=1000-", If_Range='"another"')
        assert (other.status, other.body) == (200, whole.body)
        beyond = await awa.get(where, Range=f"bytes={len(whole.body)}-")
        assert beyond.problem(416)
        assert beyond.headers["Content-Range"] == f"bytes */{len(whole.body)}"  # RFC 9110, 14.4
        for what in ("bytes=-9", "bytes=0-1,4-5", "lines=1-2", "bytes=x"):  # not served in part: all of it
            assert (await awa.get(where, Range=what)).body == whole.body, what
        head = await awa.ask("HEAD", where, Range="bytes=1000-")
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(whole.body)))
        assert (await awa.get(where, If_None_Match=whole.headers["ETag"])).status == 304
        for method in ("GET", "HEAD"):
            another = await awa.ask(method, where, If_Match='"another"')
            assert another.problem(412), "and the file does not come along"

    async def test_it_is_written_down_once(self, clinic: Callers, told: Told, makes: Maker, store: Store) -> None:
        awa = clinic.program(AWA)
        asked = await ready(awa, makes)
        for _ in range(3):
            await awa.get(f"/exports/{asked}/content", Range="bytes=0-9")
        said = "SELECT count(*) FROM audit_events WHERE action = 'export.fetched'"
        assert store.value(said) == 1
        kinds = (await clinic.browser(ADMIN).get("/audit?about=awa")).text
        assert "Copie du dossier téléchargée" in kinds and "Copie du dossier demandée" in kinds

    async def test_it_waits_for_nothing_that_is_not_there(self, clinic: Callers, told: Told, makes: Maker) -> None:
        awa = clinic.program(AWA)
        asked = (await ask(awa))["id"]
        assert (await awa.get(f"/exports/{asked}/content")).problem(409)["current"] == "making"
        assert (await awa.post(f"/exports/{asked}/removal")).problem(409)["current"] == "making"
        page = (await clinic.browser(AWA).get(f"/exports/{asked}")).text
        assert '<noscript><meta http-equiv="refresh"' in page and "<progress" in page


class TestHowItEnds:
    async def test_it_goes_after_a_day(
        self, clinic: Callers, told: Told, makes: Maker, store: Store, clock: Clock
    ) -> None:
        awa = clinic.program(AWA)
        asked = await ready(awa, makes)
        assert store.value("SELECT expires_at FROM exports WHERE id = ?", asked) == clock() + exports.KEPT
        store.connection.execute("UPDATE exports SET expires_at = ?", (clock(),))  # her session would be over, too
        assert (await awa.get(f"/exports/{asked}/content")).status == 410  # before anything has removed it
        assert store.write(exports.forget, 200, makes.drop) == 1
        assert not makes.file(asked).exists()
        assert (await awa.get(f"/exports/{asked}")).json["status"] == "removed"
        assert store.write(exports.forget, 200, makes.drop) == 0

    async def test_its_owner_removes_it(self, clinic: Callers, told: Told, makes: Maker) -> None:
        asked = await ready(clinic.program(AWA), makes)
        done = await clinic.browser(AWA).post(f"/exports/{asked}/removal")
        assert (done.status, done.location) == (303, HERE)
        assert not makes.file(asked).exists()
        assert (await clinic.program(AWA).get(f"/exports/{asked}/content")).problem(410)["detail"]

    async def test_there_is_one_at_a_time_and_the_next_takes_the_place_of_the_last(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        awa = clinic.program(AWA)
        first = await ready(awa, makes)
        second = (await ask(awa))["id"]
        assert not makes.file(first).exists()
        assert (await awa.post(ASK)).problem(409)["current"] == "making"
        assert "Préparer le fichier" not in (await clinic.browser(AWA).get(HERE)).text
        await makes._make(second)
        assert "Préparer le fichier" in (await clinic.browser(AWA).get(HERE)).text

    async def test_a_form_sent_twice_asks_once(self, clinic: Callers, told: Told, makes: Maker, store: Store) -> None:
        sent = [await clinic.program(AWA).post(ASK, {"key": "once"}) for _ in range(2)]
        assert [answer.status for answer in sent] == [201, 201]
        assert sent[0].json["id"] == sent[1].json["id"]

    async def test_on_a_full_disk_it_is_refused_and_nothing_is_begun(
        self, clinic: Callers, told: Told, makes: Maker, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(makes, "_free", lambda: 1_000)
        answer = await clinic.program(AWA).post(ASK)
        assert "plein" in answer.problem(503)["detail"] and answer.headers["Retry-After"]
        assert store.value("SELECT count(*) FROM exports WHERE status = 'making'") == 0

    @pytest.mark.parametrize(
        ("error", "failure"), [(OSError(errno.ENOSPC, "No space left"), "full"), (RuntimeError("x"), "broken")]
    )
    async def test_what_cannot_be_made_says_why_and_leaves_nothing(
        self, clinic: Callers, told: Told, makes: Maker, monkeypatch: pytest.MonkeyPatch, error: Exception, failure: str
    ) -> None:
        def broken(*args: object) -> Any:
            raise error

        monkeypatch.setattr(archive, "_readme", broken)  # all else is written by then
        awa = clinic.program(AWA)
        asked = (await ask(awa))["id"]
        await makes._make(asked)
        said = (await awa.get(f"/exports/{asked}")).json
        assert (said["status"], said["failure"], said["content"]) == ("failed", failure, None)
        assert not makes.file(asked).exists()
        page = (await clinic.browser(AWA).get(f"/exports/{asked}")).text
        assert ("plein" if failure == "full" else "recommencez") in page
        await ask(awa)  # another may be asked for

    async def test_a_server_that_stops_interrupts_it(
        self, clinic: Callers, told: Told, makes: Maker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        awa = clinic.program(AWA)
        asked = (await ask(awa))["id"]
        makes._stop.set()
        await makes._make(asked)
        makes._stop.clear()
        assert (await awa.get(f"/exports/{asked}")).json["failure"] == "interrupted"
        assert not makes.file(asked).exists()

    async def test_one_of_a_server_that_was_killed_is_found_silent(
        self, clinic: Callers, told: Told, makes: Maker, store: Store, clock: Clock
    ) -> None:
        awa = clinic.program(AWA)
        asked = (await ask(awa))["id"]
        clock.advance(minutes=4)
        assert store.write(exports.forget, 200, makes.drop) == 0
        clock.advance(minutes=2)
        assert store.write(exports.forget, 200, makes.drop) == 1
        assert (await awa.get(f"/exports/{asked}")).json["failure"] == "interrupted"

    async def test_what_the_table_knows_nothing_of_goes_at_the_next_start(
        self, clinic: Callers, told: Told, makes: Maker
    ) -> None:
        """After a backup of before was restored."""
        asked = await ready(clinic.program(AWA), makes)
        makes.file("of-later").write_bytes(b"somebody's whole file")
        await makes.tidy()
        assert makes.file(asked).exists() and not makes.file("of-later").exists()

    def test_one_that_waits_for_its_turn_is_not_silent_while_another_is_made(self, store: Store, clock: Clock) -> None:
        def drop(export_id: str) -> None:
            pass

        made = store.write(exports.ask, AWA, "awa", exports.Scope(), drop=drop)
        waits = store.write(exports.ask, MOUSSA, "moussa", exports.Scope(), drop=drop)
        clock.advance(minutes=8)  # others were before them
        store.write(exports.progress, made, "awa", 30, 120)
        assert store.write(exports.forget, 200, drop) == 0
        store.write(exports.finish, made, "awa", 9)
        clock.advance(minutes=4)
        assert store.write(exports.forget, 200, drop) == 0
        clock.advance(minutes=2)  # nothing has come of any for longer than that
        assert store.write(exports.forget, 200, drop) == 1
        assert store.read(exports.export, MOUSSA, waits).failure == "interrupted"

    async def test_the_bound_of_an_hour(self, app: Quart, clinic: Callers, told: Told, makes: Maker) -> None:
        bounds: Bounds = app.extensions["bounds"]
        for _ in range(EXPORT_PER_PERSON.amount):
            bounds.count(EXPORT_PER_PERSON, "awa ")
        assert (await clinic.program(AWA).post(ASK)).status == 429


class TestProgress:
    async def test_it_is_told_live_and_others_act_meanwhile(
        self, app: Quart, clinic: Callers, told: Told, makes: Maker, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While it is made, somebody else's act is done, on the writer's thread, which it does not hold."""
        loop, seen = asyncio.get_running_loop(), []
        write = archive._bundle

        def slowly(tx: Transaction, *args: Any) -> Iterator[str]:
            """On its own thread, in the middle: it waits for an act of another, and for word of how far it is."""
            act = clinic.program(SARR).post("/access-requests", {"patient_id": MOUSSA.id, "reason": "Suivi du diabète"})
            seen.append(asyncio.run_coroutine_threadsafe(act, loop).result(30).status)
            progress = clinic.program(AWA).get(f"/exports/{asked}")
            seen.append(asyncio.run_coroutine_threadsafe(progress, loop).result(30).json["status"])
            yield from write(tx, *args)

        monkeypatch.setattr(archive, "_bundle", slowly)
        awa = clinic.program(AWA)
        asked = (await ask(awa))["id"]
        await makes._make(asked)
        assert seen == [201, "making"]
        assert store.told(AWA)[-1] == "export.ready"

    def test_how_far_it_is_is_kept(self, store: Store) -> None:
        asked = store.write(exports.ask, AWA, "awa", exports.Scope(), drop=lambda id: None)
        store.write(exports.progress, asked, "awa", 30, 120)
        found = store.read(exports.export, AWA, asked)
        assert (found.percent, found.version) == (25, 2)
        store.write(exports.finish, asked, "awa", 9)
        store.write(exports.progress, asked, "awa", 31, 120)  # late
        assert store.read(exports.export, AWA, asked).percent == 100

    def test_each_entry_is_followed_by_a_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rests: list[float] = []
        monkeypatch.setattr(maker.time, "sleep", rests.append)
        job = maker._Job(maker.Event())
        job.advance(1)
        job.advance(50)
        assert job.done == 51 and len(rests) == 2 and max(rests) <= maker._LONGEST_REST


class TestThePage:
    async def test_it_has_every_part_and_who_had_access_and_ends(self, clinic: Callers, told: Told) -> None:
        answer = await clinic.browser(AWA).get(f"{HERE}/paper")
        assert answer.status == 200
        for said in (
            *(TITLE, BODY, "Arachide", "Drépanocytose", "Vertiges", "paracétamol", "BCG", "63", "130/85"),
            *("Qui a eu accès au dossier", DIOP.family_name, "Fin du dossier.", "file.css"),
        ):
            assert said in answer.text, said
        assert answer.text.rstrip().endswith("</html>")

    async def test_it_comes_packed_piece_by_piece(self, clinic: Callers, told: Told) -> None:
        import zlib

        import brotli

        plain = await clinic.browser(AWA).get(f"{HERE}/paper", Accept_Encoding="br;q=0")
        for encoding, unpack in (("br", brotli.decompress), ("gzip", lambda body: zlib.decompress(body, 31))):
            answer = await clinic.browser(AWA).get(f"{HERE}/paper", Accept_Encoding=encoding)
            assert answer.headers["Content-Encoding"] == encoding
            assert len(answer.body) < len(plain.body) / 2
            assert unpack(answer.body).decode().count("<section>") == plain.text.count("<section>")

    @pytest.mark.parametrize("city", ["", "Thiès"])
    async def test_what_is_not_known_of_her_leaves_no_sign_alone(
        self, clinic: Callers, told: Told, store: Store, city: str
    ) -> None:
        store.connection.execute("UPDATE patients SET city = ? WHERE user_id = 'awa'", (city,))
        head = (await clinic.browser(AWA).get(f"{HERE}/paper")).text.partition('class="of"')[2].partition("</div>")[0]
        [known] = [line for line in re.findall("<p>(.*?)</p>", head) if "77 123 45 67" in line]
        assert re.sub("<[^>]+>", "", known) == (f"{city} · " if city else "") + "+221 77 123 45 67"

    async def test_of_a_part_it_is_that_part(self, clinic: Callers, told: Told) -> None:
        text = (await clinic.browser(AWA).get(f"{HERE}/paper?vaccinations=1&since=2026-03-02")).text
        assert "BCG" in text and TITLE not in text and "Une partie du dossier seulement." in text
        assert "Qui a eu accès" not in text
        assert (await clinic.program(AWA).get(f"{HERE}/paper?since=2026-02-30")).errors()["since"]
        assert (await clinic.program(AWA).get(f"{HERE}/paper?since=2026-03-02&until=2026-03-01")).errors()["until"]

    async def test_nobody_reads_on_who_has_signed_out(
        self, clinic: Callers, told: Told, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from fadjma.taking import sections

        step = sections.step

        def signed_out(tx: Transaction, asked: Any, place: Any) -> Any:
            if place.section == 1:
                store.connection.execute(
                    "UPDATE sessions SET ended_at = 1, end_reason = 'signed_out' WHERE user_id = 'awa'"
                )
            return step(tx, asked, place)

        monkeypatch.setattr(sections, "step", signed_out)
        text = (await clinic.browser(AWA).get(f"{HERE}/paper")).text
        assert "La suite ne se lit plus" in text and "Fin du dossier." not in text and TITLE not in text


async def test_the_page_of_it_says_what_there_is(clinic: Callers, told: Told, makes: Maker) -> None:
    page: Answer = await clinic.browser(AWA).get(HERE)
    assert page.status == 200 and f'action="{ASK}"' in page.text
    await ready(clinic.program(AWA), makes)
    said = (await clinic.program(AWA).get(HERE)).json
    assert (said["export"]["status"], said["links"], said["items"][0]["id"]) == ("ready", True, told.share)
    assert (await clinic.browser(AWA).post(ASK, {"since": "2026-03-02", "until": "2026-03-01"})).status == 422
