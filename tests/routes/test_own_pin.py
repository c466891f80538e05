"""A patient chooses their own PIN; the rules of PINs are the same wherever one is chosen."""

import pytest
from callers import Callers
from cast import AWA, DIOP, PASSWORD, THIAM
from store import Store
from told import DOCUMENT, PIN, PIN_KEY, Told

from fadjma.identity import patient_pins

CHOSEN = {"password": PASSWORD, "pin": PIN}


async def test_it_is_theirs_to_choose_and_told(clinic: Callers, store: Store) -> None:
    browser = clinic.browser(AWA)
    assert 'href="/account/pin"' in (await browser.get("/account")).text
    assert (await browser.post("/account/pin", {**CHOSEN, "pin": "407 192"})).location == "/account"
    assert (await clinic.program(AWA).get("/account/pin")).json == {"pin_state": "set"}
    store.write(patient_pins.accept, AWA.id, PIN, PIN_KEY)
    item = (await clinic.program(AWA).get("/notifications")).json["items"][0]
    assert item["message"] == "Votre code PIN a été changé"
    assert PIN not in str(store.content())


async def test_needs_the_password(clinic: Callers, store: Store) -> None:
    sent = {**CHOSEN, "password": "the wrong password"}
    assert (await clinic.program(AWA).post("/account/pin", sent)).errors().keys() == {"password"}
    assert (await clinic.program(AWA).get("/account/pin")).json == {"pin_state": "none"}


@pytest.mark.parametrize("pin", ["12345", "123456", "654321", "111112", "121212", "140791", "071991", "abcdef", ""])
async def test_what_is_no_pin_or_tried_first_is_refused_wherever_it_is_chosen(
    clinic: Callers, told: Told, pin: str
) -> None:
    for caller, where, sent in (
        (clinic.program(AWA), "/account/pin", {"password": PASSWORD}),
        (clinic.program(THIAM), "/patients/awa/pin", {"document": DOCUMENT}),
        (clinic.program(DIOP), "/unlock-pin", {"password": PASSWORD}),
    ):
        if (pin, where) == ("", "/patients/awa/pin"):
            continue  # the program makes one up
        if pin in ("140791", "071991") and where == "/unlock-pin":
            continue  # of staff no day of birth is known
        assert (await caller.post(where, {**sent, "pin": pin})).errors().keys() == {"pin"}


async def test_one_that_five_errors_have_locked_is_for_the_desk(clinic: Callers, store: Store) -> None:
    await clinic.program(AWA).post("/account/pin", CHOSEN)
    for _ in range(5):
        store.write(patient_pins.count_wrong, AWA.id)
    assert (await clinic.program(AWA).post("/account/pin", CHOSEN)).problem(409)["current"] == "locked"
    assert "bloqué" in (await clinic.browser(AWA).get("/account/pin")).text
    await clinic.program(THIAM).post("/patients/awa/pin", {"document": DOCUMENT})
    assert (await clinic.program(AWA).post("/account/pin", CHOSEN)).status == 204


async def test_of_patients_alone(clinic: Callers) -> None:
    (await clinic.program(DIOP).post("/account/pin", CHOSEN)).problem(403)
