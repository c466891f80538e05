"""Two files of one person: each says that there is the other, and nothing else changes."""

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, IDENTIFIERS, MOUSSA, THIAM
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


async def test_the_desk_reads_that_there_is_the_other_and_whom_to_ask(clinic: Callers) -> None:
    """It found two people of one name, and neither page said that they are one."""
    desk = clinic.browser(THIAM)
    other = f'href="/patients/{MOUSSA.id}"'
    before = (await desk.get("/patients/awa")).text
    assert other not in before and "Fiches liées" in before
    await clinic.program(ADMIN).post("/patient-links", BOTH)
    assert other in (await desk.get("/patients/awa")).text
    found = (await clinic.program(THIAM).get("/patients/moussa")).json
    assert found["links"] == [{"id": AWA.id, "identifier": IDENTIFIERS[AWA.id]}]


async def test_both_are_shown_beside_each_other_before_they_are_linked(clinic: Callers, store: Store) -> None:
    before = store.rows("SELECT * FROM patient_links")
    address = f"/patient-links/new?one={BOTH['one']}&other={BOTH['other']}"
    told = (await clinic.program(ADMIN).get(address)).json
    assert [patient["id"] for patient in told["patients"]] == [AWA.id, MOUSSA.id]
    assert told["differ"] == ["sex", "birth_date"]
    page = (await clinic.browser(ADMIN).get(address)).text
    for said in (AWA.name, MOUSSA.name, "deux personnes", "Lier quand même", "14 juil. 1991", "30 mars 1978"):
        assert said in page
    store.connection.execute("UPDATE patients SET sex = 'male', birth_date = '1991-07' WHERE user_id = 'moussa'")
    assert (await clinic.program(ADMIN).get(address)).json["differ"] == ["sex"]
    store.connection.execute("UPDATE patients SET sex = 'female' WHERE user_id = 'moussa'")
    page = (await clinic.browser(ADMIN).get(address)).text
    assert "deux personnes" not in page and "Lier ces deux fiches" in page
    assert store.rows("SELECT * FROM patient_links") == before


@pytest.mark.parametrize(
    ("asked", "field"),
    [("one=FJ-00000-00000&other=FJ-7K2MQ-0XW4D", "one"), ("one=FJ-7K2MQ-0XW4D", "other"), ("one=awa&other=awa", "one")],
)
async def test_what_cannot_be_compared_is_said_and_what_was_typed_stays(
    clinic: Callers, asked: str, field: str
) -> None:
    assert field in (await clinic.program(ADMIN).get(f"/patient-links/new?{asked}")).errors()
    page = await clinic.browser(ADMIN).get(f"/patient-links/new?{asked}")
    assert page.status == 422 and f'id="{field}-e"' in page.text and f'value="{asked[4:7]}' in page.text


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
