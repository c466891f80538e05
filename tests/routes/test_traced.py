"""Every page that shows a part of a file to somebody else is written down, however it comes to be shown."""

import re
from typing import Any

import pytest
from callers import Callers
from cast import AWA, DIOP, NDIAYE, SARR
from store import Store
from told import Told

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
        "WHERE doctor_id = 'sarr'",
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


async def test_the_patient_goes_back_to_the_first_reading(clinic: Callers, told: Told, store: Store) -> None:
    known = len([reading for reading in _readings(store) if reading[0] != AWA.id])
    store.connection.executemany(
        "INSERT INTO audit_events (id, at, actor_id, action, subject_kind, subject_id, patient_id) "
        "VALUES (?, ?, 'diop', 'file.read', 'patient', 'awa', 'awa')",
        [(f"reading {n}", n + 1) for n in range(200)],
    )
    newest = await clinic.browser(AWA).get("/patients/awa/accesses")
    assert newest.text.count("<li><span>") == 200 and "hx-get" in newest.text
    [older] = re.findall(r'href="([^"]+\?before=[^"]+)"', newest.text)
    oldest = await clinic.browser(AWA).get(older)
    assert oldest.text.count("<li><span>") == known
    assert "hx-get" not in oldest.text, "what is read now belongs on the first page"
