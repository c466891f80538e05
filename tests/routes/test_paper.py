"""What a person would hand to another is printed: whose it is and of which day, which the screen need not say."""

import re

import pytest
from callers import Callers
from cast import AWA, DIOP
from told import Told

from fadjma.identity.people import Viewer

WHOSE = {AWA: 'class="paper">.*?Awa Cissé', DIOP: 'class="banner">.*?Awa Cissé'}


@pytest.mark.parametrize(
    ("person", "where"),
    [
        (AWA, "/patients/awa/records"),
        (DIOP, "/patients/awa/records"),
        (AWA, "/patients/awa/accesses"),
        *((who, f"/patients/awa/{page}") for who in (AWA, DIOP) for page in ("records?view=history", "measurements")),
    ],
)
async def test_a_summary_and_a_trace_say_on_paper_whose_they_are_and_when(
    clinic: Callers, told: Told, person: Viewer, where: str
) -> None:
    page = (await clinic.browser(person).get(where)).text
    assert "data-print" in page
    assert re.search(r'<p class="paper">FADJMA, dossier au \d[^<]* \d{4}</p>', page)
    assert re.search(WHOSE[person], page, re.DOTALL)
