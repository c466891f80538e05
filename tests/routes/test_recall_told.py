"""A lot that is recalled: all who received it are told, each once, and read what to do; the others are called."""

import html

import pytest_asyncio
from callers import Callers
from cast import AWA, DIOP, FALL, GOMIS, IDENTIFIERS, JAMM, KADD, MOUSSA, NDIAYE, THIAM
from store import Store
from told import LINE, PIN, Told

from fadjma.for_another import said
from fadjma.identity.people import Viewer

IMPORTANT = "Votre pharmacie a un message important pour vous"


@pytest_asyncio.fixture(loop_scope="session")
async def hers(clinic: Callers, told: Told) -> str:
    """What Yandé received of the same lot; she has a telephone in nobody's list, and no account."""
    approval = f"/access-requests/{told.present}/in-person-approval"
    await clinic.program(DIOP).post(approval, {"pin": PIN, "scope": "full", "duration": "7d"})
    body = {"lines": [LINE], "pharmacy_id": JAMM}
    issued = (await clinic.program(DIOP).post(f"/patients/{told.registered}/prescriptions", body)).location
    for act in ("validation", "preparation", "readiness"):
        assert (await clinic.program(NDIAYE).post(f"{issued}/{act}")).status == 200
    sent = {"identity_document": "CNI 1 234", "reason": "Sans compte"}
    assert (await clinic.program(NDIAYE).post(f"{issued}/delivery", sent)).status == 200
    return issued.rpartition("/")[2]


async def _read(clinic: Callers, person: Viewer) -> list[str]:
    found = (await clinic.program(person).get("/notifications")).json["items"]
    return [item["message"] for item in found]


async def test_one_act_tells_all_who_see_an_inbox_and_lists_who_is_to_be_called(
    clinic: Callers, told: Told, hers: str
) -> None:
    lot, pharmacist = f"/inventory/lots/{told.given_lot}", clinic.program(NDIAYE)
    page = html.unescape((await clinic.browser(NDIAYE).get(f"{lot}/recipients")).text)
    assert "Prévenir un patient" in page and "Un patient sans compte est à appeler" in page
    items = (await pharmacist.post(f"{lot}/recall")).json["items"]
    told_by = {item["patient"]["id"]: (item["way"], item["told"] and item["told"]["way"]) for item in items}
    assert told_by == {"awa": ("notice", "notice"), told.registered: ("phone", None)}
    assert IMPORTANT in await _read(clinic, AWA) and IMPORTANT not in await _read(clinic, MOUSSA)
    assert any("rappelé" in message for message in await _read(clinic, GOMIS))
    ticked = (await pharmacist.post(f"{lot}/recipients/{hers}/call")).json["items"]
    assert all(item["told"] for item in ticked)
    again = (await pharmacist.post(f"{lot}/recipients/{hers}/call")).problem(409)
    assert again["current"] == "phone"
    assert "Tous sont prévenus" in html.unescape((await clinic.browser(NDIAYE).get(f"{lot}/recipients")).text)


async def test_told_again_nobody_hears_it_twice(clinic: Callers, told: Told, store: Store) -> None:
    for _ in range(2):
        assert (await clinic.program(NDIAYE).post(f"/inventory/lots/{told.given_lot}/recall")).status == 200
    called = await clinic.program(NDIAYE).post(f"/inventory/lots/{told.given_lot}/recipients/{told.owed}/call")
    assert called.problem(409)["current"] == "notice"
    for person, message in ((AWA, "recall.told"), (GOMIS, "stock.recalled")):
        sql = "SELECT count(*) FROM notifications WHERE user_id = ? AND message = ?"
        assert store.value(sql, person.id, message) == 1


async def test_the_notice_leads_to_what_to_do_which_is_the_patients_alone(clinic: Callers, told: Told) -> None:
    await clinic.program(NDIAYE).post(f"/inventory/lots/{told.given_lot}/recall")
    [item] = [i for i in (await clinic.program(AWA).get("/notifications")).json["items"] if i["message"] == IMPORTANT]
    where = f"/recalls/{item['subject']['id']}"
    found = (await clinic.program(AWA).get(where)).json
    assert (found["lot"], [one["quantity"] for one in found["received"]]) == ("L1", [8])
    page = html.unescape((await clinic.browser(AWA).get(where)).text)
    assert "ne prenez plus ce médicament" in page and "paracétamol" in page and found["pharmacy"]["name"] in page
    assert (await clinic.program(MOUSSA).get(where)).status == 404
    for person in (NDIAYE, DIOP):
        assert (await clinic.program(person).get(where)).status == 403
    trace = html.unescape((await clinic.browser(AWA).get("/patients/awa/accesses")).text)
    assert "vous a fait savoir qu'un médicament que vous avez reçu est à rapporter" in trace


async def test_whoever_acts_for_her_is_told_in_her_place(clinic: Callers, told: Told, hers: str) -> None:
    sent = {"patient_id": told.registered, "identifier": IDENTIFIERS[MOUSSA.id], "relationship": "child"}
    assert (await clinic.program(THIAM).post("/proxies", {**sent, "document": "CNI 1 234"})).status == 201
    await clinic.program(NDIAYE).post(f"/inventory/lots/{told.given_lot}/recall")
    assert said(IMPORTANT) in await _read(clinic, MOUSSA)


async def test_a_pharmacy_opens_what_it_gave_though_the_rest_is_elsewhere_by_now(
    clinic: Callers, told: Told, store: Store
) -> None:
    path, lot = f"/prescriptions/{told.owed}", f"/inventory/lots/{told.given_lot}"
    await clinic.program(NDIAYE).post(f"{path}/release", {"reason": "Rupture", "confirm": True})
    assert (await clinic.program(FALL).post(f"{path}/validation")).status == 200
    assert (await clinic.program(NDIAYE).get(path)).status == 404
    store.connection.execute(
        "INSERT INTO dispenses (id, prescription_id, pharmacy_id, actor_id, at, proof) "
        "VALUES ('theirs', ?, ?, ?, ?, 'code')",
        (told.owed, KADD, FALL.id, store.clock()),
    )
    page = (await clinic.browser(NDIAYE).get(f"{lot}/recipients")).text
    assert f'href="{lot}/recipients/{told.owed}"' in page
    found = (await clinic.program(NDIAYE).get(f"{lot}/recipients/{told.owed}")).json
    [dispense] = found["dispenses"]
    assert [(line["quantity"], line["lot"]) for line in dispense["lines"]] == [(8, "L1")]
    assert found["patient"]["phone"] and "status" not in found, "nothing of what became of it since"
    assert store.audit().count((NDIAYE.id, "prescription.read", "success")) == 1
    assert (await clinic.program(NDIAYE).get(f"{lot}/recipients/{told.ready}")).status == 404
    assert (await clinic.program(FALL).get(f"{lot}/recipients/{told.owed}")).status == 404
