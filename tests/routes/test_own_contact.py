"""How a patient is reached, and which pharmacy is theirs."""

import pytest
from callers import Callers
from cast import AWA, DIOP, EMAILS, JAMM, NDIAYE, PASSWORD
from store import Store
from told import CONTACT

from fadjma.accounts import contact
from fadjma.refusals import Invalid


async def test_the_chosen_pharmacy_is_proposed_to_who_prescribes(clinic: Callers, store: Store) -> None:
    assert (await clinic.program(AWA).post("/account/contact", CONTACT)).status == 204
    shown = (await clinic.program(AWA).get("/account/contact")).json
    assert (shown["pharmacy_id"], shown["version"]) == (JAMM, 2)
    page = (await clinic.browser(DIOP).get("/patients/awa/prescriptions/new")).text
    assert f'<option value="{JAMM}" selected' in page
    assert store.told(AWA)[-1:] != ["contact.changed"], "nothing has changed by which she signs in"


async def test_another_phone_needs_the_password_and_is_told(clinic: Callers, store: Store) -> None:
    program, other = clinic.program(AWA), {**CONTACT, "phone": "78 444 55 66"}
    assert (await program.post("/account/contact", other)).errors().keys() == {"password"}
    assert (await program.post("/account/contact", {**other, "password": "wrong"})).errors().keys() == {"password"}
    assert (await program.post("/account/contact", {**other, "password": PASSWORD})).status == 204
    assert store.told(AWA)[-1] == "contact.changed"
    signed_in = await clinic.nobody(json=True).post("/api/token", {"email": "784445566", "password": PASSWORD})
    assert signed_in.status == 200


async def test_a_password_that_was_changed_while_it_was_checked_counts_no_more(clinic: Callers, store: Store) -> None:
    stored = store.value("SELECT password_hash FROM users WHERE id = 'awa'")
    changed = {"version": 1, "phone": "+221784445566", "email": EMAILS[AWA.id], "pharmacy_id": None}
    for confirmed in ("", f"{stored} as it was"):
        with pytest.raises(Invalid) as refusal:
            store.write(contact.change, AWA, **changed, confirmed=confirmed)
        assert refusal.value.errors.keys() == {"password"}
    store.write(contact.change, AWA, **changed, confirmed=stored)


async def test_what_cannot_be_is_said_and_what_was_typed_comes_back(clinic: Callers) -> None:
    program = clinic.program(AWA)
    for wrong, field in (
        ({"phone": "", "email": ""}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"pharmacy_id": "clinic-teranga"}, "pharmacy_id"),
    ):
        assert field in (await program.post("/account/contact", {**CONTACT, **wrong})).errors()
    assert (await program.post("/account/contact", CONTACT)).status == 204
    (await program.post("/account/contact", CONTACT)).problem(409)
    page = await clinic.browser(AWA).post("/account/contact", {**CONTACT, "phone": "77 123 45 6"})
    assert 'value="77 123 45 6"' in page.text


async def test_staff_change_theirs_and_choose_no_pharmacy(clinic: Callers, store: Store) -> None:
    program, mine = clinic.program(DIOP), {"version": 1, "phone": "78 444 55 66", "email": "o.diop@exemple.sn"}
    page = (await clinic.browser(DIOP).get("/account/contact")).text
    assert 'id="phone"' in page and "pharmacy_id" not in page
    assert (await program.post("/account/contact", mine)).errors().keys() == {"password"}
    mine |= {"password": PASSWORD}
    assert (await program.post("/account/contact", {**mine, "pharmacy_id": JAMM})).errors().keys() == {"pharmacy_id"}
    taken = {**mine, "email": EMAILS[NDIAYE.id]}
    assert (await program.post("/account/contact", taken)).errors().keys() == {"email"}
    assert (await program.post("/account/contact", mine)).status == 204
    assert store.told(DIOP)[-1] == "contact.changed"
    signed_in = await clinic.nobody(json=True).post("/api/token", {"email": "78 444 55 66", "password": PASSWORD})
    assert signed_in.status == 200
