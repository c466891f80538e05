"""What is kept on paper says of each time of which day it is: « 14:32 » is today's on a screen alone."""

import re
from collections.abc import Iterator

import pytest
from callers import Callers
from cast import ADMIN, AWA, DIOP, NDIAYE
from quart import Quart
from store import Clock, Store
from told import DOCUMENT, Told

from fadjma.chain import seals
from fadjma.chain.keys import Signer
from fadjma.identity.people import Viewer


@pytest.fixture
def signer(app: Quart) -> Iterator[Signer]:
    """The app's key, as it has one when it is served."""
    sealer = app.extensions["sealer"]
    sealer.signer = Signer(b"k" * 32)
    yield sealer.signer
    sealer.signer = sealer.fault = None


async def _times(clinic: Callers, who: Viewer, where: str) -> tuple[list[str], list[str]]:
    """All times on it, and those that a whole day stands before."""
    page = (await clinic.browser(who).get(where)).text
    sheet = page.partition("<main")[2].partition("</main>")[0]
    return re.findall(r"\b\d\d:\d\d\b", sheet), re.findall(r"\b\d{4}, (\d\d:\d\d)\b", sheet)


async def test_of_the_last_seal(clinic: Callers, store: Store, signer: Signer) -> None:
    assert store.write(seals.make, signer)
    found, dated = await _times(clinic, ADMIN, "/seals")
    assert found == dated and len(found) == 2


async def test_of_the_register_of_a_month(clinic: Callers, told: Told, store: Store, signer: Signer) -> None:
    """Also when it was printed: a month that is not over goes on."""
    assert store.write(seals.make, signer)
    found, dated = await _times(clinic, NDIAYE, "/dispensing-register?whole=1")
    assert found == dated and len(found) == 2


async def test_of_a_code_that_ends_today(clinic: Callers, store: Store, clock: Clock) -> None:
    assert (await clinic.program(ADMIN).post("/accounts/diop/reset", {"document": DOCUMENT})).status == 201
    store.connection.execute("UPDATE slips SET expires_at = ?", (clock() + 60_000,))
    found, dated = await _times(clinic, ADMIN, "/accounts/diop/slip")
    assert found == dated and len(found) == 1


@pytest.mark.parametrize("who", [AWA, DIOP], ids=lambda person: person.role)
@pytest.mark.parametrize(
    "where",
    [
        "/patients/awa/allergies",
        "/patients/awa/problems",
        "/patients/awa/measurements",
        "/patients/awa/records",
        "/prescriptions/{issued}",
    ],
)
async def test_ages_and_days_of_a_page_that_is_printed_are_of_a_day_with_its_year(
    clinic: Callers, told: Told, who: Viewer, where: str
) -> None:
    page = (await clinic.browser(who).get(where.format(issued=told.issued))).text
    papers = re.findall(r'<p class="paper">([^<]*)</p>', page)
    assert any(
        re.search(r"^FADJMA, (dossier|ordonnance) au .* \d{4}$", one.replace("\u00a0", " ")) for one in papers
    ), papers
