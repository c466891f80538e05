"""Two files of one person: each says that there is the other, and nothing else changes."""

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, IDENTIFIERS, MOUSSA
from store import Store, refused_by_database
from told import Told

BOTH = {"one": IDENTIFIERS[AWA.id], "other": IDENTIFIERS[MOUSSA.id]}


async def test_both_say_that_there_is_the_other_and_no_grant_widens(clinic: Callers, store: Store) -> None:
    rights = store.rows("SELECT * FROM access_requests")
    made = await clinic.program(ADMIN).post("/patient-links", {"one": "fj 7k2mq 0xw4d", "other": BOTH["other"]})
    assert (made.status, made.json["status"]) == (201, "active")
    for person, other in ((AWA, MOUSSA), (MOUSSA, AWA)):
        file = (await clinic.program(person).get(f"/patients/{person.id}/records")).json
        assert file["links"] == [{"id": other.id, "identifier": IDENTIFIERS[other.id]}]
        assert store.told(person)[-1] == "identity.linked"
        trace = (await clinic.program(person).get(f"/patients/{person.id}/accesses")).json["items"]
        assert trace[0]["action"] == "identity.linked"
    seen = (await clinic.browser(DIOP).get("/patients/awa/records")).text
    assert IDENTIFIERS[MOUSSA.id].replace("-", "\u2011") in seen
    assert MOUSSA.family_name not in seen
    (await clinic.program(DIOP).get("/patients/moussa/records")).problem(404)
    assert store.rows("SELECT * FROM access_requests") == rights


async def test_it_is_undone_as_easily_and_told(clinic: Callers, store: Store) -> None:
    program = clinic.program(ADMIN)
    made = await program.post("/patient-links", BOTH)
    undone = await program.post(f"{made.location}/ending")
    assert (undone.status, undone.json["status"], undone.json["ended_by"]) == (200, "ended", ADMIN.name)
    assert "links" not in (await clinic.program(AWA).get("/patients/awa/records")).json
    assert store.told(MOUSSA)[-1] == "identity.unlinked"
    (await program.post(f"{made.location}/ending")).problem(409)
    assert (await program.post("/patient-links", BOTH)).status == 201


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"one": BOTH["one"], "other": BOTH["one"]}, "other"),
        ({"one": BOTH["one"], "other": "fj-7k2mq-oxw4d"}, "other"),  # the same, as it may be typed
        ({"one": "FJ-00000-00000", "other": BOTH["one"]}, "one"),
        ({"one": "awa", "other": BOTH["one"]}, "one"),
    ],
)
async def test_a_file_is_never_linked_with_itself_nor_with_nobodys(
    clinic: Callers, sent: dict[str, str], field: str
) -> None:
    assert (await clinic.program(ADMIN).post("/patient-links", sent)).errors().keys() == {field}
    assert (await clinic.browser(ADMIN).post("/patient-links", sent)).status == 422


async def test_two_are_linked_once_whichever_is_named_first(clinic: Callers) -> None:
    program = clinic.program(ADMIN)
    assert (await program.post("/patient-links", BOTH)).status == 201
    (await program.post("/patient-links", {"one": BOTH["other"], "other": BOTH["one"]})).problem(409)


def test_the_database_refuses_what_the_program_does(store: Store, told: Told) -> None:
    link = "INSERT INTO patient_links (id, one_id, other_id, linked_by, linked_at) VALUES ('x', ?, ?, 'admin', 1)"
    assert refused_by_database(store, link, "awa", "awa")
    assert refused_by_database(store, "DELETE FROM patient_links WHERE id = ?", told.linked)
    assert refused_by_database(store, "UPDATE patient_links SET one_id = 'awa' WHERE id = ?", told.linked)
