"""A sex has words that fit whoever has just been born as well as whoever is old."""

import pytest
from callers import Callers
from cast import THIAM
from store import Clock

from fadjma import days


@pytest.mark.parametrize(("sex", "says", "short"), [("male", "Masculin", "M"), ("female", "Féminin", "F")])
async def test_of_a_newborn(clinic: Callers, clock: Clock, sex: str, says: str, short: str) -> None:
    sent = {"given_name": "Nouveau-né", "family_name": "Mbaye", "birth_date": str(days.day(clock.now)), "sex": sex}
    answer = await clinic.program(THIAM).post("/patients", sent)
    found = answer.json
    assert (answer.status, found["sex"]) == (201, sex)
    desk = clinic.browser(THIAM)
    where = f"/patients/{found['id']}"
    pages = [(await desk.get(path)).text for path in (where, f"{where}/card", "/patients/new")]
    assert all(f"{says}" in page for page in pages)
    listed = (await desk.get(f"/patients?q={found['identifier']}")).text
    assert f", {short}, " in listed
    assert not any(word in page for page in (*pages, listed) for word in ("Homme", "Femme"))
