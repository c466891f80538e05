"""Every page that shows a part of a file to somebody else is written down, however it comes to be shown."""

import re
from typing import Any

import pytest
from callers import Callers
from cast import AWA, DIOP, FALL, GASSAMA, GOMIS, NDIAYE, SARR
from store import Clock, Store
from told import RECORD, Told

from fadjma import days
from fadjma.access import actions as access
from fadjma.identity.people import Viewer


def _readings(store: Store) -> list[tuple[str, str, str]]:
    sql = "SELECT actor_id, action, subject_id FROM audit_events WHERE action LIKE '%.read' ORDER BY rowid"
    return [tuple(row) for row in store.rows(sql)]


@pytest.mark.parametrize(
    ("who", "where", "body", "status", "line"),
    [
        (DIOP, "/records/{record}/versions", {"version": "1"}, 422, ("record.read", "{record}")),
        (DIOP, "/records/{record}/error", {}, 422, ("record.read", "{record}")),
        (
            DIOP,
            "/records/{record}/versions",
            {"version": "9", "title": "x", "body": "x", "reason": "une erreur"},
            409,
            ("record.read", "{record}"),
        ),
        (SARR, "/prescriptions/{issued}/cancellation", {}, 422, ("prescription.read", "{issued}")),
        (NDIAYE, "/prescriptions/{validated}/hold", {}, 422, ("prescription.read", "{validated}")),
        (NDIAYE, "/prescriptions/{ready}/delivery", {"code": "x"}, 422, ("prescription.read", "{ready}")),
        (DIOP, "/patients/awa/prescriptions", {}, 422, ("file.read", "awa")),
        (DIOP, "/patients/awa/prescriptions", {"more": "1"}, 200, ("file.read", "awa")),
    ],
)
async def test_a_form_that_comes_back_is_traced(
    clinic: Callers,
    told: Told,
    store: Store,
    who: Viewer,
    where: str,
    body: dict[str, Any],
    status: int,
    line: tuple[str, str],
) -> None:
    ids = {name: getattr(told, name) for name in ("record", "issued", "validated", "ready")}
    store.write(_open_to_sarr)
    before = _readings(store)
    assert (await clinic.browser(who).post(where.format(**ids), body)).status == status
    assert _readings(store) == [*before, (who.id, line[0], line[1].format(**ids))]


def _open_to_sarr(tx: Any) -> None:
    tx.execute(
        "UPDATE access_requests SET status = 'approved', scope = 'full', expires_at = :until, decided_at = :now "
        "WHERE doctor_id = 'sarr' AND status = 'pending'",
        {"until": tx.now + 3_600_000, "now": tx.now},
    )


async def test_but_not_for_the_patient_nor_for_a_program_that_is_shown_nothing(
    clinic: Callers, told: Told, store: Store
) -> None:
    before = _readings(store)
    assert (await clinic.browser(AWA).post(f"/prescriptions/{told.issued}/delivery-request", {})).status == 422
    (await clinic.program(DIOP).post(f"/records/{told.record}/versions", {"version": 1})).problem(422)
    assert _readings(store) == before


@pytest.mark.parametrize("where", ["/records/{record}", "/patients/awa/records", "/patients/awa/prescriptions/new"])
async def test_a_doctors_page_is_traced_whatever_asks_for_it(
    clinic: Callers, told: Told, store: Store, where: str
) -> None:
    path = where.format(record=told.record)
    count = len(_readings(store))
    for header, more in (({"X_Live": "1"}, 1), ({"X_Live": "1"}, 0), ({}, 1), ({"X_Live": "1"}, 0)):
        assert (await clinic.browser(DIOP).get(path, **header)).status == 200
        count += more
        assert len(_readings(store)) == count


async def test_a_pharmacists_page_is_traced_whatever_asks_for_it(clinic: Callers, told: Told, store: Store) -> None:
    path = f"/prescriptions/{told.validated}"
    count = len(_readings(store))
    for header, more in (({"X_Live": "1"}, 1), ({"X_Live": "1"}, 0), ({}, 1), ({"X_Live": "1"}, 0)):
        assert (await clinic.browser(NDIAYE).get(path, **header)).status == 200
        count += more
        assert len(_readings(store)) == count
    [first, *_] = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
    assert (first["name"], first["action"]) == (NDIAYE.name, "prescription.read")


async def test_the_desk_where_one_prescribes_is_one_reading_a_sitting(clinic: Callers, store: Store) -> None:
    count = len(_readings(store))
    await clinic.browser(DIOP).get("/patients/awa/prescriptions/new")
    for _ in range(3):
        assert (await clinic.browser(DIOP).post("/patients/awa/prescriptions", {"more": "1"})).status == 200
    assert len(_readings(store)) == count + 1


def _lines_of(page: str) -> int:
    return len(re.findall(r"<li><a\b[^>]*>[^<]*<bdi>", page))


async def test_an_open_page_whose_access_has_ended_tries_nothing(clinic: Callers, told: Told, store: Store) -> None:
    """Its patient, who had just ended it, read at once « a voulu ouvrir votre dossier » of who did nothing."""

    async def refused() -> set[str]:
        lines = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
        return {line["name"] for line in lines if line["outcome"] == "refused"}

    form = "/patients/awa/measurements"
    before = await refused()
    assert (await clinic.browser(DIOP).get(f"/records/{told.record}")).status == 200
    assert (await clinic.browser(GASSAMA).get(form)).status == 200
    store.write(access.revoke, AWA, told.granted)
    for who, page in ((DIOP, f"/records/{told.record}"), (GASSAMA, form)):
        assert (await clinic.htmx(who).get(page, X_Live="1")).status == 404
    assert await refused() == before
    for who, page in ((DIOP, f"/records/{told.record}"), (GASSAMA, form)):  # and whoever asks for it has tried
        assert (await clinic.browser(who).get(page)).status == 404
    assert await refused() == before | {DIOP.name, GASSAMA.name}


async def test_who_never_had_it_open_has_tried_whatever_their_page_says(clinic: Callers, told: Told) -> None:
    assert (await clinic.htmx(SARR).get("/patients/awa/records", X_Live="1")).status == 404
    lines = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
    assert (SARR.name, "refused") in {(line["name"], line["outcome"]) for line in lines}


async def test_readings_of_one_minute_have_one_time(clinic: Callers, told: Told, clock: Clock) -> None:
    if days.day(clock()) != days.day(clock() + 4 * 60_000):  # readings of two days are two lines
        clock.advance(minutes=5)
    for _ in range(2):
        assert (await clinic.browser(DIOP).get(f"/records/{told.record}")).status == 200
    page = (await clinic.browser(AWA).get("/patients/awa/accesses")).text
    assert "(2 fois)" in page and not re.search(r"(\d\d:\d\d)–\1 ", page)
    clock.advance(minutes=3)
    assert (await clinic.browser(DIOP).get(f"/records/{told.record}")).status == 200
    page = (await clinic.browser(AWA).get("/patients/awa/accesses")).text
    assert re.search(r"\d\d:\d\d–\d\d:\d\d \(3 fois\)", page)


async def test_what_is_refused_is_traced_whatever_was_asked_and_however(clinic: Callers, told: Told) -> None:
    """Pages and programs, readings, forms and acts: each in its own words."""
    for ask in (
        clinic.browser(SARR).get("/patients/awa/records"),
        clinic.program(SARR).get(f"/records/{told.record}"),
        clinic.browser(SARR).get(f"/prescriptions/{told.issued}"),
        clinic.browser(SARR).get("/patients/awa/records/new"),
        clinic.browser(DIOP).get(f"/access-requests/{told.pending}"),
        clinic.program(SARR).post("/patients/awa/records", RECORD),
        clinic.browser(SARR).post(f"/records/{told.record}/error", {"reason": "Faux"}),
        clinic.program(FALL).post(f"/prescriptions/{told.ready}/delivery", {"code": "123456"}),
        clinic.program(DIOP).post(f"/access-requests/{told.pending}/withdrawal"),
    ):
        assert (await ask).status in (403, 404)
    lines = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
    refused = {(line["name"], line["action"]) for line in lines if line["outcome"] == "refused"}
    assert refused == {
        (SARR.name, "file.read"),
        (SARR.name, "record.read"),
        (SARR.name, "prescription.read"),
        (SARR.name, "file.write"),
        (SARR.name, "record.write"),
        (FALL.name, "prescription.write"),
        (DIOP.name, "access_request.read"),
        (DIOP.name, "access_request.write"),
    }
    page = (await clinic.browser(AWA).get("/patients/awa/accesses")).text
    assert "a voulu écrire dans votre dossier" in page and "Refusé" in page


async def test_a_row_that_an_open_page_asks_for_is_traced(clinic: Callers, told: Told) -> None:
    row = await clinic.htmx(GOMIS).get(f"/prescriptions/{told.ready}/row")
    assert AWA.family_name in row.text and row.text.startswith("<li")
    assert (await clinic.htmx(DIOP).get(f"/records/{told.record}/row")).text.startswith("<li")
    lines = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
    assert {(line["name"], line["action"]) for line in lines} >= {
        (GOMIS.name, "prescription.listed"),
        (DIOP.name, "file.read"),
    }


@pytest.mark.parametrize("where", ["/", "/prescriptions"])
async def test_a_pharmacists_page_with_names_is_traced(clinic: Callers, told: Told, where: str) -> None:
    for caller in (clinic.browser(GOMIS), clinic.program(GOMIS)):
        await caller.get(where)
    lines = (await clinic.program(AWA).get("/patients/awa/accesses")).json["items"]
    listed = [line for line in lines if line["name"] == GOMIS.name]
    assert {line["action"] for line in listed} == {"prescription.listed"}
    assert told.ready in [line["subject"]["id"] for line in listed]
    assert told.open not in [line["subject"]["id"] for line in listed], "it names nobody"


async def test_the_patient_goes_back_to_the_first_reading(clinic: Callers, told: Told, store: Store) -> None:
    known = len((await clinic.program(AWA).get("/patients/awa/accesses")).json["items"])
    store.connection.executemany(
        "INSERT INTO audit_events (id, at, actor_id, action, subject_kind, subject_id, patient_id) "
        "VALUES (?, ?, 'diop', 'file.read', 'patient', 'awa', 'awa')",
        [(f"reading {n}", n + 1) for n in range(200)],
    )
    newest = await clinic.browser(AWA).get("/patients/awa/accesses")
    assert _lines_of(newest.text) == 200 and "hx-get" in newest.text
    [older] = re.findall(r'href="([^"]+\?before=[^"]+)"', newest.text)
    oldest = await clinic.browser(AWA).get(older)
    assert _lines_of(oldest.text) == known
    assert "hx-get" not in oldest.text, "what is read now belongs on the first page"
